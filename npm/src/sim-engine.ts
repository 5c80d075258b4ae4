// The simulator's module, inside. The build for workerd puts sim-engine-wasm.ts in the place of this one.
import { MODULE } from './sim-module.js'
import { unpack } from './unpack.js'

/** The module's bytes, for a worker; here they always are. */
export const bytes = (): Uint8Array<ArrayBuffer> | undefined => unpack(MODULE)

/** Compiles the module. */
export const compile = (): Promise<WebAssembly.Module> => WebAssembly.compile(unpack(MODULE))
