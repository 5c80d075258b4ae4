// The second module: what reads texts. Other builds put other files in its place, as with engine.ts.
import { start } from './engine.js'
import { MODULE } from './words-module.js'

/** What the module exports (wasm/words/src/lib.rs). */
export interface WordsEngine {
  memory: { buffer: ArrayBuffer }
  text(): number
  shape(bytes: number): number
}

/** Compiles and starts it. */
export const openWords = (): WordsEngine => start<WordsEngine>(MODULE)
