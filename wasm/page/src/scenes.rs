//! Which of a scenario's policies are shown first.

use redrive::{RetryPolicy, wire::ConfigError};
use redrive_sim::scenario::{Builtin, NamedPolicy, Scenario};

use super::{
    PRESET_A, PRESET_B, SCENARIO,
    chosen::{self, own_name},
    tree,
};

/// The two policies that show best what a built-in scenario teaches. Of scenarios that are not listed,
/// the first two.
const PAIRS: &[(&str, &str, &str)] = &[
    ("occ", "exponential", "full"),
    ("storm", "four-full-jitter", "four-with-budget"),
    ("brownout", "fast", "fast-with-budget"),
    ("cron", "constant", "full"),
];

/// The policies of a built-in scenario.
pub(super) fn policies(name: &str) -> Result<Vec<NamedPolicy>, ConfigError> {
    Ok(Scenario::from_value(&Builtin::find(name)?.value())?.policies)
}

/// More policies than a scenario of a link has.
const MOST: usize = 50;

/// Policies as pairs of a query: each by its name, the preset that is nearest, and what differs.
pub(super) fn pairs(policies: &[NamedPolicy]) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (index, named) in policies.iter().enumerate() {
        let base = chosen::nearest(&named.policy, &[]);
        let Ok(preset) = chosen::find(&base, &[]) else { continue };
        let changes = tree::changes(&preset.to_value(), &named.policy.to_value());
        let fields = [("name".to_owned(), named.name.clone()), ("base".to_owned(), base)];
        let changes = changes.into_iter().map(|(path, text)| (format!("policy.{path}"), text));
        let at = |(path, text)| (format!("policies.{index}.{path}"), text);
        pairs.extend(fields.into_iter().chain(changes).map(at));
    }
    pairs
}

/// What [`pairs`] wrote.
pub(super) fn of_pairs(pairs: &[(String, String)]) -> Result<Vec<NamedPolicy>, ConfigError> {
    let mut policies = Vec::new();
    for index in 0..MOST {
        let prefix = format!("policies.{index}.");
        let fields: Vec<(&str, &String)> = pairs
            .iter()
            .filter_map(|(name, text)| Some((name.strip_prefix(&prefix)?, text)))
            .collect();
        if fields.is_empty() {
            break;
        }
        let field =
            |name: &str| fields.iter().find(|(n, _)| *n == name).map(|(_, text)| text.as_str());
        let mut policy = chosen::find(field("base").unwrap_or(PRESET_B), &[])?.to_value();
        for (path, text) in &fields {
            if let Some(path) = path.strip_prefix("policy.") {
                tree::apply(&mut policy, path, text)?;
            }
        }
        let policy = RetryPolicy::from_value(&policy).map_err(|error| error.inside(&prefix))?;
        let name = field("name").unwrap_or("policy").chars().take(100).collect();
        policies.push(NamedPolicy { name, policy });
    }
    Ok(policies)
}

/// The bases of A and B in a built-in scenario.
pub(super) fn pair(name: &str, own: &[NamedPolicy]) -> (String, Option<String>) {
    if name == SCENARIO {
        return (PRESET_A.to_owned(), Some(PRESET_B.to_owned()));
    }
    if let Some((_, a, b)) = PAIRS.iter().find(|(scenario, ..)| *scenario == name) {
        return (own_name(a), Some(own_name(b)));
    }
    let named = |index: usize| own.get(index).map(|named| own_name(&named.name));
    (named(0).unwrap_or_else(|| PRESET_A.to_owned()), named(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pairs_are_policies_of_their_scenarios() {
        for (scenario, a, b) in PAIRS {
            let own = policies(scenario).unwrap();
            assert!(own.iter().any(|named| named.name == *a), "{scenario} {a}");
            assert!(own.iter().any(|named| named.name == *b), "{scenario} {b}");
        }
    }
}
