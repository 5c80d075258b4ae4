import { ConfigError } from './index.js'
import type { RetryPolicy } from './policy.js'
import { SCENARIOS } from './scenarios.js'
import * as source from './sim-engine.js'
import { glue, run, tell, type Engine, type Told, type Work } from './sim-run.js'
import { WORKER } from './sim-worker-text.js'
import type { Outcome, Progress } from './outcome.js'
import type { BuiltinScenario, Scenario } from './scenario.js'
import type { PolicyOptions } from './types.js'

export type * from './outcome.js'
export type * from './scenario.js'

/** How to simulate. */
export interface SimulateOptions {
  /** Runs of each policy, each with a seed of its own; 1 if not given. Figures become means with their spread. */
  runs?: number
  /** Also returns what charts are drawn from: `series`, `raster` and `latency` of each policy. */
  charts?: boolean
  /** Called during the run, every few hundred thousand events. What it throws ends the simulation. */
  onProgress?: (progress: Progress) => void
  /** Gives the simulation up: the promise rejects with the signal's reason. */
  signal?: AbortSignal
}

/** How to simulate elsewhere. */
export interface WorkerOptions extends SimulateOptions {
  /**
   * Makes the worker. Only for a Content-Security-Policy without `worker-src blob:`: a module worker that
   * imports `redrive/sim/worker`.
   */
  worker?: () => Worker
}

/** A simulation that a limit of its scenario stopped, or whose worker died. */
export class SimulationError extends Error {
  override name = 'SimulationError'
}

/** What is unwise about a policy. */
export interface Hint {
  /** For programs: `noJitter`, `capNeverReached`, ... */
  code: string
  /** The field that it is about. */
  field: string
  /** What will happen, and what to do. */
  message: string
  /** The field to change and its new value, where there is an obvious one. */
  fix?: { path: string; value: unknown }
}

let module: Promise<WebAssembly.Module> | undefined

/** An instance of its own: it gives its memory back when it is done, and simulations do not meet. */
async function engine(): Promise<Engine> {
  module ??= source.compile()
  // A failure (a Content-Security-Policy, say) is not kept.
  module.catch(() => (module = undefined))
  return glue(await module)
}

function error({ name, path, message }: Told): Error {
  if (name == 'ConfigError') return new ConfigError(path, path ? message.slice(path.length + 1) : message)
  if (name == 'RuntimeError') message = `the engine stopped (${message}): is there memory enough for so many tasks?`
  return new SimulationError(message)
}

const ENGINES = ['ConfigError', 'SimError', 'RuntimeError']

/** What the engine throws, as errors of ours; what callbacks throw stays what it is. */
const ours = (thrown: any): unknown => (ENGINES.includes(thrown?.name) && !(thrown instanceof ConfigError) ? error(tell(thrown)) : thrown)

function read(scenario: Scenario | string, { runs = 1, charts = false }: SimulateOptions): Work {
  if (!(Number.isInteger(runs) && runs >= 1 && runs <= 1e6)) {
    throw new ConfigError('runs', `= ${runs} is not a whole number from 1 to 1000000`)
  }
  if (typeof scenario == 'string') {
    const found = SCENARIOS.find(({ name }) => name == scenario)
    if (!found) {
      throw new ConfigError('scenario', `= "${scenario}" is not built in; there are: ${SCENARIOS.map(({ name }) => name).join(', ')}`)
    }
    scenario = found
  }
  return { scenario, runs, charts }
}

// Kept from before a test's fake timers: what waits here waits for the thread, not for time.
const { setTimeout } = globalThis

/**
 * Runs a scenario (the name of a built-in one, or an object like a scenario file), every policy of it under the
 * same draws. The result, its trace hashes included, is that of `redrive simulate --format json`.
 *
 * It works on the calling thread, in slices of some 30 ms between which other work, timers and `signal` have
 * their turn; `simulateInWorker` leaves the thread alone.
 *
 * @throws {ConfigError} that names the field of the scenario, the value and what is allowed.
 * @throws {SimulationError} where a limit of the scenario is reached.
 */
export async function simulate(scenario: Scenario | string, options: SimulateOptions = {}): Promise<Outcome> {
  const { signal, onProgress } = options
  signal?.throwIfAborted()
  const work = read(scenario, options)
  try {
    const ready = await engine()
    signal?.throwIfAborted()
    return await run(ready, work, onProgress, async () => {
      await new Promise((resolve) => setTimeout(resolve, 0))
      signal?.throwIfAborted()
    })
  } catch (thrown) {
    throw ours(thrown)
  }
}

const NO_WORKERS = 'workers are not available here: use simulate()'

/** What the runtimes' workers have in common. */
interface AnyWorker {
  postMessage(message: unknown): void
  terminate(): unknown
}

/** What to do with what a worker says. */
interface Ears {
  said(data: any): void
  died(why: unknown): void
}

/**
 * The same in a worker: the calling thread stays free. Takes `Worker`, and `worker_threads` where that is missing
 * (Node.js). Aborting ends the worker at once.
 *
 * @throws {ConfigError} that names the field of the scenario, the value and what is allowed.
 * @throws {SimulationError} where a limit of the scenario is reached, or the worker dies.
 */
export async function simulateInWorker(scenario: Scenario | string, options: WorkerOptions = {}): Promise<Outcome> {
  const { signal, onProgress } = options
  signal?.throwIfAborted()
  const work = read(scenario, options)
  const bytes = source.bytes()
  if (!bytes) throw new SimulationError(NO_WORKERS)
  const message = { bytes, work: { ...work, scenario: plain(work.scenario) } }
  let worker: AnyWorker | undefined
  let give: (() => void) | undefined
  try {
    return await new Promise<Outcome>((resolve, reject) => {
      give = () => reject(signal!.reason)
      signal?.addEventListener('abort', give)
      const said = (data: { progress?: Progress; outcome?: Outcome; error?: Told }) => {
        try {
          if (data.progress) onProgress?.(data.progress)
          else if (data.outcome) resolve(data.outcome)
          else if (data.error) reject(error(data.error))
        } catch (thrown) {
          reject(thrown)
        }
      }
      const died = (why: unknown) => reject(new SimulationError('the worker died; see cause', { cause: why }))
      start({ said, died }, options.worker).then((started) => {
        worker = started
        if (signal?.aborted) worker.terminate()
        else worker.postMessage(message)
      }).catch(reject)
    })
  } finally {
    signal?.removeEventListener('abort', give!)
    worker?.terminate()
  }
}

async function start(ears: Ears, make?: () => Worker): Promise<AnyWorker> {
  if (make || typeof Worker == 'function') return startWeb(make ?? fromBlob, ears)
  const name = ['node', 'worker_threads'].join(':')
  const threads: any =
    (globalThis as any).process?.getBuiltinModule?.(name) ??
    (await import(/* webpackIgnore: true */ /* @vite-ignore */ name).catch(() => undefined))
  if (!threads?.Worker) throw new SimulationError(NO_WORKERS)
  const text = `import { parentPort } from 'node:worker_threads'\n${WORKER}\nredriveWorker.serve(parentPort)`
  const worker = new threads.Worker(new URL('data:text/javascript,' + encodeURIComponent(text)))
  worker.on('message', ears.said)
  worker.on('error', ears.died)
  worker.on('messageerror', ears.died)
  worker.on('exit', (code: number) => ears.died(new Error(`it ended with code ${code}`)))
  return worker
}

function startWeb(make: () => Worker, ears: Ears): AnyWorker {
  const worker = make()
  worker.addEventListener('message', (event) => ears.said(event.data))
  worker.addEventListener('messageerror', ears.died)
  worker.addEventListener('error', (event) => {
    event.preventDefault?.()
    ears.died(event.error ?? event.message ?? event)
  })
  return worker
}

function fromBlob(): Worker {
  const url = URL.createObjectURL(new Blob([`${WORKER}\nredriveWorker.serve(globalThis)`], { type: 'text/javascript' }))
  try {
    return new Worker(url, { type: 'module' })
  } finally {
    // The worker has begun to fetch it; some engines (Bun) have not quite.
    const timer: any = setTimeout(() => URL.revokeObjectURL(url), 10_000)
    timer?.unref?.()
  }
}

/** Data that a worker can be sent: a policy object becomes what it writes. */
function plain(value: any): any {
  if (typeof value != 'object' || !value) return value
  if (typeof value.toJSON == 'function') return plain(value.toJSON())
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
}

/** The scenarios that come with redrive, the main one first: yours to change. */
export const builtinScenarios = (): BuiltinScenario[] => structuredClone(SCENARIOS) as BuiltinScenario[]

/**
 * Checks a scenario without running it, and says what a run of one policy will need.
 *
 * @throws {ConfigError} that names the field, the value and what is allowed.
 */
export async function checkScenario(scenario: Scenario | string): Promise<{ tasks: number; bytes: number }> {
  const { scenario: tree } = read(scenario, {})
  const { Simulation } = await engine()
  try {
    const { tasks, bytes } = new Simulation(tree, 1)
    return { tasks, bytes }
  } catch (thrown) {
    throw ours(thrown)
  }
}

/**
 * What is legal in a policy (or the preset of that name) and probably not meant, in words: no jitter, a cap that
 * is never reached, a deadline that ends before the last attempt, ...
 */
export async function hints(policy: RetryPolicy | PolicyOptions | string): Promise<Hint[]> {
  const { hints } = await engine()
  try {
    return hints(policy) as Hint[]
  } catch (thrown) {
    throw ours(thrown)
  }
}
