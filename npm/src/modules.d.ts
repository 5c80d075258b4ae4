declare module '*/core.wasm' {
  const module: WebAssembly.Module
  export default module
}
declare module '*/core-js' {
  const exports: unknown
  export = exports
}
declare module '*/words.wasm' {
  const module: WebAssembly.Module
  export default module
}
declare module '*/words-js' {
  const exports: unknown
  export = exports
}
declare module '*/sim.wasm' {
  const module: WebAssembly.Module
  export default module
}
