// cockatiel 4's retry over redrive; its policies, backoffs and events are its own.
import { historyOf } from 'redrive'

import { forever } from './common.mjs'

export default function adapt({ retry: again, RetryPolicy }, cockatiel) {
  /** Delays of our own for the backoffs that have a counterpart; the others compute theirs. */
  function backoffOf(backoff) {
    const { generator, initialDelay, exponent, maxDelay } = backoff?.options ?? {}
    if (!backoff) return { backoff: { kind: 'constant', delay: 0 }, jitter: 'none' }
    if (generator == cockatiel.decorrelatedJitterGenerator && exponent == 2) return { backoff: { kind: 'decorrelatedV2', initial: initialDelay }, maxDelay, compat: { capStage: 'after' } }
    if (generator == cockatiel.noJitterGenerator) return { backoff: { kind: 'exponential', initial: initialDelay, multiplier: 2 }, maxDelay, jitter: 'none' }
    if (generator == cockatiel.fullJitterGenerator) return { backoff: { kind: 'exponential', initial: initialDelay, multiplier: 2 }, maxDelay, jitter: 'full' }
    return undefined
  }

  class Retry {
    #policy
    #options
    #events = { onRetry: new cockatiel.EventEmitter(), onSuccess: new cockatiel.EventEmitter(), onFailure: new cockatiel.EventEmitter(), onGiveUp: new cockatiel.EventEmitter() }
    constructor(policy, options) {
      this.#policy = policy
      this.#options = options
      for (const [name, event] of Object.entries(this.#events)) this[name] = event.addListener
    }

    dangerouslyUnref() {
      return new Retry(this.#policy, { ...this.#options, unref: true })
    }

    async execute(fn, signal) {
      const { maxAttempts = Infinity, backoff, unref } = this.#options
      const { errorFilter, resultFilter } = this.#policy.options
      const known = backoffOf(backoff)
      const policy = RetryPolicy.untilStopped({
        ...(known ?? { backoff: { kind: 'constant', delay: 0 }, jitter: 'none', retryAfter: { mode: 'replace', max: '365d', jitter: 'none' } }),
        maxAttempts: maxAttempts === Infinity ? null : maxAttempts + 1,
      })
      let step = backoff
      let [attempts, started, reason] = [0, 0, undefined]
      const failed = (given, handled) => {
        reason = given
        this.#events.onFailure.emit({ duration: performance.now() - started, handled, reason })
      }
      const work = (context) => {
        attempts = context.attempt
        started = performance.now()
        return fn({ attempt: attempts - 1, signal: context.signal })
      }
      const options = {
        signal: signal ?? forever,
        unref,
        unwrap: true,
        retryIf: (value) => {
          const bad = resultFilter(value)
          if (bad) failed({ value }, true)
          return bad
        },
        retryOn: (error) => {
          if (error?.name == 'ResultError') return undefined
          const handled = errorFilter(error)
          failed({ error }, handled)
          return handled
        },
        retryAfter: known ? () => undefined : () => (step = step.next({ attempt: attempts, signal: options.signal, result: reason })).duration,
        onRetry: ({ delay }) => this.#events.onRetry.emit({ ...reason, delay, attempt: attempts }),
        onSuccess: () => this.#events.onSuccess.emit({ duration: performance.now() - started }),
      }
      try {
        return await again(work, policy, options)
      } catch (error) {
        const why = historyOf(error)?.reason
        const handled = reason && ('value' in reason || errorFilter(reason.error))
        if (handled) this.#events.onGiveUp.emit(reason)
        if (why == 'exhausted' && 'value' in reason) return reason.value
        throw error
      }
    }
  }
  return { ...cockatiel, retry: (policy, options) => new Retry(policy, options) }
}
