import type { DeadLetter, RedriveReport } from './letter.js'
import type { Attempt, Reason } from './types.js'

/** A policy, budget or option that is not valid. The message names the field, the value and the limit. */
export class ConfigError extends TypeError {
  override name = 'ConfigError'
  /** The field, with those that it is in: `backoff.multiplier`. */
  declare readonly path: string
  constructor(path: string, why: string) {
    super(path + ' ' + why)
    this.path = path
  }
}

/** The base of every way in which a retry ends without a result. */
export class RetryError extends Error {
  override name = 'RetryError'
  /** Attempts made. */
  declare attempts: number
  /** The failed attempts in order: the last hundred, where there were more. */
  declare errors: Attempt[]
}

/** A task that will not be retried: it was, or could have been, put in a dead-letter queue. */
export class DeadLetterError extends RetryError {
  override name = 'DeadLetterError'
  /** Why: `exhausted`, `deadlineExceeded`, `permanent`, `budgetExhausted`; `discarded` by a rule. */
  declare reason: Reason | 'discarded'
  /** The number of the dead letter in the queue `deadLetters`; `undefined` where it is in none. */
  declare id: number | undefined
  /**
   * What the queue said instead of taking the letter: a `QueueFullError`, which carries it, or a
   * `StorageError`, with which the letter is in the queue's memory and `id` its number.
   */
  declare queueError: unknown
  /** What the delays were drawn from: with them `policy.delays({ seed, key })` shows the waits again. */
  declare seed: string
  /** The option `key`, as text. */
  declare key: string
}

/** The retry was given up by its `signal`. `cause` is the signal's reason. */
export class RetryAbortedError extends RetryError {
  override name = 'AbortError'
}

/** An attempt that took longer than the policy's `attemptTimeout`. Its failure kind is `timeout`. */
export class AttemptTimeoutError extends Error {
  override name = 'TimeoutError'
}

/** There was no room, and the queue refuses rather than drops. It carries the letter. */
export class QueueFullError extends Error {
  override name = 'QueueFullError'
  constructor(
    capacity: number,
    /** What did not fit. */
    readonly letter: DeadLetter,
  ) {
    super(`the dead-letter queue holds ${capacity} letters and is full; redrive, purge, or raise its capacity`)
  }
}

/** The storage of a dead-letter queue failed. `cause` is its own error; `flush` tries again what it refused. */
export class StorageError extends Error {
  override name = 'StorageError'
  /** What had been done when it failed, where it was a redrive. */
  declare report: RedriveReport | undefined
  constructor(
    fault: unknown,
    /** The letter that it was about: the queue has it as it should be, the storage has not. */
    readonly letter?: DeadLetter,
  ) {
    const cause = fault instanceof StorageError ? fault.cause : fault
    super(`the storage of the dead-letter queue failed, what it did not take is kept in memory: ${(cause as Error)?.message ?? cause}`, { cause })
  }
}
