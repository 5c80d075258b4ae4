// async-retry 1 over redrive.
import { historyOf } from 'redrive'

import { ended } from './common.mjs'

export default function adapt({ retry, RetryPolicy }) {
  return async function asyncRetry(fn, options = {}) {
    const { retries = 10, factor = 2, minTimeout = 1000, maxTimeout = Infinity, randomize = true, maxRetryTime, forever = retries === Infinity, unref, onRetry } = options
    const policy = RetryPolicy.untilStopped({
      backoff: { kind: 'exponential', initial: Math.max(minTimeout, 1), multiplier: factor },
      maxDelay: maxTimeout,
      jitter: randomize ? { kind: 'proportional', factor: 1 } : 'none',
      maxAttempts: forever ? null : retries + 1,
      maxElapsed: maxRetryTime,
      elapsedRule: 'stopIfReached',
    })
    const stop = new AbortController()
    const bail = (error) => stop.abort(error ?? new Error('Aborted'))
    try {
      return await retry(({ attempt }) => fn(bail, attempt), policy, {
        signal: stop.signal,
        unref,
        unwrap: true,
        retryOn: (error) => (error.bail ? false : undefined),
        onRetry: onRetry && (({ error, attempt }) => onRetry(error, attempt)),
      })
    } catch (error) {
      const errors = historyOf(error)?.errors ?? []
      if (stop.signal.aborted || error?.bail) throw error
      // The most frequent one; of equally frequent ones the last.
      const often = (one) => errors.filter(({ error }) => error?.message === one?.message).length
      throw errors.reduce((best, { error }) => (often(error) >= often(best) ? error : best), ended(error))
    }
  }
}
