// In the place of sim-engine.ts for workerd and edge-light, which compile no code at run time: the module
// comes compiled, as an import. It has no workers to send its bytes to.
import module from './sim.wasm'

export const bytes = (): Uint8Array<ArrayBuffer> | undefined => undefined

export const compile = (): Promise<WebAssembly.Module> => Promise.resolve(module)
