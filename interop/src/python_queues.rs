//! Queues for Python: RQ, Dramatiq, Huey, and kombu's retries of a publication.

use redrive::{
    Action, Backoff, Jitter, RetryPolicy,
    policy::{CapStage, Resample, Rounding, RoundingMode},
    time::Duration,
    wire::{ConfigError, Value},
};

use super::{
    Imported, Syntax, System, fields,
    options::{Library, Unit, in_unit},
};

pub(super) const SYSTEMS: [System; 4] = [
    System {
        name: "dramatiq",
        title: "Dramatiq actor options",
        holds: "an object: max_retries, min_backoff, max_backoff, throws",
        syntax: Syntax::Json,
        source: "dramatiq 2.2.1, common.py and middleware/retries.py",
        sample: "max_retries: 20",
        import: |tree| DRAMATIQ.import(tree),
        export: export_dramatiq,
    },
    System {
        name: "huey",
        title: "Huey task options",
        holds: "an object: retries, retry_delay, retry_backoff",
        syntax: Syntax::Json,
        source: "huey 3.5.4, api.py",
        sample: "retries: 3",
        import: |tree| HUEY.import(tree),
        export: export_huey,
    },
    System {
        name: "kombu",
        title: "kombu retry_policy of a publication",
        holds: "an object: max_retries, interval_start, interval_step, interval_max",
        syntax: Syntax::Json,
        source: "kombu 5.7.0, utils/functional.py",
        sample: "max_retries: 3",
        import: |tree| KOMBU.import(tree),
        export: export_kombu,
    },
    System {
        name: "rq",
        title: "RQ Retry",
        holds: "an object: max, interval (seconds, or a list)",
        syntax: Syntax::Json,
        source: "rq 3.0.0, job.py",
        sample: "max: 3\ninterval: [10, 30, 60]",
        import: import_rq,
        export: export_rq,
    },
];

/// 15 s x 2^n in milliseconds, U[d, 2 d); a draw above the cap is drawn anew from its upper half.
const DRAMATIQ: Library = Library {
    name: "dramatiq",
    fields: &["max_retries", "min_backoff", "max_backoff", "throws", "jitter"],
    beside: &[],
    ignored: &[
        "actor_name",
        "queue_name",
        "priority",
        "max_age",
        "time_limit",
        "notify_shutdown",
        "store_results",
        "result_ttl",
        "pipe_ignore",
        "max_concurrent",
        "broker",
        "on_retry_exhausted",
    ],
    read: |options| {
        let retries = options.count("max_retries", 20)?;
        let initial = options.span("min_backoff", Unit::Millis, 15_000)?;
        let max = options.span("max_backoff", Unit::Millis, 604_800_000)?;
        let policy = fields::without_hints()
            .backoff(Backoff::Exponential { initial, multiplier: 2.0 })
            .max_delay(max);
        // The parameter of compute_backoff: an actor has no option for it.
        let random = !options.says("jitter") || options.flag("jitter", true)?;
        let mut policy = if random {
            policy
                .jitter(Jitter::Proportional { factor: 1.0 })
                .cap_stage(CapStage::Before)
                .resample_above(Resample { low: 0.5, high: 1.0 })
                .rounding(Rounding::new(Duration::from_millis(1), RoundingMode::Floor, false))
        } else {
            policy.jitter(Jitter::None)
        };
        let throws = options.texts("throws")?;
        if !throws.is_empty() {
            options.note("classes cover their subclasses there; here they are matched by name");
            policy = policy.rule(fields::rule(throws, Action::DeadLetter));
        }
        Ok(options.retries(policy, retries, None))
    },
};

fn export_dramatiq(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, _) = fields::exponential(policy, "Dramatiq")?;
    let mut options = vec![
        ("max_retries", (fields::attempts(policy, "Dramatiq")? - 1).into()),
        ("min_backoff", in_unit(initial, Unit::Millis)),
        ("max_backoff", in_unit(policy.max_delay().unwrap_or(fields::UNLIMITED), Unit::Millis)),
    ];
    if *policy.jitter() == Jitter::None {
        options.push(("jitter", false.into()));
    }
    Ok(fields::map(options))
}

/// retry_delay x retry_backoff^n s: no jitter, no cap.
const HUEY: Library = Library {
    name: "huey",
    fields: &["retries", "retry_delay", "retry_backoff"],
    beside: &[],
    ignored: &["priority", "context", "name", "expires"],
    read: |options| {
        let retries = options.count("retries", 0)?;
        let delay = options.span("retry_delay", Unit::Seconds, 0)?;
        let factor = match options.optional_number("retry_backoff")? {
            Some(factor) if factor != 0.0 => options.growth("retry_backoff", factor)?,
            _ => 1.0,
        };
        let policy =
            fields::without_hints().backoff(fields::growth(delay, factor)).jitter(Jitter::None);
        Ok(options.retries(policy, retries, None))
    },
};

fn export_huey(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (delay, factor) = fields::exponential(policy, "Huey")?;
    let mut options = vec![
        ("retries", (fields::attempts(policy, "Huey")? - 1).into()),
        ("retry_delay", in_unit(delay, Unit::Seconds)),
    ];
    if factor != 1.0 {
        options.push(("retry_backoff", factor.into()));
    }
    Ok(fields::map(options))
}

/// min(interval_start + interval_step x n, interval_max) s.
const KOMBU: Library = Library {
    name: "kombu",
    fields: &["max_retries", "interval_start", "interval_step", "interval_max"],
    beside: &[],
    ignored: &["errback"],
    read: |options| {
        let retries = options.count("max_retries", 3)?;
        let initial = options.span("interval_start", Unit::Seconds, 0)?;
        let step = |options: &mut super::options::Options, name: &str| match options
            .optional_span(name, Unit::Seconds)
        {
            Ok(None) => {
                options.by_default(name, "0.2 seconds");
                Ok(Duration::from_millis(200))
            }
            given => given.map(Option::unwrap_or_default),
        };
        let increment = step(options, "interval_step")?;
        let max = step(options, "interval_max")?;
        let policy = fields::without_hints()
            .backoff(Backoff::Linear { initial, increment })
            .jitter(Jitter::None)
            .max_delay(max);
        Ok(options.retries(policy, retries, None))
    },
};

fn export_kombu(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let seconds = |duration: Duration| in_unit(duration, Unit::Seconds);
    let (initial, increment) = match policy.backoff() {
        Backoff::Linear { initial, increment } => (*initial, *increment),
        Backoff::Constant { delay } => (*delay, Duration::ZERO),
        other => {
            let message = format!(
                "= \"{}\" cannot be written for kombu, whose delays grow by a step",
                other.kind()
            );
            return Err(ConfigError::new("backoff", message));
        }
    };
    Ok(Value::map([
        ("max_retries", (fields::attempts(policy, "kombu")? - 1).into()),
        ("interval_start", seconds(initial)),
        ("interval_step", seconds(increment)),
        ("interval_max", seconds(policy.max_delay().unwrap_or(fields::UNLIMITED))),
    ]))
}

const RQ_FIELDS: &[&str] = &["max", "interval"];
/// What a job returns is another policy than what it was enqueued with.
const RETURNED: &str = "returned";

/// Enqueued with `Retry(max, interval)`: the delays are the last `max` of the list, or the first of it
/// again and again before the others. A Retry that the job returns repeats the last.
fn import_rq(tree: &Value) -> Result<Vec<Imported>, ConfigError> {
    let enqueued = Library {
        name: "rq",
        fields: RQ_FIELDS,
        beside: &[],
        ignored: &[],
        read: |options| read_rq(options, false),
    };
    let returned = Library { read: |options| read_rq(options, true), ..enqueued };
    let mut all = Vec::new();
    for (mut own, mut other) in enqueued.import(tree)?.into_iter().zip(returned.import(tree)?) {
        other.name = format!("{}/{RETURNED}", own.name);
        other.path = String::new();
        other.is_variant = true;
        if own.policy != other.policy {
            own.remarks
                .push(format!("a Retry that the job returns is another: --name {}", other.name));
            all.extend([own, other]);
        } else {
            all.push(own);
        }
    }
    Ok(all)
}

fn read_rq(
    options: &mut super::options::Options,
    returned: bool,
) -> Result<redrive::PolicyBuilder, ConfigError> {
    let Some(max) = options.optional_count("max")? else {
        return Err(options.error("max", "is missing; write the number of retries"));
    };
    let policy = fields::without_hints().jitter(Jitter::None).max_attempts(max.saturating_add(1));
    let given = options.spans("interval", Unit::Seconds)?;
    let Some(intervals) = given.filter(|intervals| !intervals.is_empty()) else {
        options.by_default("interval", 0);
        return Ok(policy.backoff(Backoff::Constant { delay: Duration::ZERO }));
    };
    if intervals.iter().all(|interval| *interval == intervals[0]) {
        return Ok(policy.backoff(Backoff::Constant { delay: intervals[0] }));
    }
    let count = max as usize;
    let delays = if returned {
        intervals
    } else if count <= intervals.len() {
        intervals[intervals.len() - count.max(1)..].to_vec()
    } else {
        if count > 10_000 {
            return Err(options
                .error("max", format!("= {max} with a list of intervals is too long a table")));
        }
        let mut delays = vec![intervals[0]; count - intervals.len()];
        delays.extend(intervals);
        delays
    };
    if delays.iter().all(|delay| *delay == delays[0]) {
        return Ok(policy.backoff(Backoff::Constant { delay: delays[0] }));
    }
    Ok(policy.backoff(Backoff::Table { delays }))
}

fn export_rq(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let seconds = |duration: &Duration| in_unit(*duration, Unit::Seconds);
    let max = fields::attempts(policy, "RQ")? - 1;
    let interval = match policy.backoff() {
        Backoff::Constant { delay } => seconds(delay),
        // The last repeats here and the first there: a list of as many as there are retries is both.
        Backoff::Table { delays } if delays.len() < max as usize && max <= 1_000 => {
            let last = delays.last().copied().unwrap_or_default();
            let delays = delays.iter().chain(core::iter::repeat(&last)).take(max as usize);
            Value::List(delays.map(seconds).collect())
        }
        Backoff::Table { delays } => {
            Value::List(delays.iter().take(max as usize).map(seconds).collect())
        }
        other => {
            let message = format!(
                "= \"{}\" cannot be written for RQ, which has a list of intervals; write a table",
                other.kind()
            );
            return Err(ConfigError::new("backoff", message));
        }
    };
    Ok(Value::map([("max", max.into()), ("interval", interval)]))
}
