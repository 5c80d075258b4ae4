//! From JavaScript data to the tree that the core reads every format from.
//!
//! Not serde-wasm-bindgen's reader, for three traps that it leaves open here. A field that is
//! `undefined` counts as absent and not as `null`: `maxAttempts: null` is *unlimited*, and
//! `{ maxAttempts: options.max }` must not mean that by accident. A cycle ends in an error and not in
//! a stack overflow. And what would read as an empty object (a `Map`, a `Set`) is refused,
//! while what has a `toJSON` (a policy object, a `Date`) is taken at its word.

use js_sys::{Array, BigInt, Function, Number, Object, Reflect, Symbol};
use redrive::wire::{ConfigError, Value};
#[cfg(feature = "sim")]
use redrive::{RetryPolicy, presets};
use wasm_bindgen::{JsCast, JsValue};

use crate::error::config_error;

/// Deeper than any format of ours by far.
const DEPTH: usize = 32;

/// Reads `value`; errors name the path from `name`.
pub(crate) fn tree(value: &JsValue, name: &str) -> Result<Value, JsValue> {
    if value.is_undefined() {
        return Err(config_error(&ConfigError::new(name, "is missing")));
    }
    read(value, "", DEPTH).map_err(|error| config_error(&error))
}

/// Reads a policy: the name of a preset, or its wire format.
#[cfg(feature = "sim")]
pub(crate) fn policy(value: &JsValue) -> Result<RetryPolicy, JsValue> {
    if let Some(name) = value.as_string() {
        let preset = presets::find(&name).map_err(|error| config_error(&error))?;
        return Ok(preset.policy());
    }
    let tree = tree(value, "policy")?;
    RetryPolicy::from_value(&tree).map_err(|error| config_error(&error))
}

fn read(value: &JsValue, path: &str, depth: usize) -> Result<Value, ConfigError> {
    let refuse = |message: &str| Err(ConfigError::new(path, message));
    if depth == 0 {
        return refuse("is nested too deeply; does it contain itself?");
    }
    if value.is_null() || value.is_undefined() {
        return Ok(Value::Null);
    }
    if let Some(flag) = value.as_bool() {
        return Ok(Value::Bool(flag));
    }
    if let Some(text) = value.as_string() {
        return Ok(Value::Text(text));
    }
    if let Some(number) = value.as_f64() {
        return Ok(number_value(value, number));
    }
    if let Some(big) = value.dyn_ref::<BigInt>() {
        if let Ok(number) = u64::try_from(big.clone()) {
            return Ok(Value::Unsigned(number));
        }
        return match i64::try_from(big.clone()) {
            Ok(number) => Ok(Value::Signed(number)),
            Err(_) => refuse("does not fit into 64 bits"),
        };
    }
    if let Some(list) = value.dyn_ref::<Array>() {
        let items = list.iter().enumerate();
        let item = |(index, item)| read(&item, &format!("{path}[{index}]"), depth - 1);
        return items.map(item).collect::<Result<_, _>>().map(Value::List);
    }
    match value.dyn_ref::<Object>() {
        Some(object) if !value.is_function() => fields(object, path, depth),
        _ => refuse("is not data; write a string, a number, a list or an object"),
    }
}

fn number_value(value: &JsValue, number: f64) -> Value {
    match number {
        _ if !Number::is_safe_integer(value) => Value::Float(number),
        0.0.. => Value::Unsigned(number as u64),
        _ => Value::Signed(number as i64),
    }
}

fn fields(object: &Object, path: &str, depth: usize) -> Result<Value, ConfigError> {
    let thrown = |_| ConfigError::new(path, "threw when it was read");
    let to_json = Reflect::get(object, &"toJSON".into()).map_err(thrown)?;
    if let Some(to_json) = to_json.dyn_ref::<Function>() {
        let plain = to_json.call0(object).map_err(thrown)?;
        return read(&plain, path, depth - 1);
    }
    if Reflect::has(object, &Symbol::iterator()).map_err(thrown)? {
        return Err(ConfigError::new(path, "is a collection; write a plain object or an array"));
    }
    let mut entries = Vec::new();
    for key in Object::keys(object).iter() {
        let value = Reflect::get(object, &key).map_err(thrown)?;
        if value.is_undefined() {
            continue;
        }
        let name = key.as_string().unwrap_or_default();
        let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        entries.push((name, read(&value, &inner, depth - 1)?));
    }
    Ok(Value::Map(entries))
}
