//! Envoy's retry policy of a route (API of 2026-01), as JSON.
//!
//! The delay is a whole number of milliseconds below min(base x 2^n, max), drawn evenly. The retry
//! budget belongs to the cluster there; it is taken along when it stands beside the policy.

use redrive::{
    Action, Backoff, BudgetRule, Duration, Jitter, RetryPolicy,
    policy::{Rounding, RoundingMode},
    wire::{ConfigError, Fields, Value},
};

use super::{Imported, fields};

const FIELDS: &[&str] = &[
    "retryOn",
    "numRetries",
    "perTryTimeout",
    "retryBackOff",
    "retriableStatusCodes",
    "retryBudget",
];
const MILLISECOND: Duration = Duration::from_millis(1);

pub(super) fn import(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    let (tree, notes) = fields::known(tree, FIELDS, &[])?;
    let given = Fields::read(&tree, "", FIELDS)?;
    let (base, max) = match given.get("retryBackOff") {
        None => (None, None),
        Some(tree) => {
            let names = ["baseInterval", "maxInterval"];
            let fields = Fields::read(tree, "retry_back_off", &names)?;
            (fields.duration("baseInterval")?, fields.duration("maxInterval")?)
        }
    };
    let base = base.unwrap_or(Duration::from_millis(25));
    let retries = match given.get("numRetries") {
        // A wrapped number, as protocol buffers write it.
        Some(Value::Map(_)) => {
            let tree = given.get("numRetries").and_then(|number| number.get("value"));
            tree.and_then(Value::as_f64).unwrap_or(1.0) as u64
        }
        _ => given.unsigned("numRetries")?.unwrap_or(1),
    };
    let mut policy = fields::without_hints()
        .backoff(Backoff::Exponential { initial: base, multiplier: 2.0 })
        .jitter(Jitter::Full)
        .max_delay(max.unwrap_or(base.saturating_mul(10)))
        .rounding(Rounding::new(MILLISECOND, RoundingMode::Floor, false))
        .max_attempts(u32::try_from(retries).unwrap_or(u32::MAX).saturating_add(1))
        .attempt_timeout(given.duration("perTryTimeout")?.filter(|timeout| !timeout.is_zero()))
        .budget(budget(&given)?)
        .default_action(Action::DeadLetter);
    let kinds = conditions(&given)?;
    if !kinds.is_empty() {
        policy = policy.rule(fields::rule(kinds, Action::Retry));
    }
    Ok(vec![Imported { name: "envoy".to_owned(), policy: policy.build()?, notes }])
}

/// What is retried: the words of `retry_on`, and single status codes.
fn conditions(given: &Fields<'_>) -> Result<Vec<String>, ConfigError> {
    let words = given.text("retryOn")?.unwrap_or_default();
    let words = words.split(',').map(str::trim).filter(|word| !word.is_empty());
    let codes = given.list("retriableStatusCodes")?.unwrap_or_default();
    Ok(words.map(ToOwned::to_owned).chain(codes.iter().map(ToString::to_string)).collect())
}

fn budget(given: &Fields<'_>) -> Result<Option<BudgetRule>, ConfigError> {
    let Some(tree) = given.get("retryBudget") else { return Ok(None) };
    let fields = Fields::read(tree, "retry_budget", &["budgetPercent", "minRetryConcurrency"])?;
    let percent = match fields.get("budgetPercent") {
        Some(Value::Map(_)) => {
            let wrapped = fields.get("budgetPercent").and_then(|percent| percent.get("value"));
            wrapped.and_then(Value::as_f64)
        }
        _ => fields.number("budgetPercent")?,
    };
    let min = u32::try_from(fields.unsigned("minRetryConcurrency")?.unwrap_or(3));
    Ok(Some(BudgetRule::Concurrency {
        percent: percent.unwrap_or(20.0),
        min: min.unwrap_or(u32::MAX),
    }))
}

pub(super) fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (base, multiplier) = fields::exponential(policy, "Envoy")?;
    if multiplier != 2.0 || base < MILLISECOND {
        let message = "cannot be written for Envoy, whose delays double from 1 ms or more";
        return Err(ConfigError::new("backoff", message));
    }
    let attempts = fields::attempts(policy, "Envoy")?;
    let (mut words, mut codes) = (Vec::new(), Vec::new());
    for kind in policy.rules().iter().filter(|r| r.action == Action::Retry).flat_map(|r| &r.matches)
    {
        match kind.parse::<u16>() {
            Ok(code) => codes.push(Value::from(u64::from(code))),
            Err(_) => words.push(kind.as_str()),
        }
    }
    if words.is_empty() && codes.is_empty() {
        words.extend(["5xx", "reset", "connect-failure"]);
    }
    if !codes.is_empty() && !words.contains(&"retriable-status-codes") {
        words.push("retriable-status-codes");
    }
    let longest = policy.max_delay().unwrap_or(fields::UNLIMITED).max(base);
    let interval = [
        ("base_interval", fields::decimal_seconds(base)),
        ("max_interval", fields::decimal_seconds(longest)),
    ];
    let mut route = vec![
        ("retry_on".to_owned(), Value::from(words.join(","))),
        ("num_retries".to_owned(), (attempts - 1).into()),
        ("retry_back_off".to_owned(), Value::map(interval)),
    ];
    if !codes.is_empty() {
        route.push(("retriable_status_codes".to_owned(), Value::List(codes)));
    }
    if let Some(timeout) = policy.attempt_timeout() {
        route.push(("per_try_timeout".to_owned(), fields::decimal_seconds(timeout)));
    }
    if let Some(BudgetRule::Concurrency { percent, min }) = policy.budget() {
        let budget = [
            ("budget_percent", Value::map([("value", (*percent).into())])),
            ("min_retry_concurrency", (*min).into()),
        ];
        route.push(("retry_budget".to_owned(), Value::map(budget)));
    }
    Ok(Value::Map(route))
}
