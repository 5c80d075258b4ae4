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
