//! Retry libraries for Rust: backon, backoff, tokio-retry, tokio-retry2, retry-policies, tower. Their
//! builders' calls are the fields.

use redrive::{
    Backoff, BudgetRule, Jitter, PolicyBuilder, RetryPolicy,
    policy::{CapStage, ElapsedMeasure, ElapsedRule, End, OnEmpty, Rounding, RoundingMode},
    time::Duration,
    wire::{ConfigError, Value},
};

use super::{
    Syntax, System, fields,
    options::{Library, Options, Unit, in_unit, optional},
};

const MILLISECOND: Duration = Duration::from_millis(1);
const DOUBLED: Jitter = Jitter::Proportional { factor: 1.0 };

pub(super) const SYSTEMS: [System; 6] = [
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
        name: "backon",
        title: "backon builders",
        holds: "an object: builder (exponential, constant, fibonacci), min_delay, max_delay, factor, max_times, jitter",
        syntax: Syntax::Json,
        source: "backon 1.6.0, src/backoff/*.rs",
        sample: "builder: exponential\nmax_times: 3",
        import: |tree| BACKON.import(tree),
        export: export_backon,
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

fn millis(duration: Duration) -> Value {
    Value::from(format!("{}ms", in_unit(duration, Unit::Millis)))
}

fn read_builder(
    options: &mut Options,
    name: &str,
    words: &[&'static str],
) -> Result<&'static str, ConfigError> {
    if !options.says(name) {
        return Err(options.error(name, format!("is missing; write one of {}", words.join(", "))));
    }
    options.word(name, words, "")
}

/// min_delay x factor^n in 32-bit floats, U[d, 2 d) with jitter; the first delay is not capped, and a
/// Fibonacci sum grows until it has passed the cap.
const BACKON: Library = Library {
    name: "backon",
    fields: &[
        "builder",
        "delay",
        "min_delay",
        "max_delay",
        "factor",
        "max_times",
        "jitter",
        "total_delay",
    ],
    ignored: &["jitter_seed"],
    read: read_backon,
};

fn read_backon(options: &mut Options) -> Result<PolicyBuilder, ConfigError> {
    let builder = read_builder(options, "builder", &["exponential", "constant", "fibonacci"])?;
    let unlimited = options.says("max_times") && options.get("max_times").is_none();
    let times = if unlimited { None } else { options.count("max_times", 3)? };
    let random = options.flag("jitter", false)?;
    let policy = fields::without_hints().jitter(if random { DOUBLED } else { Jitter::None });
    let rest = ["builder", "max_times", "jitter", "total_delay"];
    let total = options.optional_span("total_delay", Unit::Millis)?;
    let steps = times.unwrap_or(MOST_STEPS).min(MOST_STEPS) as usize;
    let policy = if builder == "constant" {
        options.only(&[&rest[..], &["delay"]].concat(), "ConstantBuilder")?;
        policy.backoff(Backoff::Constant { delay: options.span("delay", Unit::Millis, 1_000)? })
    } else {
        let min = options.span("min_delay", Unit::Millis, 1_000)?;
        let max = if options.says("max_delay") {
            options.optional_span("max_delay", Unit::Millis)?
        } else {
            options.cap("max_delay", Unit::Millis, Some(60_000))?
        };
        if builder == "fibonacci" {
            options.only(&[&rest[..], &["min_delay", "max_delay"]].concat(), "FibonacciBuilder")?;
            if random {
                options.note("the first delay is U[m, 2 m) there, each other d + U[0, m); here each is U[d, 2 d)");
            }
            fibonacci(policy, min, max, steps)
        } else {
            options.only(
                &[&rest[..], &["min_delay", "max_delay", "factor"]].concat(),
                "ExponentialBuilder",
            )?;
            let factor = options.growth("factor", 2.0)?;
            single_precision(policy, (min, max, factor), steps)
        }
    };
    let policy = match total {
        Some(_) => policy.elapsed_measure(ElapsedMeasure::Sleeps),
        None => policy,
    };
    Ok(options.retries(policy, times, total))
}

/// A table of more delays than that is not written out.
const MOST_STEPS: u32 = 200;

fn fibonacci(
    policy: PolicyBuilder,
    min: Duration,
    max: Option<Duration>,
    steps: usize,
) -> PolicyBuilder {
    let Some(max) = max else { return policy.backoff(Backoff::Fibonacci { initial: min }) };
    let (mut delays, mut previous, mut current) = (vec![min], Duration::ZERO, min);
    while current < max && delays.len() < steps.max(2) {
        (previous, current) = (current, current.saturating_add(previous));
        delays.push(current);
    }
    policy.backoff(Backoff::Table { delays })
}

/// Growth as backon computes it: a table where 32-bit floats are not what the law says.
fn single_precision(
    policy: PolicyBuilder,
    (min, max, factor): (Duration, Option<Duration>, f64),
    steps: usize,
) -> PolicyBuilder {
    let exact = policy
        .clone()
        .backoff(fields::growth(min, factor))
        .max_delay(max)
        .cap_stage(CapStage::Before)
        .uncapped_first(max.is_some_and(|max| max < min));
    let (mut delays, mut current) = (vec![min], min);
    let mut same = true;
    let mut ideal = min.as_nanos() as f64;
    while delays.len() < steps && max.is_none_or(|max| current < max) {
        let seconds = current.as_secs_f32() * factor as f32;
        let next = Duration::try_from_secs_f32(seconds).unwrap_or(Duration::MAX);
        current = max.map_or(next, |max| next.min(max));
        ideal = (ideal * factor).min(max.map_or(f64::MAX, |max| max.as_nanos() as f64));
        same &= (current.as_nanos() as f64 - ideal).abs() < 1.0;
        if current.as_nanos() > u128::from(u64::MAX) {
            break;
        }
        delays.push(current);
    }
    if let Some(max) = max.filter(|_| delays.len() < steps) {
        delays.push(max);
        delays.dedup();
    }
    if same { exact } else { policy.backoff(Backoff::Table { delays }) }
}

fn export_backon(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let mut options = match policy.backoff() {
        Backoff::Constant { delay } => {
            vec![("builder", "constant".into()), ("delay", millis(*delay))]
        }
        Backoff::Table { delays } => table_of_backon(policy, delays)?,
        Backoff::Fibonacci { initial } => vec![
            ("builder", "fibonacci".into()),
            ("min_delay", millis(*initial)),
            ("max_delay", policy.max_delay().map_or(Value::Null, millis)),
        ],
        _ => {
            let (initial, factor) = fields::exponential(policy, "backon")?;
            vec![
                ("builder", "exponential".into()),
                ("min_delay", millis(initial)),
                ("max_delay", policy.max_delay().map_or(Value::Null, millis)),
                ("factor", factor.into()),
            ]
        }
    };
    options.push((
        "max_times",
        policy.max_attempts().map_or(Value::Null, |max| (max.get() - 1).into()),
    ));
    options.push(("jitter", (*policy.jitter() != Jitter::None).into()));
    if let Some(total) = policy.max_elapsed().filter(|total| *total != fields::UNLIMITED) {
        options.push(("total_delay", millis(total)));
    }
    Ok(fields::map(options))
}

/// The builder that a table came from: its delays in 32-bit floats, or a Fibonacci sum up to its cap.
fn table_of_backon(
    policy: &RetryPolicy,
    delays: &[Duration],
) -> Result<Vec<(&'static str, Value)>, ConfigError> {
    let times =
        policy.max_attempts().map_or(MOST_STEPS, |max| (max.get() - 1).min(MOST_STEPS)) as usize;
    let (min, last) = match delays {
        [first, .., last] => (*first, *last),
        _ => (Duration::ZERO, Duration::ZERO),
    };
    let same =
        |built: PolicyBuilder| built.build().is_ok_and(|built| built.backoff() == policy.backoff());
    let plain = fields::without_hints().jitter(Jitter::None);
    if same(fibonacci(plain.clone(), min, Some(last), times)) {
        return Ok(vec![
            ("builder", "fibonacci".into()),
            ("min_delay", millis(min)),
            ("max_delay", millis(last)),
        ]);
    }
    let ratio = delays.get(1).map_or(0.0, |next| next.as_secs_f64() / min.as_secs_f64());
    let factor = if ratio < 1e6 { (ratio * 1e4 + 0.5) as u64 as f64 / 1e4 } else { 0.0 };
    for max in [Some(last), None] {
        if factor >= 1.0 && same(single_precision(plain.clone(), (min, max, factor), times)) {
            return Ok(vec![
                ("builder", "exponential".into()),
                ("min_delay", millis(min)),
                ("max_delay", max.map_or(Value::Null, millis)),
                ("factor", factor.into()),
            ]);
        }
    }
    Err(ConfigError::new("backoff", "is a table that is no builder's of backon; it has no table"))
}

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
        ("initial_interval", millis(initial)),
        ("randomization_factor", factor.into()),
        ("multiplier", multiplier.into()),
        ("max_interval", millis(policy.max_delay().unwrap_or(fields::UNLIMITED))),
        ("max_elapsed_time", elapsed.map_or(Value::Null, millis)),
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
        ("min_retry_interval", millis(initial)),
        ("max_retry_interval", millis(policy.max_delay().unwrap_or(fields::UNLIMITED))),
        ("jitter", jitter.into()),
    ];
    if let Some(max) = policy.max_attempts() {
        options.push(("max_n_retries", (max.get() - 1).into()));
    }
    if let Some(total) = policy.max_elapsed().filter(|total| *total != fields::UNLIMITED) {
        options.push(("total_retry_duration", millis(total)));
    }
    Ok(fields::map(options))
}

const STRATEGY: &[&str] = &["strategy", "from_millis", "factor", "max_delay", "jitter", "take"];

/// from_millis^(n + 1) x factor ms: the number is the first delay and the ratio. `take` counts retries.
const TOKIO_RETRY: Library = Library {
    name: "tokio-retry",
    fields: STRATEGY,
    ignored: &[],
    read: |options| {
        let kinds = ["ExponentialBackoff", "FibonacciBackoff", "FixedInterval"];
        let kind = read_builder(options, "strategy", &kinds)?;
        let backoff = powers(options, kind)?;
        let random = options.flag("jitter", false)?;
        let max = options.cap("max_delay", Unit::Millis, None)?;
        let policy = fields::without_hints()
            .backoff(backoff)
            .jitter(if random { Jitter::Full } else { Jitter::None })
            .max_delay(max);
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
    ignored: &[],
    read: |options| {
        let kinds = [
            "ExponentialBackoff",
            "ExponentialFactorBackoff",
            "FibonacciBackoff",
            "FixedInterval",
            "LinearBackoff",
        ];
        let kind = read_builder(options, "strategy", &kinds)?;
        let mut policy = fields::without_hints();
        policy = match kind {
            "ExponentialFactorBackoff" => {
                let initial = options.span("from_millis", Unit::Millis, 500)?;
                let factor = options.growth("factor", 1.5)?;
                policy.backoff(fields::growth(initial, factor))
            }
            "LinearBackoff" => {
                let initial = options.span("from_millis", Unit::Millis, 500)?;
                let increment =
                    options.optional_span("increment_millis", Unit::Millis)?.unwrap_or(initial);
                policy.backoff(Backoff::Linear { initial, increment })
            }
            kind => policy.backoff(powers(options, kind)?),
        };
        let max = options.cap("max_delay", Unit::Millis, None)?;
        policy = policy.max_delay(max).jitter(Jitter::None);
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
        Backoff::Constant { delay } => plain("FixedInterval", *delay),
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
    if policy.max_delay().is_some() {
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

/// Approximate by nature: sessions share one sequence of draws, and whole seconds are jittered apart.
const TOWER: Library = Library {
    name: "tower",
    fields: &["min", "max", "jitter", "budget", "attempts"],
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
        ("min", millis(initial)),
        ("max", policy.max_delay().map_or(Value::Null, millis)),
        ("jitter", factor.into()),
    ];
    if let Some(BudgetRule::Ratio { percent, min_per_second, window, .. }) = policy.budget() {
        options.push((
            "budget",
            Value::map([
                ("ttl", millis(*window)),
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
