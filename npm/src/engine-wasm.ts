// In the place of engine.ts for workerd and edge-light, which compile no code at run time: the module
// comes compiled, as an import.
import module from './core.wasm'
import type { Engine } from './engine.js'

export type { Engine }

export const open = (): Engine => new WebAssembly.Instance(module).exports as unknown as Engine
