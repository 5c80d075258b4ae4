//! From a policy to the tree.

use alloc::{string::ToString, vec::Vec};

use super::MEASURES;
use crate::{
    policy::{
        Backoff, BudgetRule, Compat, ElapsedMeasure, End, Jitter, Refund, RetryAfter, Rule,
        WhenLonger,
    },
    time::Duration,
    wire::Value,
};

pub(super) fn optional(duration: Option<Duration>) -> Value {
    duration.map_or(Value::Null, Value::duration)
}
pub(super) fn write_backoff(backoff: &Backoff, first: Option<Duration>) -> Value {
    let mut map = Vec::from([("kind".to_string(), Value::from(backoff.kind()))]);
    let mut put = |name: &str, value: Value| map.push((name.to_string(), value));
    match backoff {
        Backoff::Constant { delay } => put("delay", Value::duration(*delay)),
        Backoff::Linear { initial, increment } => {
            put("initial", Value::duration(*initial));
            put("increment", Value::duration(*increment));
        }
        Backoff::Exponential { initial, multiplier }
        | Backoff::Decorrelated { initial, multiplier } => {
            put("initial", Value::duration(*initial));
            put("multiplier", (*multiplier).into());
        }
        Backoff::Polynomial { initial, power, offset } => {
            put("initial", Value::duration(*initial));
            put("power", (*power).into());
            put("offset", Value::duration(*offset));
        }
        Backoff::Fibonacci { initial } | Backoff::DecorrelatedV2 { initial } => {
            put("initial", Value::duration(*initial));
        }
        Backoff::Table { delays } => {
            put(
                "delays",
                Value::List(delays.iter().map(|delay| Value::duration(*delay)).collect()),
            );
        }
    }
    if let Some(first) = first {
        put("firstDelay", Value::duration(first));
    }
    Value::Map(map)
}

pub(super) fn write_jitter(jitter: &Jitter) -> Value {
    match *jitter {
        Jitter::None | Jitter::Full | Jitter::Equal => jitter.kind().into(),
        Jitter::Proportional { factor }
        | Jitter::Symmetric { factor }
        | Jitter::Subtractive { factor } => {
            Value::map([("kind", jitter.kind().into()), ("factor", factor.into())])
        }
        Jitter::Uniform { low, high } => Value::map([
            ("kind", jitter.kind().into()),
            ("low", write_end(&low)),
            ("high", write_end(&high)),
        ]),
    }
}

fn write_end(end: &End) -> Value {
    Value::map([
        ("factor", end.factor.into()),
        ("add", Value::duration(end.add)),
        ("addPerRetry", Value::duration(end.add_per_retry)),
    ])
}

pub(super) fn write_retry_after(rule: &RetryAfter) -> Value {
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

pub(super) fn write_rule(rule: &Rule) -> Value {
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
    match budget {
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
        BudgetRule::Ratio { percent, min_per_second, window } => Value::map([
            ("kind", kind),
            ("percent", (*percent).into()),
            ("minPerSecond", (*min_per_second).into()),
            ("window", Value::duration(*window)),
        ]),
        BudgetRule::Concurrency { percent, min } => {
            Value::map([("kind", kind), ("percent", (*percent).into()), ("min", (*min).into())])
        }
    }
}

pub(super) fn write_compat(compat: &Compat) -> Value {
    let rounding = compat.rounding.map_or(Value::Null, |rounding| {
        Value::map([
            ("unit", Value::duration(Duration::from_nanos(rounding.unit))),
            ("mode", rounding.mode.as_str().into()),
            ("eachStep", rounding.each_step.into()),
        ])
    });
    let resample = compat.resample_above.map_or(Value::Null, |resample| {
        Value::map([("low", resample.low.into()), ("high", resample.high.into())])
    });
    let measure = match compat.elapsed_measure {
        ElapsedMeasure::Wall => MEASURES[0],
        ElapsedMeasure::Sleeps => MEASURES[1],
    };
    Value::map([
        ("capStage", compat.cap_stage.as_str().into()),
        ("rounding", rounding),
        ("elapsedMeasure", measure.into()),
        ("feedback", compat.feedback.into()),
        ("resampleAbove", resample),
    ])
}
