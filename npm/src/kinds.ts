// Made from the core's own tables (src/bounds.rs, src/policy) by `cargo xtask golden --bless`. Do not edit.

/** A duration: milliseconds, or a text like `"250ms"`, `"2s"`, `"1m30s"`, `"1.5h"`. */
export type Duration = number | string

/** Why a task is a dead letter. */
export type Reason = 'exhausted' | 'deadlineExceeded' | 'permanent' | 'budgetExhausted' | 'expired' | 'crashed'

/** What happens to a class of failures. */
export type Action = 'retry' | 'retryFree' | 'deadLetter' | 'discard' | 'fail'

/** What `maxElapsed` ends. */
export type ElapsedRule = 'stopIfWouldExceed' | 'stopIfReached' | 'truncate'

/** How a server's Retry-After is used. */
export type RetryAfterMode = 'atLeast' | 'replace' | 'clamp' | 'ignore'

/** What becomes of a Retry-After that is longer than `max`. */
export type WhenLonger = 'cap' | 'giveUp'

/** Where the cap and the jitter meet. */
export type CapStage = 'fit' | 'before' | 'after' | 'both' | 'clip'

/** What `maxElapsed` counts. */
export type ElapsedMeasure = 'wall' | 'sleeps'

/** Which way delays are rounded. */
export type RoundingMode = 'floor' | 'nearest' | 'ceil'

/** One end of a uniform jitter: `factor * delay + add + addPerRetry * retry`. */
export interface JitterEnd {
  /** Uniform jitter: what this end of the range multiplies the delay by. */
  factor?: number
  /** Uniform jitter: what this end of the range adds. */
  add?: Duration
  /** Uniform jitter: what this end of the range adds for each retry, the first included. */
  addPerRetry?: Duration
}

/** How the delay grows; n is the number of retries already made. */
export type Backoff =
  /** `delay`, always. */
  | {
      kind: 'constant'
      /** The same wait before every retry. */
      delay: Duration
      /** The delay before the first retry, in place of the curve's; never jittered. */
      firstDelay?: Duration | null
    }
  /** `initial + n * increment`. */
  | {
      kind: 'linear'
      /** The delay that the curve starts from: for most kinds the wait before the first retry. */
      initial?: Duration
      /** The amount by which each delay exceeds the one before it. */
      increment?: Duration
      /** The delay before the first retry, in place of the curve's; never jittered. */
      firstDelay?: Duration | null
    }
  /** `initial * multiplier^n`. */
  | {
      kind: 'exponential'
      /** The delay that the curve starts from: for most kinds the wait before the first retry. */
      initial?: Duration
      /** The factor from each delay to the next; 2 doubles the delay. */
      multiplier?: number
      /** The delay before the first retry, in place of the curve's; never jittered. */
      firstDelay?: Duration | null
    }
  /** `offset + initial * n^power` (Sidekiq: n^4 + 15 s). The first delay is the offset. */
  | {
      kind: 'polynomial'
      /** The delay that the curve starts from: for most kinds the wait before the first retry. */
      initial?: Duration
      /** The power of the number of retries already made. */
      power?: number
      /** A constant added to every delay. */
      offset?: Duration
      /** The delay before the first retry, in place of the curve's; never jittered. */
      firstDelay?: Duration | null
    }
  /** `initial` times 1, 1, 2, 3, 5, 8, ... */
  | {
      kind: 'fibonacci'
      /** The delay that the curve starts from: for most kinds the wait before the first retry. */
      initial?: Duration
      /** The delay before the first retry, in place of the curve's; never jittered. */
      firstDelay?: Duration | null
    }
  /** The delays one by one; the last repeats. */
  | {
      kind: 'table'
      /** The wait before each retry; the last one repeats. */
      delays: readonly Duration[]
      /** The delay before the first retry, in place of the curve's; never jittered. */
      firstDelay?: Duration | null
    }
  /** `U[initial, multiplier * previous delay]`, the previous of the first being `initial`: the decorrelated jitter of the AWS Architecture Blog (2015). It draws its own jitter. */
  | {
      kind: 'decorrelated'
      /** The delay that the curve starts from: for most kinds the wait before the first retry. */
      initial?: Duration
      /** The next delay is drawn up to this many times the previous one. */
      multiplier?: number
      /** The delay before the first retry, in place of the curve's; never jittered. */
      firstDelay?: Duration | null
    }
  /** Polly's `DecorrelatedJitterV2`: with `t = n + U[0, 1)` and `F = 2^t * tanh(sqrt(4 t))`, the delay is `(F - F of the previous retry) * initial / 1.4`. It draws its own jitter. */
  | {
      kind: 'decorrelatedV2'
      /** The delay that the curve starts from: for most kinds the wait before the first retry. */
      initial?: Duration
      /** The delay before the first retry, in place of the curve's; never jittered. */
      firstDelay?: Duration | null
    }

/** How a delay d is spread. */
export type Jitter =
  | 'none' | 'full' | 'equal' | 'proportional' | 'symmetric' | 'subtractive'
  /** d itself. Many clients then retry in step: the thundering herd. */
  | {
      kind: 'none'
    }
  /** U[0, d]: the widest spread for the same cap (AWS Architecture Blog, 2015). */
  | {
      kind: 'full'
    }
  /** U[d/2, d]. */
  | {
      kind: 'equal'
    }
  /** U[d, d(1 + factor)]: the specification's, with factor 0.1. */
  | {
      kind: 'proportional'
      /** Proportional jitter: the delay d becomes U[d, d(1 + factor)]. */
      factor?: number
    }
  /** U[d(1 - factor), d(1 + factor)] (gRPC, Failsafe). */
  | {
      kind: 'symmetric'
      /** Symmetric jitter: the delay d becomes U[d(1 - factor), d(1 + factor)]. */
      factor?: number
    }
  /** U[d(1 - factor), d] (BullMQ). */
  | {
      kind: 'subtractive'
      /** Subtractive jitter: the delay d becomes U[d(1 - factor), d]. */
      factor?: number
    }
  /** U[low, high], each end as given. */
  | {
      kind: 'uniform'
      /** The lower end of the range. */
      low: JitterEnd
      /** The upper end of the range. */
      high: JitterEnd
    }

/** An allowance of retries that many tasks share. */
export type BudgetRule =
  /** A bucket that retries take tokens from and successes fill again (AWS). */
  | {
      kind: 'tokenBucket'
      /** Tokens in the full bucket. */
      capacity?: number
      /** Tokens that a retry takes. */
      cost?: number
      /** What a retry takes after a failure of this kind. */
      costByClass?: Readonly<Record<string, number>>
      /** Tokens that a success at the first attempt gives back. */
      refundOnSuccess?: number
      /** Tokens that a success at a retry gives back; cost: what the retry took. */
      refundOnRetrySuccess?: 'cost' | number
      /** What takes tokens: a retry that is let through, or every failure. */
      debitOn?: 'retry' | 'failure'
      /** Retries are allowed only while the balance is above this. */
      threshold?: number | null
    }
  /** Retries as a share of the first attempts of the last `window`, and `minPerSecond` in any case. */
  | {
      kind: 'ratio'
      /** How many retries are allowed for each hundred first attempts (or attempts in flight). */
      percent?: number
      /** Retries per second that are always allowed, however low the traffic. */
      minPerSecond?: number
      /** How long a request counts towards the budget. */
      window?: Duration
      /** What becomes of a retry for which nothing is left: the task fails, or it waits for its turn. */
      onEmpty?: 'fail' | 'wait'
    }
  /** Retries in flight as a share of the tasks in flight, and `min` in any case. */
  | {
      kind: 'concurrency'
      /** How many retries are allowed for each hundred first attempts (or attempts in flight). */
      percent?: number
      /** Concurrent retries that are always allowed, however low the traffic. */
      min?: number
    }
  /** A pace: so many retries a second over all tasks, `burst` of them at once after a pause. */
  | {
      kind: 'rate'
      /** Retries per second, over all tasks that share the budget. */
      perSecond?: number
      /** Retries that may follow each other at once after a pause. */
      burst?: number
      /** What becomes of a retry for which nothing is left: the task fails, or it waits for its turn. */
      onEmpty?: 'fail' | 'wait'
    }
