// The page's side of the worker: one question on its way, only the latest behind it, and a new worker
// when one crashed or hangs.
import type { Histogram, Letters, Picture } from './engine'

export interface Question { id: number; query: string; letters: boolean }
export interface Answer {
  id: number
  query: string
  pictures: Picture[]
  difference: string | null
  histograms: Histogram[]
  letters: Letters[] | null
}
type Reply = Answer | { id: number; error: string; fatal: boolean } | { ready: true }

const PATIENCE = 20_000

export class Herd {
  #module: WebAssembly.Module
  #worker: Worker | null = null
  #ready = false
  #asked: Question | null = null
  #next: Question | null = null
  #id = 0
  #timer = 0
  #onAnswer: (answer: Answer) => void
  #onError: (message: string) => void
  restarts = 0

  constructor(
    module: WebAssembly.Module,
    onAnswer: (answer: Answer) => void,
    onError: (message: string) => void,
  ) {
    this.#module = module
    this.#onAnswer = onAnswer
    this.#onError = onError
    this.#start()
  }

  /** Asks for the runs of a query; what was asked before and not begun is forgotten. */
  ask(query: string, letters: boolean) {
    this.#next = { id: ++this.#id, query, letters }
    this.#send()
  }

  get busy() {
    return this.#asked !== null || this.#next !== null
  }

  #start() {
    this.#ready = false
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => this.#receive(data))
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
    this.restarts++
    // One that cannot even start is not started for ever.
    if (this.restarts <= 5) this.#start()
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

  #receive(reply: Reply) {
    if ('ready' in reply) {
      this.#ready = true
      this.#send()
      return
    }
    if (reply.id !== this.#asked?.id) return
    clearTimeout(this.#timer)
    this.#asked = null
    if ('error' in reply) {
      if (reply.fatal) this.#restart('The simulator crashed and was started again.')
      else this.#onError(reply.error)
    } else if (!this.#next) this.#onAnswer(reply)
    else if (this.#next.query !== reply.query) this.#onAnswer(reply)
    this.#send()
  }
}
