//! backon's builders, of Rust: a builder's calls are the fields.

use redrive::{
    Backoff, Jitter, PolicyBuilder, RetryPolicy,
    policy::{CapStage, ElapsedMeasure},
    time::Duration,
    wire::{ConfigError, Value},
};

use super::{
    Syntax, System,
    durations::in_millis,
    fields,
    options::{Library, Options, Unit},
};

const DOUBLED: Jitter = Jitter::Proportional { factor: 1.0 };

pub(super) const SYSTEM: System = System {
    name: "backon",
    title: "backon builders",
    holds: "an object: builder (exponential, constant, fibonacci), min_delay, max_delay, factor, max_times, jitter",
    syntax: Syntax::Json,
    source: "backon 1.6.0, src/backoff/*.rs",
    sample: "builder: exponential\nmax_times: 3",
    import: |tree| BACKON.import(tree),
    export: export_backon,
};

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
    beside: &[],
    ignored: &["jitter_seed"],
    read: read_backon,
};

fn read_backon(options: &mut Options) -> Result<PolicyBuilder, ConfigError> {
    let builder = options.kind("builder", &["exponential", "constant", "fibonacci"])?;
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
    policy.backoff(table(delays))
}

/// A table; one delay throughout is constant.
fn table(delays: Vec<Duration>) -> Backoff {
    match delays.split_first() {
        Some((first, rest)) if rest.iter().all(|delay| delay == first) => {
            Backoff::Constant { delay: *first }
        }
        _ => Backoff::Table { delays },
    }
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
    if same { exact } else { policy.backoff(table(delays)) }
}

fn export_backon(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let mut options = match policy.backoff() {
        Backoff::Constant { delay } => {
            vec![("builder", "constant".into()), ("delay", in_millis(*delay))]
        }
        Backoff::Table { delays } => table_of_backon(policy, delays)?,
        Backoff::Fibonacci { initial } => vec![
            ("builder", "fibonacci".into()),
            ("min_delay", in_millis(*initial)),
            ("max_delay", policy.max_delay().map_or(Value::Null, in_millis)),
        ],
        _ => {
            let (initial, factor) = fields::exponential(policy, "backon")?;
            vec![
                ("builder", "exponential".into()),
                ("min_delay", in_millis(initial)),
                ("max_delay", policy.max_delay().map_or(Value::Null, in_millis)),
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
        options.push(("total_delay", in_millis(total)));
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
            ("min_delay", in_millis(min)),
            ("max_delay", in_millis(last)),
        ]);
    }
    let ratio = delays.get(1).map_or(0.0, |next| next.as_secs_f64() / min.as_secs_f64());
    let factor = if ratio < 1e6 { (ratio * 1e4 + 0.5) as u64 as f64 / 1e4 } else { 0.0 };
    for max in [Some(last), None] {
        if factor >= 1.0 && same(single_precision(plain.clone(), (min, max, factor), times)) {
            return Ok(vec![
                ("builder", "exponential".into()),
                ("min_delay", in_millis(min)),
                ("max_delay", max.map_or(Value::Null, in_millis)),
                ("factor", factor.into()),
            ]);
        }
    }
    Err(ConfigError::new("backoff", "is a table that no builder of backon makes"))
}
