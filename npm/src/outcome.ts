import type { Figures } from './figures.js'

export type { Figure, Spread } from './figure.js'
export type { ClassFigures, Figures, LayerFigures, Quantiles, WindowFigures } from './figures.js'

/** Counts over time, one entry a bin. */
export interface Series {
  binSeconds: number
  /** What the server can do in one bin. */
  capacityPerBin: number | null
  faults: { from: number; until: number; mode: string }[]
  first: Uint32Array
  retries: Uint32Array
  rejected: Uint32Array
  succeeded: Uint32Array
  failed: Uint32Array
  dead: Uint32Array
  /** The most requests that waited in the bin. */
  queue: Uint32Array
}

/** One sampled task: when each of its attempts ended, and how. */
export interface RasterRow {
  key: bigint
  seconds: Float64Array
  marks: ('failed' | 'rejected' | 'timedOut' | 'succeeded' | 'dead')[]
}

/**
 * What one policy did.
 *
 * `tasks` = `succeeded` + all of `deadLettered` + `discarded` + `failed` + `cancelled` + `unfinished`, always.
 */
export interface PolicyOutcome extends Figures {
  name: string
  /** Whether the run was stopped before its end: then these are the figures up to there. */
  partial?: boolean
  /** With `charts: true`, of the first run. */
  series?: Series
  raster?: RasterRow[]
  /** The share of successes that took no longer than so many seconds. */
  latency?: { seconds: Float64Array; share: Float64Array }
}

/** What a simulation found: what `redrive simulate --format json` prints, under the same names. */
export interface Outcome {
  schema: 'redrive-simulate/1'
  scenario: string
  /** A `bigint` where no number holds it. */
  seed: number | bigint
  runs: number
  /** In the scenario's order. */
  policies: PolicyOutcome[]
}

/** How far a simulation is. */
export interface Progress {
  /** From 0 to 1. */
  share: number
  /** Events that have been simulated, of all policies and runs. */
  events: number
  /** Where the present run is, in seconds of its own time. */
  simulatedSeconds: number
  /** When a run ends at the latest; `null` where the scenario has no horizon. */
  horizonSeconds: number | null
  /** Runs that are done, of how many: policies times `runs`. */
  done: number
  total: number
}
