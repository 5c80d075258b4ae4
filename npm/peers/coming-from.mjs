// The rows of README's table "Coming from", each with the peer beside redrive: the same calls, the same waits.
import { assert, equal, rejects, same } from '../test/assert.mjs'
import { failing, gaps, sleep } from './time.mjs'

export default function rows({ retry, RetryPolicy, historyOf }, { pRetry, AbortError, asyncRetry, backOff, cockatiel }) {
  const { ConstantBackoff, ExponentialBackoff, handleAll, handleResultType, handleWhen, noJitterGenerator, timeout, TimeoutStrategy, wrap } = cockatiel
  const ours = (options) => RetryPolicy.exponential({ jitter: 'none', ...options })
  const doubling = (options, backoff) => cockatiel.retry(handleAll, { backoff: new ExponentialBackoff({ generator: noJitterGenerator, ...backoff }), ...options })
  /** The waits between the calls of a function that always fails, or fails so often. */
  const waits = async (run, times = 99) => {
    const fn = failing(times)
    await run(fn).catch(() => {})
    return gaps(fn.starts)
  }
  const alike = async (mine, ...theirs) => {
    const expected = await waits((fn) => retry(fn, mine))
    for (const run of theirs) same(await waits(run), expected)
    return expected
  }
  /** The shortest and the longest first wait of many. */
  const range = async (run) => {
    const seen = []
    for (let n = 0; n < 200; n++) seen.push((await waits(run, 1))[0])
    return [Math.min(...seen), Math.max(...seen)]
  }
  const within = ([least, most], low, high) => assert(least >= low && most <= high && least < low + 0.1 * (high - low) && most > high - 0.1 * (high - low), `${least} to ${most} is not ${low} to ${high}`)
  const boom = (error = new Error('boom')) => () => Promise.reject(error)

  return {
    'how often': async () => {
      const options = { minTimeout: 1, factor: 1, randomize: false }
      const expected = await alike(RetryPolicy.constant({ delay: 1, jitter: 'none', maxAttempts: 5 }), (fn) => pRetry(fn, { retries: 4, ...options }), (fn) => asyncRetry(fn, { retries: 4, ...options }), (fn) => cockatiel.retry(handleAll, { maxAttempts: 4, backoff: new ConstantBackoff(1) }).execute(fn), (fn) => backOff(fn, { numOfAttempts: 5, startingDelay: 1, timeMultiple: 1 }))
      equal(expected.length, 4)
    },
    'how often, if nothing is said': async () => {
      const calls = async (run) => (await waits(run)).length + 1
      same([await calls((fn) => retry(fn)), await calls((fn) => pRetry(fn)), await calls((fn) => asyncRetry(fn)), await calls((fn) => backOff(fn))], [3, 11, 11, 10])
      equal(await cockatiel.retry(handleAll, {}).execute(failing(500)), 'done')
    },
    'the first wait, if nothing is said': async () => {
      const first = async (run) => (await waits(run, 1))[0]
      const own = await first((fn) => retry(fn))
      assert(own >= 2000 && own <= 2201, String(own))
      const random = await first((fn) => asyncRetry(fn))
      assert(random >= 1000 && random <= 2000, String(random))
      same([await first((fn) => pRetry(fn)), await first((fn) => asyncRetry(fn, { randomize: false })), await first((fn) => doubling({ maxAttempts: 1 }).execute(fn)), await first((fn) => backOff(fn))], [1000, 1000, 128, 100])
    },
    'first wait, growth and cap': async () => {
      const options = { retries: 8, minTimeout: 1000, factor: 2, maxTimeout: 30_000, randomize: false }
      const expected = await alike(ours({ initial: '1s', multiplier: 2, maxDelay: '30s', maxAttempts: 9 }), (fn) => pRetry(fn, options), (fn) => asyncRetry(fn, { ...options }), (fn) => doubling({ maxAttempts: 8 }, { initialDelay: 1000, exponent: 2, maxDelay: 30_000 }).execute(fn), (fn) => backOff(fn, { numOfAttempts: 9, startingDelay: 1000, timeMultiple: 2, maxDelay: 30_000 }))
      same(expected, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    },
    'growth by another factor': async () => {
      await alike(ours({ initial: 100, multiplier: 3, maxAttempts: 5 }), (fn) => pRetry(fn, { retries: 4, minTimeout: 100, factor: 3 }), (fn) => asyncRetry(fn, { retries: 4, minTimeout: 100, factor: 3, randomize: false }), (fn) => backOff(fn, { numOfAttempts: 5, startingDelay: 100, timeMultiple: 3 }))
    },
    'jitter: proportional 1 is randomize': async () => {
      const policy = RetryPolicy.exponential({ initial: '1s', jitter: { kind: 'proportional', factor: 1 } })
      for (const run of [(fn) => retry(fn, policy), (fn) => pRetry(fn, { randomize: true }), (fn) => asyncRetry(fn, { randomize: true }), (fn) => asyncRetry(fn)]) within(await range(run), 1000, 2001)
    },
    'jitter: full is full': async () => {
      for (const run of [(fn) => retry(fn, RetryPolicy.exponential({ initial: '1s', jitter: 'full' })), (fn) => backOff(fn, { startingDelay: 1000, jitter: 'full' })]) within(await range(run), 0, 1001)
    },
    'jitter: decorrelatedV2 is what cockatiel does if nothing is said': async () => {
      const mean = async (run) => {
        let sum = 0
        for (let n = 0; n < 600; n++) sum += (await waits(run, 4)).reduce((a, b) => a + b)
        return sum / 600
      }
      const [mine, theirs] = [await mean((fn) => retry(fn, RetryPolicy.decorrelatedV2({ initial: 128, maxDelay: '30s', maxAttempts: 5 }))), await mean((fn) => cockatiel.retry(handleAll, { maxAttempts: 4, backoff: new ExponentialBackoff() }).execute(fn))]
      assert(Math.abs(mine / theirs - 1) < 0.08, `${mine} ${theirs}`)
    },
    'time limit: truncate is what p-retry does': async () => {
      const expected = await alike(ours({ initial: 1000, maxAttempts: 11, maxElapsed: '10s', elapsedRule: 'truncate' }), (fn) => pRetry(fn, { maxRetryTime: 10_000 }))
      same(expected, [1000, 2000, 4000, 3000])
    },
    'time limit: stopIfReached is what async-retry does': async () => {
      const expected = await alike(ours({ initial: 1000, maxAttempts: 11, maxElapsed: '10s', elapsedRule: 'stopIfReached' }), (fn) => asyncRetry(fn, { maxRetryTime: 10_000, randomize: false }))
      same(expected, [1000, 2000, 4000, 8000])
    },
    'time limit: cockatiel has a timeout around it': async (time) => {
      const policy = wrap(timeout(5000, TimeoutStrategy.Aggressive), doubling({ maxAttempts: 9 }, { initialDelay: 1000 }))
      await rejects(policy.execute(boom()))
      equal(time.now(), 5000)
    },
    'one attempt: attemptTimeout, and cockatiel has a timeout inside it': async () => {
      const hang = (starts) => () => { starts.push(performance.now()); return sleep(60_000) }
      const [mine, theirs] = [[], []]
      await rejects(retry(hang(mine), RetryPolicy.constant({ delay: 10, jitter: 'none', attemptTimeout: '5s' })))
      await rejects(wrap(cockatiel.retry(handleAll, { maxAttempts: 2, backoff: new ConstantBackoff(10) }), timeout(5000, TimeoutStrategy.Aggressive)).execute(hang(theirs)))
      same([gaps(mine), gaps(theirs)], [[5010, 5010], [5010, 5010]])
    },
    'give up on': async () => {
      class Fatal extends Error { name = 'Fatal' }
      const counts = async (run) => {
        const fn = failing(9, 0, (n) => (n == 2 ? new Fatal('no use') : new Error('again')))
        const error = await rejects(run(fn))
        return [fn.starts.length, error.message]
      }
      const options = { retries: 5, minTimeout: 1, randomize: false }
      const fatal = (error) => error.name == 'Fatal'
      for (const run of [
        (fn) => retry(fn, ours({ initial: 1, maxAttempts: 6, classify: [{ match: 'Fatal', action: 'deadLetter' }] }), { unwrap: true }),
        (fn) => retry(fn, ours({ initial: 1, maxAttempts: 6 }), { unwrap: true, retryOn: (error) => !fatal(error) }),
        (fn) => pRetry(fn, { ...options, shouldRetry: ({ error }) => !fatal(error) }),
        (fn) => pRetry(() => fn().catch((error) => { throw fatal(error) ? new AbortError(error) : error }), options),
        (fn) => asyncRetry((bail) => fn().catch((error) => { if (!fatal(error)) throw error; bail(error); return 0 }), { ...options }),
        (fn) => cockatiel.retry(handleWhen((error) => !fatal(error)), { maxAttempts: 5 }).execute(fn),
        (fn) => backOff(fn, { numOfAttempts: 6, startingDelay: 1, retry: (error) => !fatal(error) }),
      ]) same(await counts(run), [2, 'no use'])
    },
    "a program's TypeError: tried again here and by others, not by p-retry": async () => {
      const calls = async (run) => {
        const fn = failing(9, 0, () => new TypeError('x is not a function'))
        await rejects(run(fn))
        return fn.starts.length
      }
      same([
        await calls((fn) => retry(fn, ours({ initial: 1 }))),
        await calls((fn) => retry(fn, ours({ initial: 1, classify: [{ match: 'TypeError', action: 'deadLetter' }] }))),
        await calls((fn) => pRetry(fn, { minTimeout: 1 })),
        await calls((fn) => asyncRetry(fn, { minTimeout: 1, retries: 2 })),
      ], [3, 1, 1, 3])
    },
    'before a wait: onRetry of each, not after the last failure': async () => {
      const seen = { ours: [], async: [], cockatiel: [] }
      await rejects(retry(boom(), ours({ initial: 10, maxAttempts: 3 }), { onRetry: ({ attempt, delay }) => seen.ours.push([attempt, delay]) }))
      await rejects(asyncRetry(boom(), { retries: 2, minTimeout: 10, onRetry: (error, n) => seen.async.push(n) }))
      const policy = doubling({ maxAttempts: 2 }, { initialDelay: 10 })
      policy.onRetry(({ attempt, delay }) => seen.cockatiel.push([attempt, delay]))
      await rejects(policy.execute(boom()))
      same(seen, { ours: [[1, 10], [2, 20]], async: [1, 2], cockatiel: [[1, 10], [2, 20]] })
    },
    'after each failure, the last one too': async () => {
      const seen = { ours: 0, p: 0, cockatiel: 0, backOff: 0 }
      await rejects(retry(boom(), ours({ initial: 1, maxAttempts: 3 }), { onRetry: () => seen.ours++, onGiveUp: () => seen.ours++ }))
      await rejects(pRetry(boom(), { retries: 2, minTimeout: 1, onFailedAttempt: () => { seen.p++ } }))
      const policy = cockatiel.retry(handleAll, { maxAttempts: 2 })
      policy.onFailure(() => seen.cockatiel++)
      await rejects(policy.execute(boom()))
      await rejects(backOff(boom(), { numOfAttempts: 3, startingDelay: 1, retry: () => { seen.backOff++; return true } }))
      same(seen, { ours: 3, p: 3, cockatiel: 3, backOff: 3 })
    },
    'a result is a failure': async () => {
      class Bad {}
      const counted = () => { let n = 0; return () => (++n < 3 ? new Bad() : n) }
      same([await retry(counted(), ours({ initial: 1 }), { retryIf: (result) => result instanceof Bad }), await cockatiel.retry(handleResultType(Bad), { maxAttempts: 2 }).execute(counted())], [3, 3])
      // Where no retry is left, cockatiel gives the bad result; here it is the failure's.
      assert((await cockatiel.retry(handleResultType(Bad), { maxAttempts: 1 }).execute(() => new Bad())) instanceof Bad)
      assert((await rejects(retry(() => new Bad(), ours({ initial: 1 }), { retryIf: (result) => result instanceof Bad, unwrap: true }))).result instanceof Bad)
    },
    'the error itself: unwrap': async () => {
      const error = new Error('mine')
      for (const run of [() => retry(boom(error), ours({ initial: 1 }), { unwrap: true }), () => pRetry(boom(error), { retries: 1, minTimeout: 1 }), () => asyncRetry(boom(error), { retries: 1, minTimeout: 1 }), () => cockatiel.retry(handleAll, { maxAttempts: 1 }).execute(boom(error)), () => backOff(boom(error), { numOfAttempts: 2, startingDelay: 1 })]) equal(await rejects(run()), error)
      equal(historyOf(error).attempts, 3)
    },
    'async-retry gives the most frequent error, others the last': async () => {
      const fails = () => failing(9, 0, (n) => new Error(n < 3 ? 'often' : 'last'))
      const options = { retries: 2, minTimeout: 1 }
      same([(await rejects(retry(fails(), ours({ initial: 1 }), { unwrap: true }))).message, (await rejects(pRetry(fails(), options))).message, (await rejects(asyncRetry(fails(), { ...options }))).message], ['last', 'last', 'often'])
    },
    'cancel: all stop, redrive at once and with the reason': async (time) => {
      const reason = new Error('left')
      const ends = async (run) => {
        const controller = new AbortController()
        const from = time.now()
        setTimeout(() => controller.abort(reason), 500)
        const error = await rejects(run(controller.signal))
        return [time.now() - from, error === reason]
      }
      same([
        await ends((signal) => retry(boom(), ours({ initial: 1000 }), { signal, unwrap: true })),
        await ends((signal) => pRetry(boom(), { signal })),
        await ends((signal) => cockatiel.retry(handleAll, { maxAttempts: 9, backoff: new ConstantBackoff(1000) }).execute(boom(), signal)),
      ], [[500, true], [500, true], [1000, false]])
    },
    "README's example is the same policy": async () => {
      const policy = RetryPolicy.exponential({ initial: '500ms', multiplier: 2, jitter: { kind: 'proportional', factor: 1 }, maxAttempts: 5 })
      for (const run of [(fn) => retry(fn, policy), (fn) => pRetry(fn, { retries: 4, minTimeout: 500, factor: 2, randomize: true })]) {
        const seen = await waits(run)
        equal(seen.length, 4)
        seen.forEach((ms, n) => assert(ms >= 500 * 2 ** n && ms <= 1000 * 2 ** n + 1, String(seen)))
      }
    },
  }
}
