//! Temporal's RetryPolicy, as JSON or YAML of its protocol buffer or of the Go SDK (server: `retry.go`).
//!
//! What is 0 or absent is the server's default. Go writes durations as nanoseconds.

use std::num::NonZeroU32;

use redrive::{
    Action, Duration, Jitter, RetryPolicy,
    failure::Kind,
    policy::HintMode,
    wire::{ConfigError, Fields, Value},
};

use super::{
    Imported, Syntax, System,
    fields::{self, Found},
};

pub(super) const SYSTEM: System = System {
    name: "temporal",
    title: "Temporal RetryPolicy",
    holds: "an object: initialInterval, backoffCoefficient, maximumInterval, ...",
    syntax: Syntax::Json,
    source: "Temporal server, retry.go",
    sample: "maximumAttempts: 3",
    import,
    export,
};

const FIELDS: &[&str] = &[
    "initialInterval",
    "backoffCoefficient",
    "maximumInterval",
    "maximumAttempts",
    "nonRetryableErrorTypes",
];
const WRAPPER: &str = "retryPolicy";
const MILLISECOND: u64 = 1_000_000;

fn import(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    if fields::has_any(tree, FIELDS) {
        return Ok(vec![read(tree, "", "temporal")?]);
    }
    fields::under(tree, WRAPPER).iter().map(import_found).collect()
}

/// The policy of an activity or workflow, whose timeouts beside it bound it.
fn import_found(found: &Found<'_>) -> Result<Imported, ConfigError> {
    let name = found.owner.as_deref().unwrap_or("temporal");
    let mut imported = read(found.value, &found.path, name)?;
    imported.path.clone_from(&found.path);
    let beside = |name: &str| -> Result<Option<Duration>, ConfigError> {
        let value = fields::field(found.parent, name);
        let span = value.map(|value| interval(value, name)).transpose()?.flatten();
        Ok(span)
    };
    let mut policy = imported.policy.to_builder();
    if let Some(timeout) = beside("startToCloseTimeout")? {
        policy = policy.attempt_timeout(timeout);
    }
    if let Some(timeout) = beside("scheduleToCloseTimeout")? {
        imported.notes.retain(|note| note != UNLIMITED);
        imported
            .notes
            .push("scheduleToCloseTimeout also ends the attempt that runs then".to_owned());
        policy = policy.max_elapsed(timeout);
    }
    imported.policy = policy.build()?;
    Ok(imported)
}

const UNLIMITED: &str = "attempts are unlimited there; here they end after 365 days";

fn read(tree: &Value, path: &str, name: &str) -> Result<Imported, ConfigError> {
    let tree = fields::pick(tree, path, FIELDS, &[])?;
    let given = Fields::read(&tree, path, FIELDS)?;
    if given_nothing(&given) {
        return Err(ConfigError::new(path, format!("is empty; expected: {}", FIELDS.join(", "))));
    }
    let span = |name: &str| match given.get(name) {
        Some(value) => interval(value, &given.path_of(name)),
        None => Ok(None),
    };
    let number = |name: &str| -> Result<f64, ConfigError> {
        given
            .get(name)
            .filter(|v| **v != Value::Null)
            .map_or(Ok(0.0), |value| fields::number(value, &given.path_of(name)))
    };
    let initial = span("initialInterval")?.unwrap_or(Duration::from_secs(1));
    let coefficient = match number("backoffCoefficient")? {
        0.0 => 2.0,
        coefficient => coefficient,
    };
    let max = span("maximumInterval")?;
    if max.is_some_and(|max| max < initial) {
        return Err(given.error("maximumInterval", "is below initialInterval; Temporal refuses it"));
    }
    // The server's default; a workflow's next_retry_delay replaces the delay and the cap.
    let mut hints = *RetryPolicy::default().retry_after();
    (hints.mode, hints.max, hints.jitter) = (HintMode::Replace, fields::UNLIMITED, Jitter::None);
    let mut policy = RetryPolicy::builder()
        .backoff(fields::growth(initial, coefficient))
        .jitter(Jitter::None)
        .max_delay(max.unwrap_or(initial.saturating_mul(100)))
        .retry_after(hints);
    let mut notes = Vec::new();
    let attempts = given.get("maximumAttempts").filter(|value| **value != Value::Null);
    policy = match attempts.map(|v| fields::count(v, &given.path_of("maximumAttempts"))) {
        None | Some(Ok(0)) => {
            notes.push(UNLIMITED.to_owned());
            policy.unlimited_attempts().max_elapsed(fields::UNLIMITED)
        }
        Some(attempts) => policy.max_attempts(attempts?),
    };
    let types = given.get("nonRetryableErrorTypes").filter(|value| **value != Value::Null);
    if let Some(types) = types {
        let types = fields::texts(types, &given.path_of("nonRetryableErrorTypes"))?;
        if !types.is_empty() {
            policy = policy.rule(fields::rule(types, Action::DeadLetter));
        }
    }
    Ok(Imported { notes, ..Imported::new(name, policy.build()?) })
}

fn given_nothing(given: &Fields<'_>) -> bool {
    FIELDS.iter().all(|name| given.get(name).is_none())
}

/// A duration; `None` for 0, which means the default.
fn interval(value: &Value, path: &str) -> Result<Option<Duration>, ConfigError> {
    let span = match value {
        Value::Null => Duration::ZERO,
        Value::Unsigned(0) => Duration::ZERO,
        Value::Unsigned(number) if number % MILLISECOND == 0 => Duration::from_nanos(*number),
        Value::Unsigned(_) | Value::Signed(_) | Value::Float(_) => {
            let message = format!(
                "= {value} has no unit: Go writes nanoseconds, TypeScript milliseconds; write \"1s\""
            );
            return Err(ConfigError::new(path, message));
        }
        value => fields::span(value, path)?,
    };
    Ok(Some(span).filter(|span| !span.is_zero()))
}

fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, coefficient) = fields::exponential(policy, "Temporal")?;
    if initial.is_zero() {
        return Err(ConfigError::new("backoff", "starts at 0, which Temporal reads as 1 s"));
    }
    let types = policy
        .rules()
        .iter()
        .filter(|rule| rule.action == Action::DeadLetter)
        .flat_map(|rule| &rule.matches)
        // Temporal knows error types by name, and no kinds of them.
        .filter(|kind| Kind::parse(kind).is_none());
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
