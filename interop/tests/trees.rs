//! Whatever tree a file holds, an importer answers; and what it reads exactly survives the way out and in.

#![allow(clippy::unwrap_used, reason = "a test may")]

use proptest::{prelude::*, sample::select};
use redrive::wire::Value;
use redrive_interop::{Imported, systems};

/// Words that the importers look for, and some that they do not.
const WORDS: &[&str] = &[
    "retryPolicy",
    "retry_policy",
    "retry_on",
    "num_retries",
    "retry_back_off",
    "base_interval",
    "max_interval",
    "retries",
    "attempts",
    "perTryTimeout",
    "retriable_status_codes",
    "retry_budget",
    "methodConfig",
    "name",
    "service",
    "maxAttempts",
    "initialBackoff",
    "maxBackoff",
    "backoffMultiplier",
    "retryableStatusCodes",
    "retryThrottling",
    "maxTokens",
    "tokenRatio",
    "timeout",
    "Retry",
    "States",
    "ErrorEquals",
    "IntervalSeconds",
    "MaxAttempts",
    "BackoffRate",
    "MaxDelaySeconds",
    "JitterStrategy",
    "initialInterval",
    "backoffCoefficient",
    "maximumInterval",
    "maximumAttempts",
    "nonRetryableErrorTypes",
    "retry",
    "retry_for",
    "dead",
    "sidekiq_options",
    "max_retries",
    "retry_backoff",
    "retry_backoff_max",
    "retry_jitter",
    "retry_kwargs",
    "countdown",
    "autoretry_for",
    "default",
    "retry_mode",
    "max_attempts",
    "value",
    "seconds",
    "nanos",
    "x",
    "DefinitionString",
];
const TEXTS: &[&str] = &[
    "1s",
    "0s",
    "0.1s",
    "5xx",
    "5xx,reset",
    "UNAVAILABLE",
    "14",
    "standard",
    "legacy",
    "FULL",
    "States.ALL",
    "",
    "-1s",
    "ä",
    "true",
    "{}",
    "[{\"Retry\": []}]",
    "1e400",
    "184467440737095516160s",
    "3",
    "*",
];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        select(&[0_u64, 1, 2, 3, 4, 5, 25, 1_000, 1_000_000, u64::MAX][..])
            .prop_map(Value::Unsigned),
        select(&[-1_i64, i64::MIN][..]).prop_map(Value::Signed),
        select(&[0.0, 0.5, 1.0, 2.0, -0.5, 1e19, 1e300, f64::INFINITY, f64::NAN][..])
            .prop_map(Value::Float),
        select(TEXTS).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::vec((select(WORDS), inner), 0..6).prop_map(|entries| {
                Value::Map(
                    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
                )
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_tree_makes_an_importer_panic_and_what_is_exact_stays_so(tree in value()) {
        for system in systems() {
            let Ok(policies) = system.import(&tree) else { continue };
            for imported in policies.into_iter().filter(Imported::is_exact) {
                let Ok(exported) = system.export(&imported.policy) else { continue };
                let mut back = system.import(&exported.tree).unwrap();
                back.retain(|policy| !policy.is_variant);
                if exported.is_exact() {
                    prop_assert_eq!(&back.remove(0).policy, &imported.policy, "{}", system.name);
                }
            }
        }
    }
}
