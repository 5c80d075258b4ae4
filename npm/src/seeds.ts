import { decimal, newState } from './core.js'
import type { Seed } from './types.js'

/** A fresh seed, to be noted where a run is to be repeated: `retry(fn, policy, { seed })`. */
export const randomSeed = (): bigint => BigInt(decimal(newState(undefined, undefined)))

/** The 64-bit number of a seed or key: decimal numbers are themselves, other texts their hash. */
export const seedOf = (seed: Seed): bigint => BigInt(decimal(newState(seed, 0)))
