// What a dead letter is, and what a redrive says of it.
import type { PolicyOptions, Reason } from './types.js'

/** What a failure was, in words that survive the process. */
export interface Failure {
  /** The error's `kind`, or else its name. At most 128 bytes. */
  kind: string
  /** What it said: at most 1024 bytes, `…` where more was cut off. */
  message: string
  /** The error's `code`, where it has one. */
  code?: string
  /** The wait that the server asked for, in milliseconds: the error's `retryAfter`. */
  retryAfter?: number
}

/** One remembered attempt of a dead letter. Times are milliseconds of the clock. */
export interface PastAttempt {
  /** Its number, from 1. */
  attempt: number
  startedAt: number
  endedAt: number
  /** The wait before it, in milliseconds: 0 before the first. */
  delay: number
  error: Failure
}

/** A task that will not be retried: why, with its history, and all that it takes to send it back to work. */
export interface DeadLetter {
  /** Its number in the queue, from 1. */
  readonly id: number
  /** The id of the first dead letter of this task: redriven letters keep it. */
  readonly lineage: number
  /** The option `key` of the `retry` that gave up. */
  readonly key: string
  /** Its option `taskType`, else empty. */
  readonly taskType: string
  /** Its option `payload`, as JSON keeps it; `null` if there was none. */
  readonly payload: unknown
  /** Why it will not be retried. */
  readonly reason: Reason
  /** Attempts of its last life. */
  readonly attempts: number
  /** Attempts of all lives before the last. */
  readonly earlierAttempts: number
  /** How often it was sent back to work, and died again. */
  readonly redrives: number
  /** Redriven as often as allowed: it waits for a person. */
  readonly parked: boolean
  /** When its first attempt failed. */
  readonly firstFailedAt: number
  readonly lastFailedAt: number
  /** When the policy gave it up: what `retention` counts from. */
  readonly diedAt: number
  /** The last failure of the history. */
  readonly lastError: Failure | null
  /** Its failed attempts, oldest first: the last 10. */
  readonly history: readonly PastAttempt[]
  /** Attempts that the history no longer holds. */
  readonly forgotten: number
  /** The policy that it died under; `null` for the default one. */
  readonly policy: PolicyOptions | null
  /** What its delays were drawn from. */
  readonly seed: string
}

/** What a redrive did. One that did nothing says so: `selected` is 0. */
export interface RedriveReport {
  /** Letters that the filter and the limit let through. */
  selected: number
  /** Those that a handler was started for. */
  scheduled: number
  /** Those whose handler succeeded: they have left the queue. */
  succeeded: number
  /** Those that died again, and are back in the queue. */
  failed: number
  /** Those that were redriven too often, and are now parked. */
  parked: number
  /** Those that were none of this: the redrive was ended before them, the letter was gone, or is in work elsewhere. */
  skipped: number
  /** Those that stay as they were, because too many before them died again: see `canary` and `stopWhen`. */
  heldBack: number
  /** Whether too many died again, so that it stopped. */
  stopped: boolean
}
