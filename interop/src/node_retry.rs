//! `retry`, `async-retry` and `p-retry` for Node: one family of options.
//!
//! The n-th delay is min(round(U[1, 2) x max(minTimeout, 1) x factor^n), maxTimeout) ms; without
//! `randomize` there is no U. `retries` does not count the first call. `retry` and `async-retry` sort the
//! list of delays (`retry/lib/retry.js`, 0.13.1); `p-retry` does not (`index.js`, 7.1.1).

use redrive::{
    Jitter, PolicyBuilder, RetryPolicy,
    policy::{CapStage, ElapsedRule, Rounding, RoundingMode},
    time::Duration,
    wire::{ConfigError, Value},
};

use super::{
    Syntax, System, fields,
    options::{Library, Options, Unit, in_unit, optional},
};

const FIELDS: &[&str] =
    &["retries", "factor", "minTimeout", "maxTimeout", "randomize", "maxRetryTime", "forever"];
const IGNORED: &[&str] = &["unref", "signal", "onRetry", "onFailedAttempt"];
const MILLISECOND: Duration = Duration::from_millis(1);

const RETRY: Library = Library {
    name: "retry",
    fields: FIELDS,
    beside: &[],
    ignored: IGNORED,
    read: |options| read(options, Kind { randomize: false, sorts: true }),
};
const ASYNC_RETRY: Library = Library {
    name: "async-retry",
    read: |options| read(options, Kind { randomize: true, sorts: true }),
    ..RETRY
};
const P_RETRY: Library = Library {
    name: "p-retry",
    fields: &["retries", "factor", "minTimeout", "maxTimeout", "randomize", "maxRetryTime"],
    read: |options| read(options, Kind { randomize: false, sorts: false }),
    ..RETRY
};

pub(super) const SYSTEMS: [System; 3] = [
    System {
        name: "async-retry",
        title: "async-retry options",
        holds: "an object: retries, factor, minTimeout, maxTimeout, randomize",
        syntax: Syntax::Json,
        source: "async-retry 1.3.3, retry 0.13.1 lib/retry.js",
        sample: "retries: 10",
        import: |tree| ASYNC_RETRY.import(tree),
        export: |policy| export(policy, "async-retry"),
    },
    System {
        name: "p-retry",
        title: "p-retry options",
        holds: "an object: retries, factor, minTimeout, maxTimeout, randomize, maxRetryTime",
        syntax: Syntax::Json,
        source: "p-retry 7.1.1, index.js",
        sample: "retries: 10",
        import: |tree| P_RETRY.import(tree),
        export: |policy| export(policy, "p-retry"),
    },
    System {
        name: "retry",
        title: "retry (npm) options",
        holds: "an object: retries, factor, minTimeout, maxTimeout, randomize, forever",
        syntax: Syntax::Json,
        source: "retry 0.13.1, lib/retry.js",
        sample: "retries: 10",
        import: |tree| RETRY.import(tree),
        export: |policy| export(policy, "retry"),
    },
];

/// What differs between the three.
struct Kind {
    randomize: bool,
    sorts: bool,
}

fn read(options: &mut Options, kind: Kind) -> Result<PolicyBuilder, ConfigError> {
    let retries = options.count("retries", 10)?;
    let factor = options.number("factor", 2.0)?;
    let min = options.span("minTimeout", Unit::Millis, 1_000)?.max(MILLISECOND);
    let max = options.cap("maxTimeout", Unit::Millis, None)?;
    let random = options.flag("randomize", kind.randomize)?;
    let forever = options.says("forever") && options.flag("forever", false)?;
    if kind.sorts && max.is_some_and(|max| max < min) {
        return Err(options.error("minTimeout", "is greater than maxTimeout, which retry refuses"));
    }
    let factor = match factor {
        // p-retry reads it as 1; retry would make all delays but one 0.
        factor if factor <= 0.0 && !kind.sorts => 1.0,
        factor if factor < 1.0 => {
            let message =
                format!("= {factor} is below 1: no policy has delays that shrink by a factor");
            return Err(options.error("factor", message));
        }
        factor => factor,
    };
    if kind.sorts && random && factor < 2.0 {
        options.note(
            "the delays of a task are sorted there, which moves them when the factor is below 2",
        );
    }
    let time = options.optional_span("maxRetryTime", Unit::Millis)?;
    let rule = if kind.sorts { ElapsedRule::StopIfReached } else { ElapsedRule::Truncate };
    let policy = fields::without_hints()
        .backoff(fields::growth(min, factor))
        .jitter(if random { Jitter::Proportional { factor: 1.0 } } else { Jitter::None })
        .max_delay(max)
        .cap_stage(CapStage::After)
        .elapsed_rule(if time.is_some() { rule } else { ElapsedRule::default() })
        .rounding(Rounding::new(MILLISECOND, RoundingMode::Nearest, false));
    if forever {
        options.note("after the retries there are, the last delay repeats there; here the delays go on to grow");
        return Ok(options.retries(policy, None, time));
    }
    Ok(options.retries(policy, retries, time))
}

fn export(policy: &RetryPolicy, system: &str) -> Result<Value, ConfigError> {
    let (initial, factor) = fields::exponential(policy, system)?;
    let attempts = fields::attempts(policy, system)?;
    let mut options = vec![
        ("retries", (attempts - 1).into()),
        ("factor", factor.into()),
        ("minTimeout", in_unit(initial, Unit::Millis)),
    ];
    if let Some(max) = policy.max_delay() {
        options.push(("maxTimeout", in_unit(max, Unit::Millis)));
    }
    options.push(("randomize", (*policy.jitter() != Jitter::None).into()));
    if policy.max_elapsed().is_some() {
        options.push(("maxRetryTime", optional(policy.max_elapsed(), Unit::Millis)));
    }
    Ok(fields::map(options))
}
