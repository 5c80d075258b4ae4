// The border to the engine that reads texts.
import { openWords, type WordsEngine } from './words-engine.js'
import { cut, utf8 } from './text.js'

let engine: WordsEngine | undefined
let bytes: Uint8Array

/** A message without its numbers and ids, as the core has it. */
export function patternOf(message: string): string {
  if (!engine) {
    engine = openWords()
    bytes = new Uint8Array(engine.memory.buffer, engine.text(), 65_536)
  }
  const coded = utf8(cut(message, 8192))
  for (let i = 0; i < coded.length; i++) bytes[i] = coded.charCodeAt(i)
  const end = engine.shape(coded.length)
  return decodeURIComponent(bytes.slice(0, end).reduce((text, byte) => text + '%' + byte.toString(16).padStart(2, '0'), ''))
}
