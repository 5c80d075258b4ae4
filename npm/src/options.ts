// What can be said of one retry.
import type { RetryBudget } from './budget.js'
import type { DeadLetterError } from './errors.js'
import type { AttemptContext, Clock, PolicyOptions, RetryEvent, Seed } from './types.js'

/** What `retry` needs of a queue: its option `deadLetters`. */
export interface DeadLetterSink {
  /**
   * Takes what the task died of, before `retry` rejects with it. Gives the letter's number; what it throws
   * becomes `queueError` of the same error.
   */
  add(dead: DeadLetterError, policy: PolicyOptions, taskType: string | undefined, payload: unknown): Promise<number | undefined> | number | undefined
}

/** How one retry is run. Nothing in it is changed. */
export interface RetryOptions {
  /** Which task this is: the same seed and key give the same delays. */
  key?: Seed
  /** What the delays are drawn from. Default: fresh entropy for each retry. */
  seed?: Seed
  /** Gives the retry up: at once, whether an attempt runs or waits. */
  signal?: AbortSignal | undefined
  /**
   * `false`: never retry this error. A text: treat it as a failure of that kind. Anything else: the rules
   * decide. May be async: the wait counts from the failure.
   */
  retryOn?: (error: unknown, context: AttemptContext) => Wish | PromiseLike<Wish>
  /** The server's own wish, in milliseconds, if the error carries one. Default: its property `retryAfter`. */
  retryAfter?: (error: unknown) => number | undefined
  /** Called when a wait begins. May be async: the wait goes on meanwhile. What it throws ends the retry. */
  onRetry?: (event: RetryEvent) => unknown
  /** Called when a task will not be retried, after its dead letter was stored. May be async. What it throws is what the caller gets. */
  onDeadLetter?: (error: DeadLetterError) => unknown
  /** A budget that several retries share. Default: the policy's own, shared by all that use this policy object. */
  budget?: RetryBudget
  /** Where dead letters go; written before the promise rejects. */
  deadLetters?: DeadLetterSink
  /** What the dead letter is to carry: what it takes to do the work again, as JSON. */
  payload?: unknown
  /** What kind of task it is, to tell dead letters apart. */
  taskType?: string
  /** Let the process end while this waits. */
  unref?: boolean
  /** Where time comes from. Default: `Date.now` and the global timers, read at each use. */
  clock?: Clock
}

/** What `retryOn` says. */
export type Wish = boolean | string | undefined | void
