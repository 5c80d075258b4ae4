// The executor: runs attempts, waits, aborts. It decides nothing: what happens after a failure, and how
// long to wait, is the engine's verdict.
//
// Callbacks and not a loop that awaits: a wait is then a timer and no promise, which makes three failures a
// fifth cheaper. Names with `_` at their end are ours alone: the build shortens them.
import { systemClock } from './clock.js'
import { decimal, delay, newState, Said, verdict, type State } from './core.js'
import type { RetryBudget } from './budget.js'
import type { Plan, Policy } from './compile.js'
import { AttemptTimeoutError, ConfigError, DeadLetterError, RetryAbortedError, type RetryError } from './errors.js'
import { DEFAULT_ROW, Place, REASONS } from './table.js'
import type { RetryOptions } from './options.js'
import { messageOf } from './text.js'
import type { Attempt, AttemptContext, Clock, Snapshot } from './types.js'

/** The longest that a timer can run; longer waits are taken in slices. */
const SLICE = 2 ** 31 - 1
/** How many failures are kept: enough to read, and an unlimited retry does not grow. */
const KEEP = 100

/** `new RetryPolicy()`, as numbers: three attempts, 2 s and 4 s apart, and up to 10 % more. */
const STANDARD: Plan = {
  json: {},
  terms: { row: DEFAULT_ROW, table: [] },
  timeout: NaN,
  deadline: NaN,
}

/**
 * Calls `fn` until it succeeds or the policy says that it is enough, and gives what it gave.
 *
 * ```ts
 * const policy = RetryPolicy.exponential({ initial: '200ms', maxDelay: '30s', jitter: 'full', maxAttempts: 5 })
 * await retry(({ signal }) => fetch(url, { signal }), policy)
 * ```
 *
 * Rejects with a `DeadLetterError` (its `cause` is the last error, its `errors` are all of them), with a
 * `RetryAbortedError` when `signal` is aborted, or, where a rule says `fail`, with the error itself.
 *
 * @param fn the work: whatever it throws or rejects with is a failure.
 * @param policy the rules; without one three attempts, 2 s and 4 s apart with up to 10 % of jitter.
 */
export const retry = <T>(
  fn: (context: AttemptContext) => T | PromiseLike<T>,
  policy?: Policy,
  options: RetryOptions = {},
): Promise<T> => launch(fn, policy ? policy.plan : STANDARD, options)

class Context implements AttemptContext {
  declare readonly run_: Run
  declare readonly attempt: number
  declare controller_: AbortController | undefined
  constructor(run: Run, attempt: number) {
    this.run_ = run
    this.attempt = attempt
    this.controller_ = undefined
  }
  get signal() {
    const { run_ } = this
    if (!this.controller_) {
      this.controller_ = new AbortController()
      // Asked for when the attempt is over: what would begin with it is not to begin.
      if (run_.context_ != this) this.controller_.abort(run_.options_.signal?.reason)
    }
    return this.controller_.signal
  }
  get key() {
    return keyOf(this.run_)
  }
  get elapsed() {
    return this.run_.now_() - this.run_.began_
  }
  get lastError() {
    return this.run_.errors_.at(-1)?.error
  }
  get deadline() {
    const { began_, plan_ } = this.run_
    return plan_.deadline >= 0 ? began_ + plan_.deadline : undefined
  }
}

const keyOf = (run: Run) => String(run.options_.key ?? 0)

/**
 * The retries that one signal can end: one listener for all of them. With one each, eleven retries under the
 * signal of a server's shutdown have Node.js warn of a leak.
 */
class Hub extends Set<Run> {
  handleEvent() {
    for (const run of this) run.abort_()
  }
}

const hubs = new WeakMap<AbortSignal, Hub>()

/** A retry in flight. */
export class Run {
  /** The attempt that runs; what comes of any other is ignored. */
  declare context_: Context | undefined
  declare readonly fn_: Work<any>
  declare readonly plan_: Plan
  declare readonly options_: RetryOptions
  declare readonly resolve_: (value: any) => void
  declare readonly reject_: (error: unknown) => void
  declare readonly clock_: Clock
  declare readonly budget_: RetryBudget | undefined
  declare readonly errors_: Attempt[]
  declare attempts_: number
  declare last_: number
  declare began_: number
  declare started_: number
  /** The wait before the attempt that runs, or that comes next. */
  declare delay_: number
  declare state_: State | undefined
  declare timer_: unknown
  declare hub_: Hub | undefined
  declare over_: boolean

  constructor(fn: Work<any>, plan: Plan, options: RetryOptions, resolve: (value: any) => void, reject: (error: unknown) => void) {
    this.fn_ = fn
    this.plan_ = plan
    this.options_ = options
    this.resolve_ = resolve
    this.reject_ = reject
    this.clock_ = options.clock ?? systemClock
    this.budget_ = options.budget ?? plan.budget
    this.errors_ = []
    this.attempts_ = this.delay_ = this.started_ = 0
    this.last_ = -Infinity
    this.began_ = this.now_()
    this.over_ = false
    this.context_ = this.state_ = this.timer_ = this.hub_ = undefined
    const { signal } = options
    if (signal) {
      const hub = (this.hub_ = hubs.get(signal) ?? new Hub())
      hubs.set(signal, hub)
      if (!hub.size) signal.addEventListener('abort', hub)
      hub.add(this)
    }
  }

  /** The time, which never goes back. */
  now_() {
    return (this.last_ = Math.max(this.last_, this.clock_.now()))
  }

  /** Tells the budget of an event, by its number for a first attempt; that for a retry is the next. */
  tell_(event: number) {
    this.budget_?.tell(this.attempts_ > 1 ? event + 1 : event, this.now_(), this.state_)
  }

  /** The signal was aborted. */
  abort_() {
    const { context_ } = this
    const { reason } = this.options_.signal!
    this.settle_()
    context_?.controller_?.abort(reason)
    this.reject_(this.ended_(new RetryAbortedError('aborted after ' + this.attempts_ + ' attempts', { cause: reason })))
  }

  start_() {
    if (this.options_.signal?.aborted) return this.abort_()
    this.started_ = this.attempts_ ? this.now_() : this.began_
    const context = (this.context_ = new Context(this, ++this.attempts_))
    const { fn_, plan_ } = this
    const { timeout } = plan_
    if (timeout)
      this.wait_(timeout, () => {
        const error = new AttemptTimeoutError('attempt ' + context.attempt + ' took longer than ' + timeout + ' ms')
        this.failed_(context, error)
        context.controller_?.abort(error)
      })
    let result
    try {
      this.tell_(1)
      // Not as a method: it gets no `this` of ours.
      result = fn_(context)
    } catch (error) {
      return this.failed_(context, error)
    }
    Promise.resolve(result).then(
      (value) => {
        if (this.context_ != context) return
        this.tell_(3)
        this.settle_()
        this.resolve_(value)
      },
      (error) => this.failed_(context, error),
    )
  }

  /** Calls back after `ms`, never early: in slices where a timer cannot run so long. */
  wait_(ms: number, done: () => void) {
    const slice = Math.min(ms, SLICE)
    this.timer_ = this.clock_.setTimeout(ms > slice ? () => this.wait_(ms - slice, done) : done, slice)
    if (this.options_.unref) (this.timer_ as { unref?(): void })?.unref?.()
  }

  /** Nothing of the attempt or the wait that was goes on. */
  clear_() {
    if (this.timer_ != null) this.clock_.clearTimeout(this.timer_)
    this.timer_ = this.context_ = undefined
  }

  /** Nothing happens after this. */
  settle_() {
    const { hub_ } = this
    this.clear_()
    this.over_ = true
    hub_?.delete(this)
    if (hub_?.size === 0) this.options_.signal!.removeEventListener('abort', hub_)
    if (this.attempts_) this.tell_(5)
  }

  /** A callback of the caller's threw, or the engine may not run here. */
  fault_(fault: unknown) {
    this.reject_(fault)
    this.settle_()
  }

  failed_(context: Context, error: unknown) {
    if (this.context_ != context) return
    this.clear_()
    const now = this.now_()
    const { retryOn, onRetry } = this.options_
    if (retryOn || onRetry) return void this.ask_(context, error, now)
    try {
      this.next_(this.judge_(error, undefined, now), error, this.delay_)
    } catch (fault) {
      this.fault_(fault)
    }
  }

  /** The same with callbacks of the caller's, which may take their time. */
  async ask_(context: Context, error: unknown, now: number) {
    const { retryOn, onRetry } = this.options_
    try {
      const said = this.judge_(error, retryOn && (await retryOn(error, context)), now)
      const at = now + this.delay_
      if (!said && onRetry) await onRetry({ error, attempt: this.attempts_, delay: this.delay_, at, snapshot: () => this.snapshot_(at) })
      this.next_(said, error, this.delay_ - (this.now_() - now))
    } catch (fault) {
      this.fault_(fault)
    }
  }

  /** Carries a verdict out, unless an abort was faster. */
  next_(said: number, error: unknown, wait: number) {
    if (this.over_) return
    if (said) this.end_(said, error)
    else this.wait_(wait, () => this.start_())
  }

  /** The verdict on the attempt that failed: 0 to go on after `delay_`. */
  judge_(error: unknown, wish: unknown, now: number): number {
    const { options_: options, plan_: plan, budget_: budget, attempts_: attempt, errors_: errors } = this
    errors.push({ attempt, startedAt: this.started_, endedAt: now, delay: this.delay_, error })
    if (errors.length > KEEP) errors.shift()
    const hint = options.retryAfter ? options.retryAfter(error) : (error as any)?.retryAfter
    if (!this.state_) {
      this.state_ = newState(options.seed, options.key)
      this.state_[Place.Began - Place.Seed] = this.began_
    }
    this.state_[Place.Attempts - Place.Seed] = attempt
    // A caller that says no is a rule that says "deadLetter".
    if (wish === false) return Said.Permanent
    const said = verdict(plan.choose?.(error, wish) ?? plan.terms, this.state_, now, hint >= 0 ? hint : -1, budget?.costOf(error, wish) ?? 0, budget?.row)
    if (!said) this.delay_ = delay()
    return said
  }

  snapshot_(due: number): Snapshot {
    const { state_, plan_, options_ } = this
    return {
      version: 1,
      policy: plan_.json,
      seed: decimal(state_!),
      key: keyOf(this),
      began: this.began_,
      due,
      delay: this.delay_,
      state: [...state_!],
      taskType: options_.taskType ?? '',
      payload: options_.payload ?? null,
    }
  }

  /** The error that the caller gets, with what was tried. */
  ended_<E extends RetryError>(error: E): E {
    error.attempts = this.attempts_
    error.errors = this.errors_
    return error
  }

  /** It is over; a dead letter is stored before the caller learns of it. */
  async end_(said: number, error: unknown) {
    const { options_: options } = this
    this.settle_()
    if (said == Said.Fail) return this.reject_(error)
    const reason = said == Said.Discard ? 'discarded' : REASONS[said - Said.Dead]!
    const dead = this.ended_(new DeadLetterError(`gave up after ${this.attempts_} attempts (${reason}): ${messageOf(error)}`, { cause: error }))
    dead.reason = reason
    dead.seed = decimal(this.state_!)
    dead.key = keyOf(this)
    try {
      if (said != Said.Discard) {
        try {
          dead.id = await options.deadLetters?.add(dead, this.plan_.json, options.taskType, options.payload)
        } catch (fault: any) {
          dead.queueError = fault
          dead.message += `; ${messageOf(fault)}`
        }
        await options.onDeadLetter?.(dead)
      }
      this.reject_(dead)
    } catch (fault) {
      this.reject_(fault)
    }
  }
}

type Work<T> = (context: AttemptContext) => T | PromiseLike<T>

/** Runs a retry to its end. `begin` sets up one that goes on, and gives the wait before it does. */
export const launch = <T>(fn: Work<T>, plan: Plan, options: RetryOptions, begin?: (run: Run) => number): Promise<T> =>
  new Promise((resolve, reject) => {
    if (!plan) throw new ConfigError('policy', 'is no RetryPolicy; write retry(fn, new RetryPolicy({ maxAttempts: 4 }), options)')
    if (typeof fn != 'function') throw new ConfigError('fn', 'is no function; write retry(() => ...)')
    const run = new Run(fn, plan, options, resolve, reject)
    if (begin && !options.signal?.aborted) run.next_(0, 0, begin(run))
    else run.start_()
  })
