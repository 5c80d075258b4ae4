//! A tree of values as paths and texts: what differs between two trees, and how to apply that.
//!
//! This is what lets a URL hold any policy and any scenario and still be short: it names a base and
//! lists what is different. `changes` and `apply` are each other's inverse:
//!
//! | change | meaning |
//! |---|---|
//! | `a.b=2s` | the value there; numbers, `true`, `false` and `null` are read as such |
//! | `a.b='404` | a text that would read as something else |
//! | `a.kind=x` | where the kind is another: a new group that has nothing but this kind |
//! | `a.2.b=1` | an item of a list; the first place behind its end appends |
//! | `a=[]`, `a={}` | empty |
//! | `a=-` | nothing: the field is left out |
//!
//! A dot in a name is written `~1` and a tilde `~0`, as JSON Pointer does with its slash.

use redrive::wire::{ConfigError, Value};

/// Deeper than any format of ours.
const DEPTH: usize = 12;

/// The text for a field that is left out.
const ABSENT: &str = "-";

/// What turns `base` into `tree`, in an order in which [`apply`] can follow.
pub(super) fn changes(base: &Value, tree: &Value) -> Vec<(String, String)> {
    let mut out = Vec::new();
    difference("", Some(base), tree, &mut out);
    out
}

fn difference(path: &str, base: Option<&Value>, tree: &Value, out: &mut Vec<(String, String)>) {
    if base.is_some_and(|base| same(base, tree)) {
        return;
    }
    match (base, tree) {
        (Some(Value::Map(old)), Value::Map(new)) if kind(old) == kind(new) => {
            for (name, value) in new {
                difference(&join(path, name), find(old, name), value, out);
            }
            for (name, _) in old.iter().filter(|(name, _)| find(new, name).is_none()) {
                out.push((join(path, name), ABSENT.to_owned()));
            }
        }
        (_, Value::Map(new)) => {
            if let Some(kind) = kind(new) {
                out.push((join(path, "kind"), text_of(kind)));
            } else if base.is_some() || new.is_empty() {
                out.push((path.to_owned(), "{}".to_owned()));
            }
            for (name, value) in new.iter().filter(|(name, _)| name != "kind") {
                difference(&join(path, name), None, value, out);
            }
        }
        (Some(Value::List(old)), Value::List(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                difference(&join(path, &index.to_string()), Some(old), new, out);
            }
        }
        (_, Value::List(new)) => {
            out.push((path.to_owned(), "[]".to_owned()));
            for (index, value) in new.iter().enumerate() {
                difference(&join(path, &index.to_string()), None, value, out);
            }
        }
        (_, scalar) => out.push((path.to_owned(), text_of(scalar))),
    }
}

/// Equal, whatever the type of the numbers.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, value)| find(b, name).is_some_and(|b| same(value, b)))
        }
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        _ => a == b || (a.as_f64().is_some() && text_of(a) == text_of(b)),
    }
}

fn kind(entries: &[(String, Value)]) -> Option<&Value> {
    find(entries, "kind")
}

fn find<'v>(entries: &'v [(String, Value)], name: &str) -> Option<&'v Value> {
    entries.iter().find(|(n, _)| n == name).map(|(_, value)| value)
}

fn join(path: &str, name: &str) -> String {
    let name = name.replace('~', "~0").replace('.', "~1");
    if path.is_empty() { name } else { format!("{path}.{name}") }
}

/// A single value as a text that [`value_of`] reads back.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::Text(text) => {
            let plain = text != ABSENT
                && !text.starts_with('\'')
                && matches!(value_of(text), Value::Text(read) if read == *text);
            if plain { text.clone() } else { format!("'{text}") }
        }
        other => other.to_string(),
    }
}

/// The value that a text spells.
pub(super) fn value_of(text: &str) -> Value {
    match text {
        "null" => return Value::Null,
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        "[]" => return Value::List(Vec::new()),
        "{}" => return Value::Map(Vec::new()),
        _ => {}
    }
    if let Some(quoted) = text.strip_prefix('\'') {
        return Value::Text(quoted.to_owned());
    }
    if let Ok(number) = text.parse::<u64>() {
        return Value::Unsigned(number);
    }
    if let Ok(number) = text.parse::<i64>() {
        return Value::Signed(number);
    }
    // Not "inf" and not "nan", which Rust reads too.
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
    match text.parse::<f64>() {
        Ok(number) if numeric && number.is_finite() => Value::Float(number),
        _ => Value::Text(text.to_owned()),
    }
}

/// Applies one change.
///
/// # Errors
/// When the path leads nowhere.
pub(super) fn apply(tree: &mut Value, path: &str, text: &str) -> Result<(), ConfigError> {
    if text == ABSENT {
        return remove(tree, path);
    }
    set(tree, path, value_of(text))
}

/// Puts `value` at `path`.
///
/// # Errors
/// When the path leads nowhere.
pub(super) fn set(tree: &mut Value, path: &str, value: Value) -> Result<(), ConfigError> {
    let steps = steps(path)?;
    let (last, groups) = steps.split_last().ok_or_else(|| nowhere(path))?;
    let mut place = tree;
    for step in groups {
        place = enter(place, step, path)?;
    }
    if last == "kind" && place.get("kind") != Some(&value) {
        *place = Value::Map(Vec::new());
    }
    *enter(place, last, path)? = value;
    Ok(())
}

fn remove(tree: &mut Value, path: &str) -> Result<(), ConfigError> {
    let steps = steps(path)?;
    let (last, groups) = steps.split_last().ok_or_else(|| nowhere(path))?;
    let mut place = tree;
    for step in groups {
        place = enter(place, step, path)?;
    }
    if let Value::Map(entries) = place {
        entries.retain(|(name, _)| name != last);
    }
    Ok(())
}

/// The value at `path`, if there is one.
pub(super) fn at<'v>(tree: &'v Value, path: &str) -> Option<&'v Value> {
    let mut place = tree;
    for step in steps(path).ok()? {
        place = match place {
            Value::List(items) => items.get(step.parse::<usize>().ok()?)?,
            other => other.get(&step)?,
        };
    }
    Some(place)
}

fn steps(path: &str) -> Result<Vec<String>, ConfigError> {
    let steps: Vec<String> =
        path.split('.').map(|step| step.replace("~1", ".").replace("~0", "~")).collect();
    let sound = steps.len() <= DEPTH && steps.iter().all(|step| !step.is_empty());
    if sound { Ok(steps) } else { Err(nowhere(path)) }
}

/// The value of `step`, made if it is not there.
fn enter<'v>(tree: &'v mut Value, step: &str, path: &str) -> Result<&'v mut Value, ConfigError> {
    if let Value::List(items) = tree {
        let index = step.parse::<usize>().map_err(|_| nowhere(path))?;
        if index == items.len() {
            items.push(Value::Null);
        }
        return items.get_mut(index).ok_or_else(|| nowhere(path));
    }
    if !matches!(tree, Value::Map(_)) {
        // A bare kind ("full") becomes a group that may have fields.
        *tree = match tree {
            Value::Text(kind) => Value::map([("kind", Value::Text(kind.clone()))]),
            _ => Value::Map(Vec::new()),
        };
    }
    let Value::Map(entries) = tree else { return Err(nowhere(path)) };
    let index = match entries.iter().position(|(name, _)| name == step) {
        Some(index) => index,
        None => {
            entries.push((step.to_owned(), Value::Null));
            entries.len() - 1
        }
    };
    entries.get_mut(index).map(|(_, value)| value).ok_or_else(|| nowhere(path))
}

fn nowhere(path: &str) -> ConfigError {
    ConfigError::new(path, "leads nowhere")
}

#[cfg(test)]
mod tests {
    use redrive::presets;

    use super::*;

    fn round_trip(base: &Value, tree: &Value) -> Vec<(String, String)> {
        let changes = changes(base, tree);
        let mut made = base.clone();
        for (path, text) in &changes {
            apply(&mut made, path, text).unwrap();
        }
        assert!(same(&made, tree), "{base}\n{tree}\n{made}\n{changes:?}");
        changes
    }

    #[test]
    fn every_preset_is_reached_from_every_other() {
        for from in presets::all() {
            for to in presets::all() {
                let (from, to) = (from.policy().to_value(), to.policy().to_value());
                let changes = round_trip(&from, &to);
                assert_eq!(changes.is_empty(), same(&from, &to));
            }
        }
    }

    #[test]
    fn texts_that_look_like_something_else_survive() {
        for text in ["null", "-", "404", "1.5", "[]", "{}", "'x", "", "2s", "a.b~c"] {
            let tree = Value::map([("a.b~", Value::List(vec![text.into()]))]);
            round_trip(&Value::map([]), &tree);
        }
    }

    #[test]
    fn one_change_is_one_pair() {
        let base = presets::find("full").unwrap().policy().to_value();
        let mut tree = base.clone();
        apply(&mut tree, "backoff.initial", "250ms").unwrap();
        assert_eq!(round_trip(&base, &tree), [("backoff.initial".into(), "250ms".into())]);
    }

    #[test]
    fn hostile_paths_are_refused() {
        let mut tree = Value::map([("list", Value::List(Vec::new()))]);
        for path in ["", ".", "a..b", "list.7", "list.x", &"a.".repeat(40)] {
            assert!(apply(&mut tree, path, "1").is_err(), "{path}");
        }
    }
}
