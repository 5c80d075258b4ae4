//! Retry libraries for Python: stamina, backoff, urllib3, opnieuw, google-api-core.

use redrive::{
    Action, Backoff, Jitter, PolicyBuilder, RetryPolicy,
    policy::{CapStage, ElapsedRule, End, HintMode, RetryAfter},
    time::{Duration, nanos},
    wire::{ConfigError, Value},
};

use super::{
    Syntax, System, fields,
    options::{Library, Options, Unit, in_unit, optional},
};

pub(super) const SYSTEMS: [System; 5] = [
    System {
        name: "backoff-python",
        title: "backoff (Python) decorator arguments",
        holds: "an object: wait_gen (expo, fibo, constant), max_tries, max_time, jitter, base, factor, max_value",
        syntax: Syntax::Json,
        source: "backoff 2.2.1, _wait_gen.py and _jitter.py",
        sample: "wait_gen: expo\nmax_tries: 8",
        import: |tree| BACKOFF.import(tree),
        export: export_backoff,
    },
    System {
        name: "google-api-core",
        title: "google-api-core Retry",
        holds: "an object: initial, maximum, multiplier, timeout",
        syntax: Syntax::Json,
        source: "google-api-core 2.44, retry/retry_base.py",
        sample: "initial: 1.0",
        import: |tree| GOOGLE.import(tree),
        export: export_google,
    },
    System {
        name: "opnieuw",
        title: "opnieuw decorator arguments",
        holds: "an object: max_calls_total, retry_window_after_first_call_in_seconds",
        syntax: Syntax::Json,
        source: "opnieuw 4.0.0, retries.py",
        sample: "max_calls_total: 4\nretry_window_after_first_call_in_seconds: 60",
        import: |tree| OPNIEUW.import(tree),
        export: export_opnieuw,
    },
    System {
        name: "stamina",
        title: "stamina retry arguments",
        holds: "an object: attempts, timeout, wait_initial, wait_max, wait_jitter, wait_exp_base",
        syntax: Syntax::Json,
        source: "stamina 26.1.0, _core.py",
        sample: "attempts: 10",
        import: |tree| STAMINA.import(tree),
        export: export_stamina,
    },
    System {
        name: "urllib3",
        title: "urllib3 Retry",
        holds: "an object: total, backoff_factor, backoff_max, backoff_jitter, status_forcelist",
        syntax: Syntax::Json,
        source: "urllib3 2.8.0, util/retry.py",
        sample: "total: 10",
        import: |tree| URLLIB3.import(tree),
        export: export_urllib3,
    },
];

fn seconds(duration: Duration) -> Value {
    in_unit(duration, Unit::Seconds)
}

fn added(add: Duration) -> Jitter {
    Jitter::Uniform { low: End::times(1.0), high: End { add, ..End::times(1.0) } }
}

/// Only the exceptions that are named are retried.
fn only(
    options: &mut Options,
    name: &str,
    policy: PolicyBuilder,
) -> Result<PolicyBuilder, ConfigError> {
    let classes = options.texts(name)?;
    if classes.is_empty()
        || classes.iter().any(|class| class == "Exception" || class == "BaseException")
    {
        return Ok(policy);
    }
    options.note("classes cover their subclasses there; here they are matched by name");
    Ok(policy.rule(fields::rule(classes, Action::Retry)).default_action(Action::DeadLetter))
}

/// min(max, initial x base^n + U[0, jitter)): the cap comes last, so that it ends as one delay.
const STAMINA: Library = Library {
    name: "stamina",
    fields: &[
        "attempts",
        "timeout",
        "wait_initial",
        "wait_max",
        "wait_jitter",
        "wait_exp_base",
        "on",
    ],
    beside: &[],
    ignored: &["name"],
    read: |options| {
        let attempts = if options.says("attempts") {
            options.optional_count("attempts")?
        } else {
            options.count("attempts", 10)?
        };
        let timeout = options.cap("timeout", Unit::Seconds, Some(45))?;
        let initial = match options.optional_span("wait_initial", Unit::Seconds)? {
            Some(initial) => initial,
            None => {
                options.by_default("wait_initial", "0.1 seconds");
                Duration::from_millis(100)
            }
        };
        let max = options.span("wait_max", Unit::Seconds, 5)?;
        let jitter = options.span("wait_jitter", Unit::Seconds, 1)?;
        let base = options.growth("wait_exp_base", 2.0)?;
        let policy = fields::without_hints()
            .backoff(fields::growth(initial, base))
            .jitter(if jitter.is_zero() { Jitter::None } else { added(jitter) })
            .max_delay(max)
            .cap_stage(CapStage::After)
            .elapsed_rule(if timeout.is_some() {
                ElapsedRule::StopIfReached
            } else {
                ElapsedRule::default()
            });
        let policy = only(options, "on", policy)?;
        Ok(options.attempts(policy, attempts, timeout))
    },
};

fn export_stamina(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, base) = fields::exponential(policy, "stamina")?;
    let (_, high) = policy.jitter().ends();
    let max = policy.max_delay().unwrap_or(fields::UNLIMITED);
    let timeout = policy.max_elapsed().filter(|elapsed| *elapsed != fields::UNLIMITED);
    Ok(Value::map([
        ("attempts", policy.max_attempts().map_or(Value::Null, |max| max.get().into())),
        ("timeout", optional(timeout, Unit::Seconds)),
        ("wait_initial", seconds(initial)),
        ("wait_max", seconds(max)),
        ("wait_jitter", seconds(high.add)),
        ("wait_exp_base", base.into()),
    ]))
}

/// factor x base^n, interval x fibonacci or interval, capped by `max_value`, then jittered: U[0, d] by
/// default. `max_tries` counts the first.
const BACKOFF: Library = Library {
    name: "backoff-python",
    fields: &[
        "wait_gen",
        "max_tries",
        "max_time",
        "jitter",
        "base",
        "factor",
        "max_value",
        "interval",
        "exception",
    ],
    beside: &[],
    ignored: &["logger", "backoff_log_level", "giveup_log_level", "raise_on_giveup"],
    read: read_backoff,
};

fn read_backoff(options: &mut Options) -> Result<PolicyBuilder, ConfigError> {
    let kinds = ["expo", "fibo", "constant"];
    if !options.says("wait_gen") {
        return Err(
            options.error("wait_gen", format!("is missing; write one of {}", kinds.join(", ")))
        );
    }
    let kind = options.word("wait_gen", &kinds, "expo")?;
    let mut tries = options.optional_count("max_tries")?;
    let second = Duration::from_secs(1);
    let backoff = match kind {
        "expo" => {
            options.only(
                &[
                    "wait_gen",
                    "max_tries",
                    "max_time",
                    "jitter",
                    "base",
                    "factor",
                    "max_value",
                    "exception",
                ],
                "expo",
            )?;
            let base = options.growth("base", 2.0)?;
            fields::growth(options.span("factor", Unit::Seconds, 1)?, base)
        }
        "fibo" => {
            options.only(
                &["wait_gen", "max_tries", "max_time", "jitter", "max_value", "exception"],
                "fibo",
            )?;
            Backoff::Fibonacci { initial: second }
        }
        _ => {
            options.only(
                &["wait_gen", "max_tries", "max_time", "jitter", "interval", "exception"],
                "constant",
            )?;
            match options.spans("interval", Unit::Seconds)? {
                None => {
                    options.by_default("interval", 1);
                    Backoff::Constant { delay: second }
                }
                Some(delays)
                    if delays.len() == 1
                        && !matches!(options.get("interval"), Some(Value::List(_))) =>
                {
                    Backoff::Constant { delay: delays[0] }
                }
                Some(delays) => {
                    // Once the list is over it gives up.
                    let most = u32::try_from(delays.len()).unwrap_or(u32::MAX).saturating_add(1);
                    tries = Some(tries.map_or(most, |tries| tries.min(most)));
                    Backoff::Table { delays }
                }
            }
        }
    };
    let jitter = if options.says("jitter") && options.get("jitter").is_none() {
        Jitter::None
    } else {
        match options.word("jitter", &["full_jitter", "random_jitter", "none"], "full_jitter")? {
            "full_jitter" => Jitter::Full,
            "random_jitter" => added(second),
            _ => Jitter::None,
        }
    };
    let time = options.optional_span("max_time", Unit::Seconds)?;
    if time.is_some() {
        options.note(
            "max_time is compared with the time before the call there, here with the time after it",
        );
    }
    let max =
        if kind == "constant" { None } else { options.cap("max_value", Unit::Seconds, None)? };
    let policy = fields::without_hints().backoff(backoff).jitter(jitter).max_delay(max);
    let policy = if jitter == Jitter::Full || max.is_none() {
        policy
    } else {
        policy.cap_stage(CapStage::Before)
    };
    let policy = policy.elapsed_rule(if time.is_some() {
        ElapsedRule::Truncate
    } else {
        ElapsedRule::default()
    });
    let policy = only(options, "exception", policy)?;
    Ok(options.attempts(policy, tries, time))
}

fn export_backoff(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let mut options = match policy.backoff() {
        Backoff::Constant { delay } => {
            vec![("wait_gen", "constant".into()), ("interval", seconds(*delay))]
        }
        Backoff::Table { delays } => {
            let delays = delays.iter().map(|delay| seconds(*delay)).collect();
            vec![("wait_gen", "constant".into()), ("interval", Value::List(delays))]
        }
        Backoff::Fibonacci { .. } => vec![("wait_gen", "fibo".into())],
        _ => {
            let (initial, base) = fields::exponential(policy, "backoff")?;
            vec![("wait_gen", "expo".into()), ("base", base.into()), ("factor", seconds(initial))]
        }
    };
    let constant = matches!(policy.backoff(), Backoff::Constant { .. } | Backoff::Table { .. });
    if let (Some(max), false) = (policy.max_delay(), constant) {
        options.push(("max_value", seconds(max)));
    }
    let jitter = match policy.jitter() {
        Jitter::None => Value::Null,
        Jitter::Uniform { .. } => "random_jitter".into(),
        _ => "full_jitter".into(),
    };
    options.push(("jitter", jitter));
    // The end of a list of intervals ends the retries.
    let listed = match policy.backoff() {
        Backoff::Table { delays } => delays.len() + 1,
        _ => usize::MAX,
    };
    if let Some(max) = policy.max_attempts().filter(|max| (max.get() as usize) < listed) {
        options.push(("max_tries", max.get().into()));
    }
    Ok(fields::map(options))
}

/// Nothing before the first retry, then min(factor x 2^n + U[0, jitter), max). Retry-After is taken as it
/// is at 413, 429 and 503. `total` does not count the first call.
const URLLIB3: Library = Library {
    name: "urllib3",
    fields: &[
        "total",
        "backoff_factor",
        "backoff_max",
        "backoff_jitter",
        "status_forcelist",
        "respect_retry_after_header",
        "retry_after_max",
        "connect",
        "read",
        "status",
        "other",
    ],
    beside: &["allowed_methods", "redirect"],
    ignored: &["raise_on_redirect", "raise_on_status", "history", "remove_headers_on_redirect"],
    read: |options| {
        let retries = options.count("total", 10)?;
        let initial = options.span("backoff_factor", Unit::Seconds, 0)?;
        let max = options.span("backoff_max", Unit::Seconds, 120)?;
        let jitter = options.span("backoff_jitter", Unit::Seconds, 0)?;
        if ["connect", "read", "status", "other"].iter().any(|name| options.get(name).is_some()) {
            options.note(
                "connect, read, status and other are counted apart there; here total alone counts",
            );
        }
        let hints = if options.flag("respect_retry_after_header", true)? {
            let longest = options.span("retry_after_max", Unit::Seconds, 21_600)?;
            RetryAfter::new(HintMode::Replace).jitter(Jitter::None).max(longest)
        } else {
            RetryAfter::ignored()
        };
        let path = options.path_of("status_forcelist");
        let codes: Vec<String> = match options.get("status_forcelist") {
            None => Vec::new(),
            Some(Value::List(codes)) => {
                let codes: Result<Vec<u32>, _> =
                    codes.iter().map(|code| fields::count(code, &path)).collect();
                codes?.iter().map(u32::to_string).collect()
            }
            Some(_) => return Err(ConfigError::new(path, "is not a list of statuses")),
        };
        options.unread(&["allowed_methods", "redirect"]);
        options.remark("only idempotent methods are retried there; 413, 429 and 503 with a Retry-After are, too");
        let mut policy = RetryPolicy::builder()
            .backoff(Backoff::Exponential { initial, multiplier: 2.0 })
            .first_delay(Duration::ZERO)
            .jitter(if jitter.is_zero() { Jitter::None } else { added(jitter) })
            .max_delay(max)
            .cap_stage(CapStage::After)
            .retry_after(hints);
        if !codes.is_empty() {
            policy = policy.rule(fields::rule(codes, Action::Retry));
        }
        let policy = policy
            .rule(fields::named(&["4xx", "5xx"], Action::DeadLetter))
            .rule(fields::named(&["connection", "reset", "timeout"], Action::Retry))
            .default_action(Action::DeadLetter);
        Ok(options.retries(policy, retries, None))
    },
};

fn export_urllib3(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, _) = fields::exponential(policy, "urllib3")?;
    if policy.first_delay() != Some(Duration::ZERO) {
        let message = "is not 0: urllib3 makes the first retry at once; write firstDelay = \"0s\"";
        return Err(ConfigError::new("backoff.firstDelay", message));
    }
    let (_, high) = policy.jitter().ends();
    let codes = fields::retried(policy).filter_map(|code| code.parse::<u16>().ok());
    let hints = policy.retry_after();
    let mut options = vec![
        ("total", (fields::attempts(policy, "urllib3")? - 1).into()),
        ("backoff_factor", seconds(initial)),
        ("backoff_max", seconds(policy.max_delay().unwrap_or(fields::UNLIMITED))),
        ("backoff_jitter", seconds(high.add)),
        ("status_forcelist", Value::List(codes.map(|code| u64::from(code).into()).collect())),
        ("respect_retry_after_header", (hints.mode != HintMode::Ignore).into()),
    ];
    if hints.mode == HintMode::Replace {
        options.push(("retry_after_max", seconds(hints.max)));
    }
    Ok(fields::map(options))
}

/// U[0, min(initial x multiplier^n, maximum)], until the timeout would pass.
const GOOGLE: Library = Library {
    name: "google-api-core",
    fields: &["initial", "maximum", "multiplier", "timeout", "deadline"],
    beside: &["predicate"],
    ignored: &["on_error"],
    read: |options| {
        let initial = options.span("initial", Unit::Seconds, 1)?;
        let max = options.span("maximum", Unit::Seconds, 60)?;
        let multiplier = options.growth("multiplier", 2.0)?;
        let name = if options.says("deadline") { "deadline" } else { "timeout" };
        let timeout = options.cap(name, Unit::Seconds, Some(120))?;
        options.unread(&["predicate"]);
        options.remark("the default predicate retries 429, 500, 503 and connection errors");
        let policy = fields::without_hints()
            .backoff(fields::growth(initial, multiplier))
            .jitter(Jitter::Full)
            .max_delay(max);
        Ok(options.attempts(policy, None, timeout))
    },
};

fn export_google(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let (initial, multiplier) = fields::exponential(policy, "google-api-core")?;
    let timeout = policy.max_elapsed().filter(|elapsed| *elapsed != fields::UNLIMITED);
    Ok(Value::map([
        ("initial", seconds(initial)),
        ("maximum", seconds(policy.max_delay().unwrap_or(fields::UNLIMITED))),
        ("multiplier", multiplier.into()),
        ("timeout", optional(timeout, Unit::Seconds)),
    ]))
}

/// Full jitter whose base is solved from the window: base x (2^(calls - 1) - 1) = window.
const OPNIEUW: Library = Library {
    name: "opnieuw",
    fields: &["max_calls_total", "retry_window_after_first_call_in_seconds", "retry_on_exceptions"],
    beside: &[],
    ignored: &["namespace"],
    read: |options| {
        let Some(calls) =
            options.count("max_calls_total", 3)?.filter(|calls| (1..=64).contains(calls))
        else {
            return Err(options.error("max_calls_total", "is not a number from 1 to 64"));
        };
        let window = options.span("retry_window_after_first_call_in_seconds", Unit::Seconds, 60)?;
        let parts = if calls < 2 { 1 } else { (1_u64 << (calls - 1)) - 1 };
        let initial = Duration::from_nanos((nanos(window) as f64 / parts as f64 + 0.5) as u64);
        let policy = fields::without_hints()
            .backoff(Backoff::Exponential { initial, multiplier: 2.0 })
            .jitter(Jitter::Full);
        let policy = only(options, "retry_on_exceptions", policy)?;
        Ok(options.attempts(policy, Some(calls), Some(window)))
    },
};

fn export_opnieuw(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let calls = fields::attempts(policy, "opnieuw")?;
    fields::exponential(policy, "opnieuw")?;
    let Some(window) = policy.max_elapsed() else {
        let message = "= null cannot be written for opnieuw, whose delays come from a window";
        return Err(ConfigError::new("maxElapsed", message));
    };
    Ok(Value::map([
        ("max_calls_total", calls.into()),
        ("retry_window_after_first_call_in_seconds", seconds(window)),
    ]))
}
