// The simulator through WebAssembly: the native run, event by event.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { golden, redrive } from './redrive.mjs'

const small = { ...redrive.scenarios()[0].scenario, horizon: '10m' }
small.arrivals = { ...small.arrivals, tasks: 500 }

/** Long enough to be asked how it goes. */
const long = { ...small, policies: ['full'], arrivals: { ...small.arrivals, tasks: 100_000 } }

test('every built-in scenario gives the trace that it gives natively', () => {
  const { traces } = golden('traces.json')
  const scenarios = new Map(redrive.scenarios().map(({ name, scenario }) => [name, scenario]))
  assert.deepEqual(new Set(traces.map(([name]) => name)), new Set(scenarios.keys()))
  const runs = new Map()
  for (const [name, seed, policy, hash] of traces) {
    const run = `${name} ${seed}`
    if (!runs.has(run)) runs.set(run, redrive.simulate({ ...scenarios.get(name), seed: BigInt(seed) }))
    const outcome = runs.get(run)
    assert.equal(outcome.seed, BigInt(seed))
    const { traceHash } = outcome.policies.find(entry => entry.name === policy)
    assert.equal(traceHash, hash, `${run} ${policy}`)
  }
})

test('a scenario is an object or the name of a built-in one', () => {
  const [builtin] = redrive.scenarios()
  assert.deepEqual(redrive.normalizeScenario(builtin.name), redrive.normalizeScenario(builtin.scenario))
})

test('no task is lost, in the figures and in the series', () => {
  for (const policy of redrive.simulate(small).policies) {
    const { tasks, succeeded, deadLettered, discarded, failed, cancelled, unfinished } = policy
    const dead = Object.values(deadLettered).reduce((sum, count) => sum + count, 0)
    assert.equal(tasks, succeeded + dead + discarded + failed + cancelled + unfinished, policy.name)
    const sum = counts => counts.reduce((total, count) => total + count, 0)
    assert.equal(sum(policy.series.first) + sum(policy.series.retries), policy.attempts, policy.name)
    assert.equal(sum(policy.series.succeeded), succeeded, policy.name)
  }
})

test('the result can be stringified, seed apart', () => {
  const { seed, ...outcome } = redrive.simulate(small)
  assert.equal(typeof seed, 'bigint')
  for (const policy of outcome.policies) delete policy.raster
  assert.equal(JSON.parse(JSON.stringify(outcome)).schema, 'redrive-simulate/1')
})

test('runs give means with their spread', () => {
  const { runs, policies } = redrive.simulate(small, { runs: 3 })
  assert.equal(runs, 3)
  for (const { attempts } of policies) assert.ok(attempts.min <= attempts.mean && attempts.mean <= attempts.max)
})

test('a run can be watched and stopped', () => {
  let calls = 0
  const stopped = redrive.simulate(long, { onProgress: () => { calls += 1; return false } })
  assert.equal(calls, 1)
  assert.equal(stopped.policies[0].partial, true)
})

test('what the watcher throws comes out', () => {
  const onProgress = () => {
    throw new RangeError('enough')
  }
  assert.throws(() => redrive.simulate(long, { onProgress }), { name: 'RangeError', message: 'enough' })
})

test('a scenario that is too large is refused with the number to lower', () => {
  const huge = { ...small, arrivals: { ...small.arrivals, tasks: 100_000_000 } }
  assert.throws(() => redrive.simulate(huge), { name: 'SimError', message: /lower the tasks/ })
})

test('a file that was not passed along is named', () => {
  const trace = { policies: ['classic'], arrivals: { kind: 'trace', file: 'requests.csv', bin: '5m' } }
  assert.throws(() => redrive.simulate(trace), { name: 'ConfigError', message: /requests\.csv.*options\.files/ })
  const files = { 'requests.csv': 'time,value\n1,3\n2,5\n' }
  assert.equal(redrive.simulate(trace, { files }).policies[0].tasks, 8)
})
