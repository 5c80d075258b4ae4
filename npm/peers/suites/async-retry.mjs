// What async-retry 1 says of itself, in its readme, and node-retry, whose options it takes.
import { assert, equal, rejects, same } from '../../test/assert.mjs'
import { failing, gaps, sleep } from '../time.mjs'

export default (retry) => ({
  'a value is given, after as many tries as it takes': async () => {
    same([await retry(async (bail, n) => n), await retry(() => 5), await retry((bail, n) => { if (n < 2) throw new Error('x'); return 'try ' + n })], [1, 5, 'try 2'])
  },
  'the second argument is the number of the attempt, from 1': async () => {
    const seen = []
    await rejects(retry((bail, n) => { seen.push(n); throw new Error('x') }, { retries: 2, minTimeout: 1 }))
    same(seen, [1, 2, 3])
  },
  'without options there are ten retries from a second, randomized': async () => {
    const fn = failing(99)
    await rejects(retry(fn))
    const waits = gaps(fn.starts)
    equal(waits.length, 10)
    waits.forEach((ms, n) => assert(ms >= 1000 * 2 ** n && ms <= 2000 * 2 ** n, String(waits)))
  },
  'minTimeout, factor and maxTimeout make the waits': async () => {
    const fn = failing(4)
    await retry(fn, { randomize: false, minTimeout: 50, factor: 3, maxTimeout: 500 })
    same(gaps(fn.starts), [50, 150, 450, 500])
  },
  'bail rejects at once with its error': async (time) => {
    const mine = new Error('no use')
    let calls = 0
    equal(await rejects(retry(async (bail) => { calls++; await sleep(10); bail(mine); await sleep(500); throw new Error('later') }, { minTimeout: 1 })), mine)
    same([calls, time.now()], [1, 10])
  },
  'bail and a return: the error of bail': async () => {
    equal((await rejects(retry(async (bail) => { await sleep(200); bail(new Error('woe')) }))).message, 'woe')
    equal((await rejects(retry((bail) => bail()))).message, 'Aborted')
  },
  'an error with the property bail is not tried again': async () => {
    const fn = failing(9, 0, () => Object.assign(new Error('final'), { bail: true }))
    equal((await rejects(retry(fn, { retries: 3 }))).message, 'final')
    equal(fn.starts.length, 1)
  },
  'onRetry gets the error and the attempt, before each wait and not after the last': async () => {
    const seen = []
    await rejects(retry(failing(9, 0, (n) => new Error('e' + n)), { retries: 2, minTimeout: 1, onRetry: (error, n) => seen.push([error.message, n]) }))
    same(seen, [['e1', 1], ['e2', 2]])
  },
  'it rejects with the most frequent error': async () => {
    const messages = ['often', 'often', 'rare', 'rarer']
    equal((await rejects(retry((bail, n) => { throw new Error(messages[n - 1]) }, { retries: 3, minTimeout: 1 }))).message, 'often')
    equal((await rejects(retry((bail, n) => { throw new Error('e' + n) }, { retries: 3, minTimeout: 1 }))).message, 'e4')
  },
  'retries: 0 is one call, forever and Infinity have no end': async () => {
    const once = failing(9)
    await rejects(retry(once, { retries: 0 }))
    equal(once.starts.length, 1)
    for (const options of [{ forever: true }, { retries: Infinity }]) {
      const fn = failing(60)
      equal(await retry(fn, { minTimeout: 1, maxTimeout: 5, ...(options.forever ? { retries: 3, ...options } : {}), ...(options.forever ? {} : { forever: true }) }), 'done')
    }
  },
  'maxRetryTime ends it at the next failure': async () => {
    const fn = failing(99)
    await rejects(retry(fn, { randomize: false, minTimeout: 100, factor: 1, maxRetryTime: 250 }))
    equal(fn.starts.length, 4)
  },
  'unref: the wait does not keep the process': async (time) => {
    let seen
    setTimeout(() => (seen = time.unreferenced()), 50)
    await retry(failing(1), { minTimeout: 100, unref: true })
    equal(seen, true)
  },
  'a minTimeout above maxTimeout is refused': async () => {
    let calls = 0
    await rejects(retry(() => { calls++; throw new Error('x') }, { minTimeout: 10, maxTimeout: 5, retries: 1 }))
    equal(calls, 0)
  },
})
