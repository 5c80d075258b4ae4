// What @humanwhocodes/retry says of itself, in its readme.
import { assert, equal, rejects, same, throws } from '../../test/assert.mjs'
import { failing, gaps, sleep } from '../time.mjs'

export default ({ Retrier }) => {
  const coded = (code) => Object.assign(new Error(code), { code })
  const busy = () => new Retrier((error) => error.code == 'EMFILE')
  return {
    'a function that judges errors is needed': () => assert(/Missing function/.test(throws(() => new Retrier()).message)),
    'a success passes through': async () => equal(await busy().retry(async () => 'text'), 'text'),
    'an error that is to be retried is, as often as it takes': async () => {
      for (const times of [1, 4]) equal(await busy().retry(failing(times, 'text', () => coded('EMFILE'))), 'text')
    },
    'any other error passes through': async () => {
      const fn = failing(9, 0, () => coded('ENOENT'))
      equal((await rejects(busy().retry(fn))).code, 'ENOENT')
      equal(fn.starts.length, 1)
    },
    'another error after some tries passes through': async () => {
      equal((await rejects(busy().retry(failing(9, 0, (n) => coded(n < 3 ? 'EMFILE' : 'ENOENT'))))).code, 'ENOENT')
    },
    'a throw outside of a promise is rejected with, as what it is': async () => {
      const error = await rejects(busy().retry(() => { throw coded('EMFILE') }))
      assert(/^Synchronous error/.test(error.message), error.message)
    },
    'a result that is not a promise is an error': async () => {
      assert(/not a promise/.test((await rejects(busy().retry(() => 1))).message))
    },
    'waits grow up to maxDelay': async () => {
      const fn = failing(12, 'text', () => coded('EMFILE'))
      await new Retrier(() => true, { maxDelay: 40 }).retry(fn)
      const waits = gaps(fn.starts)
      assert(waits[0] <= 5 && waits.every((ms) => ms <= 60) && waits.at(-1) >= 40, String(waits))
    },
    'timeout ends it with the first error': async (time) => {
      const error = await rejects(new Retrier(() => true, { timeout: 500 }).retry(failing(99_999, 0, (n) => new Error('e' + n))))
      equal(error.message, 'e1')
      assert(time.now() >= 500 && time.now() < 800, String(time.now()))
    },
    'the timeout is a minute by default': async (time) => {
      await rejects(new Retrier(() => true).retry(failing(99_999)))
      assert(time.now() >= 60_000 && time.now() < 60_300, String(time.now()))
    },
    'a signal that is aborted throws at once': () => {
      const reason = new Error('left')
      equal(throws(() => busy().retry(async () => 1, { signal: AbortSignal.abort(reason) })), reason)
    },
    'an abort while it waits rejects with the reason': async (time) => {
      const controller = new AbortController()
      const reason = new Error('left')
      setTimeout(() => controller.abort(reason), 300)
      equal(await rejects(busy().retry(failing(99_999, 0, () => coded('EMFILE')), { signal: controller.signal })), reason)
      equal(time.now(), 300)
    },
    'only as many run at once as concurrency says': async () => {
      let [now, most] = [0, 0]
      const retrier = new Retrier(() => true, { concurrency: 3 })
      const results = await Promise.all(Array.from({ length: 10 }, (_, n) => retrier.retry(async () => { most = Math.max(most, ++now); await sleep(20); now--; return n })))
      same([most, ...results], [3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    },
    'what waits is counted': async () => {
      const retrier = new Retrier(() => true, { concurrency: 2 })
      const all = Array.from({ length: 5 }, () => retrier.retry(() => sleep(20)))
      same([retrier.working, retrier.pending], [2, 3])
      await Promise.all(all)
      await sleep(1)
      same([retrier.working, retrier.pending, retrier.retrying], [0, 0, 0])
    },
    'one that fails does not hold up others': async () => {
      const retrier = new Retrier((error) => error.code == 'EMFILE')
      const bad = rejects(retrier.retry(failing(9, 0, () => coded('ENOENT'))))
      equal(await retrier.retry(failing(2, 'fine', () => coded('EMFILE'))), 'fine')
      equal((await bad).code, 'ENOENT')
    },
  }
}
