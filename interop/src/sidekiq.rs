//! Sidekiq's options of a job (`job_retry.rb`, 8.1.7): how often; the delays are its own.

use redrive::{
    RetryPolicy,
    policy::ElapsedRule,
    presets,
    wire::{ConfigError, Fields, Value},
};

use super::{Imported, Syntax, System, fields};

pub(super) const SYSTEM: System = System {
    name: "sidekiq",
    title: "Sidekiq job options",
    holds: "an object: retry, retry_for, dead",
    syntax: Syntax::Json,
    source: "Sidekiq 8.1.7, job_retry.rb",
    sample: "retry: true",
    import,
    export,
};

const FIELDS: &[&str] = &["retry", "retryFor", "dead"];
/// Options of a job that say nothing about retries.
const IGNORED: &[&str] = &[
    "queue",
    "retry_queue",
    "backtrace",
    "pool",
    "tags",
    "class",
    "args",
    "wrapped",
    "log_level",
    "profile",
    "expires_in",
    "lock",
    "unique_for",
    "unique_until",
    "encrypt",
];
const WRAPPER: &str = "sidekiqOptions";

fn preset() -> Result<RetryPolicy, ConfigError> {
    Ok(presets::find("sidekiq")?.policy())
}

fn import(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    if fields::has_any(tree, FIELDS) {
        return Ok(vec![read(tree, "", "sidekiq")?]);
    }
    let found = fields::under(tree, WRAPPER);
    let with_retries = found.iter().filter(|found| fields::has_any(found.value, FIELDS));
    with_retries
        .map(|found| {
            let name = found.owner.as_deref().unwrap_or("sidekiq");
            let mut imported = read(found.value, &found.path, name)?;
            imported.path.clone_from(&found.path);
            Ok(imported)
        })
        .collect()
}

fn read(tree: &Value, path: &str, name: &str) -> Result<Imported, ConfigError> {
    let tree = fields::pick(tree, path, FIELDS, IGNORED)?;
    let given = Fields::read(&tree, path, FIELDS)?;
    let mut notes = Vec::new();
    let mut policy = preset()?.to_builder();
    match given.get("retry") {
        None | Some(Value::Bool(true)) => {}
        Some(Value::Bool(false) | Value::Null) => {
            notes.push("a job without retries vanishes there; here it is a dead letter".to_owned());
            policy = policy.max_attempts(1);
        }
        Some(Value::Unsigned(retries)) => {
            let attempts = u32::try_from(*retries).unwrap_or(u32::MAX).saturating_add(1);
            policy = policy.max_attempts(attempts);
        }
        Some(other) => {
            let message = format!("= {other} is neither true, false nor a number of retries");
            return Err(given.error("retry", message));
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
    Ok(Imported { notes, ..Imported::new(name, policy.build()?) })
}

fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
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
