//! Policies: checked and completed.

use redrive::{
    bounds::{self, Unit},
    wire::Value,
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{read::policy, write};

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
