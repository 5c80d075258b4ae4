// What @lifeomic/attempt 3 says of itself, in its readme.
import { assert, equal, rejects, same } from '../../test/assert.mjs'
import { failing, gaps, sleep } from '../time.mjs'

export default ({ retry, sleep: theirs }) => {
  const boom = (message = 'x') => () => Promise.reject(new Error(message))
  return {
    'a value is given as it is': async () => equal(await retry(async () => 'hello'), 'hello'),
    'by default there are three attempts, 200 ms apart': async () => {
      const fn = failing(9)
      await rejects(retry(fn))
      same(gaps(fn.starts), [200, 200])
    },
    'fn gets the context and all the options': async () => {
      const seen = []
      await rejects(retry(async (context, options) => { seen.push([context.attemptNum, context.attemptsRemaining, Object.keys(options).length]); throw new Error('x') }, { delay: 1 }))
      same(seen, [[0, 2, 13], [1, 1, 13], [2, 0, 13]])
    },
    'without a limit attemptsRemaining is -1': async () => {
      const seen = []
      await retry(async (context) => { seen.push(context.attemptsRemaining); if (seen.length < 20) throw new Error('x') }, { delay: 1, maxAttempts: 0 })
      assert(seen.every((left) => left == -1) && seen.length == 20, String(seen))
    },
    'it rejects with the last error': async () => {
      equal((await rejects(retry(async ({ attemptNum }) => { throw new Error('e' + attemptNum) }, { delay: 0, maxAttempts: 5 }))).message, 'e4')
    },
    'initialDelay is waited for first': async () => {
      const fn = failing(1)
      await retry(fn, { initialDelay: 100, delay: 300 })
      same(fn.starts, [100, 400])
    },
    'delay 0 waits not at all': async () => {
      const fn = failing(3)
      await retry(fn, { delay: 0, maxAttempts: 5 })
      same(fn.starts, [0, 0, 0, 0])
    },
    'factor makes the delay grow': async () => {
      const fn = failing(4)
      await retry(fn, { delay: 100, factor: 2, maxAttempts: 5 })
      same(gaps(fn.starts), [100, 200, 400, 800])
    },
    'a factor may have a fraction': async () => {
      const fn = failing(3)
      await retry(fn, { delay: 100, factor: 1.5, maxAttempts: 5 })
      same(gaps(fn.starts), [100, 150, 225])
    },
    'maxDelay is the longest wait': async () => {
      const fn = failing(4)
      await retry(fn, { delay: 100, factor: 2, maxDelay: 200, maxAttempts: 0 })
      same(gaps(fn.starts), [100, 200, 200, 200])
    },
    'jitter is whole milliseconds up to the delay': async () => {
      const seen = []
      for (let n = 0; n < 60; n++) {
        const fn = failing(1)
        await retry(fn, { delay: 1000, factor: 2, jitter: true })
        seen.push(gaps(fn.starts)[0])
      }
      assert(seen.every((ms) => Number.isInteger(ms) && ms >= 0 && ms <= 1000) && Math.min(...seen) < 250 && Math.max(...seen) > 750, String(seen))
    },
    'jitter is never below minDelay': async () => {
      const seen = []
      for (let n = 0; n < 60; n++) {
        const fn = failing(2)
        await retry(fn, { delay: 200, factor: 2, minDelay: 150, maxDelay: 300, jitter: true })
        seen.push(...gaps(fn.starts))
      }
      assert(seen.every((ms) => ms >= 150 && ms <= 300) && Math.min(...seen) < 180 && Math.max(...seen) > 250, String(seen))
    },
    'initialJitter jitters the first call': async () => {
      const seen = []
      for (let n = 0; n < 40; n++) {
        const fn = failing(0)
        const from = performance.now()
        await retry(fn, { delay: 100, jitter: true, initialJitter: true })
        seen.push(fn.starts[0] - from)
      }
      assert(seen.every((ms) => ms >= 0 && ms <= 100) && Math.max(...seen) > 50, String(seen))
    },
    'timeout ends it with a code, and no other attempt follows': async (time) => {
      let calls = 0
      const error = await rejects(retry(() => { calls++; return sleep(500) }, { delay: 0, timeout: 50, maxAttempts: 3 }))
      same([error.code, calls, time.now()], ['ATTEMPT_TIMEOUT', 1, 50])
    },
    'timeout is for each attempt': async () => {
      let calls = 0
      const error = await rejects(retry(({ attemptNum }) => { calls++; return attemptNum == 2 ? sleep(500) : sleep(40).then(boom()) }, { delay: 0, timeout: 50, maxAttempts: 5 }))
      same([error.code, calls], ['ATTEMPT_TIMEOUT', 3])
    },
    'handleTimeout gives the result in its place': async () => {
      equal(await retry(() => sleep(500), { timeout: 50, handleTimeout: async () => { await sleep(100); return 'fallback' } }), 'fallback')
    },
    'handleTimeout may throw, and reject': async () => {
      for (const handleTimeout of [() => { throw new Error('own') }, async () => { throw new Error('own') }]) {
        equal((await rejects(retry(() => sleep(500), { timeout: 50, handleTimeout }))).message, 'own')
      }
    },
    'handleError may abort': async () => {
      const fn = failing(9, 0, (n) => Object.assign(new Error('e' + n), { retryable: n < 2 }))
      const error = await rejects(retry(fn, { delay: 0, maxAttempts: 4, handleError: (error, context) => { if (!error.retryable) context.abort() } }))
      same([error.message, fn.starts.length], ['e2', 2])
    },
    'handleError is called after every failure, with the context': async () => {
      const seen = []
      await rejects(retry(boom(), { delay: 0, handleError: (error, { attemptNum, attemptsRemaining }) => seen.push([attemptNum, attemptsRemaining]) }))
      same(seen, [[0, 2], [1, 1], [2, 0]])
    },
    'what handleError throws is what the caller gets': async () => {
      equal((await rejects(retry(boom(), { delay: 0, handleError: async () => { throw new Error('own') } }))).message, 'own')
    },
    'handleError may take its time': async (time) => {
      await rejects(retry(boom(), { delay: 0, maxAttempts: 2, handleError: () => sleep(100) }))
      equal(time.now(), 200)
    },
    'beforeAttempt is called before each attempt, and may abort': async () => {
      const seen = []
      const error = await rejects(retry(boom(), { delay: 0, maxAttempts: 4, beforeAttempt: (context) => { seen.push(context.attemptNum); if (context.attemptsRemaining == 2) context.abort() } }))
      same([error.code, ...seen], ['ATTEMPT_ABORTED', 0, 1, 2])
    },
    'calculateDelay gives every wait, the first one too': async () => {
      const fn = failing(3)
      await retry(fn, { delay: 0, maxAttempts: 5, calculateDelay: ({ attemptNum }) => attemptNum * 100 + 50 })
      same([fn.starts[0], ...gaps(fn.starts)], [50, 150, 250, 350])
    },
    'a delay below minDelay is refused': async () => {
      let calls = 0
      await rejects(retry(() => { calls++ }, { delay: 100, minDelay: 200 }))
      equal(calls, 0)
    },
    'options that are not whole numbers are refused by name': async () => {
      for (const name of ['delay', 'initialDelay', 'minDelay', 'maxDelay', 'maxAttempts', 'timeout', 'factor']) {
        for (const value of [-1, 'abc']) {
          const error = await rejects(retry(async () => 1, { [name]: value }))
          assert(error.message.includes(name), error.message)
        }
      }
    },
    'sleep waits': async (time) => {
      await theirs(70)
      equal(time.now(), 70)
    },
  }
}
