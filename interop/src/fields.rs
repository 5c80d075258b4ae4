//! What the files of other systems have in common: fields of their own, seconds, exponential growth.

use redrive::{
    Action, Backoff, Duration, PolicyBuilder, RetryPolicy, Rule,
    policy::{HintMode, RetryAfter},
    time::nanos,
    wire::{ConfigError, Value},
};

/// As good as for ever, for systems that retry without end: a policy needs one.
pub(super) const UNLIMITED: Duration = Duration::from_secs(365 * 86_400);

/// What stands in `tree` under `known` names, and a note for each field that does not.
pub(super) fn known(
    tree: &Value,
    known: &[&str],
    ignored: &[&str],
) -> Result<(Value, Vec<String>), ConfigError> {
    let Value::Map(entries) = tree else {
        let fields = known.join(", ");
        return Err(ConfigError::new("", format!("is not an object with the fields {fields}")));
    };
    let matches = |names: &[&str], field: &str| names.iter().any(|name| same(name, field));
    let (ours, others): (Vec<_>, Vec<_>) =
        entries.iter().cloned().partition(|(field, _)| matches(known, field));
    let notes = others
        .iter()
        .filter(|(field, _)| !matches(ignored, field))
        .map(|(field, _)| format!("{field} has no counterpart here and was left out"))
        .collect();
    Ok((Value::Map(ours), notes))
}

/// Whether two names are one but for `snake_case`.
fn same(camel: &str, name: &str) -> bool {
    let letters = |text: &str| text.replace('_', "").to_lowercase();
    letters(camel) == letters(name)
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

/// A rule for several kinds of failure.
pub(super) fn rule(kinds: Vec<String>, action: Action) -> Rule {
    let mut rule = Rule::new("", action);
    rule.matches = kinds;
    rule
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
