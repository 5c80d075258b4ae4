//! Celery's options of a task that retries itself (`celery/app/autoretry.py`, 5.7.0).
//!
//! With `retry_backoff` the delay is int(max(1, factor)) x 2^n s up to int(`retry_backoff_max`), and with
//! `retry_jitter` a whole number of seconds from 0 to that; without (0 is off), it is the `countdown` of
//! `retry_kwargs`, or else `default_retry_delay`, each time.

use redrive::{
    Action, Backoff, Duration, Jitter, PolicyBuilder, RetryPolicy,
    policy::{CapStage, End, Rounding, RoundingMode},
    wire::{ConfigError, Fields, Value},
};

use super::{Imported, Syntax, System, fields};

pub(super) const SYSTEM: System = System {
    name: "celery",
    title: "Celery task options",
    holds: "an object: max_retries, retry_backoff, retry_backoff_max, retry_jitter, ...",
    syntax: Syntax::Json,
    source: "Celery 5.7.0, app/autoretry.py and utils/time.py",
    sample: "max_retries: 3\nretry_backoff: true",
    import,
    export,
};

const FIELDS: &[&str] = &[
    "maxRetries",
    "retryBackoff",
    "retryBackoffMax",
    "retryJitter",
    "defaultRetryDelay",
    "retryKwargs",
    "autoretryFor",
    "dontAutoretryFor",
];
/// Options of a task that say nothing about retries.
const IGNORED: &[&str] = &[
    "name",
    "bind",
    "base",
    "queue",
    "serializer",
    "compression",
    "typing",
    "throws",
    "rate_limit",
    "ignore_result",
    "store_errors_even_if_ignored",
    "track_started",
    "acks_late",
    "acks_on_failure_or_timeout",
    "reject_on_worker_lost",
    "expires",
    "priority",
    "exchange",
    "routing_key",
    "trail",
    "send_events",
    "pydantic",
    "time_limit",
    "soft_time_limit",
];
const SECOND: Duration = Duration::from_secs(1);

fn import(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    if fields::has_any(tree, FIELDS) {
        return Ok(vec![read(tree, "", "celery")?]);
    }
    let mut imported = Vec::new();
    import_within(tree, "", &mut imported, 0)?;
    Ok(imported)
}

/// Annotations: tasks with their options, perhaps under a key of their own.
fn import_within(
    tree: &Value,
    path: &str,
    imported: &mut Vec<Imported>,
    depth: usize,
) -> Result<(), ConfigError> {
    let Value::Map(entries) = tree else { return Ok(()) };
    for (name, options) in entries {
        let path = fields::join(path, name);
        if fields::has_any(options, FIELDS) {
            let mut policy = read(options, &path, name)?;
            policy.path.clone_from(&path);
            imported.push(policy);
        } else if depth < 4 {
            import_within(options, &path, imported, depth + 1)?;
        }
    }
    Ok(())
}

fn read(tree: &Value, path: &str, name: &str) -> Result<Imported, ConfigError> {
    let tree = fields::pick(tree, path, FIELDS, IGNORED)?;
    let given = Fields::read(&tree, path, FIELDS)?;
    let empty = Value::Map(Vec::new());
    let path = given.path_of("retryKwargs");
    let names = ["maxRetries", "countdown"];
    let kwargs = fields::pick(given.get("retryKwargs").unwrap_or(&empty), &path, &names, &[])?;
    let kwargs = Fields::read(&kwargs, &path, &names)?;
    let mut notes = Vec::new();
    let mut policy = delays(&given, &kwargs)?;
    let retries = kwargs.get("maxRetries").or(given.get("maxRetries"));
    policy = match retries {
        Some(Value::Null) => {
            notes.push("retries are unlimited there; here they end after 365 days".to_owned());
            policy.unlimited_attempts().max_elapsed(fields::UNLIMITED)
        }
        retries => {
            let count = retries.map(|retries| fields::count(retries, &given.path_of("maxRetries")));
            policy.max_attempts(count.unwrap_or(Ok(3))?.saturating_add(1))
        }
    };
    policy = classes(&given, policy, &mut notes)?;
    Ok(Imported { notes, ..Imported::new(name, policy.build()?) })
}

fn delays(given: &Fields<'_>, kwargs: &Fields<'_>) -> Result<PolicyBuilder, ConfigError> {
    let seconds =
        |fields: &Fields<'_>, name: &str, default: f64| -> Result<Duration, ConfigError> {
            fields::seconds(&fields.path_of(name), fields.number(name)?.unwrap_or(default))
        };
    let factor = match given.get("retryBackoff") {
        None | Some(Value::Bool(false) | Value::Null) => None,
        Some(Value::Bool(true)) => Some(SECOND),
        // int(max(1.0, factor)), and off if it is 0.
        Some(_) => match seconds(given, "retryBackoff", 1.0)? {
            Duration::ZERO => None,
            factor => Some(Duration::from_secs(factor.as_secs().max(1))),
        },
    };
    let policy = fields::without_hints();
    let Some(initial) = factor else {
        let own = seconds(given, "defaultRetryDelay", 180.0)?;
        let delay = match kwargs.get("countdown") {
            None | Some(Value::Null) => own,
            Some(_) => seconds(kwargs, "countdown", 0.0)?,
        };
        return Ok(policy.backoff(Backoff::Constant { delay }).jitter(Jitter::None));
    };
    // The backoff's delay takes the place of a countdown.
    let max = Duration::from_secs(seconds(given, "retryBackoffMax", 600.0)?.as_secs());
    let policy = policy
        .backoff(Backoff::Exponential { initial, multiplier: 2.0 })
        .max_delay(max)
        .rounding(Rounding::new(SECOND, RoundingMode::Floor, false));
    Ok(if given.boolean("retryJitter")?.unwrap_or(true) {
        // random.randrange(d + 1): d itself is drawn too.
        policy.jitter(jitter()).cap_stage(CapStage::Both)
    } else {
        policy.jitter(Jitter::None)
    })
}

/// Which exceptions are retried, where that is said; every one where it is not, since it may be code.
fn classes(
    given: &Fields<'_>,
    mut policy: PolicyBuilder,
    notes: &mut Vec<String>,
) -> Result<PolicyBuilder, ConfigError> {
    let list = |name: &str| -> Result<Vec<String>, ConfigError> {
        let texts = given.get(name).map(|value| fields::texts(value, &given.path_of(name)));
        texts.unwrap_or(Ok(Vec::new()))
    };
    let (wanted, unwanted) = (list("autoretryFor")?, list("dontAutoretryFor")?);
    if !unwanted.is_empty() {
        policy = policy.rule(fields::rule(unwanted.clone(), Action::DeadLetter));
    }
    let all = wanted.iter().any(|name| ["Exception", "BaseException"].contains(&name.as_str()));
    if !wanted.is_empty() && !all {
        policy = policy.rule(fields::rule(wanted.clone(), Action::Retry));
        policy = policy.default_action(Action::DeadLetter);
    }
    if !unwanted.is_empty() || (!wanted.is_empty() && !all) {
        notes
            .push("classes cover their subclasses there; here they are matched by name".to_owned());
    }
    Ok(policy)
}

fn jitter() -> Jitter {
    let high = End { add: SECOND, ..End::times(1.0) };
    Jitter::Uniform { low: End::times(0.0), high }
}

fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let retries = policy.max_attempts().map_or(Value::Null, |max| (max.get() - 1).into());
    let max_retries = ("max_retries", retries);
    match policy.backoff() {
        Backoff::Constant { delay } => {
            let delay = fields::whole_seconds(*delay);
            let options = [
                max_retries,
                ("retry_backoff", false.into()),
                ("default_retry_delay", delay.into()),
            ];
            Ok(Value::map(options))
        }
        Backoff::Exponential { initial, multiplier: 2.0 } if !initial.is_zero() => {
            let longest = policy.max_delay().unwrap_or(fields::UNLIMITED);
            Ok(Value::map([
                max_retries,
                ("retry_backoff", fields::whole_seconds(*initial).into()),
                ("retry_backoff_max", fields::whole_seconds(longest).into()),
                ("retry_jitter", (*policy.jitter() != Jitter::None).into()),
            ]))
        }
        _ => {
            let message = "cannot be written for Celery, whose delays double from a whole number of \
                           seconds or stay the same";
            Err(ConfigError::new("backoff", message))
        }
    }
}
