//! Retries of .NET: Polly, MassTransit, NServiceBus.

use redrive::{
    Backoff, Jitter, PolicyBuilder, RetryPolicy,
    policy::{CapStage, End},
    time::Duration,
    wire::{ConfigError, Value},
};

use super::{
    Syntax, System, fields,
    options::{Library, Options, Unit, time_span},
};

pub(super) const SYSTEMS: [System; 3] = [
    System {
        name: "masstransit",
        title: "MassTransit message retry",
        holds: "an object: immediate, intervals, interval, incremental or exponential",
        syntax: Syntax::Json,
        source: "MassTransit at c1e5caa, RetryPolicies/ExponentialRetryPolicy.cs",
        sample: "intervals: ['00:00:01', '00:00:05']",
        import: |tree| MASSTRANSIT.import(tree),
        export: export_masstransit,
    },
    System {
        name: "nservicebus",
        title: "NServiceBus recoverability",
        holds: "an object: immediate and delayed, each with NumberOfRetries; TimeIncrease",
        syntax: Syntax::Json,
        source: "NServiceBus docs at 34eb275, recoverability",
        sample: "immediate: {NumberOfRetries: 5}\ndelayed: {NumberOfRetries: 3, TimeIncrease: '00:00:10'}",
        import: |tree| NSERVICEBUS.import(tree),
        export: export_nservicebus,
    },
    System {
        name: "polly",
        title: "Polly v8 RetryStrategyOptions",
        holds: "an object: MaxRetryAttempts, BackoffType, Delay, MaxDelay, UseJitter",
        syntax: Syntax::Json,
        source: "Polly.Core at 173d6d1d, Retry/RetryHelper.cs",
        sample: "MaxRetryAttempts: 3",
        import: |tree| POLLY.import(tree),
        export: export_polly,
    },
];

/// Constant, (n + 1) x delay or 2^n x delay; UseJitter is +- 25 % of the first two, and decorrelated
/// jitter V2 of the last. The cap comes last.
const POLLY: Library = Library {
    name: "polly",
    fields: &[
        "MaxRetryAttempts",
        "BackoffType",
        "Delay",
        "MaxDelay",
        "UseJitter",
        "ShouldRetryAfterHeader",
    ],
    beside: &[],
    ignored: &["Name"],
    read: |options| {
        let retries = options.count("MaxRetryAttempts", 3)?;
        let kind =
            options.word("BackoffType", &["Constant", "Linear", "Exponential"], "Constant")?;
        let delay = options.span("Delay", Unit::Seconds, 2)?;
        let max = options.cap("MaxDelay", Unit::Seconds, None)?;
        let random = options.flag("UseJitter", false)?;
        if options.says("ShouldRetryAfterHeader")
            && options.flag("ShouldRetryAfterHeader", false)?
        {
            options.note("a Retry-After takes the place of the delay and passes MaxDelay there; here it is not read");
        }
        let policy = fields::without_hints().max_delay(max).cap_stage(CapStage::After);
        let jitter = if random { Jitter::Symmetric { factor: 0.25 } } else { Jitter::None };
        let policy = match kind {
            "Constant" => policy.backoff(Backoff::Constant { delay }).jitter(jitter),
            "Linear" => {
                policy.backoff(Backoff::Linear { initial: delay, increment: delay }).jitter(jitter)
            }
            _ if random => {
                policy.backoff(Backoff::DecorrelatedV2 { initial: delay }).jitter(Jitter::None)
            }
            _ => policy
                .backoff(Backoff::Exponential { initial: delay, multiplier: 2.0 })
                .jitter(Jitter::None),
        };
        Ok(options.retries(policy, retries, None))
    },
};

fn export_polly(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (kind, delay) = match policy.backoff() {
        Backoff::Constant { delay } => ("Constant", *delay),
        Backoff::Linear { initial, .. } => ("Linear", *initial),
        Backoff::DecorrelatedV2 { initial } => ("Exponential", *initial),
        _ => ("Exponential", fields::exponential(policy, "Polly")?.0),
    };
    let random = *policy.jitter() != Jitter::None || policy.backoff().is_random();
    if kind == "Exponential" && random && !policy.backoff().is_random() {
        let kind = policy.jitter().kind();
        let message = format!(
            "= \"{kind}\" with exponential backoff cannot be written for Polly, whose jitter is decorrelatedV2; \
             the nearest is backoff = {{kind = \"decorrelatedV2\"}}, or jitter = \"none\""
        );
        return Err(ConfigError::new("jitter", message));
    }
    let mut options = vec![
        ("MaxRetryAttempts", (fields::attempts(policy, "Polly")? - 1).into()),
        ("BackoffType", kind.into()),
        ("Delay", time_span(delay)),
        ("UseJitter", random.into()),
    ];
    if let Some(max) = policy.max_delay() {
        options.push(("MaxDelay", time_span(max)));
    }
    Ok(fields::map(options))
}

/// Intervals as they are; an exponential one is min + 2^i x U[0.8, 1.2) delta, drawn once per policy, then
/// x U[0.75, 1.25).
const MASSTRANSIT: Library = Library {
    name: "masstransit",
    fields: &["immediate", "interval", "intervals", "incremental", "exponential"],
    beside: &["handle", "ignore"],
    ignored: &[],
    read: read_masstransit,
};

fn read_masstransit(options: &mut Options) -> Result<PolicyBuilder, ConfigError> {
    options.unread(&["handle", "ignore"]);
    let policy = fields::without_hints().jitter(Jitter::None);
    if let Some(retries) = options.optional_count("immediate")? {
        return Ok(options.retries(
            policy.backoff(Backoff::Constant { delay: Duration::ZERO }),
            Some(retries),
            None,
        ));
    }
    if let Some(delays) =
        options.spans("intervals", Unit::Millis)?.filter(|delays| !delays.is_empty())
    {
        let retries = u32::try_from(delays.len()).unwrap_or(u32::MAX);
        return Ok(options.retries(policy.backoff(Backoff::Table { delays }), Some(retries), None));
    }
    let known = [
        "retryLimit",
        "interval",
        "initialInterval",
        "intervalIncrement",
        "minInterval",
        "maxInterval",
        "intervalDelta",
    ];
    let span = |group: &Options, name: &str| match group.optional_span(name, Unit::Millis)? {
        Some(span) => Ok(span),
        None => Err(group.error(name, "is missing")),
    };
    for kind in ["interval", "incremental", "exponential"] {
        let Some(group) = options.group(kind, &known)? else { continue };
        let Some(retries) = group.optional_count("retryLimit")? else {
            return Err(group.error("retryLimit", "is missing; write a number of retries"));
        };
        let policy = match kind {
            "interval" => policy.backoff(Backoff::Constant { delay: span(&group, "interval")? }),
            "incremental" => policy.backoff(Backoff::Linear {
                initial: span(&group, "initialInterval")?,
                increment: span(&group, "intervalIncrement")?,
            }),
            _ => {
                let (min, max) = (span(&group, "minInterval")?, span(&group, "maxInterval")?);
                let delta = span(&group, "intervalDelta")?;
                let at = |n: u32| min.saturating_add(delta.saturating_mul(1 << n.min(31))).min(max);
                let delays: Vec<Duration> = (0..retries.clamp(1, 40)).map(at).collect();
                options.note("the growth is drawn once for each policy there, U[0.8, 1.2) of the delta; here it is the delta");
                policy
                    .backoff(Backoff::Table { delays })
                    .jitter(Jitter::Uniform { low: End::times(0.75), high: End::times(1.25) })
            }
        };
        return Ok(options.retries(policy, Some(retries), None));
    }
    Err(options.error("immediate", "and the other kinds of retry are all missing"))
}

fn export_masstransit(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let retries = fields::attempts(policy, "MassTransit")? - 1;
    let interval = |name: &'static str, values: Vec<(&'static str, Value)>| {
        let mut group = vec![("retryLimit", retries.into())];
        group.extend(values);
        Value::map([(name, fields::map(group))])
    };
    match policy.backoff() {
        Backoff::Constant { delay } if delay.is_zero() => {
            Ok(Value::map([("immediate", retries.into())]))
        }
        Backoff::Constant { delay } => {
            Ok(interval("interval", vec![("interval", time_span(*delay))]))
        }
        Backoff::Linear { initial, increment } => Ok(interval(
            "incremental",
            vec![
                ("initialInterval", time_span(*initial)),
                ("intervalIncrement", time_span(*increment)),
            ],
        )),
        Backoff::Table { delays } if retries <= 1_000 => {
            let last = delays.last().copied().unwrap_or_default();
            let all = delays
                .iter()
                .copied()
                .chain(core::iter::repeat(last))
                .take(retries.max(1) as usize);
            Ok(Value::map([("intervals", Value::List(all.map(time_span).collect()))]))
        }
        other => {
            let kind = other.kind();
            let message = format!(
                "= \"{kind}\" cannot be written for MassTransit, whose exponential retries have their own \
                 random growth; write the delays out as a table"
            );
            Err(ConfigError::new("backoff", message))
        }
    }
}

/// Each of the delayed retries is followed by all of the immediate ones: 0 0 0, 10 s 0 0 0, 20 s ...
const NSERVICEBUS: Library = Library {
    name: "nservicebus",
    fields: &["immediate", "delayed"],
    beside: &[],
    ignored: &["errorQueue", "failed"],
    read: |options| {
        let (mut immediate, mut delayed, mut step) = (5, 3, Duration::from_secs(10));
        match options.group("immediate", &["NumberOfRetries"])? {
            Some(mut group) => {
                immediate = group.count("NumberOfRetries", 5)?.unwrap_or(5);
                options.absorb(group);
            }
            None => options.by_default("immediate", 5),
        }
        match options.group("delayed", &["NumberOfRetries", "TimeIncrease"])? {
            Some(mut group) => {
                delayed = group.count("NumberOfRetries", 3)?.unwrap_or(3);
                step = group.span("TimeIncrease", Unit::Seconds, 10)?;
                options.absorb(group);
            }
            None => options.by_default("delayed", "3, each 10 s longer"),
        }
        let attempts = immediate.saturating_add(1).saturating_mul(delayed.saturating_add(1));
        if attempts > 10_000 {
            return Err(
                options.error("immediate", format!("makes {attempts} attempts; 10000 can be read"))
            );
        }
        let policy =
            fields::without_hints().backoff(rounds(immediate, delayed, step)).jitter(Jitter::None);
        Ok(policy.max_attempts(attempts))
    },
};

fn rounds(immediate: u32, delayed: u32, step: Duration) -> Backoff {
    let mut delays = vec![Duration::ZERO; immediate as usize];
    for round in 1..=delayed {
        delays.push(step.saturating_mul(round));
        delays.extend(vec![Duration::ZERO; immediate as usize]);
    }
    match delays.split_first() {
        None => Backoff::Constant { delay: Duration::ZERO },
        Some((first, rest)) if rest.iter().all(|delay| delay == first) => {
            Backoff::Constant { delay: *first }
        }
        Some(_) => Backoff::Table { delays },
    }
}

fn export_nservicebus(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let attempts = fields::attempts(policy, "NServiceBus")?;
    let written = |immediate: u32, delayed: u32, step: Duration| {
        let first = [("NumberOfRetries", immediate.into())];
        let second = [("NumberOfRetries", delayed.into()), ("TimeIncrease", time_span(step))];
        Value::map([("immediate", Value::map(first)), ("delayed", Value::map(second))])
    };
    let table: &[Duration] = match policy.backoff() {
        Backoff::Constant { delay } if delay.is_zero() => {
            return Ok(written(attempts - 1, 0, Duration::ZERO));
        }
        Backoff::Constant { delay } if attempts == 2 => return Ok(written(0, 1, *delay)),
        Backoff::Table { delays } => delays,
        _ => &[],
    };
    let immediate = table.iter().take_while(|delay| delay.is_zero()).count() as u32;
    let step = table.get(immediate as usize).copied().unwrap_or_default();
    let delayed = (attempts / (immediate + 1)).saturating_sub(1);
    // More rounds than the table has delays are not what it says.
    let fits = u64::from(immediate + 1) * u64::from(delayed) + u64::from(immediate);
    let fits = fits <= table.len() as u64;
    if fits && !table.is_empty() && *policy.backoff() == rounds(immediate, delayed, step) {
        return Ok(written(immediate, delayed, step));
    }
    let message = "is not the rounds of NServiceBus: so many retries at once, then a wait that grows by the same step";
    Err(ConfigError::new("backoff", message))
}
