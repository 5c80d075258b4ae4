// Dead letters in a storage: what is to stand there, and what does not yet.
import { fromRecord, toRecord } from './record.js'
import type { DeadLetter } from './letter.js'

/** What `new DeadLetterQueue({ storage })` needs: any instance of `unstorage` has it. */
export interface Storage {
  getKeys(base?: string): Promise<string[]>
  getItem(key: string): Promise<unknown>
  setItem(key: string, value: any): Promise<void>
  removeItem(key: string): Promise<void>
}

/** How many requests are on their way at once. */
const TOGETHER = 100

/** Does the same for every item, some at a time; fails as the first that failed, after all of them. */
export async function forEach<T>(items: Iterable<T>, work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = [...items]
  const faults: unknown[] = []
  while (rest.length) {
    await Promise.all(rest.splice(0, TOGETHER).map((item) => work(item).catch((fault) => faults.push(fault))))
  }
  if (faults.length) throw faults[0]
}

/**
 * The letters of one queue in a storage, each at a place of its own.
 *
 * What a place is to hold is written down first, and then carried there: so the last word on a letter wins
 * however the storage's answers overtake one another, and what it refused is known and can be tried again.
 */
export class Store {
  readonly #places = new Map<number, string>()
  /** What the storage does not hold yet: a letter, or nothing in its place. */
  readonly #wanted = new Map<string, DeadLetter | null>()
  /** One request at a time for a place. */
  readonly #turns = new Map<string, Promise<void>>()
  #flushing = false
  /** Items that are no letters; they are left where they are. */
  damaged = 0

  constructor(
    readonly storage: Storage,
    readonly base: string,
    /** How long an answer may take, in milliseconds. */
    readonly patience: number,
  ) {}

  /** Every letter that the storage holds, oldest first. */
  async load(): Promise<{ letter: DeadLetter; place: string }[]> {
    const found = new Map<string, DeadLetter>()
    // Redis may name a key twice in one scan.
    const keys = [...new Set(await this.#answer(() => this.storage.getKeys(this.base)))].sort()
    let damaged = 0
    await forEach(keys, async (place) => {
      const item = await this.#answer(() => this.storage.getItem(place)).catch((fault) => {
        // A storage that cannot read what it holds is one thing, one that does not answer another.
        if (fault instanceof SyntaxError) return fault
        throw fault
      })
      // Another process took it away between the two questions.
      if (item == null) return
      try {
        found.set(place, fromRecord(item))
      } catch {
        damaged++
      }
    })
    this.damaged = damaged
    return keys.flatMap((place) => {
      const letter = found.get(place)
      return letter ? { letter, place } : []
    })
  }

  /** Notes where a letter stands. */
  place(id: number, place: string) {
    this.#places.set(id, place)
  }

  /** Writes a letter: over the old one, so that it is never in neither place. */
  async write(letter: DeadLetter): Promise<void> {
    const { id } = letter
    // No two processes write to one place, whatever numbers they give.
    if (!this.#places.has(id)) this.place(id, `${this.base}:${String(id).padStart(12, '0')}-${crypto.randomUUID()}`)
    await this.#want(this.#places.get(id)!, letter)
    // It works again: time for what it refused before.
    if (this.#wanted.size > this.#turns.size && !this.#flushing) {
      this.#flushing = true
      this.flush().catch(() => {}).finally(() => (this.#flushing = false))
    }
  }

  /** Takes a letter away. */
  async erase(id: number): Promise<void> {
    const place = this.#places.get(id)
    this.#places.delete(id)
    if (place !== undefined) await this.#want(place, null)
  }

  /** What the storage has not taken yet. */
  get unsaved(): number {
    return this.#wanted.size
  }

  /** Tries all of that again. */
  flush(): Promise<void> {
    return forEach([...this.#wanted.keys()], (place) => this.#carry(place))
  }

  #want(place: string, letter: DeadLetter | null) {
    this.#wanted.set(place, letter)
    return this.#carry(place)
  }

  async #carry(place: string): Promise<void> {
    const turn = (this.#turns.get(place) ?? Promise.resolve()).then(async () => {
      const letter = this.#wanted.get(place)
      if (letter === undefined) return
      await (letter ? this.storage.setItem(place, toRecord(letter)) : this.storage.removeItem(place))
      if (this.#wanted.get(place) === letter) this.#wanted.delete(place)
    })
    const quiet = turn.catch(() => {})
    this.#turns.set(place, quiet)
    try {
      await this.#answer(() => turn)
    } finally {
      if (this.#turns.get(place) === quiet) this.#turns.delete(place)
    }
  }

  /** What a request gives, unless it takes too long: who waits for a dead letter is not to wait for ever. */
  #answer<T>(ask: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      // The real time, whatever clock the tasks have: the storage is real.
      const timer = setTimeout(() => reject(new Error(`the storage did not answer within ${this.patience} ms`)), Math.min(this.patience, 2 ** 31 - 1))
      const over = () => clearTimeout(timer)
      Promise.resolve().then(ask).then(resolve, reject).finally(over)
    })
  }
}
