import type { Attempt, Reason } from './types.js'

/** A policy, budget or option that is not valid. The message names the field, the value and the limit. */
export class ConfigError extends TypeError {
  override name = 'ConfigError'
  constructor(
    /** The field, with those that it is in: `backoff.multiplier`. */
    readonly path: string,
    why: string,
  ) {
    super(path + ' ' + why)
  }
}

/** The base of every way in which a retry ends without a result. */
export class RetryError extends Error {
  override name = 'RetryError'
  /** Attempts made. */
  attempts = 0
  /** The failed attempts in order: the last ones, where there were very many. */
  errors: Attempt[] = []
}

/** A task that will not be retried: it was, or could have been, put in a dead-letter queue. */
export class DeadLetterError extends RetryError {
  override name = 'DeadLetterError'
  /** Why: `exhausted`, `deadlineExceeded`, `permanent`, `budgetExhausted`; `discarded` by a rule. */
  reason: Reason | 'discarded' = 'exhausted'
  /** The number of the dead letter, where `deadLetters` was given and stored it. */
  id: number | undefined
  /** Why the dead letter could not be stored, where it could not. */
  storageError: unknown
  /** What the delays were drawn from: with them `policy.delays({ seed, key })` shows the waits again. */
  seed = ''
  key = ''
}

/** The retry was given up by its `signal`. `cause` is the signal's reason. */
export class RetryAbortedError extends RetryError {
  override name = 'AbortError'
}

/** An attempt that took longer than the policy's `attemptTimeout`. Its failure kind is `timeout`. */
export class AttemptTimeoutError extends Error {
  override name = 'TimeoutError'
}
