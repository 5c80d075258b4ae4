// The page in Firefox, by WebDriver BiDi: its figures, and what engines do not do alike.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import puppeteer from 'puppeteer-core'
import { serve } from '../serve.mjs'

let site, browser
before(async () => {
  site = await serve()
  browser = await puppeteer.launch({
    browser: 'firefox', executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr', headless: true,
    extraPrefsFirefox: { 'ui.prefersReducedMotion': 1 },
  })
})
after(async () => { await browser?.close(); await site.close() })

async function visit(query, body, size = [1440, 900]) {
  const page = await browser.newPage()
  const faults = []
  page.on('pageerror', error => faults.push(String(error)))
  page.on('console', message => { if (message.type() === 'error') faults.push(message.text()) })
  await page.setViewport({ width: size[0], height: size[1] })
  await page.goto(site.url + (query && `?${query}`))
  await ran(page)
  await body(page)
  assert.deepEqual(faults, [])
  await page.close()
}

const ran = page => page.waitForFunction(() => document.documentElement.dataset.ran !== undefined
  && document.documentElement.dataset.ran === document.documentElement.dataset.asked, { timeout: 20_000 })
const text = (page, selector) => page.$eval(selector, element => element.innerText)
const value = (page, selector) => page.$eval(selector, element => Number(element.value))

const golden = JSON.parse(await readFile(new URL('../../tests/golden/page.json', import.meta.url), 'utf8'))
test('the figures and traces of every story are the native ones', async () => {
  for (const { query, policies } of golden) {
    await visit(query, async page => {
      const shown = await page.$$eval('.tiles tbody tr', rows => Object.fromEntries(rows.map(row => [row.dataset.name, {
        ...Object.fromEntries([...row.querySelectorAll('td')].map(cell => [cell.dataset.name, cell.dataset.value === '' ? null : Number(cell.dataset.value)])),
        traceHash: row.dataset.hash,
      }])))
      assert.deepEqual(shown, policies, query)
    })
  }
})

test('the slider of the replay is moved by click and keys', () => visit('', async page => {
  const box = await (await page.$('#moment')).boundingBox()
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
  const middle = await value(page, '#moment')
  assert.ok(middle > 60 && middle < 130, String(middle))
  await page.keyboard.press('ArrowLeft')
  assert.ok(await value(page, '#moment') < middle)
}))

test('a file that is dragged over the page and out again leaves it as it was', () => visit('', async page => {
  await page.evaluate(() => {
    const data = new DataTransfer()
    data.items.add(new File(['{}'], 'a.json'))
    // As Firefox does it: more enters than leaves.
    for (const type of ['dragenter', 'dragenter', 'dragover', 'dragleave']) dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }))
  })
  await page.waitForFunction(() => !document.body.classList.contains('dropping'), { timeout: 5000 })
  await page.click('#theme')
}))

test('a key that is held makes one entry of the history, and "back" undoes it', () => visit('', async page => {
  const before = await page.evaluate(() => history.length)
  // As a key that is held does it, however busy the machine is.
  await page.evaluate(() => {
    const slider = document.querySelector('#c-a-jitter-factor')
    for (let i = 0; i < 30; i++) {
      slider.value = String(Number(slider.value) + 1)
      for (const type of ['input', 'change']) slider.dispatchEvent(new Event(type, { bubbles: true }))
    }
  })
  await ran(page)
  assert.equal(await page.evaluate(() => history.length), before + 1)
  await page.evaluate(() => history.back())
  await page.waitForFunction(() => document.querySelector('#c-a-jitter-factor-field').value === '0.1')
}))

test('back from another page everything is still there', () => visit('a=none', async page => {
  await page.goto(`${site.url}icon.svg`)
  await page.evaluate(() => history.back())
  await page.waitForFunction(() => document.querySelector('#seed')?.value === '42')
  await ran(page)
  assert.equal(await page.$eval('#seed', field => field.value), '42')
  assert.match(await text(page, '#difference'), /A \(none\)/)
  const drawn = await page.$eval('#herd canvas', canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(byte => byte !== 0))
  assert.ok(drawn)
}))

test('every panel draws, and a story is opened by a click', () => visit('', async page => {
  await page.click('[data-story="cap"]')
  await page.waitForFunction(() => location.search.includes('story=cap'))
  await ran(page)
  assert.match(await text(page, '#differ'), /where the cap applies/)
  for (const id of ['schedule', 'timeline', 'state', 'latency', 'letters', 'export']) {
    assert.ok(await page.$eval(`#${id}`, element => element.offsetHeight > 80), id)
  }
}))

test('a narrow page fits its screen', () => visit('story=naive&a=none&b=-', async page => {
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
}, [390, 844]))
