// Pictures to look at, and the one of the README (REDRIVE_BLESS=1 puts it into docs/).
import assert from 'node:assert/strict'
import { copyFile, mkdir, stat } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { launch, open, serve } from './helper.mjs'

let site, browser
before(async () => { [site, browser] = [await serve(), await launch()] })
after(async () => { await browser.close(); await site.close() })

const path = name => fileURLToPath(new URL(name, import.meta.url))

for (const scheme of ['light', 'dark']) {
  for (const [width, height] of [[320, 800], [768, 1024], [1440, 900]]) {
    test(`a picture at ${width} px, ${scheme}`, async () => {
      const { page, context, faults } = await open(browser, site, '', { scheme, size: [width, height] })
      await mkdir(path('../../target/pictures/'), { recursive: true })
      await page.screenshot({ path: path(`../../target/pictures/page-${width}-${scheme}.png`), fullPage: true })
      assert.deepEqual(faults, [])
      await context.close()
    })
  }
}

test('the picture of the README', async () => {
  const { page, context } = await open(browser, site, '', { size: [1440, 1190] })
  const file = path('../../target/pictures/page.png')
  await page.screenshot({ path: file })
  assert.ok((await stat(file)).size < 300_000)
  // Fonts differ from machine to machine, so a run replaces the picture only when it is asked to.
  if (process.env.REDRIVE_BLESS) await copyFile(file, path('../../docs/page.png'))
  await context.close()
})
