// Dead letters in a storage: what is to be there, and what is not yet.
import { randomName } from './entropy.js'
import type { DeadLetter } from './letter.js'
import { fromRecord, toStored } from './record.js'

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
  for (let at = 0; at < rest.length; at += TOGETHER) {
    await Promise.all(rest.slice(at, at + TOGETHER).map((item) => work(item).catch((fault) => faults.push(fault))))
  }
  if (faults.length) throw faults[0]
}

/** A letter in the storage. */
interface Entry {
  /** What its places begin with: no two processes give one. */
  name: string
  /** The version that holds. A letter that changes gets a new place before the old one is erased. */
  version: number
  /** The highest version that any place has: a torn one, too. The next write goes above it. */
  highest: number
  /** What the storage is to hold; `null` for nothing. */
  wanted: DeadLetter | null
  /** Whether it holds that. */
  done: boolean
  /** Places that may hold something. */
  places: Set<string>
  /** One request at a time. */
  turn: Promise<void>
}

/** The name and version of a place; what the first releases wrote has no version. */
function parse(place: string): [name: string, version: number] {
  const [, name, version] = /^(.*?)(?:\.(\d+))?$/s.exec(place)!
  return [name!, Number(version ?? 0)]
}

/**
 * The letters of one queue in a storage.
 *
 * A place is written once, and a letter that changes is written to a new one before the old one is erased: a
 * process that is killed in the middle of a write leaves the version before whole. What a letter is to be is
 * noted first and then carried there: so the last word on a letter wins however the storage's answers overtake one
 * another, and what it refused is known and can be tried again.
 */
export class Store {
  readonly #entries = new Map<number, Entry>()
  /** Those whose storage is behind, by the names of their places: a letter that was taken out has no number. */
  readonly #behind = new Set<Entry>()
  #flushing = false
  /** Items that are not letters; they are left where they are. */
  damaged = 0

  constructor(
    readonly storage: Storage,
    readonly base: string,
    /** How long an answer may take, in milliseconds. */
    readonly patience: number,
  ) {}

  /** The keys below a part of the storage. */
  keys(base: string): Promise<string[]> {
    return this.answer(() => this.storage.getKeys(base))
  }

  /** What is at a place; `undefined` where it is damaged. */
  async read(place: string): Promise<unknown> {
    return this.answer(() => this.storage.getItem(place)).catch((fault) => {
      // A storage that cannot read what it holds is one thing, one that does not answer another.
      if (fault instanceof SyntaxError) return undefined
      throw fault
    })
  }

  /**
   * Every letter that the storage holds, oldest first, the newest version of each: `id` is that under which
   * this queue has it already, and `letter` is absent where it is the same as here.
   */
  async load(): Promise<{ id: number | undefined; letter: DeadLetter | undefined; entry: Entry }[]> {
    let keys = await this.keys(this.base)
    const known = new Map([...this.#entries].map(([id, entry]) => [entry.name, { id, entry }]))
    const found = new Map<string, { id: number | undefined; letter: DeadLetter | undefined; entry: Entry }>()
    let damaged = 0
    for (let look = 0; keys.length && look < 3; look++) {
      const versions = new Map<string, string[]>()
      const gone = new Set<string>()
      // Redis may name a key twice in one scan.
      for (const key of new Set(keys)) {
        const [name] = parse(key)
        versions.set(name, [...(versions.get(name) ?? []), key])
      }
      await forEach(versions, async ([name, places]) => {
        const here = known.get(name)
        // What is about to be written, or was erased here, is not for the storage to say.
        if (here && !here.entry.done) return void found.set(name, { id: here.id, letter: undefined, entry: here.entry })
        if ([...this.#behind].some((entry) => entry.name == name)) return
        let torn = 0
        for (const place of places.sort((a, b) => parse(b)[1] - parse(a)[1])) {
          const version = parse(place)[1]
          if (here && version <= here.entry.version) return void found.set(name, { id: here.id, letter: undefined, entry: here.entry })
          const item = await this.read(place)
          // Another process took it away between the two questions.
          if (item === null) continue
          try {
            const letter = fromRecord(item)
            const entry = here?.entry ?? { name, version, highest: 0, wanted: letter, done: true, places: new Set<string>(), turn: Promise.resolve() }
            Object.assign(entry, { version, highest: Math.max(entry.highest, ...places.map((place) => parse(place)[1])), wanted: letter })
            // The oldest first: a kill in the middle of erasing them leaves the newest.
            for (const place of places.reverse()) entry.places.add(place)
            return void found.set(name, { id: here?.id, letter, entry })
          } catch {
            // Torn by the end of its process, or being written now: the version before counts.
            torn++
          }
        }
        if (torn == places.length) damaged++
        else gone.add(name)
      })
      // What changed meanwhile has a new place.
      keys = gone.size ? (await this.keys(this.base)).filter((key) => gone.has(parse(key)[0])) : []
    }
    this.damaged = damaged
    return [...found.keys()].sort().flatMap((name) => found.get(name)!)
  }

  /** Notes under which number a letter of the storage is here. */
  hold(id: number, entry: Entry) {
    this.#entries.set(id, entry)
  }

  /** The numbers of the letters that are as the storage had them. */
  settled(): number[] {
    return [...this.#entries].filter(([, entry]) => entry.done).map(([id]) => id)
  }

  /** Whether a letter is where it was left; another process may have taken it out, or changed it. */
  async holds(id: number): Promise<boolean> {
    const entry = this.#entries.get(id)
    if (!entry) return false
    if (!entry.done) return true
    const places = entry.version ? [`${entry.name}.${entry.version}`] : [...entry.places]
    for (const place of places) if ((await this.read(place)) != null) return true
    return false
  }

  /** What the places of a letter begin with. */
  name(id: number): string | undefined {
    return this.#entries.get(id)?.name
  }

  /** Forgets a letter that another process took away. */
  forget(id: number) {
    this.#entries.delete(id)
  }

  /** Writes a letter: to a new place, and then away with the old one. */
  async write(id: number, letter: DeadLetter): Promise<void> {
    let entry = this.#entries.get(id)
    if (!entry) {
      entry = { name: `${this.base}:${String(id).padStart(16, '0')}-${randomName()}`, version: 0, highest: 0, wanted: null, done: true, places: new Set(), turn: Promise.resolve() }
      this.#entries.set(id, entry)
    }
    await this.#want(entry, letter)
    // It works again: time for what it refused before.
    if (this.#behind.size && !this.#flushing) {
      this.#flushing = true
      this.flush().catch(() => {}).finally(() => (this.#flushing = false))
    }
  }

  /** Takes a letter away. */
  async erase(id: number): Promise<void> {
    const entry = this.#entries.get(id)
    this.#entries.delete(id)
    if (entry) await this.#want(entry, null)
  }

  /** What the storage has not taken yet. */
  get unsaved(): number {
    return this.#behind.size
  }

  /** Tries all of that again. */
  flush(): Promise<void> {
    return forEach([...this.#behind], (entry) => this.#carry(entry))
  }

  #want(entry: Entry, letter: DeadLetter | null) {
    entry.wanted = letter
    entry.done = false
    this.#behind.add(entry)
    return this.#carry(entry)
  }

  #carry(entry: Entry): Promise<void> {
    const turn = entry.turn.then(async () => {
      if (entry.done) return
      const { wanted, places } = entry
      const old = [...places]
      if (wanted) {
        entry.version = entry.highest += 1
        const place = `${entry.name}.${entry.version}`
        places.add(place)
        await this.storage.setItem(place, toStored(wanted))
      }
      for (const place of old) {
        await this.storage.removeItem(place)
        places.delete(place)
      }
      // Somebody may have changed their mind meanwhile; their turn is next.
      if (entry.wanted === wanted) {
        entry.done = true
        this.#behind.delete(entry)
      }
    })
    entry.turn = turn.catch(() => {})
    return this.answer(() => turn)
  }

  /** What a request gives, unless it takes too long: who waits for a dead letter is not to wait for ever. */
  answer<T>(ask: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      // The real time, whatever clock the tasks have: the storage is real.
      const timer = setTimeout(() => reject(new Error(`the storage did not answer within ${this.patience} ms`)), Math.min(this.patience, 2 ** 31 - 1))
      const over = () => clearTimeout(timer)
      Promise.resolve().then(ask).then(resolve, reject).finally(over)
    })
  }
}
