/** A duration: milliseconds, or a text like `"250ms"`, `"2s"`, `"1m30s"`, `"1.5h"`. */
export type Duration = number | string

/** Why a task is a dead letter. */
export type Reason =
  | 'exhausted'
  | 'deadlineExceeded'
  | 'permanent'
  | 'budgetExhausted'
  | 'expired'
  | 'crashed'

/** What happens to a class of failures. */
export type Action = 'retry' | 'retryFree' | 'deadLetter' | 'discard' | 'fail'

/** How the delay grows; the kinds and fields of the wire format. */
export type Backoff =
  | { kind: 'constant'; delay: Duration; firstDelay?: Duration | null }
  | { kind: 'linear'; initial?: Duration; increment?: Duration; firstDelay?: Duration | null }
  | { kind: 'exponential'; initial?: Duration; multiplier?: number; firstDelay?: Duration | null }
  | { kind: 'polynomial'; initial?: Duration; power?: number; offset?: Duration; firstDelay?: Duration | null }
  | { kind: 'fibonacci'; initial?: Duration; firstDelay?: Duration | null }
  | { kind: 'table'; delays: readonly Duration[]; firstDelay?: Duration | null }
  | { kind: 'decorrelated'; initial?: Duration; multiplier?: number; firstDelay?: Duration | null }
  | { kind: 'decorrelatedV2'; initial?: Duration; firstDelay?: Duration | null }

/** One end of a uniform jitter: `factor * delay + add + addPerRetry * retry`. */
export interface JitterEnd {
  /** What multiplies the delay. Default 1. */
  factor?: number
  /** What is added. Default 0. */
  add?: Duration
  /** What is added for every retry, the first included. Default 0. */
  addPerRetry?: Duration
}

/** How a delay d is spread. */
export type Jitter =
  /** d itself; U[0, d]; U[d/2, d]; U[d, 1.1 d]; U[0.8 d, 1.2 d]; U[d/2, d]. */
  | 'none' | 'full' | 'equal' | 'proportional' | 'symmetric' | 'subtractive'
  | { kind: 'none' | 'full' | 'equal' }
  | { kind: 'proportional' | 'symmetric' | 'subtractive'; factor?: number }
  | { kind: 'uniform'; low: JitterEnd; high: JitterEnd }

/** What becomes of failures of some kinds. The first rule that matches wins. */
export interface Rule {
  /** Error names, codes or statuses: exact, `prefix*`, or `*` for all. */
  match: string | readonly string[]
  /** What becomes of them. Default `retry`. */
  action?: Action
  /** A backoff of their own. Default: the policy's. */
  backoff?: Backoff | null
  /** A jitter of their own. Default: the policy's. */
  jitter?: Jitter | null
}

/** An allowance of retries that many tasks share. */
export type BudgetRule =
  /** A bucket that retries take tokens from and successes fill again (AWS). */
  | {
      kind: 'tokenBucket'
      /** Tokens in a full bucket. Default 500. */
      capacity?: number
      /** Tokens that a retry costs. Default 14. */
      cost?: number
      /** The same for single kinds of failures: `{ throttle: 5 }`. */
      costByClass?: Readonly<Record<string, number>>
      /** Tokens that a first-try success gives back. Default 1. */
      refundOnSuccess?: number
      /** Tokens that a success after retries gives back. Default: what the retry had cost. */
      refundOnRetrySuccess?: 'cost' | number
      /** Whether each retry is paid for, or each failure. */
      debitOn?: 'retry' | 'failure'
      /** No retry at or below so many tokens (gRPC: half of them). */
      threshold?: number | null
    }
  /** Retries as a share of the first attempts of the last `window`, and `minPerSecond` in any case. */
  | { kind: 'ratio'; percent?: number; minPerSecond?: number; window?: Duration }
  /** Retries in flight as a share of the tasks in flight, and `min` in any case. */
  | { kind: 'concurrency'; percent?: number; min?: number }

/** A policy as it is written: the wire format that Rust, the CLI and the page read too. */
export interface PolicyOptions {
  /** Where an editor finds the schema of a policy's file. Read past. */
  $schema?: string
  version?: 1
  /** How the delay grows. Default: 2 s, doubled from retry to retry. */
  backoff?: Backoff
  /** The cap: no delay is longer, jitter included. */
  maxDelay?: Duration | null
  /** No delay is shorter. Default 0. */
  minDelay?: Duration
  /** How delays are spread. Default: up to 10 % more. For clients of one server, `full` is the better choice. */
  jitter?: Jitter
  /** Executions at most. **Always counts the first call.** `null` or `Infinity` is unlimited and needs `maxElapsed`. */
  maxAttempts?: number | null | 'unlimited'
  /** The time since the first attempt after which nothing is retried. */
  maxElapsed?: Duration | null
  /** What ends it then: a wait that would end too late (default), only one that begins too late, or none: waits are cut to fit. */
  elapsedRule?: 'stopIfWouldExceed' | 'stopIfReached' | 'truncate'
  /** How long one attempt may run before it fails as `timeout` and its signal is aborted. */
  attemptTimeout?: Duration | null
  /** How the server's own wish is heard: as the least (default), instead of the delay, at most `max` more than the delay, or not. A longer wish than `max` (default: five minutes) counts as that, or ends the task. */
  retryAfter?: { mode?: 'atLeast' | 'replace' | 'clamp' | 'ignore'; max?: Duration; whenLonger?: 'cap' | 'giveUp'; jitter?: Jitter }
  /** Rules for kinds of failures; the first that matches wins. */
  classify?: readonly Rule[]
  /** What becomes of failures that no rule matches. Default `retry`. */
  defaultAction?: Action
  /** An allowance of retries that all users of this policy object share. */
  budget?: BudgetRule | null
  /** The ways of other systems, for policies that imitate them. */
  compat?: {
    capStage?: 'fit' | 'before' | 'after' | 'both' | 'clip'
    rounding?: { unit?: Duration; mode?: 'floor' | 'nearest' | 'ceil'; eachStep?: boolean } | null
    elapsedMeasure?: 'wall' | 'sleeps'
    feedback?: boolean
    resampleAbove?: { low?: number; high?: number } | null
  } | null
}

/** What a seed or a key may be: the same text, number and bigint mean the same. */
export type Seed = number | bigint | string

/** One attempt that failed. */
export interface Attempt {
  /** Its number, from 1. */
  attempt: number
  /** When it began and when it failed, in milliseconds of the clock. */
  startedAt: number
  endedAt: number
  /** The wait before it, in milliseconds: 0 before the first. */
  delay: number
  /** What it threw or rejected with, as it was: never wrapped, never changed. */
  error: unknown
}

/** What `fn` gets. */
export interface AttemptContext {
  /** The number of this attempt, from 1. */
  readonly attempt: number
  /** Aborted when the retry is, and when this attempt runs into `attemptTimeout`. */
  readonly signal: AbortSignal
  /** The option `key`, as text. */
  readonly key: string
  /** Milliseconds since the first attempt began. */
  readonly elapsed: number
  /** What the attempt before failed with. */
  readonly lastError: unknown
  /** When `maxElapsed` ends, in milliseconds of the clock; `undefined` without one. */
  readonly deadline: number | undefined
}

/** Where time comes from. Read at each use, so that fake timers work. */
export interface Clock {
  /** Milliseconds since some epoch. */
  now(): number
  /** Calls back in `ms` milliseconds; what it gives is for `clearTimeout`. */
  setTimeout(callback: () => void, ms: number): unknown
  clearTimeout(timer: any): void
}

/** What `onRetry` gets. */
export interface RetryEvent {
  /** What the attempt failed with. */
  error: unknown
  /** The attempt that failed. */
  attempt: number
  /** The wait that begins now, in milliseconds. */
  delay: number
  /** When it ends, in milliseconds of the clock. */
  at: number
  /** What `resume` needs to go on with this retry in another process: plain JSON. */
  snapshot(): Snapshot
}

/** A retry in flight, as plain JSON. */
export interface Snapshot {
  version: 1
  policy: PolicyOptions
  seed: string
  key: string
  /** When the first attempt began and when the next is due, in milliseconds of the clock. */
  began: number
  due: number
  /** The wait that was on. */
  delay: number
  /** What the core remembers of the task. */
  state: number[]
  taskType: string
  payload: unknown
}
