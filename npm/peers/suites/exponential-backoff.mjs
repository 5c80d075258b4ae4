// What exponential-backoff 3 says of itself, in its readme. Its tarball has its own suite besides, which is run too.
import { assert, equal, rejects, same } from '../../test/assert.mjs'
import { failing, gaps } from '../time.mjs'

export default ({ backOff }) => ({
  'without options there are ten attempts, from 100 ms, doubled each time': async () => {
    const fn = failing(99)
    await rejects(backOff(fn))
    same(gaps(fn.starts), Array.from({ length: 9 }, (_, n) => 100 * 2 ** n))
  },
  'startingDelay, timeMultiple and maxDelay make the waits': async () => {
    const fn = failing(4)
    await backOff(fn, { startingDelay: 50, timeMultiple: 3, maxDelay: 500 })
    same(gaps(fn.starts), [50, 150, 450, 500])
  },
  'full jitter waits between nothing and the delay': async () => {
    const seen = []
    for (let n = 0; n < 60; n++) {
      const fn = failing(1)
      await backOff(fn, { startingDelay: 1000, jitter: 'full' })
      seen.push(gaps(fn.starts)[0])
    }
    assert(seen.every((ms) => ms >= 0 && ms <= 1000) && Math.min(...seen) < 250 && Math.max(...seen) > 750, String(seen))
  },
  'delayFirstAttempt waits before the first call, too': async () => {
    const fn = failing(2)
    await backOff(fn, { startingDelay: 100, delayFirstAttempt: true })
    same(fn.starts, [100, 300, 700])
  },
  'retry is asked with the error and the attempts made, after the last one too': async () => {
    const seen = []
    await rejects(backOff(failing(9, 0, (n) => new Error('e' + n)), { numOfAttempts: 3, startingDelay: 1, retry: (error, n) => { seen.push([error.message, n]); return true } }))
    same(seen, [['e1', 1], ['e2', 2], ['e3', 3]])
  },
  'retry may be async, and ends it with false': async () => {
    const fn = failing(9)
    await rejects(backOff(fn, { startingDelay: 1, retry: async (error, n) => n < 4 }))
    equal(fn.starts.length, 4)
  },
  'what retry throws is what the caller gets': async () => {
    const own = new Error('from the callback')
    equal(await rejects(backOff(failing(9), { retry: () => { throw own } })), own)
  },
  'what is not an error is passed on as it is': async () => {
    equal(await rejects(backOff(() => Promise.reject('text'), { numOfAttempts: 2, startingDelay: 1 })), 'text')
  },
  'fewer than one attempt is one': async () => {
    const fn = failing(9)
    await rejects(backOff(fn, { numOfAttempts: -3 }))
    equal(fn.starts.length, 1)
  },
})
