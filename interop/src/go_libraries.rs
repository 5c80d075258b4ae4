//! Retry libraries for Go: cenkalti/backoff, avast/retry-go, hashicorp/go-retryablehttp. A bare number is
//! nanoseconds, as Go's durations are.

use redrive::{
    Action, Jitter, RetryPolicy,
    policy::{CapStage, End, HintMode, RetryAfter, Rounding, RoundingMode},
    time::Duration,
    wire::{ConfigError, Value},
};

use super::{
    Syntax, System, fields,
    options::{Library, Unit, in_millis},
};

pub(super) const SYSTEMS: [System; 3] = [
    System {
        name: "cenkalti-backoff",
        title: "cenkalti/backoff ExponentialBackOff",
        holds: "an object: InitialInterval, RandomizationFactor, Multiplier, MaxInterval, MaxElapsedTime, MaxTries",
        syntax: Syntax::Json,
        source: "cenkalti/backoff v5, exponential.go",
        sample: "InitialInterval: 500ms",
        import: |tree| CENKALTI.import(tree),
        export: export_cenkalti,
    },
    System {
        name: "go-retryablehttp",
        title: "hashicorp/go-retryablehttp Client",
        holds: "an object: RetryMax, RetryWaitMin, RetryWaitMax",
        syntax: Syntax::Json,
        source: "go-retryablehttp 0.7, client.go",
        sample: "RetryMax: 4",
        import: |tree| RETRYABLE_HTTP.import(tree),
        export: export_retryable,
    },
    System {
        name: "retry-go",
        title: "avast/retry-go options",
        holds: "an object: Attempts, Delay, MaxDelay, MaxJitter, DelayType",
        syntax: Syntax::Json,
        source: "avast/retry-go v4, retry.go and options.go",
        sample: "Attempts: 10",
        import: |tree| RETRY_GO.import(tree),
        export: export_retry_go,
    },
];

/// min(initial x multiplier^n, max) x U[1 - f, 1 + f]: past the cap, and the first is not capped.
const CENKALTI: Library = Library {
    name: "cenkalti-backoff",
    fields: &[
        "InitialInterval",
        "RandomizationFactor",
        "Multiplier",
        "MaxInterval",
        "MaxElapsedTime",
        "MaxTries",
    ],
    beside: &[],
    ignored: &["Stop", "Clock"],
    read: |options| {
        let initial = options.span("InitialInterval", Unit::Nanos, 500_000_000)?;
        let factor = options.number("RandomizationFactor", 0.5)?;
        let multiplier = options.growth("Multiplier", 1.5)?;
        let max = options.span("MaxInterval", Unit::Nanos, 60_000_000_000)?;
        let elapsed = options.cap("MaxElapsedTime", Unit::Nanos, Some(900_000_000_000))?;
        let tries = options.optional_count("MaxTries")?.filter(|tries| *tries > 0);
        let policy = fields::without_hints()
            .backoff(fields::growth(initial, multiplier))
            .jitter(if factor == 0.0 { Jitter::None } else { Jitter::Symmetric { factor } })
            .max_delay(max)
            .cap_stage(CapStage::Before)
            .uncapped_first(initial > max)
            .rounding(Rounding::new(Duration::from_nanos(1), RoundingMode::Floor, true));
        // Zero means unlimited.
        Ok(options.attempts(policy, tries, elapsed.filter(|elapsed| !elapsed.is_zero())))
    },
};

fn export_cenkalti(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, multiplier) = fields::exponential(policy, "cenkalti/backoff")?;
    let factor = match policy.jitter() {
        Jitter::None => 0.0,
        Jitter::Symmetric { factor } => *factor,
        _ => 0.5,
    };
    let elapsed = policy.max_elapsed().filter(|elapsed| *elapsed != fields::UNLIMITED);
    let mut options = vec![
        ("InitialInterval", in_millis(initial)),
        ("RandomizationFactor", factor.into()),
        ("Multiplier", multiplier.into()),
        ("MaxInterval", in_millis(policy.max_delay().unwrap_or(fields::UNLIMITED))),
        ("MaxElapsedTime", in_millis(elapsed.unwrap_or_default())),
    ];
    if let Some(max) = policy.max_attempts() {
        options.push(("MaxTries", max.get().into()));
    }
    Ok(fields::map(options))
}

/// delay x 2^n + U[0, MaxJitter), then the cap; `Attempts` counts the first, and 0 is without end.
const RETRY_GO: Library = Library {
    name: "retry-go",
    fields: &["Attempts", "Delay", "MaxDelay", "MaxJitter", "DelayType"],
    beside: &[],
    ignored: &["LastErrorOnly", "WrapContextErrorWithLastError"],
    read: |options| {
        let attempts = options.count("Attempts", 10)?.filter(|attempts| *attempts > 0);
        let delay = options.span("Delay", Unit::Nanos, 100_000_000)?;
        let jitter = options.span("MaxJitter", Unit::Nanos, 100_000_000)?;
        let max = options.optional_span("MaxDelay", Unit::Nanos)?.filter(|max| !max.is_zero());
        let kinds = ["CombineDelay", "BackOffDelay", "FixedDelay", "RandomDelay"];
        let kind = options.word("DelayType", &kinds, "CombineDelay")?;
        let constant = |delay| redrive::Backoff::Constant { delay };
        let doubling = redrive::Backoff::Exponential { initial: delay, multiplier: 2.0 };
        let high = End { add: jitter, ..End::times(1.0) };
        let added = Jitter::Uniform { low: End::times(1.0), high };
        let (backoff, jitter) = match kind {
            "CombineDelay" => (doubling, added),
            "BackOffDelay" => (doubling, Jitter::None),
            "FixedDelay" => (constant(delay), Jitter::None),
            _ => (constant(Duration::ZERO), added),
        };
        let policy = fields::without_hints()
            .backoff(backoff)
            .jitter(jitter)
            .max_delay(max)
            .cap_stage(CapStage::After);
        Ok(options.attempts(policy, attempts, None))
    },
};

fn export_retry_go(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, multiplier) = fields::exponential(policy, "retry-go")?;
    let (_, high) = policy.jitter().ends();
    let kind = match (multiplier == 1.0, *policy.jitter() == Jitter::None) {
        (true, true) => "FixedDelay",
        (true, false) => "RandomDelay",
        (false, true) => "BackOffDelay",
        (false, false) => "CombineDelay",
    };
    let mut options = vec![
        ("Attempts", policy.max_attempts().map_or(0, core::num::NonZeroU32::get).into()),
        ("Delay", in_millis(initial)),
        ("MaxJitter", in_millis(high.add)),
        ("DelayType", kind.into()),
    ];
    if let Some(max) = policy.max_delay() {
        options.push(("MaxDelay", in_millis(max)));
    }
    Ok(fields::map(options))
}

/// min(RetryWaitMin x 2^n, RetryWaitMax); a Retry-After of a 429 or a 503 in place of it. `RetryMax` are
/// retries.
const RETRYABLE_HTTP: Library = Library {
    name: "go-retryablehttp",
    fields: &["RetryMax", "RetryWaitMin", "RetryWaitMax"],
    beside: &[],
    ignored: &["Logger", "HTTPClient"],
    read: |options| {
        let retries = options.count("RetryMax", 4)?;
        let initial = options.span("RetryWaitMin", Unit::Nanos, 1_000_000_000)?;
        let max = options.span("RetryWaitMax", Unit::Nanos, 30_000_000_000)?;
        let hints = RetryAfter::new(HintMode::Replace).jitter(Jitter::None).max(fields::UNLIMITED);
        let policy = RetryPolicy::builder()
            .backoff(redrive::Backoff::Exponential { initial, multiplier: 2.0 })
            .jitter(Jitter::None)
            .max_delay(max)
            .retry_after(hints)
            .rule(fields::named(&["501"], Action::DeadLetter))
            .rule(fields::named(&["429", "5xx", "connection", "reset", "timeout"], Action::Retry))
            .default_action(Action::DeadLetter);
        Ok(options.retries(policy, retries, None))
    },
};

fn export_retryable(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, _) = fields::exponential(policy, "go-retryablehttp")?;
    Ok(Value::map([
        ("RetryMax", (fields::attempts(policy, "go-retryablehttp")? - 1).into()),
        ("RetryWaitMin", in_millis(initial)),
        ("RetryWaitMax", in_millis(policy.max_delay().unwrap_or(fields::UNLIMITED))),
    ]))
}
