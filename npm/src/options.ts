// What can be said of one retry.
import type { RetryBudget } from './budget.js'
import { ConfigError, type DeadLetterError } from './errors.js'
import { known, show } from './read.js'
import type { AttemptContext, Clock, GiveUpEvent, PolicyOptions, RetryEvent, Seed, SuccessEvent } from './types.js'

/** What `retry` needs of a queue: its option `deadLetters`. */
export interface DeadLetterSink {
  /**
   * Takes what the task died of, before `retry` rejects with it. Gives the letter's number; what it throws
   * becomes `queueError` of the same error.
   */
  add(dead: DeadLetterError, policy: PolicyOptions, taskType: string | undefined, payload: unknown): Promise<number | undefined> | number | undefined
}

/** How one retry is run. Nothing in it is changed; a name that is not known is refused. */
export interface RetryOptions {
  /** Which task this is: the same seed and key give the same delays. At most 32,768 characters. */
  key?: Seed
  /** What the delays are drawn from. Default: fresh entropy for each retry. */
  seed?: Seed
  /** Gives the retry up: at once, whether an attempt runs or waits. */
  signal?: AbortSignal | null | undefined
  /**
   * `false`: never retry this error. A text: treat it as a failure of that kind. Anything else: the rules
   * decide. May be async: the wait counts from the failure.
   */
  retryOn?: ((error: unknown, context: AttemptContext) => Classification | PromiseLike<Classification>) | undefined
  /** Whether a result is a failure: `true`, or the kind of failure that it is. May be async. */
  retryIf?: ((result: any) => Classification | PromiseLike<Classification>) | undefined
  /**
   * How long the server asks to wait, if the error says: milliseconds, a duration like `"5m"`, or the `Date`
   * until which to wait. Default: its property `retryAfter`.
   */
  retryAfter?: ((error: unknown) => unknown) | undefined
  /** Called when a wait begins. May be async: the wait goes on meanwhile. */
  onRetry?: ((event: RetryEvent) => unknown) | undefined
  /** Called with the result that the caller is about to get. May be async. What it throws is what the caller gets. */
  onSuccess?: ((event: SuccessEvent) => unknown) | undefined
  /** Called with the error that the caller is about to get, whatever it is. May be async; an abort does not wait for it. */
  onGiveUp?: ((event: GiveUpEvent) => unknown) | undefined
  /** Called when a task will not be retried, after its dead letter was stored. May be async. */
  onDeadLetter?: ((error: DeadLetterError) => unknown) | undefined
  /**
   * `true`: reject with the last error itself, and with the reason of the signal, as if nothing were
   * between; `historyOf(error)` is what was tried.
   */
  unwrap?: boolean | undefined
  /** A budget that several retries share. Default: the policy's own, shared by all that use this policy object. */
  budget?: RetryBudget | null | undefined
  /** Where dead letters go; written before the promise rejects. */
  deadLetters?: DeadLetterSink | null | undefined
  /** What the dead letter is to carry: what it takes to do the work again, as JSON. */
  payload?: unknown
  /** What kind of task it is, to tell dead letters apart. */
  taskType?: string | undefined
  /** Let the process end while this waits. */
  unref?: boolean | undefined
  /** Where time comes from. Default: the system's, with the global timers, read at each use. */
  clock?: Clock | undefined
}

/** What `retryOn` and `retryIf` say. */
export type Classification = boolean | string | undefined | void

const FUNCTIONS = ['retryOn', 'retryIf', 'retryAfter', 'onRetry', 'onSuccess', 'onGiveUp', 'onDeadLetter'] as const
const OPTIONS = ['key', 'seed', 'signal', 'budget', 'deadLetters', 'payload', 'taskType', 'unwrap', 'unref', 'clock', ...FUNCTIONS]
/** The longest key or seed: that of the engine's buffer, whatever its letters. */
export const LONGEST = 32_768

/** Refuses options that are not known or not what they should be. */
export function check(options: RetryOptions): void {
  known(options, 'options', OPTIONS)
  for (const name of FUNCTIONS) if (options[name] != null && typeof options[name] != 'function') wrong(name, options[name], 'a function')
  const { key, seed, signal, budget, deadLetters, clock, taskType } = options
  if (signal && typeof signal.addEventListener != 'function') wrong('signal', signal, Object(signal).signal ? 'an AbortSignal; pass controller.signal' : 'an AbortSignal')
  if (budget && !(budget as any).tell) wrong('budget', budget, 'a RetryBudget; write new RetryBudget({ kind: "ratio" })')
  if (deadLetters && typeof deadLetters.add != 'function') wrong('deadLetters', deadLetters, 'a DeadLetterQueue')
  if (clock && typeof clock.setTimeout != 'function') wrong('clock', clock, 'a clock with now, setTimeout and clearTimeout')
  if (taskType != null && typeof taskType != 'string') wrong('taskType', taskType, 'a text')
  if (key != null) word('key', key)
  if (seed != null) word('seed', seed)
}

function word(name: string, value: Seed) {
  if (typeof value == 'object' || typeof value == 'function' || typeof value == 'symbol' || value !== value) wrong(name, value, 'a text or a number')
  if ((value as string).length > LONGEST) throw new ConfigError(name, `is longer than ${LONGEST} characters`)
}

function wrong(name: string, value: unknown, what: string): never {
  throw new ConfigError(name, `= ${show(value)} is not ${what}`)
}
