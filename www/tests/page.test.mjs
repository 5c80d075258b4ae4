// What the page shows and how its address behaves.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { figures, launch, open, press, ran, serve } from './helper.mjs'

let site, browser
before(async () => { [site, browser] = [await serve(), await launch()] })
after(async () => { await browser.close(); await site.close() })

async function visit(query, options, body) {
  const { page, context, faults } = await open(browser, site, query, options)
  await body(page)
  assert.deepEqual(faults, [])
  assert.deepEqual(await page.evaluate(() => window.violations), [])
  await context.close()
}

test('every panel has something to show', () => visit('', {}, async page => {
  assert.equal(await page.locator('.schedule .sample').count(), 18)
  assert.equal(await page.locator('#herd canvas').count(), 2)
  assert.ok(await page.locator('.timeline .slot-a .kind-3').getAttribute('d'))
  assert.equal(await page.locator('.tiles tbody tr').count(), 2)
  assert.match(await page.locator('#difference').innerText(), /^B: peak [\d.]+× lower, /)
  assert.ok(await page.locator('#state canvas').count())
  assert.ok((await page.locator('.histogram path').first().getAttribute('d')).length > 100)
  assert.match(await page.locator('#code').innerText(), /new RetryPolicy/)
  assert.equal(await page.locator('.story-links a').count(), 6)
  assert.match(await page.locator('#letters .note').last().innerText(), /dead letters|exhausted/)
}))

test('a slider moves delays, band, herd and address at once', () => visit('', {}, async page => {
  const look = () => page.evaluate(() => [
    document.querySelector('.schedule .slot-a .band').getAttribute('height'),
    document.querySelector('.timeline .slot-a .kind-3').getAttribute('d'), location.search,
  ])
  const before = await look()
  const peak = (await figures(page)).A.peakToCapacity
  await press(page, '#c-a-jitter-factor', 'ArrowRight', 40)
  const now = await look()
  before.forEach((value, i) => assert.notEqual(now[i], value))
  assert.equal(now[2], '?a.jitter.factor=0.9')
  assert.ok((await figures(page)).A.peakToCapacity < peak / 2)
}))

test('"back" undoes a gesture, not a step of it', () => visit('', {}, async page => {
  const box = await page.locator('#c-a-jitter-factor').boundingBox()
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + box.width * 0.05 + 7, y)
  await page.mouse.down()
  for (let x = 0.1; x <= 0.9; x += 0.05) await page.mouse.move(box.x + box.width * x, y)
  await page.mouse.up()
  await ran(page)
  assert.notEqual(await page.evaluate(() => location.search), '')
  await page.goBack()
  await ran(page)
  assert.equal(await page.evaluate(() => location.search), '')
  assert.equal(await page.inputValue('#c-a-jitter-factor-field'), '0.1')
  await page.goForward()
  assert.notEqual(await page.inputValue('#c-a-jitter-factor-field'), '0.1')
}))

test('a link gives the same picture again', () => visit('', {}, async page => {
  await page.selectOption('#preset', 'aws-standard')
  await page.fill('#c-a-backoff-initial-field', '120ms')
  await page.press('#c-a-backoff-initial-field', 'Enter')
  await page.fill('#seed', 'a seed & more')
  await page.press('#seed', 'Enter')
  await ran(page)
  const [link, shown] = [await page.evaluate(() => location.search), await figures(page)]
  assert.match(link, /a=aws-standard&a\.backoff\.initial=120ms&seed=/)
  await page.goto(site.url + link)
  await ran(page)
  assert.deepEqual(await figures(page), shown)
  assert.equal(await page.evaluate(() => location.search), link)
}))

// Links that were made by the first version. They must open for ever: never change one, add to them.
const OLD = [
  ['a=none&b=proportional&edit=b&story=ten-percent', 'B', 'proportional'],
  ['a=full&a.maxAttempts=4&b=-&client.permanentRate=0.02&redrive.at=1m', 'A', 'full'],
  ['v=1&a=temporal&a.backoff.kind=linear&a.backoff.initial=1s&a.backoff.increment=2s&seed=7&key=order-17&y=log', 'A', 'temporal'],
  ['s=herd&server.queue.limit=50&faults.0.until=20s&a.budget.kind=ratio&a.budget.percent=10', 'A', 'proportional'],
]
for (const [query, slot, preset] of OLD) {
  test(`an old link opens: ${query.slice(0, 40)}`, () => visit(query, {}, async page => {
    assert.equal(await page.locator('.notice').count(), 0)
    assert.match(await page.locator(`.tab.slot-${slot.toLowerCase()}`).innerText(), new RegExp(preset))
  }))
}

test('a hostile link gives defaults and a notice, and no markup', () => {
  const query = 'a=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&%3Cscript%3E=1&a.maxAttempts=-1&seed=%3Cb%3E&server.queue.limit=1e99'
  return visit(query, {}, async page => {
    assert.ok(await page.locator('.notice').count() >= 2)
    assert.equal(await page.locator('.notice img, .notice script, #tools b').count(), 0)
    assert.match(await page.locator('.tab.slot-a').innerText(), /proportional/)
  })
})

test('a run that is too big is refused with what to lower, and the page goes on', () => visit('', {}, async page => {
  await page.fill('#c-arrivals-tasks-field', '100000000')
  await page.press('#c-arrivals-tasks-field', 'Enter')
  await page.waitForSelector('.run-error:not([hidden])')
  assert.match(await page.locator('.run-error').innerText(), /lower|tasks/i)
  await page.fill('#c-arrivals-tasks-field', '500')
  await page.press('#c-arrivals-tasks-field', 'Enter')
  await page.waitForFunction(() => document.querySelector('.run-error').hidden)
}))

test('a value that is not allowed is refused beside its field', () => visit('', {}, async page => {
  await page.fill('#c-a-backoff-multiplier-field', '0.5')
  await page.press('#c-a-backoff-multiplier-field', 'Enter')
  assert.match(await page.locator('[data-name="a.backoff.multiplier"] .row-error').innerText(), /below 1/)
  assert.equal(await page.evaluate(() => location.search), '')
}))

test('a hint is fixed by a click', () => visit('a=none&b=-', {}, async page => {
  await page.locator('[data-code="noJitter"] .fix').click()
  await ran(page)
  assert.equal(await page.inputValue('#c-a-jitter-kind'), 'full')
  assert.equal(await page.locator('[data-code="noJitter"]').count(), 0)
}))

test('dead letters are listed with their history and sent back, paced or at once', () =>
  visit('a=full&a.maxAttempts=4&b=-', {}, async page => {
    const dead = (await figures(page)).A.deadLetters
    assert.ok(dead > 9000)
    await page.locator('.letters summary').first().click()
    assert.match(await page.locator('.letters ol').first().innerText(), /dead-lettered/)
    await page.getByRole('button', { name: 'All at once' }).click()
    await ran(page)
    const once = (await figures(page)).A.deadLetters
    await page.getByRole('button', { name: 'Paced' }).click()
    await ran(page)
    const paced = (await figures(page)).A.deadLetters
    assert.ok(dead > once && once > paced, `${dead} ${once} ${paced}`)
    await page.getByRole('button', { name: 'Leave them' }).click()
    await ran(page)
    assert.equal((await figures(page)).A.deadLetters, dead)
  }))

test('the replay plays, steps and stands still', () => visit('', { motion: 'no-preference' }, async page => {
  // A hand on the page ends what it plays by itself, for good.
  await page.mouse.click(5, 5)
  await page.click('#play')
  await page.waitForFunction(() => Number(document.querySelector('#moment').value) > 2 && document.querySelector('#play').getAttribute('aria-label') === 'Pause')
  await page.click('#play')
  const at = await page.inputValue('#moment')
  assert.ok(Number(at) > 0)
  assert.match(await page.locator('.moment').innerText(), /open, .* done, .* dead/)
  await page.getByRole('button', { name: 'One step on' }).click()
  assert.ok(Number(await page.inputValue('#moment')) > Number(at))
}))

test('a crashed worker is replaced, and the page says so', async () => {
  const context = await browser.newContext({ reducedMotion: 'reduce', serviceWorkers: 'block' })
  const page = await context.newPage()
  // The first worker dies of its second question.
  await page.addInitScript(() => {
    const Real = window.Worker
    let first = true
    window.Worker = class extends Real {
      #fatal = first
      #asked = 0
      constructor(...args) { super(...args); first = false }
      postMessage(message, ...rest) {
        if (this.#fatal && message.query !== undefined && ++this.#asked === 2) {
          queueMicrotask(() => this.dispatchEvent(new ErrorEvent('error', { cancelable: true, message: 'trap' })))
        } else super.postMessage(message, ...rest)
      }
    }
  })
  await page.goto(site.url)
  await ran(page)
  await page.fill('#seed', '43')
  await page.press('#seed', 'Enter')
  await page.waitForSelector('.notice')
  assert.match(await page.locator('.notice').innerText(), /started again/)
  await page.fill('#seed', '44')
  await page.press('#seed', 'Enter')
  await ran(page)
  await context.close()
})

test('the embedded page is the picture alone', () => visit('embed=1', {}, async page => {
  assert.equal(await page.locator('#policy').isVisible(), false)
  assert.equal(await page.locator('#herd').isVisible(), true)
}))

test('only the policy that changed is run again, under the same draws', () => visit('', {}, async page => {
  const before = await figures(page)
  await press(page, '#c-a-backoff-initial', 'ArrowRight', 3)
  const now = await figures(page)
  assert.notDeepEqual(now.A, before.A)
  assert.deepEqual(now.B, before.B)
}))
