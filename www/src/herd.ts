// The page's side of a worker: one question on its way, only the latest behind it, and a new worker
// when one crashed or hangs.
import type { Advice, Change, Headline, Histogram, LetterList, Picture, Slot } from './engine'
import { script } from './trusted'
import workerUrl from './worker?worker&url'

export interface Question { id: number; what: 'run' | 'advice'; query: string; letters: boolean }
export interface Answer {
  id: number
  query: string
  pictures: Picture[]
  headline: Headline
  histograms: Histogram[]
  letters: LetterList[] | null
  /** What to set for a redrive of the dead letters, if there are any. */
  redrive: { once: Change[]; paced: Change[] } | null
}
/** What is known so far of the policies; `more` while some is still being tried. */
export interface Advised { id: number; query: string; advice: { slot: Slot; advice: Advice[] }[]; more?: boolean }
type Reply<A> = A | { id: number; error: string; fatal: boolean } | { ready: true }

const PATIENCE = 20_000
const RESTARTS = 5

export class Asked<A extends { id: number; query: string; more?: boolean }> {
  #module: WebAssembly.Module
  #what: Question['what']
  #worker: Worker | null = null
  #ready = false
  #asked: Question | null = null
  #next: Question | null = null
  #id = 0
  #timer = 0
  #restarts = 0
  #onAnswer: (answer: A) => void
  #onError: (message: string) => void

  constructor(module: WebAssembly.Module, what: Question['what'], onAnswer: (answer: A) => void, onError: (message: string) => void) {
    this.#module = module
    this.#what = what
    this.#onAnswer = onAnswer
    this.#onError = onError
    this.#start()
  }

  /** Stops what is being worked on; its answer is not wanted any more. */
  cancel() {
    this.#next = null
    if (!this.#asked) return
    clearTimeout(this.#timer)
    this.#worker?.terminate()
    this.#asked = null
    this.#start()
  }

  /** Asks about a query; what was asked before and not begun is forgotten. */
  ask(query: string, letters = false) {
    this.#next = { id: ++this.#id, what: this.#what, query, letters }
    this.#send()
  }

  #start() {
    this.#ready = false
    const worker = new Worker(script(workerUrl), { type: 'module' })
    worker.addEventListener('message', ({ data }: MessageEvent<Reply<A>>) => this.#receive(data))
    worker.addEventListener('error', event => {
      event.preventDefault()
      this.#restart('The simulator crashed and was started again; the last change may be too big.')
    })
    worker.postMessage({ module: this.#module })
    this.#worker = worker
  }

  #restart(message: string) {
    clearTimeout(this.#timer)
    this.#worker?.terminate()
    this.#asked = null
    this.#restarts++
    // One that cannot even start is not started for ever.
    if (this.#restarts <= RESTARTS) this.#start()
    this.#onError(message)
  }

  #send() {
    if (!this.#ready || this.#asked || !this.#next) return
    this.#asked = this.#next
    this.#next = null
    this.#timer = window.setTimeout(
      () => this.#restart('The run took too long and was stopped: lower the number of tasks.'),
      PATIENCE,
    )
    this.#worker?.postMessage(this.#asked)
  }

  #receive(reply: Reply<A>) {
    if ('ready' in reply) {
      this.#ready = true
      this.#send()
      return
    }
    if (reply.id !== this.#asked?.id) return
    if ('more' in reply && reply.more) {
      this.#onAnswer(reply)
      return
    }
    clearTimeout(this.#timer)
    this.#asked = null
    if ('error' in reply) {
      if (reply.fatal) this.#restart('The simulator crashed and was started again.')
      else this.#onError(reply.error)
    } else {
      this.#restarts = 0
      // What another question with the same query will answer, too, can wait for that.
      if (this.#next?.query !== reply.query) this.#onAnswer(reply)
    }
    this.#send()
  }
}
