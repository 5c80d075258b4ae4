// @lifeomic/attempt 3 over redrive. A wait before the first attempt is by hand, a computed delay comes by `retryAfter`.
import { compact, ended, forever } from './common.mjs'

const DEFAULTS = { delay: 200, initialDelay: 0, minDelay: 0, maxDelay: 0, factor: 0, maxAttempts: 3, timeout: 0, jitter: false, initialJitter: false, handleError: null, handleTimeout: null, beforeAttempt: null, calculateDelay: null }

export default function adapt({ retry: again, RetryPolicy, randomSeed }) {
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

  async function retry(fn, given = {}) {
    const options = { ...DEFAULTS, ...compact(given) }
    const { delay, factor, minDelay, maxDelay, maxAttempts, timeout, jitter, initialDelay, initialJitter, handleError, handleTimeout, beforeAttempt, calculateDelay } = options
    if (delay < minDelay) throw new Error('delay cannot be less than minDelay')
    const policy = RetryPolicy.untilStopped({
      backoff: factor ? { kind: 'exponential', initial: delay, multiplier: factor } : { kind: 'constant', delay },
      maxDelay: factor && maxDelay ? maxDelay : undefined,
      jitter: jitter ? { kind: 'uniform', low: { factor: 0, add: minDelay }, high: { factor: 1 } } : 'none',
      compat: { rounding: { unit: '1ms', mode: 'floor' } },
      attemptTimeout: timeout || undefined,
      maxAttempts: maxAttempts || null,
      retryAfter: calculateDelay ? { mode: 'replace', max: '365d', jitter: 'none' } : { mode: 'ignore' },
    })
    const context = { attemptNum: 0, attemptsRemaining: maxAttempts || -1, aborted: false, abort: () => void (context.aborted = true) }
    const stop = new AbortController()
    let timedOut
    const work = ({ attempt }) => {
      context.attemptNum = attempt - 1
      beforeAttempt?.(context, options)
      if (context.aborted) throw Object.assign(new Error('Attempt aborted'), { code: 'ATTEMPT_ABORTED' })
      if (context.attemptsRemaining > 0) context.attemptsRemaining--
      return fn(context, options)
    }
    const retryOn = async (error) => {
      if (error?.code == 'ATTEMPT_ABORTED' && context.aborted) return false
      if (timeout && error?.name == 'TimeoutError' && String(error.message).endsWith('ms')) {
        timedOut = true
        return false
      }
      await handleError?.(error, context, options)
      context.attemptNum++
      return !context.aborted
    }
    const first = calculateDelay ? calculateDelay(context, options) : initialDelay
    if (first) await sleep(first)
    if (initialJitter) await sleep(policy.next({ attempt: 1, seed: randomSeed() }).delay)
    try {
      return await again(work, policy, { retryOn, retryAfter: calculateDelay ? () => calculateDelay(context, options) : undefined, signal: stop.signal, unwrap: true, seed: randomSeed() })
    } catch (error) {
      if (!timedOut) throw ended(error)
      if (handleTimeout) return handleTimeout(context, options)
      throw Object.assign(new Error(`Retry timeout (attemptNum: ${context.attemptNum}, timeout: ${timeout})`), { code: 'ATTEMPT_TIMEOUT' })
    }
  }
  return { retry, sleep }
}
