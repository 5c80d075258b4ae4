//! `[[policies]]`: what is compared. Each is a preset's name, or has a `name` and one of `preset`,
//! `file` (a policy in JSON or TOML) and `policy` (inline, in the wire format of
//! [`redrive::RetryPolicy`]).

use std::collections::BTreeSet;

use redrive::{
    RetryPolicy, presets,
    schema::{any, described, list, reference},
    wire::{ConfigError, Fields, Value, quoted},
};

use super::{
    field::{fields, group, text},
    schema::with,
};
use crate::files::{self, Loader};

fields! {
    /// The fields of an entry of `policies`.
    pub(super) FIELDS, ROWS {
        "name": text("What to call it. Default: the preset's name, or the file's."),
        "preset": reference("preset"),
        "file": text("A file with a policy, in JSON or TOML."),
        "policy": described("The policy.", any([reference("policy"), reference("preset")])),
    }
}
/// Those of which an entry needs exactly one.
pub(super) const SOURCES: &[&str] = FIELDS.split_at(1).1;

/// The schema of an entry: exactly one of the sources.
pub(super) fn schema() -> Value {
    let one = SOURCES.iter().map(|source| Value::map([("required", list(&[source]))]));
    with(group(ROWS, &[]), "oneOf", Value::List(one.collect()))
}

/// A policy and what to call it.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedPolicy {
    /// What to call it.
    pub name: String,
    /// The policy.
    pub policy: RetryPolicy,
}

/// Without a limit of its own, a policy in a scenario goes on until the horizon ends it.
fn until_the_horizon(tree: &Value) -> Option<Value> {
    let given = |name: &str| tree.get(name).is_some_and(|value| *value != Value::Null);
    let unlimited = match tree.get("maxAttempts")? {
        Value::Null => true,
        value => value.as_text() == Some("unlimited"),
    };
    let Value::Map(mut entries) = tree.clone() else { return None };
    if !unlimited || given("maxElapsed") {
        return None;
    }
    entries.retain(|(name, _)| name != "maxElapsed");
    let ever = redrive::Duration::from_nanos(u64::MAX);
    entries.push(("maxElapsed".to_owned(), Value::duration(ever)));
    Some(Value::Map(entries))
}

/// Reads a preset's name or an inline policy.
pub(super) fn read_one(value: &Value, path: &str) -> Result<RetryPolicy, ConfigError> {
    match value {
        Value::Text(name) => presets::find(name)
            .map(redrive::presets::Preset::policy)
            .map_err(|error| error.inside(path)),
        // Whether something ends it is checked with the whole scenario.
        other => RetryPolicy::from_value_until_stopped(other).map_err(|error| error.inside(path)),
    }
}

pub(super) fn read(
    value: Option<&Value>,
    path: &str,
    has_horizon: bool,
    files: &mut dyn Loader,
) -> Result<Vec<NamedPolicy>, ConfigError> {
    let list = match value {
        None => return Err(ConfigError::new(path, "is missing; name at least one preset")),
        Some(Value::List(list)) if list.is_empty() => {
            return Err(ConfigError::new(path, "is empty; name at least one preset"));
        }
        Some(Value::List(list)) => list,
        Some(_) => return Err(ConfigError::new(path, "is not a list; write [\"full\", ...]")),
    };
    let mut policies: Vec<NamedPolicy> = Vec::new();
    let mut names = BTreeSet::new();
    for (i, value) in list.iter().enumerate() {
        let path = format!("{path}[{i}]");
        let policy = read_named(value, &path, has_horizon, files)?;
        if !names.insert(policy.name.clone()) {
            let message =
                format!("= {} is given twice; give one another name", quoted(&policy.name));
            return Err(ConfigError::new(format!("{path}.name"), message));
        }
        policies.push(policy);
    }
    Ok(policies)
}

fn read_named(
    value: &Value,
    path: &str,
    has_horizon: bool,
    files: &mut dyn Loader,
) -> Result<NamedPolicy, ConfigError> {
    if let Value::Text(name) = value {
        return Ok(NamedPolicy { name: name.clone(), policy: read_one(value, path)? });
    }
    let fields = Fields::read(value, path, FIELDS)?;
    let given: Vec<&str> = SOURCES.iter().copied().filter(|n| fields.get(n).is_some()).collect();
    let [source] = given[..] else {
        let message = "needs exactly one of: preset, file, policy";
        return Err(ConfigError::new(path, message));
    };
    let at = fields.path_of(source);
    let (default_name, policy) = match source {
        "preset" => {
            let preset = fields.required_text("preset")?;
            (preset.to_owned(), read_one(&Value::from(preset), &at)?)
        }
        "file" => {
            let file = fields.required_text("file")?;
            let tree = files::load_tree(files, &at, file)?;
            let ended = until_the_horizon(&tree).filter(|_| has_horizon);
            (file.to_owned(), read_one(ended.as_ref().unwrap_or(&tree), &at)?)
        }
        _ => {
            let tree = fields.get("policy").unwrap_or(&Value::Null);
            let ended = until_the_horizon(tree).filter(|_| has_horizon);
            (format!("policy {path}"), read_one(ended.as_ref().unwrap_or(tree), &at)?)
        }
    };
    let name = super::label(&fields, "name")?.map_or(default_name, str::to_owned);
    Ok(NamedPolicy { name, policy })
}
