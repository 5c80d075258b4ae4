//! Writing a policy and reading it back is the identity, in JSON and in TOML.

#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use proptest::prelude::*;
use redrive::{RetryPolicy, presets, wire::Value};

use crate::common;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn through_json(policy in common::policy()) {
        let text = serde_json::to_string(&policy).unwrap();
        prop_assert_eq!(&serde_json::from_str::<RetryPolicy>(&text).unwrap(), &policy);
        prop_assert_eq!(&text, &policy.to_value().to_string(), "our own writer writes the same");
    }

    #[test]
    fn through_toml(policy in common::policy()) {
        let text = toml::to_string(&policy.to_toml_value());
        // TOML's integers end at 2^63 - 1, which no field but a duration in text passes.
        let value: Value = toml::from_str(&text.unwrap()).unwrap();
        prop_assert_eq!(RetryPolicy::from_value(&value).unwrap(), policy);
    }

    #[test]
    fn no_tree_panics(name in "[a-zA-Z_]{0,12}", number: f64, text in ".{0,12}") {
        for value in [Value::Float(number), Value::from(text.as_str()), Value::Null] {
            let one = Value::Map(vec![(name.clone(), value.clone())]);
            let _ = RetryPolicy::from_value(&one);
            let nested = Value::Map(vec![("backoff".into(), one.clone()), ("jitter".into(), one)]);
            let _ = RetryPolicy::from_value(&nested);
            for field in redrive::policy::wire::FIELDS {
                let _ = RetryPolicy::from_value(&Value::map([(field, value.clone())]));
            }
        }
    }
}

#[test]
fn presets_are_written_whole() {
    for preset in presets::all() {
        let policy = preset.policy();
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<RetryPolicy>(&text).unwrap(), policy, "{}", preset.name);
    }
}

#[test]
fn equal_policies_have_equal_fingerprints_and_others_do_not() {
    let mut prints: Vec<u64> = presets::all().iter().map(|p| p.policy().fingerprint()).collect();
    assert_eq!(RetryPolicy::default().fingerprint(), prints[0]);
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), presets::all().len());
}

#[test]
fn nothing_given_is_the_default() {
    assert_eq!(serde_json::from_str::<RetryPolicy>("{}").unwrap(), RetryPolicy::default());
}
