// Made from sim/src/outcome/figures.rs by `cargo xtask golden --bless`. Do not edit.
import type { Figure } from './figure.js'
import type { Reason } from './types.js'

/** A distribution of one quantity. */
export interface Quantiles {
  /** The mean. */
  mean: Figure
  /** The median. */
  p50: Figure
  /** 90 % are not above it. */
  p90: Figure
  /** 99 % are not above it. */
  p99: Figure
  /** 99.9 % are not above it. */
  p999: Figure
  /** The largest. */
  max: Figure
}

/** The figures of the named windows of time. */
export interface WindowFigures {
  /** Its name in the scenario. */
  name: string
  /** Its start, seconds. */
  from: number
  /** Its end (excluded), seconds. */
  to: number
  /** Tasks that arrived in it. */
  tasks: Figure
  /** Tasks that succeeded in it. */
  succeeded: Figure
  /** Attempts started in it. */
  attempts: Figure
  /** Successes / tasks of the window. */
  goodputPerFirst: Figure
  /** Tasks that succeeded in the window, within report.objective / tasks of the window; absent without an objective. */
  withinObjective: Figure
  /** Attempts / tasks of the window. */
  amplification: Figure
}

/** Attempts at each layer, outermost first; absent without layers. */
export interface LayerFigures {
  /** Its name in the scenario. */
  name: string
  /** Requests that reached it: attempts of the clients, or of the layer above. */
  attempts: Figure
  /** Requests that reached it / tasks. */
  amplification: Figure
  /** Requests that it refused at once, or dropped from its queue. */
  refused: Figure
  /** The largest rate of requests after the bin of the first ones. */
  peakPerSecond: Figure
  /** The largest rate of requests from the end of the last fault on. */
  peakAfterFaultPerSecond: Figure
  /** Requests a second that it can do; absent when it has no limit. */
  capacityPerSecond: Figure
  /** The largest rate from the end of the last fault on / its capacity. */
  peakToCapacity: Figure
  /** From the moment a request reached it to its success, with all calls that it made for it, seconds. */
  timeToSuccessSeconds: Quantiles
  /** The most requests that waited in its queue. */
  maxQueue: Figure
  /** Retries of its own calls that its budget refused. */
  budgetDenied: Figure
  /** Calls of its own that its breaker refused, or retries. */
  breakerDenied: Figure
  /** Calls of its own that its throttle refused. */
  throttleDenied: Figure
}

/** Each class of clients, in the scenario's order; absent without classes. */
export interface ClassFigures {
  /** Its name in the scenario. */
  name: string
  /** Its tasks that arrived before the horizon. */
  tasks: Figure
  /** Its tasks that succeeded. */
  succeeded: Figure
  /** Its dead letters that were still dead at the end. */
  deadLetters: Figure
  /** Its attempts. */
  attempts: Figure
  /** Its attempts / its tasks. */
  amplification: Figure
  /** Its successes / its tasks. */
  goodputPerFirst: Figure
  /** From the first attempt to success, seconds. */
  timeToSuccessSeconds: Quantiles
}

/** The figures of one policy. */
export interface Figures {
  /** Tasks that arrived before the horizon. */
  tasks: Figure
  /** Tasks that succeeded. */
  succeeded: Figure
  /** Dead letters that were still dead at the end, by reason (every reason is listed). */
  deadLettered: Record<Reason, Figure>
  /** Tasks dropped by a discard rule. */
  discarded: Figure
  /** Tasks ended by a fail rule. */
  failed: Figure
  /** Tasks that were cancelled. */
  cancelled: Figure
  /** Tasks that had not ended at the horizon. */
  unfinished: Figure
  /** Attempts started (in a contention scenario: write calls). */
  attempts: Figure
  /** Attempts / tasks. */
  amplification: Figure
  /** Attempts that the server refused at once: queue full or rate limited. */
  rejectedAttempts: Figure
  /** Attempts that the client gave up waiting for. */
  timedOutAttempts: Figure
  /** Worker time spent on abandoned requests, seconds. */
  wastedServerSeconds: Figure
  /** The width of the bins in which the rates below were counted. */
  bin: string
  /** The largest attempt rate after the bin of the first attempts. */
  peakAttemptsPerSecond: Figure
  /** The largest attempt rate from the end of the last fault on: what a recovering server gets. */
  peakAfterFaultPerSecond: Figure
  /** Requests a second that the server can do; absent when it has no limit. */
  capacityPerSecond: Figure
  /** The largest attempt rate from the end of the last fault on / the capacity. */
  peakToCapacity: Figure
  /** The largest attempt rate over a moving window as long as report.window, from the end of the last fault on, or after the first bin. */
  peakOverWindowPerSecond: Figure
  /** The largest attempt rate over a moving window / the capacity. */
  peakOverWindowToCapacity: Figure
  /** When the last task ended, seconds. */
  completionSeconds: Figure
  /** From the end of the last fault to the end of the last task, seconds. */
  drainSeconds: Figure
  /** Successes / first attempts. */
  goodputPerFirst: Figure
  /** From the end of the last fault until goodput was back at 95 % of the baseline and stayed there for the scenario's report.recoverFor, seconds; absent when that never happened. */
  recoverSeconds: Figure
  /** The figures of the named windows of time. */
  windows: WindowFigures[]
  /** From the first attempt to success, seconds. */
  timeToSuccessSeconds: Quantiles
  /** From the first attempt to the dead-letter queue, seconds. */
  timeToDeadLetterSeconds: Quantiles
  /** From the first attempt to the end, whatever the end was, seconds. */
  timeToEndSeconds: Quantiles
  /** Attempts made by each ended task. */
  attemptsPerTask: Quantiles
  /** Tasks that succeeded within report.objective of their first attempt / all tasks; absent without an objective. */
  withinObjective: Figure
  /** Tasks that succeeded / tasks. */
  succeededShare: Figure
  /** Dead letters / tasks. */
  deadLetterShare: Figure
  /** Tasks that had not ended at the horizon / tasks. */
  unfinishedShare: Figure
  /** Retries / attempts. */
  retryShare: Figure
  /** The largest bin of attempts over the mean bin (between the first and the last attempt). */
  peakToMean: Figure
  /** The most requests that waited for the server at one moment. */
  maxQueue: Figure
  /** Retries that the shared budget refused. */
  budgetDenied: Figure
  /** Attempts or retries that the circuit breaker refused. */
  breakerDenied: Figure
  /** Attempts that the clients' throttle refused (client.throttle); not among the attempts. */
  throttleDenied: Figure
  /** Messages that the network lost. */
  lostMessages: Figure
  /** Dead letters that were sent back to work. */
  redriven: Figure
  /** Jain's index of the attempts of ended tasks: 1 when all needed the same number, 1/n when one task made them all. */
  fairness: Figure
  /** λ* = μ / A: above this load of first attempts a service whose every task costs all `A` attempts stays down for good. Absent without a capacity or a limit of attempts. */
  sustainablePerSecond: Figure
  /** 1 when the tasks of the last tenth of the arrivals were matched by less than half as many successes (in that tenth and as long again), else 0: over many runs, the probability of collapse. */
  collapsed: Figure
  /** Attempts at each layer, outermost first; absent without layers. */
  layers?: LayerFigures[]
  /** Each class of clients, in the scenario's order; absent without classes. */
  clients?: ClassFigures[]
  /** Events that the simulator processed. */
  events: Figure
  /** How long the run took, seconds; null where the caller has no clock. */
  wallSeconds: Figure
  /** 16 hex digits over all events in order, the same on every platform; over all runs when there are several. */
  traceHash: string
}
