//! Java's properties: `a.b[0].c = value` lines as a tree, and back.

use std::fmt::Write;

use redrive::wire::{ConfigError, Value};

/// Keys are not nested any deeper than that.
const DEEPEST: usize = 64;
/// A list is not longer.
const LONGEST: usize = 1_000;

/// Whether a text is more likely properties than YAML: its first line that says anything has a `=` in it
/// and no `:` before that.
pub(super) fn is_likely(text: &str) -> bool {
    let says = |line: &&str| !line.is_empty() && !line.starts_with(['#', '!']);
    let first = text.lines().map(str::trim).find(says).unwrap_or_default();
    first
        .split_once('=')
        .is_some_and(|(key, _)| !key.contains([':', '{', '[']) || key.ends_with(']'))
}

/// Reads `key = value` lines; a key's dots are groups and its `[0]` are lists, a comment begins with `#` or
/// `!`, and `\` at the end goes on in the next line.
///
/// # Errors
/// Names the line that is none, and a key that is a group and a value at once.
pub fn read_properties(text: &str) -> Result<Value, ConfigError> {
    let mut tree = Value::Map(Vec::new());
    let mut rest = String::new();
    for (index, line) in text.lines().enumerate() {
        let at = |message: &str| ConfigError::new(format!("line {}", index + 1), message);
        let line = line.trim();
        if rest.is_empty() && (line.is_empty() || line.starts_with(['#', '!'])) {
            continue;
        }
        if let Some(begun) = line.strip_suffix('\\') {
            rest.push_str(begun);
            continue;
        }
        let line = core::mem::take(&mut rest) + line;
        let end = line.find(['=', ':']).ok_or_else(|| at("is not a key = value line"))?;
        let (key, value) = (line[..end].trim(), line[end + 1..].trim());
        let steps =
            steps(key).ok_or_else(|| at("has a key that is not names with dots and [0]"))?;
        place(&mut tree, &steps, value)
            .ok_or_else(|| at("has a key that is another's group, or there twice"))?;
    }
    Ok(tree)
}

enum Step<'t> {
    Name(&'t str),
    Index(usize),
}

fn steps(key: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    for part in key.split('.') {
        let (name, indices) =
            part.split_once('[').map_or((part, None), |(name, rest)| (name, Some(rest)));
        if name.is_empty() {
            return None;
        }
        steps.push(Step::Name(name));
        for index in indices.into_iter().flat_map(|rest| rest.split('[')) {
            steps.push(Step::Index(index.strip_suffix(']')?.parse().ok()?));
        }
    }
    (steps.len() <= DEEPEST).then_some(steps)
}

fn place(tree: &mut Value, steps: &[Step<'_>], value: &str) -> Option<()> {
    let Some((step, rest)) = steps.split_first() else {
        return match tree {
            Value::Null => {
                *tree = Value::from(value);
                Some(())
            }
            _ => None,
        };
    };
    match step {
        Step::Name(name) => {
            if *tree == Value::Null {
                *tree = Value::Map(Vec::new());
            }
            let Value::Map(entries) = tree else { return None };
            let at = entries.iter().position(|(key, _)| key == name).unwrap_or_else(|| {
                entries.push(((*name).to_owned(), Value::Null));
                entries.len() - 1
            });
            place(&mut entries[at].1, rest, value)
        }
        Step::Index(index) => {
            if *tree == Value::Null {
                *tree = Value::List(Vec::new());
            }
            let Value::List(items) = tree else { return None };
            if *index >= LONGEST {
                return None;
            }
            if items.len() <= *index {
                items.resize(*index + 1, Value::Null);
            }
            place(&mut items[*index], rest, value)
        }
    }
}

/// The same tree with the dots of its keys taken apart, as Spring reads YAML.
pub(super) fn nested(tree: &Value) -> Value {
    match tree {
        Value::Map(entries) => {
            let mut groups: Vec<(String, Value)> = Vec::new();
            for (key, value) in entries {
                let mut value = nested(value);
                let mut parts = key.rsplit('.').filter(|part| !part.is_empty());
                let last = parts.next().unwrap_or(key).to_owned();
                // The innermost name first: each further one goes around it.
                let mut name = last;
                for part in parts.take(DEEPEST) {
                    value =
                        Value::Map(vec![(core::mem::replace(&mut name, part.to_owned()), value)]);
                }
                merge(&mut groups, name, value);
            }
            Value::Map(groups)
        }
        Value::List(items) => Value::List(items.iter().map(nested).collect()),
        other => other.clone(),
    }
}

fn merge(groups: &mut Vec<(String, Value)>, name: String, value: Value) {
    match (groups.iter_mut().find(|(other, _)| *other == name), value) {
        (Some((_, Value::Map(there))), Value::Map(more)) => {
            for (name, value) in more {
                merge(there, name, value);
            }
        }
        (_, value) => groups.push((name, value)),
    }
}

/// Writes what [`read_properties`] reads.
#[must_use]
pub fn write_properties(tree: &Value) -> String {
    let mut text = String::new();
    write_at(tree, "", &mut text);
    text
}

fn write_at(tree: &Value, path: &str, text: &mut String) {
    match tree {
        Value::Map(entries) => {
            for (name, value) in entries {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                write_at(value, &path, text);
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                write_at(item, &format!("{path}[{index}]"), text);
            }
        }
        value => {
            let value = value.as_text().map_or_else(|| value.to_string(), ToOwned::to_owned);
            let _ = writeln!(text, "{path}={value}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_read_and_written() {
        let text = "a.b.c=1\na.b.d[0]=x\na.b.d[1]=y z\n";
        let tree = read_properties(text).unwrap();
        assert_eq!(write_properties(&tree), text);
        let noise = format!("# mine\n! his\n\n{text}e : \\\n  2s\n");
        assert_eq!(read_properties(&noise).unwrap().get("e"), Some(&"2s".into()));
        assert!(is_likely(&noise) && !is_likely("a:\n  b: x=y\n") && !is_likely("{\"a\": 1}"));
    }

    #[test]
    fn what_is_not_properties_is_refused_at_its_line() {
        for (text, line) in [
            ("a\n", "line 1"),
            ("a=1\na.b=2\n", "line 2"),
            ("a=1\na=2\n", "line 2"),
            ("a[x]=1\n", "line 1"),
            ("a[99999999]=1\n", "line 1"),
            ("..=1\n", "line 1"),
        ] {
            assert_eq!(read_properties(text).unwrap_err().path(), line, "{text}");
        }
    }
}
