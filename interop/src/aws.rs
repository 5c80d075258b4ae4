//! The AWS SDKs: a mode and a number of attempts, nothing else can be chosen.
//!
//! Modes as of botocore 1.44.5 (2026-11): `standard` and `adaptive` share a policy, `adaptive` adds a
//! client-side rate limiter, which is none; `legacy` is U[0, 2^n s) without a cap. `DynamoDB` has delays
//! and a number of attempts of its own in each, and `standard` was another policy before 2026-11-10: both
//! are policies beside the profile's own.

use redrive::{
    Action, Backoff, Duration, Jitter, PolicyBuilder, RetryPolicy, presets,
    wire::{ConfigError, Fields, Value, one_of},
};

use super::{Imported, Syntax, System, fields};

pub(super) const SYSTEM: System = System {
    name: "aws",
    title: "AWS SDKs and command line",
    holds: "an AWS config file: retry_mode and max_attempts of each profile",
    syntax: Syntax::Ini,
    source: "botocore 1.44.5, retries/standard.py and retryhandler.py",
    sample: "[default]\nretry_mode = standard\n",
    import,
    export,
};

/// What is retried besides throttling: nothing else, a 400 above all, gets better.
const TRANSIENT: [&str; 7] = ["connection", "reset", "timeout", "500", "502", "503", "504"];
const THROTTLE: &str = "throttle";
const DYNAMO_DB: &str = "dynamodb";
const BEFORE: &str = "before-2026-11-10";

const ERA: &str = "standard is that of 2026-11-10 (botocore 1.44.5: from 50 ms, 14 tokens a retry); \
                   Java 2.x, Kotlin and older SDKs are as before: --name";

fn import(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    let Value::Map(sections) = tree else {
        return Err(ConfigError::new("", "is not a file of [profile] sections"));
    };
    let mut imported = Vec::new();
    let names = ["retryMode", "maxAttempts"];
    for (section, tree) in sections {
        // A profile holds much that says nothing about retries.
        let Value::Map(entries) = tree else { continue };
        let ours = entries.iter().filter(|(name, _)| names.iter().any(|n| fields::same(n, name)));
        let ours = Value::Map(ours.cloned().collect());
        if ours != Value::Map(Vec::new()) {
            let picked = fields::pick(&ours, section, &names, &[])?;
            imported.extend(import_profile(section, &Fields::read(&picked, section, &names)?)?);
        }
    }
    Ok(imported)
}

/// The policy of a profile, and those of the services and times that differ.
fn import_profile(section: &str, profile: &Fields<'_>) -> Result<Vec<Imported>, ConfigError> {
    let name = section.strip_prefix("profile ").unwrap_or(section);
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
    let given = attempts(profile)?;
    let policy = |policy: PolicyBuilder| given.map_or(policy.clone(), |n| policy.max_attempts(n));
    let of = |suffix: &str, builder: PolicyBuilder| -> Result<Imported, ConfigError> {
        let name = if suffix.is_empty() { name.to_owned() } else { format!("{name}/{suffix}") };
        let imported = Imported::new(&name, policy(builder).build()?);
        Ok(Imported { notes: notes.clone(), is_variant: !suffix.is_empty(), ..imported })
    };
    let legacy = mode == "legacy";
    let mut own = of("", if legacy { legacy_mode() } else { standard("aws-standard")? })?;
    own.remarks.push(format!("DynamoDB has delays of its own: --name {name}/{DYNAMO_DB}"));
    let dynamo_db = of(DYNAMO_DB, if legacy { legacy_dynamo_db() } else { standard_dynamo_db()? })?;
    if legacy {
        return Ok(vec![own, dynamo_db]);
    }
    own.remarks.push(format!("{ERA} {name}/{BEFORE}"));
    Ok(vec![own, dynamo_db, of(BEFORE, standard("aws-standard-2025")?)?])
}

/// In an ini file numbers are strings.
fn attempts(profile: &Fields<'_>) -> Result<Option<u32>, ConfigError> {
    let Some(value) = profile.get("maxAttempts") else { return Ok(None) };
    match fields::count(value, &profile.path_of("maxAttempts")) {
        Ok(number) if number > 0 => Ok(Some(number)),
        _ => Err(profile.error("maxAttempts", "is not a whole number from 1 up")),
    }
}

/// The policy of a preset, which retries what the SDKs do.
fn standard(preset: &str) -> Result<PolicyBuilder, ConfigError> {
    let policy = presets::find(preset)?.policy();
    let mut builder = policy.to_builder();
    if policy.rules().is_empty() {
        builder = builder.rule(fields::rule(vec![THROTTLE.to_owned()], Action::Retry));
    }
    Ok(only_transient(builder))
}

fn only_transient(builder: PolicyBuilder) -> PolicyBuilder {
    let transient = TRANSIENT.iter().map(|kind| (*kind).to_owned()).collect();
    builder.rule(fields::rule(transient, Action::Retry)).default_action(Action::DeadLetter)
}

fn standard_dynamo_db() -> Result<PolicyBuilder, ConfigError> {
    let initial = Duration::from_millis(25);
    let builder = standard("aws-standard")?.max_attempts(4);
    Ok(builder.backoff(Backoff::Exponential { initial, multiplier: 2.0 }))
}

fn legacy_mode() -> PolicyBuilder {
    let initial = Duration::from_secs(1);
    legacy(initial).jitter(Jitter::Full).max_attempts(5)
}

fn legacy_dynamo_db() -> PolicyBuilder {
    legacy(Duration::from_millis(50)).jitter(Jitter::None).max_attempts(10)
}

fn legacy(initial: Duration) -> PolicyBuilder {
    let policy = fields::without_hints().backoff(Backoff::Exponential { initial, multiplier: 2.0 });
    only_transient(policy.rule(fields::rule(vec![THROTTLE.to_owned()], Action::Retry)))
}

fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let curve = |policy: &RetryPolicy| {
        (policy.backoff().clone(), *policy.jitter(), policy.max_delay(), policy.first_delay())
    };
    let mode = if curve(policy) == curve(&standard("aws-standard")?.build()?) {
        "standard"
    } else if curve(policy) == curve(&legacy_mode().build()?) {
        "legacy"
    } else {
        let message = "does not match a mode of the AWS SDKs, which let you choose a mode and the \
                       number of attempts; start from the preset aws-standard";
        return Err(ConfigError::new("backoff", message));
    };
    let attempts = fields::attempts(policy, "the AWS SDKs")?;
    let profile = [("retry_mode", mode.into()), ("max_attempts", attempts.into())];
    Ok(Value::map([("default", Value::map(profile))]))
}
