//! Job servers whose delays no option changes: Faktory, Oban, Hangfire.

use redrive::{
    Backoff, Jitter, PolicyBuilder, RetryPolicy,
    policy::{End, Rounding, RoundingMode},
    time::Duration,
    wire::{ConfigError, Value},
};

use super::{
    Syntax, System, fields,
    options::{Library, Options, Unit, in_unit},
};

const SECOND: Duration = Duration::from_secs(1);

pub(super) const SYSTEMS: [System; 3] = [
    System {
        name: "faktory",
        title: "Faktory job",
        holds: "an object: retry",
        syntax: Syntax::Json,
        source: "Faktory, manager/retry.go",
        sample: "retry: 25",
        import: |tree| FAKTORY.import(tree),
        export: export_faktory,
    },
    System {
        name: "hangfire",
        title: "Hangfire AutomaticRetry",
        holds: "an object: Attempts, DelaysInSeconds, OnAttemptsExceeded",
        syntax: Syntax::Json,
        source: "Hangfire, AutomaticRetryAttribute.cs",
        sample: "Attempts: 10",
        import: |tree| HANGFIRE.import(tree),
        export: export_hangfire,
    },
    System {
        name: "oban",
        title: "Oban worker options",
        holds: "an object: max_attempts",
        syntax: Syntax::Json,
        source: "Oban, worker.ex and backoff.ex",
        sample: "max_attempts: 20",
        import: |tree| OBAN.import(tree),
        export: export_oban,
    },
];

/// n^4 + 15 + {0..29} x (n + 1) s, in both of them.
fn quartic() -> PolicyBuilder {
    let high = End { factor: 1.0, add: Duration::ZERO, add_per_retry: Duration::from_secs(30) };
    fields::without_hints()
        .backoff(Backoff::Polynomial {
            initial: SECOND,
            power: 4.0,
            offset: Duration::from_secs(15),
        })
        .jitter(Jitter::Uniform { low: End::times(1.0), high })
        .jitter_steps(30)
        .rounding(Rounding::new(SECOND, RoundingMode::Nearest, false))
}

fn is_quartic(policy: &RetryPolicy) -> Result<bool, ConfigError> {
    let own = quartic().build()?;
    Ok((policy.backoff(), policy.jitter()) == (own.backoff(), own.jitter()))
}

/// `retry` does not count the first execution; 0 loses the job, -1 kills it at once.
const FAKTORY: Library = Library {
    name: "faktory",
    fields: &["retry"],
    beside: &[],
    ignored: &[
        "jid",
        "jobtype",
        "args",
        "queue",
        "reserve_for",
        "at",
        "created_at",
        "enqueued_at",
        "failure",
        "custom",
        "backtrace",
        "priority",
    ],
    read: |options| {
        let retries = match options.get("retry").and_then(Value::as_f64) {
            Some(-1.0) => Some(0),
            _ => options.count("retry", 25)?,
        };
        if options.get("retry").and_then(Value::as_f64) == Some(0.0) {
            options.note("a job without retries vanishes there; here it is a dead letter");
        }
        Ok(options.retries(quartic(), retries, None))
    },
};

fn export_faktory(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    if !is_quartic(policy)? {
        let message = "is not Faktory's n^4 + 15 s + up to 30 s a retry, which no option changes; start from import --from faktory";
        return Err(ConfigError::new("backoff", message));
    }
    Ok(Value::map([(
        "retry",
        match fields::attempts(policy, "Faktory")? {
            1 => Value::Signed(-1),
            attempts => (attempts - 1).into(),
        },
    )]))
}

/// `Attempts` does not count the first execution; of `DelaysInSeconds` the last repeats.
const HANGFIRE: Library = Library {
    name: "hangfire",
    fields: &["Attempts", "DelaysInSeconds", "OnAttemptsExceeded", "OnlyOn", "ExceptOn"],
    beside: &[],
    ignored: &["LogEvents", "Order"],
    read: |options| {
        let retries = options.count("Attempts", 10)?;
        let exceeded = options.word("OnAttemptsExceeded", &["Fail", "Delete"], "Fail")?;
        if exceeded == "Delete" {
            options.note("an exhausted job is deleted there; here it is a dead letter");
        }
        let mut policy = match options.spans("DelaysInSeconds", Unit::Seconds)? {
            Some(delays) if !delays.is_empty() => {
                fields::without_hints().backoff(table(delays)).jitter(Jitter::None)
            }
            _ => {
                options.by_default("DelaysInSeconds", "n^4 + 15 s + up to 30 s a retry");
                quartic()
            }
        };
        let (only, except) = (options.texts("OnlyOn")?, options.texts("ExceptOn")?);
        if !only.is_empty() || !except.is_empty() {
            options.note("classes cover their subclasses there; here they are matched by name");
        }
        if !except.is_empty() {
            policy = policy.rule(fields::rule(except, redrive::Action::DeadLetter));
        }
        if !only.is_empty() {
            policy = policy
                .rule(fields::rule(only, redrive::Action::Retry))
                .default_action(redrive::Action::DeadLetter);
        }
        Ok(options.retries(policy, retries, None))
    },
};

fn table(delays: Vec<Duration>) -> Backoff {
    if delays.len() == 1 {
        Backoff::Constant { delay: delays[0] }
    } else {
        Backoff::Table { delays }
    }
}

fn export_hangfire(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let seconds = |duration: &Duration| in_unit(*duration, Unit::Seconds);
    let attempts = ("Attempts", (fields::attempts(policy, "Hangfire")? - 1).into());
    let delays = match policy.backoff() {
        Backoff::Constant { delay } => vec![seconds(delay)],
        Backoff::Table { delays } => delays.iter().map(seconds).collect(),
        _ if is_quartic(policy)? => return Ok(Value::map([attempts])),
        other => {
            let message = format!(
                "= \"{}\" cannot be written for Hangfire, which has a list of delays; write a table",
                other.kind()
            );
            return Err(ConfigError::new("backoff", message));
        }
    };
    Ok(Value::map([attempts, ("DelaysInSeconds", Value::List(delays))]))
}

/// 15 + 2^a s with up to a tenth added, in whole seconds; above 20 attempts a is scaled to 20.
const OBAN: Library = Library {
    name: "oban",
    fields: &["max_attempts"],
    beside: &[],
    ignored: &[
        "queue",
        "priority",
        "tags",
        "unique",
        "replace",
        "worker",
        "args",
        "meta",
        "schedule_in",
    ],
    read: read_oban,
};

/// More attempts than that would be a table longer than any policy's.
const MOST_OBAN: u32 = 1_000;

fn read_oban(options: &mut Options) -> Result<PolicyBuilder, ConfigError> {
    let Some(attempts) = options.count("max_attempts", 20)?.filter(|n| (1..=MOST_OBAN).contains(n))
    else {
        return Err(options.error("max_attempts", format!("is not a number from 1 to {MOST_OBAN}")));
    };
    Ok(oban(attempts))
}

fn oban(attempts: u32) -> PolicyBuilder {
    let scaled = |attempt: u32| match attempts {
        0..=20 => attempt,
        // Rounded to the nearest, as Elixir does.
        _ => (40 * attempt + attempts) / (2 * attempts),
    };
    let delay = |attempt: u32| Duration::from_secs(15 + (1_u64 << scaled(attempt).min(40)));
    fields::without_hints()
        .backoff(table((1..attempts.max(2)).map(delay).collect()))
        .jitter(Jitter::Proportional { factor: 0.1 })
        .rounding(Rounding::new(SECOND, RoundingMode::Floor, false))
        .max_attempts(attempts)
}

fn export_oban(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let attempts = fields::attempts(policy, "Oban")?;
    let own = oban(attempts.min(MOST_OBAN)).build()?;
    if policy.backoff() != own.backoff() {
        let message = "is not Oban's 15 + 2^a s for so many attempts, which no option changes; start from import --from oban";
        return Err(ConfigError::new("backoff", message));
    }
    Ok(Value::map([("max_attempts", attempts.into())]))
}
