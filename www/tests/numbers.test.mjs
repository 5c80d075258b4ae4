// The numbers on the page are the numbers of the native simulator, to the last bit.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { figures, launch, open, serve } from './helper.mjs'

let site, browser
before(async () => { [site, browser] = [await serve(), await launch()] })
after(async () => { await browser.close(); await site.close() })

const golden = JSON.parse(await readFile(new URL('../../tests/golden/page.json', import.meta.url), 'utf8'))
for (const { query, policies } of golden) {
  test(`native figures: ${query.slice(0, 50)}`, async () => {
    const { page, context, faults } = await open(browser, site, query)
    const shown = await figures(page)
    const hashes = await page.$$eval('.tiles tbody tr', rows => rows.map(row => row.dataset.hash))
    Object.values(shown).forEach((policy, index) => { policy.traceHash = hashes[index] })
    assert.deepEqual(shown, policies)
    assert.deepEqual(faults, [])
    await context.close()
  })
}
