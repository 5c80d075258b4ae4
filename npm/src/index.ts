export { retry, type RetryOptions } from './retry.js'
export { RetryPolicy, type Address, type Band, type Schedule, type ScheduledRetry } from './policy.js'
export { RetryBudget } from './budget.js'
export {
  DeadLetterQueue, QueueFullError,
  type DeadLetter, type DeadLetterSink, type DropCause, type Failure, type Filter, type PastAttempt, type QueueOptions,
  type QueueStats, type RedrivePlan, type RedriveReport, type Storage,
} from './dead-letters.js'
export { AttemptTimeoutError, ConfigError, DeadLetterError, RetryAbortedError, RetryError } from './errors.js'
export { parseRetryAfter, type HeaderSource } from './retry-after.js'
export { retryHttp, HttpStatusError, RETRYABLE, type HttpOptions } from './http.js'
export { resume } from './resume.js'
export { randomSeed, seedOf } from './seeds.js'
export type {
  Action, Attempt, AttemptContext, Backoff, BudgetRule, Clock, Duration, Jitter, JitterEnd, PolicyOptions, Reason,
  RetryEvent, Rule, Seed, Snapshot,
} from './types.js'
