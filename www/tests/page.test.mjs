// What the page shows and how its address behaves.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
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
  assert.match(await page.locator('#difference').innerText(), /^Under A \(proportional\) the (recovering )?server gets [\d,]+ attempts\/s/)
  assert.match(await page.locator('#better').innerText(), /^B \(full\) does better here: a lower peak/)
  assert.match(await page.locator('#differ').innerText(), /^A and B differ in jitter/)
  assert.equal(await page.locator('#scene').innerText(), '10,000 tasks fail together while their server is down for 30 s')
  assert.ok(await page.locator('#state canvas').count())
  assert.ok((await page.locator('.histogram path').first().getAttribute('d')).length > 100)
  assert.match(await page.locator('#code').innerText(), /new RetryPolicy/)
  assert.equal(await page.locator('.story-links a').count(), 6)
  assert.match(await page.locator('#letters .note').innerText(), /dead letters/)
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

test('a hint is offered with what it changes, and fixed by a click', () => visit('a=none&b=-', {}, async page => {
  const hint = page.locator('[data-code="noJitter"]')
  await hint.waitFor()
  assert.match(await hint.innerText(), /simulated: 7,445 more tasks succeed, dead letters 7,450 → 5, peak \/ capacity 200× → 1\.06×/)
  await hint.locator('.fix').click()
  await ran(page)
  assert.equal(await page.inputValue('#c-a-jitter-kind'), 'full')
  await page.waitForFunction(() => !document.querySelector('[data-code="noJitter"]'))
  assert.equal(await page.evaluate(() => document.activeElement.id), 'c-a-jitter-kind')
}))

test('no fix that loses tasks is offered', async () => {
  // Each preset that the untouched page could be told something of.
  for (const preset of ['proportional', 'full', 'equal', 'temporal', 'classic']) {
    await visit(`a=${preset}&b=-`, {}, async page => {
      await page.waitForFunction(() => document.documentElement.dataset.advised === document.documentElement.dataset.ran)
      const before = (await figures(page)).A.succeeded
      const count = await page.locator('#policy-rows .fix').count()
      for (let i = 0; i < count; i++) {
        const link = await page.evaluate(() => location.search)
        await page.locator('#policy-rows .fix').nth(i).click()
        await ran(page)
        assert.ok((await figures(page)).A.succeeded >= before, `${preset} ${i}`)
        await page.goto(site.url + link)
        await ran(page)
        await page.waitForFunction(() => document.documentElement.dataset.advised === document.documentElement.dataset.ran)
      }
    })
  }
})

test('a policy that gives up before the outage is over is told so', () => visit('a=classic&b=-', {}, async page => {
  const hint = page.locator('[data-code="outlasted"]')
  await hint.waitFor()
  assert.match(await hint.innerText(), /This policy gives up after at most 6\.6 s; the outage lasts 30 s\./)
  assert.match(await page.locator('.more-said').innerText(), /100 % under A \(classic\) \(attempts used up: it gives up after at most 6\.6 s/)
}))

test('a scenario comes with its policies, its title and what to look at', () => visit('', {}, async page => {
  await page.selectOption('#scenario', 'budget')
  await ran(page)
  assert.match(await page.locator('.tab.slot-a').innerText(), /no-budget/)
  assert.match(await page.locator('.tab.slot-b').innerText(), /ratio-20/)
  assert.match(await page.locator('#scene').innerText(), /^Half of all requests fail/)
  assert.match(await page.locator('.scene-about').textContent(), /A hundred clients send 500 requests/)
  assert.match(await page.locator('#differ').innerText(), /budget/)
  const own = await page.locator('#preset optgroup').first().locator('option').allInnerTexts()
  assert.deepEqual(own, ['no-budget', 'ratio-20', 'aws-500-14', 'grpc-100'])
  const link = await page.evaluate(() => location.search)
  const shown = await figures(page)
  await page.goto(site.url + link)
  await ran(page)
  assert.deepEqual(await figures(page), shown)
}))

test('services that call each other are a chain of boxes', () => visit('', {}, async page => {
  assert.equal(await page.locator('#layers').isVisible(), false)
  await page.selectOption('#scenario', 'layers')
  await ran(page)
  const boxes = await page.locator('.chain li').allInnerTexts()
  assert.equal(boxes.length, 4)
  assert.match(boxes[3], /server[\s\S]*A [\d,]+ \([\d.]+ per task\)/)
}))

test('the sentence and the figures say the same peak', async () => {
  for (const query of ['', 'story=cap', 'a=none&b=proportional']) {
    await visit(query, {}, async page => {
      const said = await page.locator('.said').innerText()
      const shown = await page.locator('.tiles tr.slot-a [data-name="peakToCapacity"]').innerText()
      const peak = shown.match(/[\d.,]+×/)?.[0]
      assert.ok(peak && said.includes(`${peak} its capacity`), `${query}: ${shown} in ${said}`)
    })
  }
})

test('policies of one name are called by what differs, and the twin tabs of a story are told apart', async () => {
  for (const [story, a, b] of [['cap', 'full, cap after', 'full, cap fit'], ['storm', 'full, no budget', 'full, budget ratio']]) {
    await visit('', {}, async page => {
      await page.click(`[data-story="${story}"]`)
      await ran(page)
      assert.equal(await page.locator('#tab-a span').innerText(), a)
      assert.equal(await page.locator('#tab-b span').innerText(), b)
    })
  }
})

test('a policy that is better and loses a few tasks more says so', () => visit('', {}, async page => {
  assert.match(await page.locator('#better').innerText(), /^B \(full\) does better here: .*, though it gives up 5 tasks more\.$/)
}))

test('the figures over time of each service of a chain can be looked at', () => visit('s=layers', {}, async page => {
  const groups = await page.$$eval('#figure optgroup', all => all.map(({ label }) => label))
  assert.ok(groups.length > 1, groups.join())
  await page.selectOption('#figure', `${groups.length - 1}.queue`)
  assert.match(await page.locator('#state .legend').innerText(), /requests waiting/)
  await page.selectOption('#scenario', 'herd')
  await ran(page)
  assert.equal(await page.locator('#figure optgroup').count(), 0)
  assert.equal(await page.inputValue('#figure'), 'tasks')
}))

test('A and B change places', () => visit('a.maxAttempts=5', {}, async page => {
  const before = await figures(page)
  await page.click('#swap')
  await ran(page)
  const after = await figures(page)
  assert.deepEqual([after.A, after.B], [before.B, before.A])
}))

test('a figure of successes is of all tasks', () => visit('story=storm', {}, async page => {
  await page.locator('[data-story="storm"]').click()
  await ran(page)
  const { A, B } = await figures(page)
  assert.ok(A.succeeded < 0.2 && B.succeeded > 0.8)
  assert.equal(await page.locator('.tiles .slot-a [data-name="p99All"]').innerText(), 'never')
  assert.ok(await page.locator('.tiles .slot-b [data-name="recoverSeconds"].best').count())
  assert.match(await page.locator('#better').innerText(), /^B \(full, budget ratio\) does better here: more tasks succeed/)
}))

test('dead letters are grouped with their history and sent back, paced or at once', () =>
  visit('a=full&a.maxAttempts=4&b=-', {}, async page => {
    const dead = (await figures(page)).A.deadLetters
    assert.ok(dead > 9000)
    await page.locator('.letters > li > details > summary').first().click()
    await page.locator('.letters ul summary').first().click()
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

test('a redrive comes after the last of those that die', () => visit('a=none&b=-', {}, async page => {
  await page.getByRole('button', { name: 'All at once' }).click()
  await ran(page)
  const sent = await page.locator('#herd .redrive .note').innerText()
  assert.match(sent, /^A\s+7,450 sent back at/)
}))

test('the server is broken and mended while the run plays', () => visit('', { motion: 'no-preference' }, async page => {
  await page.mouse.click(5, 5)
  await page.selectOption('.replay select', '5')
  await page.click('#play')
  await page.waitForFunction(() => Number(document.querySelector('#moment').value) > 1)
  await page.click('#break')
  await ran(page)
  assert.match(await page.evaluate(() => location.search), /faults\.1\.mode=down/)
  assert.equal(await page.locator('#break').innerText(), 'Mend the server')
  await page.waitForTimeout(400)
  await page.click('#break')
  await ran(page)
  assert.match(await page.evaluate(() => location.search), /faults\.1\.until=/)
  assert.equal(await page.locator('#break').innerText(), 'Break the server')
}))

test('every field can be edited: faults, rules, layers', () => visit('', {}, async page => {
  await page.locator('summary', { hasText: 'Every field of the scenario' }).click()
  await page.getByRole('button', { name: 'Add to faults' }).click()
  await ran(page)
  const second = page.locator('[data-part="faults"] .edit-item').nth(1)
  await second.locator('select').first().selectOption('slow')
  await ran(page)
  const link = await page.evaluate(() => location.search)
  assert.match(link, /faults\.1\.mode=slow/)
  await page.locator('summary', { hasText: 'Every field of the policy' }).click()
  await page.getByRole('button', { name: 'Add to classify' }).click()
  const rule = page.locator('[data-part="a.classify"]')
  assert.ok(await rule.locator('input, select').count())
  // What is refused says why and stays to be corrected.
  const field = second.locator('input.value').first()
  await field.fill('nonsense')
  await field.press('Enter')
  assert.match(await page.locator('[data-part="faults"] .row-error').innerText(), /faults\[1\]/)
}))

test('every field of the policy has a place in the form, down to resetAfter and onEmpty', () => visit('a.budget.kind=ratio', {}, async page => {
  await page.locator('summary', { hasText: 'Every field of the policy' }).click()
  const parts = await page.$$eval('.edit-part', all => all.map(({ dataset }) => dataset.part))
  const { properties } = JSON.parse(await readFile(new URL('../../npm/schema/policy.json', import.meta.url), 'utf8'))
  for (const name of Object.keys(properties)) {
    if (name !== 'version' && name !== '$schema') assert.ok(parts.includes(`a.${name}`), name)
  }
  const reset = page.locator('[data-part="a.resetAfter"] input')
  await reset.fill('10m')
  await reset.press('Enter')
  await page.locator('[data-part="a.budget"] .edit-row', { hasText: 'On empty' }).locator('select').selectOption('wait')
  await ran(page)
  assert.match(await page.evaluate(() => location.search), /a\.budget\.onEmpty=wait.*a\.resetAfter=10m|a\.resetAfter=10m.*a\.budget\.onEmpty=wait/)
}))

test('a table and a uniform range have fields', () => visit('', {}, async page => {
  await page.selectOption('#c-a-backoff-kind', 'table')
  await ran(page)
  await page.locator('[data-part="a.backoff"] button', { hasText: 'Add to delays' }).click()
  await ran(page)
  assert.match(await page.evaluate(() => location.search), /a\.backoff\.delays\.1=1s/)
  await page.selectOption('#c-a-jitter-kind', 'uniform')
  await ran(page)
  assert.match(await page.evaluate(() => location.search), /a\.jitter\.kind=uniform/)
  assert.ok(await page.locator('[data-part="a.jitter"] input').count() > 3)
}))

test('the slider of the replay is moved by hand, click and keys', () => visit('', {}, async page => {
  const box = await page.locator('#moment').boundingBox()
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
  const middle = Number(await page.inputValue('#moment'))
  assert.ok(middle > 60 && middle < 130, String(middle))
  await page.keyboard.press('ArrowLeft')
  assert.ok(Number(await page.inputValue('#moment')) < middle)
}))

test('a key that is held makes one entry of the history', () => visit('', {}, async page => {
  const before = await page.evaluate(() => history.length)
  // As a key that is held does it, however busy the machine is.
  await page.evaluate(() => {
    const slider = document.querySelector('#c-a-jitter-factor')
    for (let i = 0; i < 90; i++) {
      slider.value = String(Number(slider.value) + 1)
      for (const type of ['input', 'change']) slider.dispatchEvent(new Event(type, { bubbles: true }))
    }
  })
  await ran(page)
  assert.equal(await page.evaluate(() => history.length), before + 1)
  await page.goBack()
  await ran(page)
  assert.equal(await page.inputValue('#c-a-jitter-factor-field'), '0.1')
}))

test('the replay plays, steps and pauses', () => visit('', { motion: 'no-preference' }, async page => {
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
  // A worker dies of its next question, once that is asked for.
  await page.addInitScript(() => {
    const Real = window.Worker
    window.Worker = class extends Real {
      postMessage(message, ...rest) {
        if (window.dying && message.what === 'run') {
          window.dying = false
          queueMicrotask(() => this.dispatchEvent(new ErrorEvent('error', { cancelable: true, message: 'trap' })))
        } else super.postMessage(message, ...rest)
      }
    }
  })
  await page.goto(site.url)
  await ran(page)
  await page.evaluate(() => { window.dying = true })
  await page.fill('#seed', '43')
  await page.press('#seed', 'Enter')
  await page.getByText(/started again/).waitFor()
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
