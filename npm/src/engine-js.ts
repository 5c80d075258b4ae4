// In the place of engine.ts for pages whose Content-Security-Policy allows no WebAssembly: the same
// module as plain JavaScript, made by wasm2js. Slower, and the same to the last bit.
import * as module from './core-js'
import type { Engine } from './engine.js'

export type { Engine }

export const open = (): Engine => module as unknown as Engine
