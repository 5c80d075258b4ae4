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
    let hint = |hint: redrive::hints::Hint| {
        let mut fields = vec![
            ("code".to_owned(), hint.code.into()),
            ("field".to_owned(), hint.field.into()),
            ("message".to_owned(), hint.message.into()),
        ];
        if let Some((path, value)) = hint.fix {
            fields.push(("fix".to_owned(), Value::map([("path", path.into()), ("value", value)])));
        }
        Value::Map(fields)
    };
    write::tree(Value::List(policy(value)?.hints().into_iter().map(hint).collect()))
}
