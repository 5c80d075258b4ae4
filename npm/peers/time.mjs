// Time that passes only when nothing else is left to do: waits of hours take none, and every start is known to the
// millisecond. All that reads the time or sets a timer gets it: the peers, redrive, and the suites themselves.
const { random } = Math
const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout, Date, steady: performance.now.bind(performance), turn: globalThis.setImmediate }

const EPOCH = 1_800_000_000_000

class Timer {
  constructor(at, run) {
    this.at = at
    this.run = run
    this.referenced = true
  }
  ref() { this.referenced = true; return this }
  unref() { this.referenced = false; return this }
  hasRef() { return this.referenced }
}

/** The same chances at each run: a test of a spread fails always or never. */
function chances(state = 1) {
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return ((state ^ (state >>> 16)) >>> 0) / 2 ** 32
  }
}

/** Runs `work` in a time of its own, which begins at 0; gives what it gives. */
export async function inVirtualTime(work) {
  let now = 0
  const timers = new Set()
  globalThis.setTimeout = (run, ms = 0, ...given) => {
    // As in Node.js and browsers: no timer is faster than 1 ms.
    const timer = new Timer(now + Math.max(Number(ms) || 0, 1), () => run(...given))
    timers.add(timer)
    return timer
  }
  globalThis.clearTimeout = (timer) => void timers.delete(timer)
  globalThis.Date = class extends real.Date {
    constructor(...given) {
      super(...(given.length ? given : [EPOCH + now]))
    }
    static now() {
      return EPOCH + now
    }
  }
  performance.now = () => now
  Object.assign(Math, { random: chances() })
  let over = false
  const done = () => void (over = true)
  try {
    const result = Promise.resolve().then(() => work({ now: () => now, pending: () => timers.size, unreferenced: () => [...timers].every((timer) => !timer.referenced) }))
    result.then(done, done)
    for (let idle = 0, turns = 0; ; turns++) {
      if (turns > 200_000) throw new Error('it has no end')
      // Everything that waits for promises alone has its turn first.
      await new Promise((resolve) => real.turn(resolve))
      if (over) return await result
      const [next] = [...timers].sort((a, b) => a.at - b.at)
      if (!next) {
        if (++idle > 200) throw new Error('it waits for something that never comes')
        continue
      }
      idle = 0
      timers.delete(next)
      now = Math.max(now, next.at)
      next.run()
    }
  } finally {
    Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout, Date: real.Date })
    performance.now = real.steady
    Object.assign(Math, { random })
  }
}

/** Waits for so many milliseconds of the time at work. */
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** A function that fails so often and then gives `value`; `starts` are the times of its calls. */
export function failing(times, value = 'done', error = () => new Error('not yet')) {
  const starts = []
  return Object.assign(async () => {
    starts.push(performance.now())
    if (starts.length <= times) throw error(starts.length)
    return value
  }, { starts })
}

/** The waits between calls. */
export const gaps = (starts) => starts.slice(1).map((at, n) => at - starts[n])
