//! WebAssembly bindings of redrive: one conversion in, one call, one conversion out.
//!
//! Nothing is decided here. A function reads its arguments into the core's own types, calls the core
//! (or the simulator), and writes the answer as plain JavaScript data; what JavaScript gets is what a
//! Rust program gets, to the last bit, which `tests/golden/` proves. Three rules keep it so:
//!
//! - **Nothing loses bits.** Nanoseconds, seeds and keys are 64 bits wide: out they are `bigint`s, in
//!   they may be numbers (if exact), `bigint`s or texts.
//! - **Entropy only on demand.** A call without a seed draws one, from the host's generator; a call
//!   with a seed touches nothing outside the module.
//! - **Errors are `Error`s**, with the field's path in `.path`.
//!
//! | feature | functions |
//! |---|---|
//! | `sim` | the simulator, hints: `redrive/sim` of the npm package |
//! | `page` | what the page draws, presets |
//!
//! Native builds of the workspace find an empty crate here, and none of its dependencies.

#![cfg(target_family = "wasm")]

#[cfg(feature = "data")]
mod error;
#[cfg(feature = "sim")]
pub mod hints;
#[cfg(feature = "page")]
pub mod page;
#[cfg(feature = "sim")]
mod pictures;
#[cfg(feature = "page")]
pub mod presets;
#[cfg(feature = "data")]
mod read;
#[cfg(feature = "page")]
pub mod seed;
#[cfg(feature = "sim")]
pub mod simulate;
#[cfg(feature = "data")]
mod write;
