//! Seeds and keys: 64 bits that JavaScript writes as numbers, `bigint`s or texts.

use js_sys::{BigInt, Number};
use redrive::random::key_of;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use crate::{error::argument, seed::random_seed};

/// Reads a seed or key; a text is read by the rule of [`key_of`].
pub(crate) fn whole(value: &JsValue, name: &str) -> Result<u64, JsValue> {
    if let Some(text) = value.as_string() {
        return Ok(key_of(&text));
    }
    if let Some(big) = value.dyn_ref::<BigInt>() {
        let outside =
            || argument(name, "is not between 0 and 2^64 - 1; write a text for other keys");
        return u64::try_from(big.clone()).map_err(|_| outside());
    }
    match value.as_f64() {
        Some(number) if Number::is_safe_integer(value) && number >= 0.0 => Ok(number as u64),
        Some(_) => Err(argument(
            name,
            "is not a whole number from 0 to 2^53 - 1; write larger ones as bigint or text",
        )),
        None => Err(argument(name, "is missing; write a number, a bigint or a text")),
    }
}

/// Reads a seed; without one, draws one.
pub(crate) fn seed_or_entropy(value: &JsValue) -> Result<u64, JsValue> {
    if value.is_undefined() || value.is_null() { random_seed() } else { whole(value, "seed") }
}

/// The 64-bit number that a seed or key stands for.
///
/// # Errors
/// When it stands for none.
#[wasm_bindgen(js_name = keyOf)]
pub fn number_of(key: &JsValue) -> Result<u64, JsValue> {
    whole(key, "key")
}

/// The first unit number at `(seed, key, attempt)`.
///
/// # Errors
/// When seed or key is not one.
#[wasm_bindgen]
pub fn draw(seed: &JsValue, key: &JsValue, attempt: u32) -> Result<f64, JsValue> {
    Ok(redrive::random::draw(whole(seed, "seed")?, whole(key, "key")?, attempt))
}
