import type { DeadLetter, RedriveReport } from './letter.js'
import { attempt, messageOf, textOf } from './text.js'
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
  /** What one of the caller's own callbacks threw, where that ended the retry. */
  declare callbackError: unknown

  /** All of it as JSON: the reason, and every attempt with what it said. */
  toJSON(): Record<string, unknown> {
    const { name, message, cause, stack: _, ...rest } = { ...this, message: this.message, cause: this.cause }
    const said = (error: unknown) => ({ name: textOf(attempt(() => Object(error).name) ?? typeof error), message: messageOf(error) })
    return {
      name, message, ...rest,
      errors: this.errors?.map((one) => ({ ...one, error: said(one.error) })),
      queueError: rest['queueError' as never] && said(rest['queueError' as never]),
      callbackError: rest.callbackError && said(rest.callbackError),
      cause: said(cause),
    }
  }
}

/** A task that will not be retried: it was, or could have been, put in a dead-letter queue. */
export class DeadLetterError extends RetryError {
  override name = 'DeadLetterError'
  /** Why: `exhausted`, `deadlineExceeded`, `permanent`, `budgetExhausted`; `discarded` or `failed` by a rule. */
  declare reason: Reason | 'discarded' | 'failed'
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

/** A result that `retryIf` calls a failure. */
export class ResultError extends Error {
  override name = 'ResultError'
  /** What the attempt gave. */
  declare readonly result: unknown
  /** The failure kind that `retryIf` named, if it did. */
  declare readonly kind: string | undefined
}

/** An error about a letter. Not enumerable: a log of the error is not to show its payload. */
export class LetterError extends Error {
  /** The letter that it was about. */
  declare readonly letter: DeadLetter | undefined
  constructor(message: string, letter: DeadLetter | undefined, options?: ErrorOptions) {
    super(message, options)
    Object.defineProperty(this, 'letter', { value: letter })
  }
}

/** The queue is full, and refuses rather than drops. Carries the letter that did not fit. */
export class QueueFullError extends LetterError {
  override name = 'QueueFullError'
  declare readonly letter: DeadLetter
  constructor(capacity: number, letter: DeadLetter) {
    super(`the dead-letter queue holds ${capacity} letters and is full; redrive, purge, or raise its capacity`, letter)
  }
}

/**
 * The storage of a dead-letter queue failed. `cause` is its own error; `flush` tries again what it refused. The queue
 * has its `letter` as it should be, the storage has not.
 */
export class StorageError extends LetterError {
  override name = 'StorageError'
  /** What had been done when it failed, where it was a redrive. */
  declare report: RedriveReport | undefined
  constructor(fault: unknown, letter?: DeadLetter) {
    const cause = fault instanceof StorageError ? fault.cause : fault
    super(`the storage of the dead-letter queue failed, what it did not take is kept in memory: ${messageOf(cause)}`, letter, { cause })
  }
}

const histories = new WeakMap<object, RetryError>()

/** Notes the history of an error that is about to be given as it is; a thrown text or number has none. */
export function remember(error: unknown, history: RetryError): void {
  if (Object(error) === error) histories.set(error as object, history)
}

/**
 * What was tried before this error reached the caller: its attempts, reason, seed, key and dead letter. For
 * errors that arrive as they were thrown, by `unwrap: true` or by a rule that says `fail`; `undefined` for
 * an error of something else.
 */
export const historyOf = (error: unknown): RetryError | undefined => (error instanceof RetryError ? error : histories.get(error as object))
