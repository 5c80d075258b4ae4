//! Real retry libraries, reproduced: every measured configuration is a policy of ours, or out of reach
//! for a reason that is named.
//!
//! `cargo test --test behaviour real_systems -- --nocapture` prints the counts.

#![cfg(feature = "serde")]
#![allow(clippy::panic, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use redrive::{RetryPolicy, wire::Value};

use crate::vectors::{self, Case};

fn policy_of(case: &Case, value: &Value) -> RetryPolicy {
    RetryPolicy::from_value(value).unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

#[test]
fn every_measured_case_is_reproduced_or_out_of_reach_by_name() {
    let mut by_system: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut mismatches = Vec::new();
    let mut reasons = Vec::new();
    for case in vectors::all() {
        let (reproduced, out_of_reach) = by_system.entry(case.system.clone()).or_default();
        match &case.policy {
            Err(reason) => {
                *out_of_reach += 1;
                reasons.push(format!("{}: {reason}", case.name));
            }
            Ok(value) => match case.judge(&policy_of(&case, value)) {
                Ok(()) => *reproduced += 1,
                Err(error) => mismatches.push(format!("{}: {error}", case.name)),
            },
        }
    }
    let mut total = (0, 0);
    for (system, (reproduced, out_of_reach)) in &by_system {
        println!("{reproduced:4} reproduced {out_of_reach:4} out of reach   {system}");
        total = (total.0 + reproduced, total.1 + out_of_reach);
    }
    println!("{:4} reproduced {:4} out of reach   {} systems", total.0, total.1, by_system.len());
    println!("out of reach:\n{}", reasons.join("\n"));
    assert!(mismatches.is_empty(), "{}", mismatches.join("\n"));
    assert_eq!((total, by_system.len()), ((130, 5), 36));
}

/// The wire policy with its cap stage turned round; `None` where there is no cap.
fn other_stage(policy: &Value) -> Option<Value> {
    policy.get("maxDelay")?;
    let stage = policy.get("compat").and_then(|compat| compat.get("capStage"));
    let flipped = match stage.and_then(Value::as_text) {
        Some("before") => "after",
        _ => "before",
    };
    Some(with(policy, "compat", |compat| with(compat, "capStage", |_| flipped.into())))
}

/// The wire policy with its growth one percent off; `None` where nothing is multiplied.
fn more_growth(policy: &Value) -> Option<Value> {
    let multiplier = policy.get("backoff")?.get("multiplier")?.as_f64()?;
    let grown = |_: &Value| Value::Float(multiplier * 1.01);
    Some(with(policy, "backoff", |backoff| with(backoff, "multiplier", grown)))
}

/// `map` with the field `name` changed.
fn with(map: &Value, name: &str, change: impl Fn(&Value) -> Value) -> Value {
    let Value::Map(entries) = map else { panic!("{name} is in a group of fields") };
    let change = |(field, value): &(String, Value)| {
        (field.clone(), if field == name { change(value) } else { value.clone() })
    };
    Value::Map(entries.iter().map(change).collect())
}

/// How many cases can be changed so, and how many of those no longer fit.
fn broken_by(change: impl Fn(&Value) -> Option<Value>) -> (usize, Vec<String>) {
    let (mut changed, mut unnoticed) = (0, Vec::new());
    for case in vectors::all() {
        let Some(value) = case.policy.as_ref().ok().and_then(&change) else { continue };
        changed += 1;
        if case.judge(&policy_of(&case, &value)).is_ok() {
            unnoticed.push(case.name);
        }
    }
    (changed, unnoticed)
}

#[test]
fn a_cap_on_the_wrong_side_of_the_jitter_is_noticed() {
    let (changed, unnoticed) = broken_by(other_stage);
    // It shows only where there is jitter and the measurement went as far as the cap.
    assert!(changed >= unnoticed.len() + 28, "{changed}, unnoticed: {}", unnoticed.join("\n"));
}

#[test]
fn a_multiplier_one_percent_off_is_noticed() {
    let (changed, unnoticed) = broken_by(more_growth);
    // Left over are cases that never get to use it: a class of its own, a hint, a cap below the start.
    assert!(changed >= unnoticed.len() + 84, "{changed}, unnoticed: {}", unnoticed.join("\n"));
}
