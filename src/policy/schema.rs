//! The JSON Schema of the wire format, made from the same field lists and bounds that reading uses.

use alloc::{string::ToString, vec::Vec};

use super::{
    Action, CapStage, DebitOn, ElapsedRule, HintMode, RoundingMode,
    wire::{BACKOFF_KINDS, BUDGET_KINDS, FIELDS, JITTER_KINDS, VERSION},
};
use crate::{
    bounds::{self, Bound, TABLE, Unit},
    wire::Value,
};

/// The JSON Schema (draft 2020-12) of a policy.
pub fn policy() -> Value {
    let properties = FIELDS.iter().map(|name| (name.to_string(), property(name))).collect();
    Value::map([
        ("$schema", "https://json-schema.org/draft/2020-12/schema".into()),
        ("title", "redrive retry policy".into()),
        ("type", "object".into()),
        ("additionalProperties", false.into()),
        ("properties", Value::Map(properties)),
        (
            "$defs",
            Value::map([
                ("duration", duration()),
                ("backoff", kinds_schema(BACKOFF_KINDS, &["firstDelay"])),
                ("jitter", kinds_schema(JITTER_KINDS, &[])),
                ("budget", kinds_schema(BUDGET_KINDS, &[])),
                ("end", end()),
                ("rule", rule()),
            ]),
        ),
    ])
}

fn property(name: &str) -> Value {
    match name {
        "version" => Value::map([("const", VERSION.into())]),
        "backoff" | "jitter" => reference(name),
        "budget" => any([reference(name), null()]),
        "minDelay" => bounded(bounds::MIN_DELAY),
        "maxAttempts" => any([bounded(bounds::MAX_ATTEMPTS), null(), words(&["unlimited"])]),
        "elapsedRule" => words(&ElapsedRule::NAMES),
        "defaultAction" => words(&Action::NAMES),
        "retryAfter" => object([
            ("mode", words(&HintMode::NAMES)),
            ("max", bounded(bounds::RETRY_AFTER_MAX)),
            ("jitter", reference("jitter")),
        ]),
        "classify" => Value::map([("type", "array".into()), ("items", reference("rule"))]),
        "compat" => any([compat(), null()]),
        name => match TABLE.iter().find(|row| row.name == name) {
            Some(row) => any([bounded(row), null()]),
            None => Value::Bool(true),
        },
    }
}

/// One alternative for each kind, and the bare names of those that need no field.
fn kinds_schema(
    table: &[(&'static str, &'static [&'static str])],
    shared: &[&'static str],
) -> Value {
    let bare: Vec<&str> = table
        .iter()
        .filter(|(kind, fields)| !fields.iter().any(|field| is_required(kind, field)))
        .map(|(kind, _)| *kind)
        .collect();
    let mut alternatives = Vec::from([words(&bare)]);
    for (kind, fields) in table {
        let mut properties =
            Vec::from([("kind".to_string(), Value::map([("const", Value::from(*kind))]))]);
        for field in fields.iter().chain(shared) {
            properties.push((field.to_string(), field_schema(kind, field)));
        }
        let own = fields.iter().filter(|field| is_required(kind, field));
        let required = core::iter::once(&"kind").chain(own);
        alternatives.push(Value::map([
            ("type", "object".into()),
            ("additionalProperties", false.into()),
            ("required", Value::List(required.map(|field| Value::from(*field)).collect())),
            ("properties", Value::Map(properties)),
        ]));
    }
    Value::map([("anyOf", Value::List(alternatives))])
}

/// Whether a field of a kind has no default.
fn is_required(kind: &str, field: &str) -> bool {
    matches!(
        (kind, field),
        ("constant", "delay") | ("table", "delays") | ("uniform", "low" | "high")
    )
}

fn field_schema(kind: &str, field: &str) -> Value {
    let row = match (kind, field) {
        ("proportional", "factor") => bounds::JITTER_FACTOR,
        ("symmetric", "factor") => bounds::SYMMETRIC_FACTOR,
        ("subtractive", "factor") => bounds::SUBTRACTIVE_FACTOR,
        ("decorrelated", "multiplier") => bounds::DECORRELATED_MULTIPLIER,
        (_, "low" | "high") => return reference("end"),
        (_, "debitOn") => return words(&DebitOn::NAMES),
        (_, "refundOnRetrySuccess") => return any([words(&["cost"]), bounded(bounds::REFUND)]),
        (_, "threshold") => return any([bounded(bounds::THRESHOLD), null()]),
        (_, "firstDelay") => return any([bounded(bounds::FIRST_DELAY), null()]),
        (_, "costByClass") => {
            return Value::map([
                ("type", "object".into()),
                ("additionalProperties", bounded(bounds::COST)),
            ]);
        }
        (_, "delays") => {
            return Value::map([
                ("type", "array".into()),
                ("minItems", Value::Unsigned(1)),
                ("items", bounded(bounds::DELAY)),
            ]);
        }
        (_, field) => match TABLE.iter().find(|row| row.name == field) {
            Some(row) => row,
            None => return Value::Bool(true),
        },
    };
    bounded(row)
}

/// A value within the limits of its row.
fn bounded(row: &Bound) -> Value {
    let description = ("description", Value::from(row.doc));
    if row.unit == Unit::Duration {
        return Value::map([description, ("$ref", "#/$defs/duration".into())]);
    }
    let kind = if row.unit == Unit::Count { "integer" } else { "number" };
    Value::map([
        description,
        ("type", kind.into()),
        ("minimum", row.min.into()),
        ("maximum", row.max.into()),
    ])
}

fn duration() -> Value {
    let text = Value::map([
        ("type", "string".into()),
        ("pattern", "^\\s*(\\d+(\\.\\d*)?|\\.\\d+)\\s*(ns|us|\u{b5}s|ms|s|m|h|d)(\\s*(\\d+(\\.\\d*)?|\\.\\d+)\\s*(ns|us|\u{b5}s|ms|s|m|h|d))*\\s*$".into()),
    ]);
    let millis = Value::map([("type", "number".into()), ("minimum", Value::Unsigned(0))]);
    let description =
        "a duration: text like \"250ms\", \"2s\", \"1m30s\", or a number of milliseconds";
    Value::map([
        ("description", description.into()),
        ("anyOf", Value::List(Vec::from([text, millis]))),
    ])
}

fn end() -> Value {
    object([
        ("factor", bounded(bounds::END_FACTOR)),
        ("add", bounded(bounds::END_ADD)),
        ("addPerRetry", bounded(bounds::END_ADD_PER_RETRY)),
    ])
}

fn rule() -> Value {
    let text = Value::map([("type", "string".into()), ("minLength", Value::Unsigned(1))]);
    let texts = Value::map([
        ("type", "array".into()),
        ("minItems", Value::Unsigned(1)),
        ("items", text.clone()),
    ]);
    let mut rule = object([
        ("match", any([text, texts])),
        ("action", words(&Action::NAMES)),
        ("backoff", reference("backoff")),
        ("jitter", reference("jitter")),
    ]);
    if let Value::Map(entries) = &mut rule {
        entries.push(("required".to_string(), Value::List(Vec::from(["match".into()]))));
    }
    rule
}

fn compat() -> Value {
    let boolean = || Value::map([("type", "boolean".into())]);
    object([
        ("capStage", words(&CapStage::NAMES)),
        (
            "rounding",
            any([
                object([
                    ("unit", bounded(bounds::ROUNDING_UNIT)),
                    ("mode", words(&RoundingMode::NAMES)),
                    ("eachStep", boolean()),
                ]),
                null(),
            ]),
        ),
        ("elapsedMeasure", words(&["wall", "sleeps"])),
        ("feedback", boolean()),
        (
            "resampleAbove",
            any([
                object([
                    ("low", bounded(bounds::RESAMPLE_LOW)),
                    ("high", bounded(bounds::RESAMPLE_HIGH)),
                ]),
                null(),
            ]),
        ),
    ])
}

fn object<const N: usize>(properties: [(&str, Value); N]) -> Value {
    Value::map([
        ("type", "object".into()),
        ("additionalProperties", false.into()),
        ("properties", Value::map(properties)),
    ])
}

fn reference(name: &str) -> Value {
    Value::map([("$ref", alloc::format!("#/$defs/{name}").into())])
}

fn any<const N: usize>(alternatives: [Value; N]) -> Value {
    Value::map([("anyOf", Value::List(Vec::from(alternatives)))])
}

fn words(words: &[&'static str]) -> Value {
    Value::map([("enum", Value::List(words.iter().map(|word| Value::from(*word)).collect()))])
}

fn null() -> Value {
    Value::map([("type", "null".into())])
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;
    use crate::{RetryPolicy, policy::wire::kinds};

    /// The bare names that the definition `name` allows.
    fn bare_names(name: &str) -> Vec<String> {
        let schema = policy();
        let definition = schema.get("$defs").and_then(|defs| defs.get(name)).cloned();
        let Some(Value::List(alternatives)) = definition.and_then(|d| d.get("anyOf").cloned())
        else {
            panic!("{name} has alternatives")
        };
        let Some(Value::List(names)) = alternatives[0].get("enum") else { panic!("names first") };
        names.iter().filter_map(Value::as_text).map(ToString::to_string).collect()
    }

    #[test]
    fn a_bare_name_is_in_the_schema_if_and_only_if_it_is_read() {
        for (field, table) in
            [("backoff", BACKOFF_KINDS), ("jitter", JITTER_KINDS), ("budget", BUDGET_KINDS)]
        {
            let allowed = bare_names(field);
            for kind in kinds(table) {
                let read = RetryPolicy::from_value(&Value::map([(field, kind.into())])).is_ok();
                assert_eq!(allowed.iter().any(|name| name == kind), read, "{field} {kind}");
            }
        }
    }
}
