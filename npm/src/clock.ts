import type { Clock } from './types.js'

/** The clock of the machine, with its global timers: read at each use, so that fake ones work. */
export const systemClock: Clock = {
  now: () => Date.now(),
  // Never early: a timer cuts fractions off.
  setTimeout: (callback, ms) => globalThis.setTimeout(callback, Math.ceil(ms)),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
}
