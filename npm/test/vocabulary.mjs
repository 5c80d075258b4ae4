// Kinds, matches and Retry-After, held against the core's golden file; errors of real libraries by their shapes.
import { assert, equal, rejects, same, show } from './assert.mjs'

export function collect(redrive, { VirtualClock }, golden) {
  const { parseRetryAfter, retry, RetryPolicy, DeadLetterQueue } = redrive
  const tests = []
  const test = (name, fn) => tests.push([name, fn])
  const failures = golden['failures.json']
  /** Whether a rule matches an error. */
  const matches = async (match, error) => {
    const policy = new RetryPolicy({ maxAttempts: 2, backoff: { kind: 'constant', delay: 0 }, jitter: 'none', classify: [{ match, action: 'retry' }], defaultAction: 'deadLetter' })
    return (await rejects(retry(() => { throw error }, policy))).attempts == 2
  }

  test('Retry-After is what the core says it is, in every form', () => {
    const now = Date.parse('2026-11-28T00:00:00Z')
    let compared = 0
    for (const [status, headers, wait] of failures.answers) {
      const ms = parseRetryAfter({ status, headers }, now)
      const ns = ms === undefined ? null : ms === Infinity ? 2 ** 64 : Math.min(ms * 1e6, 2 ** 64)
      const expected = wait === null ? null : Number(wait)
      assert(ns === expected || Math.abs(ns - expected) <= expected * 1e-9 || (expected > 1e19 && ns > 1e18), `${show([status, headers])}: ${ns} is not ${wait}`)
      compared++
    }
    assert(compared >= 50, `only ${compared}`)
  })

  test('headers of any shape say the same', () => {
    for (const source of [
      new Headers({ 'Retry-After': '7' }), { 'retry-after': '7' }, { 'RETRY-AFTER': 7 }, { headers: { 'Retry-After': ['7'] } }, { response: { headers: { 'retry-after': '7' } } },
      { headers: [['Retry-After', '7']] }, { headers: new Map([['retry-after', '7']]) }, { headers: ['Retry-After', '7', 'Date', 'x'] }, { metadata: { getMap: () => ({ 'retry-after': '7' }) } },
      new Response('', { headers: { 'retry-after': '7' } }), '7', 7, '7s',
    ]) equal(parseRetryAfter(source), 7000, show(source))
    for (const nothing of [null, undefined, {}, [], 'soon', NaN, new Date(NaN), { headers: null }, new Proxy({}, { get() { throw new Error('trap') } })]) equal(parseRetryAfter(nothing), undefined)
    equal(parseRetryAfter(new Date(5000), 1000), 4000)
  })

  test('rules match what the core says they match', async () => {
    let compared = 0
    for (const [words, , matched] of failures.matches) {
      // The words of an error here are its own; the first is its kind.
      const [kind, code, ...more] = words
      if (more.length || !words.every((word) => word.length > 1 && word.length < 100)) continue
      const error = Object.assign(new Error('x'), { kind, code, name: kind })
      for (const pattern of failures.patterns) {
        // A class has a name here that the words of the golden file do not have.
        if (!pattern || pattern == 'other') continue
        equal(await matches(pattern, error), matched.includes(pattern), `${show(words)} ${pattern}`)
        compared++
      }
    }
    assert(compared >= 200, `only ${compared}`)
  })

  test('a kind is found along causes, responses and metadata', async () => {
    // Bundlers shorten names of classes.
    class RateLimitError extends Error { static name = 'RateLimitError' }
    const shape = (name, props) => Object.assign(new Error(name), { name }, props)
    const caused = (code) => new TypeError('fetch failed', { cause: Object.assign(new Error('inner'), { code }) })
    for (const [error, ...patterns] of [
      [caused('ECONNREFUSED'), 'connection', 'ECONNREFUSED', 'connect-failure'], [caused('UND_ERR_HEADERS_TIMEOUT'), 'timeout'], [caused('ECONNRESET'), 'reset'],
      [new AggregateError([Object.assign(new Error('a'), { code: 'ECONNREFUSED' })]), 'connection'],
      [shape('HTTPError', { code: 'ERR_NON_2XX_3XX_RESPONSE', response: { statusCode: 503 } }), '503', '5xx', 'unavailable', 'gateway-error'],
      [shape('AxiosError', { code: 'ERR_BAD_RESPONSE', response: { status: 502 } }), '502', '5xx', 'http502'], [shape('AxiosError', { code: 'ECONNABORTED' }), 'timeout'],
      [shape('ThrottlingException', { $metadata: { httpStatusCode: 400 }, $retryable: { throttling: true } }), 'throttle', '400'], [shape('SlowDown', {}), 'throttle'],
      [Object.assign(new Error('14 UNAVAILABLE: no connection'), { code: 14 }), 'UNAVAILABLE', '14', 'unavailable'],
      [shape('Error', { code: 14, details: 'x' }), 'UNAVAILABLE', '14', 'unavailable'], [shape('error', { code: '40001' }), 'conflict', '40001'],
      [new RateLimitError('x'), 'RateLimitError', 'throttle'], [new DOMException('t', 'TimeoutError'), 'timeout', 'TimeoutError'], ['ECONNREFUSED', 'connection'],
      [shape('Error', { status: 404 }), 'missing', '4xx', '404'],
    ]) for (const pattern of patterns) assert(await matches(pattern, error), `${show(error)} ${pattern}`)
    // An exit code, and not gRPC's CANCELLED.
    for (const match of ['cancelled', 'CANCELLED', '1']) assert(!(await matches(match, shape('Error', { code: 1 }))), match)
    assert(!(await matches('timeout', caused('ECONNREFUSED'))) && !(await matches('throttle', new Error('x'))))
  })

  test('a letter has the kind of the vocabulary and the code that tells it', async () => {
    const deadLetters = new DeadLetterQueue()
    for (const [error, kind, code] of [[Object.assign(new Error('x'), { status: 503 }), 'unavailable', '503'], [new Error('plain'), 'Error', undefined], [Object.assign(new Error('x'), { kind: 'mine', code: 7 }), 'mine', '7']]) {
      await rejects(retry(() => { throw error }, new RetryPolicy({ maxAttempts: 1 }), { deadLetters }))
      const { lastError } = [...deadLetters].at(-1)
      same([lastError.kind, lastError.code], [kind, code])
    }
  })

  return tests
}
