// In the place of words-engine.ts for workerd: the module comes compiled, as an import.
import module from './words.wasm'
import type { WordsEngine } from './words-engine.js'

export type { WordsEngine }

export const openWords = (): WordsEngine => new WebAssembly.Instance(module).exports as unknown as WordsEngine
