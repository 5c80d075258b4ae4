//! Policies: checked, completed, explained.

use redrive::{
    RetryPolicy,
    bounds::{self, Unit},
    presets,
    wire::Value,
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{error::config_error, read, write};

/// Reads a policy: the name of a preset, or its wire format.
pub(crate) fn policy(value: &JsValue) -> Result<RetryPolicy, JsValue> {
    if let Some(name) = value.as_string() {
        let preset = presets::find(&name).map_err(|error| config_error(&error))?;
        return Ok(preset.policy());
    }
    let tree = read::tree(value, "policy")?;
    RetryPolicy::from_value(&tree).map_err(|error| config_error(&error))
}

/// Checks a policy and returns it complete, with every default written out.
///
/// # Errors
/// When it is not a policy.
#[wasm_bindgen(js_name = normalizePolicy)]
pub fn normalize(value: &JsValue) -> Result<JsValue, JsValue> {
    write::tree(policy(value)?.to_value())
}

/// 16 hex digits, the same for equal policies.
///
/// # Errors
/// When it is not a policy.
#[wasm_bindgen]
pub fn fingerprint(value: &JsValue) -> Result<String, JsValue> {
    Ok(format!("{:016x}", policy(value)?.fingerprint()))
}

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

/// The policies that come with redrive: `[{ name, title, source, date, policy }]`.
///
/// # Errors
/// Never: the presets are valid.
#[wasm_bindgen(js_name = presets)]
pub fn all_presets() -> Result<JsValue, JsValue> {
    let preset = |preset: &presets::Preset| {
        Value::map([
            ("name", preset.name.into()),
            ("title", preset.title.into()),
            ("source", preset.source.into()),
            ("date", preset.date.into()),
            ("policy", preset.policy().to_value()),
        ])
    };
    write::tree(Value::List(presets::all().iter().map(preset).collect()))
}

/// The limits of every parameter: `[{ name, unit, min, max, default, label, doc }]`. Durations are
/// in nanoseconds.
///
/// # Errors
/// Never: the table is data.
#[wasm_bindgen(js_name = bounds)]
pub fn all_bounds() -> Result<JsValue, JsValue> {
    let row = |row: &&bounds::Bound| {
        let unit = match row.unit {
            Unit::Count => "count",
            Unit::Factor => "factor",
            Unit::Percent => "percent",
            Unit::Duration => "duration",
            Unit::Rate => "rate",
            // A unit that a later core adds is at least a number.
            _ => "number",
        };
        Value::map([
            ("name", row.name.into()),
            ("unit", unit.into()),
            ("min", Value::Float(row.min)),
            ("max", Value::Float(row.max)),
            ("default", row.default.map_or(Value::Null, Value::Float)),
            ("label", row.label.into()),
            ("doc", row.doc.into()),
        ])
    };
    write::tree(Value::List(bounds::TABLE.iter().map(row).collect()))
}
