// Which process has a letter in work, where several share one storage that can only read and write.
import { randomName } from './entropy.js'
import { attempt } from './text.js'
import type { Store } from './store.js'

/** What a process has written of itself. */
interface Claim {
  owner: string
  /** When it has to be written anew, in milliseconds since 1970; later it counts no longer. */
  until: number
  /** What it has in work. */
  has: string[]
  /** What it is about to take, unless others want it. */
  wants: string[]
}

const isClaim = (item: any): item is Claim => typeof item?.owner == 'string' && typeof item.until == 'number' && Array.isArray(item.has) && Array.isArray(item.wants)

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * The letters that this process has in work, in one item of the storage, written anew while it lives.
 *
 * What is wanted is written first, and then the claims of all others are read: of two that want one letter at the same
 * time, at least one sees the other. Who sees that another has it, or that one with a smaller name wants it, gives it
 * up; one with the smaller name waits until the other has it or has given it up. So no letter is with two, on a
 * storage that gives what was written last.
 */
export class Leases {
  readonly #owner = randomName()
  readonly #base: string
  readonly #has = new Set<string>()
  #wants = new Set<string>()
  #turn: Promise<unknown> = Promise.resolve()
  #timer: ReturnType<typeof setInterval> | undefined
  /** By the process's own steady time: nothing is begun when the claim could not be written anew. */
  #until = 0
  /** When others may take what is claimed. */
  #over = Infinity

  constructor(
    readonly store: Store,
    prefix: string,
    /** How long a claim counts without being written anew, in milliseconds. */
    readonly term: number,
  ) {
    this.#base = prefix + ':leases'
  }

  /** Whether what is claimed is still ours, with some time to spare. */
  get alive(): boolean {
    return performance.now() < this.#until
  }

  /** Whether a letter is claimed. */
  has(name: string): boolean {
    return this.#has.has(name)
  }

  /** Writes the claim anew; what it held when its term was over is anybody's. */
  renew(): Promise<void> {
    return this.#next(() => {
      if (performance.now() >= this.#over) this.#has.clear()
      return this.#write()
    })
  }

  /** Claims letters by their names; those that are ours now. */
  claim(names: readonly string[]): Promise<Set<string>> {
    return this.#next(async () => {
      const won = new Set<string>()
      this.#wants = new Set(names)
      try {
        await this.#write()
        for (let look = 0; this.#wants.size; look++) {
          const others = await this.#others()
          const has = new Set(others.flatMap((claim) => claim.has))
          const before = new Set(others.filter((claim) => claim.owner < this.#owner).flatMap((claim) => claim.wants))
          const after = new Set(others.filter((claim) => claim.owner > this.#owner).flatMap((claim) => claim.wants))
          for (const name of this.#wants) {
            const waits = !has.has(name) && !before.has(name) && after.has(name) && look < LOOKS
            if (waits) continue
            this.#wants.delete(name)
            if (has.has(name) || before.has(name) || after.has(name)) continue
            won.add(name)
            this.#has.add(name)
          }
          await this.#write()
          if (this.#wants.size) await sleep(10 + 2 * look)
        }
      } finally {
        this.#wants.clear()
      }
      if (this.#has.size) this.#timer ??= unref(setInterval(() => void this.renew().catch(() => {}), this.term / 3))
      return won
    })
  }

  /** Gives letters back. */
  release(names: readonly string[]): Promise<void> {
    return this.#next(async () => {
      for (const name of names) this.#has.delete(name)
      if (!this.#has.size) {
        clearInterval(this.#timer)
        this.#timer = undefined
      }
      await this.#write()
    })
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #write() {
    const { store } = this
    const place = `${this.#base}:${this.#owner}`
    const from = performance.now()
    const claim: Claim = { owner: this.#owner, until: Date.now() + this.term, has: [...this.#has], wants: [...this.#wants] }
    await store.answer(() => (claim.has.length + claim.wants.length ? store.storage.setItem(place, claim as any) : store.storage.removeItem(place)))
    this.#until = from + this.term * 0.8
    this.#over = from + this.term
  }

  /** What the other processes that live have and want. */
  async #others(): Promise<Claim[]> {
    const { store } = this
    const claims: Claim[] = []
    for (const key of new Set(await store.keys(this.#base))) {
      if (key.endsWith(this.#owner)) continue
      let item = await store.read(key)
      // Being written this very moment, perhaps: some looks more before it counts as nothing.
      for (let look = 0; look < 5 && item !== null && !isClaim(item); look++) {
        await sleep(20)
        item = await store.read(key)
      }
      if (!isClaim(item)) continue
      if (item.until > Date.now()) claims.push(item)
      // Of a process that died long ago.
      else if (item.until < Date.now() - 10 * this.term) await store.answer(() => store.storage.removeItem(key)).catch(() => {})
    }
    return claims
  }
}

/** How often one with the smaller name looks again before it leaves a letter to others: a few seconds. */
const LOOKS = 40

const unref = (timer: ReturnType<typeof setInterval>) => {
  attempt(() => (timer as any).unref?.())
  return timer
}
