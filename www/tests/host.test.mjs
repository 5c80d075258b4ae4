// Where the page may live: below any path, and without a network once it was there.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { figures, launch, open, ran, serve } from './helper.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

test('it works below a path, and asks for nothing outside of it', async () => {
  const site = await serve('/tools/redrive/')
  const { page, context, faults } = await open(browser, site, 'a=none')
  assert.ok((await figures(page)).A)
  await page.locator('.story-links a').nth(1).click()
  await ran(page)
  assert.match(await page.evaluate(() => location.href), /\/tools\/redrive\/\?a=none/)
  assert.deepEqual(faults, [])
  await context.close()
  await site.close()
})

test('it opens again without a network, in the state of its link', async () => {
  const site = await serve('/x/')
  const { page, context } = await open(browser, site, '', { workers: 'allow' })
  await page.evaluate(() => navigator.serviceWorker.ready)
  await page.waitForFunction(async () => (await Promise.all((await caches.keys()).map(async name => (await (await caches.open(name)).keys()).length))).some(count => count > 5))
  const shown = await figures(page)
  await site.close()
  await context.setOffline(true)
  await page.reload()
  await ran(page)
  assert.deepEqual(await figures(page), shown)
  await page.goto(`${site.url}?a=none`)
  await ran(page)
  assert.notDeepEqual((await figures(page)).A, shown.A)
  await context.close()
})
