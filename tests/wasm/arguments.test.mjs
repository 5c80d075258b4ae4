// What the bindings accept, and what they say to the rest.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { redrive } from './redrive.mjs'

const full = { backoff: { kind: 'exponential', initial: '1s', multiplier: 2 }, jitter: 'full' }

const refused = (call, path, words) =>
  assert.throws(call, error => {
    assert.ok(error instanceof Error)
    assert.equal(error.name, 'ConfigError')
    assert.equal(error.path, path)
    assert.match(error.message, words)
    return true
  })

test('a number, a bigint and a text are the same seed or key', () => {
  const delays = [17, 17n, '17'].map(key => redrive.delaysNs(full, key, key, 2))
  assert.deepEqual(delays[1], delays[0])
  assert.deepEqual(delays[2], delays[0])
})

test('all 64 bits of a seed count', () => {
  const [a, b] = [2n ** 64n - 1n, 2n ** 64n - 2n].map(seed => redrive.delayNs(full, seed, 1, 1))
  assert.notEqual(a, b)
  assert.equal(redrive.schedule(full, 2n ** 64n - 1n, 1).seed, 2n ** 64n - 1n)
})

test('a number that is no exact key is refused with the remedy', () => {
  for (const seed of [1.5, -1, NaN, Infinity, 2 ** 53, -1n, 2n ** 64n]) {
    refused(() => redrive.delayNs(full, seed, 1, 1), 'seed', /bigint|text/)
  }
  for (const key of [undefined, null, {}, true]) {
    refused(() => redrive.delayNs(full, 1, key, 1), 'key', /is missing/)
  }
})

test('without a seed every call draws another', () => {
  assert.notDeepEqual(redrive.delaysNs(full, undefined, 1), redrive.delaysNs(full, undefined, 1))
  assert.notEqual(redrive.randomSeed(), redrive.randomSeed())
})

test('an undefined field is absent, a null field is not', () => {
  const absent = redrive.normalizePolicy({ ...full, maxAttempts: undefined })
  assert.equal(absent.maxAttempts, 3)
  refused(() => redrive.normalizePolicy({ ...full, maxAttempts: null }), 'maxAttempts', /deadline|maxElapsed/)
})

test('errors name the field and guess what was meant', () => {
  refused(() => redrive.normalizePolicy({ maxDely: '1s' }), 'maxDely', /did you mean "maxDelay"/)
  refused(() => redrive.normalizePolicy({ backoff: { kind: 'exponental' } }), 'backoff.kind', /exponential/)
  refused(() => redrive.normalizePolicy({ maxAttempts: 0 }), 'maxAttempts', /below 1/)
  refused(() => redrive.normalizePolicy('ful'), '', /did you mean "full"/)
})

test('what is no data is refused, not read as an empty policy', () => {
  const cycle = {}
  cycle.backoff = cycle
  const proxy = new Proxy({}, { ownKeys: () => { throw new Error('no') }, get: () => { throw new Error('no') } })
  for (const value of [new Map(), new Set(), () => 1, Symbol('s'), 5, true, [], null, undefined, cycle, proxy]) {
    assert.throws(() => redrive.normalizePolicy(value), { name: 'ConfigError' })
  }
  assert.equal(redrive.normalizePolicy({}).maxAttempts, 3, 'and all is well afterwards')
})

test('an object with toJSON is taken at its word', () => {
  class Policy {
    toJSON() {
      return full
    }
  }
  assert.deepEqual(redrive.normalizePolicy(new Policy()), redrive.normalizePolicy(full))
})

test('a retry number that has no delay is refused', () => {
  refused(() => redrive.delayNs(full, 1, 1, 0), 'retry', /below 1/)
  const walk = { backoff: { kind: 'decorrelated', initial: '1s' }, maxDelay: '1m' }
  refused(() => redrive.delayNs(walk, 1, 1, 2 ** 32 - 1), 'retry', /each delay follows/)
})
