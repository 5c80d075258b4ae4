//! Trees of values as text: what `presets`, `scenarios` and the report show.

use redrive::wire::Value;

use crate::{error::CliError, output::plain_json};

/// The tree as indented JSON.
///
/// # Errors
/// Never for what JSON can hold.
pub(crate) fn json(value: &Value) -> Result<String, CliError> {
    let mut text = serde_json::to_string_pretty(value).map_err(std::io::Error::from)?;
    text.push('\n');
    Ok(plain_json(text))
}

/// The tree as indented JSON, with every number as it was written.
pub(crate) fn exact_json(value: &Value) -> String {
    plain_json(indented(&value.to_json())) + "\n"
}

/// JSON of one line, a field or an item a line.
fn indented(json: &str) -> String {
    let (mut out, mut depth) = (String::with_capacity(json.len() * 2), 0);
    let (mut in_text, mut escaped) = (false, false);
    let mut chars = json.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(c) = chars.next() {
        if in_text {
            out.push(c);
            in_text = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '{' | '[' => {
                out.push(c);
                match chars.peek() {
                    Some('}' | ']') => out.extend(chars.next()),
                    _ => {
                        depth += 1;
                        line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => {
                in_text = c == '"';
                out.push(c);
            }
        }
    }
    out
}

/// The tree as TOML.
///
/// # Errors
/// When it is not an object.
pub(crate) fn toml(value: &Value) -> Result<String, CliError> {
    toml::to_string_pretty(&without_null(value))
        .map_err(|error| CliError::Form(format!("this has no TOML form: {error}")))
}

/// TOML has no null. Where null is not simply the default, it has a word.
fn without_null(value: &Value) -> Value {
    match value {
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .filter_map(|(name, value)| match (name.as_str(), value) {
                    ("maxAttempts", Value::Null) => Some((name.clone(), "unlimited".into())),
                    (_, Value::Null) => None,
                    _ => Some((name.clone(), without_null(value))),
                })
                .collect(),
        ),
        Value::List(items) => Value::List(items.iter().map(without_null).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use redrive::{RetryPolicy, presets};

    use super::*;

    #[test]
    fn a_preset_in_either_form_is_the_same_policy() {
        for preset in presets::all() {
            let policy = preset.policy();
            let value = policy.to_value();
            let from_toml: Value = toml::from_str(&toml(&value).expect("TOML")).expect("TOML");
            let read = RetryPolicy::from_value(&from_toml);
            assert_eq!(read, Ok(policy.clone()), "{} as TOML", preset.name);
            let from_json: Value =
                serde_json::from_str(&json(&value).expect("JSON")).expect("JSON");
            assert_eq!(RetryPolicy::from_value(&from_json), Ok(policy), "{} as JSON", preset.name);
        }
    }
}
