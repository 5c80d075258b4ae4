//! Retries of the JVM: Spring, resilience4j, Failsafe, gax (Java).

use redrive::{
    Action, Backoff, Jitter, PolicyBuilder, RetryPolicy,
    policy::{CapStage, ElapsedMeasure, ElapsedRule, End, Rounding, RoundingMode},
    time::{Duration, nanos},
    wire::{ConfigError, Value},
};

use super::{
    Imported, Syntax, System, fields,
    options::{Library, Options, Unit, in_millis, in_unit},
};

const MILLISECOND: Duration = Duration::from_millis(1);

pub(super) const SYSTEMS: [System; 4] = [
    System {
        name: "failsafe",
        title: "Failsafe RetryPolicy",
        holds: "an object: maxRetries or maxAttempts, delay, maxDelay, delayFactor, jitter, jitterFactor, maxDuration",
        syntax: Syntax::Json,
        source: "Failsafe at ed3f927, internal/RetryPolicyExecutor.java",
        sample: "maxRetries: 2",
        import: |tree| FAILSAFE.import(tree),
        export: export_failsafe,
    },
    System {
        name: "gax-java",
        title: "gax RetrySettings (Java)",
        holds: "an object: initialRetryDelay, retryDelayMultiplier, maxRetryDelay, totalTimeout, maxAttempts",
        syntax: Syntax::Json,
        source: "gax, ExponentialRetryAlgorithm.java",
        sample: "initialRetryDelay: 100ms\nretryDelayMultiplier: 1.3\nmaxRetryDelay: 60s\ntotalTimeout: 600s",
        import: |tree| GAX_JAVA.import(tree),
        export: export_gax,
    },
    System {
        name: "resilience4j",
        title: "resilience4j retry instances",
        holds: "application.yml or .properties: resilience4j.retry.instances and configs",
        syntax: Syntax::Properties,
        source: "resilience4j at af9e7c97, core/IntervalFunction.java",
        sample: "resilience4j.retry.instances.backend:\n  maxAttempts: 3\n  waitDuration: 500ms",
        import: import_resilience,
        export: export_resilience,
    },
    System {
        name: "spring",
        title: "Spring ExponentialBackOff, FixedBackOff, @Retryable, listener retry",
        holds: "an object or properties: initialInterval, multiplier, maxInterval, jitter, maxAttempts, ... or maxRetries, delay, ...",
        syntax: Syntax::Properties,
        source: "spring-framework at 91eb4264, util/backoff/ExponentialBackOff.java",
        sample: "initialInterval: 2000\nmultiplier: 1.5\nmaxAttempts: 5",
        import: |tree| SPRING.import(&super::properties::nested(tree)),
        export: export_spring,
    },
];

const WRAPPER: &str = "instances";
const RESILIENCE: &[&str] = &[
    "maxAttempts",
    "waitDuration",
    "enableExponentialBackoff",
    "exponentialBackoffMultiplier",
    "exponentialMaxWaitDuration",
    "enableRandomizedWait",
    "randomizedWaitFactor",
    "retryExceptions",
    "ignoreExceptions",
    "baseConfig",
    "maxRetryAttempts",
];
const RESILIENCE_IGNORED: &[&str] =
    &["eventConsumerBufferSize", "failAfterMaxAttempts", "writableStackTraceEnabled"];
const PREDICATES: &[&str] = &["retryExceptionPredicate", "resultPredicate", "intervalBiFunction"];

/// (long) (wait x multiplier) at each step; with `enableRandomizedWait` whole milliseconds of d +- f d of
/// the uncapped delay, then the cap.
const RESILIENCE4J: Library = Library {
    name: "resilience4j",
    fields: RESILIENCE,
    beside: PREDICATES,
    ignored: RESILIENCE_IGNORED,
    read: read_resilience,
};

/// An instance takes what it does not say from its `baseConfig`, or from the config called default.
fn import_resilience(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    let tree = &super::properties::nested(tree);
    // Circuit breakers and the rest have instances, too.
    let of_retries = |name: &str| -> Vec<fields::Found<'_>> {
        let mut found = fields::under(tree, name);
        found.retain(|found| {
            let around = found.path.strip_suffix(name).unwrap_or_default().trim_end_matches('.');
            around.is_empty()
                || around.rsplit('.').next().is_some_and(|group| fields::same(group, "retry"))
        });
        found
    };
    let (configs, instances) = (of_retries("configs"), of_retries(WRAPPER));
    if instances.is_empty() {
        return RESILIENCE4J.import(tree);
    }
    let config = |name: &str| configs.iter().find_map(|found| fields::field(found.value, name));
    let mut imported = Vec::new();
    for found in &instances {
        let Value::Map(entries) = found.value else { continue };
        for (name, own) in entries {
            let base = fields::field(own, "baseConfig").and_then(Value::as_text);
            let shared = config(base.unwrap_or("default"));
            if let (Some(base), None) = (base, shared) {
                let path = format!("{}.{name}.baseConfig", found.path);
                return Err(ConfigError::new(
                    path,
                    format!("= \"{base}\" is not one of the configs"),
                ));
            }
            let mut merged: Vec<(String, Value)> = match own {
                Value::Map(entries) => entries.clone(),
                _ => continue,
            };
            if let Some(Value::Map(entries)) = shared {
                let missing = entries.iter().filter(|(name, _)| fields::field(own, name).is_none());
                merged.extend(missing.cloned());
            }
            if merged.is_empty() {
                merged.push(("baseConfig".to_owned(), "default".into()));
            }
            let mut read = RESILIENCE4J.import(&Value::Map(merged))?;
            for policy in &mut read {
                policy.name.clone_from(name);
                policy.path = format!("{}.{name}", found.path);
            }
            imported.append(&mut read);
        }
    }
    Ok(imported)
}

fn read_resilience(options: &mut Options) -> Result<PolicyBuilder, ConfigError> {
    options.unread(PREDICATES);
    let name = if options.says("maxRetryAttempts") { "maxRetryAttempts" } else { "maxAttempts" };
    let attempts = options.count(name, 3)?;
    let wait = options.span("waitDuration", Unit::Millis, 500)?;
    let grows = options.flag("enableExponentialBackoff", false)?;
    let random = options.flag("enableRandomizedWait", false)?;
    let multiplier = if grows { options.growth("exponentialBackoffMultiplier", 1.5)? } else { 1.0 };
    let max =
        if grows { options.cap("exponentialMaxWaitDuration", Unit::Millis, None)? } else { None };
    let mut policy = fields::without_hints()
        .backoff(fields::growth(wait, multiplier))
        .rounding(Rounding::new(MILLISECOND, RoundingMode::Floor, true))
        .max_delay(max)
        .cap_stage(CapStage::After)
        .jitter(Jitter::None);
    if random {
        let factor = options.number("randomizedWaitFactor", 0.5)?;
        // floor(d (1 - f) + U (2 f d + 1)): both ends in whole milliseconds.
        let high = End { add: MILLISECOND, ..End::times(1.0 + factor) };
        policy = policy.jitter(Jitter::Uniform { low: End::times(1.0 - factor), high });
    }
    let (retried, ignored) =
        (options.texts("retryExceptions")?, options.texts("ignoreExceptions")?);
    if !retried.is_empty() || !ignored.is_empty() {
        options.note("classes cover their subclasses there; here they are matched by name");
    }
    if !ignored.is_empty() {
        policy = policy.rule(fields::rule(ignored, Action::DeadLetter));
    }
    if !retried.is_empty() {
        policy =
            policy.rule(fields::rule(retried, Action::Retry)).default_action(Action::DeadLetter);
    }
    Ok(options.attempts(policy, attempts, None))
}

fn export_resilience(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (wait, multiplier) = fields::exponential(policy, "resilience4j")?;
    let mut options = vec![
        ("maxAttempts", fields::attempts(policy, "resilience4j")?.into()),
        ("waitDuration", in_millis(wait)),
    ];
    if multiplier != 1.0 || policy.max_delay().is_some() {
        options.push(("enableExponentialBackoff", true.into()));
        options.push(("exponentialBackoffMultiplier", multiplier.into()));
        if let Some(max) = policy.max_delay() {
            options.push(("exponentialMaxWaitDuration", in_millis(max)));
        }
    }
    if *policy.jitter() != Jitter::None {
        let (low, _) = policy.jitter().ends();
        options.push(("enableRandomizedWait", true.into()));
        options.push(("randomizedWaitFactor", fields::tidy(1.0 - low.factor).into()));
    }
    let instance = Value::map([("policy", fields::map(options))]);
    let retry = Value::map([("retry", Value::map([(WRAPPER, instance)]))]);
    Ok(Value::map([("resilience4j", retry)]))
}

/// The back-off classes and what is made of them: min(trunc(d x multiplier), max), and U of that +- jitter
/// x d / initial, whose ends are held within initial and max before the draw.
const SPRING: Library = Library {
    name: "spring",
    fields: &[
        "initialInterval",
        "multiplier",
        "maxInterval",
        "maxElapsedTime",
        "maxAttempts",
        "jitter",
        "interval",
        "delay",
        "maxDelay",
        "maxRetries",
        "includes",
        "excludes",
    ],
    beside: &["enabled", "stateless"],
    ignored: &[],
    read: read_spring,
};

fn read_spring(options: &mut Options) -> Result<PolicyBuilder, ConfigError> {
    let policy = fields::without_hints().jitter(Jitter::None);
    if options.says("interval") {
        options.only(&["interval", "maxAttempts"], "FixedBackOff")?;
        let delay = options.span("interval", Unit::Millis, 5_000)?;
        let retries = options.optional_count("maxAttempts")?;
        return Ok(options.retries(policy.backoff(Backoff::Constant { delay }), retries, None));
    }
    // @Retryable (Spring Framework 7): the same class under other names and defaults.
    let is_annotation = ["maxRetries", "delay", "maxDelay"].iter().any(|name| options.says(name));
    let listener = options.says("enabled") || options.says("stateless");
    let (initial, multiplier, max) = if is_annotation {
        let names =
            ["maxRetries", "delay", "maxDelay", "multiplier", "jitter", "includes", "excludes"];
        options.only(&names, "@Retryable")?;
        let initial = options.span("delay", Unit::Millis, 1_000)?;
        (initial, options.growth("multiplier", 1.0)?, options.cap("maxDelay", Unit::Millis, None)?)
    } else {
        let (initial, multiplier, max) =
            if listener { (1_000, 1.0, 10_000) } else { (2_000, 1.5, 30_000) };
        let initial = options.span("initialInterval", Unit::Millis, initial)?;
        let multiplier = options.growth("multiplier", multiplier)?;
        (initial, multiplier, options.cap("maxInterval", Unit::Millis, Some(max))?)
    };
    let jitter = options.span("jitter", Unit::Millis, 0)?;
    let elapsed = options.optional_span("maxElapsedTime", Unit::Millis)?;
    let rounding = Rounding::new(MILLISECOND, RoundingMode::Floor, true);
    let mut policy =
        policy.backoff(fields::growth(initial, multiplier)).max_delay(max).rounding(rounding);
    if !jitter.is_zero() {
        let Some(share) = share(jitter, initial) else {
            return Err(options.error("jitter", "is above the first interval, or there is none"));
        };
        policy = policy
            .jitter(Jitter::Symmetric { factor: share })
            .min_delay(initial.min(max.unwrap_or(initial)))
            .cap_stage(CapStage::Clip)
            .rounding(rounding.with_amplitude(true));
    }
    if elapsed.is_some() {
        policy =
            policy.elapsed_measure(ElapsedMeasure::Sleeps).elapsed_rule(ElapsedRule::StopIfReached);
    }
    options.unread(&["includes", "excludes"]);
    if listener {
        let attempts = options.count("maxAttempts", 3)?;
        if options.says("enabled") && !options.flag("enabled", true)? {
            options.remark("the retries are not enabled");
            return Ok(policy.max_attempts(1));
        }
        return Ok(options.attempts(policy, attempts, elapsed));
    }
    let retries = if is_annotation {
        options.count("maxRetries", 3)?
    } else {
        options.optional_count("maxAttempts")?
    };
    Ok(options.retries(policy, retries, elapsed))
}

fn share(part: Duration, whole: Duration) -> Option<f64> {
    let share = nanos(part) as f64 / nanos(whole) as f64;
    (share <= 1.0).then_some(share)
}

fn export_spring(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, multiplier) = fields::exponential(policy, "Spring")?;
    let whole = |duration: Duration| in_unit(duration, Unit::Millis);
    if multiplier == 1.0 && policy.compat().rounding.is_none() {
        let mut options = vec![("interval", whole(initial))];
        if let Some(max) = policy.max_attempts() {
            options.push(("maxAttempts", (max.get() - 1).into()));
        }
        return Ok(fields::map(options));
    }
    let mut options = vec![("initialInterval", whole(initial)), ("multiplier", multiplier.into())];
    options.push(("maxInterval", policy.max_delay().map_or(Value::Null, whole)));
    if let Some(max) = policy.max_attempts() {
        options.push(("maxAttempts", (max.get() - 1).into()));
    }
    if let Some(elapsed) = policy.max_elapsed().filter(|elapsed| *elapsed != fields::UNLIMITED) {
        options.push(("maxElapsedTime", whole(elapsed)));
    }
    if *policy.jitter() != Jitter::None {
        let (low, _) = policy.jitter().ends();
        let jitter =
            Duration::from_nanos((nanos(initial) as f64 * (1.0 - low.factor) + 0.5) as u64);
        if !jitter.is_zero() {
            options.push(("jitter", whole(jitter)));
        }
    }
    Ok(fields::map(options))
}

/// min(delay x delayFactor^n, maxDelay), then x U[1 - f, 1 + f], or +- jitter, or U[delayMin, delayMax).
const FAILSAFE: Library = Library {
    name: "failsafe",
    fields: &[
        "maxRetries",
        "maxAttempts",
        "delay",
        "maxDelay",
        "delayFactor",
        "jitter",
        "jitterFactor",
        "maxDuration",
        "delayMin",
        "delayMax",
    ],
    beside: &[],
    ignored: &[],
    read: |options| {
        let attempts = match options.optional_count("maxAttempts")? {
            Some(attempts) => Some(attempts),
            None if options.get("maxRetries").and_then(Value::as_f64) == Some(-1.0) => None,
            None => options.count("maxRetries", 2)?.map(|retries| retries.saturating_add(1)),
        };
        let elapsed = options.optional_span("maxDuration", Unit::Millis)?;
        let mut policy = fields::without_hints().jitter(Jitter::None);
        if let Some(low) = options.optional_span("delayMin", Unit::Millis)? {
            let Some(high) = options.optional_span("delayMax", Unit::Millis)? else {
                return Err(options.error("delayMax", "is missing beside delayMin"));
            };
            let end = |add| End { add, ..End::times(0.0) };
            policy = policy
                .backoff(Backoff::Constant { delay: Duration::ZERO })
                .jitter(Jitter::Uniform { low: end(low), high: end(high) });
        } else {
            let delay = options.span("delay", Unit::Millis, 0)?;
            let max = options.cap("maxDelay", Unit::Millis, None)?;
            if max.is_none() && options.says("delayFactor") {
                return Err(options.error("delayFactor", "wants a maxDelay beside it"));
            }
            let factor = if max.is_some() { options.growth("delayFactor", 2.0)? } else { 1.0 };
            policy = policy
                .backoff(fields::growth(delay, factor))
                .max_delay(max)
                .cap_stage(CapStage::Before);
            if let Some(factor) = options.optional_number("jitterFactor")? {
                policy = policy.jitter(Jitter::Symmetric { factor });
            } else if let Some(jitter) = options.optional_span("jitter", Unit::Millis)? {
                let Some(share) = share(jitter, delay).filter(|_| factor == 1.0) else {
                    let message = "of a fixed length around delays that grow has no counterpart; use jitterFactor";
                    return Err(options.error("jitter", message));
                };
                policy = policy.jitter(Jitter::Symmetric { factor: share });
            }
        }
        if elapsed.is_some() {
            policy = policy.elapsed_rule(ElapsedRule::Truncate);
        }
        Ok(options.attempts(policy, attempts, elapsed))
    },
};

fn export_failsafe(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (delay, factor) = fields::exponential(policy, "Failsafe")?;
    let attempts = match policy.max_attempts() {
        Some(max) => ("maxAttempts", max.get().into()),
        None => ("maxRetries", Value::Signed(-1)),
    };
    if let (Jitter::Uniform { low, high }, true) = (policy.jitter(), delay.is_zero()) {
        return Ok(fields::map(vec![
            attempts,
            ("delayMin", in_millis(low.add)),
            ("delayMax", in_millis(high.add)),
        ]));
    }
    let mut options = vec![attempts, ("delay", in_millis(delay))];
    if factor != 1.0 || policy.max_delay().is_some() {
        options.push(("maxDelay", in_millis(policy.max_delay().unwrap_or(fields::UNLIMITED))));
        options.push(("delayFactor", factor.into()));
    }
    if *policy.jitter() != Jitter::None {
        let (low, _) = policy.jitter().ends();
        options.push(("jitterFactor", fields::tidy(1.0 - low.factor).into()));
    }
    if let Some(elapsed) = policy.max_elapsed().filter(|elapsed| *elapsed != fields::UNLIMITED) {
        options.push(("maxDuration", in_millis(elapsed)));
    }
    Ok(fields::map(options))
}

/// Whole milliseconds of U[0, d), d = min(trunc(d x multiplier), max); the first is not capped.
const GAX_JAVA: Library = Library {
    name: "gax-java",
    fields: &[
        "initialRetryDelay",
        "retryDelayMultiplier",
        "maxRetryDelay",
        "totalTimeout",
        "maxAttempts",
        "initialRetryDelayDuration",
        "maxRetryDelayDuration",
        "totalTimeoutDuration",
        "jittered",
    ],
    beside: &[],
    ignored: &[
        "initialRpcTimeout",
        "rpcTimeoutMultiplier",
        "maxRpcTimeout",
        "initialRpcTimeoutDuration",
        "maxRpcTimeoutDuration",
    ],
    read: |options| {
        let named = |options: &Options, name: &'static str, long: &'static str| {
            if options.says(long) { long } else { name }
        };
        let name = named(options, "initialRetryDelay", "initialRetryDelayDuration");
        let initial = options.span(name, Unit::Millis, 0)?;
        let multiplier = options.growth("retryDelayMultiplier", 1.0)?;
        let name = named(options, "maxRetryDelay", "maxRetryDelayDuration");
        let max = options.span(name, Unit::Millis, 0)?;
        let name = named(options, "totalTimeout", "totalTimeoutDuration");
        let total = options.span(name, Unit::Millis, 0)?;
        // Zero means unlimited for both.
        let attempts = options.count("maxAttempts", 0)?.filter(|attempts| *attempts > 0);
        let random = !options.says("jittered") || options.flag("jittered", true)?;
        let policy = fields::without_hints()
            .backoff(fields::growth(initial, multiplier))
            .max_delay(max)
            .uncapped_first(initial > max)
            .rounding(Rounding::new(MILLISECOND, RoundingMode::Floor, true))
            .jitter(if random { Jitter::Full } else { Jitter::None });
        Ok(options.attempts(policy, attempts, Some(total).filter(|total| !total.is_zero())))
    },
};

fn export_gax(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, multiplier) = fields::exponential(policy, "gax")?;
    let elapsed = policy.max_elapsed().filter(|elapsed| *elapsed != fields::UNLIMITED);
    Ok(Value::map([
        ("initialRetryDelay", in_millis(initial)),
        ("retryDelayMultiplier", multiplier.into()),
        ("maxRetryDelay", in_millis(policy.max_delay().unwrap_or(fields::UNLIMITED))),
        ("totalTimeout", in_millis(elapsed.unwrap_or_default())),
        ("maxAttempts", policy.max_attempts().map_or(0, core::num::NonZeroU32::get).into()),
        ("jittered", (*policy.jitter() != Jitter::None).into()),
    ]))
}
