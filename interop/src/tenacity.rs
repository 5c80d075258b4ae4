//! tenacity's arguments (9.2.1, `wait.py`, `stop.py`): the calls as groups, `wait_exponential(max=10)` as
//! `wait: {wait_exponential: {max: 10}}` and `stop_after_attempt(3)` as `stop: {stop_after_attempt: 3}`.
//!
//! `min` wins over `max`. A list under `stop` stops at the first, one under `wait` adds up.

use redrive::{
    Backoff, Jitter, PolicyBuilder, RetryPolicy,
    policy::{CapStage, ElapsedRule, End},
    time::{Duration, nanos},
    wire::{ConfigError, Value},
};

use super::{
    Syntax, System, fields,
    options::{Library, Options, Unit, in_unit, optional, span},
};

pub(super) const SYSTEM: System = System {
    name: "tenacity",
    title: "tenacity stop and wait",
    holds: "an object: stop (stop_after_attempt, ...), wait (wait_exponential, ...)",
    syntax: Syntax::Json,
    source: "tenacity 9.2.1, wait.py and stop.py",
    sample: "stop: {stop_after_attempt: 6}\nwait: {wait_random_exponential: {min: 1, max: 60}}",
    import: |tree| TENACITY.import(tree),
    export,
};

const TENACITY: Library = Library {
    name: "tenacity",
    fields: &["stop", "wait"],
    beside: &["retry"],
    ignored: &[
        "reraise",
        "before",
        "after",
        "before_sleep",
        "retry_error_callback",
        "sleep",
        "name",
    ],
    read: |options| {
        let (mut attempts, mut elapsed, mut rule) = (None, None, ElapsedRule::default());
        let path = options.path_of("stop");
        for (name, value) in calls(options.get("stop"), &path)? {
            let path = fields::join(&path, &name);
            match name.as_str() {
                "stop_after_attempt" => {
                    attempts =
                        Some(fields::count(first(&value, "max_attempt_number"), &path)?.max(1));
                }
                "stop_after_delay" | "stop_before_delay" => {
                    elapsed = Some(span(first(&value, "max_delay"), &path, Unit::Seconds)?);
                    if name == "stop_after_delay" {
                        rule = ElapsedRule::StopIfReached;
                    } else {
                        options.note("stop_before_delay also ends a wait that would end at the limit to the instant");
                    }
                }
                "stop_never" => {}
                _ => {
                    let message = "is not known here; There are: stop_after_attempt, stop_after_delay, \
                                   stop_before_delay, stop_never";
                    return Err(ConfigError::new(path, message));
                }
            }
        }
        options.unread(&["retry"]);
        let policy = read_wait(options)?.elapsed_rule(rule);
        Ok(options.attempts(policy, attempts, elapsed))
    },
};

/// The calls under a field: `{name: arguments}`, a name, or a list of both.
fn calls(value: Option<&Value>, path: &str) -> Result<Vec<(String, Value)>, ConfigError> {
    match value {
        None => Ok(Vec::new()),
        Some(Value::Text(name)) => Ok(vec![(name.clone(), Value::Null)]),
        Some(Value::Map(entries)) => Ok(entries.clone()),
        Some(Value::List(items)) => {
            let lists: Result<Vec<_>, _> =
                items.iter().map(|item| calls(Some(item), path)).collect();
            Ok(lists?.into_iter().flatten().collect())
        }
        Some(other) => {
            Err(ConfigError::new(path, format!("= {other} is not a call like stop_after_attempt")))
        }
    }
}

/// The one argument of a call, however it is given.
fn first<'v>(value: &'v Value, name: &str) -> &'v Value {
    fields::field(value, name).unwrap_or(value)
}

/// One wait; the cap and the jitter of the whole.
#[derive(Default)]
struct Waits {
    policy: Option<PolicyBuilder>,
    low: Duration,
    high: Duration,
}

fn read_wait(options: &mut Options) -> Result<PolicyBuilder, ConfigError> {
    let path = options.path_of("wait");
    let given = calls(options.get("wait"), &path)?;
    if given.is_empty() {
        options.by_default("wait", "none");
    }
    let mut sum = Waits::default();
    for (name, value) in given {
        let path = fields::join(&path, &name);
        match name.as_str() {
            "wait_none" => {}
            "wait_random" => {
                let mut group = arguments(&value, &path, &["min", "max"])?;
                sum.low = sum.low.saturating_add(group.span("min", Unit::Seconds, 0)?);
                sum.high = sum.high.saturating_add(group.span("max", Unit::Seconds, 1)?);
                options.absorb(group);
            }
            "wait_fixed" if sum.policy.is_some() => {
                let delay = span(first(&value, "wait"), &path, Unit::Seconds)?;
                (sum.low, sum.high) =
                    (sum.low.saturating_add(delay), sum.high.saturating_add(delay));
            }
            _ if sum.policy.is_some() => {
                return Err(ConfigError::new(
                    path,
                    "cannot be added to another wait that grows; write out the table",
                ));
            }
            _ => sum.policy = Some(wait(options, &name, &value, &path)?),
        }
    }
    let nothing = || {
        fields::without_hints()
            .backoff(Backoff::Constant { delay: Duration::ZERO })
            .jitter(Jitter::None)
    };
    let policy = sum.policy.unwrap_or_else(nothing);
    if sum.high.is_zero() && sum.low.is_zero() {
        return Ok(policy);
    }
    let is_jittered = policy.clone().build()?;
    if *is_jittered.jitter() != Jitter::None {
        return Err(ConfigError::new(
            path,
            "adds random waits to a random one; no policy draws twice for one delay",
        ));
    }
    let end = |add| End { add, ..End::times(1.0) };
    // The random wait comes on top of a wait that was capped by itself.
    let policy =
        policy.jitter(Jitter::Uniform { low: end(sum.low), high: end(sum.high.max(sum.low)) });
    Ok(policy.cap_stage(CapStage::Before))
}

fn arguments(value: &Value, path: &str, known: &[&'static str]) -> Result<Options, ConfigError> {
    let empty = Value::Map(Vec::new());
    let tree = if *value == Value::Null { &empty } else { value };
    Ok(Options::new(fields::pick(tree, path, known, &[])?, path))
}

fn wait(
    options: &mut Options,
    name: &str,
    value: &Value,
    path: &str,
) -> Result<PolicyBuilder, ConfigError> {
    let policy = fields::without_hints().jitter(Jitter::None);
    Ok(match name {
        "wait_fixed" => policy
            .backoff(Backoff::Constant { delay: span(first(value, "wait"), path, Unit::Seconds)? }),
        "wait_incrementing" => incrementing(options, policy, value, path)?,
        "wait_chain" => {
            let Value::List(items) = first(value, "strategies") else {
                return Err(ConfigError::new(path, "is not a list of waits"));
            };
            let mut delays = Vec::new();
            for item in items {
                for (name, value) in calls(Some(item), path)? {
                    if name != "wait_fixed" {
                        return Err(ConfigError::new(
                            path,
                            format!("has {name} in it; only wait_fixed makes a table"),
                        ));
                    }
                    delays.push(span(first(&value, "wait"), path, Unit::Seconds)?);
                }
            }
            policy.backoff(Backoff::Table { delays })
        }
        "wait_exponential"
        | "wait_random_exponential"
        | "wait_full_jitter"
        | "wait_exponential_jitter" => exponential(options, policy, (name, value), path)?,
        _ => {
            let message = "is not known here; There are: wait_none, wait_fixed, wait_random, wait_incrementing, \
                           wait_chain, wait_exponential, wait_random_exponential, wait_exponential_jitter";
            return Err(ConfigError::new(path, message));
        }
    })
}

/// max(0, min(start + increment x n, max)).
fn incrementing(
    options: &mut Options,
    policy: PolicyBuilder,
    value: &Value,
    path: &str,
) -> Result<PolicyBuilder, ConfigError> {
    let mut group = arguments(value, path, &["start", "increment", "max"])?;
    let initial = group.span("start", Unit::Seconds, 0)?;
    let step = group.number("increment", 100.0)?;
    let increment = fields::seconds(&group.path_of("increment"), step.abs())?;
    let max = group.cap("max", Unit::Seconds, None)?;
    options.absorb(group);
    Ok(policy.backoff(Backoff::Linear { initial, increment }).falling(step < 0.0).max_delay(max))
}

fn exponential(
    options: &mut Options,
    policy: PolicyBuilder,
    (name, value): (&str, &Value),
    path: &str,
) -> Result<PolicyBuilder, ConfigError> {
    let jitters = name == "wait_exponential_jitter";
    let known: &[&'static str] = if jitters {
        &["multiplier", "initial", "exp_base", "max", "min", "jitter"]
    } else {
        &["multiplier", "exp_base", "max", "min"]
    };
    let mut group = arguments(value, path, known)?;
    let first = if group.says("initial") { "initial" } else { "multiplier" };
    let initial = group.span(first, Unit::Seconds, 1)?;
    let base = group.growth("exp_base", 2.0)?;
    let min = group.optional_span("min", Unit::Seconds)?.unwrap_or_default();
    // The least wins over the cap.
    let max = group.cap("max", Unit::Seconds, None)?.map(|max| max.max(min));
    let policy = policy.backoff(fields::growth(initial, base)).min_delay(min).max_delay(max);
    let policy = if jitters {
        let add = group.span("jitter", Unit::Seconds, 1)?;
        let high = End { add, ..End::times(1.0) };
        policy.jitter(Jitter::Uniform { low: End::times(1.0), high }).cap_stage(CapStage::After)
    } else if name == "wait_exponential" {
        policy
    } else {
        policy.jitter(Jitter::Full)
    };
    options.absorb(group);
    Ok(policy)
}

fn export(policy: &RetryPolicy) -> Result<Value, ConfigError> {
    let seconds = |duration: Duration| in_unit(duration, Unit::Seconds);
    let mut stop = Vec::new();
    if let Some(max) = policy.max_attempts() {
        stop.push(("stop_after_attempt", max.get().into()));
    }
    if policy.max_elapsed().is_some_and(|elapsed| elapsed != fields::UNLIMITED) {
        stop.push(("stop_after_delay", optional(policy.max_elapsed(), Unit::Seconds)));
    }
    let call = |name: &'static str, arguments: Vec<(&'static str, Value)>| {
        Value::map([(name, fields::map(arguments))])
    };
    let bounded = |mut arguments: Vec<(&'static str, Value)>| {
        if let Some(max) = policy.max_delay() {
            arguments.push(("max", seconds(max)));
        }
        if !policy.min_delay().is_zero() {
            arguments.push(("min", seconds(policy.min_delay())));
        }
        arguments
    };
    let (low, high) = policy.jitter().ends();
    let comes_on_top = matches!(policy.jitter(), Jitter::Uniform { .. })
        && (low.factor, high.factor) == (1.0, 1.0)
        && policy.compat().cap_stage != CapStage::After;
    let wait = match policy.backoff() {
        Backoff::Constant { delay } => Value::map([("wait_fixed", seconds(*delay))]),
        Backoff::Linear { initial, increment } => {
            let sign = if policy.compat().falling { -1.0 } else { 1.0 };
            let mut arguments = vec![
                ("start", seconds(*initial)),
                ("increment", (sign * nanos(*increment) as f64 / 1e9).into()),
            ];
            if let Some(max) = policy.max_delay() {
                arguments.push(("max", seconds(max)));
            }
            call("wait_incrementing", arguments)
        }
        Backoff::Table { delays } => {
            let fixed = |delay: &Duration| Value::map([("wait_fixed", seconds(*delay))]);
            Value::map([("wait_chain", Value::List(delays.iter().map(fixed).collect()))])
        }
        _ => {
            let (initial, base) = fields::exponential(policy, "tenacity")?;
            let arguments = vec![("multiplier", seconds(initial)), ("exp_base", base.into())];
            match policy.jitter() {
                Jitter::None => call("wait_exponential", bounded(arguments)),
                _ if comes_on_top => call("wait_exponential", bounded(arguments)),
                Jitter::Uniform { .. } if low.factor == 1.0 && high.factor == 1.0 => {
                    let mut arguments = bounded(arguments);
                    arguments.push(("jitter", seconds(high.add)));
                    call("wait_exponential_jitter", arguments)
                }
                _ => call("wait_random_exponential", bounded(arguments)),
            }
        }
    };
    let wait = if comes_on_top {
        let random =
            call("wait_random", vec![("min", seconds(low.add)), ("max", seconds(high.add))]);
        match policy.backoff() {
            Backoff::Constant { delay } if delay.is_zero() => random,
            _ => Value::List(vec![wait, random]),
        }
    } else {
        wait
    };
    Ok(Value::map([("stop", fields::map(stop)), ("wait", wait)]))
}
