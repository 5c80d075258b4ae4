// What may come in: valid things with parts of them changed for what an operator, a server, another program or an
// attacker would write.

const DEEP = [5, 60, 3000].map((n) => JSON.parse('['.repeat(n) + ']'.repeat(n)))

export function inputs(fc) {
  const words = fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'then', 'length', 'null', 'undefined', 'NaN', 'Infinity', '-0', '1e999', '', ' ', '\u0000', '\u007f', '\u202e', '\ud800', '\udfff', '😀', 'line:', 'line:{', '"', '\\', '#', '%', '%zz', '*', '5xx', 'timeout', '503', '14')
  const numbers = fc.oneof(fc.constantFrom(0, -0, 1, -1, 0.5, 1.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32, 2 ** 32 - 1, 2 ** 53, 2 ** 53 - 1, 2 ** 63, 2 ** 64, 1e-300, 1e300, Number.MAX_VALUE), fc.double(), fc.integer())
  const long = fc.tuple(fc.constantFrom('a', '1', '1s', '9'.repeat(20), 'ü', '.', '-', ',', ' ', '\n', '0x', 'e9', '{', '['), fc.constantFrom(2, 30, 400, 5000, 40_000)).map(([part, times]) => part.repeat(Math.min(times, 40_000 / part.length)))
  const durations = fc.oneof(fc.constantFrom('1s', '250ms', '1m30s', '1h', '0s', '1min', '-1s', '1.5.2s', '.s', '1S', 's', '1 s', '1s1s', '99999999999d', '1e3s', 'PT2S'), numbers)
  const texts = fc.oneof({ weight: 4, arbitrary: words }, { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) }, { weight: 1, arbitrary: fc.string({ maxLength: 200 }) }, { weight: 1, arbitrary: durations.map(String) })
  /** What JSON can hold. */
  const json = fc.oneof({ weight: 9, arbitrary: texts }, { weight: 9, arbitrary: numbers.map((n) => (Number.isFinite(n) ? n : null)) }, { weight: 6, arbitrary: fc.constantFrom(null, true, false, [], {}, [[]], [null], { kind: 'x' }) }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) }, { weight: 1, arbitrary: fc.constantFrom(...DEEP) })
  /** What a program can hand over besides. */
  const things = fc.oneof({ weight: 4, arbitrary: json }, fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withTypedArray: true, withSparseArray: true, maxDepth: 2 }), fc.constantFrom(undefined, Symbol('s'), 10n, () => 1, class {}, new Date(NaN), /x/, new Map(), Promise.resolve(1)), fc.nat(5).map((n) => new Resisting(n)))

  /** An object of which some fields are others, missing or too many. */
  const broken = (fields, values = json) =>
    fc.tuple(fc.record(fields, { requiredKeys: [] }), fc.dictionary(fc.oneof(fc.constantFrom(...Object.keys(fields)), words), values, { maxKeys: 2 }), fc.boolean()).map(([valid, wrong, spoil]) => {
      const thing = { ...valid }
      // Own fields, also where they are called __proto__.
      if (spoil) for (const [name, value] of Object.entries(wrong)) Object.defineProperty(thing, name, { value, enumerable: true, configurable: true, writable: true })
      return thing
    })
  const whole = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 0, max: 1000 }) }, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String))

  const failure = fc.record({ kind: texts, message: fc.oneof({ weight: 9, arbitrary: texts }, long), code: texts, retryAfterNs: whole }, { requiredKeys: ['kind'] })
  const past = broken({ attempt: whole, startedAtNs: whole, endedAtNs: whole, delayNs: whole, error: failure })
  const jitter = fc.oneof(fc.constantFrom('none', 'full', 'equal', 'Full'), broken({ kind: fc.constantFrom('proportional', 'symmetric', 'subtractive', 'uniform'), factor: fc.double({ min: 0, max: 1, noNaN: true }), low: broken({ factor: fc.double({ min: 0, max: 1, noNaN: true }), add: durations }), high: broken({ factor: fc.constantFrom(1, 2) }) }))
  const backoff = broken({ kind: fc.constantFrom('constant', 'linear', 'exponential', 'polynomial', 'fibonacci', 'table', 'decorrelated', 'decorrelatedV2'), delay: durations, delays: fc.array(durations, { maxLength: 5 }), initial: durations, increment: durations, multiplier: fc.double({ min: 1, max: 3, noNaN: true }), power: fc.constantFrom(1, 2, 4), firstDelay: durations })
  const budget = broken({ kind: fc.constantFrom('tokenBucket', 'ratio', 'concurrency', 'rate'), capacity: fc.constantFrom(1, 500), cost: fc.constantFrom(1, 14), costByClass: broken({ throttle: fc.constantFrom(1, 5) }), percent: fc.constantFrom(20), minPerSecond: fc.constantFrom(0, 10), window: durations, min: fc.constantFrom(3), onEmpty: fc.constantFrom('fail', 'wait') })
  const policy = broken({
    version: fc.constant(1), backoff, minDelay: durations, maxDelay: durations, jitter, maxAttempts: fc.constantFrom(1, 3, 5, null), maxElapsed: durations, elapsedRule: fc.constantFrom('stopIfWouldExceed', 'stopIfReached', 'truncate'), attemptTimeout: durations,
    retryAfter: broken({ mode: fc.constantFrom('atLeast', 'replace', 'clamp', 'ignore'), max: durations, whenLonger: fc.constantFrom('giveUp', 'cap') }),
    classify: fc.array(broken({ match: fc.oneof(texts, fc.array(texts, { maxLength: 3 })), action: fc.constantFrom('retry', 'retryFree', 'deadLetter', 'discard', 'fail'), backoff, jitter }), { maxLength: 3 }),
    budget, compat: broken({ capStage: fc.constantFrom('fit', 'before', 'after', 'both', 'clip') }),
  })
  const reasons = fc.constantFrom('exhausted', 'deadlineExceeded', 'permanent', 'budgetExhausted', 'expired', 'crashed')
  const record = fc.tuple(broken({
    id: whole, lineage: whole, type: texts, payload: json, attempts: fc.integer({ min: 0, max: 9 }), earlierAttempts: whole, redrives: fc.integer({ min: 0, max: 5 }), parked: fc.boolean(),
    firstFailedAtNs: whole, lastFailedAtNs: whole, lastError: failure, history: fc.array(past, { maxLength: 3 }), forgotten: whole, policy, policyFingerprint: fc.constantFrom('00', 'zz'), seed: whole,
  }), fc.oneof({ weight: 19, arbitrary: texts }, long), reasons).map(([rest, key, reason]) => ({ schema: 'redrive-dead-letter/1', key, reason, diedAtNs: 1, ...rest }))
  /** A line of a file, whole or torn, or what is none. */
  const line = fc.oneof({ weight: 6, arbitrary: record.map((thing) => JSON.stringify(thing)) }, { weight: 2, arbitrary: fc.tuple(record, fc.nat()).map(([thing, at]) => { const text = JSON.stringify(thing); return text.slice(0, at % (text.length + 1)) }) }, { weight: 1, arbitrary: record.map((letter) => JSON.stringify({ schema: 'redrive-redriven/1', atNs: 5, moreAttempts: null, letter })) }, { weight: 1, arbitrary: json.map((thing) => JSON.stringify(thing)) }, { weight: 1, arbitrary: texts })

  const letter = broken({ key: fc.oneof(texts, numbers), taskType: texts, payload: things, reason: reasons, attempts: whole, redrives: whole, parked: fc.boolean(), diedAt: numbers, history: fc.array(broken({ attempt: fc.nat(), startedAt: numbers, endedAt: numbers, delay: numbers, error: broken({ kind: texts, message: texts, code: texts, retryAfter: numbers }, things) }, things), { maxLength: 2 }), policy, seed: whole }, things)
  const filter = broken({ ids: fc.array(fc.nat()), key: texts, reason: reasons, kind: texts, taskType: texts, message: texts, olderThan: durations, youngerThan: durations, parked: fc.boolean() }, things)
  const plan = broken({ filter, limit: numbers, rate: fc.constantFrom(1, 50, Infinity), spread: durations, counter: fc.constantFrom('reset', 'keep', { add: 1 }, { add: 0 }), maxRedrives: fc.constantFrom(null, 0, 3), concurrency: fc.constantFrom(1, 16), maxAttempts: fc.constantFrom(1, 3), canary: broken({ count: fc.nat(), by: fc.constantFrom('pattern', 'reason', 'x'), needs: fc.constantFrom(0.5, 2) }), stopWhen: broken({ failures: fc.constantFrom(0.5, 2), of: fc.nat() }), seed: texts }, things)
  const header = fc.oneof(fc.constantFrom('120', '120, 120', 'Fri, 31 Dec 9999 23:59:59 GMT', 'Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994', '2026-02-31T00:00:00Z', '"default";r=0;t=30', 'limit=100, remaining=0, reset=5', '1795000000', '1795000000000', '9'.repeat(400)), texts, long)
  const headers = fc.dictionary(fc.oneof(fc.constantFrom('Retry-After', 'retry-after-ms', 'RateLimit', 'X-RateLimit-Reset', 'x-ratelimit-remaining', 'x-ratelimit-reset-after', 'grpc-retry-pushback-ms', 'grpc-status-details-bin', 'retry-delay'), texts), fc.oneof(header, things), { maxKeys: 3 })
  const error = fc.oneof({ weight: 2, arbitrary: things }, { weight: 4, arbitrary: fc.tuple(broken({ name: texts, message: fc.oneof(texts, long), code: texts, kind: texts, status: numbers, retryAfter: fc.oneof(numbers, durations), cause: failure, errors: fc.array(failure, { maxLength: 3 }), response: fc.record({ status: numbers, headers }) }, things), fc.boolean(), fc.integer({ min: -1, max: 4 })).map((made) => new Erring(made)) })
  return { texts, json, things, record, line, policy, budget, letter, filter, plan, header, headers, error, long }
}

/** In the place of an object that resists: fast-check itself would look at it. */
class Resisting {
  constructor(n) {
    this.n = n
  }
}

class Erring {
  constructor(made) {
    this.made = made
  }
}

/** An input with the objects in it that resist. */
export function live(input, depth = 6) {
  if (input instanceof Resisting) return resisting(input.n)
  if (input instanceof Erring) return erring(...live(input.made))
  if (!depth || !(Array.isArray(input) || (input && Object.getPrototypeOf(input) === Object.prototype))) return input
  const copy = Array.isArray(input) ? [] : {}
  for (const name of Object.keys(input)) Object.defineProperty(copy, name, { value: live(input[name], depth - 1), enumerable: true, configurable: true, writable: true })
  return copy
}

/** Objects that do what they can against being looked at. */
function resisting(n) {
  const trap = () => { throw new Error('trap') }
  const circle = { a: {} }
  circle.a.b = circle
  return [
    new Proxy({}, { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap }), new Proxy(() => 1, { apply: trap }), circle,
    { get name() { return trap() }, get message() { return trap() } }, { toString: trap, toJSON: trap, [Symbol.toPrimitive]: trap }, Object.freeze(Object.create(null)),
  ][n]
}

/** An error with such properties; one of them may throw. */
function erring(given, frozen, trap) {
  const error = new Error('made')
  for (const [name, value] of Object.entries(given)) Object.defineProperty(error, name, { value, enumerable: true, configurable: true, writable: true })
  const name = ['message', 'cause', 'retryAfter', 'code', 'response'][trap]
  if (name) Object.defineProperty(error, name, { get() { throw new Error('trap') } })
  return frozen ? Object.freeze(error) : error
}
