import type { Reason } from './types.js'

/** One figure of several runs. */
export interface Spread {
  mean: number
  /** Half the width of the 95 % confidence interval of the mean. */
  ci95: number
  min: number
  max: number
  /** How many runs lack the figure; absent where none does. */
  missing?: number
}

/** A number with `runs: 1`, its spread with more; `null` where there is no such number. */
export type Figure = number | Spread | null

/** A distribution of one quantity. */
export interface Quantiles {
  mean: Figure
  p50: Figure
  p90: Figure
  p99: Figure
  p999: Figure
  max: Figure
}

/** The figures of one window of time. */
export interface WindowOutcome {
  name: string
  /** Seconds. */
  from: number
  to: number
  tasks: Figure
  succeeded: Figure
  attempts: Figure
  goodputPerFirst: Figure
  amplification: Figure
}

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
export interface PolicyOutcome {
  name: string
  /** Tasks that arrived before the horizon. */
  tasks: Figure
  succeeded: Figure
  /** Dead letters that were still dead at the end, by reason; every reason is listed. */
  deadLettered: Record<Reason, Figure>
  discarded: Figure
  failed: Figure
  cancelled: Figure
  /** Tasks that had not ended at the horizon. */
  unfinished: Figure
  attempts: Figure
  /** Attempts / tasks. */
  amplification: Figure
  /** Attempts that the server refused at once: queue full or rate limited. */
  rejectedAttempts: Figure
  /** Attempts that the client gave up waiting for. */
  timedOutAttempts: Figure
  /** Worker time spent on attempts whose answer nobody waited for any more. */
  wastedServerSeconds: Figure
  /** The width of the bins in which the rates below were counted. */
  bin: string
  /** The largest rate of attempts after the bin of the first attempts. */
  peakAttemptsPerSecond: Figure
  /** The largest rate of attempts from the end of the last fault on: what a recovering server gets. */
  peakAfterFaultPerSecond: Figure
  /** `null` where the server has no limit. */
  capacityPerSecond: Figure
  /** `peakAfterFaultPerSecond` / `capacityPerSecond`. */
  peakToCapacity: Figure
  /** When the last task ended. */
  completionSeconds: Figure
  /** The same, counted from the end of the last fault. */
  drainSeconds: Figure
  /** Successes / first attempts. */
  goodputPerFirst: Figure
  /** From the end of the last fault until goodput was back at 95 % of the baseline to stay; `null`: never. */
  recoverSeconds: Figure
  windows: WindowOutcome[]
  timeToSuccessSeconds: Quantiles
  timeToDeadLetterSeconds: Quantiles
  timeToEndSeconds: Quantiles
  attemptsPerTask: Quantiles
  /** Dead letters / tasks. */
  deadLetterShare: Figure
  /** Retries / attempts. */
  retryShare: Figure
  /** The largest bin of attempts over the mean bin. */
  peakToMean: Figure
  /** The most requests that waited for the server at one moment. */
  maxQueue: Figure
  /** Retries that the shared budget refused. */
  budgetDenied: Figure
  /** Attempts or retries that the circuit breaker refused. */
  breakerDenied: Figure
  /** Attempts that the clients' throttle refused; not in `attempts`. */
  throttleDenied: Figure
  lostMessages: Figure
  /** Dead letters that were sent back to work. */
  redriven: Figure
  /** Jain's index of the attempts of ended tasks: 1 when all needed the same number. */
  fairness: Figure
  /** Above this load of first attempts a service whose every task costs all attempts stays down for good. */
  sustainablePerSecond: Figure
  /** 1 when the service had collapsed at the end, else 0: over many runs, the probability of it. */
  collapsed: Figure
  /** Attempts at each layer, outermost first; absent without layers. */
  layers?: { name: string; attempts: Figure; amplification: Figure }[]
  /** Events that the simulator processed. */
  events: Figure
  /** How long the run took; `null` with more than one. */
  wallSeconds: number | null
  /** 16 hex digits over all events in order: the same on every platform, and in the CLI. */
  traceHash: string
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
