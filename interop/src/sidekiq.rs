//! Sidekiq's options of a job (`job_retry.rb`, 8.1.7): how often; the delays are its own.

use redrive::{
    RetryPolicy,
    policy::ElapsedRule,
    presets,
    wire::{ConfigError, Fields, Value},
};

use super::{Imported, fields};

const FIELDS: &[&str] = &["retry", "retryFor", "dead"];

fn preset() -> Result<RetryPolicy, ConfigError> {
    Ok(presets::find("sidekiq")?.policy())
}

pub(super) fn import(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    let (tree, mut notes) = fields::known(tree, FIELDS, &["queue"])?;
    let given = Fields::read(&tree, "", FIELDS)?;
    let mut policy = preset()?.to_builder();
    match given.get("retry") {
        None | Some(Value::Bool(true)) => {}
        Some(Value::Bool(false)) => {
            notes.push("a job without retries vanishes there; here it is a dead letter".to_owned());
            policy = policy.max_attempts(1);
        }
        Some(_) => {
            let retries = given.unsigned("retry")?.unwrap_or(25);
            let attempts = u32::try_from(retries).unwrap_or(u32::MAX).saturating_add(1);
            policy = policy.max_attempts(attempts);
        }
    }
    if let Some(span) = given.number("retryFor")? {
        // It takes the place of the count, and is looked at when an attempt has failed.
        notes.push("retry_for counts from the first failure there, here from the start".to_owned());
        policy = policy
            .unlimited_attempts()
            .max_elapsed(fields::seconds("retry_for", span)?)
            .elapsed_rule(ElapsedRule::StopIfReached);
    }
    if given.boolean("dead")? == Some(false) {
        notes
            .push("dead = false drops an exhausted job there; here it is a dead letter".to_owned());
    }
    Ok(vec![Imported { name: "sidekiq".to_owned(), policy: policy.build()?, notes }])
}

pub(super) fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let sidekiq = preset()?;
    if (policy.backoff(), policy.jitter()) != (sidekiq.backoff(), sidekiq.jitter()) {
        let message = "is not Sidekiq's n^4 + 15 s + up to 10 s a retry, which no option changes \
                       (sidekiq_retry_in is code); start from the preset sidekiq";
        return Err(ConfigError::new("backoff", message));
    }
    match (policy.max_attempts(), policy.max_elapsed()) {
        (Some(max), _) => Ok(Value::map([("retry", (max.get() - 1).into())])),
        (None, Some(span)) => Ok(Value::map([("retry_for", fields::whole_seconds(span).into())])),
        (None, None) => Err(ConfigError::new("maxAttempts", "= null needs a maxElapsed")),
    }
}
