//! The policies that come with redrive.

use redrive::{presets, wire::Value};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::write;

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
