//! What is unwise about a policy.

use redrive::wire::Value;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{read::policy, write};

/// What is unwise about a policy: `[{ code, field, message, fix?: { path, value } }]`.
///
/// # Errors
/// When it is not a policy.
#[wasm_bindgen]
pub fn hints(value: &JsValue) -> Result<JsValue, JsValue> {
    write::tree(Value::List(policy(value)?.hints().into_iter().map(write::hint).collect()))
}
