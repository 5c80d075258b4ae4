// What p-retry 9 says of itself, in its readme and its types.
import { assert, equal, rejects, same } from '../../test/assert.mjs'
import { failing, gaps, sleep } from '../time.mjs'

export default ({ pRetry, AbortError, makeRetriable }) => {
  const boom = (error) => () => Promise.reject(error)
  const mine = new Error('mine')
  /** Calls that end with the error that they began with. */
  const refused = async (options, word) => {
    const error = await rejects(pRetry(() => 1, options))
    assert(error instanceof TypeError, `${error.name} is not a TypeError`)
    assert(error.message.includes(word), error.message)
  }
  return {
    'a success is given as it is, and fn is called once': async () => {
      const fn = failing(0, 7)
      same([await pRetry(fn), fn.starts.length, await pRetry(() => 'sync')], [7, 1, 'sync'])
    },
    'fn gets the number of the attempt': async () => {
      const seen = []
      await rejects(pRetry((n) => { seen.push(n); throw mine }, { retries: 2, minTimeout: 1 }))
      same(seen, [1, 2, 3])
    },
    'without options there are ten retries, from one second, doubled each time': async () => {
      const fn = failing(99)
      await rejects(pRetry(fn))
      same(gaps(fn.starts), Array.from({ length: 10 }, (_, n) => 1000 * 2 ** n))
    },
    'it rejects with the last error itself': async () => {
      let n = 0
      const errors = [new Error('a'), new Error('b'), new Error('c')]
      equal(await rejects(pRetry(() => { throw errors[n++] }, { retries: 2, minTimeout: 1 })), errors[2])
    },
    'retries: 0 is one call': async () => {
      const fn = failing(9)
      await rejects(pRetry(fn, { retries: 0 }))
      equal(fn.starts.length, 1)
    },
    'a throw outside of a promise is a failure too': async () => {
      let n = 0
      equal(await pRetry(() => { if (++n < 3) throw mine; return n }, { minTimeout: 1 }), 3)
    },
    'options that are null or undefined are as if left out': async () => {
      const fn = failing(2)
      await pRetry(fn, { retries: null, factor: undefined, minTimeout: null, maxTimeout: null, randomize: null, signal: null, unref: null, shouldRetry: null, onFailedAttempt: null, maxRetryTime: undefined })
      same(gaps(fn.starts), [1000, 2000])
    },
    'options are not changed': async () => {
      const options = Object.freeze({ retries: 1, minTimeout: 1 })
      await rejects(pRetry(boom(mine), options))
      same(options, { retries: 1, minTimeout: 1 })
    },

    'factor and minTimeout make the waits': async () => {
      const fn = failing(3)
      await pRetry(fn, { factor: 3, minTimeout: 20 })
      same(gaps(fn.starts), [20, 60, 180])
    },
    'factor 1 keeps the wait, and so does factor 0': async () => {
      for (const factor of [1, 0]) {
        const fn = failing(3)
        await pRetry(fn, { factor, minTimeout: 20 })
        same(gaps(fn.starts), [20, 20, 20])
      }
    },
    'a factor below 1 makes the waits shorter': async () => {
      const fn = failing(3)
      await pRetry(fn, { factor: 0.5, minTimeout: 100 })
      same(gaps(fn.starts), [100, 50, 25])
    },
    'maxTimeout is the longest wait': async () => {
      const fn = failing(4)
      await pRetry(fn, { minTimeout: 100, maxTimeout: 250 })
      same(gaps(fn.starts), [100, 200, 250, 250])
    },
    'a maxTimeout below minTimeout holds all the same': async () => {
      const fn = failing(2)
      await pRetry(fn, { minTimeout: 100, maxTimeout: 40 })
      same(gaps(fn.starts), [40, 40])
    },
    'minTimeout 0 waits not at all': async () => {
      const fn = failing(4)
      await pRetry(fn, { minTimeout: 0 })
      same(gaps(fn.starts), [0, 0, 0, 0])
    },
    'maxTimeout 0 waits not at all': async () => {
      const fn = failing(3)
      await pRetry(fn, { maxTimeout: 0 })
      same(gaps(fn.starts), [0, 0, 0])
    },
    'randomize multiplies a wait by between 1 and 2': async () => {
      const seen = []
      for (let n = 0; n < 50; n++) {
        const fn = failing(1)
        await pRetry(fn, { minTimeout: 1000, randomize: true })
        seen.push(gaps(fn.starts)[0])
      }
      assert(seen.every((ms) => ms >= 1000 && ms <= 2000), String(seen))
      assert(new Set(seen).size > 20 && Math.max(...seen) > 1700 && Math.min(...seen) < 1300, String(seen))
    },
    'a randomized wait is no longer than maxTimeout': async () => {
      for (let n = 0; n < 20; n++) {
        const fn = failing(3)
        await pRetry(fn, { minTimeout: 1000, maxTimeout: 1500, randomize: true })
        assert(gaps(fn.starts).every((ms) => ms >= 1000 && ms <= 1500), String(gaps(fn.starts)))
      }
    },
    'a wait longer than a timer can run does not end at once': async (time) => {
      const fn = failing(1)
      await pRetry(fn, { minTimeout: 2 ** 31 })
      assert(gaps(fn.starts)[0] >= 2 ** 31 - 1, String(gaps(fn.starts)))
    },
    'a wait longer than a timer can run is cut to what a timer can': async () => {
      const fn = failing(1)
      await pRetry(fn, { minTimeout: 2 ** 32 })
      same(gaps(fn.starts), [2 ** 31 - 1])
    },

    'AbortError of an error rejects with that error, without another try': async () => {
      const fn = failing(9, 0, (n) => (n == 2 ? new AbortError(mine) : new Error('another')))
      equal(await rejects(pRetry(fn, { minTimeout: 1 })), mine)
      equal(fn.starts.length, 2)
    },
    'AbortError of a text rejects with an error of that text': async () => {
      const error = await rejects(pRetry(boom(new AbortError('stop'))))
      same([error.name, error.message, error instanceof AbortError], ['Error', 'stop', false])
    },
    'AbortError has what it wraps': () => {
      same([new AbortError('text').originalError.message, new AbortError(mine).originalError === mine, new AbortError(mine).message], ['text', true, 'mine'])
    },
    'AbortError within AbortError is unwrapped to its core': async () => {
      equal(await rejects(pRetry(boom(new AbortError(new AbortError(mine))))), mine)
    },
    'no callback is called for an AbortError': async () => {
      const seen = []
      const note = (name) => () => { seen.push(name); return true }
      await rejects(pRetry(boom(new AbortError(mine)), { onFailedAttempt: note('failed'), shouldRetry: note('should'), shouldConsumeRetry: note('consume') }))
      same(seen, [])
    },

    'a TypeError of the program is not tried again': async () => {
      const fn = failing(9, 0, () => new TypeError('x is not a function'))
      const error = await rejects(pRetry(fn, { minTimeout: 1 }))
      same([error.message, fn.starts.length], ['x is not a function', 1])
    },
    'a TypeError of the network is': async () => {
      const fn = failing(1, 'ok', () => new TypeError('fetch failed'))
      equal(await pRetry(fn, { minTimeout: 1 }), 'ok')
    },
    'what is not an error becomes a TypeError that says so': async () => {
      const fn = failing(9, 0, () => 'foo')
      const error = await rejects(pRetry(fn, { minTimeout: 1 }))
      assert(error instanceof TypeError && /Non-error.*foo/.test(error.message), String(error))
      equal(fn.starts.length, 1)
    },
    'errors are not changed': async () => {
      const error = Object.freeze(new Error('frozen'))
      equal(await rejects(pRetry(boom(error), { retries: 1, minTimeout: 1, onFailedAttempt: () => {} })), error)
      same(Object.keys(error), [])
    },

    'onFailedAttempt is called after every failure, the last one too': async () => {
      const seen = []
      await rejects(pRetry(boom(mine), { retries: 2, minTimeout: 10, onFailedAttempt: ({ error, attemptNumber, retriesLeft, retriesConsumed, retryDelay }) => seen.push([error === mine, attemptNumber, retriesLeft, retriesConsumed, retryDelay]) }))
      same(seen, [[true, 1, 2, 0, 10], [true, 2, 1, 1, 20], [true, 3, 0, 2, 0]])
    },
    'what onFailedAttempt is told cannot be changed': async () => {
      let frozen
      await rejects(pRetry(boom(mine), { retries: 0, onFailedAttempt: (context) => (frozen = Object.isFrozen(context)) }))
      equal(frozen, true)
    },
    'onFailedAttempt may take its time': async () => {
      const fn = failing(1)
      await pRetry(fn, { minTimeout: 100, onFailedAttempt: () => sleep(1000) })
      assert(gaps(fn.starts)[0] >= 1000, String(gaps(fn.starts)))
    },
    'the wait begins when onFailedAttempt is done': async () => {
      const fn = failing(1)
      await pRetry(fn, { minTimeout: 100, onFailedAttempt: () => sleep(1000) })
      same(gaps(fn.starts), [1100])
    },
    'what onFailedAttempt throws ends it, and is what the caller gets': async () => {
      const own = new Error('from the callback')
      for (const onFailedAttempt of [() => { throw own }, async () => { throw own }]) {
        const fn = failing(9)
        equal(await rejects(pRetry(fn, { minTimeout: 1, onFailedAttempt })), own)
        equal(fn.starts.length, 1)
      }
    },
    'shouldRetry decides': async () => {
      const fn = failing(9, 0, (n) => Object.assign(new Error('n'), { n }))
      const error = await rejects(pRetry(fn, { minTimeout: 1, shouldRetry: ({ error }) => error.n < 3 }))
      same([error.n, fn.starts.length], [3, 3])
    },
    'shouldRetry may be async, and no answer means no': async () => {
      const fn = failing(9)
      equal(await pRetry(failing(1), { minTimeout: 1, shouldRetry: async () => true }), 'done')
      await rejects(pRetry(fn, { minTimeout: 1, shouldRetry: async () => {} }))
      equal(fn.starts.length, 1)
    },
    'what shouldRetry throws is what the caller gets': async () => {
      const own = new Error('from the callback')
      equal(await rejects(pRetry(boom(mine), { shouldRetry: () => { throw own } })), own)
    },
    'shouldRetry is not asked when no retry is left': async () => {
      let asked = 0
      await rejects(pRetry(boom(mine), { retries: 1, minTimeout: 1, shouldRetry: () => { asked++; return true } }))
      equal(asked, 1)
    },
    'callbacks come in their order': async () => {
      const seen = []
      await pRetry(failing(1), { minTimeout: 1, shouldConsumeRetry: () => { seen.push('consume'); return true }, onFailedAttempt: () => seen.push('failed'), shouldRetry: () => { seen.push('should'); return true } })
      same(seen, ['consume', 'failed', 'should'])
    },
    'shouldConsumeRetry: false costs no retry and no wait': async () => {
      const seen = []
      const fn = failing(6)
      const result = await pRetry(fn, { retries: 2, minTimeout: 100, shouldConsumeRetry: ({ attemptNumber }) => attemptNumber > 4, onFailedAttempt: ({ retriesLeft, retriesConsumed, retryDelay }) => seen.push([retriesLeft, retriesConsumed, retryDelay]) })
      equal(result, 'done')
      same(seen, [[2, 0, 0], [2, 0, 0], [2, 0, 0], [2, 0, 0], [2, 0, 100], [1, 1, 200]])
      same(gaps(fn.starts), [0, 0, 0, 0, 100, 200])
    },
    'shouldConsumeRetry that says nothing costs one': async () => {
      const fn = failing(9)
      await rejects(pRetry(fn, { retries: 2, minTimeout: 1, shouldConsumeRetry: () => {} }))
      equal(fn.starts.length, 3)
    },

    'maxRetryTime ends it': async () => {
      const fn = failing(99)
      await rejects(pRetry(fn, { minTimeout: 100, factor: 1, maxRetryTime: 350, retries: 50 }))
      same(gaps(fn.starts), [100, 100, 100, 50])
    },
    'maxRetryTime ends it where nothing is waited for': async () => {
      let now = 0
      const fn = async () => { now++; await sleep(10); throw mine }
      await rejects(pRetry(fn, { minTimeout: 0, maxRetryTime: 55, retries: Infinity }))
      assert(now >= 5 && now <= 7, String(now))
    },
    'maxRetryTime does not interrupt an attempt': async () => {
      equal(await pRetry(() => sleep(500).then(() => 'late'), { maxRetryTime: 100 }), 'late')
    },
    'maxRetryTime counts callbacks too': async () => {
      const fn = failing(99)
      await rejects(pRetry(fn, { minTimeout: 10, factor: 1, maxRetryTime: 250, onFailedAttempt: () => sleep(100) }))
      equal(fn.starts.length, 3)
    },
    'retries: Infinity goes on and on': async () => {
      const fn = failing(300)
      equal(await pRetry(fn, { retries: Infinity, factor: 1, minTimeout: 1 }), 'done')
      equal(fn.starts.length, 301)
    },
    'a huge number of retries is accepted': async () => {
      equal(await pRetry(failing(2), { retries: Number.MAX_VALUE, minTimeout: 1 }), 'done')
    },

    'a signal that is aborted already: fn is never called': async () => {
      const fn = failing(0)
      const reason = new Error('left')
      equal(await rejects(pRetry(fn, { signal: AbortSignal.abort(reason) })), reason)
      equal(fn.starts.length, 0)
    },
    'an abort during a wait ends it at once, with the reason': async (time) => {
      const controller = new AbortController()
      const reason = new Error('left')
      setTimeout(() => controller.abort(reason), 1500)
      equal(await rejects(pRetry(failing(9), { minTimeout: 1000, signal: controller.signal })), reason)
      equal(time.now(), 1500)
    },
    'the reason of an abort may be anything': async () => {
      for (const reason of ['text', 17, null]) {
        const controller = new AbortController()
        setTimeout(() => controller.abort(reason), 10)
        equal(await rejects(pRetry(failing(9), { signal: controller.signal })), reason)
      }
    },
    'an abort without a reason is an AbortError of the platform': async () => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(), 10)
      const error = await rejects(pRetry(failing(9), { signal: controller.signal }))
      same([error.name, error instanceof DOMException], ['AbortError', true])
    },
    'an abort during an attempt wins over what the attempt gives': async () => {
      for (const end of [() => 'value', () => { throw mine }]) {
        const controller = new AbortController()
        const reason = new Error('left')
        setTimeout(() => controller.abort(reason), 10)
        equal(await rejects(pRetry(() => sleep(50).then(end), { signal: controller.signal, minTimeout: 1 })), reason)
      }
    },
    'an abort during an attempt is told when the attempt is over': async (time) => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(mine), 10)
      await rejects(pRetry(() => sleep(50), { signal: controller.signal }))
      equal(time.now(), 50)
    },
    'an abort in a callback wins over what the callback says': async () => {
      for (const name of ['onFailedAttempt', 'shouldRetry', 'shouldConsumeRetry']) {
        const controller = new AbortController()
        const reason = new Error(name)
        equal(await rejects(pRetry(boom(mine), { minTimeout: 1, signal: controller.signal, [name]: () => { controller.abort(reason); return true } })), reason)
      }
    },
    'a signal has no listener when it is over': async () => {
      const controller = new AbortController()
      let listeners = 0
      const { addEventListener, removeEventListener } = controller.signal
      controller.signal.addEventListener = function (...given) { listeners++; return addEventListener.apply(this, given) }
      controller.signal.removeEventListener = function (...given) { listeners--; return removeEventListener.apply(this, given) }
      await pRetry(failing(3), { minTimeout: 1, signal: controller.signal })
      await rejects(pRetry(failing(9), { retries: 2, minTimeout: 1, signal: controller.signal }))
      equal(listeners, 0)
    },
    'unref: the wait does not keep the process': async (time) => {
      let seen
      setTimeout(() => (seen = time.unreferenced()), 50)
      await pRetry(failing(1), { minTimeout: 100, unref: true })
      equal(seen, true)
    },
    'without unref it does': async (time) => {
      let seen
      setTimeout(() => (seen = time.unreferenced()), 50)
      await pRetry(failing(1), { minTimeout: 100 })
      equal(seen, false)
    },
    'nothing is left when it is over': async (time) => {
      await pRetry(failing(2), { minTimeout: 1, maxRetryTime: 10_000 })
      equal(time.pending(), 0)
    },

    'makeRetriable keeps arguments and this': async () => {
      let n = 0
      const counter = { base: 40, add: makeRetriable(function (a, b) { if (++n < 3) throw mine; return this.base + a + b }, { minTimeout: 1 }) }
      equal(await counter.add(1, 1), 42)
    },
    'a wrong number of retries is refused': async () => {
      for (const retries of [-1, NaN, 1.5, '3', -Infinity]) await refused({ retries }, 'retries')
    },
    'a wrong factor is refused': async () => {
      for (const factor of [-1, NaN, Infinity, '2']) await refused({ factor }, 'factor')
    },
    'wrong times are refused': async () => {
      for (const name of ['minTimeout', 'maxTimeout', 'maxRetryTime']) for (const value of [-1, NaN, '1']) await refused({ [name]: value }, name)
    },
    'wrong callbacks and signals are refused': async () => {
      for (const name of ['onFailedAttempt', 'shouldRetry', 'shouldConsumeRetry']) await refused({ [name]: 'no function' }, name)
      await refused({ signal: { aborted: false } }, 'signal')
    },
  }
}
