// Work of some seconds: ten seeds, the search for a policy; each can be stopped.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, open, ran, serve } from './helper.mjs'

let site, browser
before(async () => { [site, browser] = [await serve(), await launch()] })
after(async () => { await browser.close(); await site.close() })

const SMALL = 'arrivals.tasks=500&server.workers=1&faults.0.until=10s'

async function visit(query, body) {
  const { page, context, faults } = await open(browser, site, query)
  await body(page)
  assert.deepEqual(faults, [])
  await context.close()
}

test('ten seeds say how sure the comparison is', () => visit(SMALL, async page => {
  await page.click('#run-seeds')
  await page.waitForFunction(() => /does better in \d+ of 10 seeds/.test(document.querySelector('#sure-said').textContent), null, { timeout: 60_000 })
  assert.match(await page.locator('#sure .table-box').innerText(), / to /)
  await page.fill('#seed', '7')
  await page.press('#seed', 'Enter')
  await ran(page)
  assert.equal(await page.locator('#sure-said').innerText(), '')
}))

test('a policy is found with its proof, and taken', () => visit(SMALL, async page => {
  await page.click('#find')
  await page.locator('#found table').waitFor({ timeout: 120_000 })
  assert.match(await page.locator('#found caption').innerText(), /means of \d+ runs, under seeds by which nothing was chosen/)
  assert.match(await page.locator('#found tbody').innerText(), /yours, proportional/)
  await page.click('#take-b')
  await ran(page)
  assert.match(await page.evaluate(() => location.search), /b/)
}))

test('a search is stopped, and a condition that is not one is refused', () => visit('', async page => {
  await page.click('#find')
  await page.locator('#search progress').waitFor()
  assert.equal(await page.locator('#find').innerText(), 'Stop')
  await page.click('#find')
  assert.equal(await page.locator('#find').innerText(), 'Find me a policy')
  await page.fill('#condition', 'p99 < 3')
  await page.click('#find')
  await page.waitForFunction(() => /constraint/.test(document.querySelector('#found').textContent))
}))
