// The policy engine, inside. Builds for workerd, and `redrive/js`, put another file in the place of this
// one: the same module as a .wasm import, and as plain JavaScript.
import { MODULE } from './module.js'
import { unpack } from './unpack.js'

/** What the module exports (wasm/core/src/lib.rs). */
export interface Engine {
  memory: { buffer: ArrayBuffer }
  io(): number
  key(bytes: number, place: number): void
  fail(now: number, started: number, hint: number, cost: number, budget: number): number
  quantile(retries: number, p: number): number
  start(slot: number, redrives: number, every: number, spread: number): number
  budget(event: number, now: number): number
}

/** Compiles and starts a module that the code has as text. */
export function start<T>(text: string): T {
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(unpack(text))).exports as unknown as T
  } catch (cause) {
    throw new Error("WebAssembly may not run here; import from 'redrive/js'", { cause })
  }
}

/** Compiles and starts the engine: once, at the first failure. */
export const open = (): Engine => start<Engine>(MODULE)
