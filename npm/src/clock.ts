import type { Clock } from './types.js'

/** The clock of the machine, with its global timers: read at each use, so that fake ones work. */
export const systemClock: Clock = {
  now: () => Date.now(),
  // Never early: a timer cuts fractions off. Never negative: Node.js warns.
  setTimeout: (callback, ms) => globalThis.setTimeout(callback, Math.max(Math.ceil(ms), 0)),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
}

const { Date: Real } = globalThis

/**
 * The time since some epoch, for intervals: the system's clock may be set, this one only goes on. Where
 * `Date` is not the one that was there at the start, fake timers are at work, and not all fake both.
 */
export const steady = (clock: Clock): number => (clock == systemClock && globalThis.Date == Real && globalThis.performance ? performance.now() : clock.now())
