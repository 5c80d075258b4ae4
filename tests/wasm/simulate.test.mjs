// The simulator's bindings by themselves; what they find is tested in npm/test/sim.mjs, everywhere.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { golden, redrive } from './redrive.mjs'

const scenario = {
  horizon: '10m',
  arrivals: { kind: 'herd', tasks: 100_000 },
  server: { workers: 10, service: '20ms', queue: { limit: 500 } },
  policies: ['none', 'full'],
}

function finish(simulation) {
  let slices = 0
  while (simulation.step()) slices += 1
  return { slices, outcome: simulation.outcome(false) }
}

test('a simulation goes on in slices, and says how far it is', () => {
  const simulation = new redrive.Simulation(scenario, 1)
  assert.equal(simulation.total, 2)
  let events = 0
  let runs = 0
  while (simulation.step()) {
    assert.ok(simulation.events > events && simulation.events - events < 400_000, 'a slice is short')
    events = simulation.events
    assert.ok(simulation.done === runs || simulation.done === runs + 1)
    runs = simulation.done
    assert.ok(simulation.seconds <= simulation.horizon)
  }
  assert.equal(runs, 2)
  const { policies } = simulation.outcome(false)
  assert.equal(policies[0].events + policies[1].events, events)
})

test('slices of simulations that take turns are those of each alone', () => {
  const other = { ...scenario, seed: 7, policies: ['equal'] }
  const alone = [finish(new redrive.Simulation(scenario, 1)), finish(new redrive.Simulation(other, 1))]
  const [one, two] = [new redrive.Simulation(scenario, 1), new redrive.Simulation(other, 1)]
  for (;;) {
    const more = [one.step(), two.step()]
    if (!more.includes(true)) break
  }
  assert.deepEqual(one.outcome(false), alone[0].outcome)
  assert.deepEqual(two.outcome(false), alone[1].outcome)
})

test('optimistic concurrency is run in slices too', () => {
  const { traces } = golden('traces.json')
  const frozen = traces.find(([name, seed, policy]) => name === 'occ' && seed === '42' && policy === 'no-backoff').at(-1)
  const occ = { policy: { backoff: { kind: 'constant', delay: '0s' }, jitter: 'none', maxDelay: '2s', maxAttempts: 1e6, compat: { capStage: 'clip' } } }
  const blog = { seed: 42, arrivals: { kind: 'herd', tasks: 100 }, network: { latency: { kind: 'normal', mean: '10ms', sd: '2ms' } }, contention: { rows: 1 }, report: { bin: '10ms' } }
  const { outcome } = finish(new redrive.Simulation({ ...blog, policies: [{ name: 'no-backoff', ...occ }] }, 1))
  assert.equal(outcome.policies[0].traceHash, frozen)
  const many = { ...blog, arrivals: { kind: 'herd', tasks: 1_500 }, policies: [{ name: 'no-backoff', ...occ }] }
  const { slices, outcome: long } = finish(new redrive.Simulation(many, 1))
  assert.ok(slices > 2, `${slices} slices`)
  assert.equal(long.policies[0].succeeded, 1_500)
})

test('a seed of 64 bits is a bigint, and others are numbers', () => {
  const small = { ...scenario, arrivals: { kind: 'herd', tasks: 10 } }
  const seed = (seed) => finish(new redrive.Simulation({ ...small, seed }, 1)).outcome.seed
  assert.equal(seed(2n ** 64n - 1n), 2n ** 64n - 1n)
  assert.equal(seed('18446744073709551615'), 2n ** 64n - 1n)
  assert.equal(seed(42n), 42)
})
