import type { Duration } from './types.js'

const UNITS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 36e11, d: 864e11 }

/** A duration in nanoseconds; `NaN` for what is not one. One pass over the text, however long. */
export function nanoseconds(value: unknown): number {
  if (typeof value != 'string') return typeof value == 'number' ? Math.round(value * 1e6) : NaN
  const part = /\s*([\d.]+)\s*([nuµμm]?s|[mhd])\s*/y
  let total = 0
  do {
    const found = part.exec(value)
    total += found ? +found[1]! * UNITS[found[2]!]! : NaN
  } while (total == total && part.lastIndex < value.length)
  return Math.round(total)
}

export type { Duration }
