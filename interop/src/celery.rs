//! Celery's options of a task that retries itself (`celery/app/autoretry.py`, 5.7.0).
//!
//! With `retry_backoff` the delay is factor x 2^n s up to `retry_backoff_max`, and with `retry_jitter`
//! a whole number of seconds from 0 to that; without, it is `default_retry_delay` each time.

use redrive::{
    Backoff, Duration, Jitter, RetryPolicy,
    policy::{CapStage, End, Rounding, RoundingMode},
    wire::{ConfigError, Fields, Value},
};

use super::{Imported, fields};

const FIELDS: &[&str] =
    &["maxRetries", "retryBackoff", "retryBackoffMax", "retryJitter", "defaultRetryDelay"];
const SECOND: Duration = Duration::from_secs(1);

pub(super) fn import(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    // Which exceptions are retried is code there.
    let (tree, mut notes) = fields::known(tree, FIELDS, &["name", "bind"])?;
    let given = Fields::read(&tree, "", FIELDS)?;
    let number = |name: &str, default: f64| -> Result<Duration, ConfigError> {
        fields::seconds(name, given.number(name)?.unwrap_or(default))
    };
    let factor = match given.get("retryBackoff") {
        None | Some(Value::Bool(false)) => None,
        Some(Value::Bool(true)) => Some(SECOND),
        // int(factor): fractions of a second are cut off.
        Some(_) => Some(Duration::from_secs(number("retryBackoff", 1.0)?.as_secs())),
    };
    let mut policy = fields::without_hints();
    policy = match factor {
        None => {
            let delay = number("defaultRetryDelay", 180.0)?;
            policy.backoff(Backoff::Constant { delay }).jitter(Jitter::None)
        }
        Some(initial) => {
            let max = number("retryBackoffMax", 600.0)?;
            policy = policy
                .backoff(Backoff::Exponential { initial, multiplier: 2.0 })
                .max_delay(max)
                .rounding(Rounding::new(SECOND, RoundingMode::Floor, false));
            if given.boolean("retryJitter")?.unwrap_or(true) {
                // random.randrange(d + 1): d itself is drawn too.
                policy.jitter(jitter()).cap_stage(CapStage::Both)
            } else {
                policy.jitter(Jitter::None)
            }
        }
    };
    policy = if given.is_null("maxRetries") {
        notes.push("retries are unlimited there; here they end after 365 days".to_owned());
        policy.unlimited_attempts().max_elapsed(fields::UNLIMITED)
    } else {
        let retries = given.unsigned("maxRetries")?.unwrap_or(3);
        policy.max_attempts(u32::try_from(retries).unwrap_or(u32::MAX).saturating_add(1))
    };
    Ok(vec![Imported { name: "celery".to_owned(), policy: policy.build()?, notes }])
}

fn jitter() -> Jitter {
    let high = End { add: SECOND, ..End::times(1.0) };
    Jitter::Uniform { low: End::times(0.0), high }
}

pub(super) fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
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
