//! What a hint proposes can be done: with the fix in its field the policy is still valid, and the hint
//! is gone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use proptest::prelude::*;
use redrive::{Hint, RetryPolicy, presets, wire::Value};

use crate::common;

/// `policy` with the field at `path` set to `value`.
fn set(policy: &Value, path: &str, value: &Value) -> Value {
    let (field, rest) =
        path.split_once('.').map_or((path, None), |(field, rest)| (field, Some(rest)));
    let Value::Map(entries) = policy else { panic!("{path} is in a group of fields") };
    let old = policy.get(field).cloned().unwrap_or(Value::Map(Vec::new()));
    let new = match rest {
        Some(rest) => set(&old, rest, value),
        None => value.clone(),
    };
    let mut entries: Vec<_> = entries.iter().filter(|(name, _)| name != field).cloned().collect();
    entries.push((field.to_owned(), new));
    Value::Map(entries)
}

fn mended(policy: &RetryPolicy, hint: &Hint) -> Option<Result<(), String>> {
    let (path, value) = hint.fix.as_ref()?;
    let fixed = match RetryPolicy::from_value(&set(&policy.to_value(), path, value)) {
        Ok(fixed) => fixed,
        Err(error) => return Some(Err(format!("{}: {error}", hint.code))),
    };
    let left = fixed.hints().iter().any(|other| other.code == hint.code);
    Some(if left { Err(format!("{} is still there", hint.code)) } else { Ok(()) })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_fix_is_valid_and_mends(policy in common::policy()) {
        for hint in policy.hints() {
            if let Some(result) = mended(&policy, &hint) {
                prop_assert_eq!(result, Ok(()), "{:?}", hint);
            }
        }
    }
}

#[test]
fn the_fixes_for_presets_mend() {
    for preset in presets::all() {
        for hint in preset.policy().hints() {
            if let Some(result) = mended(&preset.policy(), &hint) {
                assert_eq!(result, Ok(()), "{} {hint:?}", preset.name);
            }
        }
    }
}
