//! What JSON Schemas are made of: a row of the [bounds table](crate::bounds) as a schema, and the
//! shapes that repeat.
//!
//! The schemas of [policies](crate::policy::schema) and of the simulator's scenarios are made from the
//! lists and rows that reading uses, so that an editor completes and refuses what the reader does. A
//! row's limits are in its schema, and its meaning, unit and default in the description, which is
//! what editors show.

use alloc::{format, string::String, vec::Vec};

use crate::{
    bounds::{Bound, FOREVER, Unit},
    time::{Duration, format_duration},
    wire::Value,
};

/// The dialect of all of them.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The definition that rows with a duration refer to, as `#/$defs/duration`.
pub fn duration() -> Value {
    let text = Value::map([
        ("type", "string".into()),
        ("pattern", "^\\s*(\\d+(\\.\\d*)?|\\.\\d+)\\s*(ns|us|\u{b5}s|ms|s|m|h|d)(\\s*(\\d+(\\.\\d*)?|\\.\\d+)\\s*(ns|us|\u{b5}s|ms|s|m|h|d))*\\s*$".into()),
    ]);
    let millis = Value::map([("type", "number".into()), ("minimum", Value::Unsigned(0))]);
    let what = "a duration: text like \"250ms\", \"2s\", \"1m30s\", or a number of milliseconds";
    described(what, any([text, millis]))
}

/// A value within the limits of its row, with its meaning, unit and default.
pub fn row(row: &Bound) -> Value {
    let is_duration = row.unit == Unit::Duration;
    let mut entries = Vec::from([("description".into(), Value::Text(sentence(row)))]);
    let mut put = |name: &str, value: Value| entries.push((name.into(), value));
    match row.unit {
        Unit::Duration => put("$ref", "#/$defs/duration".into()),
        Unit::Count => put("type", "integer".into()),
        _ => put("type", "number".into()),
    }
    // A duration may be a number, too, of milliseconds; JSON Schema holds only that one to limits.
    let scale = if is_duration { 1e6 } else { 1.0 };
    if !is_duration || row.min > 0.0 {
        put("minimum", (row.min / scale).into());
    }
    if !is_duration || row.max < FOREVER {
        put("maximum", (row.max / scale).into());
    }
    if let Some(default) = row.default {
        put("default", if is_duration { duration_text(default).into() } else { default.into() });
    }
    Value::Map(entries)
}

/// What a row means, in what unit, from where on, and what it is when left out.
fn sentence(row: &Bound) -> String {
    let mut text = String::from(row.doc);
    match row.unit {
        Unit::Duration if row.max < FOREVER => {
            let (min, max) = (duration_text(row.min), duration_text(row.max));
            text.push_str(&format!(" A duration from {min} to {max}."));
        }
        Unit::Duration if row.min > 0.0 => {
            text.push_str(&format!(" A duration of {} or more.", duration_text(row.min)));
        }
        Unit::Duration => text.push_str(" A duration."),
        Unit::Percent => text.push_str(" In percent."),
        Unit::Rate => text.push_str(" Per second."),
        Unit::Count | Unit::Factor => {}
    }
    match row.default {
        Some(default) if row.unit == Unit::Duration => {
            text.push_str(&format!(" Default: {}.", duration_text(default)));
        }
        Some(default) => text.push_str(&format!(" Default: {default}.")),
        None => {}
    }
    text
}

fn duration_text(nanos: f64) -> String {
    format_duration(Duration::from_nanos(nanos as u64))
}

/// `schema` with what an editor shows of it, in place of what it showed before.
pub fn described(what: &str, schema: Value) -> Value {
    let mut entries = Vec::from([("description".into(), what.into())]);
    if let Value::Map(rest) = schema {
        entries.extend(rest.into_iter().filter(|(name, _)| name != "description"));
    }
    Value::Map(entries)
}

/// What `schema` allows, or `null`.
pub fn nullable(schema: Value) -> Value {
    either([schema, of_type("null")])
}

/// What one of these allows. What is shown of the first is shown of the whole: editors look for a
/// description and a default beside `anyOf`, not within.
pub fn either<const N: usize>(mut alternatives: [Value; N]) -> Value {
    let mut entries = Vec::new();
    if let Some(Value::Map(first)) = alternatives.first_mut() {
        let shown = |(name, _): &mut (String, Value)| name == "description" || name == "default";
        entries.extend(first.extract_if(.., shown));
    }
    entries.push(("anyOf".into(), Value::List(Vec::from(alternatives))));
    Value::Map(entries)
}

/// A group that has these fields and no others.
pub fn object(properties: Vec<(String, Value)>, required: &[&str]) -> Value {
    let mut entries = Vec::from([
        ("type".into(), "object".into()),
        ("additionalProperties".into(), false.into()),
    ]);
    if !required.is_empty() {
        entries.push(("required".into(), list(required)));
    }
    entries.push(("properties".into(), Value::Map(properties)));
    Value::Map(entries)
}

/// A schema of a list or a group with at most so many entries.
pub fn at_most(schema: Value, entries: usize) -> Value {
    let Value::Map(mut schema) = schema else { return schema };
    let is_group = schema.iter().any(|(name, value)| name == "type" && *value == "object".into());
    let word = if is_group { "maxProperties" } else { "maxItems" };
    schema.push((word.into(), Value::Unsigned(entries as u64)));
    Value::Map(schema)
}

/// A list of what `items` allows, with `least` of them or more.
pub fn array(items: Value, least: u64) -> Value {
    let mut entries = Vec::from([("type".into(), "array".into())]);
    if least > 0 {
        entries.push(("minItems".into(), Value::Unsigned(least)));
    }
    entries.push(("items".into(), items));
    Value::Map(entries)
}

/// What the definition `name` allows.
pub fn reference(name: &str) -> Value {
    Value::map([("$ref", format!("#/$defs/{name}").into())])
}

/// What one of these allows.
pub fn any<const N: usize>(alternatives: [Value; N]) -> Value {
    Value::map([("anyOf", Value::List(Vec::from(alternatives)))])
}

/// One of these words.
pub fn words(words: &[&str]) -> Value {
    Value::map([("enum", list(words))])
}

/// This value and no other.
pub fn constant(value: impl Into<Value>) -> Value {
    Value::map([("const", value.into())])
}

/// Anything of this JSON type.
pub fn of_type(name: &str) -> Value {
    Value::map([("type", name.into())])
}

/// A list of texts.
pub fn list(texts: &[&str]) -> Value {
    Value::List(texts.iter().map(|text| Value::from(*text)).collect())
}

/// The field with which a document says where its schema is.
pub fn pointer() -> Value {
    described("Where an editor finds this schema. Read past, never written.", of_type("string"))
}
