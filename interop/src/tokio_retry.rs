//! tokio-retry and tokio-retry2, of Rust: a strategy and the adapters around it are the fields.

use redrive::{
    Backoff, Jitter, PolicyBuilder, RetryPolicy,
    policy::{CapStage, ElapsedRule, End, Rounding, RoundingMode},
    time::Duration,
    wire::{ConfigError, Value},
};

use super::{
    Syntax, System, fields,
    options::{Library, Options, Unit, in_unit, optional},
};

const MILLISECOND: Duration = Duration::from_millis(1);

pub(super) const SYSTEMS: [System; 2] = [
    System {
        name: "tokio-retry",
        title: "tokio-retry strategy",
        holds: "an object: strategy (ExponentialBackoff, ...), from_millis, factor, max_delay, jitter, take",
        syntax: Syntax::Json,
        source: "tokio-retry 0.3.2, src/strategy.rs",
        sample: "strategy: ExponentialBackoff\nfrom_millis: 10\ntake: 3",
        import: |tree| TOKIO_RETRY.import(tree),
        export: |policy| export_tokio(policy, false),
    },
    System {
        name: "tokio-retry2",
        title: "tokio-retry2 strategy",
        holds: "an object: strategy (ExponentialFactorBackoff, ...), from_millis, factor, max_delay, jitter, take",
        syntax: Syntax::Json,
        source: "tokio-retry2 0.9.1, src/strategy/*.rs",
        sample: "strategy: ExponentialFactorBackoff\nfrom_millis: 500\nfactor: 2\ntake: 3",
        import: |tree| TOKIO_RETRY2.import(tree),
        export: |policy| export_tokio(policy, true),
    },
];

const STRATEGY: &[&str] = &["strategy", "from_millis", "factor", "max_delay", "jitter", "take"];

/// from_millis^(n + 1) x factor ms: the number is the first delay and the ratio. `take` counts retries.
const TOKIO_RETRY: Library = Library {
    name: "tokio-retry",
    fields: STRATEGY,
    beside: &[],
    ignored: &[],
    read: |options| {
        let kinds = ["ExponentialBackoff", "FibonacciBackoff", "FixedInterval"];
        let kind = options.kind("strategy", &kinds)?;
        let backoff = powers(options, kind)?;
        let random = options.flag("jitter", false)?;
        let max = options.cap("max_delay", Unit::Millis, None)?;
        let policy =
            fields::without_hints().jitter(if random { Jitter::Full } else { Jitter::None });
        let policy = capped(policy, backoff, max);
        let retries = options.optional_count("take")?;
        Ok(options.retries(policy, retries, None))
    },
};

/// The kinds that both crates have.
fn powers(options: &mut Options, kind: &str) -> Result<Backoff, ConfigError> {
    let Some(base) = options.optional_number("from_millis")? else {
        return Err(options.error("from_millis", "is missing; write a number of milliseconds"));
    };
    if kind == "FixedInterval" {
        options.only(
            &["strategy", "from_millis", "jitter", "jitter_range", "take", "max_interval"],
            kind,
        )?;
        return Ok(Backoff::Constant { delay: options.span("from_millis", Unit::Millis, 0)? });
    }
    let factor = options.number("factor", 1.0)?;
    if base % 1.0 != 0.0 || factor % 1.0 != 0.0 || base < 1.0 {
        let message = format!("= {base} and factor = {factor} are not whole numbers from 1 up");
        return Err(options.error("from_millis", message));
    }
    let initial = fields::seconds(&options.path_of("factor"), base * factor / 1e3)?;
    Ok(if kind == "FibonacciBackoff" {
        Backoff::Fibonacci { initial }
    } else {
        fields::growth(initial, base)
    })
}

/// The same, and initial x factor^n, and a linear one, in whole milliseconds. `jitter` is x U[0.5, 1.5);
/// `jitter_range` draws a whole factor once for all retries.
const TOKIO_RETRY2: Library = Library {
    name: "tokio-retry2",
    fields: &[
        "strategy",
        "from_millis",
        "factor",
        "max_delay",
        "jitter",
        "take",
        "increment_millis",
        "jitter_range",
        "max_interval",
    ],
    beside: &[],
    ignored: &[],
    read: |options| {
        let kinds = [
            "ExponentialBackoff",
            "ExponentialFactorBackoff",
            "FibonacciBackoff",
            "FixedInterval",
            "LinearBackoff",
        ];
        let kind = options.kind("strategy", &kinds)?;
        let mut policy = fields::without_hints();
        let backoff = match kind {
            "ExponentialFactorBackoff" => {
                let initial = options.span("from_millis", Unit::Millis, 500)?;
                let factor = options.growth("factor", 1.5)?;
                fields::growth(initial, factor)
            }
            "LinearBackoff" => {
                let initial = options.span("from_millis", Unit::Millis, 500)?;
                let increment =
                    options.optional_span("increment_millis", Unit::Millis)?.unwrap_or(initial);
                Backoff::Linear { initial, increment }
            }
            kind => powers(options, kind)?,
        };
        let max = options.cap("max_delay", Unit::Millis, None)?;
        policy = capped(policy, backoff, max).jitter(Jitter::None);
        let spread = options.get("jitter_range").is_some() || options.flag("jitter", false)?;
        if kind == "ExponentialFactorBackoff" && !is_whole(&policy)? {
            // A jitter comes after it, and keeps its parts of a millisecond.
            if spread {
                options.note("delays are cut to whole milliseconds before the jitter there; here they are not");
            } else {
                policy = policy.rounding(Rounding::new(MILLISECOND, RoundingMode::Floor, false));
            }
        }
        if let Some(group) = options.group("jitter_range", &["min", "max"])? {
            let whole = |name: &str| group.optional_count(name);
            let (Some(low), Some(high)) = (whole("min")?, whole("max")?) else {
                return Err(options.error("jitter_range", "wants min and max, whole factors"));
            };
            if low >= high {
                return Err(options.error("jitter_range", "has no factor from min to below max"));
            }
            policy = policy
                .jitter(Jitter::Uniform {
                    low: End::times(low.into()),
                    high: End::times(high.into()),
                })
                .jitter_once(true)
                .jitter_steps(high - low)
                .cap_stage(CapStage::Before);
        } else if spread {
            policy = policy.jitter(Jitter::Symmetric { factor: 0.5 }).cap_stage(CapStage::Before);
        }
        let elapsed = options.optional_span("max_interval", Unit::Millis)?;
        if elapsed.is_some() {
            policy = policy.elapsed_rule(ElapsedRule::StopIfReached);
        }
        let retries = options.optional_count("take")?;
        Ok(options.retries(policy, retries, elapsed))
    },
};

/// A delay that does not grow is held by the cap once and for all.
fn capped(policy: PolicyBuilder, backoff: Backoff, max: Option<Duration>) -> PolicyBuilder {
    match (backoff, max) {
        (Backoff::Constant { delay }, Some(max)) => {
            policy.backoff(Backoff::Constant { delay: delay.min(max) })
        }
        (backoff, max) => policy.backoff(backoff).max_delay(max),
    }
}

/// Whether all delays are whole milliseconds.
fn is_whole(policy: &PolicyBuilder) -> Result<bool, ConfigError> {
    let policy = policy.clone().build()?;
    let (initial, factor) = fields::exponential(&policy, "tokio-retry2")?;
    Ok(factor % 1.0 == 0.0 && initial.as_nanos() % 1_000_000 == 0)
}

fn export_tokio(policy: &RetryPolicy, second: bool) -> Result<Value, ConfigError> {
    let system = if second { "tokio-retry2" } else { "tokio-retry" };
    let plain = |kind: &str, delay: Duration| {
        vec![("strategy", kind.into()), ("from_millis", in_unit(delay, Unit::Millis))]
    };
    let mut options = match policy.backoff() {
        Backoff::Constant { delay } => {
            plain("FixedInterval", policy.max_delay().map_or(*delay, |max| max.min(*delay)))
        }
        Backoff::Fibonacci { initial } => plain("FibonacciBackoff", *initial),
        Backoff::Linear { initial, increment } if second => {
            let mut options = plain("LinearBackoff", *initial);
            options.push(("increment_millis", in_unit(*increment, Unit::Millis)));
            options
        }
        _ => {
            let (initial, factor) = fields::exponential(policy, system)?;
            // The number is the ratio; the factor makes the first delay of it.
            let first = initial.as_nanos() as f64 / 1e6 / factor;
            let whole = factor % 1.0 == 0.0 && first % 1.0 == 0.0;
            if second && (policy.compat().rounding.is_some() || !whole) {
                let mut options = plain("ExponentialFactorBackoff", initial);
                options.push(("factor", factor.into()));
                options
            } else {
                let number = |number: f64| Value::from((number + 0.5) as u64);
                vec![
                    ("strategy", "ExponentialBackoff".into()),
                    ("from_millis", number(factor)),
                    ("factor", number(first)),
                ]
            }
        }
    };
    let grows = !matches!(policy.backoff(), Backoff::Constant { .. });
    if policy.max_delay().is_some() && grows {
        options.push(("max_delay", optional(policy.max_delay(), Unit::Millis)));
    }
    let (low, high) = policy.jitter().ends();
    if policy.compat().jitter_once && second {
        let range = [("min", low.factor.into()), ("max", high.factor.into())];
        options.push(("jitter_range", Value::map(range)));
    } else {
        options.push(("jitter", (*policy.jitter() != Jitter::None).into()));
    }
    if let Some(elapsed) = policy.max_elapsed().filter(|time| second && *time != fields::UNLIMITED)
    {
        options.push(("max_interval", in_unit(elapsed, Unit::Millis)));
    }
    if let Some(max) = policy.max_attempts() {
        options.push(("take", (max.get() - 1).into()));
    }
    Ok(fields::map(options))
}
