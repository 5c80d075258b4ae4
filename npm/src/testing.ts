import type { Clock } from './types.js'

interface Timer {
  at: number
  order: number
  run: () => void
}

/**
 * Time that passes when you say so: retries that would take hours run in no time, and always the same way.
 *
 * ```ts
 * const clock = new VirtualClock()
 * await clock.run(retry(fn, policy, { clock, seed: 42 }))
 * ```
 */
export class VirtualClock implements Clock {
  #now: number
  #order = 0
  #timers = new Map<number, Timer>()

  /** @param start milliseconds; 0 if not given. */
  constructor(start = 0) {
    this.#now = start
  }

  now = () => this.#now

  setTimeout = (run: () => void, ms: number): number => {
    const order = ++this.#order
    this.#timers.set(order, { at: this.#now + Math.max(ms, 0), order, run })
    return order
  }

  clearTimeout = (timer: number): void => {
    this.#timers.delete(timer)
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.size
  }

  /** Moves time on by `ms`, timer by timer; what waits on promises in between gets its turn. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (let timer = this.#next(); timer && timer.at <= end; timer = this.#next()) {
      this.#fire(timer)
      await settle()
    }
    this.#now = Math.max(this.#now, end)
    await settle()
  }

  /** Moves time on until a promise is settled, and returns what it gives. */
  async run<T>(promise: PromiseLike<T>): Promise<T> {
    let over = false
    const done = () => void (over = true)
    promise.then(done, done)
    for (;;) {
      await settle()
      if (over) return promise
      const timer = this.#next()
      if (timer) this.#fire(timer)
      // Nothing of ours to wait for: the promise waits for something real.
      else await new Promise((resolve) => globalThis.setTimeout(resolve, 0))
    }
  }

  #next(): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers.values()) {
      if (!first || timer.at < first.at || (timer.at == first.at && timer.order < first.order)) first = timer
    }
    return first
  }

  #fire(timer: Timer) {
    this.#timers.delete(timer.order)
    // Time never goes back, whatever a timer asked for.
    this.#now = Math.max(this.#now, timer.at)
    timer.run()
  }
}

/** Lets promises that are due have their turn. */
async function settle() {
  for (let turn = 0; turn < 20; turn++) await undefined
}
