// Policies: what they say before anything runs, held against Rust; as data; what is refused.
import { assert, equal, rejects, same, show, throws } from './assert.mjs'

export function collect(redrive, { VirtualClock }, golden) {
  const { retry, RetryPolicy } = redrive
  const tests = []
  const test = (name, fn) => tests.push([name, fn])
  const boom = (message = 'boom') => () => Promise.reject(new Error(message))
  const quick = (options) => RetryPolicy.constant({ delay: 10, jitter: 'none', ...options })

  test('a policy may say where its schema is, and forgets it', () => {
    const policy = new RetryPolicy({ $schema: './node_modules/redrive/schema/policy.json', maxAttempts: 7 })
    same(policy.toJSON(), new RetryPolicy({ maxAttempts: 7 }).toJSON())
    assert(!('$schema' in policy.toJSON()))
    equal(throws(() => new RetryPolicy({ $schema: 7 })).path, '$schema')
  })

  // One engine: the numbers are Rust's.

  test('delays are the golden ones of Rust, to the last nanosecond', () => {
    let compared = 0
    for (const { policy, delays } of golden['delays.json'].cases) {
      const rehearsed = new RetryPolicy({ ...policy, maxAttempts: null, maxElapsed: '584y'.replace('584y', '200000d') })
      const longest = new Map()
      for (const [seed, key, retry, frozen] of delays) {
        if (retry > 1000) continue
        const place = `${seed} ${key}`
        if (!longest.has(place)) longest.set(place, rehearsed.schedule({ seed, key, limit: Math.max(...delays.filter(([s, k, r]) => s == seed && k == key && r <= 1000).map(([, , r]) => r)) }))
        const { retries } = longest.get(place)
        if (retries.length < retry) continue
        equal(String(retries[retry - 1].delayNs), frozen, `${show(policy)} ${place} ${retry}`)
        compared += 1
      }
    }
    assert(compared >= 700, `only ${compared} were compared`)
  })

  test('delays are what the native `redrive schedule` prints, to the last digit', () => {
    const { schedules } = golden
    assert(schedules?.length > 60, 'golden.json has no schedules: run this by `cargo xtask npm`')
    for (const { policy, seed, key, delays, end, count } of schedules) {
      const place = `${show(policy)} ${seed} ${key}`
      const ours = new RetryPolicy(policy).schedule({ seed, key, limit: count })
      same(ours.retries.map((retry) => String(retry.delayNs)), delays, place)
      same(new RetryPolicy(policy).delays({ seed, key, limit: count }), delays.map((ns) => Number(ns) / 1e6), place)
      if (end?.deadLetter) same(ours.end, { reason: end.deadLetter, attempts: end.attempts }, place)
    }
  })

  test('verdicts are the golden ones of Rust: classes, budgets, Retry-After, deadlines', async () => {
    let compared = 0
    for (const { policy, seed, key, failures, verdicts } of golden['verdicts.json'].cases) {
      const clock = new VirtualClock()
      const said = []
      let n = 0
      const error = await rejects(clock.run(retry(async () => {
        const failure = failures[n++]
        if (!failure) throw Object.assign(new Error('no more'), { kind: 'over' })
        const took = failure.took ? span(failure.took) : 0
        if (took) await new Promise((resolve) => clock.setTimeout(resolve, took))
        throw Object.assign(new Error('golden'), {
          kind: failure.kind ?? '', code: failure.code,
          retryAfter: failure.retryAfter === undefined ? undefined : span(failure.retryAfter),
        })
      }, new RetryPolicy(policy), {
        seed, key, clock,
        retryOn: (e) => (e.kind == 'over' ? false : undefined),
        onRetry: ({ attempt, delay }) => said.push([attempt, 'retry', Math.round(delay * 1e6)]),
      })))
      const expected = verdicts.filter(([, , verdict]) => verdict == 'retry').map(([attempt, , verdict, ns]) => [attempt, verdict, Number(ns)])
      same(said, expected, show(policy))
      const last = verdicts.at(-1)
      if (last[2] != 'retry' && last[2].startsWith?.('deadLetter')) equal(`deadLetter:${error.reason}`, last[2], show(policy))
      compared += 1
    }
    assert(compared >= 60, `only ${compared} cases`)
  })

  function span(text) {
    const policy = new RetryPolicy({ backoff: { kind: 'constant', delay: text }, jitter: 'none', maxAttempts: 2 })
    return policy.delays()[0]
  }

  test('text keys and seeds stand for the golden numbers', () => {
    for (const [text, number] of golden['random.json'].keys) equal(String(redrive.seedOf(text)), number, text)
    equal(redrive.seedOf(42), 42n)
    equal(redrive.seedOf(2n ** 64n - 1n), 2n ** 64n - 1n)
  })

  test('what JavaScript refuses is what Rust refuses', () => {
    for (const { policy, path, ok } of golden['refusals.json'].cases) {
      let error
      try { new RetryPolicy(policy) } catch (e) { error = e }
      if (ok) assert(!error, `${show(policy)}: ${error?.message}`)
      else {
        assert(error?.name == 'ConfigError', `${show(policy)} was accepted; Rust says ${path}`)
        assert(error.path == path || error.path.startsWith(path) || path.startsWith(error.path), `${show(policy)}: ${error.path} is not ${path}`)
      }
    }
  })

  test('the default policy is the specification: 3 attempts, 2 s and 4 s with up to a tenth more', async () => {
    const policy = new RetryPolicy()
    const { retries, end } = policy.schedule({ seed: 42, key: 7 })
    equal(retries.length, 2)
    assert(retries[0].delay >= 2000 && retries[0].delay <= 2200)
    assert(retries[1].delay >= 4000 && retries[1].delay <= 4400)
    same(end, { reason: 'exhausted', attempts: 3 })
    same(RetryPolicy.classic().delays({ seed: 1 }), policy.delays({ seed: 1 }))
    const clock = new VirtualClock()
    const waits = []
    const error = await rejects(clock.run(retry(boom(), undefined, { clock, seed: 42, key: 7, onRetry: ({ delay }) => waits.push(delay) })))
    equal(error.reason, 'exhausted')
    equal(error.attempts, 3)
    same(waits, policy.delays({ seed: 42, key: 7 }))
  })

  test('the delays of a run are those of the preview', async () => {
    const policy = RetryPolicy.exponential({ initial: '200ms', maxDelay: '30s', jitter: 'full', maxAttempts: 12 })
    const clock = new VirtualClock()
    const waits = []
    const error = await rejects(clock.run(retry(boom(), policy, { clock, seed: 'a seed', key: 'order-17', onRetry: ({ delay }) => waits.push(delay) })))
    same(waits, policy.delays({ seed: 'a seed', key: 'order-17' }))
    same(waits, policy.delays({ seed: error.seed, key: error.key }))
  })

  test('jitter at the cap still spreads', () => {
    const policy = RetryPolicy.exponential({ initial: '1s', maxDelay: '30s', jitter: 'proportional', maxAttempts: 12 })
    const last = Array.from({ length: 200 }, (_, key) => policy.delays({ seed: 1, key }).at(-1))
    assert(new Set(last).size > 190)
    assert(Math.max(...last) <= 30_000 && Math.min(...last) < 28_000)
  })

  test('bands are exact where they can be, and hold what is drawn', () => {
    const [band] = RetryPolicy.constant({ delay: '1s', jitter: 'full' }).bands()
    same(band, { retry: 1, min: 0, p5: 50, p25: 250, p50: 500, p75: 750, p95: 950, max: 1000, samples: null })
    const walk = RetryPolicy.decorrelated({ initial: '1s', maxDelay: '60s', maxAttempts: 4 }).bands({ samples: 500 })
    equal(walk.length, 3)
    assert(walk[2].samples == 500 && walk[2].min >= 1000 && walk[2].max <= 60_000 && walk[2].p50 > walk[0].p50)
  })

  test('the worst case is the sum of the longest waits, or the deadline', () => {
    equal(quick({ maxAttempts: 4 }).worstCase(), 30)
    equal(quick({ maxAttempts: null, maxElapsed: '5s' }).worstCase(), 5000)
    equal(RetryPolicy.exponential({ initial: 100, jitter: 'full', maxDelay: 400, maxAttempts: 5 }).worstCase(), 1100)
  })

  // Policies as data.

  test('a policy is JSON and comes back the same', () => {
    const policy = RetryPolicy.polynomial({ initial: '1s', power: 4, offset: '15s', maxAttempts: 6, classify: [{ match: 'a*', action: 'discard' }] })
    const back = RetryPolicy.fromJSON(JSON.stringify(policy))
    same(back.delays({ seed: 3 }), policy.delays({ seed: 3 }))
    same(back.toJSON(), policy.toJSON())
    assert(RetryPolicy.recommended().delays({ seed: 1 }).length == 4)
    same(new RetryPolicy({ max_attempts: 2, max_delay: '1s' }).delays({ seed: 1 }).length, 1)
  })

  test('wrong policies are refused by field, value and limit', () => {
    for (const [policy, ...parts] of [
      [{ backoff: { kind: 'exponential', multiplier: 0.5 } }, 'backoff.multiplier', '0.5', '1'],
      [{ maxAttempts: 0 }, 'maxAttempts', '0'],
      [{ maxAttempts: 2.5 }, 'maxAttempts', '2.5'],
      [{ maxDelay: '5 parsecs' }, 'maxDelay', 'parsecs'],
      [{ minDelay: '2s', maxDelay: '1s' }, 'minDelay', 'maxDelay'],
      [{ maxAttempts: null }, 'maxAttempts', 'maxElapsed'],
      [{ maxatempts: 3 }, 'maxatempts', 'maxAttempts'],
      [{ backoff: { kind: 'cubic' } }, 'backoff', 'cubic', 'exponential'],
      [{ backoff: { kind: 'table', delays: [] } }, 'backoff.delays'],
      [{ jitter: { kind: 'symmetric', factor: NaN } }, 'jitter.factor'],
      [{ backoff: { kind: 'decorrelated' }, jitter: 'full' }, 'jitter'],
      [{ classify: [{ match: '' }] }, 'classify[0].match'],
      [{ budget: { kind: 'ratio', percent: -1 } }, 'budget.percent', '-1'],
    ]) {
      const error = throws(() => new RetryPolicy(policy))
      equal(error.name, 'ConfigError')
      for (const part of parts) assert(error.message.includes(part), `${error.message} does not say ${part}`)
    }
  })

  test('prototype-pollution keys in a policy JSON are refused', () => {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const error = throws(() => RetryPolicy.fromJSON(`{"${key}": {"maxAttempts": 9}}`))
      equal(error.name, 'ConfigError')
      throws(() => RetryPolicy.fromJSON(`{"backoff": {"kind": "constant", "delay": 1, "${key}": {}}}`))
    }
    equal({}.maxAttempts, undefined)
  })

  test('what other libraries call it is answered with what it is called here', () => {
    for (const [wrong, right] of [[{ retries: 3 }, 'maxAttempts'], [{ minTimeout: 100 }, 'initial'], [{ factor: 2 }, 'multiplier'], [{ randomize: true }, 'jitter'], [{ maxRetryTime: 1 }, 'maxElapsed'], [{ initial: 1 }, 'RetryPolicy.exponential']]) {
      const error = throws(() => new RetryPolicy(wrong))
      assert(error.name == 'ConfigError' && error.message.includes(right), error.message)
    }
  })

  test('Infinity means unlimited, as null does', () => {
    const policy = RetryPolicy.constant({ delay: 1, maxAttempts: Infinity, maxElapsed: '1s', maxDelay: Infinity })
    same(RetryPolicy.fromJSON(JSON.stringify(policy)).delays({ limit: 3 }), policy.delays({ limit: 3 }))
    assert(throws(() => RetryPolicy.constant({ delay: Infinity })).message.includes('Infinity'))
  })

  return tests
}
