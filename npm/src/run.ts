// The executor: runs attempts, waits, aborts. It decides nothing: what happens after a failure, and how
// long to wait, is the engine's verdict.
//
// One async function that awaits each attempt: an error that is made in it, or in the attempt, has the frames
// of all callers in its stack. Names with `_` at their end are ours alone: the build shortens them.
import { steady, systemClock } from './clock.js'
import type { RetryBudget } from './budget.js'
import type { Plan } from './compile.js'
import { decimal, delay, newState, Said, verdict, type State } from './core.js'
import { nanoseconds } from './duration.js'
import { AttemptTimeoutError, ConfigError, DeadLetterError, remember, ResultError, RetryAbortedError, type RetryError } from './errors.js'
import { check, type RetryOptions } from './options.js'
import { Place, REASONS } from './table.js'
import { attempt, messageOf } from './text.js'
import type { Attempt, AttemptContext, AttemptEvent, Clock, GiveUpEvent, Snapshot } from './types.js'

/** The longest that a timer can run; longer waits are taken in slices. */
const SLICE = 2 ** 31 - 1
/** How many failures are kept: enough to read, and an unlimited retry does not grow. */
const KEEP = 100

/** What `fn` gets. */
export class Context implements AttemptContext {
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
  /** How long it has run. */
  ran_() {
    return this.run_.now_() - this.run_.started_
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

/** What a signal can end. */
interface Abortable {
  abort_(): void
}

/**
 * What one signal can end: one listener for all of it. With one each, eleven retries under the signal of a
 * server's shutdown have Node.js warn of a leak.
 */
class Hub extends Set<Abortable> {
  handleEvent() {
    for (const one of this) one.abort_()
  }
}

const hubs = /* @__PURE__ */ new WeakMap<AbortSignal, Hub>()

/** Has a signal end something, or no longer. */
export function hub(signal: AbortSignal, one: Abortable, on: boolean): void {
  const all = hubs.get(signal) ?? new Hub()
  hubs.set(signal, all)
  if (on) {
    if (!all.size) signal.addEventListener('abort', all)
    all.add(one)
  } else if (all.delete(one) && !all.size) signal.removeEventListener('abort', all)
}

/** Milliseconds that a server asks to wait, from what an error or a callback says. */
export function hintOf(said: unknown, now: number): number {
  const ms = attempt(() => said instanceof Date) ? (said as Date).getTime() - now : typeof said == 'string' ? nanoseconds(said) / 1e6 : said
  return typeof ms == 'number' && ms >= 0 ? ms : -1
}

/** What an error itself says of it. */
export const askedBy = (error: any): unknown => attempt(() => error?.retryAfter)

/** An attempt that its own caller cancelled; a signal that had run out gives every attempt one and the same error. */
function isCancelled(error: any, last: unknown): boolean {
  const name = attempt(() => error.name)
  return name === 'AbortError' || (name === 'TimeoutError' && error === last)
}

/** A retry in flight. */
export class Run {
  /** The attempt that runs; what comes of any other is ignored. */
  declare context_: Context | undefined
  declare readonly fn_: Work<any>
  declare readonly plan_: Plan
  declare readonly options_: RetryOptions
  declare readonly clock_: Clock
  declare readonly budget_: RetryBudget | null | undefined
  declare readonly errors_: Attempt[]
  declare attempts_: number
  declare began_: number
  /** What has to be added to a steady time to make one of the clock. */
  declare base_: number
  declare last_: number
  declare started_: number
  declare ended_: number
  /** The wait before the attempt that runs, or that comes next. */
  declare delay_: number
  declare state_: State | undefined
  /** A retry was granted: a budget that counts those in flight gets it back at the end. */
  declare retried_: boolean
  declare timer_: unknown
  declare aborted_: boolean
  /** Ends what is waited for. */
  declare stop_: ((reason: unknown) => void) | undefined
  declare over_: boolean
  /** The budget knows of it. */
  declare told_: boolean
  /** A callback of the caller's that threw, or the engine that may not run here. */
  declare fault_: { name: string; error: unknown } | undefined

  constructor(fn: Work<any>, plan: Plan, options: RetryOptions) {
    this.fn_ = fn
    this.plan_ = plan
    this.options_ = options
    this.clock_ = options.clock ?? systemClock
    this.budget_ = options.budget === undefined ? plan.budget : options.budget
    this.errors_ = []
    this.attempts_ = this.delay_ = this.ended_ = 0
    this.retried_ = this.aborted_ = this.over_ = this.told_ = false
    this.context_ = this.state_ = this.timer_ = this.stop_ = this.fault_ = undefined
    this.last_ = this.began_ = this.started_ = this.clock_.now()
    this.base_ = this.began_ - steady(this.clock_)
    const { signal } = options
    if (signal?.aborted) this.aborted_ = true
    else if (signal) hub(signal, this, true)
  }

  /** The time, which never goes back, nor on because the system's clock was set. */
  now_() {
    return (this.last_ = Math.max(this.last_, this.base_ + steady(this.clock_)))
  }

  /** Tells the budget of an event; a fault of the budget is not a failure of the work. */
  tell_(event: number) {
    if (this.budget_) attempt(() => this.budget_!.tell(event, this.now_(), this.state_))
  }

  /** The signal was aborted. */
  abort_() {
    const { context_ } = this
    this.aborted_ = true
    this.settle_()
    context_?.controller_?.abort(this.options_.signal!.reason)
    this.stop_?.(this)
  }

  /** What `work` gives, unless an abort or the end of `ms` is faster. */
  race_<T>(work: () => T | PromiseLike<T>, ms?: number, context?: Context): Promise<T> {
    return new Promise((resolve, reject) => {
      this.stop_ = reject
      if (ms)
        this.wait_(ms, () => {
          const error = new AttemptTimeoutError('attempt ' + this.attempts_ + ' took longer than ' + ms + ' ms')
          reject(error)
          context!.controller_?.abort(error)
        })
      // Our own two functions, unwrapped: by them V8 finds who waits for this, for the stack of an error.
      Promise.resolve(work()).then(resolve, reject)
    })
  }

  /** A callback of the caller's; what it throws is not a failure of the work. */
  async ask_(name: 'retryOn' | 'retryIf' | 'retryAfter' | 'onRetry', ...given: unknown[]): Promise<any> {
    try {
      return await this.race_(() => (this.options_[name] as any)(...given))
    } catch (error) {
      this.fault_ ??= { name, error }
      throw error
    }
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
    const { signal } = this.options_
    this.clear_()
    if (this.over_) return
    this.over_ = true
    if (signal) hub(signal, this, false)
    if (this.told_) this.tell_(this.retried_ ? 6 : 5)
  }

  /** The whole of it: gives what the work gives, or throws what the caller is to get. */
  async go_(wait = 0): Promise<any> {
    const { fn_, options_, plan_ } = this
    const { signal, retryIf, onSuccess } = options_
    let [failed, said] = [true, 0]
    let value: any, error: any
    try {
      while (!said) {
        if (wait > 0) await this.race_(() => new Promise<void>((resolve) => this.wait_(wait, resolve)))
        if (this.aborted_) break
        const context = (this.context_ = new Context(this, ++this.attempts_))
        if (this.attempts_ > 1) this.started_ = this.now_()
        this.tell_(this.told_ ? 2 : 1)
        this.told_ = true
        try {
          // Not as a method: it gets no `this` of ours.
          value = await (signal || plan_.timeout ? this.race_(() => fn_(context), plan_.timeout, context) : fn_(context))
          failed = false
        } catch (thrown) {
          failed = true
          error = thrown
        }
        if (this.aborted_) break
        this.clear_()
        this.ended_ = this.now_()
        const kind = !failed && retryIf && (await this.ask_('retryIf', value))
        if (kind) {
          failed = true
          error = Object.assign(new ResultError('retryIf calls the result a failure'), { result: value }, kind !== true && { kind })
        }
        if (!failed) break
        const { retryOn, retryAfter, onRetry } = options_
        this.errors_.push({ attempt: this.attempts_, startedAt: this.started_, endedAt: this.ended_, delay: this.delay_, error })
        if (this.errors_.length > KEEP) this.errors_.shift()
        said = this.judge_(error, retryOn && (await this.ask_('retryOn', error, context)), retryAfter ? await this.ask_('retryAfter', error) : askedBy(error))
        const at = this.ended_ + this.delay_
        if (!said && onRetry) await this.ask_('onRetry', { ...this.event_(), error, delay: this.delay_, at, snapshot: () => this.snapshot_(at) })
        wait = at - this.now_()
      }
    } catch (thrown) {
      if (!this.fault_) this.fault_ = { name: 'the engine', error: thrown }
      // What the caller's `retryIf` thinks of the result is not known: what it threw is the failure.
      if (!failed) error = thrown
      failed = true
      said = Said.Permanent
    }
    if (this.aborted_) {
      this.settle_()
      const { reason } = signal!
      const ended = new RetryAbortedError('aborted after ' + this.attempts_ + ' attempts', { cause: reason })
      const given = this.finish_(ended, reason, options_.unwrap)
      // At once: it does not wait for who hears of it.
      this.heard_(ended, given, 'aborted')
      throw given
    }
    if (failed) throw await this.end_(said, error)
    this.tell_(this.retried_ ? 4 : 3)
    this.settle_()
    if (onSuccess) await onSuccess({ ...this.event_(), value })
    return value
  }

  /** The verdict on the attempt that failed: 0 to go on after `delay_`. */
  judge_(error: unknown, answer: unknown, asked: unknown): number {
    const { plan_, budget_, errors_ } = this
    if (!this.state_) {
      const state = newState(this.options_.seed, this.options_.key)
      state[Place.Began - Place.Seed] = this.began_
      this.state_ = state
    }
    // Not `attempts_`: the engine may have begun to count anew.
    this.state_[Place.Attempts - Place.Seed]!++
    const terms = plan_.choose?.(error, answer)
    // A caller that says no is a rule that says "deadLetter"; one that has cancelled says it, too.
    if (answer === false || (answer == null && !terms && isCancelled(error, errors_.at(-2)?.error))) return Said.Permanent
    const said = verdict(terms ?? plan_.terms, this.state_, this.ended_, this.started_, hintOf(asked, this.ended_), budget_?.costOf(error, answer) ?? 0, budget_?.row)
    if (!said) {
      this.delay_ = delay()
      // One that another process began was not granted by this one's budget.
      if (this.attempts_ == 1) this.retried_ = true
    }
    return said
  }

  /** What every event says. */
  event_(): AttemptEvent {
    const { started_, ended_ } = this
    return { key: keyOf(this), attempt: this.attempts_, startedAt: started_, duration: Math.max(ended_ - started_, 0), elapsed: this.now_() - this.began_ }
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

  /** Completes the error of a retry that is over; what the caller gets: it, or what is within. */
  finish_(error: RetryError, within: unknown, bare: unknown): unknown {
    error.attempts = this.attempts_
    error.errors = this.errors_
    remember(within, error)
    return bare ? within : error
  }

  /** Tells `onGiveUp`; never throws. */
  async heard_(error: RetryError, given: unknown, reason: GiveUpEvent['reason']) {
    try {
      await this.options_.onGiveUp?.({ ...this.event_(), error: given, reason })
    } catch (fault) {
      error.callbackError ??= fault
    }
  }

  /** What the caller gets, when a dead letter is stored and all callbacks have run. */
  async end_(said: number, error: unknown): Promise<unknown> {
    const { options_: options, fault_ } = this
    this.settle_()
    const reason = said == Said.Discard ? 'discarded' : said == Said.Fail ? 'failed' : REASONS[said - Said.Dead]!
    const dead = new DeadLetterError(`gave up after ${this.attempts_} attempts (${reason}): ${messageOf(error)}`, { cause: error })
    const given = this.finish_(dead, error, options.unwrap || said == Said.Fail)
    Object.assign(dead, { reason, seed: decimal(this.state_ ?? [0, 0]), key: keyOf(this) })
    const blame = (name: string, fault: unknown) => {
      dead.callbackError = fault
      dead.message += `; ${name} threw: ${messageOf(fault)}`
    }
    if (fault_) blame(fault_.name, fault_.error)
    if (said >= Said.Dead) {
      try {
        dead.id = await options.deadLetters?.add(dead, this.plan_.json, options.taskType, options.payload)
      } catch (fault) {
        dead.queueError = fault
        dead.message += `; ${messageOf(fault)}`
      }
      try {
        await options.onDeadLetter?.(dead)
      } catch (fault) {
        blame('onDeadLetter', fault)
      }
    }
    await this.heard_(dead, given, reason)
    return given
  }
}

type Work<T> = (context: AttemptContext) => T | PromiseLike<T>

/** Runs a retry to its end. `begin` sets up one that goes on, and gives the wait before it does. */
export function launch(fn: Work<any>, plan: Plan | undefined, options: RetryOptions, begin?: (run: Run) => number): Promise<any> {
  try {
    if (!plan) throw new ConfigError('policy', 'is not a RetryPolicy; write retry(fn, new RetryPolicy({ maxAttempts: 4 }), options), or undefined in its place')
    if (typeof fn != 'function') throw new ConfigError('fn', 'is not a function; write retry(() => ...)')
    if (plan.unbounded && !options.signal) throw new ConfigError('signal', 'is missing, and nothing else ends this policy')
    check(options)
  } catch (fault) {
    return Promise.reject(fault)
  }
  const run = new Run(fn, plan, options)
  return run.go_(begin?.(run))
}
