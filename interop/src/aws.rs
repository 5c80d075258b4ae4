//! The AWS SDKs: a mode and a number of attempts, nothing else can be chosen.
//!
//! Modes as of botocore 1.44.5 (2026-11): `standard` and `adaptive` share a policy, `adaptive` adds a
//! client-side rate limiter, which is none; `legacy` is U[0, 2^n s) without a cap.

use redrive::{
    Backoff, Duration, Jitter, PolicyBuilder, RetryPolicy, presets,
    wire::{ConfigError, Fields, Value, one_of},
};

use super::{Imported, fields};

pub(super) fn import(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    let Value::Map(sections) = tree else {
        return Err(ConfigError::new("", "is not a file of [profile] sections"));
    };
    let mut imported = Vec::new();
    for (section, tree) in sections {
        let (tree, _) = fields::known(tree, &["retryMode", "maxAttempts"], &[])?;
        let profile = Fields::read(&tree, section, &["retryMode", "maxAttempts"])?;
        if tree != Value::Map(Vec::new()) {
            imported.push(import_profile(section, &profile)?);
        }
    }
    Ok(imported)
}

fn import_profile(section: &str, profile: &Fields<'_>) -> Result<Imported, ConfigError> {
    let mut notes = Vec::new();
    let mode = match profile.text("retryMode")? {
        Some(mode) => {
            one_of(&profile.path_of("retryMode"), mode, &["standard", "adaptive", "legacy"])?
        }
        None => {
            notes.push("retry_mode is not set: standard, the default since 2026-11-10".to_owned());
            "standard"
        }
    };
    if mode == "adaptive" {
        notes
            .push("adaptive also limits the rate of all requests, which no policy does".to_owned());
    }
    let mut policy = if mode == "legacy" { legacy() } else { standard()?.to_builder() };
    if let Some(attempts) = attempts(profile)? {
        policy = policy.max_attempts(attempts);
    }
    let name = section.strip_prefix("profile ").unwrap_or(section).to_owned();
    Ok(Imported { name, policy: policy.build()?, notes })
}

/// In an ini file a number is a text.
fn attempts(profile: &Fields<'_>) -> Result<Option<u32>, ConfigError> {
    let number = match profile.get("maxAttempts") {
        None => return Ok(None),
        Some(Value::Text(text)) => text.parse().ok(),
        Some(_) => profile.unsigned("maxAttempts")?.and_then(|number| u32::try_from(number).ok()),
    };
    match number {
        Some(number) => Ok(Some(number)),
        None => Err(profile.error("maxAttempts", "is not a whole number from 1 up")),
    }
}

fn standard() -> Result<RetryPolicy, ConfigError> {
    Ok(presets::find("aws-standard")?.policy())
}

fn legacy() -> PolicyBuilder {
    fields::without_hints()
        .backoff(Backoff::Exponential { initial: Duration::from_secs(1), multiplier: 2.0 })
        .jitter(Jitter::Full)
        .max_attempts(5)
}

pub(super) fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let curve = |policy: &RetryPolicy| {
        (policy.backoff().clone(), *policy.jitter(), policy.max_delay(), policy.first_delay())
    };
    let mode = if curve(policy) == curve(&standard()?) {
        "standard"
    } else if curve(policy) == curve(&legacy().build()?) {
        "legacy"
    } else {
        let message = "is that of no mode of the AWS SDKs, which let you choose a mode and the \
                       number of attempts; start from the preset aws-standard";
        return Err(ConfigError::new("backoff", message));
    };
    let attempts = fields::attempts(policy, "the AWS SDKs")?;
    let profile = [("retry_mode", mode.into()), ("max_attempts", attempts.into())];
    Ok(Value::map([("default", Value::map(profile))]))
}
