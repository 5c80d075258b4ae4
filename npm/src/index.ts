export { retry, type RetryOptions } from './retry.js'
export { RetryPolicy, type Address, type Band, type Schedule, type ScheduledRetry } from './policy.js'
export { RetryBudget } from './budget.js'
export { DeadLetterQueue, type DeadLetterSink, type DropCause, type QueueOptions, type QueueStats } from './dead-letters.js'
export type { DeadLetter, Failure, Filter, PastAttempt } from './letters.js'
export type { Handler, RedrivePlan, RedriveReport } from './redrive.js'
export type { Storage } from './store.js'
export { AttemptTimeoutError, ConfigError, DeadLetterError, QueueFullError, RetryAbortedError, RetryError, StorageError } from './errors.js'
export { parseRetryAfter, type HeaderSource } from './retry-after.js'
export { retryHttp, HttpStatusError, RETRYABLE, type HttpOptions } from './http.js'
export { resume } from './resume.js'
export { randomSeed, seedOf } from './seeds.js'
export type {
  Action, Attempt, AttemptContext, Backoff, BudgetRule, Clock, Duration, Jitter, JitterEnd, PolicyOptions, Reason,
  RetryEvent, Rule, Seed, Snapshot,
} from './types.js'
