// The suite that every runtime runs: Node, Deno, Bun, workerd, browsers. Nothing here belongs to one of them.
//
// collect(redrive, testing, golden) returns [name, test] pairs; the runners beside this file run them.

import { assert, equal, rejects, same, show, throws } from './assert.mjs'
import { collect as collectErrors } from './errors.mjs'
import { collect as collectIncoming } from './incoming.mjs'
import { collect as collectLetters } from './letters.mjs'
import { collect as collectPolicies } from './policies.mjs'
import { collect as collectVocabulary } from './vocabulary.mjs'

const soon = () => new Promise((resolve) => setTimeout(resolve, 0))

export function collect(redrive, { VirtualClock }, golden) {
  const { retry, resume, retryHttp, parseRetryAfter, RetryPolicy, RetryBudget, DeadLetterQueue, DeadLetterError } = redrive
  const tests = []
  const test = (name, fn) => tests.push([name, fn])
  const boom = (message = 'boom') => () => Promise.reject(new Error(message))
  const quick = (options) => RetryPolicy.constant({ delay: 10, jitter: 'none', ...options })
  /** A function that fails so often and then gives `value`. */
  const failing = (times, value = 'done') => {
    let calls = 0
    return Object.assign(async () => {
      calls += 1
      if (calls <= times) throw new Error(`failure ${calls}`)
      return value
    }, { calls: () => calls })
  }

  // The executor. Each is something that a library in use gets wrong.

  test('a success returns its value and calls fn once', async () => {
    const fn = failing(0, 7)
    equal(await retry(fn), 7)
    equal(fn.calls(), 1)
    equal(await retry(() => 'sync'), 'sync')
  })

  test('a success never starts the engine', async () => {
    const { Instance } = globalThis.WebAssembly
    let started = 0
    globalThis.WebAssembly.Instance = class extends Instance { constructor(...args) { super(...args); started += 1 } }
    try {
      const fresh = new RetryPolicy({ maxAttempts: 5 })
      equal(await retry(async () => 1, fresh), 1)
      equal(started, 0)
    } finally {
      globalThis.WebAssembly.Instance = Instance
    }
  })

  test('fn gets attempt, signal, key, elapsed, lastError and deadline', async () => {
    const clock = new VirtualClock(1000)
    const seen = []
    await rejects(clock.run(retry(({ attempt, signal, key, elapsed, lastError, deadline }) => {
      seen.push([attempt, signal.aborted, key, elapsed, lastError?.message, deadline])
      throw new Error(`e${attempt}`)
    }, quick({ maxAttempts: 2, maxElapsed: '1m' }), { clock, key: 17 })))
    same(seen, [[1, false, '17', 0, undefined, 61_000], [2, false, '17', 10, 'e1', 61_000]])
  })

  test('maxAttempts counts the first call', async () => {
    const clock = new VirtualClock()
    const fn = failing(99)
    const error = await rejects(clock.run(retry(fn, quick({ maxAttempts: 3 }), { clock })))
    equal(fn.calls(), 3)
    equal(error.errors.length, 3)
  })

  test('a sync throw is a failure like any other', async () => {
    const clock = new VirtualClock()
    let calls = 0
    equal(await clock.run(retry(() => { if (++calls < 3) throw new Error('sync'); return 'ok' }, quick(), { clock })), 'ok')
  })

  test('throw null, throw undefined and rejected non-errors are failures', async () => {
    for (const thrown of [null, undefined, 0, '', 'text', false, Symbol('s')]) {
      const clock = new VirtualClock()
      let calls = 0
      const error = await rejects(clock.run(retry(() => { calls += 1; throw thrown }, quick({ classify: [{ match: 'x', action: 'fail' }] }), { clock })))
      equal(calls, 3)
      equal(error.cause, thrown)
      assert(error instanceof DeadLetterError)
    }
  })

  test('errors are never changed, frozen ones neither, and stay as cause and in the list', async () => {
    const clock = new VirtualClock()
    const frozen = Object.freeze(new Error('frozen'))
    const stack = frozen.stack
    const error = await rejects(clock.run(retry(() => Promise.reject(frozen), quick(), { clock })))
    equal(error.cause, frozen)
    equal(frozen.stack, stack)
    equal(Reflect.ownKeys(frozen).length, Reflect.ownKeys(new Error('frozen')).length)
    equal(error.errors[0].error, frozen)
    same(error.errors.map(({ attempt, startedAt, endedAt, delay }) => [attempt, startedAt, endedAt, delay]), [[1, 0, 0, 0], [2, 10, 10, 10], [3, 20, 20, 10]])
    assert(error.message.includes('3 attempts') && error.message.includes('frozen'), error.message)
  })

  test('abort during a wait settles at once, and fn is not called again', async () => {
    const clock = new VirtualClock()
    const controller = new AbortController()
    const fn = failing(99)
    const running = retry(fn, quick({ delay: '1h' }), { clock, signal: controller.signal })
    const settled = rejects(running)
    await clock.advance(50)
    controller.abort('enough')
    const error = await settled
    equal(error.name, 'AbortError')
    equal(error.cause, 'enough')
    equal(error.errors.length, 1)
    equal(clock.pending, 0)
    await clock.advance(1e9)
    equal(fn.calls(), 1)
  })

  test('abort while an attempt runs aborts its signal and settles at once', async () => {
    const controller = new AbortController()
    let signal
    const running = retry((context) => { signal = context.signal; return new Promise(() => {}) }, undefined, { signal: controller.signal })
    await soon()
    controller.abort(new Error('stop'))
    const error = await rejects(running)
    equal(error.cause.message, 'stop')
    assert(signal.aborted)
    equal(signal.reason.message, 'stop')
  })

  test('a signal that is aborted already: fn is never called', async () => {
    const fn = failing(0)
    const error = await rejects(retry(fn, undefined, { signal: AbortSignal.abort('no') }))
    equal(error.cause, 'no')
    equal(fn.calls(), 0)
  })

  test('an abort from within fn or onRetry ends it as well', async () => {
    for (const where of ['fn', 'onRetry']) {
      const clock = new VirtualClock()
      const controller = new AbortController()
      let calls = 0
      const error = await rejects(clock.run(retry(() => {
        calls += 1
        if (where == 'fn') controller.abort(where)
        throw new Error('x')
      }, quick(), { clock, signal: controller.signal, onRetry: () => controller.abort(where) })))
      equal(error.cause, where)
      equal(calls, 1)
      equal(clock.pending, 0)
    }
  })

  test('10,000 retries with one signal leave no listener and no timer', async () => {
    const clock = new VirtualClock()
    const { signal } = new AbortController()
    let listeners = 0
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = function (...args) { listeners += 1; return addEventListener.apply(this, args) }
    signal.removeEventListener = function (...args) { listeners -= 1; return removeEventListener.apply(this, args) }
    const all = Array.from({ length: 10_000 }, (_, i) => retry(failing(i % 3), quick({ attemptTimeout: '1m' }), { clock, signal, key: i }))
    await clock.run(Promise.all(all))
    equal(listeners, 0)
    equal(clock.pending, 0)
  })

  test('attemptTimeout aborts the attempt, counts as a failure, and leaves no ghost attempt', async () => {
    const clock = new VirtualClock()
    const signals = []
    let calls = 0
    const running = retry(({ signal }) => {
      calls += 1
      signals.push(signal)
      return new Promise((resolve) => { clock.setTimeout(() => resolve('late'), 5000) })
    }, quick({ attemptTimeout: '1s' }), { clock })
    const error = await rejects(clock.run(running))
    equal(error.cause.name, 'TimeoutError')
    assert(signals.every((signal) => signal.aborted && signal.reason.name == 'TimeoutError'))
    equal(clock.now(), 3 * 1000 + 2 * 10)
    await clock.advance(1e6)
    equal(calls, 3)
  })

  test('nothing happens after it settled', async () => {
    const clock = new VirtualClock()
    const events = []
    let late
    const running = retry(() => new Promise((_, reject) => { late = reject }), quick({ attemptTimeout: 50, maxAttempts: 1 }), { clock, onRetry: () => events.push('retry'), onDeadLetter: () => events.push('dead') })
    await rejects(clock.run(running))
    late(new Error('too late'))
    await clock.advance(1e6)
    same(events, ['dead'])
  })

  test('options are never changed', async () => {
    const clock = new VirtualClock()
    const options = Object.freeze({ clock, seed: 1, key: 'k', payload: Object.freeze({ a: 1 }) })
    const policy = Object.freeze({ backoff: Object.freeze({ kind: 'constant', delay: 1 }), maxAttempts: 2 })
    await rejects(clock.run(retry(boom(), new RetryPolicy(policy), options)))
    same(Object.keys(options), ['clock', 'seed', 'key', 'payload'])
  })

  test('a wait over 2^31 - 1 ms is waited for, and not cut to nothing', async () => {
    const clock = new VirtualClock()
    const slices = []
    const watched = { now: clock.now, clearTimeout: clock.clearTimeout, setTimeout: (run, ms) => { slices.push(ms); return clock.setTimeout(run, ms) } }
    await clock.run(retry(failing(1), quick({ delay: '60d' }), { clock: watched }))
    equal(clock.now(), 60 * 86_400_000)
    assert(Math.max(...slices) <= 2 ** 31 - 1 && slices.length == 3, show(slices))
  })

  test('unlimited attempts do not grow: 20,000 under virtual time', async () => {
    const clock = new VirtualClock()
    const fn = failing(20_000)
    const policy = quick({ delay: 1, maxAttempts: null, maxElapsed: '1000d' })
    let kept = 0
    equal(await clock.run(retry(fn, policy, { clock, retryOn: () => void (kept = Math.max(kept, clock.pending)) })), 'done')
    equal(fn.calls(), 20_001)
    assert(kept <= 2)
  })

  test('the virtual clock calls back by time, then by order of setting, and never what was cleared', async () => {
    const clock = new VirtualClock()
    const called = []
    const timers = []
    let number = 7
    for (let n = 0; n < 2000; n++) {
      number = (number * 1103515245 + 12345) % 2147483648
      const at = number % 50
      timers.push({ n, at, id: clock.setTimeout(() => called.push([at, n]), at) })
    }
    const kept = timers.filter(({ n, id }) => n % 5 == 0 || clock.clearTimeout(id))
    equal(clock.pending, kept.length)
    await clock.advance(25)
    same(called, kept.filter(({ at }) => at <= 25).sort((a, b) => a.at - b.at || a.n - b.n).map(({ n, at }) => [at, n]))
    await clock.advance(25)
    equal(called.length, 400)
    equal(clock.pending, 0)
  })

  test('the clock jumping back moves no deadline and breaks nothing', async () => {
    let now = 1e6
    const timers = []
    const clock = { now: () => now, setTimeout: (run) => timers.push(run), clearTimeout() {} }
    const running = retry(({ elapsed }) => { assert(elapsed >= 0); now -= 5e5; throw new Error('x') }, quick({ maxElapsed: '1h' }), { clock })
    const settled = rejects(running)
    for (let i = 0; i < 4; i++) { await soon(); timers.shift()?.() }
    equal((await settled).attempts, 3)
  })

  test('maxElapsed ends it as deadlineExceeded', async () => {
    const clock = new VirtualClock()
    const error = await rejects(clock.run(retry(boom(), quick({ delay: '1s', maxAttempts: null, maxElapsed: '3s' }), { clock })))
    equal(error.reason, 'deadlineExceeded')
    equal(error.attempts, 4)
  })

  test('rules: by name, code, status and prefix; permanent, discarded, failed and free', async () => {
    const policy = quick({ maxAttempts: 5, classify: [
      { match: 'ValidationError', action: 'deadLetter' },
      { match: ['ENOENT', 'E_GONE*'], action: 'discard' },
      { match: '401', action: 'fail' },
    ] })
    const run = (props) => { const clock = new VirtualClock(); return rejects(clock.run(retry(() => Promise.reject(Object.assign(new Error('x'), props)), policy, { clock }))) }
    const permanent = await run({ name: 'ValidationError' })
    equal(permanent.reason, 'permanent')
    equal(permanent.attempts, 1)
    equal((await run({ code: 'E_GONE_FOREVER' })).reason, 'discarded')
    equal((await run({ status: 401 })).name, 'Error')
    equal((await run({ name: 'Other' })).reason, 'exhausted')
    const clock = new VirtualClock()
    let calls = 0
    const free = quick({ maxAttempts: 2, classify: [{ match: 'snooze', action: 'retryFree' }] })
    await rejects(clock.run(retry(() => { calls += 1; throw Object.assign(new Error('x'), calls <= 5 ? { name: 'snooze' } : {}) }, free, { clock })))
    equal(calls, 7)
  })

  test('a rule has a backoff of its own', async () => {
    const clock = new VirtualClock()
    const policy = quick({ classify: [{ match: 'throttle', action: 'retry', backoff: { kind: 'constant', delay: '7s' } }] })
    const waits = []
    await rejects(clock.run(retry(() => Promise.reject(Object.assign(new Error(), { status: 429 })), policy, { clock, onRetry: (e) => waits.push(e.delay) })))
    same(waits, [7000, 7000])
  })

  test('retryOn false never retries; a text is a kind', async () => {
    const clock = new VirtualClock()
    const fn = failing(9)
    const error = await rejects(clock.run(retry(fn, undefined, { clock, retryOn: () => false })))
    equal(error.reason, 'permanent')
    equal(fn.calls(), 1)
    const policy = quick({ classify: [{ match: 'mine', action: 'deadLetter' }] })
    equal((await rejects(clock.run(retry(boom(), policy, { clock, retryOn: () => 'mine' })))).reason, 'permanent')
  })

  test('a callback that throws ends the retry: the error is that of the work, and the letter is stored', async () => {
    for (const option of ['onRetry', 'retryOn', 'retryAfter']) {
      for (const fault of [() => { throw new Error(option) }, () => Promise.reject(new Error(option))]) {
        const clock = new VirtualClock()
        const deadLetters = new DeadLetterQueue({ clock })
        const error = await rejects(clock.run(retry(boom(), undefined, { clock, deadLetters, [option]: fault })))
        same([error.cause.message, error.reason, error.callbackError.message], ['boom', 'permanent', option])
        assert(error.message.includes(`boom; ${option} threw: ${option}`), error.message)
        equal(deadLetters.get(error.id).lastError.message, 'boom')
        equal(clock.pending, 0)
      }
    }
    const dead = await rejects(retry(boom(), quick({ maxAttempts: 1 }), { onDeadLetter: async () => { throw new Error('audit') } }))
    same([dead.cause.message, dead.callbackError.message], ['boom', 'audit'])
  })

  test('callbacks may take their time: their promises are waited for', async () => {
    const clock = new VirtualClock()
    const later = (value) => new Promise((resolve) => clock.setTimeout(() => resolve(value), 3))
    const starts = []
    const error = await rejects(clock.run(retry(() => { starts.push(clock.now()); throw new Error('x') }, quick(), {
      clock, retryOn: () => later(undefined), onRetry: () => later(), onDeadLetter: () => later(),
    })))
    equal(error.reason, 'exhausted')
    // The wait of 10 ms counts from the failure, and goes on while they take their time.
    same(starts, [0, 10, 20])
    equal(clock.now(), 20 + 3 + 3)
    equal((await rejects(clock.run(retry(boom(), quick(), { clock, retryOn: async () => false })))).reason, 'permanent')
  })

  test('an abort while a callback takes its time settles at once, and nothing follows', async () => {
    const clock = new VirtualClock()
    const controller = new AbortController()
    let release
    const fn = failing(9)
    const running = rejects(retry(fn, quick(), { clock, signal: controller.signal, onRetry: () => new Promise((resolve) => (release = resolve)) }))
    await clock.advance(1)
    controller.abort('now')
    equal((await running).cause, 'now')
    release()
    await clock.advance(1e6)
    same([fn.calls(), clock.pending], [1, 0])
  })

  test('fn gets no `this` of ours, and what is not a function is refused at once', async () => {
    let self = 'unset'
    await retry(function () { self = this })
    // In a script that is not strict, `this` is the global object.
    assert([undefined, globalThis].includes(self))
    for (const fn of [undefined, null, Promise.resolve(1)]) {
      const error = await rejects(retry(fn))
      same([error.name, error.path], ['ConfigError', 'fn'])
    }
  })

  test('many retries under one signal have one listener', async () => {
    const clock = new VirtualClock()
    const controller = new AbortController()
    const { signal } = controller
    let added = 0
    const { addEventListener } = signal
    signal.addEventListener = function (...args) { added += 1; return addEventListener.apply(this, args) }
    const all = Array.from({ length: 50 }, (_, key) => retry(boom(), quick({ delay: '1h' }), { clock, signal, key }).catch((error) => error.name))
    await clock.advance(1)
    equal(added, 1)
    controller.abort()
    equal(new Set(await Promise.all(all)).size, 1)
    equal(clock.pending, 0)
  })

  test('Retry-After is heard: at least, replace, clamp, ignore, and its limit', async () => {
    const wait = async (retryAfter, ms, delay = 100) => {
      const clock = new VirtualClock()
      let seen
      await rejects(clock.run(retry(boom(), quick({ delay, maxAttempts: 2, retryAfter: { jitter: 'none', ...retryAfter } }), { clock, retryAfter: () => ms, onRetry: (e) => { seen = e.delay } })))
      return seen
    }
    equal(await wait({}, 5000), 5000)
    equal(await wait({}, 50), 100)
    equal(await wait({}, 1e12), 300_000)
    equal(await wait({}, -5), 100)
    equal(await wait({}, NaN), 100)
    equal(await wait({}, undefined), 100)
    equal(await wait({ mode: 'replace' }, 50), 50)
    equal(await wait({ mode: 'clamp', max: '5s' }, 60_000), 5100)
    equal(await wait({ mode: 'ignore' }, 60_000), 100)
  })

  test('Retry-After is read as seconds, date and RateLimit-Reset, and nonsense is not', () => {
    const now = Date.parse('2026-11-23T12:00:00Z')
    equal(parseRetryAfter('120', now), 120_000)
    equal(parseRetryAfter(' 1.5 ', now), 1500)
    equal(parseRetryAfter('Mon, 23 Nov 2026 12:01:00 GMT', now), 60_000)
    equal(parseRetryAfter('Mon, 23 Nov 2020 12:01:00 GMT', now), 0)
    equal(parseRetryAfter('-5', now), undefined)
    equal(parseRetryAfter('soon', now), undefined)
    equal(parseRetryAfter('', now), undefined)
    equal(parseRetryAfter(null, now), undefined)
    equal(parseRetryAfter(new Headers({ 'Retry-After': '7' }), now), 7000)
    equal(parseRetryAfter(new Headers({ 'RateLimit-Reset': '9' }), now), undefined, 'no refusal, and nothing says that the rest is spent')
    equal(parseRetryAfter(new Headers({ 'RateLimit-Reset': '9', 'RateLimit-Remaining': '0' }), now), 9000)
    equal(parseRetryAfter({ status: 429, headers: { 'x-ratelimit-reset': String(now / 1000 + 30) } }, now), 30_000)
    equal(parseRetryAfter({ response: { headers: new Headers({ 'retry-after-ms': '250' }) } }, now), 250)
  })

  test('retryHttp retries statuses, hears Retry-After, and keeps the last body', async () => {
    const clock = new VirtualClock()
    const answers = [new Response('a', { status: 503, headers: { 'Retry-After': '3' } }), new Response('b', { status: 429 }), new Response('fine')]
    const waits = []
    const policy = quick({ retryAfter: { jitter: 'none' } })
    const response = await clock.run(retryHttp(async () => answers.shift(), policy, { clock, onRetry: (e) => waits.push(e.delay) }))
    equal(await response.text(), 'fine')
    same(waits, [3000, 10])
    equal((await retryHttp(async () => new Response('', { status: 404 }))).status, 404)
    const error = await rejects(clock.run(retryHttp(async () => new Response('why', { status: 500 }), policy, { clock })))
    equal(error.cause.status, 500)
    equal(await error.cause.response.text(), 'why')
  })

  test('concurrent retries share a budget', async () => {
    const clock = new VirtualClock()
    const budget = new RetryBudget({ kind: 'tokenBucket', capacity: 100, cost: 10 })
    let calls = 0
    const all = Array.from({ length: 50 }, (_, key) => retry(() => { calls += 1; return Promise.reject(new Error('down')) }, quick({ maxAttempts: 5 }), { clock, budget, key }).catch((e) => e))
    const errors = await clock.run(Promise.all(all))
    equal(calls, 50 + 10)
    equal(budget.denied + errors.filter((e) => e.reason == 'exhausted').length, 50)
    assert(errors.some((e) => e.reason == 'budgetExhausted'))
    equal(budget.granted, 10)
    equal(budget.balance, 0)
    await retry(async () => 1, undefined, { budget })
    equal(budget.balance, 1)
  })

  test('a policy with a budget shares it among all that use the policy', async () => {
    const clock = new VirtualClock()
    const policy = quick({ maxAttempts: 9, budget: { kind: 'concurrency', percent: 0, min: 1 } })
    const errors = await clock.run(Promise.all([1, 2].map((key) => retry(boom(), policy, { clock, key }).catch((e) => e))))
    same(errors.map((e) => e.reason).sort(), ['budgetExhausted', 'exhausted'])
  })

  test('a plain object is not a policy, and is refused as such', async () => {
    const error = await rejects(retry(async () => 1, { maxAttempts: 2 }))
    assert(error.message.includes('new RetryPolicy'), error.message)
  })

  test('wrap keeps the arguments', async () => {
    const clock = new VirtualClock()
    let calls = 0
    const add = quick().wrap(async (a, b) => { if (++calls < 2) throw new Error('once'); return a + b }, { clock })
    equal(await clock.run(add(2, 3)), 5)
  })

  // Snapshots.

  test('a retry in flight goes on in another process, with the same schedule', async () => {
    const policy = RetryPolicy.exponential({ initial: '1s', jitter: 'full', maxAttempts: 6, maxElapsed: '1h' })
    const waits = []
    const clock = new VirtualClock(5000)
    const controller = new AbortController()
    let kept
    const first = rejects(retry(boom(), policy, { clock, seed: 9, key: 'job', payload: { n: 1 }, signal: controller.signal, onRetry: (e) => { waits.push(e.delay); if (e.attempt == 3) { kept = JSON.stringify(e.snapshot()); controller.abort() } } }))
    await clock.run(first)
    const later = new VirtualClock(JSON.parse(kept).due - 10)
    let first_at
    const error = await rejects(later.run(resume(({ attempt }) => { first_at ??= [attempt, later.now()]; throw new Error('still') }, JSON.parse(kept), { clock: later, onRetry: (e) => waits.push(e.delay) })))
    same(waits, policy.delays({ seed: 9, key: 'job' }))
    equal(first_at[0], 4)
    assert(Math.abs(first_at[1] - JSON.parse(kept).due) <= 1)
    equal(error.attempts, 6)
    equal((await rejects(resume(boom(), { version: 2 }))).name, 'ConfigError')
    equal((await rejects(resume(boom(), { ...JSON.parse(kept), state: [1] }))).name, 'ConfigError')
  })

  return [
    ...collectPolicies(redrive, { VirtualClock }, golden), ...tests, ...collectErrors(redrive, { VirtualClock }),
    ...collectLetters(redrive, { VirtualClock }, golden), ...collectIncoming(redrive, { VirtualClock }),
    ...collectVocabulary(redrive, { VirtualClock }, golden),
  ]
}
