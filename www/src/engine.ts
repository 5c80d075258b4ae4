// The engine: redrive's core and simulator, compiled to WebAssembly. The only module that names
// where it comes from.
//
// Not by way of the npm package: that carries the numeric core and `redrive/sim`, each made for its
// users; what a page needs beside them (its state as a query, positions of bars, sentences, dead
// letters in groups, the editor's schema) would be bytes that every one of them downloads. So the page
// has a build of its own, of the same crates: the core and the simulator in it are the ones that the
// package runs, and `tests/numbers.test.mjs` holds its figures and trace hashes against native ones.
//
// What crosses is declared once, by the structs of `wasm/page`: `shapes.ts` is generated from them.
import init, * as wasm from './wasm/redrive_wasm.js'
import wasmUrl from './wasm/redrive_wasm_bg.wasm?url'
import type { Advice, ControlRow, Found, Headline, Histogram, LetterList, Named, Picture, Plot, Scene, Seeds, State, Story } from './shapes'

export type * from './shapes'
export type Slot = 'a' | 'b'
export type Change = [name: string, value: unknown]
export type Run = wasm.PageRun

export const url = wasmUrl

/** Starts the engine from its compiled module; the same module serves the page and its workers. */
export async function start(module: WebAssembly.Module): Promise<void> {
  await init({ module_or_path: module })
}

export const read = (query: string) => wasm.pageRead(query) as State
export const set = (query: string, changes: Change[]) => wasm.pageSet(query, changes)
export const type = (query: string, name: string, text: string) => wasm.pageType(query, name, text)
export const take = (query: string, what: Slot | 'scenario', tree: unknown) => wasm.pageTake(query, what, tree)
export const controls = (query: string, slot: Slot) => wasm.pageControls(query, slot) as ControlRow[]
export const told = (text: string) => wasm.pageTold(text)
export const stories = () => wasm.pageStories() as Story[]
export const scenes = () => wasm.pageScenarios() as Scene[]
export const schema = () => wasm.pageSchema() as Schema
export const schedule = (query: string, log: boolean) => wasm.pageSchedule(query, log) as Plot
export const code = (query: string, slot: Slot, language: string) => wasm.pageExport(query, slot, language)
export const runKey = (query: string, slot: Slot) => wasm.pageRunKey(query, slot)
export const run = (query: string, slot: Slot) => wasm.PageRun.of(query, slot)
export const picture = (run: Run) => run.picture() as Picture
export const letters = (run: Run) => run.letters() as LetterList
export const histogram = (run: Run, to: number, bins: number) => run.histogram(to, bins) as Histogram
export const headline = (query: string, runs: Run[]) =>
  (runs[1] ? wasm.pageHeadlines(query, runs[0]!, runs[1]) : wasm.pageHeadline(query, runs[0]!)) as Headline
export const redrive = (query: string, run: Run, paced: boolean) => wasm.pageRedrive(query, run, paced) as Change[]
export const advice = (query: string, slot: Slot) => wasm.pageAdvice(query, slot) as Advice[]
export const goals = () => wasm.pageGoals() as Named[]
export const find = (query: string, slot: Slot, goal: string, condition: string, tell: (done: number, all: number) => void) =>
  wasm.pageFind(query, slot, goal, condition, tell) as Found
export function seeds(query: string, count: number, tell: (share: number) => void): Seeds {
  const runs = wasm.PageSeeds.of(query, count)
  for (let share = 0; share < 1; tell(share)) share = runs.step()
  const result = runs.result() as Seeds
  runs.free()
  return result
}
export const deadLetters = (file: Uint8Array) => wasm.pageDeadLetters(file) as LetterList
export const freshSeed = () => String(BigInt.asUintN(20, wasm.randomSeed()))

/** As much of JSON Schema as our schemas use. */
export interface Schema {
  $ref?: string
  $defs?: Record<string, Schema>
  type?: string
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  minItems?: number
  anyOf?: Schema[]
  enum?: string[]
  const?: unknown
  default?: unknown
  minimum?: number
  maximum?: number
  pattern?: string
  additionalProperties?: Schema | boolean
}
