// The suite of redrive/sim, for every runtime like suite.mjs.
//
// collectSim(sim, redrive, golden, { workers }) returns [name, test] pairs. `workers` says whether the
// runtime has any.
import { assert, equal, rejects, same, show } from './assert.mjs'

export function collectSim(sim, { RetryPolicy, ConfigError }, golden, { workers = true } = {}) {
  const { simulate, simulateInWorker, builtinScenarios, checkScenario, hints, SimulationError } = sim
  const tests = []
  const test = (name, fn) => tests.push(['sim: ' + name, fn])
  const herd = (tasks, more) => ({ name: 'small', horizon: '10m', arrivals: { kind: 'herd', tasks }, server: { workers: 10, service: '20ms', queue: { limit: 100 } }, faults: [{ mode: 'down', until: '5s' }], policies: ['full'], ...more })
  /** Long enough to be watched and stopped: some seconds. */
  const long = herd(500_000, { policies: ['none', 'full', 'equal'], horizon: '1h' })
  const hashes = (outcome) => outcome.policies.map((policy) => policy.traceHash)

  test('every built-in scenario gives the trace of the native simulator', async () => {
    const { traces } = golden['traces.json']
    const builtins = new Map(builtinScenarios().map((scenario) => [scenario.name, scenario]))
    same([...new Set(traces.map(([name]) => name))], [...builtins.keys()])
    const outcomes = new Map()
    for (const [name, seed, policy, hash] of traces) {
      const run = `${name} ${seed}`
      // Both ways to name one.
      if (!outcomes.has(run)) outcomes.set(run, await simulate(seed == '42' ? name : { ...builtins.get(name), seed: BigInt(seed) }))
      const outcome = outcomes.get(run)
      equal(String(outcome.seed), seed)
      equal(outcome.policies.find((one) => one.name == policy).traceHash, hash, `${run} ${policy}`)
    }
  })

  test('no task is lost, in the figures and in what charts are drawn from', async () => {
    const [policy] = (await simulate(herd(500), { charts: true })).policies
    const { tasks, succeeded, deadLettered, discarded, failed, cancelled, unfinished, series, raster, latency } = policy
    const sum = (counts) => counts.reduce((total, count) => total + count, 0)
    equal(tasks, 500)
    equal(tasks, succeeded + sum(Object.values(deadLettered)) + discarded + failed + cancelled + unfinished)
    equal(sum(series.first) + sum(series.retries), policy.attempts)
    equal(sum(series.succeeded), succeeded)
    equal(series.faults[0].mode, 'down')
    assert(raster.length > 10 && raster.every((row) => row.seconds.length == row.marks.length))
    equal(latency.share.at(-1), 1)
    assert(policy.wallSeconds >= 0 && policy.wallSeconds < 60)
    assert(!('series' in (await simulate(herd(10))).policies[0]))
  })

  test('a policy object and its JSON are the same policy, and a file would be', async () => {
    const policy = RetryPolicy.exponential({ initial: '1s', maxDelay: '20s', jitter: 'equal', maxAttempts: 4 })
    const as = (policy) => simulate(herd(200, { policies: [{ name: 'mine', policy }] }))
    same(hashes(await as(policy)), hashes(await as(JSON.parse(JSON.stringify(policy)))))
    assert(hashes(await as(policy))[0] != hashes(await as({ maxAttempts: 4 }))[0], 'another policy is another run')
  })

  test('several runs give means with their spread', async () => {
    const { runs, policies: [policy] } = await simulate(herd(200), { runs: 3 })
    equal(runs, 3)
    equal(policy.wallSeconds, null)
    const { mean, ci95, min, max } = policy.attempts
    assert(min < mean && mean < max && ci95 > 0, show(policy.attempts))
  })

  test('progress is told during the run, and rises to 1', async () => {
    const told = []
    await simulate({ ...long, policies: ['none', 'classic'] }, { onProgress: (progress) => told.push(progress) })
    assert(told.length > 3, `it was told ${told.length} times`)
    for (const [i, { share, events, done, total, horizonSeconds }] of told.entries()) {
      assert(share >= (told[i - 1]?.share ?? 0) && events > (told[i - 1]?.events ?? 0), show(told))
      equal(total, 2)
      assert(done <= total)
      equal(horizonSeconds, 3600)
    }
    equal(told.at(-1).share, 1)
  })

  test('timers and others have their turn during a run', async () => {
    let turns = 0
    const timer = setInterval(() => { turns += 1 }, 1)
    await simulate({ ...long, policies: ['none'] })
    clearInterval(timer)
    assert(turns > 1, `${turns} turns`)
  })

  test('a signal stops a run that is under way, with its own reason', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    let told = 0
    const error = await rejects(simulate(long, { signal: controller.signal, onProgress: () => { told += 1; controller.abort(reason) } }))
    equal(error, reason)
    equal(told, 1, 'it went on')
    equal(await rejects(simulate('herd', { signal: controller.signal })), reason, 'aborted before it began')
    equal((await rejects(simulate('herd', { signal: AbortSignal.abort() }))).name, 'AbortError')
  })

  test('what onProgress throws comes out as it is', async () => {
    const mine = new RangeError('mine')
    equal(await rejects(simulate(herd(10), { onProgress: () => { throw mine } })), mine)
  })

  test('two simulations at once do not meet', async () => {
    const alone = await simulate(herd(300))
    const both = await Promise.all([simulate(herd(300)), simulate(herd(40_000, { policies: ['equal', 'full'] })), simulate(herd(300))])
    same(hashes(both[0]), hashes(alone))
    same(hashes(both[2]), hashes(alone))
  })

  test('a scenario that is none is refused by the name of the field', async () => {
    for (const [scenario, path, words] of [
      ['hurd', 'scenario', 'herd'],
      [herd(100, { policies: ['fully'] }), 'policies[0]', 'did you mean "full"'],
      [herd(100, { server: { wrokers: 3 } }), 'server.wrokers', 'workers'],
      [herd(-1), 'arrivals.tasks', '-1'],
      [herd(NaN), 'arrivals.tasks', 'NaN'],
      [{ policies: ['classic'], arrivals: { kind: 'trace', file: 'requests.csv', bin: '5m' } }, 'arrivals.file', 'into the scenario'],
      [undefined, 'scenario', 'missing'],
      [JSON.parse('{"__proto__":{"seed":1},"policies":["full"]}'), '__proto__', ''],
    ]) {
      for (const refused of [simulate, checkScenario]) {
        const error = await rejects(refused(scenario))
        assert(error instanceof ConfigError, String(error))
        equal(error.path, path)
        assert(error.message.startsWith(path) && error.message.includes(words), error.message)
      }
    }
    equal((await rejects(simulate('herd', { runs: 0 }))).path, 'runs')
  })

  test('what a run will need is known before, and a limit is an error that says what to lower', async () => {
    const { tasks, bytes } = await checkScenario('herd')
    equal(tasks, 10_000)
    assert(bytes > 100_000 && bytes < 1e8, String(bytes))
    const error = await rejects(simulate(herd(50_000_000, { limits: { memoryMb: 64 } })))
    assert(error instanceof SimulationError && error.message.includes('lower the tasks'), String(error))
    const stopped = await rejects(simulate({ ...long, limits: { events: 1000 } }))
    assert(stopped instanceof SimulationError && stopped.message.includes('limits.events'), String(stopped))
  })

  test('built-in scenarios are copies, to be changed', async () => {
    const [first] = builtinScenarios()
    first.arrivals.tasks = 10
    equal((await simulate(first)).policies[0].tasks, 10)
    equal(builtinScenarios()[0].arrivals.tasks, 10_000)
  })

  test('hints say what is unwise, and their fix mends it', async () => {
    const policy = RetryPolicy.exponential({ initial: '1s', maxDelay: '60s', jitter: 'none', maxAttempts: 5 })
    const hint = (await hints(policy)).find(({ code }) => code == 'noJitter')
    equal(hint.field, 'jitter')
    assert(hint.message.includes('thundering herd'))
    const mended = { ...policy.toJSON(), [hint.fix.path]: hint.fix.value }
    assert(!(await hints(mended)).some(({ code }) => code == 'noJitter'))
    same(await hints('recommended'), [])
    equal((await rejects(hints({ maxAttempts: 0 }))).path, 'maxAttempts')
  })

  if (!workers) {
    test('without workers, simulateInWorker says what to do', async () => {
      assert((await rejects(simulateInWorker('herd'))).message.includes('use simulate()'))
    })
    return tests
  }

  test('in a worker it is the same run, with progress, while the thread is free', async () => {
    const told = []
    let turns = 0
    const timer = setInterval(() => { turns += 1 }, 1)
    const scenario = { ...long, policies: ['none', { name: 'mine', policy: RetryPolicy.classic() }] }
    const there = await simulateInWorker(scenario, { charts: true, onProgress: (progress) => told.push(progress) })
    clearInterval(timer)
    const here = await simulate(scenario, { charts: true })
    for (const policy of [...there.policies, ...here.policies]) delete policy.wallSeconds
    same(there, here)
    assert(told.length > 1 && told.at(-1).share == 1, show(told))
    assert(turns > 10, `${turns} turns`)
  })

  test('aborting ends the worker', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const start = performance.now()
    const error = await rejects(simulateInWorker(long, { signal: controller.signal, onProgress: () => controller.abort(reason) }))
    equal(error, reason)
    assert(performance.now() - start < 20_000)
    equal(await rejects(simulateInWorker('herd', { signal: controller.signal })), reason)
  })

  test('what goes wrong in a worker comes out as it would here', async () => {
    const error = await rejects(simulateInWorker(herd(100, { policies: ['fully'] })))
    assert(error instanceof ConfigError, String(error))
    equal(error.path, 'policies[0]')
    const stopped = await rejects(simulateInWorker({ ...long, limits: { events: 1000 } }))
    assert(stopped instanceof SimulationError && stopped.message.includes('limits.events'), String(stopped))
    const mine = new RangeError('mine')
    equal(await rejects(simulateInWorker(herd(10), { onProgress: () => { throw mine } })), mine)
  })

  test('a worker that dies is an error, and no wait for ever', async () => {
    const listeners = {}
    let ended = 0
    const worker = { addEventListener: (name, listener) => { listeners[name] = listener }, postMessage: () => listeners.error({ message: 'out of memory' }), terminate: () => { ended += 1 } }
    const error = await rejects(simulateInWorker('herd', { worker: () => worker }))
    assert(error instanceof SimulationError && error.cause == 'out of memory', String(error))
    equal(ended, 1)
    const refused = await rejects(simulateInWorker('herd', { worker: () => { throw new Error('not allowed') } }))
    equal(refused.message, 'not allowed')
    if (typeof Worker != 'function') return
    const url = URL.createObjectURL(new Blob(["onmessage = () => { throw new Error('crashed') }"], { type: 'text/javascript' }))
    const real = await rejects(simulateInWorker('herd', { worker: () => new Worker(url, { type: 'module' }) }))
    assert(real instanceof SimulationError, String(real))
  })

  return tests
}
