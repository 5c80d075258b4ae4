//! From the tree to a policy.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    BACKOFF_KINDS, BUDGET_KINDS, COMPAT_FIELDS, END_FIELDS, JITTER_KINDS, MEASURES,
    RESAMPLE_FIELDS, RETRY_AFTER_FIELDS, ROUNDING_FIELDS, RULE_FIELDS, kinds,
};
use crate::{
    bounds,
    policy::{
        Action, Backoff, BudgetRule, CapStage, Compat, DebitOn, ElapsedMeasure, ElapsedRule, End,
        HintMode, Jitter, PolicyBuilder, Refund, Resample, RetryAfter, Rounding, RoundingMode,
        Rule, TokenBucket, WhenLonger,
    },
    time::Duration,
    wire::{ConfigError, Fields, Value, one_of, read_duration},
};

pub(super) fn read_policy(fields: &Fields<'_>) -> Result<PolicyBuilder, ConfigError> {
    let mut policy = PolicyBuilder::default();
    if let Some(value) = fields.get("backoff") {
        (policy.backoff, policy.first_delay) = read_backoff(value, "backoff")?;
    }
    if let Some(delay) = fields.bounded_duration("minDelay", bounds::MIN_DELAY)? {
        policy.min_delay = delay;
    }
    policy.max_delay = nullable(fields, "maxDelay", bounds::MAX_DELAY)?;
    if let Some(value) = fields.get("jitter") {
        policy.jitter = Some(read_jitter(value, "jitter")?);
    }
    // TOML has no null.
    let unlimited = fields.get("maxAttempts") == Some(&Value::Text("unlimited".into()));
    if unlimited || fields.is_null("maxAttempts") {
        policy.max_attempts = None;
    } else if let Some(max) = fields.bounded_unsigned("maxAttempts", bounds::MAX_ATTEMPTS)? {
        policy.max_attempts = u32::try_from(max).ok();
    }
    policy.max_elapsed = nullable(fields, "maxElapsed", bounds::MAX_ELAPSED)?;
    if let Some(rule) = choice(fields, "elapsedRule", &ElapsedRule::NAMES, &ElapsedRule::ALL)? {
        policy.elapsed_rule = rule;
    }
    policy.attempt_timeout = nullable(fields, "attemptTimeout", bounds::ATTEMPT_TIMEOUT)?;
    if let Some(value) = fields.get("retryAfter") {
        policy.retry_after = read_retry_after(value)?;
    }
    for (index, value) in fields.list("classify")?.unwrap_or_default().iter().enumerate() {
        policy.rules.push(read_rule(value, &format!("classify[{index}]"))?);
    }
    if let Some(action) = choice(fields, "defaultAction", &Action::NAMES, &Action::ALL)? {
        policy.default_action = action;
    }
    if let Some(value) = fields.get("budget").filter(|value| **value != Value::Null) {
        policy.budget = Some(read_budget(value, "budget")?);
    }
    if let Some(value) = fields.get("compat").filter(|value| **value != Value::Null) {
        policy.compat = read_compat(value)?;
    }
    Ok(policy)
}

fn nullable(
    fields: &Fields<'_>,
    name: &str,
    bound: &bounds::Bound,
) -> Result<Option<Duration>, ConfigError> {
    if fields.is_null(name) { Ok(None) } else { fields.bounded_duration(name, bound) }
}

fn read_backoff(value: &Value, path: &str) -> Result<(Backoff, Option<Duration>), ConfigError> {
    let (kind, fields) = read_kind(value, path, BACKOFF_KINDS, &["firstDelay"])?;
    let first = nullable(&fields, "firstDelay", bounds::FIRST_DELAY)?;
    let duration = |bound: &bounds::Bound| -> Result<Duration, ConfigError> {
        let given = fields.bounded_duration(bound.name, bound)?;
        match (given, bound.default) {
            (Some(duration), _) => Ok(duration),
            (None, Some(default)) => Ok(Duration::from_nanos(default as u64)),
            (None, None) => {
                Err(fields.error(bound.name, "is missing; write a duration like \"2s\""))
            }
        }
    };
    let factor = |bound: &bounds::Bound| -> Result<f64, ConfigError> {
        Ok(fields.bounded(bound.name, bound)?.or(bound.default).unwrap_or(1.0))
    };
    let backoff = match kind {
        "constant" => Backoff::Constant { delay: duration(bounds::DELAY)? },
        "linear" => Backoff::Linear {
            initial: duration(bounds::INITIAL)?,
            increment: duration(bounds::INCREMENT)?,
        },
        "exponential" => Backoff::Exponential {
            initial: duration(bounds::INITIAL)?,
            multiplier: factor(bounds::MULTIPLIER)?,
        },
        "polynomial" => Backoff::Polynomial {
            initial: duration(bounds::INITIAL)?,
            power: factor(bounds::POWER)?,
            offset: duration(bounds::OFFSET)?,
        },
        "fibonacci" => Backoff::Fibonacci { initial: duration(bounds::INITIAL)? },
        "table" => Backoff::Table { delays: read_table(&fields)? },
        "decorrelated" => Backoff::Decorrelated {
            initial: duration(bounds::INITIAL)?,
            multiplier: factor(bounds::DECORRELATED_MULTIPLIER)?,
        },
        _ => Backoff::DecorrelatedV2 { initial: duration(bounds::INITIAL)? },
    };
    Ok((backoff, first))
}

fn read_table(fields: &Fields<'_>) -> Result<Vec<Duration>, ConfigError> {
    let Some(delays) = fields.list("delays")? else {
        return Err(fields.error("delays", "is missing; write a list like [\"1s\", \"5s\"]"));
    };
    let path = fields.path_of("delays");
    let read = |(index, value)| read_duration(value, &format!("{path}[{index}]"));
    delays.iter().enumerate().map(read).collect()
}

fn read_jitter(value: &Value, path: &str) -> Result<Jitter, ConfigError> {
    let (kind, fields) = read_kind(value, path, JITTER_KINDS, &[])?;
    let factor = |bound: &bounds::Bound| -> Result<f64, ConfigError> {
        Ok(fields.bounded(bound.name, bound)?.or(bound.default).unwrap_or_default())
    };
    Ok(match kind {
        "none" => Jitter::None,
        "full" => Jitter::Full,
        "equal" => Jitter::Equal,
        "proportional" => Jitter::Proportional { factor: factor(bounds::JITTER_FACTOR)? },
        "symmetric" => Jitter::Symmetric { factor: factor(bounds::SYMMETRIC_FACTOR)? },
        "subtractive" => Jitter::Subtractive { factor: factor(bounds::SUBTRACTIVE_FACTOR)? },
        _ => Jitter::Uniform { low: read_end(&fields, "low")?, high: read_end(&fields, "high")? },
    })
}

fn read_end(fields: &Fields<'_>, name: &str) -> Result<End, ConfigError> {
    let Some(value) = fields.get(name) else {
        return Err(fields.error(name, "is missing; write a group like {\"factor\": 1}"));
    };
    let end = Fields::read(value, &fields.path_of(name), END_FIELDS)?;
    let duration = |bound: &bounds::Bound| -> Result<Duration, ConfigError> {
        Ok(end.bounded_duration(bound.name, bound)?.unwrap_or_default())
    };
    Ok(End {
        factor: end.bounded("factor", bounds::END_FACTOR)?.unwrap_or(1.0),
        add: duration(bounds::END_ADD)?,
        add_per_retry: duration(bounds::END_ADD_PER_RETRY)?,
    })
}

fn read_retry_after(value: &Value) -> Result<RetryAfter, ConfigError> {
    let mut rule = RetryAfter::default();
    let fields = Fields::read(value, "retryAfter", RETRY_AFTER_FIELDS)?;
    if let Some(mode) = choice(&fields, "mode", &HintMode::NAMES, &HintMode::ALL)? {
        rule.mode = mode;
    }
    if let Some(max) = fields.bounded_duration("max", bounds::RETRY_AFTER_MAX)? {
        rule.max = max;
    }
    if let Some(what) = choice(&fields, "whenLonger", &WhenLonger::NAMES, &WhenLonger::ALL)? {
        rule.when_longer = what;
    }
    if let Some(jitter) = fields.get("jitter") {
        rule.jitter = read_jitter(jitter, "retryAfter.jitter")?;
    }
    Ok(rule)
}

fn read_rule(value: &Value, path: &str) -> Result<Rule, ConfigError> {
    let fields = Fields::read(value, path, RULE_FIELDS)?;
    let mut rule = Rule::new("", Action::Retry);
    rule.matches = match fields.get("match") {
        Some(Value::Text(pattern)) => Vec::from([pattern.clone()]),
        Some(Value::List(patterns)) if patterns.iter().all(|p| p.as_text().is_some()) => {
            patterns.iter().filter_map(Value::as_text).map(Into::into).collect()
        }
        Some(_) => return Err(fields.error("match", "is neither a text nor a list of texts")),
        None => {
            return Err(fields.error("match", "is missing; name a failure kind, or \"*\" for all"));
        }
    };
    rule.action = choice(&fields, "action", &Action::NAMES, &Action::ALL)?.unwrap_or_default();
    if let Some(value) = fields.get("backoff") {
        let (backoff, first) = read_backoff(value, &fields.path_of("backoff"))?;
        if first.is_some() {
            let message = "is for the policy's own backoff; remove it here";
            return Err(ConfigError::new(format!("{path}.backoff.firstDelay"), message));
        }
        rule.backoff = Some(backoff);
    }
    if let Some(value) = fields.get("jitter") {
        rule.jitter = Some(read_jitter(value, &fields.path_of("jitter"))?);
    }
    Ok(rule)
}

pub(in crate::policy) fn read_budget(value: &Value, path: &str) -> Result<BudgetRule, ConfigError> {
    let (kind, fields) = read_kind(value, path, BUDGET_KINDS, &[])?;
    let number = |bound: &bounds::Bound| -> Result<f64, ConfigError> {
        Ok(fields.bounded(bound.name, bound)?.or(bound.default).unwrap_or_default())
    };
    let count = |bound: &bounds::Bound| -> Result<u32, ConfigError> {
        let given = fields.bounded_unsigned(bound.name, bound)?;
        let count = given.unwrap_or_else(|| bound.default.unwrap_or_default() as u64);
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    };
    Ok(match kind {
        "tokenBucket" => BudgetRule::TokenBucket(TokenBucket {
            capacity: count(bounds::CAPACITY)?,
            cost: count(bounds::COST)?,
            cost_by_class: read_costs(&fields)?,
            refund_on_success: number(bounds::REFUND)?,
            refund_on_retry_success: match fields.get("refundOnRetrySuccess") {
                None => Refund::Cost,
                Some(Value::Text(word)) => {
                    one_of(&fields.path_of("refundOnRetrySuccess"), word, &["cost"])?;
                    Refund::Cost
                }
                Some(_) => Refund::Tokens(
                    fields.bounded("refundOnRetrySuccess", bounds::REFUND)?.unwrap_or_default(),
                ),
            },
            debit_on: choice(&fields, "debitOn", &DebitOn::NAMES, &DebitOn::ALL)?
                .unwrap_or_default(),
            threshold: match fields.is_null("threshold") {
                true => None,
                false => fields.bounded("threshold", bounds::THRESHOLD)?,
            },
        }),
        "ratio" => BudgetRule::Ratio {
            percent: number(bounds::RETRY_PERCENT)?,
            min_per_second: number(bounds::MIN_PER_SECOND)?,
            window: fields
                .bounded_duration("window", bounds::WINDOW)?
                .unwrap_or(Duration::from_secs(10)),
        },
        _ => BudgetRule::Concurrency {
            percent: number(bounds::RETRY_PERCENT)?,
            min: count(bounds::MIN_RETRIES)?,
        },
    })
}

fn read_costs(fields: &Fields<'_>) -> Result<Vec<(String, u32)>, ConfigError> {
    let path = fields.path_of("costByClass");
    let Some(value) = fields.get("costByClass") else { return Ok(Vec::new()) };
    let Value::Map(entries) = value else {
        return Err(ConfigError::new(path, "is not a group of failure kinds with a cost each"));
    };
    let mut costs: Vec<(String, u32)> = Vec::new();
    for (class, cost) in entries {
        let path = format!("{path}.{class}");
        let &Value::Unsigned(cost) = cost else {
            return Err(ConfigError::new(path, "is not a whole number from 0 to 1000"));
        };
        crate::wire::check(&path, bounds::COST, cost as f64)?;
        if costs.iter().any(|(name, _)| name == class) {
            return Err(ConfigError::new(path, "stands there twice; keep one"));
        }
        costs.push((class.clone(), u32::try_from(cost).unwrap_or(u32::MAX)));
    }
    Ok(costs)
}

fn read_compat(value: &Value) -> Result<Compat, ConfigError> {
    let fields = Fields::read(value, "compat", COMPAT_FIELDS)?;
    let mut compat = Compat::default();
    if let Some(stage) = choice(&fields, "capStage", &CapStage::NAMES, &CapStage::ALL)? {
        compat.cap_stage = stage;
    }
    if let Some(value) = fields.get("rounding").filter(|value| **value != Value::Null) {
        let fields = Fields::read(value, "compat.rounding", ROUNDING_FIELDS)?;
        let unit = fields.bounded_duration("unit", bounds::ROUNDING_UNIT)?;
        let mode = choice(&fields, "mode", &RoundingMode::NAMES, &RoundingMode::ALL)?;
        compat.rounding = Some(Rounding::new(
            unit.unwrap_or(Duration::from_millis(1)),
            mode.unwrap_or(RoundingMode::Floor),
            fields.boolean("eachStep")?.unwrap_or_default(),
        ));
    }
    let measures = [ElapsedMeasure::Wall, ElapsedMeasure::Sleeps];
    if let Some(measure) = choice(&fields, "elapsedMeasure", &MEASURES, &measures)? {
        compat.elapsed_measure = measure;
    }
    compat.feedback = fields.boolean("feedback")?.unwrap_or_default();
    if let Some(value) = fields.get("resampleAbove").filter(|value| **value != Value::Null) {
        let fields = Fields::read(value, "compat.resampleAbove", RESAMPLE_FIELDS)?;
        compat.resample_above = Some(Resample {
            low: fields.bounded("low", bounds::RESAMPLE_LOW)?.unwrap_or(0.5),
            high: fields.bounded("high", bounds::RESAMPLE_HIGH)?.unwrap_or(1.0),
        });
    }
    Ok(compat)
}

/// Reads a value whose field `kind` (or which itself, as a bare text) says which fields it may have.
fn read_kind<'v>(
    value: &'v Value,
    path: &str,
    table: &'static [(&'static str, &'static [&'static str])],
    shared: &[&'static str],
) -> Result<(&'static str, Fields<'v>), ConfigError> {
    static EMPTY: Value = Value::Map(Vec::new());
    let (name, value) = match value {
        Value::Text(kind) => (kind.as_str(), None),
        Value::Map(entries) => match entries.iter().find(|(name, _)| name == "kind") {
            Some((_, Value::Text(kind))) => (kind.as_str(), Some(value)),
            Some(_) => return Err(ConfigError::new(format!("{path}.kind"), "is not a text")),
            None => {
                let message = format!("is missing; it is one of: {}", kinds(table).join(", "));
                return Err(ConfigError::new(format!("{path}.kind"), message));
            }
        },
        _ => {
            let kinds = kinds(table).join(", ");
            let message =
                format!("is not a kind; write one of {kinds}, or a group with a field \"kind\"");
            return Err(ConfigError::new(path, message));
        }
    };
    let kind_path = if value.is_some() { format!("{path}.kind") } else { path.to_string() };
    let kind = one_of(&kind_path, name, &kinds(table))?;
    let own = table.iter().find(|(k, _)| *k == kind).map_or(&[][..], |(_, fields)| *fields);
    let mut known: Vec<&'static str> = Vec::from(["kind"]);
    known.extend_from_slice(own);
    known.extend_from_slice(shared);
    Ok((kind, Fields::read(value.unwrap_or(&EMPTY), path, &known)?))
}

/// The variant whose name stands in the field `name`.
fn choice<T: Copy>(
    fields: &Fields<'_>,
    name: &str,
    names: &[&'static str],
    all: &[T],
) -> Result<Option<T>, ConfigError> {
    let Some(text) = fields.text(name)? else { return Ok(None) };
    let word = one_of(&fields.path_of(name), text, names)?;
    Ok(names.iter().position(|n| *n == word).and_then(|index| all.get(index)).copied())
}
