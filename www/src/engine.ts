// The engine: redrive's core and simulator, compiled to WebAssembly. The only module that names
// where it comes from.
import init, * as wasm from './wasm/redrive_wasm.js'
import wasmUrl from './wasm/redrive_wasm_bg.wasm?url'

export type Slot = 'a' | 'b'
export type Change = [name: string, value: unknown]

export interface Hint { code: string; field: string; message: string; fix?: { path: string; value: unknown } }
export interface PolicyState { name: 'A' | 'B'; preset: string; changed: boolean; hints: Hint[] }
export interface State {
  query: string
  notices: string[]
  seed: string
  key: string
  builtin: string
  view: Record<string, string>
  policies: PolicyState[]
  scenario: Record<string, any>
}
export interface Control {
  name: string
  group: 'policy' | 'scenario'
  advanced: boolean
  label: string
  doc: string
  value: string
  default: string
  stops?: string[]
  at?: number
  choices?: { value: string; label: string }[]
}
export interface Preset { name: string; title: string; source: string; date: string }
export interface Story { name: string; title: string; text: string; query: string }
export interface Tick { at: number; text: string }
export interface Mark {
  retry: number
  band: Float64Array
  bandText: string[]
  sample: number
  delay: string
  starts: string
}
export interface PolicyPlot {
  name: 'A' | 'B'
  retries: Mark[]
  more: boolean
  end: string | null
  reason: string | null
  cap: Tick | null
  deadline: string | null
  sampled: boolean
}
export interface Plot { ticks: Tick[]; policies: PolicyPlot[] }
export interface Tile { name: string; label: string; text: string; value: number | null }
export interface Fault { from: number; until: number | null; what: string }
export interface Row { key: string; at: Float64Array; kinds: Uint8Array }
export interface Picture {
  name: 'A' | 'B'
  summary: Record<string, any>
  tiles: Tile[]
  spoken: string
  end: number
  /** The highest rate of attempts after the fault. */
  peak: number | null
  capacity: number | null
  faults: Fault[]
  seconds: Float64Array
  attempts: Float64Array
  first: Float64Array
  rejected: Float64Array
  open: Float64Array
  succeeded: Float64Array
  dead: Float64Array
  raster: Row[]
}
export interface Letter {
  key: string
  reason: string
  attempts: number
  died: string
  error: string
  history: [at: string, what: string][]
}
export interface Letters {
  reasons: Record<string, number>
  letters: Letter[]
  redrive: { once: Change[]; paced: Change[] }
}
export interface Histogram { toText: string; shares: Float64Array }

export const url = wasmUrl

/** Starts the engine from its compiled module; the same module serves the page and its worker. */
export async function start(module: WebAssembly.Module): Promise<void> {
  await init({ module_or_path: module })
}

export const read = (query: string) => wasm.pageRead(query) as State
export const set = (query: string, changes: Change[]) => wasm.pageSet(query, changes)
export const type = (query: string, name: string, text: string) => wasm.pageType(query, name, text)
export const take = (query: string, what: Slot | 'scenario', tree: unknown) =>
  wasm.pageTake(query, what, tree)
export const controls = (query: string, slot: Slot) => wasm.pageControls(query, slot) as Control[]
export const presets = () => wasm.presets() as Preset[]
export const stories = () => wasm.pageStories() as Story[]
export const scenarios = () => wasm.pageScenarios() as { name: string; title: string; about: string }[]
export const schedule = (query: string, log: boolean) => wasm.pageSchedule(query, log) as Plot
export const code = (query: string, slot: Slot, language: string) =>
  wasm.pageExport(query, slot, language)
export const runKey = (query: string, slot: Slot) => wasm.pageRunKey(query, slot)
export const run = (query: string, slot: Slot) => wasm.PageRun.of(query, slot)
export const deadLetters = (lines: unknown[]) => wasm.pageDeadLetters(lines) as Letter[]
export const freshSeed = () => String(BigInt.asUintN(20, wasm.randomSeed()))
export type Run = wasm.PageRun
