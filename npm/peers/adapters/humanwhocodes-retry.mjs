// @humanwhocodes/retry over redrive. How many run at once is by hand.
import { ended } from './common.mjs'

export default function adapt({ retry, RetryPolicy }) {
  return {
    Retrier: class {
      #check
      #policy
      #places
      #waiting = []
      working = 0
      retrying = 0

      constructor(check, { timeout = 60_000, maxDelay = 100, concurrency = 1000 } = {}) {
        if (typeof check != 'function') throw new Error('Missing function to check errors')
        this.#check = check
        this.#places = concurrency
        this.#policy = RetryPolicy.exponential({ initial: Math.min(1.2, maxDelay), multiplier: 2.2, maxDelay, jitter: 'none', maxAttempts: null, maxElapsed: timeout, elapsedRule: 'stopIfReached' })
      }

      get pending() {
        return this.#waiting.length
      }

      retry(fn, { signal } = {}) {
        signal?.throwIfAborted()
        return new Promise((resolve, reject) => {
          this.#waiting.push(() => this.#call(fn, signal).then(resolve, reject))
          this.#start()
        })
      }

      #start() {
        while (this.#waiting.length && this.working < this.#places) {
          this.working++
          this.#waiting.shift()().finally(() => {
            this.working--
            this.#start()
          })
        }
      }

      async #call(fn, signal) {
        let first
        const work = ({ attempt }) => {
          let result
          try {
            result = fn()
          } catch (error) {
            throw Object.assign(new Error(`Synchronous error: ${error.message}`, { cause: error }), { ends: true })
          }
          if (typeof result?.then != 'function') throw Object.assign(new Error('Result is not a promise.'), { ends: true })
          return result
        }
        const retryOn = (error) => {
          if (error?.ends || !this.#check(error)) return false
          if (!first) this.retrying++
          first ??= { error }
          return true
        }
        try {
          return await retry(work, this.#policy, { signal, retryOn, unwrap: true })
        } catch (error) {
          // When time is up the first error is the one that counts.
          if (first && !signal?.aborted && this.#check(error)) throw first.error
          throw ended(error)
        } finally {
          if (first) this.retrying--
        }
      }
    },
  }
}
