//! WebAssembly bindings of redrive.
#![cfg(target_family = "wasm")]
