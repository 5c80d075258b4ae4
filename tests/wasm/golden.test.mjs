// Native = wasm: the values that Rust froze are those that WebAssembly gives, to the last bit.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { golden, redrive } from './redrive.mjs'

test('random numbers are the frozen ones', () => {
  const { draws } = golden('random.json')
  assert.ok(draws.length >= 80)
  for (const [seed, key, attempt, unit] of draws) {
    const drawn = redrive.draw(seed, key, attempt)
    assert.equal(BigInt(drawn * 2 ** 53), BigInt(unit), `${seed} ${key} ${attempt}`)
  }
})

test('text keys stand for the frozen numbers', () => {
  for (const [text, number] of golden('random.json').keys) {
    assert.equal(redrive.keyOf(text), BigInt(number), text)
  }
})

test('delays are the frozen ones', () => {
  let compared = 0
  for (const { policy, delays } of golden('delays.json').cases) {
    for (const [seed, key, retry, frozen] of delays) {
      const delay = redrive.delayNs(policy, seed, key, retry)
      assert.equal(delay, BigInt(frozen), `${JSON.stringify(policy)} ${seed} ${key} ${retry}`)
      compared += 1
    }
  }
  assert.ok(compared >= 1_000, `only ${compared} delays were compared`)
})

test('verdicts are the frozen ones', () => {
  const { cases } = golden('verdicts.json')
  assert.ok(cases.length >= 60)
  for (const { policy, seed, key, failures, verdicts } of cases) {
    const rows = redrive.rehearse(policy, seed, key, failures)
    const said = rows.map(row => [row.attempt, `${row.failedAtNs}`, row.verdict, row.delayNs?.toString() ?? null])
    assert.deepEqual(said, verdicts, JSON.stringify(policy))
  }
})
