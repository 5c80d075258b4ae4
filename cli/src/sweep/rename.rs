//! Names that a sweep makes untrue: "one-attempt" with seven attempts.
//!
//! A policy that is called by the value of a field is called something else where the sweep sets that
//! field.

use redrive::wire::Value;
use redrive_sim::Scenario;

use super::axis::Axis;
use crate::{error::CliError, options::Setup, text};

/// Words of field names that say nothing of the field.
const COMMON: [&str; 6] = ["max", "min", "kind", "per", "policy", "initial"];

/// Renames the policies whose names the axes `policy.…` contradict.
///
/// # Errors
/// When the scenario cannot be read with the new names.
pub(super) fn rename(setup: &mut Setup, axes: &[Axis]) -> Result<(), CliError> {
    let names: Vec<Option<String>> = setup
        .scenario
        .policies
        .iter()
        .map(|named| renamed(&named.name, &named.policy.to_value(), axes))
        .collect();
    if names.iter().all(Option::is_none) {
        return Ok(());
    }
    let Value::Map(entries) = &mut setup.tree else { return Ok(()) };
    let list = entries.iter_mut().find(|(name, _)| name == "policies");
    let Some((_, Value::List(policies))) = list else { return Ok(()) };
    for (policy, name) in policies.iter_mut().zip(names) {
        let Some(name) = name else { continue };
        match policy {
            Value::Map(fields) => {
                fields.retain(|(field, _)| field != "name");
                fields.insert(0, ("name".to_owned(), name.as_str().into()));
            }
            preset => {
                let fields = [("name", name.as_str().into()), ("preset", preset.clone())];
                *preset = Value::map(fields);
            }
        }
    }
    setup.scenario = Scenario::read(&setup.tree, &mut setup.files)?;
    Ok(())
}

/// The new name, where the old one speaks of a field that is varied.
fn renamed(name: &str, policy: &Value, axes: &[Axis]) -> Option<String> {
    let fields: Vec<&str> = axes
        .iter()
        .filter_map(|axis| axis.path.strip_prefix("policy."))
        .filter(|path| speaks_of(name, path, policy))
        .map(text::last_name)
        .collect();
    (!fields.is_empty()).then(|| format!("{name} with {} varied", text::listed(&fields)))
}

/// Whether a name has a word of the field's name, or its own value.
fn speaks_of(name: &str, path: &str, policy: &Value) -> bool {
    let name = name.to_lowercase();
    let said = |word: &str| {
        let mut words = name.split(|letter: char| !letter.is_alphanumeric());
        words.any(|known| known.strip_suffix('s').unwrap_or(known) == word)
    };
    let own = path.split('.').try_fold(policy, |tree, field| tree.get(field));
    let own = own.map(|value| value.get("kind").unwrap_or(value)).map(|value| match value {
        Value::Text(text) => text.to_lowercase(),
        other => other.to_string(),
    });
    let words = path.split('.').flat_map(words);
    let words = words.filter(|word| !COMMON.contains(&word.as_str()));
    words.chain(own).any(|word| said(word.strip_suffix('s').unwrap_or(&word)))
}

/// `maxAttempts` as `max`, `attempts`.
fn words(field: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in field.chars() {
        if letter.is_uppercase() {
            words.push(String::new());
        }
        words.iter_mut().last().into_iter().for_each(|word| word.extend(letter.to_lowercase()));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(name: &str, preset: &str, vary: &[&str]) -> Option<String> {
        let policy = redrive::presets::find(preset).expect("a preset").policy().to_value();
        let axes: Vec<Axis> = vary.iter().map(|text| Axis::parse(text).expect("an axis")).collect();
        renamed(name, &policy, &axes)
    }

    #[test]
    fn a_name_that_states_what_is_varied_is_changed() {
        let attempts = ["policy.maxAttempts=1,7"];
        let new = Some("one-attempt with maxAttempts varied".to_owned());
        assert_eq!(called("one-attempt", "classic", &attempts), new);
        assert_eq!(called("full", "full", &attempts), None);
        let jitter = ["policy.jitter=none,full"];
        assert_eq!(called("full", "full", &jitter), Some("full with jitter varied".to_owned()));
        assert_eq!(called("fully-loaded", "full", &jitter), None);
        assert_eq!(called("one-attempt", "classic", &["server.workers=1,2"]), None);
        let both = called("ten-attempts-no-jitter", "none", &[attempts[0], jitter[0]]);
        let new = "ten-attempts-no-jitter with maxAttempts and jitter varied";
        assert_eq!(both.as_deref(), Some(new));
    }
}
