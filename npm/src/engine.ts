// The policy engine, inside. Builds for workerd, and `redrive/js`, put another file in the place of this
// one: the same module as a .wasm import, and as plain JavaScript.
import { MODULE } from './module.js'

/** What the module exports (wasm/core/src/lib.rs). */
export interface Engine {
  memory: { buffer: ArrayBuffer }
  io(): number
  key(bytes: number, place: number): void
  fail(now: number, hint: number, cost: number, budget: number): number
  quantile(retries: number, p: number): number
  budget(event: number, now: number): number
}

/** Compiles and starts the engine: once, at the first failure. */
export function open(): Engine {
  const bytes: number[] = []
  let page = 0
  // Each character is a byte; a space or a `!` says that the next one is of another page.
  for (let i = 0; i < MODULE.length; i++) {
    const c = MODULE.charCodeAt(i)
    if (c < 34) page = c - 31
    else {
      bytes.push((c == 35 ? 56 : c - 36) + page * 91 - 4)
      page = 0
    }
  }
  return new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes))).exports as unknown as Engine
}
