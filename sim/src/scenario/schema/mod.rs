//! The JSON Schema of a scenario, for editors: what fields there are, what they mean, their limits and
//! defaults.
//!
//! It is made from the rows (`field`) of fields that reading goes by and from the
//! [limits](crate::bounds). It allows what the reader reads, in `camelCase`, and refuses what one field
//! alone tells to be wrong. What several fields decide together (that a run ends, that somebody times
//! out) only the reader knows.
//!
//! It holds the schema of policies as well, so that it is one file: an editor that fetches no second
//! one still knows everything.

mod kinds;

use redrive::{
    policy::schema::policy,
    presets,
    schema::{DIALECT, any, at_most, described, of_type, words},
    wire::Value,
};

pub(crate) use kinds::kinds;

use super::{ROWS, field::group};
use crate::{bounds, distribution};

/// The JSON Schema (draft 2020-12) of a scenario.
#[must_use]
pub fn scenario() -> Value {
    let Value::Map(mut schema) = group(ROWS, &["policies"]) else { return Value::Null };
    let head = [("$schema", DIALECT), ("title", "redrive scenario")];
    schema.splice(0..0, head.map(|(name, text)| (name.to_owned(), text.into())));
    schema.push(("$defs".to_owned(), definitions()));
    for (name, properties) in &mut schema {
        if let ("properties", Value::Map(lists)) = (name.as_str(), properties) {
            for (list, most) in bounds::LISTS {
                let found = lists.iter_mut().filter(|(name, _)| name == list);
                found.for_each(|(_, schema)| *schema = at_most(schema.clone(), *most));
            }
        }
    }
    Value::Map(schema)
}

/// What is used in several places, and all that a policy is made of.
fn definitions() -> Value {
    let mut all = Vec::new();
    let mut whole = Vec::new();
    if let Value::Map(entries) = policy() {
        for (name, value) in entries {
            match (name.as_str(), value) {
                ("$defs", Value::Map(parts)) => all.extend(parts),
                ("$schema" | "title", _) => {}
                (_, value) => whole.push((name, value)),
            }
        }
    }
    all.push(("policy".to_owned(), Value::Map(whole)));
    all.push(("preset".to_owned(), preset()));
    all.push(("distribution".to_owned(), distribution::schema()));
    Value::Map(all)
}

fn preset() -> Value {
    let names: Vec<&str> = presets::all().iter().map(|preset| preset.name).collect();
    described("A policy by its preset's name.", words(&names))
}

/// The schema of a seed.
pub(super) fn seed() -> Value {
    let number = Value::map([
        ("type", "integer".into()),
        ("minimum", Value::Unsigned(0)),
        ("maximum", Value::Unsigned(u64::MAX)),
    ]);
    let what =
        "The seed of all randomness: the same seed gives the same run, bit for bit. Default: 42.";
    described(what, any([number, of_type("string")]))
}

/// A schema with one demand more.
pub(super) fn with(schema: Value, name: &str, demand: Value) -> Value {
    let Value::Map(mut entries) = schema else { return schema };
    entries.push((name.to_owned(), demand));
    Value::Map(entries)
}
