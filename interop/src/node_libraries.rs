//! Retry libraries for JavaScript: exponential-backoff, cockatiel, effect.

use redrive::{
    Backoff, Jitter, PolicyBuilder, RetryPolicy,
    policy::{CapStage, End, Rounding, RoundingMode},
    time::Duration,
    wire::{ConfigError, Value},
};

use super::{
    Syntax, System, fields,
    options::{Library, Options, Unit, in_unit, span},
};

const MILLISECOND: Duration = Duration::from_millis(1);

pub(super) const SYSTEMS: [System; 3] = [
    System {
        name: "cockatiel",
        title: "cockatiel retry options",
        holds: "an object: maxAttempts, backoff (a number, a list, or initialDelay, maxDelay, generator)",
        syntax: Syntax::Json,
        source: "cockatiel 3.2.1, backoff/ExponentialBackoffGenerators.js",
        sample: "maxAttempts: 3\nbackoff: {initialDelay: 128}",
        import: |tree| COCKATIEL.import(tree),
        export: export_cockatiel,
    },
    System {
        name: "effect",
        title: "Effect Schedule",
        holds: "an object: schedule (exponential, fibonacci, linear, spaced), base, factor, jittered, recurs",
        syntax: Syntax::Json,
        source: "effect 3.22.4, schedule.js",
        sample: "schedule: exponential\nbase: 100 millis\nrecurs: 3",
        import: |tree| EFFECT.import(tree),
        export: export_effect,
    },
    System {
        name: "exponential-backoff",
        title: "exponential-backoff (npm) options",
        holds: "an object: numOfAttempts, startingDelay, timeMultiple, maxDelay, jitter",
        syntax: Syntax::Json,
        source: "exponential-backoff 3.1.3, dist",
        sample: "numOfAttempts: 10",
        import: |tree| EXPONENTIAL.import(tree),
        export: export_exponential,
    },
];

/// round(U x min(startingDelay x timeMultiple^n, maxDelay)) ms; `numOfAttempts` counts the first.
const EXPONENTIAL: Library = Library {
    name: "exponential-backoff",
    fields: &[
        "numOfAttempts",
        "startingDelay",
        "timeMultiple",
        "maxDelay",
        "jitter",
        "delayFirstAttempt",
    ],
    beside: &["retry"],
    ignored: &[],
    read: |options| {
        options.unread(&["retry"]);
        let attempts = options.count("numOfAttempts", 10)?.map(|attempts| attempts.max(1));
        let initial = options.span("startingDelay", Unit::Millis, 100)?;
        let factor = options.growth("timeMultiple", 2.0)?;
        let max = options.cap("maxDelay", Unit::Millis, None)?;
        let jitter = options.word("jitter", &["none", "full"], "none")?;
        if options.says("delayFirstAttempt") && options.flag("delayFirstAttempt", false)? {
            let message =
                "waits before the first attempt, which no policy does; delay the task itself";
            return Err(options.error("delayFirstAttempt", message));
        }
        let policy = fields::without_hints()
            .backoff(fields::growth(initial, factor))
            .jitter(if jitter == "full" { Jitter::Full } else { Jitter::None })
            .rounding(Rounding::new(MILLISECOND, RoundingMode::Nearest, false))
            .max_delay(max);
        Ok(options.attempts(policy, attempts, None))
    },
};

fn export_exponential(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, factor) = fields::exponential(policy, "exponential-backoff")?;
    let jitter = if *policy.jitter() == Jitter::None { "none" } else { "full" };
    let mut options = vec![
        ("numOfAttempts", fields::attempts(policy, "exponential-backoff")?.into()),
        ("startingDelay", in_unit(initial, Unit::Millis)),
        ("timeMultiple", factor.into()),
        ("jitter", jitter.into()),
    ];
    if let Some(max) = policy.max_delay() {
        options.push(("maxDelay", in_unit(max, Unit::Millis)));
    }
    Ok(fields::map(options))
}

/// `maxAttempts` are retries, whatever their name. All generators but the decorrelated one double and
/// ignore `exponent`; the decorrelated one is Polly's, with 2 as its only exponent here.
const COCKATIEL: Library = Library {
    name: "cockatiel",
    fields: &["maxAttempts", "backoff"],
    beside: &[],
    ignored: &["unref"],
    read: read_cockatiel,
};

const GENERATORS: [&str; 4] = [
    "decorrelatedJitterGenerator",
    "noJitterGenerator",
    "fullJitterGenerator",
    "halfJitterGenerator",
];

fn read_cockatiel(options: &mut Options) -> Result<PolicyBuilder, ConfigError> {
    let retries = options.optional_count("maxAttempts")?;
    if retries.is_none() {
        options.by_default("maxAttempts", "Infinity");
    }
    let policy = fields::without_hints().jitter(Jitter::None);
    let policy = match options.get("backoff") {
        None => {
            options.by_default("backoff", "0");
            policy.backoff(Backoff::Constant { delay: Duration::ZERO })
        }
        Some(Value::List(_)) => {
            let delays = options.spans("backoff", Unit::Millis)?.unwrap_or_default();
            policy.backoff(Backoff::Table { delays })
        }
        Some(Value::Map(_)) => read_generator(options)?,
        Some(value) => {
            let delay = span(value, &options.path_of("backoff"), Unit::Millis)?;
            policy.backoff(Backoff::Constant { delay })
        }
    };
    Ok(options.retries(policy, retries, None))
}

fn read_generator(options: &mut Options) -> Result<PolicyBuilder, ConfigError> {
    let known = ["initialDelay", "maxDelay", "exponent", "generator"];
    let policy = fields::without_hints();
    let Some(mut backoff) = options.group("backoff", &known)? else { return Ok(policy) };
    let initial = backoff.span("initialDelay", Unit::Millis, 128)?;
    let max = backoff.span("maxDelay", Unit::Millis, 30_000)?;
    let generator = backoff.word("generator", &GENERATORS, GENERATORS[0])?;
    let exponent = backoff.optional_number("exponent")?.unwrap_or(2.0);
    if generator == GENERATORS[0] {
        if exponent != 2.0 {
            let message =
                format!("= {exponent} of the decorrelated jitter has no counterpart: it is 2 here");
            return Err(backoff.error("exponent", message));
        }
        options.absorb(backoff);
        return Ok(policy
            .backoff(Backoff::DecorrelatedV2 { initial })
            .jitter(Jitter::None)
            .max_delay(max)
            .cap_stage(CapStage::After));
    }
    if exponent != 2.0 {
        backoff.remark("exponent is ignored there by this generator, which doubles");
    }
    options.absorb(backoff);
    let jitter = match generator {
        "fullJitterGenerator" => Jitter::Full,
        "halfJitterGenerator" => Jitter::Equal,
        _ => Jitter::None,
    };
    let policy = policy
        .backoff(Backoff::Exponential { initial, multiplier: 2.0 })
        .jitter(jitter)
        .max_delay(max);
    Ok(if jitter == Jitter::None {
        policy
    } else {
        policy.rounding(Rounding::new(MILLISECOND, RoundingMode::Floor, false))
    })
}

fn export_cockatiel(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let max = policy.max_delay().unwrap_or(fields::UNLIMITED);
    let exponential = |initial: Duration, generator: &str| {
        Value::map([
            ("initialDelay", in_unit(initial, Unit::Millis)),
            ("maxDelay", in_unit(max, Unit::Millis)),
            ("generator", generator.into()),
        ])
    };
    let backoff = match policy.backoff() {
        Backoff::Constant { delay } => in_unit(*delay, Unit::Millis),
        Backoff::Table { delays } => {
            Value::List(delays.iter().map(|delay| in_unit(*delay, Unit::Millis)).collect())
        }
        Backoff::DecorrelatedV2 { initial } => exponential(*initial, GENERATORS[0]),
        _ => {
            let (initial, _) = fields::exponential(policy, "cockatiel")?;
            let generator = match policy.jitter() {
                Jitter::None => GENERATORS[1],
                Jitter::Equal => GENERATORS[3],
                _ => GENERATORS[2],
            };
            exponential(initial, generator)
        }
    };
    let mut options = vec![("backoff", backoff)];
    if let Some(max) = policy.max_attempts() {
        options.insert(0, ("maxAttempts", (max.get() - 1).into()));
    }
    Ok(fields::map(options))
}

/// base x factor^n, fibonacci, base x (n + 1) or base; jittered: x U[min, max), 0.8 to 1.2 by default.
const EFFECT: Library = Library {
    name: "effect",
    fields: &["schedule", "base", "factor", "jittered", "recurs"],
    beside: &[],
    ignored: &[],
    read: |options| {
        let kinds = ["exponential", "fibonacci", "linear", "spaced"];
        if !options.says("schedule") {
            return Err(
                options.error("schedule", format!("is missing; write one of {}", kinds.join(", ")))
            );
        }
        let kind = options.word("schedule", &kinds, "exponential")?;
        let Some(base) = options.optional_span("base", Unit::Millis)? else {
            return Err(options.error("base", "is missing; write a duration like \"100 millis\""));
        };
        let backoff = match kind {
            "exponential" => fields::growth(base, options.growth("factor", 2.0)?),
            "fibonacci" => Backoff::Fibonacci { initial: base },
            "linear" => Backoff::Linear { initial: base, increment: base },
            _ => Backoff::Constant { delay: base },
        };
        let policy = fields::without_hints().backoff(backoff).jitter(read_jittered(options)?);
        let retries = options.optional_count("recurs")?;
        Ok(options.retries(policy, retries, None))
    },
};

fn read_jittered(options: &mut Options) -> Result<Jitter, ConfigError> {
    let (low, high) = match options.get("jittered") {
        None | Some(Value::Bool(false)) => return Ok(Jitter::None),
        Some(Value::Bool(true)) => (0.8, 1.2),
        Some(_) => match options.group("jittered", &["min", "max"])? {
            Some(mut group) => (group.number("min", 0.8)?, group.number("max", 1.2)?),
            None => return Ok(Jitter::None),
        },
    };
    Ok(if (low, high) == (0.8, 1.2) {
        Jitter::Symmetric { factor: 0.2 }
    } else {
        Jitter::Uniform { low: End::times(low), high: End::times(high) }
    })
}

fn export_effect(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let millis =
        |duration: Duration| Value::from(format!("{} millis", in_unit(duration, Unit::Millis)));
    let mut options = match policy.backoff() {
        Backoff::Fibonacci { initial } => {
            vec![("schedule", "fibonacci".into()), ("base", millis(*initial))]
        }
        Backoff::Linear { initial, .. } => {
            vec![("schedule", "linear".into()), ("base", millis(*initial))]
        }
        Backoff::Constant { delay } => {
            vec![("schedule", "spaced".into()), ("base", millis(*delay))]
        }
        _ => {
            let (initial, factor) = fields::exponential(policy, "Effect")?;
            vec![
                ("schedule", "exponential".into()),
                ("base", millis(initial)),
                ("factor", factor.into()),
            ]
        }
    };
    if *policy.jitter() != Jitter::None {
        let (low, high) = policy.jitter().ends();
        options.push((
            "jittered",
            Value::map([("min", low.factor.into()), ("max", high.factor.into())]),
        ));
    }
    if let Some(max) = policy.max_attempts() {
        options.push(("recurs", (max.get() - 1).into()));
    }
    Ok(fields::map(options))
}
