//! Temporal's RetryPolicy, as JSON of its protocol buffer (server: `retry.go`).

use std::num::NonZeroU32;

use redrive::{
    Action, Duration, Jitter, RetryPolicy,
    policy::HintMode,
    wire::{ConfigError, Fields, Value},
};

use super::{Imported, fields};

const FIELDS: &[&str] = &[
    "initialInterval",
    "backoffCoefficient",
    "maximumInterval",
    "maximumAttempts",
    "nonRetryableErrorTypes",
];

pub(super) fn import(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    let (tree, mut notes) = fields::known(tree, FIELDS, &[])?;
    let given = Fields::read(&tree, "", FIELDS)?;
    let initial = given.duration("initialInterval")?.unwrap_or(Duration::from_secs(1));
    let coefficient = given.number("backoffCoefficient")?.unwrap_or(2.0);
    let max = match given.duration("maximumInterval")?.filter(|max| !max.is_zero()) {
        Some(max) => max,
        None => initial.saturating_mul(100),
    };
    // The server's default; a workflow's next_retry_delay replaces the delay and the cap.
    let mut hints = *RetryPolicy::default().retry_after();
    (hints.mode, hints.max, hints.jitter) = (HintMode::Replace, fields::UNLIMITED, Jitter::None);
    let mut policy = RetryPolicy::builder()
        .backoff(fields::growth(initial, coefficient))
        .jitter(Jitter::None)
        .max_delay(max)
        .retry_after(hints);
    policy = match given.unsigned("maximumAttempts")?.unwrap_or_default() {
        0 => {
            notes.push("attempts are unlimited there; here they end after 365 days".to_owned());
            policy.unlimited_attempts().max_elapsed(fields::UNLIMITED)
        }
        attempts => policy.max_attempts(u32::try_from(attempts).unwrap_or(u32::MAX)),
    };
    let types = given.list("nonRetryableErrorTypes")?.unwrap_or_default();
    let types: Vec<String> =
        types.iter().filter_map(Value::as_text).map(ToOwned::to_owned).collect();
    if !types.is_empty() {
        policy = policy.rule(fields::rule(types, Action::DeadLetter));
    }
    Ok(vec![Imported { name: "temporal".to_owned(), policy: policy.build()?, notes }])
}

pub(super) fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, coefficient) = fields::exponential(policy, "Temporal")?;
    if initial.is_zero() {
        return Err(ConfigError::new("backoff", "starts at 0, which Temporal reads as 1 s"));
    }
    let types = policy
        .rules()
        .iter()
        .filter(|rule| rule.action == Action::DeadLetter)
        .flat_map(|rule| &rule.matches);
    let types: Vec<Value> = types.map(|kind| Value::from(kind.as_str())).collect();
    if let Some(prefix) = types.iter().find(|kind| kind.as_text().is_some_and(|k| k.ends_with('*')))
    {
        let message = format!("= {prefix} is a prefix; Temporal wants whole names of error types");
        return Err(ConfigError::new("classify", message));
    }
    let longest = policy.max_delay().unwrap_or(fields::UNLIMITED).max(initial);
    Ok(Value::map([
        ("initialInterval", fields::decimal_seconds(initial)),
        ("backoffCoefficient", coefficient.into()),
        ("maximumInterval", fields::decimal_seconds(longest)),
        ("maximumAttempts", policy.max_attempts().map_or(0, NonZeroU32::get).into()),
        ("nonRetryableErrorTypes", Value::List(types)),
    ]))
}
