export { retry } from './retry.js'
export type { DeadLetterSink, RetryOptions, Classification } from './options.js'
export { RetryPolicy, type Address, type Band, type Failed, type Schedule, type ScheduledRetry, type Verdict } from './policy.js'
export { RetryBudget } from './budget.js'
export { DeadLetterQueue } from './dead-letters.js'
export type { DropCause, QueueOptions, QueueStats, SetAside } from './queue.js'
export type { DeadLetter, Failure, PastAttempt, RedriveReport } from './letter.js'
export type { Filter } from './letters.js'
export type { Handler, RedrivePlan } from './redrive.js'
export type { Storage } from './store.js'
export { AttemptTimeoutError, ConfigError, DeadLetterError, historyOf, QueueFullError, ResultError, RetryAbortedError, RetryError, StorageError } from './errors.js'
export { parseRetryAfter, type HeaderSource } from './retry-after.js'
export { retryHttp, HttpStatusError, RETRYABLE, type FetchOptions, type HttpOptions } from './http.js'
export { resume } from './resume.js'
export { randomSeed, seedOf } from './seeds.js'
export type {
  Action, Attempt, AttemptContext, AttemptEvent, Backoff, BudgetRule, Clock, Duration, GiveUpEvent, Jitter, JitterEnd, PolicyOptions, Reason,
  RetryEvent, Rule, Seed, Snapshot, SuccessEvent,
} from './types.js'
