import { systemClock } from './clock.js'
import { ConfigError, QueueFullError, StorageError, type DeadLetterError } from './errors.js'
import { nanoseconds } from './duration.js'
import type { DeadLetter, RedriveReport } from './letter.js'
import { chooser, failureOf, GROUPS, remembered, type Filter } from './letters.js'
import type { DeadLetterSink } from './options.js'
import { fromRecord, inherit, toLines, toRecord } from './record.js'
import { redrive, type Handler, type RedrivePlan } from './redrive.js'
import { forEach, Store, type Storage } from './store.js'
import { messageOf } from './text.js'
import type { Clock, Duration, PolicyOptions, Reason } from './types.js'

/** Why a letter left the queue without anybody asking. */
export type DropCause = 'full' | 'retention'

/** How a queue is kept. */
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
  /** How long the storage may take to answer before that counts as a failure. Default 10 s. */
  storageTimeout?: Duration
  /** Called with every letter that came in. */
  onPush?: (letter: DeadLetter) => void
  /** Called with every letter that was dropped, and why. */
  onDrop?: (letter: DeadLetter, cause: DropCause) => void
  /** Where time comes from. */
  clock?: Clock
}

/** What a queue holds, and what came and went since it was made. */
export interface QueueStats {
  size: number
  pushed: number
  /** Taken out by `remove`, `purge` or a redrive that succeeded. */
  removed: number
  dropped: { full: number; retention: number }
  /** Turned away because the queue was full. */
  refused: number
  /** Changes that the storage has not taken yet: see `flush`. */
  unsaved: number
  /** Items in the storage that are no letters; they are left where they are. */
  damaged: number
  byReason: Record<string, number>
}

/** Letters are data: what they hold is what JSON can hold. */
function plain(value: unknown, name: string) {
  try {
    return value === undefined ? null : JSON.parse(JSON.stringify(value) ?? 'null')
  } catch (error) {
    throw new ConfigError(name, `cannot be written as JSON: ${messageOf(error)}`)
  }
}

/** Takes down the first thing that went wrong, so that the rest is done all the same. */
class Faults {
  first: { fault: unknown } | undefined
  readonly note = (fault: unknown) => void (this.first ??= { fault })
  throw(letter?: DeadLetter) {
    if (this.first) throw new StorageError(this.first.fault, letter)
  }
}

/**
 * Keeps dead letters, and sends them back to work.
 *
 * In memory, or in any storage of `unstorage` besides. Whatever leaves it without being asked for (no room,
 * too old) is counted in `stats()` and reported to `onDrop`: nothing is lost in silence. When the storage
 * fails, the letter is kept in memory, the caller gets a `StorageError`, and `flush` tries again.
 *
 * Several queues may write to one storage, in as many processes; each reads it once, when it is made. A
 * letter whose handler succeeded while the storage could not be told of it goes back to work again after a
 * restart: handlers see a letter at least once.
 */
export class DeadLetterQueue implements DeadLetterSink, Iterable<DeadLetter> {
  readonly #letters = new Map<number, DeadLetter>()
  readonly #options: QueueOptions
  readonly #clock: Clock
  readonly #capacity: number
  readonly #retention: number
  readonly #store: Store | undefined
  #opened: Promise<void> | undefined
  #next = 1
  readonly #counts = { pushed: 0, removed: 0, refused: 0, full: 0, retention: 0 }

  /** @throws {ConfigError} that names the option, the value and the limit. */
  constructor(options: QueueOptions = {}) {
    const { capacity = 10_000, retention = null, full = 'reject', storage, storageTimeout = 10_000 } = options
    const ms = (value: Duration, name: string) => {
      const span = nanoseconds(value) / 1e6
      if (!(span >= 0)) throw new ConfigError(name, `= ${value} is no duration; write one like "30d"`)
      return span
    }
    if (capacity !== null && !(capacity >= 1)) throw new ConfigError('capacity', `= ${capacity} is below 1`)
    if (!['reject', 'dropOldest', 'dropNew'].includes(full)) throw new ConfigError('full', `= ${full} is none of: reject, dropOldest, dropNew`)
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#capacity = capacity ?? Infinity
    this.#retention = retention === null ? Infinity : ms(retention, 'retention')
    if (storage) this.#store = new Store(storage, (options.prefix ?? 'redrive') + ':dead-letters', ms(storageTimeout, 'storageTimeout'))
    // Who never asks for `ready` still learns of it from the first push.
    this.ready.catch(() => {})
  }

  /**
   * Fulfilled when the letters in the storage have been read, which every method that changes something
   * waits for. Rejected with a `StorageError` when they cannot be read; the next call then tries again.
   */
  get ready(): Promise<void> {
    return (this.#opened ??= this.#open())
  }

  async #open() {
    try {
      for (const { letter, place } of (await this.#store?.load()) ?? []) {
        const id = this.#hold(letter)
        this.#store!.place(id, place)
      }
    } catch (fault) {
      this.#opened = undefined
      throw new StorageError(fault)
    }
  }

  /** Takes a letter in, under its own number if that is free. */
  #hold(letter: DeadLetter): number {
    const taken = !letter.id || this.#letters.has(letter.id)
    const id = taken ? this.#next : letter.id
    const lineage = letter.lineage == letter.id || !letter.lineage ? id : letter.lineage
    const same = id == letter.id && lineage == letter.lineage
    this.#letters.set(id, same ? letter : inherit(Object.freeze({ ...letter, id, lineage }), letter))
    this.#next = Math.max(this.#next, id + 1)
    return id
  }

  /**
   * What `retry` calls with the error that it is about to reject with. The number of the letter;
   * `undefined` when it was dropped for want of room.
   */
  async add(dead: DeadLetterError, policy: PolicyOptions, taskType: string | undefined, payload: unknown): Promise<number | undefined> {
    const tried = dead.errors.map((attempt) => ({ ...attempt, error: failureOf(attempt.error, messageOf(attempt.error)) }))
    const letter = await this.push({
      key: dead.key,
      seed: dead.seed,
      taskType: taskType ?? '',
      payload,
      reason: dead.reason as Reason,
      attempts: dead.attempts,
      policy: Object.keys(policy).length ? policy : null,
      ...remembered(tried, dead.attempts),
    }).catch((fault: unknown) => {
      // It is in memory, and can be asked for.
      if (fault instanceof StorageError) dead.id = fault.letter?.id
      throw fault
    })
    return letter?.id
  }

  /**
   * Takes a letter in; with a storage, it is written when the promise is fulfilled. Gives `undefined` where
   * the queue is full and drops new letters.
   *
   * @throws {QueueFullError} when there is no room and the queue is to refuse.
   * @throws {StorageError} when the storage fails; the letter is in memory all the same.
   */
  push(given: Partial<DeadLetter> & Pick<DeadLetter, 'reason'>): Promise<DeadLetter | undefined> {
    return this.#push({ ...given, id: 0 })
  }

  async #push(given: Partial<DeadLetter> & Pick<DeadLetter, 'reason'>): Promise<DeadLetter | undefined> {
    const faults = new Faults()
    const fresh = this.#letter(given)
    await this.ready.catch(faults.note)
    await this.#expire(faults)
    while (this.#letters.size >= this.#capacity) {
      const [oldest] = this.#letters.values()
      if (this.#options.full == 'dropOldest') await this.#drop(oldest!, 'full', faults)
      else if (this.#options.full == 'dropNew') {
        this.#counts.full++
        this.#options.onDrop?.(fresh, 'full')
        return undefined
      } else {
        this.#counts.refused++
        throw new QueueFullError(this.#capacity, fresh)
      }
    }
    this.#counts.pushed++
    // In memory first: a storage that fails does not take the letter with it.
    const letter = this.#letters.get(this.#hold(fresh))!
    await this.#store?.write(letter).catch(faults.note)
    this.#options.onPush?.(letter)
    faults.throw(letter)
    return letter
  }

  #letter(given: Partial<DeadLetter> & Pick<DeadLetter, 'reason'>): DeadLetter {
    const now = this.#clock.now()
    const history = given.history ?? []
    const last = history.at(-1)
    const letter: DeadLetter = {
      id: given.id ?? 0,
      lineage: given.lineage ?? 0,
      key: String(given.key ?? 0),
      taskType: given.taskType ?? '',
      payload: plain(given.payload, 'payload'),
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
      forgotten: given.forgotten ?? 0,
      policy: plain(given.policy, 'policy'),
      seed: given.seed ?? '0',
    }
    return inherit(Object.freeze(letter), given)
  }

  async #drop(letter: DeadLetter, cause: DropCause, faults: Faults) {
    this.#letters.delete(letter.id)
    this.#counts[cause]++
    await this.#store?.erase(letter.id).catch(faults.note)
    this.#options.onDrop?.(letter, cause)
  }

  async #expire(faults: Faults): Promise<number> {
    if (this.#retention == Infinity) return 0
    const before = this.#clock.now() - this.#retention
    const old = [...this].filter((letter) => letter.diedAt < before)
    await forEach(old, (letter) => this.#drop(letter, 'retention', faults))
    return old.length
  }

  /** Drops what is older than the retention; how many. Every push does so too. */
  async expire(): Promise<number> {
    await this.ready
    const faults = new Faults()
    const count = await this.#expire(faults)
    faults.throw()
    return count
  }

  /**
   * Writes what the storage has refused so far; fulfilled when it holds all that this queue does. The next
   * push that the storage takes does the same.
   *
   * @throws {StorageError} when it still fails.
   */
  async flush(): Promise<void> {
    await this.ready
    await this.#store?.flush().catch((fault) => {
      throw new StorageError(fault)
    })
  }

  /** How many letters there are. */
  get size(): number {
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
    return [...this].filter(chooser(filter, this.#clock.now()))
  }

  /** The letter with this number. */
  get(id: number): DeadLetter | undefined {
    return this.#letters.get(id)
  }

  /** Groups letters, the largest group first. `pattern` is the message with `#` in place of numbers. */
  groupBy(field: keyof typeof GROUPS | ((letter: DeadLetter) => string), filter?: Filter): Map<string, DeadLetter[]> {
    const read = typeof field == 'function' ? field : GROUPS[field]
    if (!read) throw new ConfigError('field', `= ${field} is none of: ${Object.keys(GROUPS).join(', ')}`)
    const groups = new Map<string, DeadLetter[]>()
    for (const letter of this.list(filter)) {
      const name = read(letter)
      const group = groups.get(name)
      if (group) group.push(letter)
      else groups.set(name, [letter])
    }
    return new Map([...groups].sort(([, a], [, b]) => b.length - a.length))
  }

  /**
   * Takes a letter out; `undefined` if it is not there.
   *
   * @throws {StorageError} when the storage fails: the letter is out, and `flush` tells the storage again.
   */
  async remove(id: number): Promise<DeadLetter | undefined> {
    await this.ready
    const letter = this.#letters.get(id)
    if (letter) {
      this.#letters.delete(id)
      this.#counts.removed++
      await this.#store?.erase(id).catch((fault) => {
        throw new StorageError(fault, letter)
      })
    }
    return letter
  }

  /** Takes out all letters that the filter lets through, all of them without one; how many. */
  async purge(filter?: Filter): Promise<number> {
    await this.ready
    const letters = this.list(filter)
    await forEach(letters, ({ id }) => this.remove(id))
    return letters.length
  }

  /** What it holds, and what came and went. */
  stats(): QueueStats {
    const { full, retention, ...counts } = this.#counts
    const byReason: Record<string, number> = {}
    for (const { reason } of this) byReason[reason] = (byReason[reason] ?? 0) + 1
    return { size: this.size, ...counts, dropped: { full, retention }, unsaved: this.#store?.unsaved ?? 0, damaged: this.#store?.damaged ?? 0, byReason }
  }

  /**
   * Sends letters back to work: runs `handler` for each under its policy, paced and spread. A letter
   * whose handler succeeds leaves the queue, and only then; one that dies again comes back with its history.
   *
   * @throws {StorageError} when the storage fails: nothing more is started, and its `report` tells what was done.
   */
  async redrive(plan: RedrivePlan, handler: Handler): Promise<RedriveReport> {
    await this.ready
    return redrive({
      clock: this.#clock,
      list: (filter) => this.list(filter),
      get: (id) => this.get(id),
      remove: (id) => this.remove(id),
      replace: (letter) => this.#replace(letter),
    }, plan, handler)
  }

  /** The same letter as it is now, unless somebody took it out meanwhile. */
  async #replace(letter: DeadLetter) {
    const old = this.#letters.get(letter.id)
    if (!old) return
    this.#letters.set(letter.id, inherit(Object.freeze(letter), old))
    await this.#store?.write(letter).catch((fault) => {
      throw new StorageError(fault, letter)
    })
  }

  /** One record a line: what the CLI and the Rust crate read and write. */
  toNDJSON(filter?: Filter): string {
    return toLines(this.list(filter))
  }

  /**
   * Takes in every record of a text; how many. A letter keeps its number where that is free, and its
   * lineage always. Letters that are dropped for want of room are not counted.
   *
   * @throws {ConfigError} that names the line and the field; nothing has been taken in then.
   */
  async fromNDJSON(text: string): Promise<number> {
    const letters = text.split('\n').flatMap((line, index) => {
      if (!line.trim()) return []
      try {
        return [fromRecord(JSON.parse(line))]
      } catch (error) {
        throw new ConfigError(`line ${index + 1}`, messageOf(error))
      }
    })
    let count = 0
    for (const letter of letters) if (await this.#push(letter)) count++
    return count
  }

  /** All of the queue as plain JSON. */
  snapshot(): { version: 1; letters: unknown[] } {
    return { version: 1, letters: [...this].map(toRecord) }
  }

  /** A queue with the letters of a snapshot, numbers and all. */
  static restore(snapshot: { version: 1; letters: unknown[] }, options: Omit<QueueOptions, 'storage'> = {}): DeadLetterQueue {
    if (snapshot?.version !== 1) throw new ConfigError('version', `= ${snapshot?.version} is not known; this version reads 1`)
    const queue = empty(options)
    for (const record of snapshot.letters) queue.#hold(fromRecord(record))
    return queue
  }
}

// Outside of the class: a bundler renames a class that names itself.
const empty = (options: QueueOptions) => new DeadLetterQueue(options)
