//! HTTP clients for JavaScript: axios-retry, got, ky.

use redrive::{
    Action, Backoff, Jitter, PolicyBuilder, RetryPolicy,
    policy::{CapStage, End, HintMode, RetryAfter, WhenLonger},
    time::Duration,
    wire::{ConfigError, Value},
};

use super::{
    Syntax, System,
    fields::{self, UNLIMITED},
    options::{Library, Options, Unit, in_unit, optional},
};

pub(super) const SYSTEMS: [System; 3] = [
    System {
        name: "axios-retry",
        title: "axios-retry options",
        holds: "an object: retries, retryDelay (exponentialDelay, linearDelay, noDelay), delayFactor",
        syntax: Syntax::Json,
        source: "axios-retry 4.5.0, esm/index.js",
        sample: "retries: 3",
        import: |tree| AXIOS_RETRY.import(tree),
        export: export_axios,
    },
    System {
        name: "got",
        title: "got retry options",
        holds: "an object: limit, backoffLimit, noise, maxRetryAfter, statusCodes",
        syntax: Syntax::Json,
        source: "got 14.6.6, core/calculate-retry-delay.js",
        sample: "limit: 2",
        import: |tree| GOT.import(tree),
        export: export_got,
    },
    System {
        name: "ky",
        title: "ky retry options",
        holds: "an object: limit, backoffLimit, jitter, maxRetryAfter, statusCodes",
        syntax: Syntax::Json,
        source: "ky 1.x, core/Ky.ts",
        sample: "limit: 2",
        import: |tree| KY.import(tree),
        export: export_ky,
    },
];

/// factor x 2^(n + 1) x U[1, 1.2), factor x (n + 1), or nothing. Retry-After is the least of it.
const AXIOS_RETRY: Library = Library {
    name: "axios-retry",
    fields: &["retries", "retryDelay", "delayFactor", "shouldResetTimeout"],
    beside: &[],
    ignored: &["validateResponse", "disableOtherResponseInterceptors"],
    read: |options| {
        let retries = options.count("retries", 3)?;
        let words = ["exponentialDelay", "linearDelay", "noDelay"];
        let kind = options.word("retryDelay", &words, "noDelay")?;
        let factor = match kind {
            "noDelay" => Duration::ZERO,
            _ => options.span("delayFactor", Unit::Millis, 100)?,
        };
        if !options.says("shouldResetTimeout") {
            options.remark(
                "the request's timeout spans all attempts there unless shouldResetTimeout is true",
            );
        }
        let hint = RetryAfter::new(HintMode::AtLeast).max(UNLIMITED);
        let (backoff, jitter) = match kind {
            "exponentialDelay" => {
                let initial = factor.saturating_mul(2);
                (
                    Backoff::Exponential { initial, multiplier: 2.0 },
                    Jitter::Proportional { factor: 0.2 },
                )
            }
            "linearDelay" => (Backoff::Linear { initial: factor, increment: factor }, Jitter::None),
            _ => (Backoff::Constant { delay: Duration::ZERO }, Jitter::None),
        };
        options.remark("requests that are not idempotent are not retried there");
        let policy = RetryPolicy::builder()
            .backoff(backoff)
            .jitter(jitter)
            .retry_after(hint.jitter(jitter))
            .rule(fields::named(&["429", "5xx"], Action::Retry))
            .rule(fields::named(&["ECONNABORTED"], Action::DeadLetter))
            .rule(fields::named(&["connection", "reset", "timeout"], Action::Retry))
            .default_action(Action::DeadLetter);
        Ok(options.retries(policy, retries, None))
    },
};

fn export_axios(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (kind, factor) = match policy.backoff() {
        Backoff::Constant { .. } => ("noDelay", None),
        Backoff::Linear { initial, .. } => ("linearDelay", Some(*initial)),
        _ => ("exponentialDelay", Some(fields::exponential(policy, "axios-retry")?.0 / 2)),
    };
    let mut options = vec![
        ("retries", (fields::attempts(policy, "axios-retry")? - 1).into()),
        ("retryDelay", kind.into()),
    ];
    if let Some(factor) = factor {
        options.push(("delayFactor", in_unit(factor, Unit::Millis)));
    }
    Ok(fields::map(options))
}

/// What both clients retry unless told otherwise, and got's own beside it.
const STATUS: [u16; 7] = [408, 413, 429, 500, 502, 503, 504];
const GOT_STATUS: [u16; 10] = [408, 413, 429, 500, 502, 503, 504, 521, 522, 524];

fn statuses(options: &mut Options, usual: &[u16]) -> Result<Vec<String>, ConfigError> {
    let path = options.path_of("statusCodes");
    let codes = match options.get("statusCodes") {
        None => {
            options.by_default(
                "statusCodes",
                usual.iter().map(u16::to_string).collect::<Vec<_>>().join(" "),
            );
            return Ok(usual.iter().map(u16::to_string).collect());
        }
        Some(Value::List(codes)) => codes,
        Some(_) => return Err(ConfigError::new(path, "is not a list of statuses")),
    };
    codes
        .iter()
        .map(|code| match fields::count(code, &path)? {
            status @ 100..=599 => Ok(status.to_string()),
            other => {
                Err(ConfigError::new(&*path, format!("has {other} in it, which is not a status")))
            }
        })
        .collect()
}

fn retrying(policy: PolicyBuilder, codes: Vec<String>) -> PolicyBuilder {
    let policy =
        if codes.is_empty() { policy } else { policy.rule(fields::rule(codes, Action::Retry)) };
    policy
        .rule(fields::named(&["4xx", "5xx"], Action::DeadLetter))
        .rule(fields::named(&["connection", "reset", "timeout"], Action::Retry))
        .default_action(Action::DeadLetter)
}

/// The statuses that a policy retries, as the clients list them.
fn codes_of(policy: &RetryPolicy) -> Value {
    let codes = fields::retried(policy).filter_map(|code| code.parse::<u16>().ok());
    Value::List(codes.map(|code| u64::from(code).into()).collect())
}

/// min(1 s x 2^n, backoffLimit) + U[0, noise): the noise comes after the cap. Retry-After is taken as it
/// is; one above `maxRetryAfter` ends it.
const GOT: Library = Library {
    name: "got",
    fields: &["limit", "backoffLimit", "noise", "maxRetryAfter", "statusCodes"],
    beside: &["methods", "errorCodes"],
    ignored: &["enforceRetryRules"],
    read: |options| {
        let retries = options.count("limit", 2)?;
        let cap = options.cap("backoffLimit", Unit::Millis, None)?;
        let noise = options.span("noise", Unit::Millis, 100)?;
        let longest = options.optional_span("maxRetryAfter", Unit::Millis)?;
        let codes = statuses(options, &GOT_STATUS)?;
        options.unread(&["methods", "errorCodes"]);
        options
            .remark("only idempotent methods are retried there, and 413 only with a Retry-After");
        let initial = Duration::from_secs(1);
        let high = End { add: noise, ..End::times(1.0) };
        let hint = RetryAfter::new(HintMode::Replace).jitter(Jitter::None);
        let policy = RetryPolicy::builder()
            .backoff(Backoff::Exponential { initial, multiplier: 2.0 })
            .jitter(Jitter::Uniform { low: End::times(1.0), high })
            .max_delay(cap)
            .cap_stage(CapStage::Before)
            .retry_after(hint.max(longest.unwrap_or(UNLIMITED)).when_longer(WhenLonger::GiveUp));
        Ok(options.retries(retrying(policy, codes), retries, None))
    },
};

fn export_got(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    fields::exponential(policy, "got")?;
    let mut options = vec![("limit", (fields::attempts(policy, "got")? - 1).into())];
    if policy.max_delay().is_some() {
        options.push(("backoffLimit", optional(policy.max_delay(), Unit::Millis)));
    }
    let (_, high) = policy.jitter().ends();
    options.push(("noise", in_unit(high.add, Unit::Millis)));
    if policy.retry_after().mode == HintMode::Replace && policy.retry_after().max != UNLIMITED {
        options.push(("maxRetryAfter", in_unit(policy.retry_after().max, Unit::Millis)));
    }
    options.push(("statusCodes", codes_of(policy)));
    Ok(fields::map(options))
}

/// min(U x 300 ms x 2^n, backoffLimit); Retry-After in place of it, no longer than `maxRetryAfter`.
const KY: Library = Library {
    name: "ky",
    fields: &["limit", "backoffLimit", "jitter", "maxRetryAfter", "statusCodes", "retryOnTimeout"],
    beside: &["methods", "afterStatusCodes"],
    ignored: &[],
    read: |options| {
        let retries = options.count("limit", 2)?;
        let cap = options.cap("backoffLimit", Unit::Millis, None)?;
        let random = options.flag("jitter", false)?;
        let longest = options.optional_span("maxRetryAfter", Unit::Millis)?;
        let codes = statuses(options, &STATUS)?;
        let timeouts = options.flag("retryOnTimeout", false)?;
        options.unread(&["methods", "afterStatusCodes"]);
        options.remark("only idempotent methods are retried there, and Retry-After is read at 413, 429 and 503");
        let hint = RetryAfter::new(HintMode::Replace).jitter(Jitter::None);
        let mut policy = RetryPolicy::builder()
            .backoff(Backoff::Exponential { initial: Duration::from_millis(300), multiplier: 2.0 })
            .jitter(if random { Jitter::Full } else { Jitter::None })
            .max_delay(cap)
            .cap_stage(CapStage::After)
            .retry_after(hint.max(longest.unwrap_or(UNLIMITED)));
        if !timeouts {
            policy = policy.rule(fields::named(&["TimeoutError"], Action::DeadLetter));
        }
        Ok(options.retries(retrying(policy, codes), retries, None))
    },
};

fn export_ky(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    fields::exponential(policy, "ky")?;
    let mut options = vec![("limit", (fields::attempts(policy, "ky")? - 1).into())];
    if policy.max_delay().is_some() {
        options.push(("backoffLimit", optional(policy.max_delay(), Unit::Millis)));
    }
    options.push(("jitter", (*policy.jitter() != Jitter::None).into()));
    if policy.retry_after().max != UNLIMITED {
        options.push(("maxRetryAfter", in_unit(policy.retry_after().max, Unit::Millis)));
    }
    options.push(("statusCodes", codes_of(policy)));
    let is_fatal = |rule: &redrive::Rule| {
        rule.action == Action::DeadLetter && rule.matches.iter().any(|text| text == "TimeoutError")
    };
    options.push(("retryOnTimeout", (!policy.rules().iter().any(is_fatal)).into()));
    Ok(fields::map(options))
}
