declare module '*/core.wasm' {
  const module: WebAssembly.Module
  export default module
}
declare module '*/core-js' {
  const exports: unknown
  export = exports
}
declare module '*/sim-module' {
  const base64: string
  export default base64
}
declare module '*/sim-glue' {
  export function initSync(options: { module: BufferSource }): unknown
  export const simulate: any
  export const hints: any
  export const presets: any
  export const normalizePolicy: any
}
