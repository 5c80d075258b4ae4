// The executor: runs attempts, waits, aborts. It decides nothing: what happens after a failure, and how
// long to wait, is the engine's verdict.
import { DEAD, DISCARD, decimal, delay, due, newState, verdict, type State } from './core.js'
import type { RetryBudget } from './budget.js'
import type { Plan } from './compile.js'
import { AttemptTimeoutError, ConfigError, DeadLetterError, RetryAbortedError, type RetryError } from './errors.js'
import { REASONS } from './table.js'
import type { DeadLetterSink } from './dead-letters.js'
import type { RetryPolicy } from './policy.js'
import type { Attempt, AttemptContext, Clock, RetryEvent, Seed, Snapshot } from './types.js'

/** How one retry is run. */
export interface RetryOptions {
  /** Which task this is: the same seed and key give the same delays. */
  key?: Seed
  /** What the delays are drawn from. Default: fresh entropy for each retry. */
  seed?: Seed
  /** Gives the retry up: at once, whether an attempt runs or waits. */
  signal?: AbortSignal | undefined
  /** `false`: never retry this error. A text: treat it as a failure of that kind. Anything else: the rules decide. */
  retryOn?: (error: unknown, context: AttemptContext) => boolean | string | undefined | void
  /** The server's own wish, in milliseconds, if the error carries one. Default: its property `retryAfter`. */
  retryAfter?: (error: unknown) => number | undefined
  /** Called when a wait begins. What it throws ends the retry. */
  onRetry?: (event: RetryEvent) => void
  /** Called when a task will not be retried, after its dead letter was stored. */
  onDeadLetter?: (error: DeadLetterError) => void
  /** A budget that several retries share. Default: the policy's own, shared by all that use this policy object. */
  budget?: RetryBudget
  /** Where dead letters go; written before the promise rejects. */
  deadLetters?: DeadLetterSink
  /** What the dead letter is to carry. */
  payload?: unknown
  taskType?: string
  /** Let the process end while this waits. */
  unref?: boolean
  clock?: Clock
}

export const systemClock: Clock = {
  now: () => Date.now(),
  // Never early: a timer cuts fractions off.
  setTimeout: (callback, ms) => globalThis.setTimeout(callback, Math.ceil(ms)),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
}

/** The longest that a timer can run; longer waits are taken in slices. */
const SLICE = 2 ** 31 - 1
/** How many failures are kept: enough to read, and an unlimited retry does not grow. */
const KEEP = 100

/** `new RetryPolicy()`, as numbers: three attempts, 2 s and 4 s apart, and up to 10 % more. */
export const STANDARD: Plan = {
  json: {},
  terms: {
    row: [0, NaN, NaN, 3, NaN, 0, 0, 0, 3e11, 3, 0.1, 0, 0, 0, 0, 0, 3, 0.1, 0, 0, 0, 0, 0, 0, 0, 0, NaN, 0, 0, NaN, NaN, 2, 2e9, 2, 0, 0],
    table: [],
  },
  rules: [],
  timeout: NaN,
  deadline: NaN,
}

/**
 * Calls `fn` until it succeeds or the policy says that it is enough.
 *
 * Rejects with a `DeadLetterError` (its `cause` is the last error, its `errors` are all of them), with a
 * `RetryAbortedError` when `signal` is aborted, or, where a rule says `fail`, with the error itself.
 */
export function retry<T>(
  fn: (context: AttemptContext) => T | PromiseLike<T>,
  policy?: RetryPolicy,
  options: RetryOptions = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const plan = policy ? policy.plan : STANDARD
    if (!plan) throw new ConfigError('policy', 'is no RetryPolicy; write new RetryPolicy({ ... })')
    new Run(fn, plan, options, resolve, reject).start()
  })
}

class Context implements AttemptContext {
  controller?: AbortController
  constructor(
    readonly run: Run<any>,
    readonly attempt: number,
  ) {}
  get signal() {
    if (!this.controller) {
      this.controller = new AbortController()
      if (this.run.context != this) this.controller.abort()
    }
    return this.controller.signal
  }
  get key() {
    return String(this.run.options.key ?? 0)
  }
  get elapsed() {
    return this.run.now() - this.run.began
  }
  get lastError() {
    return this.run.errors.at(-1)?.error
  }
  get deadline() {
    const { deadline } = this.run.plan
    return deadline >= 0 ? this.run.began + deadline : undefined
  }
}

export class Run<T> {
  /** The attempt that runs; what comes of any other is ignored. */
  context: Context | undefined
  errors: Attempt[] = []
  attempts = 0
  began: number
  last = -Infinity
  state: State | undefined
  timer: unknown
  clock: Clock
  budget: RetryBudget | undefined

  constructor(
    readonly fn: (context: AttemptContext) => T | PromiseLike<T>,
    readonly plan: Plan,
    readonly options: RetryOptions,
    readonly resolve: (value: T) => void,
    readonly reject: (error: unknown) => void,
  ) {
    this.clock = options.clock ?? systemClock
    this.began = this.now()
    this.budget = options.budget ?? plan.budget
    options.signal?.addEventListener('abort', this)
  }

  /** The time, which never goes back. */
  now() {
    return (this.last = Math.max(this.last, this.clock.now()))
  }

  /** The signal was aborted. An object listens, so that a retry without a signal makes no closure. */
  handleEvent() {
    const { reason } = this.options.signal!
    const { context } = this
    this.settle()
    context?.controller?.abort(reason)
    this.reject(this.ended(new RetryAbortedError('the retry was aborted after ' + this.attempts + ' attempts', { cause: reason })))
  }

  start() {
    if (this.options.signal?.aborted) return this.handleEvent()
    const context = (this.context = new Context(this, ++this.attempts))
    const first = this.attempts == 1
    this.budget?.tell(first ? 1 : 2, this.now(), this.state)
    if (this.plan.timeout) this.wait(this.plan.timeout, () => this.timedOut(context))
    let result
    try {
      result = this.fn(context)
    } catch (error) {
      return this.failed(context, error)
    }
    Promise.resolve(result).then(
      (value) => {
        if (this.context != context) return
        this.budget?.tell(this.attempts == 1 ? 3 : 4, this.now(), this.state)
        this.settle()
        this.resolve(value)
      },
      (error) => this.failed(context, error),
    )
  }

  /** Calls back after `ms`, never early: in slices where a timer cannot run so long. */
  wait(ms: number, done: () => void) {
    const slice = Math.min(ms, SLICE)
    const timer = this.clock.setTimeout(() => (ms > slice ? this.wait(ms - slice, done) : done()), slice)
    this.timer = timer
    if (this.options.unref) (timer as { unref?(): void })?.unref?.()
  }

  clear() {
    if (this.timer != null) this.clock.clearTimeout(this.timer)
    this.timer = this.context = undefined
  }

  /** Nothing happens after this. */
  settle() {
    this.clear()
    this.options.signal?.removeEventListener('abort', this)
    if (this.attempts) this.budget?.tell(this.attempts > 1 ? 6 : 5, this.now())
  }

  timedOut(context: Context) {
    const error = new AttemptTimeoutError('attempt ' + this.attempts + ' took longer than ' + this.plan.timeout + ' ms')
    this.failed(context, error)
    context.controller?.abort(error)
  }

  failed(context: Context, error: unknown) {
    if (this.context != context) return
    this.clear()
    try {
      this.decide(context, error)
    } catch (fault) {
      // A callback of the caller's, or an engine that may not run here: either way this is over.
      this.settle()
      this.reject(fault)
    }
  }

  decide(context: Context, error: unknown) {
    const { options, plan, budget } = this
    const now = this.now()
    const failure: Attempt = { attempt: this.attempts, error, at: now }
    const wish = options.retryOn?.(error, context)
    this.errors.push(failure)
    if (this.errors.length > KEEP) this.errors.shift()
    let { terms } = plan
    let cost = budget?.cost ?? 0
    if (plan.rules.length || budget) {
      const words = kindsOf(error, wish)
      terms = plan.rules.find((rule) => rule.match.some((pattern) => words.some((word) => matches(pattern, word))))?.terms ?? terms
      const named = words.find((word) => budget?.costs[word] != null)
      if (named != null) cost = budget!.costs[named]!
    }
    const hint = (options.retryAfter ?? ownHint)(error)
    const state = (this.state ??= this.fresh())
    state[5] = this.attempts
    // A caller that says no is a rule that says "deadLetter".
    const said = wish === false ? DEAD + 2 : verdict(terms, state, now, (hint as number) >= 0 ? hint! : -1, cost, budget?.row)
    if (said) return void this.end(said, error)
    failure.delay = delay()
    const at = due()
    options.onRetry?.({ error, attempt: this.attempts, delay: failure.delay, at, snapshot: () => this.snapshot(at) })
    // The callback may have aborted it.
    if (!options.signal?.aborted) this.wait(failure.delay, () => this.start())
  }

  fresh() {
    const state = newState(this.options.seed, this.options.key)
    state[4] = this.began
    return state
  }

  snapshot(due: number): Snapshot {
    const { state, plan, options } = this
    return {
      version: 1,
      policy: plan.json,
      seed: decimal(state!),
      key: String(options.key ?? 0),
      began: this.began,
      due,
      state: [...state!],
      taskType: options.taskType ?? '',
      payload: options.payload ?? null,
    }
  }

  /** The error that the caller gets, with what was tried. */
  ended<E extends RetryError>(error: E): E {
    error.attempts = this.attempts
    error.errors = this.errors
    return error
  }

  async end(said: number, error: unknown) {
    const { options } = this
    this.settle()
    if (said > DISCARD && said < DEAD) return this.reject(error)
    const reason = said == DISCARD ? 'discarded' : REASONS[said - DEAD]!
    const dead = this.ended(new DeadLetterError(`gave up after ${this.attempts} attempts (${reason}): ${messageOf(error)}`, { cause: error }))
    dead.reason = reason
    dead.seed = decimal(this.state!)
    dead.key = String(options.key ?? 0)
    try {
      if (said >= DEAD) {
        try {
          dead.id = await options.deadLetters?.add(dead, this.plan.json, options.taskType, options.payload, this.now())
        } catch (fault) {
          dead.storageError = fault
        }
        options.onDeadLetter?.(dead)
      }
      this.reject(dead)
    } catch (fault) {
      this.reject(fault)
    }
  }
}

/** A text of anything that can be thrown. */
export function messageOf(error: unknown): string {
  try {
    return String((error as Error)?.message ?? error)
  } catch {
    return 'an error without a text'
  }
}

const ownHint = (error: any) => error?.retryAfter as number | undefined

const matches = (pattern: string, word: string) =>
  pattern.endsWith('*') ? word.startsWith(pattern.slice(0, -1)) : pattern == word

/** What a failure may be called in a rule: its kind, name, code, HTTP status. */
function kindsOf(error: any, wish: unknown): string[] {
  const status = error?.status ?? error?.statusCode ?? error?.response?.status
  const words = [wish, error?.kind, error?.name, error?.code, status, status && 'http' + status]
  if (status == 429) words.push('throttle')
  if (error?.name == 'TimeoutError' || error?.code == 'ETIMEDOUT') words.push('timeout')
  return words.filter((word) => typeof word == 'string' || typeof word == 'number').map(String).concat('')
}
