// Policies through the bindings: completed, explained, scheduled.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { redrive } from './redrive.mjs'

test('what was normalised stays as it is', () => {
  for (const { policy } of redrive.presets()) {
    const again = redrive.normalizePolicy(policy)
    assert.deepEqual(again, policy)
    assert.equal(redrive.fingerprint(again), redrive.fingerprint(policy))
  }
})

test('a preset is a policy by its name', () => {
  const preset = redrive.presets().find(({ name }) => name === 'full')
  assert.deepEqual(redrive.normalizePolicy('full'), preset.policy)
  assert.notEqual(redrive.fingerprint('full'), redrive.fingerprint('none'))
})

test('the schedule of classic is the specification', () => {
  const { retries, end } = redrive.schedule('classic', 42, '0')
  assert.deepEqual(retries.map(({ minNs, maxNs }) => [minNs, maxNs]), [
    [2_000_000_000n, 2_200_000_000n],
    [4_000_000_000n, 4_400_000_000n],
  ])
  for (const { delayNs, minNs, maxNs } of retries) assert.ok(minNs <= delayNs && delayNs <= maxNs)
  assert.deepEqual(end, { deadLetter: 'exhausted', attempts: 3 })
})

test('the schedule has the delays, and says which bands were measured', () => {
  const exact = redrive.schedule('full', 7n, 'order-17')
  assert.deepEqual(exact.retries.map(row => row.delayNs), [...redrive.delaysNs('full', 7n, 'order-17')])
  assert.ok(exact.retries.every(row => row.samples === null))
  const measured = redrive.schedule('full', 7n, 'order-17', 3, 500)
  assert.deepEqual(measured.retries.map(row => row.samples), [500, 500, 500])
  assert.equal(measured.end, null, 'it was cut short')
})

test('hints name a field and offer a fix that makes them go away', () => {
  const [hint] = redrive.hints('none').filter(({ code }) => code === 'noJitter')
  assert.equal(hint.field, 'jitter')
  const fixed = { ...redrive.normalizePolicy('none'), [hint.fix.path]: hint.fix.value }
  assert.ok(!redrive.hints(fixed).some(({ code }) => code === 'noJitter'))
})

test('bounds hold their defaults', () => {
  for (const { name, min, max, default: value } of redrive.bounds()) {
    assert.ok(min <= max, name)
    if (value !== null) assert.ok(min <= value && value <= max, name)
  }
})
