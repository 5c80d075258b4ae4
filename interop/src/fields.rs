//! What the files of other systems have in common: names in any case, wrappers, numbers as text,
//! seconds, exponential growth.

use redrive::{
    Action, Backoff, Duration, PolicyBuilder, RetryPolicy, Rule,
    policy::{HintMode, RetryAfter},
    time::{nanos, parse_duration},
    wire::{ConfigError, Value, did_you_mean},
};

/// As good as for ever, for systems that retry without end: a policy needs one.
pub(super) const UNLIMITED: Duration = Duration::from_secs(365 * 86_400);

/// Files are not nested any deeper than that.
const DEEPEST: usize = 200;

/// The fields of `tree` under their `known` names, however those are cased there, without those that
/// are `ignored`: they say nothing about retries.
///
/// # Errors
/// When it is not an object, or has a field that is neither.
pub(super) fn pick(
    tree: &Value,
    path: &str,
    known: &[&'static str],
    ignored: &[&str],
) -> Result<Value, ConfigError> {
    let Value::Map(entries) = tree else {
        let message = format!("is not an object with the fields {}", known.join(", "));
        return Err(ConfigError::new(path, message));
    };
    let mut picked = Vec::new();
    for (field, value) in entries {
        if let Some(name) = known.iter().find(|name| same(name, field)) {
            picked.push(((*name).to_owned(), value.clone()));
        } else if !ignored.iter().any(|name| same(name, field)) {
            let guess = did_you_mean(&camel(field), known);
            let guess = guess.map(|guess| format!("did you mean {guess}? "));
            let message = format!(
                "is not known here; {}There are: {}",
                guess.unwrap_or_default(),
                known.join(", ")
            );
            return Err(ConfigError::new(join(path, field), message));
        }
    }
    Ok(Value::Map(picked))
}

/// Whether `tree` is a group that has one of these fields.
pub(super) fn has_any(tree: &Value, names: &[&str]) -> bool {
    let Value::Map(entries) = tree else { return false };
    entries.iter().any(|(field, _)| names.iter().any(|name| same(name, field)))
}

/// The value of a field, however its name is cased.
pub(super) fn field<'v>(tree: &'v Value, name: &str) -> Option<&'v Value> {
    let Value::Map(entries) = tree else { return None };
    entries.iter().find(|(field, _)| same(name, field)).map(|(_, value)| value)
}

/// Whether two names are one but for case, `_`, `-` and the `:` of Ruby's symbols.
pub(super) fn same(name: &str, other: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = char> + '_ {
        let letters = text.chars().filter(|letter| !['_', '-', ':'].contains(letter));
        letters.map(|letter| letter.to_ascii_lowercase())
    }
    letters(name).eq(letters(other))
}

/// `snake_case` as the lists of fields spell it.
fn camel(field: &str) -> String {
    let mut parts = field.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut name, part| {
        let mut letters = part.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name + letters.as_str()
    })
}

pub(super) fn join(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

/// Something that was found inside a file.
#[derive(Clone, Debug)]
pub(super) struct Found<'v> {
    /// Where.
    pub(super) path: String,
    /// What the nearest group around it is called: by its field `name`, or the key that it is under.
    pub(super) owner: Option<String>,
    /// The group that it is a field of.
    pub(super) parent: &'v Value,
    /// It.
    pub(super) value: &'v Value,
}

/// Everything in `tree` under a key of that name, in the order of the file.
pub(super) fn under<'v>(tree: &'v Value, name: &str) -> Vec<Found<'v>> {
    let mut found = Vec::new();
    search(tree, name, "", None, 0, &mut found);
    found
}

fn search<'v>(
    tree: &'v Value,
    name: &str,
    path: &str,
    owner: Option<&str>,
    depth: usize,
    found: &mut Vec<Found<'v>>,
) {
    if depth > DEEPEST {
        return;
    }
    match tree {
        Value::Map(entries) => {
            let own = field(tree, "name").and_then(Value::as_text).or(owner);
            for (key, value) in entries {
                let path = join(path, key);
                if same(name, key) {
                    let owner = own.map(ToOwned::to_owned);
                    found.push(Found { path, owner, parent: tree, value });
                    continue;
                }
                let named = field(tree, "name").and_then(Value::as_text).unwrap_or(key);
                search(value, name, &path, Some(named), depth + 1, found);
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                search(item, name, &format!("{path}[{index}]"), owner, depth + 1, found);
            }
        }
        _ => {}
    }
}

/// A list of texts, or one text.
pub(super) fn texts(value: &Value, path: &str) -> Result<Vec<String>, ConfigError> {
    let refused = |path: &str| ConfigError::new(path, "is not a string; write a list of names");
    match value {
        Value::Text(text) => Ok(vec![text.clone()]),
        Value::List(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                item.as_text()
                    .map(ToOwned::to_owned)
                    .ok_or_else(|| refused(&format!("{path}[{index}]")))
            })
            .collect(),
        _ => Err(refused(path)),
    }
}

/// A number, also one that is written as text or wrapped as `{"value": 3}`, as protocol buffers may.
pub(super) fn number(value: &Value, path: &str) -> Result<f64, ConfigError> {
    let number = match value {
        Value::Text(text) => text.parse().ok(),
        Value::Map(_) => field(value, "value").and_then(Value::as_f64),
        value => value.as_f64(),
    };
    number
        .filter(|number: &f64| number.is_finite())
        .ok_or_else(|| ConfigError::new(path, format!("= {value} is not a number")))
}

/// A whole number from 0 up to what 32 bits hold; larger ones are that.
pub(super) fn count(value: &Value, path: &str) -> Result<u32, ConfigError> {
    let number = number(value, path)?;
    if number < 0.0 || number % 1.0 != 0.0 {
        return Err(ConfigError::new(path, format!("= {number} is not a whole number from 0 up")));
    }
    Ok(number as u32)
}

/// A number of seconds as a duration.
pub(super) fn seconds(path: &str, number: f64) -> Result<Duration, ConfigError> {
    if !(0.0..1.8e10).contains(&number) {
        return Err(ConfigError::new(
            path,
            format!("= {number} is not a number of seconds from 0"),
        ));
    }
    // Whole seconds apart: in nanoseconds a long time is more than a float counts to.
    let whole = number as u64;
    let rest = Duration::from_nanos(((number - whole as f64) * 1e9 + 0.5) as u64);
    Ok(Duration::from_secs(whole).saturating_add(rest))
}

/// A duration of protocol buffers: `0.1s`, or `{"seconds": 1, "nanos": 0}`; `1m` is read, too.
pub(super) fn span(value: &Value, path: &str) -> Result<Duration, ConfigError> {
    let refused = |why: &str| ConfigError::new(path, format!("{why}; write seconds like \"0.5s\""));
    match value {
        Value::Text(text) => {
            parse_duration(text).map_err(|error| refused(&format!("= \"{text}\" {error}")))
        }
        Value::Map(_) if has_any(value, &["seconds", "nanos"]) => {
            let part = |name: &str| match field(value, name) {
                None => Ok(0.0),
                Some(part) => number(part, &join(path, name)),
            };
            let whole = seconds(path, part("seconds")?)?;
            Ok(whole.saturating_add(seconds(path, part("nanos")? / 1e9)?))
        }
        _ => Err(refused(&format!("= {value} is not a duration"))),
    }
}

/// A duration as decimal seconds, the way protocol buffers write it: `0.1s`.
pub(super) fn decimal_seconds(duration: Duration) -> Value {
    let nanos = nanos(duration);
    let text = format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
    Value::Text(format!("{}s", text.trim_end_matches('0').trim_end_matches('.')))
}

/// Whole seconds, up: a delay is never shorter than asked for.
pub(super) fn whole_seconds(duration: Duration) -> u64 {
    nanos(duration).div_ceil(1_000_000_000)
}

/// The first delay and the growth of an exponential policy.
pub(super) fn exponential(
    policy: &RetryPolicy,
    system: &str,
) -> Result<(Duration, f64), ConfigError> {
    match policy.backoff() {
        Backoff::Exponential { initial, multiplier } => Ok((*initial, *multiplier)),
        Backoff::Constant { delay } => Ok((*delay, 1.0)),
        other => {
            let kind = other.kind();
            let message = format!(
                "= \"{kind}\" cannot be written for {system}, which knows exponential growth alone"
            );
            Err(ConfigError::new("backoff", message))
        }
    }
}

/// Exponential growth, or the constant that it is with a growth of 1.
pub(super) fn growth(initial: Duration, multiplier: f64) -> Backoff {
    if multiplier == 1.0 {
        return Backoff::Constant { delay: initial };
    }
    Backoff::Exponential { initial, multiplier }
}

/// The fields of `tree` that are among `names`, as they are there.
pub(super) fn only(tree: &Value, names: &[&str]) -> Value {
    let Value::Map(entries) = tree else { return Value::Map(Vec::new()) };
    let ours = entries.iter().filter(|(field, _)| names.iter().any(|name| same(name, field)));
    Value::Map(ours.cloned().collect())
}

/// A share without the dust of subtractions: 0.1 and not 0.09999999999999998.
pub(super) fn tidy(share: f64) -> f64 {
    (share * 1e12 + 0.5) as u64 as f64 / 1e12
}

/// A group of these fields, in that order.
pub(super) fn map(fields: Vec<(&'static str, Value)>) -> Value {
    Value::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A rule for failures of these names.
pub(super) fn named(kinds: &[&str], action: Action) -> Rule {
    rule(kinds.iter().map(|kind| (*kind).to_owned()).collect(), action)
}

/// A rule for several kinds of failure; each is named once.
pub(super) fn rule(kinds: Vec<String>, action: Action) -> Rule {
    let mut rule = Rule::new("", action);
    rule.matches.clear();
    for kind in kinds {
        if !rule.matches.contains(&kind) {
            rule.matches.push(kind);
        }
    }
    rule
}

/// What the policy retries by a rule.
pub(super) fn retried(policy: &RetryPolicy) -> impl Iterator<Item = &str> {
    let rules = policy.rules().iter();
    let retrying = rules.filter(|rule| matches!(rule.action, Action::Retry | Action::RetryFree));
    retrying.flat_map(|rule| &rule.matches).map(String::as_str)
}

/// A builder for systems that pay no heed to Retry-After.
pub(super) fn without_hints() -> PolicyBuilder {
    let mut ignore = RetryAfter::default();
    ignore.mode = HintMode::Ignore;
    RetryPolicy::builder().retry_after(ignore)
}

/// The number of attempts of a policy, which the system has to be told.
pub(super) fn attempts(policy: &RetryPolicy, system: &str) -> Result<u32, ConfigError> {
    policy.max_attempts().map(core::num::NonZeroU32::get).ok_or_else(|| {
        let message = format!("= null cannot be written for {system}, which wants a number");
        ConfigError::new("maxAttempts", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_but_for_case_and_separators() {
        for other in ["retry_policy", "RetryPolicy", "retryPolicy", "retry-policy", ":retry_policy"]
        {
            assert!(same("retryPolicy", other), "{other}");
        }
        assert!(!same("retryPolicy", "retryPolicies"));
    }

    #[test]
    fn what_is_under_a_key_is_found_with_its_owner() {
        let policy = Value::map([("numRetries", 1_u32.into())]);
        let route = Value::map([("retry_policy", policy)]);
        let tree = Value::map([
            ("a", Value::map([("name", "checkout".into()), ("route", route.clone())])),
            ("b", Value::List(vec![route])),
        ]);
        let found = under(&tree, "retryPolicy");
        let places: Vec<_> = found.iter().map(|f| (f.path.as_str(), f.owner.as_deref())).collect();
        assert_eq!(
            places,
            [("a.route.retry_policy", Some("checkout")), ("b[0].retry_policy", Some("b"))]
        );
    }

    #[test]
    fn durations_of_protocol_buffers_are_read_in_every_form() {
        let read = |value: Value| span(&value, "x").ok().map(nanos);
        assert_eq!(read(".01s".into()), Some(10_000_000));
        assert_eq!(read("1m30s".into()), Some(90_000_000_000));
        let parts = Value::map([("seconds", "1".into()), ("nanos", 500_000_000_u32.into())]);
        assert_eq!(read(parts), Some(1_500_000_000));
        assert_eq!((read(1_u32.into()), read("1".into()), read("-1s".into())), (None, None, None));
    }
}
