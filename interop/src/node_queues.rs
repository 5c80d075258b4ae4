//! Queues for Node: BullMQ, Trigger.dev, pg-boss, graphile-worker.

use redrive::{
    Backoff, Jitter, PolicyBuilder, RetryPolicy,
    policy::{CapStage, Rounding, RoundingMode},
    time::Duration,
    wire::{ConfigError, Value},
};

use super::{
    Syntax, System, fields,
    options::{Library, Options, Unit, in_unit, span},
};

const MILLISECOND: Duration = Duration::from_millis(1);

pub(super) const SYSTEMS: [System; 4] = [
    System {
        name: "bullmq",
        title: "BullMQ job options",
        holds: "an object: attempts, backoff (a number, or type, delay, jitter)",
        syntax: Syntax::Json,
        source: "bullmq 6.7.0, classes/backoffs.js",
        sample: "attempts: 3\nbackoff: {type: exponential, delay: 1000}",
        import: |tree| BULLMQ.import(tree),
        export: export_bullmq,
    },
    System {
        name: "graphile-worker",
        title: "graphile-worker job options",
        holds: "an object: maxAttempts; the delays are e^n s",
        syntax: Syntax::Json,
        source: "graphile-worker 0.17, sql/*.sql",
        sample: "maxAttempts: 25",
        import: |tree| GRAPHILE.import(tree),
        export: export_graphile,
    },
    System {
        name: "pg-boss",
        title: "pg-boss queue and job options",
        holds: "an object: retryLimit, retryDelay, retryBackoff",
        syntax: Syntax::Json,
        source: "pg-boss 10.4, plans.js",
        sample: "retryLimit: 2",
        import: |tree| PG_BOSS.import(tree),
        export: export_pg_boss,
    },
    System {
        name: "trigger-dev",
        title: "Trigger.dev retry options",
        holds: "an object: maxAttempts, factor, minTimeoutInMs, maxTimeoutInMs, randomize",
        syntax: Syntax::Json,
        source: "@trigger.dev/core 4.8.3, v3/utils/retries.js",
        sample: "maxAttempts: 3",
        import: |tree| TRIGGER_DEV.import(tree),
        export: export_trigger_dev,
    },
];

/// Fixed or delay x 2^n; a jitter j draws whole milliseconds of [d (1 - j), d). `attempts` counts the
/// first. There is no cap.
const BULLMQ: Library = Library {
    name: "bullmq",
    fields: &["attempts", "backoff"],
    beside: &[],
    ignored: &[
        "delay",
        "priority",
        "lifo",
        "jobId",
        "timestamp",
        "repeat",
        "removeOnComplete",
        "removeOnFail",
        "stackTraceLimit",
        "keepLogs",
        "sizeLimit",
        "parent",
        "failParentOnFailure",
        "deduplication",
        "ignoreDependencyOnFailure",
        "removeDependencyOnFailure",
        "continueParentOnFailure",
        "telemetry",
    ],
    read: read_bullmq,
};

fn read_bullmq(options: &mut Options) -> Result<PolicyBuilder, ConfigError> {
    let attempts = options.count("attempts", 1)?.map(|attempts| attempts.max(1));
    let policy = fields::without_hints().jitter(Jitter::None);
    let policy = match options.get("backoff") {
        Some(Value::Map(_)) => {
            let fields = ["type", "delay", "jitter"];
            let Some(mut backoff) = options.group("backoff", &fields)? else { return Ok(policy) };
            let kinds = ["fixed", "exponential"];
            if !backoff.says("type") {
                return Err(backoff.error("type", "is missing; write fixed or exponential"));
            }
            let kind = backoff.word("type", &kinds, "fixed").map_err(|_| {
                backoff.error("type", "is a strategy of your own code, which no file says; fixed and exponential are read")
            })?;
            let delay = backoff.span("delay", Unit::Millis, 0)?;
            let jitter = backoff.optional_number("jitter")?.unwrap_or(0.0);
            options.absorb(backoff);
            let policy = match kind {
                "fixed" => policy.backoff(Backoff::Constant { delay }),
                _ => policy.backoff(Backoff::Exponential { initial: delay, multiplier: 2.0 }),
            };
            if jitter == 0.0 {
                policy
            } else {
                policy.jitter(Jitter::Subtractive { factor: jitter }).rounding(Rounding::new(
                    MILLISECOND,
                    RoundingMode::Floor,
                    false,
                ))
            }
        }
        Some(value) => {
            let delay = span(value, &options.path_of("backoff"), Unit::Millis)?;
            policy.backoff(Backoff::Constant { delay })
        }
        None => {
            options.by_default("backoff", "none");
            policy.backoff(Backoff::Constant { delay: Duration::ZERO })
        }
    };
    Ok(options.attempts(policy, attempts, None))
}

fn export_bullmq(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, multiplier) = fields::exponential(policy, "BullMQ")?;
    let kind = if multiplier == 1.0 { "fixed" } else { "exponential" };
    let mut backoff = vec![
        ("type".to_owned(), kind.into()),
        ("delay".to_owned(), in_unit(initial, Unit::Millis)),
    ];
    match policy.jitter() {
        Jitter::None => {}
        Jitter::Subtractive { factor } => backoff.push(("jitter".to_owned(), (*factor).into())),
        Jitter::Equal => backoff.push(("jitter".to_owned(), 0.5.into())),
        _ => backoff.push(("jitter".to_owned(), 1.0.into())),
    }
    Ok(Value::map([
        ("attempts", fields::attempts(policy, "BullMQ")?.into()),
        ("backoff", Value::Map(backoff)),
    ]))
}

/// round(min(max, U[1, 2) x min x factor^n)) ms.
const TRIGGER_DEV: Library = Library {
    name: "trigger-dev",
    fields: &["maxAttempts", "factor", "minTimeoutInMs", "maxTimeoutInMs", "randomize"],
    beside: &[],
    ignored: &["enabledInDev", "outOfMemory"],
    read: |options| {
        let attempts = options.count("maxAttempts", 3)?;
        let factor = options.growth("factor", 2.0)?;
        let initial = options.span("minTimeoutInMs", Unit::Millis, 1_000)?;
        let max = options.span("maxTimeoutInMs", Unit::Millis, 60_000)?;
        let random = options.flag("randomize", true)?;
        let policy = fields::without_hints()
            .backoff(fields::growth(initial, factor))
            .rounding(Rounding::new(MILLISECOND, RoundingMode::Nearest, false))
            .jitter(if random { Jitter::Proportional { factor: 1.0 } } else { Jitter::None })
            .max_delay(max)
            .cap_stage(CapStage::After);
        Ok(options.attempts(policy, attempts, None))
    },
};

fn export_trigger_dev(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, factor) = fields::exponential(policy, "Trigger.dev")?;
    let max = policy.max_delay().unwrap_or(fields::UNLIMITED);
    Ok(Value::map([
        ("maxAttempts", fields::attempts(policy, "Trigger.dev")?.into()),
        ("factor", factor.into()),
        ("minTimeoutInMs", in_unit(initial, Unit::Millis)),
        ("maxTimeoutInMs", in_unit(max, Unit::Millis)),
        ("randomize", (*policy.jitter() != Jitter::None).into()),
    ]))
}

/// retryDelay s, or with `retryBackoff` U[1, 2) x retryDelay x 2^min(n, 15): the exponent ends at 15.
const PG_BOSS: Library = Library {
    name: "pg-boss",
    fields: &["retryLimit", "retryDelay", "retryBackoff"],
    beside: &[],
    ignored: &[
        "name",
        "policy",
        "deadLetter",
        "expireInSeconds",
        "retentionSeconds",
        "deleteAfterSeconds",
        "priority",
        "startAfter",
        "singletonKey",
        "singletonSeconds",
        "expireInMinutes",
        "expireInHours",
        "retentionMinutes",
        "retentionHours",
        "retentionDays",
        "id",
        "data",
    ],
    read: |options| {
        let retries = options.count("retryLimit", 2)?;
        let grows = options.flag("retryBackoff", false)?;
        let delay = options.span("retryDelay", Unit::Seconds, u64::from(grows))?;
        let policy = fields::without_hints();
        if !grows {
            let policy = policy.backoff(Backoff::Constant { delay }).jitter(Jitter::None);
            return Ok(options.retries(policy, retries, None));
        }
        // Zero is read as 1 where there is backoff.
        let delay = if delay.is_zero() { Duration::from_secs(1) } else { delay };
        let policy = policy
            .backoff(Backoff::Exponential { initial: delay, multiplier: 2.0 })
            .jitter(Jitter::Proportional { factor: 1.0 })
            .max_delay(delay.saturating_mul(1 << 16));
        Ok(options.retries(policy, retries, None))
    },
};

fn export_pg_boss(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, factor) = fields::exponential(policy, "pg-boss")?;
    Ok(Value::map([
        ("retryLimit", (fields::attempts(policy, "pg-boss")? - 1).into()),
        ("retryDelay", in_unit(initial, Unit::Seconds)),
        ("retryBackoff", (factor != 1.0).into()),
    ]))
}

/// e^min(attempts, 10) s, in the whole microseconds of PostgreSQL.
const GRAPHILE: Library = Library {
    name: "graphile-worker",
    fields: &["maxAttempts"],
    beside: &[],
    ignored: &[
        "queueName",
        "runAt",
        "priority",
        "jobKey",
        "jobKeyMode",
        "flags",
        "identifier",
        "payload",
    ],
    read: |options| {
        let attempts = options.count("maxAttempts", 25)?;
        let policy = fields::without_hints().backoff(graphile_delays()).jitter(Jitter::None);
        Ok(options.attempts(policy, attempts, None))
    },
};

fn graphile_delays() -> Backoff {
    const MICROSECONDS: [u64; 10] = [
        2_718_282,
        7_389_056,
        20_085_537,
        54_598_150,
        148_413_159,
        403_428_793,
        1_096_633_158,
        2_980_957_987,
        8_103_083_928,
        22_026_465_795,
    ];
    Backoff::Table { delays: MICROSECONDS.map(Duration::from_micros).to_vec() }
}

fn export_graphile(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    if *policy.backoff() != graphile_delays() {
        let message = "is not graphile-worker's e^n s, which no option changes; start from import --from graphile-worker";
        return Err(ConfigError::new("backoff", message));
    }
    Ok(Value::map([("maxAttempts", fields::attempts(policy, "graphile-worker")?.into())]))
}
