// One simulation in one instance of the module, on the main thread or in a worker.
import { glue as start } from './sim-glue.js'
import type { Outcome, Progress } from './outcome.js'
import type { Scenario } from './scenario.js'

export interface Work {
  scenario: Scenario
  runs: number
  charts: boolean
}

/** What the module exports (wasm/src/simulate.rs, hints.rs). */
export interface Engine {
  Simulation: new (scenario: unknown, runs: number) => Simulation
  hints(policy: unknown): unknown
}

interface Simulation {
  readonly tasks: number
  readonly bytes: number
  readonly policies: number
  readonly done: number
  readonly total: number
  readonly events: number
  readonly seconds: number
  readonly horizon: number
  step(): boolean
  outcome(charts: boolean): unknown
}

/** A fresh instance of the module: one for each simulation. */
export const glue = (module: WebAssembly.Module): Engine => start(module)

/**
 * Runs it slice by slice. `report` hears of each; `breathe` lets others have the thread, and throws when it is
 * to be given up.
 */
export async function run(engine: Engine, work: Work, report?: (progress: Progress) => void, breathe?: () => Promise<void>): Promise<Outcome> {
  const simulation = new engine.Simulation(work.scenario, work.runs)
  const walls: number[] = []
  let events = -1
  let since = performance.now()
  for (;;) {
    const policy = simulation.policies
    const start = performance.now()
    if (!simulation.step()) break
    const end = performance.now()
    walls[policy] = (walls[policy] ?? 0) + (end - start) / 1000
    // A slice is tens of milliseconds of work; a small run is less, and several of them go together. Where the
    // clock does not move during work (workerd), the count of events decides.
    if (end - since < 10 && simulation.events - events < 250_000) continue
    since = end
    events = simulation.events
    report?.(progress(simulation))
    await breathe?.()
  }
  if (events < simulation.events) report?.(progress(simulation))
  const outcome = simulation.outcome(work.charts) as Outcome
  if (work.runs == 1) outcome.policies.forEach((one, i) => (one.wallSeconds = walls[i]!))
  return outcome
}

function progress({ done, total, events, seconds, horizon }: Simulation): Progress {
  const part = horizon > 0 ? Math.min(seconds / horizon, 1) : 0
  return { share: (done + part) / total, events, simulatedSeconds: seconds, horizonSeconds: horizon > 0 ? horizon : null, done, total }
}

/** What an error says, so that it can be told from one thread to another. */
export interface Told {
  name: string
  path: string
  message: string
}

export const tell = (error: any): Told => ({ name: String(error?.name), path: String(error?.path ?? ''), message: String(error?.message ?? error) })
