import type { Duration } from './types.js'

const UNITS: Record<string, number> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 36e11, d: 864e11 }

/** A duration in nanoseconds; `NaN` for what is none. */
export function nanoseconds(value: unknown): number {
  if (typeof value != 'string') return typeof value == 'number' ? Math.round(value * 1e6) : NaN
  let total = 0
  const rest = value.replace(/\s*([\d.]+)\s*([num]?s|[mhd])\s*/g, (_, count, unit) => {
    total += count * UNITS[unit]!
    return ''
  })
  return rest || !value ? NaN : Math.round(total)
}

export type { Duration }
