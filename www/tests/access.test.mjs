// For everyone: keyboard alone, screen readers, both themes, little room, less motion.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { launch, open, press, ran, serve } from './helper.mjs'

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
let site, browser
before(async () => { [site, browser] = [await serve(), await launch()] })
after(async () => { await browser.close(); await site.close() })

// Each width in each theme, and each kind of state.
const STATES = [[320, ''], [768, 'b=-&a=none&story=naive'], [1440, 's=nonsense&edit=b']]
for (const scheme of ['light', 'dark']) {
  for (const [width, query] of STATES) {
    test(`axe finds nothing: ${scheme}, ${width} px`, async () => {
      const { page, context } = await open(browser, site, query, { scheme, size: [width, 900] })
      await page.evaluate(() => document.querySelectorAll('details').forEach(details => { details.open = true }))
      await page.evaluate(axe)
      const { violations } = await page.evaluate(() => window.axe.run())
      assert.deepEqual(violations.map(({ id, nodes }) => [id, ...nodes.slice(0, 3).map(({ html }) => html.slice(0, 120))]), [])
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      assert.ok(wide <= 0, `${wide} px too wide`)
      await context.close()
    })
  }
}

test('the keyboard goes through the page as the eye does, wide or narrow', async () => {
  const { page, context } = await open(browser, site)
  const order = () => page.$$eval('main section.headline, main .content section, main > section, #policy', all => all
    .map(element => ({ name: element.id || element.className, box: element.getBoundingClientRect() }))
    .filter(({ box }) => box.width)
    .map(({ name, box }) => [name, Math.round(box.top), Math.round(box.left)]))
  const wide = await order()
  assert.ok(wide.findIndex(([name]) => name === 'policy') < wide.findIndex(([name]) => name === 'schedule'))
  for (const width of [390, 900, 390]) {
    await page.setViewportSize({ width, height: 900 })
    await page.waitForTimeout(100)
    const narrow = await order()
    assert.equal(narrow.length, wide.length)
    const tops = narrow.map(([, top, left]) => top * 10_000 + left)
    assert.deepEqual(tops, [...tops].sort((a, b) => a - b), `${width} px: ${narrow.map(([name]) => name).join(' ')}`)
    assert.ok(narrow.findIndex(([name]) => name === 'herd') < narrow.findIndex(([name]) => name === 'policy'))
  }
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.waitForTimeout(100)
  assert.deepEqual((await order()).map(([name]) => name), wide.map(([name]) => name))
  await context.close()
})

test('everything can be done by keyboard', async () => {
  const { page, context, faults } = await open(browser, site)
  const seen = new Set()
  await page.keyboard.press('Tab')
  assert.match(await page.evaluate(() => document.activeElement.className), /skip/)
  for (let i = 0; i < 120; i++) {
    await page.keyboard.press('Tab')
    const id = await page.evaluate(() => {
      const { id, className, textContent, tagName } = document.activeElement
      return id || className || tagName + textContent.slice(0, 20)
    })
    seen.add(id)
  }
  for (const id of ['seed', 'reroll', 'theme', 'tab-a', 'preset', 'c-a-backoff-kind', 'c-a-backoff-initial', 'c-a-jitter-factor-field', 'scenario', 'play', 'moment', 'lang-typescript', 'code']) {
    assert.ok(seen.has(id), `${id} is not reached; ${[...seen].join(' ')}`)
  }
  await press(page, '#c-a-backoff-initial', 'ArrowRight')
  const one = await page.inputValue('#c-a-backoff-initial')
  await press(page, '#c-a-backoff-initial', 'Shift+ArrowRight')
  assert.equal(Number(await page.inputValue('#c-a-backoff-initial')), Number(one) + 10)
  await page.focus('#tab-a')
  await page.keyboard.press('ArrowRight')
  assert.equal(await page.getAttribute('#tab-b', 'aria-selected'), 'true')
  await page.focus('#herd .frame')
  await page.keyboard.press('Shift+ArrowRight')
  assert.match(await page.locator('.moment').innerText(), /^[\d.]+ s/)
  await page.focus('#lang-typescript')
  await page.keyboard.press('ArrowRight')
  assert.match(await page.locator('#code').innerText(), /use redrive/)
  await context.close()
  assert.deepEqual(faults, [])
})

test('what changed is said, and every chart has a table', async () => {
  const { page, context } = await open(browser, site)
  await page.waitForFunction(() => document.querySelector('#live').textContent.includes('Policy B:'))
  await page.fill('#seed', '7')
  await page.press('#seed', 'Enter')
  await ran(page)
  for (const id of ['schedule', 'herd', 'timeline', 'latency']) {
    await page.locator(`#${id} details.data > summary`).click()
    await page.locator(`#${id} tbody tr`).nth(1).waitFor({ timeout: 5000 })
  }
  const slider = page.getByRole('slider', { name: 'Jitter factor' })
  assert.equal(await slider.getAttribute('aria-valuetext'), '0.1')
  await context.close()
})

test('double click gives the default back', async () => {
  const { page, context } = await open(browser, site, 'a.jitter.factor=0.5')
  await page.dblclick('#c-a-jitter-factor')
  await ran(page)
  assert.equal(await page.inputValue('#c-a-jitter-factor-field'), '0.1')
  await context.close()
})

test('with less motion nothing moves by itself', async () => {
  const { page, context } = await open(browser, site, '', { motion: 'reduce' })
  await page.waitForTimeout(200)
  assert.equal(await page.getAttribute('#play', 'aria-label'), 'Play')
  assert.match(await page.locator('.moment').innerText(), /^at the end/)
  await context.close()
})

test('without motion settings the herd plays once', async () => {
  const { page, context } = await open(browser, site, '', { motion: 'no-preference' })
  assert.equal(await page.getAttribute('#play', 'aria-label'), 'Pause')
  await page.mouse.click(5, 5)
  assert.equal(await page.getAttribute('#play', 'aria-label'), 'Play')
  await context.close()
})

test('forced colours keep the policies apart', async () => {
  const { page, context } = await open(browser, site, '', { forcedColors: 'active' })
  const colors = await page.evaluate(() => ['--slot-a', '--slot-b'].map(name => getComputedStyle(document.documentElement).getPropertyValue(name)))
  assert.notEqual(colors[0], colors[1])
  await context.close()
})

test('nothing shifts while the herd is computed', async () => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', serviceWorkers: 'block' })
  const page = await context.newPage()
  await page.addInitScript(() => {
    window.shift = 0
    new PerformanceObserver(list => list.getEntries().forEach(entry => { window.shift += entry.value })).observe({ type: 'layout-shift', buffered: true })
  })
  await page.goto(site.url)
  await ran(page)
  await page.waitForTimeout(300)
  const shift = await page.evaluate(() => window.shift)
  console.log(`budget: layout shift ${shift.toFixed(3)} of 0.1`)
  assert.ok(shift < 0.1, String(shift))
  await context.close()
})
