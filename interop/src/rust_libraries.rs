//! Retry libraries for Rust: backoff, retry-policies, tower. Their builders' calls are the fields.

use redrive::{
    Backoff, BudgetRule, Jitter, RetryPolicy,
    policy::{CapStage, ElapsedRule, End, OnEmpty, Rounding, RoundingMode},
    time::Duration,
    wire::{ConfigError, Value},
};

use super::{
    Syntax, System, fields,
    options::{Library, Unit, in_millis},
};

pub(super) const SYSTEMS: [System; 3] = [
    System {
        name: "backoff-rs",
        title: "backoff (Rust) ExponentialBackoff",
        holds: "an object: initial_interval, multiplier, randomization_factor, max_interval, max_elapsed_time",
        syntax: Syntax::Json,
        source: "backoff 0.4.0, src/exponential.rs",
        sample: "initial_interval: 500ms",
        import: |tree| BACKOFF.import(tree),
        export: export_backoff,
    },
    System {
        name: "retry-policies",
        title: "retry-policies ExponentialBackoff (reqwest-retry)",
        holds: "an object: max_n_retries, base, min_retry_interval, max_retry_interval, jitter",
        syntax: Syntax::Json,
        source: "retry-policies 0.5.2, src/policies/exponential_backoff.rs",
        sample: "max_n_retries: 3",
        import: |tree| RETRY_POLICIES.import(tree),
        export: export_retry_policies,
    },
    System {
        name: "tower",
        title: "tower ExponentialBackoffMaker and TpsBudget",
        holds: "an object: min, max, jitter, and budget (ttl, min_per_sec, retry_percent)",
        syntax: Syntax::Json,
        source: "tower 0.5.3, src/retry/backoff.rs and budget",
        sample: "min: 50ms\nmax: 10s\njitter: 0.99\nattempts: 3",
        import: |tree| TOWER.import(tree),
        export: export_tower,
    },
];

/// min(initial x multiplier^n, max) x U[1 - f, 1 + f], every step a whole nanosecond; no limit of attempts.
const BACKOFF: Library = Library {
    name: "backoff-rs",
    fields: &[
        "initial_interval",
        "randomization_factor",
        "multiplier",
        "max_interval",
        "max_elapsed_time",
    ],
    beside: &[],
    ignored: &["current_interval"],
    read: |options| {
        let initial = options.span("initial_interval", Unit::Millis, 500)?;
        let factor = options.number("randomization_factor", 0.5)?;
        let multiplier = options.growth("multiplier", 1.5)?;
        let max = options.span("max_interval", Unit::Millis, 60_000)?;
        let elapsed = options.cap("max_elapsed_time", Unit::Millis, Some(900_000))?;
        let policy = fields::without_hints()
            .backoff(fields::growth(initial, multiplier))
            .jitter(if factor == 0.0 { Jitter::None } else { Jitter::Symmetric { factor } })
            .max_delay(max)
            .cap_stage(CapStage::Before)
            .uncapped_first(initial > max)
            .rounding(Rounding::new(Duration::from_nanos(1), RoundingMode::Floor, true));
        Ok(options.attempts(policy, None, elapsed))
    },
};

fn export_backoff(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, multiplier) = fields::exponential(policy, "backoff")?;
    let factor = match policy.jitter() {
        Jitter::None => 0.0,
        Jitter::Symmetric { factor } => *factor,
        _ => 0.5,
    };
    let elapsed = policy.max_elapsed().filter(|elapsed| *elapsed != fields::UNLIMITED);
    Ok(Value::map([
        ("initial_interval", in_millis(initial)),
        ("randomization_factor", factor.into()),
        ("multiplier", multiplier.into()),
        ("max_interval", in_millis(policy.max_delay().unwrap_or(fields::UNLIMITED))),
        ("max_elapsed_time", elapsed.map_or(Value::Null, in_millis)),
    ]))
}

/// base^n x min_retry_interval; Full is U[0, d), Bounded U[min / 2, d); `max_n_retries` are retries.
const RETRY_POLICIES: Library = Library {
    name: "retry-policies",
    fields: &[
        "max_n_retries",
        "base",
        "min_retry_interval",
        "max_retry_interval",
        "jitter",
        "total_retry_duration",
    ],
    beside: &[],
    ignored: &[],
    read: |options| {
        let retries = options.optional_count("max_n_retries")?;
        let base = options.growth("base", 2.0)?;
        let min = options.span("min_retry_interval", Unit::Millis, 1_000)?;
        let max = options.span("max_retry_interval", Unit::Millis, 1_800_000)?;
        let jitter = options.word("jitter", &["None", "Full", "Bounded"], "Full")?;
        let total = options.optional_span("total_retry_duration", Unit::Millis)?;
        let half = End { add: min / 2, ..End::times(0.0) };
        let policy = fields::without_hints()
            .backoff(fields::growth(min, base))
            .max_delay(max)
            .cap_stage(CapStage::Clip)
            .jitter(match jitter {
                "None" => Jitter::None,
                "Full" => Jitter::Full,
                _ => Jitter::Uniform { low: half, high: End::times(1.0) },
            })
            .elapsed_rule(if total.is_some() {
                ElapsedRule::StopIfReached
            } else {
                ElapsedRule::default()
            });
        Ok(options.retries(policy, retries, total))
    },
};

fn export_retry_policies(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, base) = fields::exponential(policy, "retry-policies")?;
    let jitter = match policy.jitter() {
        Jitter::None => "None",
        Jitter::Uniform { .. } => "Bounded",
        _ => "Full",
    };
    let mut options = vec![
        ("base", base.into()),
        ("min_retry_interval", in_millis(initial)),
        ("max_retry_interval", in_millis(policy.max_delay().unwrap_or(fields::UNLIMITED))),
        ("jitter", jitter.into()),
    ];
    if let Some(max) = policy.max_attempts() {
        options.push(("max_n_retries", (max.get() - 1).into()));
    }
    if let Some(total) = policy.max_elapsed().filter(|total| *total != fields::UNLIMITED) {
        options.push(("total_retry_duration", in_millis(total)));
    }
    Ok(fields::map(options))
}

/// Approximate by nature: sessions share one sequence of draws, and whole seconds are jittered apart.
const TOWER: Library = Library {
    name: "tower",
    fields: &["min", "max", "jitter", "budget", "attempts"],
    beside: &[],
    ignored: &[],
    read: |options| {
        let min = options.span("min", Unit::Millis, 50)?;
        let max = options.cap("max", Unit::Millis, None)?;
        let factor = match options.optional_number("jitter")? {
            Some(factor) => factor,
            None => {
                options.by_default("jitter", 0.99);
                0.99
            }
        };
        if factor != 0.0 {
            options.note("a maker is cloned with its generator: all sessions draw the same delays there, here each its own");
            options.note("whole seconds and the rest are jittered apart there, and a fraction of the seconds is dropped");
        }
        let mut policy = fields::without_hints()
            .backoff(Backoff::Exponential { initial: min, multiplier: 2.0 })
            .jitter(if factor == 0.0 { Jitter::None } else { Jitter::Proportional { factor } })
            .max_delay(max)
            .cap_stage(CapStage::Both);
        if let Some(mut group) =
            options.group("budget", &["ttl", "min_per_sec", "retry_percent"])?
        {
            let window = group.span("ttl", Unit::Millis, 10_000)?;
            let min_per_second = group.number("min_per_sec", 10.0)?;
            let share = group.number("retry_percent", 0.2)?;
            options.absorb(group);
            // The deposit is one over it, truncated.
            let deposits =
                if share > 1.0 { share } else { 1.0 / (1.0 / share.max(1e-9)).trunc().max(1.0) };
            if deposits != share {
                options.remark(
                    "retry_percent is truncated there to one over a whole number, as it is here",
                );
            }
            policy = policy.budget(BudgetRule::Ratio {
                percent: deposits * 100.0,
                min_per_second,
                window,
                on_empty: OnEmpty::default(),
            });
        }
        let attempts = options.optional_count("attempts")?;
        if attempts.is_none() {
            options.remark("how often is up to the Policy's own code there; say attempts");
        }
        Ok(options.attempts(policy, attempts, None))
    },
};

fn export_tower(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, _) = fields::exponential(policy, "tower")?;
    let factor = match policy.jitter() {
        Jitter::None => 0.0,
        Jitter::Proportional { factor } => *factor,
        _ => 0.99,
    };
    let mut options = vec![
        ("min", in_millis(initial)),
        ("max", policy.max_delay().map_or(Value::Null, in_millis)),
        ("jitter", factor.into()),
    ];
    if let Some(BudgetRule::Ratio { percent, min_per_second, window, .. }) = policy.budget() {
        options.push((
            "budget",
            Value::map([
                ("ttl", in_millis(*window)),
                ("min_per_sec", (*min_per_second).into()),
                ("retry_percent", (*percent / 100.0).into()),
            ]),
        ));
    }
    if let Some(max) = policy.max_attempts() {
        options.push(("attempts", max.get().into()));
    }
    Ok(fields::map(options))
}
