//! From our types to plain JavaScript data, through serde-wasm-bindgen.

#[cfg(feature = "sim")]
use js_sys::{Object, Reflect};
use redrive::{hints::Hint, wire::Value};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

/// The largest whole number that a JavaScript number holds exactly, with all below it.
pub(crate) const MAX_SAFE: u64 = (1 << 53) - 1;

/// Plain objects, arrays and `null`, as `JSON.parse` would give.
pub(crate) fn plain<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    value.serialize(&Serializer::json_compatible()).map_err(JsValue::from)
}

/// A tree as the wire format writes it. Numbers that a JavaScript number cannot hold become texts,
/// which every reader of ours takes for the same number.
pub(crate) fn tree(value: Value) -> Result<JsValue, JsValue> {
    plain(&without_large_numbers(value))
}

fn without_large_numbers(value: Value) -> Value {
    match value {
        Value::Unsigned(number) if number > MAX_SAFE => Value::Text(number.to_string()),
        Value::List(items) => Value::List(items.into_iter().map(without_large_numbers).collect()),
        Value::Map(fields) => {
            let field = |(name, value)| (name, without_large_numbers(value));
            Value::Map(fields.into_iter().map(field).collect())
        }
        other => other,
    }
}

/// A hint: `{ code, field, message, fix?: { path, value } }`.
pub(crate) fn hint(hint: Hint) -> Value {
    let mut fields = vec![
        ("code".to_owned(), hint.code.into()),
        ("field".to_owned(), hint.field.into()),
        ("message".to_owned(), hint.message.into()),
    ];
    if let Some((path, value)) = hint.fix {
        fields.push(("fix".to_owned(), Value::map([("path", path.into()), ("value", value)])));
    }
    Value::Map(fields)
}

/// An object of these fields.
#[cfg(feature = "sim")]
pub(crate) fn object(fields: &[(&str, JsValue)]) -> Result<JsValue, JsValue> {
    let object = JsValue::from(Object::new());
    for (name, value) in fields {
        set(&object, name, value)?;
    }
    Ok(object)
}

/// Sets a field of an object of ours.
#[cfg(feature = "sim")]
pub(crate) fn set(object: &JsValue, name: &str, value: &JsValue) -> Result<(), JsValue> {
    Reflect::set(object, &name.into(), value).map(|_| ())
}
