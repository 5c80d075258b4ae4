import { Heap } from './heap.js'
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
  /** Those that wait, by their number; and a heap of all that were set, the next first. */
  #timers = new Map<number, Timer>()
  #heap = new Heap<Timer>(before)

  /** @param start milliseconds; 0 if not given. */
  constructor(start = 0) {
    this.#now = start
  }

  now = () => this.#now

  setTimeout = (run: () => void, ms: number): number => {
    const order = ++this.#order
    const timer = { at: this.#now + Math.max(ms, 0), order, run }
    this.#timers.set(order, timer)
    this.#heap.push(timer)
    return order
  }

  clearTimeout = (timer: number): void => {
    this.#timers.delete(timer)
    // Cleared ones do not pile up; a sorted list is a heap.
    if (this.#heap.items.length > 2 * this.#timers.size + 64) this.#heap.items = [...this.#timers.values()].sort((a, b) => (before(a, b) ? -1 : 1))
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

  /** The timer that is due first; timers of one time in the order in which they were set. */
  #next(): Timer | undefined {
    // Cleared ones are dropped when they come to the top.
    const { items } = this.#heap
    while (items[0] && !this.#timers.has(items[0].order)) this.#heap.pop()
    return items[0]
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

const before = (a: Timer, b: Timer) => a.at < b.at || (a.at == b.at && a.order < b.order)
