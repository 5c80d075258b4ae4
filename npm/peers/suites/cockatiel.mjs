// What cockatiel 4 says of its retry, in its readme.
import { assert, equal, rejects, same } from '../../test/assert.mjs'
import { failing, gaps, sleep } from '../time.mjs'

export default (api) => {
  const { retry, handleAll, handleType, handleWhen, handleWhenResult, ConstantBackoff, ExponentialBackoff, IterableBackoff, DelegateBackoff, noJitterGenerator, fullJitterGenerator } = api
  class Mine extends Error {}
  const boom = (error = new Mine('mine')) => () => { throw error }
  return {
    'values pass through, and promises': async () => {
      const policy = retry(handleAll, { maxAttempts: 1 })
      same([await policy.execute(() => 42), await policy.execute(async () => 43)], [42, 43])
    },
    'maxAttempts counts retries': async () => {
      const fn = failing(99)
      await rejects(retry(handleAll, { maxAttempts: 3 }).execute(fn))
      equal(fn.starts.length, 4)
    },
    'fn gets its attempt from 0, and the signal': async () => {
      const seen = []
      const { signal } = new AbortController()
      await rejects(retry(handleAll, { maxAttempts: 2 }).execute(({ attempt, signal }) => { seen.push([attempt, signal.aborted]); throw new Mine() }, signal))
      same(seen, [[0, false], [1, false], [2, false]])
    },
    'without a limit it goes on': async () => {
      const fn = failing(40)
      equal(await retry(handleAll, {}).execute(fn), 'done')
    },
    'without a backoff nothing is waited for': async (time) => {
      await rejects(retry(handleAll, { maxAttempts: 5 }).execute(boom()))
      assert(time.now() <= 5, String(time.now()))
    },
    'an iterable backoff is waited for, its last delay again and again': async () => {
      const fn = failing(99)
      await rejects(retry(handleAll, { maxAttempts: 4, backoff: new IterableBackoff([10, 20]) }).execute(fn))
      same(gaps(fn.starts), [10, 20, 20, 20])
    },
    'a constant backoff is waited for': async () => {
      const fn = failing(2)
      await retry(handleAll, { maxAttempts: 4, backoff: new ConstantBackoff(50) }).execute(fn)
      same(gaps(fn.starts), [50, 50])
    },
    'an exponential backoff without jitter doubles up to its cap': async () => {
      const fn = failing(5)
      await retry(handleAll, { maxAttempts: 9, backoff: new ExponentialBackoff({ generator: noJitterGenerator, initialDelay: 100, maxDelay: 500 }) }).execute(fn)
      same(gaps(fn.starts), [100, 200, 400, 500, 500])
    },
    'full jitter is between nothing and the delay': async () => {
      const seen = []
      for (let n = 0; n < 60; n++) {
        const fn = failing(1)
        await retry(handleAll, { maxAttempts: 1, backoff: new ExponentialBackoff({ generator: fullJitterGenerator, initialDelay: 1000 }) }).execute(fn)
        seen.push(gaps(fn.starts)[0])
      }
      assert(seen.every((ms) => ms >= 0 && ms <= 1000) && Math.min(...seen) < 250 && Math.max(...seen) > 750, String(seen))
    },
    'a delegate computes each wait': async () => {
      const fn = failing(3)
      await retry(handleAll, { maxAttempts: 5, backoff: new DelegateBackoff(({ attempt }) => attempt * 30) }).execute(fn)
      same(gaps(fn.starts), [30, 60, 90])
    },
    'only errors that the policy handles are tried again': async () => {
      const fn = failing(9, 0, (n) => (n < 3 ? new Mine() : new RangeError('other')))
      const error = await rejects(retry(handleType(Mine), { maxAttempts: 9 }).execute(fn))
      same([error.message, fn.starts.length], ['other', 3])
    },
    'handleWhen judges an error': async () => {
      const fn = failing(9, 0, (n) => Object.assign(new Error(), { again: n < 4 }))
      await rejects(retry(handleWhen((error) => error.again), { maxAttempts: 9 }).execute(fn))
      equal(fn.starts.length, 4)
    },
    'results can be failures': async () => {
      let n = 0
      equal(await retry(handleWhenResult((value) => value < 3), { maxAttempts: 9 }).execute(() => ++n), 3)
    },
    'the last result is given when no retry is left': async () => {
      let calls = 0
      equal(await retry(handleWhenResult((value) => value < 3), { maxAttempts: 2 }).execute(() => { calls++; return 1 }), 1)
      equal(calls, 3)
    },
    'the last error itself is thrown': async () => {
      const error = new Mine()
      equal(await rejects(retry(handleAll, { maxAttempts: 2 }).execute(boom(error))), error)
    },
    'onRetry tells the delay, the attempt and the error': async () => {
      const error = new Mine()
      const seen = []
      const policy = retry(handleAll, { maxAttempts: 2, backoff: new IterableBackoff([10, 20]) })
      policy.onRetry((event) => seen.push([event.delay, event.attempt, event.error === error]))
      await rejects(policy.execute(boom(error)))
      same(seen, [[10, 1, true], [20, 2, true]])
    },
    'onGiveUp tells the error, or the result': async () => {
      const error = new Mine()
      const seen = []
      const policy = retry(handleAll.orWhenResult((value) => value == 'bad'), { maxAttempts: 1 })
      policy.onGiveUp((event) => seen.push(event))
      await rejects(policy.execute(boom(error)))
      await policy.execute(() => 'bad')
      assert(seen[0].error === error)
      same([seen[1].value, seen.length], ['bad', 2])
    },
    'onSuccess and onFailure tell each call': async () => {
      const seen = []
      const policy = retry(handleType(Mine), { maxAttempts: 3 })
      policy.onFailure(({ handled, reason, duration }) => seen.push([handled, reason.error.constructor.name, duration]))
      policy.onSuccess(({ duration }) => seen.push(['success', duration]))
      let n = 0
      await policy.execute(() => sleep(5).then(() => { if (++n < 3) throw new Mine(); return 1 }))
      await rejects(policy.execute(boom(new RangeError())))
      same(seen, [[true, 'Mine', 5], [true, 'Mine', 5], ['success', 5], [false, 'RangeError', 0]])
    },
    'a listener can be taken away': async () => {
      let calls = 0
      const policy = retry(handleAll, { maxAttempts: 1 })
      policy.onRetry(() => calls++).dispose()
      await rejects(policy.execute(boom()))
      equal(calls, 0)
    },
    'one policy serves many calls at once': async () => {
      const policy = retry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(10) })
      same(await Promise.all([policy.execute(failing(1, 'a')), policy.execute(failing(3, 'b')), policy.execute(failing(0, 'c'))]), ['a', 'b', 'c'])
    },
    'it keeps the process by default, and not with dangerouslyUnref': async (time) => {
      const seen = []
      const policy = retry(handleAll, { maxAttempts: 1, backoff: new ConstantBackoff(100) })
      for (const one of [policy, policy.dangerouslyUnref()]) {
        setTimeout(() => seen.push(time.unreferenced()), 50)
        await one.execute(failing(1))
      }
      same(seen, [false, true])
    },
    'nothing is tried after an abort': async () => {
      const controller = new AbortController()
      let calls = 0
      await rejects(retry(handleAll, { maxAttempts: 3 }).execute(() => { calls++; controller.abort(); throw new Mine() }, controller.signal))
      equal(calls, 1)
    },
    'after an abort it is the error of the attempt that is thrown': async () => {
      const controller = new AbortController()
      const error = new Mine()
      equal(await rejects(retry(handleAll, { maxAttempts: 3 }).execute(() => { controller.abort(); throw error }, controller.signal)), error)
    },
    'an abort during a wait: the wait ends, and one more attempt is made': async (time) => {
      const controller = new AbortController()
      let calls = 0
      setTimeout(() => controller.abort(), 10)
      await rejects(retry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(1000) }).execute(() => { calls++; throw new Mine() }, controller.signal))
      same([calls, time.now()], [2, 1000])
    },
  }
}
