// p-retry 9 over redrive.
import { compact, forever, ended } from './common.mjs'

export default function adapt({ retry, RetryPolicy, randomSeed }, { isNetworkError }) {
  class AbortError extends Error {
    name = 'AbortError'
    constructor(given) {
      super(given?.message ?? given)
      this.originalError = given instanceof Error ? given : new Error(given)
    }
  }

  async function pRetry(input, given = {}) {
    const { retries = 10, factor = 2, minTimeout = 1000, maxTimeout = Infinity, maxRetryTime = Infinity, randomize = false, onFailedAttempt, shouldRetry, shouldConsumeRetry, signal, unref } = compact(given)
    const policy = RetryPolicy.untilStopped({
      backoff: maxTimeout === 0 ? { kind: 'constant', delay: 0 } : { kind: 'exponential', initial: Math.min(minTimeout, maxTimeout), multiplier: factor || 1 },
      maxDelay: maxTimeout === 0 ? undefined : maxTimeout,
      jitter: randomize && maxTimeout !== 0 ? { kind: 'proportional', factor: 1 } : 'none',
      compat: randomize ? { capStage: 'after' } : undefined,
      maxAttempts: retries < 4e9 ? retries + 1 : retries >= 4e9 ? null : retries,
      maxElapsed: maxRetryTime === Infinity ? null : maxRetryTime,
      elapsedRule: 'truncate',
      classify: [{ match: 'free', action: 'retryFree', backoff: { kind: 'constant', delay: 0 }, jitter: 'none' }],
    })
    for (const callback of [onFailedAttempt, shouldRetry, shouldConsumeRetry]) if (callback && typeof callback != 'function') throw new TypeError('onFailedAttempt, shouldRetry and shouldConsumeRetry are functions')
    if (signal?.aborted) throw signal.reason
    const seed = randomSeed()
    const began = performance.now()
    let consumed = 0
    /** What every callback is told, and then what follows. */
    const retryOn = async (error, { attempt: attemptNumber }) => {
      if (error instanceof AbortError) return false
      const retriesLeft = retries - consumed
      const retriable = !(error instanceof TypeError) || isNetworkError(error)
      const delay = retriable ? policy.next({ attempt: consumed + 1, elapsed: performance.now() - began, seed }).delay ?? 0 : 0
      const context = (retryDelay) => Object.freeze({ error, attemptNumber, retriesLeft, retriesConsumed: consumed, retryDelay })
      const counts = (await shouldConsumeRetry?.(context(delay))) ?? true
      if (signal?.aborted) return false
      await onFailedAttempt?.(context(counts ? delay : 0))
      if (signal?.aborted || !retriable || retriesLeft <= 0 || performance.now() - began >= maxRetryTime) return false
      if (shouldRetry && !(await shouldRetry(context(counts ? delay : 0)))) return false
      if (!counts) return 'free'
      consumed++
      return true
    }
    const work = async ({ attempt }) => {
      try {
        return await input(attempt)
      } catch (error) {
        throw error instanceof Error ? error : new TypeError(`Non-error was thrown: "${error}". You should only throw errors.`)
      }
    }
    try {
      return await retry(work, policy, { retryOn, signal: signal ?? forever, seed, unref, unwrap: true })
    } catch (fault) {
      let error = ended(fault)
      while (error instanceof AbortError && !signal?.aborted) error = error.originalError
      throw error
    }
  }
  const makeRetriable = (fn, options) => function (...words) { return pRetry(() => fn.apply(this, words), options) }
  return { pRetry, AbortError, makeRetriable }
}
