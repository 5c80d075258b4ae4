// The state is the query of the page's address. A gesture (a drag, a key that is held, a choice) makes
// one entry in the history: the first change of it pushes, the others replace, so that "back" undoes the
// gesture.
import * as engine from './engine'
import type { Change, State } from './engine'

type Listener = (state: State, changed: Set<string> | null) => void

/** Changes of one thing that follow each other within this time are one gesture. */
const GESTURE = 1000
/** Browsers allow so many changes of the address in a while, and no more. */
const PAUSE = 150

export class Store {
  state: State
  #listeners: Listener[] = []
  #gesture = false
  #last = { name: '', at: -Infinity }
  #written = 0
  /** Told when a change is refused: the field's name and why. */
  onRefused: (name: string, message: string) => void = () => {}
  /** Told when a gesture is over. */
  onReleased: () => void = () => {}

  constructor() {
    this.state = engine.read(location.search)
    addEventListener('popstate', () => this.#show(location.search, null))
  }

  listen(listener: Listener) {
    this.#listeners.push(listener)
  }

  /** Changes the state; `more` while a gesture goes on. */
  set(changes: Change[], more = false) {
    this.#try(changes[0]?.[0] ?? '', () => engine.set(this.state.query, changes), more, changes)
  }

  /** Sets one parameter to what was typed, or to a slider's stop. */
  type(name: string, text: string, more = false) {
    this.#try(name, () => engine.type(this.state.query, name, text), more, [[name, text]])
  }

  /** Sets a part of the scenario or of a policy; what is wrong with it, if it is refused. */
  edit(name: string, value: unknown): string {
    let query: string
    try {
      query = engine.set(this.state.query, [[name, value]])
    } catch (error) {
      return String((error as Error).message)
    }
    if (query !== this.state.query) {
      this.#write(query, '', false)
      this.#show(query, new Set([name]))
    }
    return ''
  }

  take(what: engine.Slot | 'scenario', tree: unknown) {
    this.go(engine.take(this.state.query, what, tree))
  }

  /** Goes to another query, as a link does. */
  go(query: string) {
    this.#gesture = false
    this.#write(query, '', false)
    this.#show(query, null)
  }

  /** Shows the state again, to those who may have lost it. */
  refresh() {
    this.#show(location.search, null)
  }

  /** The gesture is over. */
  release() {
    this.#gesture = false
    clearTimeout(this.#written)
    this.#address(true)
    this.onReleased()
  }

  /** Whether a gesture goes on. */
  get moving() {
    return this.#gesture
  }

  #try(name: string, change: () => string, more: boolean, changes: Change[]) {
    let query: string
    try {
      query = change()
    } catch (error) {
      this.onRefused(name, String((error as Error).message))
      return
    }
    this.onRefused(name, '')
    if (query !== this.state.query) {
      this.#write(query, name, more)
      this.#show(query, new Set(changes.map(([changed]) => changed)))
    }
    if (!more) this.#gesture = false
  }

  #show(query: string, changed: Set<string> | null) {
    this.state = engine.read(query)
    for (const listener of this.#listeners) listener(this.state, changed)
  }

  #write(query: string, name: string, more: boolean) {
    const now = performance.now()
    const same = name !== '' && name === this.#last.name && now - this.#last.at < GESTURE
    this.#last = { name, at: now }
    if (this.#gesture || same) this.#later()
    else {
      clearTimeout(this.#written)
      this.#address(false, query)
    }
    this.#gesture = more
  }

  #later() {
    clearTimeout(this.#written)
    this.#written = window.setTimeout(() => this.#address(true), PAUSE)
  }

  #address(replace: boolean, query = this.state.query) {
    const address = query ? `?${query}` : location.pathname
    if (query ? address === location.search : !location.search) return
    try {
      if (replace) history.replaceState(null, '', address)
      else history.pushState(null, '', address)
    } catch {
      // Too many in a short time: the address follows when the browser allows it again.
      clearTimeout(this.#written)
      this.#written = window.setTimeout(() => this.#address(true), 10 * GESTURE)
    }
  }
}
