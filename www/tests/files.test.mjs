// What goes in and out of the page.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { figures, launch, open, ran, serve } from './helper.mjs'

let site, browser
before(async () => { [site, browser] = [await serve(), await launch()] })
after(async () => { await browser.close(); await site.close() })

async function visit(query, body) {
  const { page, context, faults } = await open(browser, site, query)
  await body(page)
  assert.deepEqual(faults, [])
  await context.close()
}

/** Drops a file on the page, as a hand would. */
async function drop(page, name, text) {
  await page.evaluate(([name, text]) => {
    const data = new DataTransfer()
    data.items.add(new File([text], name))
    for (const type of ['dragenter', 'dragover', 'drop']) dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }))
  }, [name, text])
}

test('a policy goes out as JSON and comes back as it was', () => visit('a=sidekiq&a.maxAttempts=7', async page => {
  await page.click('#lang-json')
  const json = await page.locator('#code').innerText()
  assert.equal(JSON.parse(json).maxAttempts, 7)
  const link = await page.evaluate(() => location.search)
  await page.goto(site.url)
  await ran(page)
  await drop(page, 'policy.json', json)
  await page.waitForSelector('.notice')
  await ran(page)
  assert.equal(await page.evaluate(() => location.search), link)
}))

test('TOML is read too', () => visit('', async page => {
  await drop(page, 'policy.toml', 'maxAttempts = 6\njitter = "equal"\nmaxDelay = "20s"\n[backoff]\nkind = "exponential"\ninitial = "300ms"\nmultiplier = 3\n')
  await page.waitForSelector('.notice')
  await ran(page)
  assert.equal(await page.inputValue('#c-a-jitter-kind'), 'equal')
  assert.equal(await page.inputValue('#c-a-backoff-initial-field'), '300ms')
}))

test('a scenario is read, with its policies', () => visit('', async page => {
  await drop(page, 'mine.json', JSON.stringify({
    name: 'mine', seed: 3, horizon: '2m', arrivals: { kind: 'herd', tasks: 321 },
    server: { workers: 4, service: { kind: 'fixed', value: '10ms' } }, faults: [{ from: '0s', until: '5s', mode: 'down' }],
    policies: ['recommended', { name: 'x', preset: 'temporal' }, 'full'],
  }))
  await page.waitForSelector('.notice')
  await ran(page)
  assert.equal(await page.inputValue('#c-arrivals-tasks-field'), '321')
  assert.match(await page.locator('.notice').innerText(), /first two policies of 3/)
  assert.match(await page.locator('.tab.slot-b').innerText(), /^B\s*x$/)
  assert.deepEqual(await page.locator('#preset optgroup').first().locator('option').allInnerTexts(), ['recommended', 'x', 'full'])
  const [link, shown] = [await page.evaluate(() => location.search), await figures(page)]
  await page.goto(site.url + link)
  await ran(page)
  assert.deepEqual(await figures(page), shown)
}))

test('dead letters from a file are listed', () => visit('', async page => {
  const letter = key => JSON.stringify({
    schema: 'redrive-dead-letter/1', id: 1, key, type: 'charge', reason: 'exhausted', attempts: 3, diedAtNs: '1795946000000000000',
    history: [{ attempt: 3, startedAtNs: 8_000_000_000, endedAtNs: 9_000_000_000, delayNs: 4_000_000_000, error: { kind: 'timeout', message: 'no answer <b>in</b> time' } }],
  })
  await drop(page, 'letters.ndjson', `${letter('order-17')}\n${letter('order-18')}\n`)
  await page.waitForSelector('.notice')
  const notice = await page.locator('.notice').innerText()
  assert.match(notice, /2 dead letters/)
  assert.match(await page.locator('.letters > li').innerText(), /^2\s*attempts used up\s*no answer <b>in<\/b> time\s*2026-11-29 09:53:20 UTC/)
  await page.locator('.letters > li > details > summary').click()
  await page.locator('.letters ul').waitFor()
  assert.match(await page.locator('.letters').innerText(), /order-17[\s\S]*order-18/)
  assert.equal(await page.locator('.letters b b, .letters li b:has-text("in")').count(), 0)
}))

test('what is hidden in a file is shown, and a line that is not a letter is set aside', () => visit('', async page => {
  const letter = { schema: 'redrive-dead-letter/1', key: 'a\u202eb', reason: 'exhausted', diedAtNs: 1, payload: 'c\u200bd' }
  await drop(page, 'queue\u202etxt.ndjson', `${JSON.stringify(letter)}\n{"torn\n${JSON.stringify({ ...letter, payload: 12345678901234567890n.toString() })}\n`)
  await page.waitForSelector('.notice')
  assert.match(await page.locator('.notice').innerText(), /^queue\\u\{202e\}txt\.ndjson: 2 dead letters, listed below\. Set aside: 1 line is not a letter; line 2: /)
  await page.locator('.letters > li > details > summary').click()
  await page.locator('.letters ul summary').first().click()
  const shown = await page.locator('#letters').innerText()
  assert.ok(shown.includes('a\\u{202e}b') && shown.includes('c\\u{200b}d'), shown)
  assert.ok(!/[\u200b\u202e]/.test(await page.evaluate(() => document.body.innerText)))
}))

test('names and titles of a scenario from outside are shown as they are', () => visit('', async page => {
  await drop(page, 's.json', JSON.stringify({
    name: 'x', title: 'good\u202edoog', arrivals: { kind: 'herd', tasks: 50 }, policies: [{ name: 'p\u200bq', preset: 'full' }, { name: 'r', preset: 'none' }],
  }))
  await page.waitForSelector('.notice')
  await ran(page)
  assert.match(await page.locator('#scene').innerText(), /^good\\u\{202e\}doog/)
  assert.equal(await page.locator('#tab-a span').innerText(), 'p\\u{200b}q')
  assert.ok(!/[\u200b\u202e]/.test(await page.evaluate(() => document.body.innerText)))
}))

test('nonsense is refused with its reason, and changes nothing', () => visit('', async page => {
  for (const [name, text, reason] of [
    ['a.json', '{"backoff": {"kind": "exponentail"}}', /did you mean "exponential"/],
    ['b.json', '<html>', /was not taken/], ['c.json', '{"__proto__": {"x": 1}, "maxAttempts": -1}', /was not taken/],
    ['d.ndjson', '{"a": 1', /line 1/], ['e.toml', 'a = = 1', /was not taken/],
  ]) {
    await drop(page, name, text)
    await page.waitForFunction(name => document.querySelector('.notice')?.textContent.startsWith(name), name)
    assert.match(await page.locator('.notice').innerText(), reason)
    assert.equal(await page.evaluate(() => location.search), '')
  }
}))

async function saved(page, label) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: label, exact: true }).click()])
  return readFile(await download.path())
}

test('charts are saved as SVG, PNG and CSV', () => visit('', async page => {
  for (const name of ['schedule', 'herd', 'timeline', 'latency']) {
    const svg = (await saved(page, `Save ${name} as SVG`)).toString()
    assert.match(svg, /^<svg[^>]* xmlns=/)
    assert.doesNotMatch(svg, /class=|var\(/)
    if (name === 'herd') assert.match(svg, /The herd[\s\S]*refused[\s\S]*A \(proportional\)/)
    const png = await saved(page, `Save ${name} as PNG`)
    assert.equal(png.toString('latin1', 1, 4), 'PNG')
    assert.ok(png.length > 3000, `${name} ${png.length}`)
    const csv = (await saved(page, `Save ${name} as CSV`)).toString().trim().split('\n')
    assert.ok(csv.length > 2, name)
    assert.doesNotMatch(csv.slice(1).join('\n'), /\d (ms|s|min)\b/, `${name}: no units in cells`)
  }
  const tasks = (await saved(page, 'Save state as CSV')).toString().trim().split('\n')
  assert.match(tasks[0], /^Policy,Second,open,dead/)
  assert.ok(tasks.length > 20)
}))

test('the copied texts are the page', () => visit('', async page => {
  const copied = async label => {
    await page.locator('#export').getByRole('button', { name: label }).click()
    await page.waitForTimeout(50)
    return page.evaluate(() => navigator.clipboard.readText())
  }
  assert.equal(await copied('Copy link'), site.url)
  const markdown = await copied('Copy as Markdown')
  assert.match(markdown, /\| A \(proportional\) \|/)
  assert.ok(markdown.includes(await page.locator('#difference').innerText()))
  await page.click('#lang-cli')
  assert.match(await page.locator('#code').innerText(), /^redrive simulate '\?/)
  await page.fill('#c-a-maxAttempts-field', '7')
  await page.press('#c-a-maxAttempts-field', 'Enter')
  assert.match(await page.locator('#code').innerText(), /--policy policy-a\.json[\s\S]*--policy full /)
}))
