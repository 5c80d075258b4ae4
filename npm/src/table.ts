// Made from the core's own tables (src/bounds.rs, src/policy) by `cargo xtask golden --bless`. Do not edit.

/** Name, unit (0 a number, 1 a duration in nanoseconds, 2 a whole number, 3 a list of durations, 4 an end of a range, 5 read by hand), minimum, maximum, default. */
export type Row = readonly [string, 0 | 1 | 2 | 3 | 4 | 5, number, number, number | null]
/** Name, parameters, whether it draws its own jitter. */
export type Kinds = ReadonlyArray<readonly [string, readonly Row[], 1?]>

export const MIN_DELAY: Row = ['minDelay', 1, 0, 1.8446744073709552e19, 0]
export const MAX_DELAY: Row = ['maxDelay', 1, 0, 1.8446744073709552e19, null]
export const FIRST_DELAY: Row = ['firstDelay', 1, 0, 1.8446744073709552e19, null]
export const MAX_ATTEMPTS: Row = ['maxAttempts', 2, 1, 4.294967295e9, 3]
export const MAX_ELAPSED: Row = ['maxElapsed', 1, 0, 1.8446744073709552e19, null]
export const ATTEMPT_TIMEOUT: Row = ['attemptTimeout', 1, 1, 1.8446744073709552e19, null]
export const RESET_AFTER: Row = ['resetAfter', 1, 1, 1.8446744073709552e19, null]
export const RETRY_AFTER_MAX: Row = ['max', 1, 0, 1.8446744073709552e19, 3e11]
export const DELAY: Row = ['delay', 1, 0, 1.8446744073709552e19, null]
export const REFUND: Row = ['refundOnSuccess', 0, 0, 1000, 1]
export const COST: Row = ['cost', 2, 0, 1000, 14]
export const THRESHOLD: Row = ['threshold', 0, 0, 1e9, null]
export const ROUNDING_UNIT: Row = ['unit', 1, 1, 8.64e13, 1e6]
export const RESAMPLE_LOW: Row = ['low', 0, 0, 1, 0.5]
export const RESAMPLE_HIGH: Row = ['high', 0, 0, 1, 1]
export const JITTER_STEPS: Row = ['jitterSteps', 2, 0, 1e6, 0]
export const ENDS: readonly Row[] = [['factor', 0, 0, 100, 1], ['add', 1, 0, 1.8446744073709552e19, 0], ['addPerRetry', 1, 0, 1.8446744073709552e19, 0]]
export const BACKOFFS: Kinds = [
  ['constant', [['delay', 1, 0, 1.8446744073709552e19, null]]],
  ['linear', [['initial', 1, 0, 1.8446744073709552e19, 2e9], ['increment', 1, 0, 1.8446744073709552e19, 1e9]]],
  ['exponential', [['initial', 1, 0, 1.8446744073709552e19, 2e9], ['multiplier', 0, 1, 1000, 2]]],
  ['polynomial', [['initial', 1, 0, 1.8446744073709552e19, 2e9], ['power', 0, 0, 10, 2], ['offset', 1, 0, 1.8446744073709552e19, 0]]],
  ['fibonacci', [['initial', 1, 0, 1.8446744073709552e19, 2e9]]],
  ['table', [['delays', 3, 0, 1.8446744073709552e19, null]]],
  ['decorrelated', [['initial', 1, 0, 1.8446744073709552e19, 2e9], ['multiplier', 0, 1, 1000, 3]], 1],
  ['decorrelatedV2', [['initial', 1, 0, 1.8446744073709552e19, 2e9]], 1],
]
export const JITTERS: Kinds = [
  ['none', []],
  ['full', []],
  ['equal', []],
  ['proportional', [['factor', 0, 0, 10, 0.1]]],
  ['symmetric', [['factor', 0, 0, 1, 0.2]]],
  ['subtractive', [['factor', 0, 0, 1, 0.5]]],
  ['uniform', [['low', 4, 0, 100, null], ['high', 4, 0, 100, null]]],
]
export const BUDGETS: Kinds = [
  ['tokenBucket', [['capacity', 2, 1, 1e9, 500], ['cost', 2, 0, 1000, 14], ['costByClass', 5, 0, 1000, null], ['refundOnSuccess', 0, 0, 1000, 1], ['refundOnRetrySuccess', 5, 0, 1000, null], ['debitOn', 5, 0, 1000, null], ['threshold', 5, 0, 1e9, null]]],
  ['ratio', [['percent', 0, 0, 1000, 20], ['minPerSecond', 0, 0, 1e6, 10], ['window', 1, 1e7, 3.6e12, 1e10], ['onEmpty', 5, 0.000001, 1e9, null]]],
  ['concurrency', [['percent', 0, 0, 1000, 20], ['min', 2, 0, 1e6, 3]]],
  ['rate', [['perSecond', 0, 0.000001, 1e9, 10], ['burst', 2, 1, 1e9, 10], ['onEmpty', 5, 0.000001, 1e9, null]]],
]
export const ELAPSED_RULES = ['stopIfWouldExceed', 'stopIfReached', 'truncate'] as const
export const ACTIONS = ['retry', 'retryFree', 'deadLetter', 'discard', 'fail'] as const
export const MODES = ['atLeast', 'replace', 'clamp', 'ignore'] as const
export const WHEN_LONGER = ['cap', 'giveUp'] as const
export const CAP_STAGES = ['fit', 'before', 'after', 'both', 'clip'] as const
export const MEASURES = ['wall', 'sleeps'] as const
export const ROUNDING_MODES = ['floor', 'nearest', 'ceil'] as const
export const DEBITS = ['retry', 'failure'] as const
export const REASONS = ['exhausted', 'deadlineExceeded', 'permanent', 'budgetExhausted', 'expired', 'crashed'] as const
export const ON_EMPTY = ['fail', 'wait'] as const
export const POLICY = ['version', 'backoff', 'minDelay', 'maxDelay', 'jitter', 'maxAttempts', 'maxElapsed', 'elapsedRule', 'attemptTimeout', 'resetAfter', 'retryAfter', 'classify', 'defaultAction', 'budget', 'compat', 'imported', '$schema'] as const
/** Where each number is in the buffer that WebAssembly reads. */
export const enum Place {
  MinDelay = 0,
  MaxDelay = 1,
  FirstDelay = 2,
  MaxAttempts = 3,
  MaxElapsed = 4,
  ResetAfter = 5,
  ElapsedRule = 6,
  Action = 7,
  HintMode = 8,
  HintMax = 9,
  WhenLonger = 10,
  HintJitter = 11,
  Jitter = 18,
  CapStage = 25,
  Measure = 26,
  Feedback = 27,
  RoundingUnit = 28,
  RoundingMode = 29,
  RoundingSteps = 30,
  ResampleLow = 31,
  ResampleHigh = 32,
  RoundingAmplitude = 33,
  UncappedFirst = 34,
  Falling = 35,
  JitterOnce = 36,
  JitterSteps = 37,
  Backoff = 38,
  Scale = 39,
  Factor = 40,
  Added = 41,
  Seed = 42,
  Key = 44,
  Began = 46,
  Attempts = 47,
  Bits = 48,
  Previous = 49,
  Delay = 51,
  DelayNs = 52,
  Due = 54,
  Budget = 55,
  BudgetState = 56,
  Rest = 96,
  End = 16288,
}
export const DEFAULT_ROW = [0, NaN, NaN, 3, NaN, NaN, 0, 0, 0, 3e11, 0, 3, 0.1, 0, 0, 0, 0, 0, 3, 0.1, 0, 0, 0, 0, 0, 0, 0, 0, NaN, 0, 0, NaN, NaN, 0, 0, 0, 0, 0, 2, 2e9, 2, 0]
export const RECOMMENDED = {"version":1,"backoff":{"kind":"exponential","initial":"500ms","multiplier":2},"maxDelay":"30s","jitter":"full","maxAttempts":5,"classify":[{"match":["throttle","429"],"action":"retry","backoff":{"kind":"exponential","initial":"1s","multiplier":2}},{"match":["invalid","auth","missing","unsupported","cancelled"],"action":"deadLetter"}],"budget":{"kind":"ratio","percent":20,"minPerSecond":10,"window":"10s"}} as const
export const PATIENT = {"version":1,"backoff":{"kind":"exponential","initial":"1s","multiplier":2},"maxDelay":"5m","jitter":"full","maxAttempts":50,"retryAfter":{"mode":"atLeast","max":"1h","jitter":{"kind":"proportional","factor":0.1}},"classify":[{"match":["invalid","auth","missing","unsupported","cancelled"],"action":"deadLetter"}],"budget":{"kind":"rate","perSecond":10,"burst":10,"onEmpty":"wait"}} as const
