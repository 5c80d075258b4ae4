//! From the tree to a policy.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::num::NonZeroU32;

use super::{
    COMPAT_FIELDS, FIDELITIES, ORIGIN_FIELDS, RESAMPLE_FIELDS, RETRY_AFTER_FIELDS, ROUNDING_FIELDS,
    RULE_FIELDS,
};
use crate::{
    bounds::{self, Bound},
    policy::{
        Action, Backoff, BudgetRule, CapStage, Compat, DebitOn, ElapsedMeasure, ElapsedRule,
        HintMode, Jitter, KindRow, OnEmpty, PolicyBuilder, Refund, Resample, RetryAfter, Rounding,
        RoundingMode, Rule, TokenBucket, WhenLonger,
        kinds::{BACKOFFS, BUDGETS, JITTERS},
    },
    time::Duration,
    wire::{ConfigError, Fields, Value, one_of},
};

/// Reads what is written; whether it lies within the limits is [checked](crate::policy) afterwards, in
/// one place for all doors.
pub(super) fn read_policy(fields: &Fields<'_>) -> Result<PolicyBuilder, ConfigError> {
    let mut policy = PolicyBuilder::default();
    let spec = &mut policy.spec;
    if let Some(value) = fields.get("backoff") {
        (spec.backoff, spec.first_delay) = read_backoff(value, "backoff")?;
    }
    if let Some(delay) = fields.duration("minDelay")? {
        spec.min_delay = delay;
    }
    spec.max_delay = nullable(fields, "maxDelay")?;
    if let Some(value) = fields.get("jitter") {
        spec.jitter = read_jitter(value, "jitter")?;
        policy.jitter_given = true;
    }
    // TOML has no null.
    let unlimited = fields.get("maxAttempts") == Some(&Value::Text("unlimited".into()));
    if unlimited || fields.is_null("maxAttempts") {
        spec.limits.max_attempts = None;
    } else if let Some(max) = read_count(fields, bounds::MAX_ATTEMPTS)? {
        spec.limits.max_attempts = NonZeroU32::new(max);
        policy.no_attempts = max == 0;
    }
    spec.limits.max_elapsed = nullable(fields, "maxElapsed")?;
    if let Some(rule) = choice(fields, "elapsedRule", &ElapsedRule::NAMES, &ElapsedRule::ALL)? {
        spec.limits.elapsed_rule = rule;
    }
    spec.limits.attempt_timeout = nullable(fields, "attemptTimeout")?;
    spec.limits.reset_after = nullable(fields, "resetAfter")?;
    if let Some(value) = fields.get("retryAfter") {
        spec.retry_after = read_retry_after(value)?;
    }
    for (index, value) in fields.list("classify")?.unwrap_or_default().iter().enumerate() {
        spec.rules.push(read_rule(value, &format!("classify[{index}]"))?);
    }
    if let Some(action) = choice(fields, "defaultAction", &Action::NAMES, &Action::ALL)? {
        spec.default_action = action;
    }
    if let Some(value) = fields.get("budget").filter(|value| **value != Value::Null) {
        spec.budget = Some(read_budget(value, "budget")?);
    }
    if let Some(value) = fields.get("compat").filter(|value| **value != Value::Null) {
        spec.compat = read_compat(value)?;
    }
    Ok(policy)
}

/// Where the policy was imported from: for information only.
pub(super) fn read_origin(value: &Value) -> Result<(), ConfigError> {
    let fields = Fields::read(value, "imported", ORIGIN_FIELDS)?;
    fields.text("from")?;
    fields.text("name")?;
    if let Some(word) = fields.text("fidelity")? {
        one_of("imported.fidelity", word, &FIDELITIES)?;
    }
    let reasons = fields.list("reasons")?.unwrap_or_default();
    if reasons.iter().any(|reason| reason.as_text().is_none()) {
        return Err(fields.error("reasons", "is not a list of strings"));
    }
    Ok(())
}

fn nullable(fields: &Fields<'_>, name: &str) -> Result<Option<Duration>, ConfigError> {
    if fields.is_null(name) { Ok(None) } else { fields.duration(name) }
}

/// The whole number of a row, as far as 32 bits hold it; no row allows more.
fn read_count(fields: &Fields<'_>, bound: &Bound) -> Result<Option<u32>, ConfigError> {
    let refused = |number: f64| {
        crate::wire::check(&fields.path_of(bound.name), bound, number).map(|_| Some(u32::MAX))
    };
    if let Some(Value::Signed(number)) = fields.get(bound.name) {
        return refused(*number as f64);
    }
    match fields.unsigned(bound.name)? {
        Some(number) => match u32::try_from(number) {
            Ok(number) => Ok(Some(number)),
            Err(_) => refused(number as f64),
        },
        None => Ok(None),
    }
}

fn read_backoff(value: &Value, path: &str) -> Result<(Backoff, Option<Duration>), ConfigError> {
    let (kind, fields) = read_kind(value, path, BACKOFFS, &["firstDelay"])?;
    let first = nullable(&fields, "firstDelay")?;
    Ok((Backoff::read(kind, &fields)?, first))
}

fn read_jitter(value: &Value, path: &str) -> Result<Jitter, ConfigError> {
    let (kind, fields) = read_kind(value, path, JITTERS, &[])?;
    Jitter::read(kind, &fields)
}

fn read_retry_after(value: &Value) -> Result<RetryAfter, ConfigError> {
    let mut rule = RetryAfter::default();
    let fields = Fields::read(value, "retryAfter", RETRY_AFTER_FIELDS)?;
    if let Some(mode) = choice(&fields, "mode", &HintMode::NAMES, &HintMode::ALL)? {
        rule.mode = mode;
    }
    if let Some(max) = fields.duration("max")? {
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
        Some(_) => return Err(fields.error("match", "is neither a string nor a list of strings")),
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
    let (kind, fields) = read_kind(value, path, BUDGETS, &["onEmpty"])?;
    let on_empty = choice(&fields, "onEmpty", &OnEmpty::NAMES, &OnEmpty::ALL)?.unwrap_or_default();
    let number = |bound: &Bound| -> Result<f64, ConfigError> {
        Ok(fields.any_number(bound.name)?.or(bound.default).unwrap_or_default())
    };
    let count = |bound: &Bound| -> Result<u32, ConfigError> {
        let given = read_count(&fields, bound)?;
        Ok(given.unwrap_or_else(|| bound.default.unwrap_or_default() as u32))
    };
    let budget = match kind {
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
                Some(_) => {
                    Refund::Tokens(fields.any_number("refundOnRetrySuccess")?.unwrap_or_default())
                }
            },
            debit_on: choice(&fields, "debitOn", &DebitOn::NAMES, &DebitOn::ALL)?
                .unwrap_or_default(),
            threshold: match fields.is_null("threshold") {
                true => None,
                false => fields.any_number("threshold")?,
            },
        }),
        "ratio" => BudgetRule::Ratio {
            percent: number(bounds::RETRY_PERCENT)?,
            min_per_second: number(bounds::MIN_PER_SECOND)?,
            window: fields.duration("window")?.unwrap_or(Duration::from_secs(10)),
            on_empty,
        },
        "rate" => BudgetRule::Rate {
            per_second: number(bounds::PACE)?,
            burst: count(bounds::BURST)?,
            on_empty,
        },
        "concurrency" => BudgetRule::Concurrency {
            percent: number(bounds::RETRY_PERCENT)?,
            min: count(bounds::MIN_RETRIES)?,
        },
        unknown => return Err(super::unknown_kind(path, unknown, BUDGETS)),
    };
    if budget.on_empty() != on_empty {
        let message = format!(
            "= \"wait\" has no meaning for {kind}: only other tasks give back what it lends, and those \
             may all wait; use the kind rate or ratio"
        );
        return Err(fields.error("onEmpty", message));
    }
    Ok(budget)
}

fn read_costs(fields: &Fields<'_>) -> Result<Vec<(String, u32)>, ConfigError> {
    let path = fields.path_of("costByClass");
    let Some(value) = fields.get("costByClass") else { return Ok(Vec::new()) };
    let Value::Map(entries) = value else {
        return Err(ConfigError::new(path, "is not an object with a cost for each failure kind"));
    };
    let mut costs: Vec<(String, u32)> = Vec::new();
    for (class, cost) in entries {
        let path = format!("{path}.{class}");
        let &Value::Unsigned(cost) = cost else {
            return Err(ConfigError::new(path, "is not a whole number from 0 to 1000"));
        };
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
        let unit = fields.duration("unit")?;
        let mode = choice(&fields, "mode", &RoundingMode::NAMES, &RoundingMode::ALL)?;
        let each_step = fields.boolean("eachStep")?.unwrap_or_default();
        let rounding = Rounding::new(
            unit.unwrap_or(Duration::from_millis(1)),
            mode.unwrap_or(RoundingMode::Floor),
            each_step,
        );
        let amplitude = fields.boolean("amplitude")?.unwrap_or_default();
        compat.rounding = Some(rounding.with_amplitude(amplitude));
    }
    let (names, all) = (&ElapsedMeasure::NAMES, &ElapsedMeasure::ALL);
    if let Some(measure) = choice(&fields, "elapsedMeasure", names, all)? {
        compat.elapsed_measure = measure;
    }
    compat.feedback = fields.boolean("feedback")?.unwrap_or_default();
    if let Some(value) = fields.get("resampleAbove").filter(|value| **value != Value::Null) {
        let fields = Fields::read(value, "compat.resampleAbove", RESAMPLE_FIELDS)?;
        compat.resample_above = Some(Resample {
            low: fields.any_number("low")?.unwrap_or(0.5),
            high: fields.any_number("high")?.unwrap_or(1.0),
        });
    }
    compat.uncapped_first = fields.boolean("uncappedFirst")?.unwrap_or_default();
    compat.falling = fields.boolean("falling")?.unwrap_or_default();
    compat.jitter_once = fields.boolean("jitterOnce")?.unwrap_or_default();
    compat.jitter_steps = read_count(&fields, bounds::JITTER_STEPS)?.unwrap_or_default();
    Ok(compat)
}

/// Reads a value whose field `kind` (or which itself, as a bare text) says which fields it may have.
fn read_kind<'v>(
    value: &'v Value,
    path: &str,
    table: &'static [KindRow],
    shared: &[&'static str],
) -> Result<(&'static str, Fields<'v>), ConfigError> {
    static EMPTY: Value = Value::Map(Vec::new());
    let names = KindRow::names(table);
    let (name, value) = match value {
        Value::Text(kind) => (kind.as_str(), None),
        Value::Map(entries) => match entries.iter().find(|(name, _)| name == "kind") {
            Some((_, Value::Text(kind))) => (kind.as_str(), Some(value)),
            Some(_) => return Err(ConfigError::new(format!("{path}.kind"), "is not a string")),
            None => {
                let message = format!("is missing; it is one of: {}", names.join(", "));
                return Err(ConfigError::new(format!("{path}.kind"), message));
            }
        },
        _ => {
            let kinds = names.join(", ");
            let message =
                format!("is not a kind; write one of {kinds}, or a group with a field \"kind\"");
            return Err(ConfigError::new(path, message));
        }
    };
    let kind_path = if value.is_some() { format!("{path}.kind") } else { path.to_string() };
    let kind = one_of(&kind_path, name, &names)?;
    let mut known: Vec<&'static str> = Vec::from(["kind"]);
    known.extend(KindRow::find(table, kind).into_iter().flat_map(KindRow::fields));
    known.extend_from_slice(shared);
    Ok((kind, Fields::read(value.unwrap_or(&EMPTY), path, &known)?))
}

/// The variant named in the field `name`.
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
