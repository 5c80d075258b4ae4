// What the caller gets when work fails: whose error, with whose frames, with which history; and events.
import { assert, equal, rejects, same, throws } from './assert.mjs'

export function collect(redrive, { VirtualClock }) {
  const { retry, retryHttp, historyOf, RetryPolicy, RetryBudget, DeadLetterQueue, DeadLetterError } = redrive
  const tests = []
  const test = (name, fn) => tests.push([name, fn])
  const quick = (options) => RetryPolicy.constant({ delay: 10, jitter: 'none', ...options })
  const boom = (error) => () => Promise.reject(error)
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

  test('the stack of the final error, and of the error itself, has the frames of all callers', async () => {
    async function chargeCard() { await undefined; throw new Error('HTTP 503') }
    async function placeOrder(options) { return await retry(() => chargeCard(), quick({ delay: 1 }), options) }
    async function handleRequest(options) { return await placeOrder(options) }
    // Only V8 tells who awaits whom.
    if (!/handleRequest/.test((await rejects((async function handleRequest() { await undefined; throw new Error() })())).stack)) return
    if (!globalThis.process?.versions?.v8) return
    const error = await rejects(handleRequest())
    for (const name of ['placeOrder', 'handleRequest']) assert(error.stack.includes(name), error.stack)
    const plain = await rejects(handleRequest({ unwrap: true, signal: new AbortController().signal }))
    // Bun's engine does not let the stack of an error that exists be completed.
    const frames = globalThis.Bun ? ['chargeCard'] : ['chargeCard', 'placeOrder', 'handleRequest']
    for (const name of frames) assert(plain.stack.includes(name), plain.stack)
  })

  test('JSON and structuredClone of the error keep the reason and what every attempt said', async () => {
    let n = 0
    const error = await rejects(retry(() => { throw new Error('try ' + ++n) }, quick({ delay: 1 }), { key: 'k', payload: { secret: 1 } }))
    const json = JSON.parse(JSON.stringify(error))
    same([json.name, json.reason, json.key, json.errors.map(({ error }) => error.message), json.cause.message], ['DeadLetterError', 'exhausted', 'k', ['try 1', 'try 2', 'try 3'], 'try 3'])
    assert(!JSON.stringify(error).includes('secret'))
    const clone = structuredClone(error)
    assert(clone.message.includes('exhausted') && clone.message.includes('try 3'), clone.message)
  })

  test('unwrap rejects with the last error itself, and historyOf tells what was tried', async () => {
    const own = new Error('mine')
    const deadLetters = new DeadLetterQueue()
    equal(await rejects(retry(boom(own), quick({ delay: 1 }), { unwrap: true, deadLetters })), own)
    const history = historyOf(own)
    assert(history instanceof DeadLetterError)
    same([history.reason, history.attempts, deadLetters.get(history.id).lastError.message], ['exhausted', 3, 'mine'])
    equal(historyOf(new Error('another')), undefined)
    equal(historyOf('text'), undefined)
    equal(await rejects(retry(boom('text'), quick({ maxAttempts: 1 }), { unwrap: true })), 'text')
    const reason = new Error('enough')
    equal(await rejects(retry(() => {}, undefined, { unwrap: true, signal: AbortSignal.abort(reason) })), reason)
    equal(historyOf(reason).name, 'AbortError')
  })

  test('a rule that says fail rejects with the error itself, which has a history too', async () => {
    const own = Object.assign(new Error('no'), { code: 'E_NO' })
    equal(await rejects(retry(boom(own), quick({ classify: [{ match: 'E_NO', action: 'fail' }] }))), own)
    same([historyOf(own).reason, historyOf(own).attempts], ['failed', 1])
  })

  test('an error that says what its causes say, in its message and in the letter', async () => {
    const deadLetters = new DeadLetterQueue()
    const cause = Object.assign(new Error('connect ECONNREFUSED ::1:443'), { code: 'ECONNREFUSED' })
    const error = await rejects(retry(boom(new TypeError('fetch failed', { cause })), quick({ maxAttempts: 1 }), { deadLetters }))
    assert(error.message.endsWith('fetch failed: connect ECONNREFUSED ::1:443'), error.message)
    same(deadLetters.get(error.id).lastError, { kind: 'connection', message: 'fetch failed: connect ECONNREFUSED ::1:443', code: 'ECONNREFUSED' })
    const many = await rejects(retry(boom(new AggregateError([new Error('a'), cause])), quick({ maxAttempts: 1 }), { deadLetters }))
    same(deadLetters.get(many.id).lastError, { kind: 'connection', message: 'a; connect ECONNREFUSED ::1:443', code: 'ECONNREFUSED' })
  })

  test('errors that resist are still the error of the caller, and a stored letter', async () => {
    const getter = (name) => Object.defineProperty(new Error('with a getter'), name, { get() { throw new Error('trap') } })
    const circle = new Error('circle')
    circle.cause = circle
    const hostile = [
      Object.assign(new Error('bigint'), { retryAfter: 5n, code: 5n, status: 5n }), Object.assign(new Error('symbol'), { retryAfter: Symbol('s'), kind: Symbol('k') }),
      getter('retryAfter'), getter('message'), getter('name'), getter('code'), getter('cause'), circle, Symbol('thrown'), 17n, null, undefined,
      new Proxy({}, { get() { throw new Error('trap') }, has() { throw new Error('trap') }, getPrototypeOf() { return null } }), Object.create(null), { toString() { throw 1 } },
    ]
    for (const thrown of hostile) {
      const deadLetters = new DeadLetterQueue()
      const policy = quick({ delay: 0, maxAttempts: 2, classify: [{ match: 'nothing', action: 'fail' }], budget: { kind: 'tokenBucket', costByClass: { throttle: 5 } } })
      const error = await rejects(retry(() => { throw thrown }, policy, { deadLetters }))
      assert(error instanceof DeadLetterError, String(error))
      assert(Object.is(error.cause, thrown))
      same([error.attempts, deadLetters.size], [2, 1])
      deadLetters.toNDJSON()
    }
  })

  test('onRetry, onSuccess and onGiveUp say key, attempt, start and duration', async () => {
    const clock = new VirtualClock(1000)
    const work = (fails) => { let n = 0; return async () => { await new Promise((resolve) => clock.setTimeout(resolve, 5)); if (++n <= fails) throw new Error('x'); return 'ok' } }
    const seen = []
    const note = (name) => (event) => seen.push([name, event.key, event.attempt, event.startedAt, event.duration, event.elapsed, event.reason, event.value, event.error?.name])
    const hooks = { clock, key: 'k', onRetry: note('retry'), onSuccess: note('success'), onGiveUp: note('giveUp') }
    await clock.run(retry(work(1), quick(), hooks))
    same(seen, [['retry', 'k', 1, 1000, 5, 5, undefined, undefined, 'Error'], ['success', 'k', 2, 1015, 5, 20, undefined, 'ok', undefined]])
    seen.length = 0
    await rejects(clock.run(retry(work(9), quick({ maxAttempts: 1 }), hooks)))
    same(seen, [['giveUp', 'k', 1, 1020, 5, 5, 'exhausted', undefined, 'DeadLetterError']])
    const controller = new AbortController()
    const reasons = []
    const ended = rejects(clock.run(retry(() => new Promise(() => {}), quick(), { clock, signal: controller.signal, onGiveUp: ({ reason }) => { reasons.push(reason); throw new Error('hook') } })))
    controller.abort('why')
    same([(await ended).cause, reasons], ['why', ['aborted']])
  })

  test('retryIf makes a result a failure, of a kind if it says one', async () => {
    const policy = quick({ delay: 1, classify: [{ match: 'pending', action: 'retry' }], defaultAction: 'deadLetter' })
    let n = 0
    equal(await retry(() => ++n, policy, { retryIf: (value) => value < 3 && 'pending' }), 3)
    const error = await rejects(retry(() => ({ status: 'no' }), policy, { retryIf: async () => true }))
    same([error.attempts, error.cause.name, error.cause.result], [1, 'ResultError', { status: 'no' }])
    const fault = await rejects(retry(() => 1, policy, { retryIf: () => { throw new Error('typo') } }))
    same([fault.callbackError.message, fault.reason], ['typo', 'permanent'])
  })

  test('an attempt that its own caller cancelled is not tried again', async () => {
    let calls = 0
    const run = (error, policy = quick({ delay: 1, maxAttempts: 6 })) => { calls = 0; return rejects(retry(() => { calls++; throw error() }, policy)) }
    const abort = () => new DOMException('This operation was aborted', 'AbortError')
    same([(await run(abort)).reason, calls], ['permanent', 1])
    // One signal that has run out rejects with one and the same reason each time.
    const reason = new DOMException('The operation timed out', 'TimeoutError')
    same([(await run(() => reason)).reason, calls], ['permanent', 2])
    same([(await run(() => new DOMException('each anew', 'TimeoutError'))).reason, calls], ['exhausted', 6])
    same([(await run(abort, quick({ delay: 1, classify: [{ match: 'cancelled', action: 'retry' }] }))).reason, calls], ['exhausted', 3])
  })

  test('an abort while an async retryOn is pending: nothing is judged, taken or called afterwards', async () => {
    for (const rule of [{ kind: 'concurrency', percent: 0, min: 3 }, { kind: 'tokenBucket', capacity: 100, cost: 10 }]) {
      const budget = new RetryBudget(rule)
      const before = budget.balance
      let late = 0
      const controller = new AbortController()
      const ended = rejects(retry(boom(new Error('x')), quick(), { signal: controller.signal, budget, retryOn: () => sleep(10), onRetry: () => late++ }))
      await sleep(1)
      controller.abort()
      await ended
      await sleep(20)
      same([budget.balance, budget.granted, late], [before, 0, 0])
    }
  })

  test('a concurrency budget gets every place back: after aborts in a wait, and callbacks that throw', async () => {
    const budget = new RetryBudget({ kind: 'concurrency', percent: 0, min: 3 })
    for (let n = 0; n < 5; n++) {
      const controller = new AbortController()
      const ended = rejects(retry(boom(new Error('down')), quick({ delay: '1h' }), { budget, signal: controller.signal }))
      await sleep(1)
      controller.abort()
      await ended
      await rejects(retry(boom(new Error('down')), quick(), { budget, onRetry: () => { throw new Error('hook') } }))
      await rejects(retry(boom(new Error('down')), quick({ delay: 0 }), { budget }))
    }
    equal(budget.balance, 3)
    let calls = 0
    equal(await retry(() => { if (!calls++) throw new Error('a blip'); return 'ok' }, quick({ delay: 0 }), { budget }), 'ok')
  })

  test('elapsed time goes on when the clock of the system is set', async () => {
    const real = Date.now
    let calls = 0
    try {
      const policy = quick({ delay: 5, maxAttempts: null, maxElapsed: 60 })
      const back = await rejects(retry(() => { if (++calls == 2) Date.now = () => real() - 3_600_000; throw new Error('x') }, policy))
      same([back.reason, calls < 30], ['deadlineExceeded', true])
      Date.now = real
      calls = 0
      const on = await rejects(retry(() => { if (++calls == 2) Date.now = () => real() + 3_600_000; throw new Error('x') }, quick({ delay: 1, maxElapsed: '10s', maxAttempts: 4 })))
      same([on.reason, calls], ['exhausted', 4])
    } finally {
      Date.now = real
    }
  })

  test('a callback that outlasts the delay sets no negative timer', async () => {
    const clock = new VirtualClock()
    const waits = []
    const watched = { now: clock.now, clearTimeout: clock.clearTimeout, setTimeout: (run, ms) => { waits.push(ms); return clock.setTimeout(run, ms) } }
    await rejects(clock.run(retry(boom(new Error('x')), quick({ delay: 1 }), { clock: watched, onRetry: () => new Promise((resolve) => clock.setTimeout(resolve, 50)) })))
    same(waits, [])
  })

  test('wrap keeps `this`, and a method that lost its policy says so', async () => {
    const policy = quick({ delay: 1 })
    const counter = { value: 7, read: policy.wrap(function (more) { return this.value + more }) }
    equal(await counter.read(1), 8)
    const { wrap, retry: lost } = policy
    equal((await rejects(wrap(() => 1)())).path, 'policy')
    equal((await rejects(lost(() => 1))).path, 'policy')
  })

  test('options are refused by name, with the one that is meant', async () => {
    const controller = new AbortController()
    for (const [options, ...parts] of [
      [{ abortSignal: controller.signal }, 'abortSignal', 'write signal'], [{ retries: 3 }, 'retries', 'policy', 'maxAttempts'], [{ maxAttempts: 3 }, 'maxAttempts', 'policy'],
      [{ onFailedAttempt() {} }, 'onRetry'], [{ shouldRetry: () => false }, 'retryOn'], [{ singal: controller.signal }, 'write signal'], [{ zzzz: 1 }, 'there are: key, seed'],
      [{ signal: controller }, 'controller.signal'], [{ signal: { aborted: false } }, 'AbortSignal'], [{ signal: 5 }, 'AbortSignal'], [{ retryOn: [500] }, 'retryOn', 'function'], [{ budget: { kind: 'ratio' } }, 'new RetryBudget'], [{ deadLetters: [] }, 'DeadLetterQueue'],
      [{ key: { id: 1 } }, 'key'], [{ key: NaN }, 'key', 'NaN'], [{ key: 'x'.repeat(200_000) }, 'key', '32768'], [null, 'null'],
    ]) {
      let calls = 0
      const error = await rejects(retry(() => calls++, quick(), options))
      equal(error.name, 'ConfigError')
      for (const part of parts) assert(error.message.includes(part), `${error.message} does not say ${part}`)
      equal(calls, 0)
    }
    equal(await retry(() => 1, quick(), { signal: null, budget: null, deadLetters: null }), 1)
  })

  test('a policy refuses what is not one, and names what is meant', () => {
    for (const [make, ...parts] of [
      [() => RetryPolicy.exponential(3), 'exponential({ initial'], [() => RetryPolicy.constant('1s'), "constant({ delay: '1s' })"], [() => RetryPolicy.exponential(null), 'null'],
      [() => RetryPolicy.exponential({ maxRetries: 3 }), 'maxAttempts'], [() => RetryPolicy.exponential({ attempts: 3 }), 'maxAttempts'], [() => RetryPolicy.exponential({ classify: [{ match: 404 }] }), 'write "404"'],
      [() => RetryPolicy.exponential({ maxAttempts: Infinity }), 'Infinity'], [() => RetryPolicy.exponential({ initial: '1min' }), '"1min"', 's, m, h'], [() => RetryPolicy.exponential({ minTimeout: 1 }), 'initial'],
      [() => RetryPolicy.fromJSON('{bad'), 'JSON'], [() => quick().delays(5), 'address'], [() => quick().delays({ count: 3 }), 'limit'], [() => new RetryPolicy({ maxElapse: 1 }), 'write maxElapsed'],
    ]) {
      const error = throws(make)
      equal(error.name, 'ConfigError')
      for (const part of parts) assert(error.message.includes(part), `${error.message} does not say ${part}`)
    }
    Object.prototype.maxElapsed = '1ms'
    try {
      equal(quick({ maxAttempts: 9 }).delays().length, 8)
    } finally {
      delete Object.prototype.maxElapsed
    }
  })

  test('next gives the delays of the schedule, and why there is none', () => {
    const policy = RetryPolicy.decorrelated({ initial: '1s', maxDelay: '60s', maxAttempts: 5, maxElapsed: '1h', classify: [{ match: 'E_NO', action: 'deadLetter' }, { match: 'E_OUT', action: 'fail' }] })
    const address = { seed: 42, key: 'job' }
    same([1, 2, 3, 4].map((attempt) => policy.next({ attempt, ...address }).delay), policy.delays(address))
    equal(policy.next({ attempt: 5, ...address }).reason, 'exhausted')
    equal(policy.next({ attempt: 1, elapsed: 3_600_000 }).reason, 'deadlineExceeded')
    equal(policy.next({ attempt: 1, error: { code: 'E_NO' } }).reason, 'permanent')
    equal(policy.next({ attempt: 1, error: { code: 'E_OUT' } }).reason, 'failed')
    assert(policy.next({ attempt: 1, error: { retryAfter: '2m' } }).delay >= 120_000)
    for (const wrong of [0, 1.5, NaN, undefined]) equal(throws(() => policy.next({ attempt: wrong })).path, 'attempt')
  })

  test('retryAfter on an error is milliseconds, a duration or a date', async () => {
    const wait = async (retryAfter) => {
      const clock = new VirtualClock(1_000_000)
      let seen
      await rejects(clock.run(retry(boom(Object.assign(new Error('x'), { retryAfter })), quick({ maxAttempts: 2, retryAfter: { jitter: 'none' } }), { clock, onRetry: ({ delay }) => (seen = delay) })))
      return seen
    }
    same([await wait(1500), await wait('5m'), await wait(new Date(1_002_000)), await wait(new Date(NaN)), await wait('soon'), await wait({})], [1500, 300_000, 2000, 10, 10, 10])
  })

  test('retryHttp passes the promise of an async callback on', async () => {
    const error = await rejects(retryHttp(async () => new Response('', { status: 503 }), quick(), { onRetry: async () => { throw new Error('audit log is down') } }))
    same([error.callbackError.message, error.cause.status], ['audit log is down', 503])
  })

  test('the body of a response can be aborted, and runs into the deadline of its attempt', async () => {
    // A body that never ends, and errors when the signal that fetch got is aborted.
    const stalled = (signal) => new Response(new ReadableStream({ start: (stream) => { stream.enqueue(new TextEncoder().encode('a')); signal.addEventListener('abort', () => stream.error(signal.reason)) } }))
    const controller = new AbortController()
    const response = await retryHttp(({ signal }) => stalled(signal), quick(), { signal: controller.signal })
    setTimeout(() => controller.abort(new Error('user')), 5)
    // What a broken body rejects with is the host's affair: that it ends at once is ours.
    assert(await rejects(response.text()), 'the body ends')
    const slow = await retryHttp(({ signal }) => stalled(signal), quick({ attemptTimeout: 30 }))
    // As the connection of a real one does, this keeps the process alive.
    const alive = setInterval(() => {}, 1000)
    assert(await rejects(slow.text()), 'the body ends at the deadline')
    clearInterval(alive)
    const whole = await retryHttp(({ signal }) => new Response('fine'), quick({ attemptTimeout: 5 }), { signal: controller.signal.aborted ? null : controller.signal })
    equal(await whole.text(), 'fine')
  })

  test('policy.fetch takes the place of fetch', async () => {
    const { fetch } = globalThis
    const seen = []
    try {
      const answers = [503, 200, 500, 500, 500, 404, 503]
      globalThis.fetch = async (input, init) => {
        seen.push([typeof input == 'string' ? input : await input.text(), init.method ?? 'GET'])
        if (init.signal?.aborted) throw init.signal.reason
        return new Response('body', { status: answers.shift() })
      }
      const fetching = quick({ delay: 1 }).fetch()
      same([(await fetching('/a')).status, (await fetching('/b')).status, (await fetching('/c')).status], [200, 500, 404])
      equal((await fetching('/d', { method: 'POST' })).status, 503, 'it is sent once')
      same(seen, [['/a', 'GET'], ['/a', 'GET'], ['/b', 'GET'], ['/b', 'GET'], ['/b', 'GET'], ['/c', 'GET'], ['/d', 'POST']])
      const failed = new TypeError('fetch failed')
      globalThis.fetch = async () => { throw failed }
      equal(await rejects(fetching('/e')), failed)
      equal(historyOf(failed).attempts, 3)
      const reason = new Error('left the page')
      equal(await rejects(fetching('/f', { signal: AbortSignal.abort(reason) })), reason)
      let bodies = []
      globalThis.fetch = async (request) => { bodies.push(await request.text()); return new Response('', { status: bodies.length < 2 ? 503 : 200 }) }
      equal((await fetching(new Request('http://x.test/', { method: 'PUT', body: 'again' }))).status, 200)
      same(bodies, ['again', 'again'])
    } finally {
      globalThis.fetch = fetch
    }
  })

  return tests
}
