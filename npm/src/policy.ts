import { delay, delayNs, due, newState, quantile, Said, verdict, type Terms } from './core.js'
import { compile, type Plan } from './compile.js'
import { fetcher, type FetchOptions } from './http.js'
import { ConfigError } from './errors.js'
import type { RetryOptions } from './options.js'
import { known, show } from './read.js'
import { retry } from './retry.js'
import { askedBy, hintOf } from './run.js'
import { BACKOFFS, PATIENT, Place, REASONS, RECOMMENDED } from './table.js'
import { messageOf } from './text.js'
import type { AttemptContext, Backoff, PolicyOptions, Reason, Seed } from './types.js'

/** One retry of a schedule. */
export interface ScheduledRetry {
  /** Its number, from 1: retry k comes before attempt k + 1. */
  retry: number
  /** The wait, in milliseconds. */
  delay: number
  /** The wait in nanoseconds, exact: what `redrive schedule` prints. */
  delayNs: bigint
  /** When the attempt starts if attempts take no time, in milliseconds. */
  at: number
}

/** The retries of a task that always fails, and how that ends (`undefined` where more would follow). */
export interface Schedule {
  retries: ScheduledRetry[]
  end: { reason: Reason; attempts: number } | undefined
}

/** The distribution of one delay over all keys, in milliseconds. */
export interface Band {
  /** Which retry, from 1. */
  retry: number
  /** The shortest that is possible, quantiles, and the longest. */
  min: number
  p5: number
  p25: number
  p50: number
  p75: number
  p95: number
  max: number
  /** Over how many keys it was measured; `null` where it is exact. */
  samples: number | null
}

/** Which task a schedule is of, and how many retries of it. */
export interface Address {
  /** Default 0. */
  seed?: Seed
  /** Default 0. */
  key?: Seed
  /** How many retries at most; 1000 if not given. */
  limit?: number
}

/** An attempt that failed, for `next`. */
export interface Failed {
  /** Its number, from 1. */
  attempt: number
  /** What it failed with. */
  error?: unknown
  /** Milliseconds since the first attempt began. Default 0. */
  elapsed?: number
  /** Default 0, for both. */
  seed?: Seed
  key?: Seed
  /** What the server asks to wait. Default: the error's `retryAfter`. */
  retryAfter?: number | string | Date
}

/** What `next` says: a wait in milliseconds (and exactly in nanoseconds), or why there is none. */
export type Verdict =
  | { delay: number; delayNs: bigint; reason?: undefined }
  | { delay?: undefined; delayNs?: undefined; reason: Reason | 'discarded' | 'failed' }

type Shortcut<K extends Backoff['kind']> = Omit<Extract<Backoff, { kind: K }>, 'kind'> & Omit<PolicyOptions, 'backoff'>

const KINDS = /* @__PURE__ */ BACKOFFS.map(([kind, rows]) => [kind, [...rows.map((row) => row[0]), 'firstDelay']] as const)

/** A policy of one kind: the fields of the backoff and those of the policy side by side. */
function of(kind: string, options: object = {}) {
  if (Object(options) !== options) throw new ConfigError('policy', `= ${show(options)} is not an object; write RetryPolicy.${kind}({ ${kind == 'constant' ? 'delay' : kind == 'table' ? 'delays: [...]' : 'initial'}${kind == 'table' ? '' : ": '1s'"} })`)
  const own = KINDS.find(([name]) => name == kind)![1]
  const backoff: Record<string, unknown> = { kind }
  const rest: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options)) (own.includes(name) ? backoff : rest)[name] = value
  return make({ ...rest, backoff: backoff as never })
}

// Outside of the class: a bundler renames a class that names itself.
const make = (options: PolicyOptions, stops?: boolean) => new RetryPolicy(options, stops)

/** The terms with some numbers changed. */
const changed = ({ row, table }: Terms, numbers: Record<number, number>): Terms => ({ row: row.map((n, i) => numbers[i] ?? n), table })
const noDeadLetters = (terms: Terms) => changed(terms, { [Place.Action]: 0 })
/** Terms without an end, to draw delays by. */
const unlimited = (terms: Terms) => changed(terms, { [Place.Action]: 0, [Place.MaxElapsed]: NaN, [Place.MaxAttempts]: 0 })

/**
 * The rules by which a task is retried: checked once, immutable, plain JSON.
 *
 * `new RetryPolicy()` is three attempts, 2 s and 4 s apart with up to 10 % of jitter.
 */
export class RetryPolicy {
  /** @internal */
  readonly plan: Plan

  /** @throws {ConfigError} that names the field, the value and the limit. */
  constructor(options: PolicyOptions = {}, /** @internal */ stops?: boolean) {
    this.plan = compile(options, stops)
  }

  // Made from the core's table of kinds by `cargo xtask golden --bless`.
  // <kinds>
  /** `delay`, always. */
  static constant(options: Shortcut<'constant'>): RetryPolicy {
    return of('constant', options)
  }
  /** `initial + n * increment`. */
  static linear(options?: Shortcut<'linear'>): RetryPolicy {
    return of('linear', options)
  }
  /** `initial * multiplier^n`. */
  static exponential(options?: Shortcut<'exponential'>): RetryPolicy {
    return of('exponential', options)
  }
  /** `offset + initial * n^power` (Sidekiq: n^4 + 15 s). The first delay is the offset. */
  static polynomial(options?: Shortcut<'polynomial'>): RetryPolicy {
    return of('polynomial', options)
  }
  /** `initial` times 1, 1, 2, 3, 5, 8, ... */
  static fibonacci(options?: Shortcut<'fibonacci'>): RetryPolicy {
    return of('fibonacci', options)
  }
  /** The delays one by one; the last repeats. */
  static table(options: Shortcut<'table'>): RetryPolicy {
    return of('table', options)
  }
  /** `U[initial, multiplier * previous delay]`, the previous of the first being `initial`: the decorrelated jitter of the AWS Architecture Blog (2015). It draws its own jitter. */
  static decorrelated(options?: Shortcut<'decorrelated'>): RetryPolicy {
    return of('decorrelated', options)
  }
  /** Polly's `DecorrelatedJitterV2`: with `t = n + U[0, 1)` and `F = 2^t * tanh(sqrt(4 t))`, the delay is `(F - F of the previous retry) * initial / 1.4`. It draws its own jitter. */
  static decorrelatedV2(options?: Shortcut<'decorrelatedV2'>): RetryPolicy {
    return of('decorrelatedV2', options)
  }
  // </kinds>

  /** The specification's: `multiplier^n` seconds after the n-th failed attempt, and up to 10 % more. */
  static classic(maxAttempts = 3, multiplier = 2): RetryPolicy {
    return of('exponential', { initial: multiplier * 1000, multiplier, maxAttempts })
  }

  /** What we would run: 500 ms x 2, full jitter, 30 s cap, five attempts, a budget of 20 %. */
  static recommended(): RetryPolicy {
    return make(RECOMMENDED as never)
  }

  /**
   * For tasks in a queue, which are not to be lost in an outage of an hour: 1 s x 2, full jitter, 5 min cap, fifty
   * attempts, Retry-After up to an hour, and ten retries a second over all tasks, where those ahead of it wait.
   */
  static patient(): RetryPolicy {
    return make(PATIENT as never)
  }

  /** A policy that neither attempts nor `maxElapsed` have to end: `retry` demands a `signal` for it. */
  static untilStopped(options: PolicyOptions): RetryPolicy {
    return make(options, true)
  }

  /** Reads what `toJSON`, Rust or the CLI wrote: an object, or its text. */
  static fromJSON(json: string | PolicyOptions): RetryPolicy {
    if (typeof json != 'string') return make(json)
    try {
      json = JSON.parse(json)
    } catch (fault) {
      throw new ConfigError('policy', 'is not JSON: ' + messageOf(fault))
    }
    return make(json as PolicyOptions)
  }

  /** The policy as plain JSON. */
  toJSON(): PolicyOptions {
    return this.plan.json
  }

  /** Runs `fn` under this policy: `retry(fn, policy, options)`. */
  retry<T>(fn: (context: AttemptContext) => T | PromiseLike<T>, options?: RetryOptions): Promise<T> {
    // Without its policy, as after `const { retry } = policy`, it has none.
    return retry(fn, this ?? null, options)
  }

  /** A function that calls `fn` with the same `this` and arguments, under this policy. */
  wrap<S, A extends unknown[], T>(fn: (this: S, ...args: A) => T | PromiseLike<T>, options?: RetryOptions): (this: S, ...args: A) => Promise<T> {
    const policy = this ?? null
    return function (...args) {
      return retry(() => fn.apply(this, args), policy, options)
    }
  }

  /**
   * `fetch` under this policy, for the place of `fetch`: `const fetch = policy.fetch()`. Statuses that may be
   * gone at the next try are retried, Retry-After is used; it gives the last response whatever its status, and
   * rejects as `fetch` does. POST and PATCH are sent once, unless `methods` names them.
   */
  fetch(options?: FetchOptions): typeof fetch {
    return fetcher(this, options)
  }

  /**
   * The verdict on a failed attempt, for those who run their own loop or queue: how long to wait before the
   * next, or why there is none. It keeps nothing and asks no budget: each call is judged by what it is told.
   */
  next({ attempt, error, elapsed = 0, seed = 0, key = 0, retryAfter }: Failed): Verdict {
    const { choose, terms } = this.plan
    if (!(attempt >= 1) || attempt % 1) throw new ConfigError('attempt', `= ${attempt} is not the number of the attempt that failed, from 1`)
    if (!(elapsed >= 0)) throw new ConfigError('elapsed', `= ${elapsed} is not the milliseconds since the first attempt began`)
    const state = newState(seed, key)
    // What comes before is drawn again: some kinds go by the delay before.
    const free = unlimited(terms)
    for (let earlier = Math.max(attempt - 1000, 1); earlier < attempt; earlier++) {
      state[Place.Attempts - Place.Seed] = earlier
      verdict(free, state, 0, 0, -1, 0)
    }
    state[Place.Attempts - Place.Seed] = attempt
    const said = verdict(choose?.(error, undefined) ?? terms, state, elapsed, elapsed, hintOf(retryAfter ?? askedBy(error), Date.now()), 0)
    if (!said) return { delay: delay(), delayNs: delayNs() }
    return { reason: said == Said.Discard ? 'discarded' : said == Said.Fail ? 'failed' : REASONS[said - Said.Dead]! }
  }

  /** What the task with this seed and key will wait, if it always fails, in milliseconds. */
  delays(address?: Address): number[] {
    return this.schedule(address).retries.map((retry) => retry.delay)
  }

  /** The same with its exact nanoseconds, start times, and the end. */
  schedule(address: Address = {}): Schedule {
    known(address, 'address', ['seed', 'key', 'limit'], { count: 'limit', attempts: 'limit' })
    const { seed = 0, key = 0, limit = 1000 } = address
    if (!(limit >= 0)) throw new ConfigError('limit', `= ${show(limit)} is not a number of retries`)
    const terms = noDeadLetters(this.plan.terms)
    const state = newState(seed, key)
    const retries: ScheduledRetry[] = []
    let at = 0
    for (let retry = 1; ; retry++) {
      state[Place.Attempts - Place.Seed] = retry
      const said = verdict(terms, state, at, at, -1, 0)
      if (said) return { retries, end: { reason: REASONS[said - Said.Dead]!, attempts: retry } }
      if (retry > limit) return { retries, end: undefined }
      at = due()
      retries.push({ retry, delay: delay(), delayNs: delayNs(), at })
    }
  }

  /** The distribution of each delay over all keys: exact where it has a closed form, else measured. */
  bands({ seed = 0, limit = 64, samples = 10_000 }: { seed?: Seed; limit?: number; samples?: number } = {}): Band[] {
    const quantiles = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]
    const attempts = this.plan.terms.row[Place.MaxAttempts]!
    const retries = attempts ? Math.min(attempts - 1, limit) : limit
    const free = unlimited(this.plan.terms)
    let drawn: Float64Array[] | undefined
    const measured = (retry: number) => {
      drawn ??= draw(free, seed, samples, retries)
      const sorted = drawn[retry]!
      // The nearest rank, as in Rust.
      return quantiles.map((p) => sorted[Math.max(Math.ceil(p * samples), 1) - 1]!)
    }
    return Array.from({ length: retries }, (_, retry) => {
      const exact = quantiles.map((p) => quantile(free, retry, p))
      const known = exact[0]! >= 0
      const [min, p5, p25, p50, p75, p95, max] = (known ? exact : measured(retry)) as [number, number, number, number, number, number, number]
      return { retry: retry + 1, min, p5, p25, p50, p75, p95, max, samples: known ? null : samples }
    })
  }

  /** The longest that a task can wait in all, in milliseconds; `Infinity` where nothing bounds it. */
  worstCase(): number {
    const { terms, deadline } = this.plan
    const limit = terms.row[Place.ElapsedRule] == 1 ? NaN : deadline
    const attempts = terms.row[Place.MaxAttempts]!
    let total = attempts ? 0 : Infinity
    let longest = 0
    for (let retry = 0; retry < Math.min(attempts - 1, 2000); retry++) {
      longest = quantile(terms, retry, 1)
      if (longest < 0) longest = terms.row[Place.MaxDelay]! / 1e6
      total += longest == longest ? longest : Infinity
    }
    total += Math.max(attempts - 2001, 0) * longest || 0
    return limit < total ? limit : total
  }
}

/** The delays of the keys 0, 1, 2, ...: one sorted list for each retry. */
function draw(terms: Terms, seed: Seed, samples: number, retries: number): Float64Array[] {
  const lists = Array.from({ length: retries }, () => new Float64Array(samples))
  for (let key = 0; key < samples; key++) {
    const state = newState(seed, key)
    for (let retry = 0, at = 0; retry < retries; retry++) {
      state[Place.Attempts - Place.Seed] = retry + 1
      verdict(terms, state, at, at, -1, 0)
      lists[retry]![key] = delay()
      at = due()
    }
  }
  return lists.map((list) => list.sort())
}
