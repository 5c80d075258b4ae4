// In the place of words-engine.ts, as plain JavaScript.
import * as module from './words-js'
import type { WordsEngine } from './words-engine.js'

export type { WordsEngine }

export const openWords = (): WordsEngine => module as unknown as WordsEngine
