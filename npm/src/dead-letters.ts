import { systemClock } from './clock.js'
import { nanoseconds } from './duration.js'
import { ConfigError, QueueFullError, StorageError, type DeadLetterError } from './errors.js'
import { Heap } from './heap.js'
import { Leases } from './lease.js'
import type { DeadLetter, RedriveReport } from './letter.js'
import { chooser, failureOf, GROUPS, remembered, type Filter } from './letters.js'
import type { DeadLetterSink } from './options.js'
import { withHints } from './hints.js'
import { Faults, HINTS, LETTER, OPTIONS, plain, type DropCause, type QueueOptions, type QueueStats, type SetAside } from './queue.js'
import { known, own, show } from './read.js'
import { fromRecord, inherit, rawPayload, toLines, toRecord } from './record.js'
import { redrive, type Handler, type RedrivePlan } from './redrive.js'
import { forEach, Store } from './store.js'
import { messageOf } from './text.js'
import type { Clock, Duration, PolicyOptions, Reason } from './types.js'

/** The largest number of a letter: above it two may be one. */
const MAX_ID = Number.MAX_SAFE_INTEGER - 1

/**
 * Keeps dead letters, and sends them back to work.
 *
 * In memory, or in any storage of `unstorage` besides. Whatever leaves it without being asked for (no room,
 * too old) is counted in `stats()` and reported to `onDrop`: nothing is lost in silence. When the storage
 * fails, the letter is kept in memory, the caller gets a `StorageError`, and `flush` tries again.
 *
 * Several queues may write to one storage, in as many processes; each reads it when it is made, and again by
 * `refresh`. A letter that a redrive has in work is leased: no other redrive runs it meanwhile. One whose handler
 * succeeded while the storage could not be told of it goes back to work after a restart: handlers see a letter at
 * least once.
 */
export class DeadLetterQueue implements DeadLetterSink, Iterable<DeadLetter> {
  readonly #letters = new Map<number, DeadLetter>()
  readonly #options: QueueOptions
  readonly #clock: Clock
  readonly #capacity: number
  readonly #retention: number
  readonly #store: Store | undefined
  readonly #leases: Leases | undefined
  /** Letters that a redrive of this queue has in work. */
  readonly #working = new Set<number>()
  /** The oldest first; some of them may be gone, or have died again. */
  readonly #ages = new Heap<{ id: number; diedAt: number }>((a, b) => a.diedAt < b.diedAt)
  #opened: Promise<void> | undefined
  #next = 1
  readonly #counts = { pushed: 0, removed: 0, refused: 0, full: 0, retention: 0 }
  readonly #aside: SetAside[] = []

  /** @throws {ConfigError} that names the option, the value and the limit. */
  constructor(options: QueueOptions = {}) {
    withHints()
    known(options, 'options', OPTIONS, HINTS)
    options = own(options)
    const { capacity = 10_000, retention = null, full = 'reject', storage, storageTimeout = 10_000, lease = 60_000, prefix = 'redrive', clock } = options
    const ms = (value: Duration, name: string) => {
      const span = nanoseconds(value) / 1e6
      if (!(span >= 0)) throw new ConfigError(name, `= ${show(value)} is not a duration; write one like "30d"`)
      return span
    }
    if (capacity !== null && !(typeof capacity == 'number' && capacity >= 1)) throw new ConfigError('capacity', `= ${show(capacity)} is not a number from 1, or null for no limit`)
    if (!['reject', 'dropOldest', 'dropNew'].includes(full)) throw new ConfigError('full', `= ${show(full)} must be one of: reject, dropOldest, dropNew`)
    for (const name of ['redact', 'onPush', 'onDrop'] as const) if (options[name] != null && typeof options[name] != 'function') throw new ConfigError(name, `= ${show(options[name])} is not a function`)
    for (const name of ['getKeys', 'getItem', 'setItem', 'removeItem'] as const) {
      if (storage !== undefined && typeof Object(storage)[name] != 'function') throw new ConfigError('storage', `has no ${name}; pass an instance of unstorage: createStorage({ driver })`)
    }
    if (clock && typeof clock.now != 'function') throw new ConfigError('clock', 'has no now(); pass a clock')
    this.#options = options
    this.#clock = clock ?? systemClock
    this.#capacity = capacity ?? Infinity
    this.#retention = retention === null ? Infinity : ms(retention, 'retention')
    if (storage) {
      this.#store = new Store(storage, prefix + ':dead-letters', ms(storageTimeout, 'storageTimeout'))
      this.#leases = new Leases(this.#store, prefix, Math.max(ms(lease, 'lease'), 100))
    }
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
      await this.#load()
    } catch (fault) {
      this.#opened = undefined
      throw new StorageError(fault)
    }
  }

  /**
   * Reads the storage again: letters that other processes have stored, changed or taken out since.
   *
   * @throws {StorageError} when it cannot be read; nothing has changed then.
   */
  async refresh(): Promise<void> {
    await this.ready
    await this.#load().catch((fault) => {
      throw new StorageError(fault)
    })
  }

  async #load(taken?: ReadonlyMap<number, unknown>) {
    const store = this.#store
    if (!store) return
    const before = new Set(store.settled())
    for (const { id, letter, entry } of await store.load()) {
      if (id !== undefined) before.delete(id)
      if (!letter) continue
      if (id !== undefined && this.#letters.has(id)) this.#set({ ...letter, id }, letter)
      else if (id === undefined) store.hold(this.#hold(letter), entry)
    }
    for (const id of before) {
      // Another process took it out; what is in work here is seen to by its redrive.
      if ((this.#working.has(id) && !taken?.has(id)) || (await store.holds(id))) continue
      store.forget(id)
      this.#letters.delete(id)
    }
  }

  /** Puts a letter under its number. */
  #set(letter: DeadLetter, old: DeadLetter) {
    this.#letters.set(letter.id, letter === old ? letter : inherit(Object.freeze(letter), old))
    if (this.#retention == Infinity) return
    this.#ages.push(letter)
    // Those that are gone do not pile up; a sorted list is a heap.
    if (this.#ages.items.length > 2 * this.#letters.size + 64) this.#ages.items = [...this].sort((a, b) => a.diedAt - b.diedAt)
  }

  /** Takes a letter in, under its own number if that is free. */
  #hold(letter: DeadLetter): number {
    const taken = !letter.id || letter.id > MAX_ID || this.#letters.has(letter.id)
    if (taken) {
      if (this.#next > MAX_ID) this.#next = 1
      while (this.#letters.has(this.#next)) this.#next++
    }
    const id = taken ? this.#next : letter.id
    const lineage = letter.lineage == letter.id || !letter.lineage ? id : letter.lineage
    const same = id == letter.id && lineage == letter.lineage
    this.#set(same ? letter : { ...letter, id, lineage }, letter)
    if (id >= this.#next) this.#next = id + 1
    return id
  }

  /**
   * What `retry` calls with the error that it is about to reject with. The number of the letter;
   * `undefined` when it was dropped for want of room.
   */
  async add(dead: DeadLetterError, policy: PolicyOptions, taskType: string | undefined, payload: unknown): Promise<number | undefined> {
    const tried = dead.errors.map((attempt) => ({ ...attempt, error: failureOf(attempt.error) }))
    const letter = await this.#push({
      key: dead.key,
      seed: dead.seed,
      taskType: taskType ?? '',
      payload,
      reason: dead.reason as Reason,
      attempts: dead.attempts,
      policy: Object.keys(policy).length ? policy : null,
      ...remembered(tried, dead.attempts),
    }).catch((fault: unknown) => {
      // It is in the queue, and can be asked for.
      if (!(fault instanceof QueueFullError)) dead.id = (fault as StorageError).letter?.id
      throw fault
    })
    return letter?.id
  }

  /**
   * Takes a letter in; with a storage, it is written when the promise is fulfilled. Gives `undefined` where
   * the queue is full and drops new letters.
   *
   * @throws {QueueFullError} when the queue is full and is to refuse.
   * @throws {StorageError} when the storage fails; the letter is in memory all the same.
   */
  async push(given: Partial<DeadLetter> & Pick<DeadLetter, 'reason'>): Promise<DeadLetter | undefined> {
    known(given, 'letter', LETTER, { type: 'taskType', error: 'history' })
    const { key, payload, policy } = given
    if (key != null && !/string|number|bigint/.test(typeof key)) throw new ConfigError('key', `= ${show(key)} is not a text or a number`)
    plain(payload, 'payload')
    plain(policy, 'policy')
    // What the next process, or Rust, would not read is refused now.
    try {
      fromRecord(toRecord(this.#letter({ ...given, id: 0 })))
    } catch (fault) {
      throw fault instanceof ConfigError ? fault : new ConfigError('letter', `cannot be written: ${messageOf(fault)}`)
    }
    return this.#push({ ...given, id: 0 })
  }

  async #push(given: Partial<DeadLetter> & Pick<DeadLetter, 'reason'>): Promise<DeadLetter | undefined> {
    const faults = new Faults()
    const fresh = this.#redact(this.#letter(given), faults)
    await this.ready.catch(faults.note)
    await this.#expire(faults)
    while (this.#letters.size >= this.#capacity) {
      const [oldest] = this.#letters.values()
      if (this.#options.full == 'dropOldest') await this.#drop(oldest!, 'full', faults)
      else if (this.#options.full == 'dropNew') {
        this.#counts.full++
        await faults.hear('onDrop', () => this.#options.onDrop?.(fresh, 'full'))
        faults.throw()
        return undefined
      } else {
        this.#counts.refused++
        throw new QueueFullError(this.#capacity, fresh)
      }
    }
    this.#counts.pushed++
    // In memory first: a storage that fails does not take the letter with it.
    const letter = this.#letters.get(this.#hold(fresh))!
    await this.#store?.write(letter.id, letter).catch(faults.note)
    await faults.hear('onPush', () => this.#options.onPush?.(letter))
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
      payload: rawPayload(given) ? given.payload : plain(given.payload, 'payload'),
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

  #redact(letter: DeadLetter, faults?: Faults): DeadLetter {
    const { redact } = this.#options
    if (!redact) return letter
    const change = (given: Partial<DeadLetter>) => {
      known(given, 'redact', LETTER)
      const { payload } = { ...letter, ...given }
      const { id, lineage } = letter
      const changed = { ...letter, ...given, id, lineage, payload: payload === letter.payload ? payload : plain(payload, 'payload') }
      fromRecord(toRecord(changed))
      return inherit(Object.freeze({ ...changed, lastError: changed.history.at(-1)?.error ?? null }), letter)
    }
    try {
      return change(redact(letter))
    } catch (fault) {
      if (faults) faults.heard ??= { name: 'redact', fault }
      // Without faults to note it is a letter of ours that has died again: its payload has been seen to.
      return change({ payload: faults ? null : letter.payload, history: letter.history.map((past) => ({ ...past, error: { ...past.error, message: '' } })) })
    }
  }

  async #drop(letter: DeadLetter, cause: DropCause, faults: Faults) {
    this.#letters.delete(letter.id)
    this.#counts[cause]++
    await this.#store?.erase(letter.id).catch(faults.note)
    await faults.hear('onDrop', () => this.#options.onDrop?.(letter, cause))
  }

  async #expire(faults: Faults): Promise<number> {
    if (this.#retention == Infinity) return 0
    const before = this.#clock.now() - this.#retention
    const old = new Set<DeadLetter>()
    for (let oldest = this.#ages.items[0]; oldest && oldest.diedAt < before; oldest = this.#ages.items[0]) {
      this.#ages.pop()
      const letter = this.#letters.get(oldest.id)
      if (letter?.diedAt === oldest.diedAt && !this.#working.has(oldest.id)) old.add(letter)
    }
    await forEach(old, (letter) => this.#drop(letter, 'retention', faults))
    return old.size
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

  /** The letters that a filter lets through, in the order of their deaths. */
  list(filter: Filter = {}): DeadLetter[] {
    return [...this].filter(chooser(filter, this.#clock.now())).sort((a, b) => a.diedAt - b.diedAt || a.id - b.id)
  }

  /** The letter with this number. */
  get(id: number): DeadLetter | undefined {
    return this.#letters.get(id)
  }

  /** Groups letters, the largest group first. `pattern` is the message with `#` in place of numbers. */
  groupBy(field: keyof typeof GROUPS | ((letter: DeadLetter) => string), filter?: Filter): Map<string, DeadLetter[]> {
    const read = typeof field == 'function' ? field : Object.hasOwn(GROUPS, field) && GROUPS[field]
    if (!read) throw new ConfigError('field', `= ${show(field)} must be one of: ${Object.keys(GROUPS).join(', ')}`)
    const groups = new Map<string, DeadLetter[]>()
    for (const letter of this.list(filter)) {
      const name = read(letter)
      const group = groups.get(name)
      if (group) group.push(letter)
      else groups.set(name, [letter])
    }
    return new Map([...groups].sort(([a, one], [b, other]) => other.length - one.length || (a < b ? -1 : 1)))
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
    if (arguments.length && filter == null) throw new ConfigError('filter', `is ${filter}; call purge() for every letter`)
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
    return { size: this.size, ...counts, dropped: { full, retention }, unsaved: this.#store?.unsaved ?? 0, damaged: (this.#store?.damaged ?? 0) + this.#aside.length, byReason }
  }

  /**
   * Sends letters back to work: runs `handler` for each under its policy, paced and spread. A letter
   * whose handler succeeds leaves the queue, and only then; one that dies again comes back with its history.
   *
   * @throws {StorageError} when the storage fails: nothing more is started, and its `report` tells what was done.
   */
  async redrive(plan: RedrivePlan, handler: Handler): Promise<RedriveReport> {
    await this.ready
    const own = new Map<number, string>()
    try {
      return await redrive({
        clock: this.#clock,
        list: (filter) => this.list(filter),
        take: (letters) => this.#take(letters, own),
        keep: (id) => this.#keep(id, own),
        release: (ids) => this.#release(ids, own),
        get: (id) => this.get(id),
        remove: (id) => this.remove(id),
        replace: (letter) => this.#replace(letter),
      }, plan, handler)
    } finally {
      await this.#release([...own.keys()], own).catch(() => {})
    }
  }

  /** Takes letters into work: those that no other redrive has, in this process or another, as they are now. */
  async #take(letters: readonly DeadLetter[], own: Map<number, string>): Promise<DeadLetter[]> {
    const free = letters.filter(({ id }) => this.#letters.has(id) && !this.#working.has(id))
    for (const { id } of free) {
      this.#working.add(id)
      own.set(id, this.#store?.name(id) ?? '')
    }
    const store = this.#store
    try {
      if (store) {
        const names = new Map(free.map(({ id }) => [own.get(id)!, id]))
        const won = await this.#leases!.claim([...names.keys()])
        const mine = [...won].map((name) => names.get(name)!)
        const held = new Map<number, boolean>()
        await forEach(mine, async (id) => held.set(id, await store.holds(id)))
        // Another process has had it in work: what became of it is in the storage.
        if ([...held.values()].includes(false)) await this.#load(own)
        const lost = free.filter(({ id }) => !held.has(id)).map(({ id }) => id)
        await this.#release(lost, own)
      }
    } catch (fault) {
      throw new StorageError(fault)
    }
    return free.flatMap(({ id }) => (own.has(id) ? this.#letters.get(id) ?? [] : []))
  }

  /** Whether a letter in work is still this process's own, after whatever sleep. */
  async #keep(id: number, own: Map<number, string>): Promise<boolean> {
    const [store, leases] = [this.#store!, this.#leases]
    const name = own.get(id)!
    if (!leases || (leases.alive && leases.has(name))) return true
    try {
      await leases.renew()
      if (leases.has(name)) return true
      // It slept longer than its lease: others may have had what was its own.
      if (!(await leases.claim([name])).has(name)) return false
      if (!(await store.holds(id))) await this.#load(own)
      return this.#letters.has(id)
    } catch (fault) {
      throw new StorageError(fault)
    }
  }

  async #release(ids: Iterable<number>, own: Map<number, string>) {
    const names: string[] = []
    for (const id of ids) {
      const name = own.get(id)
      if (name === undefined) continue
      own.delete(id)
      this.#working.delete(id)
      names.push(name)
    }
    if (names.length) await this.#leases?.release(names)
  }

  /** The same letter as it is now, unless somebody took it out meanwhile. */
  async #replace(letter: DeadLetter) {
    const old = this.#letters.get(letter.id)
    if (!old) return
    letter = this.#redact(letter)
    this.#set(letter, old)
    await this.#store?.write(letter.id, letter).catch((fault) => {
      throw new StorageError(fault, letter)
    })
  }

  /** One record a line: what the CLI and the Rust crate read and write. */
  toNDJSON(filter?: Filter): string {
    return toLines(this.list(filter))
  }

  /**
   * Takes in the letters of `toNDJSON`, the CLI or Rust, redriven ones too; how many. A number that is free is
   * kept, others get new ones. A line that is not a letter is set aside: it is counted in `stats().damaged`, and
   * `setAside` has its text and what is wrong with it.
   */
  async fromNDJSON(text: string): Promise<number> {
    if (typeof text != 'string') throw new ConfigError('text', `= ${show(text)} is not a text of lines`)
    const letters: DeadLetter[] = []
    let number = 0
    for (const line of text.replace(/^\ufeff/, '').split('\n')) {
      number++
      if (!line.trim()) continue
      try {
        letters.push(fromRecord(line.trim()))
      } catch (error) {
        this.#aside.push({ line: number, text: line, error })
      }
    }
    // New numbers come after all that the file has.
    for (const { id } of letters) if (id >= this.#next && id <= MAX_ID / 2) this.#next = id + 1
    let count = 0
    for (const letter of letters) if (await this.#push(letter)) count++
    return count
  }

  /** The lines that an import could not read. */
  get setAside(): readonly SetAside[] {
    return this.#aside
  }

  /** All of the queue as plain JSON. */
  snapshot(): { version: 1; letters: unknown[] } {
    return { version: 1, letters: [...this].map(toRecord) }
  }

  /** A queue with the letters of a snapshot, numbers and all. What is not a letter is in `setAside`. */
  static restore(snapshot: { version: 1; letters: unknown[] }, options: Omit<QueueOptions, 'storage'> = {}): DeadLetterQueue {
    if (snapshot?.version !== 1) throw new ConfigError('version', `= ${snapshot?.version} is not known; this version reads 1`)
    const queue = empty(options)
    if (!Array.isArray(snapshot.letters)) throw new ConfigError('letters', 'is not a list')
    snapshot.letters.forEach((record, n) => {
      try {
        queue.#hold(fromRecord(record))
      } catch (error) {
        queue.#aside.push({ line: n + 1, text: JSON.stringify(record), error })
      }
    })
    return queue
  }
}

// Outside of the class: a bundler renames a class that names itself.
const empty = (options: QueueOptions) => new DeadLetterQueue(options)
