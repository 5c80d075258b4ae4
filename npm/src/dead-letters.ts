import { ConfigError, DeadLetterError, RetryAbortedError } from './errors.js'
import { nanoseconds } from './duration.js'
import { RetryPolicy } from './policy.js'
import { messageOf, retry, systemClock, type RetryOptions } from './retry.js'
import { fromRecord, toRecord } from './record.js'
import type { AttemptContext, Clock, Duration, PolicyOptions, Reason, Seed } from './types.js'

/** What a failure was, in words that survive the process. */
export interface Failure {
  /** The error's name, or its kind. */
  kind: string
  message: string
  code?: string
}

/** One remembered attempt of a dead letter. Times are milliseconds of the clock. */
export interface PastAttempt {
  attempt: number
  endedAt: number
  /** The wait that followed, in milliseconds. */
  delay: number
  error: Failure
}

/** A task that will not be retried: why, with its history, and all that it takes to send it back to work. */
export interface DeadLetter {
  readonly id: number
  /** The id of the first dead letter of this task: redriven letters keep it. */
  readonly lineage: number
  readonly key: string
  readonly taskType: string
  readonly payload: unknown
  readonly reason: Reason
  /** Attempts of its last life, and of all before it. */
  readonly attempts: number
  readonly earlierAttempts: number
  readonly redrives: number
  /** Redriven as often as allowed: it waits for a person. */
  readonly parked: boolean
  readonly firstFailedAt: number
  readonly lastFailedAt: number
  readonly diedAt: number
  readonly lastError: Failure | null
  readonly history: readonly PastAttempt[]
  /** Attempts that the history no longer holds. */
  readonly forgotten: number
  readonly policy: PolicyOptions | null
  readonly seed: string
}

/** What `retry` needs of a queue: its option `deadLetters`. */
export interface DeadLetterSink {
  add(dead: DeadLetterError, policy: PolicyOptions, taskType: string | undefined, payload: unknown, now: number): Promise<number> | number
}

/** What `new DeadLetterQueue({ storage })` needs: any instance of `unstorage` has it. */
export interface Storage {
  getKeys(base?: string): Promise<string[]>
  getItem(key: string): Promise<unknown>
  setItem(key: string, value: any): Promise<void>
  removeItem(key: string): Promise<void>
}

/** Why a letter left the queue without anybody asking. */
export type DropCause = 'full' | 'retention'

export interface QueueOptions {
  /** The most letters that it holds; `null` is no limit. Default 10,000. */
  capacity?: number | null
  /** What happens when it is full: refuse the new one (default), or drop the oldest, or the new one. */
  full?: 'reject' | 'dropOldest' | 'dropNew'
  /** How long after its death a letter is kept. Default: for ever. */
  retention?: Duration | null
  /** Where letters outlive the process: an `unstorage` instance. */
  storage?: Storage
  /** The first part of every key in the storage. Default `redrive`. */
  prefix?: string
  onPush?: (letter: DeadLetter) => void
  onDrop?: (letter: DeadLetter, cause: DropCause) => void
  clock?: Clock
}

/** Which letters. All that is given has to hold; a function decides by itself. */
export type Filter =
  | ((letter: DeadLetter) => boolean)
  | {
      ids?: readonly number[]
      key?: Seed
      reason?: Reason | readonly Reason[]
      /** The kind of the last error. */
      kind?: string
      taskType?: string
      /** A part of the last error's message. */
      message?: string
      olderThan?: Duration
      youngerThan?: Duration
      parked?: boolean
    }

/** How letters are sent back to work. */
export interface RedrivePlan {
  filter?: Filter
  /** How many at most. */
  limit?: number
  /** How many a second; without it as fast as `concurrency` allows. */
  rate?: number
  /** A random wait of up to this for each letter, so that a redrive is no herd of its own. Default 1 s. */
  spread?: Duration
  /** Attempts of the next life: all of the policy's (default), one more, or so many more. */
  counter?: 'reset' | 'keep' | { add: number }
  /** A letter redriven so often is parked instead. Default 3; `null` is no limit. */
  maxRedrives?: number | null
  /** How many handlers run at once. Default 16. */
  concurrency?: number
  /** The policy of the next life. Default: the letter's own. */
  policy?: RetryPolicy
  seed?: Seed
  signal?: AbortSignal
}

/** What a redrive did. One that did nothing says so: `selected` is 0. */
export interface RedriveReport {
  /** Letters that the filter and the limit let through. */
  selected: number
  /** Those that a handler was started for. */
  scheduled: number
  succeeded: number
  /** Those that died again, and are back in the queue. */
  failed: number
  /** Those that were redriven too often, and are now parked. */
  parked: number
  /** Those that were neither: the redrive was aborted, or the letter was gone. */
  skipped: number
}

export interface QueueStats {
  size: number
  pushed: number
  removed: number
  dropped: { full: number; retention: number }
  refused: number
  /** Items in the storage that are no letters; they are left where they are. */
  damaged: number
  byReason: Record<string, number>
}

/** How many attempts a letter remembers. */
const HISTORY = 20
const LONGEST_MESSAGE = 2000

/** Letters are data: what they hold is what JSON can hold. */
const plain = (value: unknown) => (value === undefined ? null : JSON.parse(JSON.stringify(value) ?? 'null'))

export const failureOf = (error: unknown): Failure => {
  const { name, code, kind } = (error ?? {}) as { name?: unknown; code?: unknown; kind?: unknown }
  const failure: Failure = {
    kind: String(kind ?? name ?? typeof error),
    message: messageOf(error).slice(0, LONGEST_MESSAGE),
  }
  return code == null ? failure : { ...failure, code: String(code) }
}

/**
 * Keeps dead letters, and sends them back to work.
 *
 * In memory, or in any storage of `unstorage`. Whatever leaves it without being asked for (no room, too
 * old) is counted in `stats()` and reported to `onDrop`: nothing is lost in silence.
 */
export class DeadLetterQueue implements DeadLetterSink, Iterable<DeadLetter> {
  readonly #letters = new Map<number, DeadLetter>()
  readonly #places = new Map<number, string>()
  readonly #options: QueueOptions
  readonly #clock: Clock
  readonly #capacity: number
  readonly #retention: number
  #next = 1
  readonly #counts = { pushed: 0, removed: 0, refused: 0, damaged: 0, full: 0, retention: 0 }
  /** Fulfilled when the letters in the storage have been read. Every method that changes something waits for it. */
  readonly ready: Promise<void>

  constructor(options: QueueOptions = {}) {
    const { capacity = 10_000, retention = null, full = 'reject' } = options
    if (capacity !== null && !(capacity >= 1)) throw new ConfigError('capacity', `= ${capacity} is below 1`)
    if (!['reject', 'dropOldest', 'dropNew'].includes(full)) throw new ConfigError('full', `= ${full} is none of: reject, dropOldest, dropNew`)
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#capacity = capacity ?? Infinity
    this.#retention = retention === null ? Infinity : nanoseconds(retention) / 1e6
    if (!(this.#retention >= 0)) throw new ConfigError('retention', `= ${retention} is no duration; write one like "30d"`)
    this.ready = options.storage ? this.#load(options.storage) : Promise.resolve()
    // Who never asks for `ready` still learns of it from the first push.
    this.ready.catch(() => {})
  }

  async #load(storage: Storage) {
    const keys = await storage.getKeys(this.#prefix)
    for (const place of keys.sort()) {
      try {
        const letter = fromRecord(await storage.getItem(place))
        const id = this.#letters.has(letter.id) || !letter.id ? this.#next : letter.id
        this.#hold({ ...letter, id }, place)
      } catch {
        this.#counts.damaged++
      }
    }
  }

  get #prefix() {
    return (this.#options.prefix ?? 'redrive') + ':dead-letters'
  }

  #hold(letter: DeadLetter, place?: string) {
    this.#letters.set(letter.id, letter)
    if (place) this.#places.set(letter.id, place)
    this.#next = Math.max(this.#next, letter.id + 1)
  }

  /** What `retry` calls with the error that it is about to reject with. */
  async add(dead: DeadLetterError, policy: PolicyOptions, taskType: string | undefined, payload: unknown, now: number): Promise<number> {
    const history = dead.errors.slice(-HISTORY).map(({ attempt, error, at, delay = 0 }) => ({ attempt, endedAt: at, delay, error: failureOf(error) }))
    const letter = await this.push({
      key: dead.key,
      seed: dead.seed,
      taskType: taskType ?? '',
      payload,
      reason: dead.reason as Reason,
      attempts: dead.attempts,
      diedAt: now,
      firstFailedAt: dead.errors[0]?.at ?? now,
      history,
      forgotten: dead.attempts - history.length,
      policy: Object.keys(policy).length ? policy : null,
    })
    return letter.id
  }

  /**
   * Stores a letter; with a storage, it is written when the promise is fulfilled.
   *
   * @throws {QueueFullError} when there is no room and the queue is to refuse.
   */
  async push(given: Partial<DeadLetter> & Pick<DeadLetter, 'reason'>): Promise<DeadLetter> {
    await this.ready
    await this.expire()
    const now = this.#clock.now()
    const history = given.history ?? []
    const last = history.at(-1)
    const id = this.#next++
    const letter: DeadLetter = Object.freeze({
      id,
      lineage: given.lineage || id,
      key: String(given.key ?? 0),
      taskType: given.taskType ?? '',
      payload: plain(given.payload),
      reason: given.reason,
      attempts: given.attempts ?? history.length,
      earlierAttempts: given.earlierAttempts ?? 0,
      redrives: given.redrives ?? 0,
      parked: given.parked ?? false,
      firstFailedAt: given.firstFailedAt ?? history[0]?.endedAt ?? now,
      lastFailedAt: given.lastFailedAt ?? last?.endedAt ?? now,
      diedAt: given.diedAt ?? now,
      lastError: last?.error ?? null,
      history,
      forgotten: Math.max(given.forgotten ?? 0, 0),
      policy: plain(given.policy),
      seed: given.seed ?? '0',
    })
    while (this.#letters.size >= this.#capacity) {
      const [oldest] = this.#letters.values()
      if (this.#options.full == 'dropOldest') await this.#drop(oldest!, 'full')
      else if (this.#options.full == 'dropNew') {
        this.#counts.full++
        this.#options.onDrop?.(letter, 'full')
        return letter
      } else {
        this.#counts.refused++
        throw new QueueFullError(this.#capacity, letter)
      }
    }
    this.#counts.pushed++
    const place = `${this.#prefix}:${String(id).padStart(12, '0')}-${crypto.randomUUID()}`
    // In memory first: a storage that fails does not take the letter with it.
    this.#hold(letter, this.#options.storage && place)
    await this.#options.storage?.setItem(place, toRecord(letter))
    this.#options.onPush?.(letter)
    return letter
  }

  async #drop(letter: DeadLetter, cause: DropCause) {
    await this.#forget(letter.id)
    this.#counts[cause]++
    this.#options.onDrop?.(letter, cause)
  }

  async #forget(id: number) {
    const place = this.#places.get(id)
    this.#letters.delete(id)
    this.#places.delete(id)
    if (place) await this.#options.storage?.removeItem(place)
  }

  /** Drops what is older than the retention. Every push does so too. */
  async expire(): Promise<number> {
    await this.ready
    const before = this.#clock.now() - this.#retention
    const old = [...this].filter((letter) => letter.diedAt < before)
    for (const letter of old) await this.#drop(letter, 'retention')
    return old.length
  }

  get size() {
    return this.#letters.size
  }

  /** The letters, oldest first. */
  [Symbol.iterator](): IterableIterator<DeadLetter> {
    return this.#letters.values()
  }

  /** The same, once the storage has been read. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<DeadLetter> {
    await this.ready
    yield* this.#letters.values()
  }

  /** The letters that a filter lets through, oldest first. */
  list(filter: Filter = {}): DeadLetter[] {
    return [...this].filter(this.#test(filter))
  }

  get(id: number): DeadLetter | undefined {
    return this.#letters.get(id)
  }

  /** Groups letters, the largest group first. `pattern` is the message with `#` in place of numbers. */
  groupBy(field: 'reason' | 'kind' | 'taskType' | 'key' | 'message' | 'pattern' | ((letter: DeadLetter) => string), filter?: Filter) {
    const read = typeof field == 'function' ? field : GROUPS[field]
    const groups = new Map<string, DeadLetter[]>()
    for (const letter of this.list(filter)) {
      const name = read(letter)
      const group = groups.get(name)
      if (group) group.push(letter)
      else groups.set(name, [letter])
    }
    return new Map([...groups].sort(([, a], [, b]) => b.length - a.length))
  }

  /** Takes a letter out; `undefined` if it is not there. */
  async remove(id: number): Promise<DeadLetter | undefined> {
    await this.ready
    const letter = this.#letters.get(id)
    if (letter) {
      await this.#forget(id)
      this.#counts.removed++
    }
    return letter
  }

  /** Takes out all letters that the filter lets through; how many. */
  async purge(filter?: Filter): Promise<number> {
    await this.ready
    const letters = this.list(filter)
    for (const { id } of letters) await this.remove(id)
    return letters.length
  }

  stats(): QueueStats {
    const { full, retention, ...counts } = this.#counts
    const byReason: Record<string, number> = {}
    for (const { reason } of this) byReason[reason] = (byReason[reason] ?? 0) + 1
    return { size: this.size, ...counts, dropped: { full, retention }, byReason }
  }

  #test(filter: Filter) {
    if (typeof filter == 'function') return filter
    const now = this.#clock.now()
    const ms = (value: Duration | undefined, name: string) => {
      const span = value === undefined ? NaN : nanoseconds(value) / 1e6
      if (value !== undefined && !(span >= 0)) throw new ConfigError('filter.' + name, `= ${value} is no duration`)
      return span
    }
    const [older, younger] = [ms(filter.olderThan, 'olderThan'), ms(filter.youngerThan, 'youngerThan')]
    const reasons = filter.reason === undefined ? undefined : [filter.reason].flat()
    return (letter: DeadLetter) =>
      !(filter.ids && !filter.ids.includes(letter.id)) &&
      !(filter.key !== undefined && letter.key != String(filter.key)) &&
      !(reasons && !reasons.includes(letter.reason)) &&
      !(filter.kind !== undefined && letter.lastError?.kind != filter.kind) &&
      !(filter.taskType !== undefined && letter.taskType != filter.taskType) &&
      !(filter.message !== undefined && !letter.lastError?.message.includes(filter.message)) &&
      !(filter.parked !== undefined && letter.parked != filter.parked) &&
      !(now - letter.diedAt <= older) &&
      !(now - letter.diedAt >= younger)
  }

  /**
   * Sends letters back to work: runs `handler` for each under its policy, paced and spread. A letter
   * whose handler succeeds leaves the queue, and only then; one that dies again comes back with its history.
   */
  async redrive(plan: RedrivePlan, handler: (letter: DeadLetter, context: AttemptContext) => unknown): Promise<RedriveReport> {
    await this.ready
    const { limit = Infinity, rate = Infinity, maxRedrives = 3, concurrency = 16, signal } = plan
    if (!(rate > 0)) throw new ConfigError('rate', `= ${rate} is no number of letters a second`)
    const letters = this.list(plan.filter).filter((letter) => !letter.parked).slice(0, limit)
    const report = { selected: letters.length, scheduled: 0, succeeded: 0, failed: 0, parked: 0, skipped: 0 }
    // The spread is drawn by the engine, like every other wait.
    const spread = RetryPolicy.constant({ delay: plan.spread ?? '1s', jitter: 'full', maxAttempts: 2 })
    const began = this.#clock.now()
    let next = 0
    const work = async () => {
      for (let index = next++; index < letters.length; index = next++) {
        const letter = letters[index]!
        if (maxRedrives !== null && letter.redrives >= maxRedrives) {
          await this.#replace(letter, { ...letter, parked: true })
          report.parked++
          continue
        }
        const [wait] = spread.delays({ seed: plan.seed ?? letter.seed, key: letter.id })
        await this.#sleep(began + (index * 1000) / rate + wait! - this.#clock.now(), signal)
        if (signal?.aborted || !this.#letters.has(letter.id)) report.skipped++
        else await this.#again(letter, plan, handler, report)
      }
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, letters.length) }, work))
    return report
  }

  async #again(letter: DeadLetter, plan: RedrivePlan, handler: (letter: DeadLetter, context: AttemptContext) => unknown, report: RedriveReport) {
    report.scheduled++
    let policy = plan.policy ?? new RetryPolicy(letter.policy ?? {})
    const { counter = 'reset' } = plan
    if (counter != 'reset') policy = new RetryPolicy({ ...policy.toJSON(), maxAttempts: counter == 'keep' ? 1 : counter.add })
    const options: RetryOptions = { key: letter.key, seed: letter.seed, clock: this.#clock }
    if (plan.signal) options.signal = plan.signal
    try {
      await retry((context) => handler(letter, context), policy, options)
      report.succeeded++
      await this.remove(letter.id)
    } catch (error) {
      if (error instanceof RetryAbortedError) return void report.skipped++
      report.failed++
      const now = this.#clock.now()
      const dead = error instanceof DeadLetterError ? error : undefined
      const fresh = (dead?.errors ?? [{ attempt: 1, error, at: now }]).map(({ attempt, error, at, delay = 0 }) => ({ attempt, endedAt: at, delay, error: failureOf(error) }))
      const history = fresh.slice(-HISTORY)
      await this.#replace(letter, {
        ...letter,
        reason: dead && dead.reason != 'discarded' ? dead.reason : 'permanent',
        earlierAttempts: letter.earlierAttempts + letter.attempts,
        attempts: dead?.attempts ?? 1,
        redrives: letter.redrives + 1,
        diedAt: now,
        lastFailedAt: now,
        lastError: history.at(-1)!.error,
        history,
        forgotten: fresh.length - history.length,
      })
    }
  }

  /** The same letter as it is now. Written over the old one, so that it is never in neither place. */
  async #replace(old: DeadLetter, letter: DeadLetter) {
    this.#letters.set(old.id, Object.freeze(letter))
    const place = this.#places.get(old.id)
    if (place) await this.#options.storage?.setItem(place, toRecord(letter))
  }

  #sleep(ms: number, signal?: AbortSignal) {
    if (!(ms > 0) || signal?.aborted) return
    return new Promise<void>((resolve) => {
      const timer = this.#clock.setTimeout(done, Math.ceil(ms))
      const clock = this.#clock
      signal?.addEventListener('abort', done)
      function done() {
        clock.clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
    })
  }

  /** One record a line: what the CLI and the Rust crate read and write. */
  toNDJSON(filter?: Filter): string {
    return this.list(filter).map((letter) => JSON.stringify(toRecord(letter)) + '\n').join('')
  }

  /** Pushes every record of a text; how many. Their ids become new ones, their lineage stays. */
  async fromNDJSON(text: string): Promise<number> {
    const letters = text.split('\n').flatMap((line, index) => {
      if (!line.trim()) return []
      try {
        return [fromRecord(JSON.parse(line))]
      } catch (error) {
        throw new ConfigError(`line ${index + 1}`, messageOf(error))
      }
    })
    for (const letter of letters) await this.push(letter)
    return letters.length
  }

  /** All of the queue as plain JSON. */
  snapshot(): { version: 1; letters: unknown[] } {
    return { version: 1, letters: [...this].map(toRecord) }
  }

  /** A queue with the letters of a snapshot, ids and all. */
  static restore(snapshot: { version: 1; letters: unknown[] }, options: Omit<QueueOptions, 'storage'> = {}): DeadLetterQueue {
    if (snapshot?.version !== 1) throw new ConfigError('version', `= ${snapshot?.version} is not known; this version reads 1`)
    const queue = new DeadLetterQueue(options)
    for (const record of snapshot.letters) queue.#hold(fromRecord(record))
    return queue
  }
}

const GROUPS = {
  reason: (letter: DeadLetter) => letter.reason as string,
  kind: (letter: DeadLetter) => letter.lastError?.kind ?? '',
  taskType: (letter: DeadLetter) => letter.taskType,
  key: (letter: DeadLetter) => letter.key,
  message: (letter: DeadLetter) => letter.lastError?.message ?? '',
  pattern: (letter: DeadLetter) => (letter.lastError?.message ?? '').replace(/\d+(?:[.,:/-]\d+)*/g, '#'),
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

