//! Entropy, where it is asked for.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::error::argument;

/// A seed from the host's generator.
///
/// # Errors
/// When the host has none.
#[wasm_bindgen(js_name = randomSeed)]
pub fn random_seed() -> Result<u64, JsValue> {
    getrandom::u64().map_err(|_| {
        argument("seed", "is missing, and this host has no entropy to draw one: give one")
    })
}
