//! From a policy to the tree.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use super::VERSION;
use crate::{
    policy::{
        Argument, Backoff, BudgetRule, Compat, Jitter, OnEmpty, Parameter, Refund, RetryAfter,
        Rule, WhenLonger, spec::Spec,
    },
    time::Duration,
    wire::Value,
};

pub(super) fn write_policy(spec: &Spec) -> Value {
    let limits = &spec.limits;
    let mut map: Vec<(String, Value)> = Vec::new();
    let mut put = |name: &str, value: Value| map.push((name.to_string(), value));
    put("version", Value::Unsigned(VERSION));
    put("backoff", write_backoff(&spec.backoff, spec.first_delay));
    put("minDelay", Value::duration(spec.min_delay));
    put("maxDelay", optional(spec.max_delay));
    put("jitter", write_jitter(&spec.jitter));
    put("maxAttempts", limits.max_attempts.map_or(Value::Null, |max| max.get().into()));
    put("maxElapsed", optional(limits.max_elapsed));
    put("elapsedRule", limits.elapsed_rule.as_str().into());
    put("attemptTimeout", optional(limits.attempt_timeout));
    // Written where it is set: fingerprints of policies from before it stay as they were.
    if let Some(time) = limits.reset_after {
        put("resetAfter", Value::duration(time));
    }
    put("retryAfter", write_retry_after(&spec.retry_after));
    put("classify", Value::List(spec.rules.iter().map(write_rule).collect()));
    put("defaultAction", spec.default_action.as_str().into());
    put("budget", spec.budget.as_ref().map_or(Value::Null, write_budget));
    if spec.compat != Compat::default() {
        put("compat", write_compat(&spec.compat));
    }
    Value::Map(map)
}

fn optional(duration: Option<Duration>) -> Value {
    duration.map_or(Value::Null, Value::duration)
}

/// A kind with its parameters.
fn write_kind(kind: &str, arguments: &[(&Parameter, Argument<'_>)]) -> Vec<(String, Value)> {
    let own = arguments
        .iter()
        .map(|(parameter, argument)| (parameter.name.to_string(), argument.to_value()));
    core::iter::once(("kind".to_string(), kind.into())).chain(own).collect()
}

fn write_backoff(backoff: &Backoff, first: Option<Duration>) -> Value {
    let mut map = write_kind(backoff.kind(), &backoff.arguments());
    map.extend(first.map(|first| ("firstDelay".to_string(), Value::duration(first))));
    Value::Map(map)
}

fn write_jitter(jitter: &Jitter) -> Value {
    match &jitter.arguments()[..] {
        [] => jitter.kind().into(),
        arguments => Value::Map(write_kind(jitter.kind(), arguments)),
    }
}

fn write_retry_after(rule: &RetryAfter) -> Value {
    let mut map = Vec::from([
        ("mode".to_string(), rule.mode.as_str().into()),
        ("max".to_string(), Value::duration(rule.max)),
    ]);
    // Written where it says something new: fingerprints of policies from before it stay as they were.
    if rule.when_longer != WhenLonger::Cap {
        map.push(("whenLonger".to_string(), rule.when_longer.as_str().into()));
    }
    map.push(("jitter".to_string(), write_jitter(&rule.jitter)));
    Value::Map(map)
}

fn write_rule(rule: &Rule) -> Value {
    let patterns: Vec<Value> = rule.matches.iter().map(|p| Value::from(p.as_str())).collect();
    let mut map = Vec::from([
        ("match".to_string(), Value::List(patterns)),
        ("action".to_string(), rule.action.as_str().into()),
    ]);
    if let Some(backoff) = &rule.backoff {
        map.push(("backoff".to_string(), write_backoff(backoff, None)));
    }
    if let Some(jitter) = &rule.jitter {
        map.push(("jitter".to_string(), write_jitter(jitter)));
    }
    Value::Map(map)
}

pub(in crate::policy) fn write_budget(budget: &BudgetRule) -> Value {
    let kind = budget.kind().into();
    let mut value = match budget {
        BudgetRule::TokenBucket(bucket) => Value::map([
            ("kind", kind),
            ("capacity", bucket.capacity.into()),
            ("cost", bucket.cost.into()),
            (
                "costByClass",
                Value::Map(
                    bucket.cost_by_class.iter().map(|(c, n)| (c.clone(), (*n).into())).collect(),
                ),
            ),
            ("refundOnSuccess", bucket.refund_on_success.into()),
            (
                "refundOnRetrySuccess",
                match bucket.refund_on_retry_success {
                    Refund::Cost => "cost".into(),
                    Refund::Tokens(tokens) => tokens.into(),
                },
            ),
            ("debitOn", bucket.debit_on.as_str().into()),
            ("threshold", bucket.threshold.map_or(Value::Null, Value::from)),
        ]),
        BudgetRule::Ratio { percent, min_per_second, window, .. } => Value::map([
            ("kind", kind),
            ("percent", (*percent).into()),
            ("minPerSecond", (*min_per_second).into()),
            ("window", Value::duration(*window)),
        ]),
        BudgetRule::Rate { per_second, burst, .. } => Value::map([
            ("kind", kind),
            ("perSecond", (*per_second).into()),
            ("burst", (*burst).into()),
        ]),
        BudgetRule::Concurrency { percent, min } => {
            Value::map([("kind", kind), ("percent", (*percent).into()), ("min", (*min).into())])
        }
    };
    // Written where it says something new: fingerprints of policies from before it stay as they were.
    if let (Value::Map(fields), OnEmpty::Wait) = (&mut value, budget.on_empty()) {
        fields.push(("onEmpty".to_string(), OnEmpty::Wait.as_str().into()));
    }
    value
}

fn write_compat(compat: &Compat) -> Value {
    let rounding = compat.rounding.map_or(Value::Null, |rounding| {
        let mut fields = alloc::vec![
            ("unit", Value::duration(Duration::from_nanos(rounding.unit))),
            ("mode", rounding.mode.as_str().into()),
            ("eachStep", rounding.each_step.into()),
        ];
        if rounding.amplitude {
            fields.push(("amplitude", true.into()));
        }
        Value::Map(fields.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
    });
    let resample = compat.resample_above.map_or(Value::Null, |resample| {
        Value::map([("low", resample.low.into()), ("high", resample.high.into())])
    });
    let mut fields = alloc::vec![
        ("capStage", compat.cap_stage.as_str().into()),
        ("rounding", rounding),
        ("elapsedMeasure", compat.elapsed_measure.as_str().into()),
        ("feedback", compat.feedback.into()),
        ("resampleAbove", resample),
    ];
    // Rare, and unknown to readers before them: written where they are meant.
    for (name, is_set) in [
        ("uncappedFirst", compat.uncapped_first),
        ("falling", compat.falling),
        ("jitterOnce", compat.jitter_once),
    ] {
        if is_set {
            fields.push((name, true.into()));
        }
    }
    if compat.jitter_steps > 0 {
        fields.push(("jitterSteps", compat.jitter_steps.into()));
    }
    Value::Map(fields.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
}
