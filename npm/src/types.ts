import type { Action, Backoff, BudgetRule, Duration, Jitter, Reason } from './kinds.js'

export type * from './kinds.js'

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
  /** An attempt that ran this long before it failed starts the count of attempts, the delays and `maxElapsed` anew: for connections that live for hours. */
  resetAfter?: Duration | null
  /** How the server's Retry-After is used: as the minimum (default), instead of the delay, at most `max` more than the delay, or not. One that is longer than `max` (default: five minutes) counts as that, or ends the task. */
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
    rounding?: { unit?: Duration; mode?: 'floor' | 'nearest' | 'ceil'; eachStep?: boolean; amplitude?: boolean } | null
    elapsedMeasure?: 'wall' | 'sleeps'
    feedback?: boolean
    uncappedFirst?: boolean
    falling?: boolean
    jitterOnce?: boolean
    jitterSteps?: number
    resampleAbove?: { low?: number; high?: number } | null
  } | null
  /** Where `redrive import` took the policy from; of no effect. */
  imported?: { from?: string; name?: string; fidelity?: 'exact' | 'approximate'; reasons?: readonly string[] }
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

/** What every event says of the attempt that ended: enough for a span. */
export interface AttemptEvent {
  /** The option `key`, as text. */
  key: string
  /** The number of the attempt, from 1. */
  attempt: number
  /** When it began, in milliseconds of the clock. */
  startedAt: number
  /** How long it ran, in milliseconds. */
  duration: number
  /** Since the first attempt began, in milliseconds. */
  elapsed: number
}

/** What `onRetry` gets. */
export interface RetryEvent extends AttemptEvent {
  /** What the attempt failed with. */
  error: unknown
  /** The wait that begins now, in milliseconds. */
  delay: number
  /** When it ends, in milliseconds of the clock. */
  at: number
  /** What `resume` needs to go on with this retry in another process: plain JSON. */
  snapshot(): Snapshot
}

/** What `onSuccess` gets. */
export interface SuccessEvent extends AttemptEvent {
  /** What the caller gets. */
  value: unknown
}

/** What `onGiveUp` gets. */
export interface GiveUpEvent extends AttemptEvent {
  /** What the caller gets. */
  error: unknown
  /** Why: that of the dead letter, `discarded` or `failed` by a rule, `aborted` by the signal. */
  reason: Reason | 'discarded' | 'failed' | 'aborted'
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
