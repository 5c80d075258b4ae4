//! Policies of other systems: what is read behaves as it does there, and nothing that is written loses
//! something without a note.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::num::NonZeroU32;

use proptest::prelude::*;
use redrive::{Action, Budget, Duration, RetryPolicy, presets, wire::Value};
use redrive_interop::{self as convert, Imported, Syntax};

use crate::common;

fn read(system: &str, text: &str) -> Vec<Imported> {
    let system = convert::find(system).unwrap();
    let tree = match system.syntax {
        Syntax::Json | Syntax::Properties => serde_json::from_str::<Value>(text).unwrap(),
        Syntax::Ini => convert::read_ini(text).unwrap(),
    };
    system.import(&tree).unwrap_or_else(|error| panic!("{}: {error}", system.name))
}

fn one(system: &str, text: &str) -> Imported {
    let mut imported = read(system, text);
    imported.retain(|policy| !policy.is_variant);
    assert_eq!(imported.len(), 1, "{imported:?}");
    imported.remove(0)
}

fn preset(name: &str) -> RetryPolicy {
    presets::find(name).unwrap().policy()
}

fn longest_delays(policy: &RetryPolicy, retries: usize) -> Vec<Duration> {
    policy.bands(0, None).take(retries).map(|band| band.max).collect()
}

fn millis<const N: usize>(millis: [u64; N]) -> Vec<Duration> {
    millis.map(Duration::from_millis).into()
}

const GRPC: &str = r#"{
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [{
        "name": [{"service": "shop.Orders", "method": "Place"}],
        "retryPolicy": {
            "maxAttempts": 4, "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE", 8]
        }
    }],
    "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1}
}"#;

#[test]
fn grpc_is_read_as_its_clients_do() {
    let imported = one("grpc", GRPC);
    assert_eq!((imported.name.as_str(), imported.is_exact()), ("shop.Orders/Place", true));
    let (policy, grpc) = (imported.policy, preset("grpc"));
    assert_eq!(longest_delays(&policy, 6), millis([120, 240, 480, 960, 1_200, 1_200]));
    assert_eq!(policy.budget(), grpc.budget());
    assert_eq!(policy.max_attempts(), grpc.max_attempts());
    let action = |kind| policy.action(policy.classify(kind, None));
    assert_eq!(action("RESOURCE_EXHAUSTED"), Action::Retry);
    assert_eq!(action("NOT_FOUND"), Action::DeadLetter);
}

#[test]
fn aws_profiles_are_read_one_by_one() {
    let text = "[default]\nregion = eu-west-1\nretry_mode = standard\nmax_attempts = 5\n\
                [profile batch]\nretry_mode = adaptive\n[profile old]\nretry_mode = legacy\n\
                [profile none]\nregion = eu-west-1\n";
    let (profiles, variants): (Vec<_>, Vec<_>) =
        read("aws", text).into_iter().partition(|policy| !policy.is_variant);
    let names = |policies: &[Imported]| -> Vec<String> {
        policies.iter().map(|policy| policy.name.clone()).collect()
    };
    assert_eq!(names(&profiles), ["default", "batch", "old"]);
    let standard = preset("aws-standard");
    for (policy, attempts, exact) in [(&profiles[0], 5, true), (&profiles[1], 3, false)] {
        assert_eq!(longest_delays(&policy.policy, 9), longest_delays(&standard, 9));
        assert_eq!(policy.policy.budget(), standard.budget());
        assert_eq!(policy.policy.max_attempts().map(NonZeroU32::get), Some(attempts));
        assert_eq!(policy.is_exact(), exact);
    }
    assert_eq!(longest_delays(&profiles[2].policy, 6).last(), Some(&Duration::from_secs(32)));
    let dynamo_db = &variants[0].policy;
    assert_eq!(names(&variants)[..2], ["default/dynamodb", "default/before-2026-11-10"]);
    assert_eq!(longest_delays(dynamo_db, 3), millis([25, 50, 100]));
    let old = variants.iter().find(|policy| policy.name == "old/dynamodb").unwrap();
    assert_eq!(longest_delays(&old.policy, 3), millis([50, 100, 200]));
    assert_eq!(old.policy.max_attempts().map(NonZeroU32::get), Some(10));
}

#[test]
fn aws_retries_what_its_sdks_do() {
    for mode in ["standard", "legacy"] {
        for imported in read("aws", &format!("[default]\nretry_mode = {mode}\n")) {
            let policy = imported.policy;
            let action = |words: &[&str]| policy.action(policy.classify_words(words));
            for retried in [
                &["ThrottlingException", "400"][..],
                &["503"],
                &["InternalError", "500"],
                &["RequestTimeout", "400"],
                &["ECONNRESET"],
            ] {
                assert_eq!(action(retried), Action::Retry, "{mode} {retried:?}");
            }
            for given_up in [&["ValidationException", "400"][..], &["404"], &["501"], &["Mine"]] {
                assert_eq!(action(given_up), Action::DeadLetter, "{mode} {given_up:?}");
            }
        }
    }
}

#[test]
fn defaults_of_a_system_are_its_preset() {
    for (system, text) in [
        ("sidekiq", r#"{"retry": true, "queue": "low"}"#),
        ("celery", r#"{"retry_backoff": true}"#),
    ] {
        let imported = one(system, text);
        assert_eq!((imported.policy, imported.notes), (preset(system), Vec::new()), "{system}");
    }
}

#[test]
fn counts_of_retries_become_attempts() {
    for (system, text, attempts) in [
        ("celery", r#"{"max_retries": 5}"#, 6),
        ("sidekiq", r#"{"retry": 0}"#, 1),
        ("envoy", r#"{"retry_on": "5xx", "num_retries": {"value": 2}}"#, 3),
        ("envoy", r#"{"retry_on": "5xx"}"#, 2),
        ("step-functions", r#"[{"ErrorEquals": ["States.ALL"]}]"#, 4),
        ("temporal", r#"{"maximumAttempts": 3}"#, 3),
    ] {
        let policy = one(system, text).policy;
        assert_eq!(
            policy.max_attempts().map(core::num::NonZeroU32::get),
            Some(attempts),
            "{system}"
        );
    }
}

#[test]
fn step_functions_retriers_are_rules_in_their_order() {
    let text = r#"[
        {"ErrorEquals": ["Denied"], "MaxAttempts": 0},
        {"ErrorEquals": ["Throttled"], "IntervalSeconds": 5, "BackoffRate": 1.5, "MaxAttempts": 4},
        {"ErrorEquals": ["States.ALL"], "MaxAttempts": 4, "JitterStrategy": "FULL"}
    ]"#;
    let Imported { policy, notes, .. } = one("step-functions", text);
    assert_eq!(notes.len(), 1, "each retrier counts for itself there: {notes:?}");
    let action = |kind| policy.action(policy.classify(kind, None));
    assert_eq!((action("Denied"), action("Other")), (Action::DeadLetter, Action::Retry));
    assert_eq!(longest_delays(&policy, 3), millis([1_000, 2_000, 4_000]));
    let rule = &policy.rules()[1];
    assert_eq!(rule.matches, ["Throttled"]);
    assert!(rule.backoff.is_some() && rule.jitter == Some(redrive::Jitter::None));
}

#[test]
fn envoy_takes_its_cap_from_its_base_and_its_budget_along() {
    let text = r#"{"retry_on": "5xx,reset", "num_retries": 3, "per_try_timeout": "2s",
        "retry_back_off": {"base_interval": "0.1s"},
        "retry_budget": {"budget_percent": {"value": 25}, "min_retry_concurrency": 5}}"#;
    let policy = one("envoy", text).policy;
    // Whole milliseconds below 100, 200, ... 1000.
    assert_eq!(longest_delays(&policy, 5), millis([99, 199, 399, 799, 999]));
    assert_eq!(policy.attempt_timeout(), Some(Duration::from_secs(2)));
    let mut budget = Budget::new(policy.budget().unwrap());
    assert!((0..5).all(|_| budget.withdraw(redrive::Time::ZERO, 1, false)));
    assert!(!budget.withdraw(redrive::Time::ZERO, 1, false));
}

#[test]
fn what_cannot_be_meant_is_refused_by_name() {
    for (system, text, path) in [
        ("temporal", r#"{"backoffCoefficient": 0.5}"#, "backoff.multiplier"),
        ("temporal", "[]", ""),
        ("grpc", r#"{"methodConfig": []}"#, ""),
        (
            "grpc",
            r#"{"methodConfig": [{"retryPolicy": {}}]}"#,
            "methodConfig[0].retryPolicy.initialBackoff",
        ),
        ("step-functions", r#"[{"MaxAttempts": 1}]"#, "Retry[0].ErrorEquals"),
        (
            "step-functions",
            r#"[{"ErrorEquals": ["E"], "IntervalSeconds": -1}]"#,
            "Retry[0].IntervalSeconds",
        ),
        ("celery", r#"{"retry_backoff": "often"}"#, "retryBackoff"),
    ] {
        let tree: Value = serde_json::from_str(text).unwrap();
        let error = convert::find(system).unwrap().import(&tree).unwrap_err();
        assert_eq!(error.path(), path, "{system}: {error}");
    }
    let error = convert::find("temprol").unwrap_err().to_string();
    assert!(error.contains("did you mean \"temporal\"?"), "{error}");
}

#[test]
fn what_a_system_cannot_say_is_refused_or_noted() {
    let export = |system: &str, policy: &RetryPolicy| convert::find(system).unwrap().export(policy);
    for system in convert::systems() {
        let error = export(system.name, &preset("decorrelated")).unwrap_err();
        assert_eq!(error.path(), "backoff", "{}: {error}", system.name);
    }
    for system in ["aws", "sidekiq"] {
        assert!(export(system, &RetryPolicy::default()).is_err(), "{system} has its own delays");
    }
    let notes = export("temporal", &RetryPolicy::recommended()).unwrap().notes;
    for field in ["jitter", "budget", "classify", "retryAfter"] {
        assert!(notes.iter().any(|note| note.starts_with(field)), "{field}: {notes:?}");
    }
}

#[test]
fn what_was_read_is_written_without_loss() {
    for (system, text) in [
        ("grpc", GRPC),
        ("aws", "[default]\nretry_mode = standard\nmax_attempts = 7\n"),
        ("aws", "[default]\nretry_mode = legacy\n"),
        (
            "temporal",
            r#"{"initialInterval": "0.5s", "maximumAttempts": 9, "nonRetryableErrorTypes": ["Bad"]}"#,
        ),
        (
            "envoy",
            r#"{"retry_on": "reset,retriable-status-codes", "retriable_status_codes": [503], "num_retries": 4}"#,
        ),
        ("step-functions", r#"[{"ErrorEquals": ["States.ALL"], "MaxDelaySeconds": 60}]"#),
        ("sidekiq", r#"{"retry": 7}"#),
        ("celery", r#"{"max_retries": 5, "retry_backoff": 3, "retry_backoff_max": 100}"#),
        ("celery", r#"{"default_retry_delay": 30}"#),
    ] {
        let imported = one(system, text);
        let exported = convert::find(system).unwrap().export(&imported.policy).unwrap();
        assert_eq!((imported.notes, exported.notes), (vec![], vec![]), "{system} {text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(2026), ..ProptestConfig::default() })]

    /// What came back from a system is what the system can say: writing it again loses nothing more.
    #[test]
    fn a_second_export_is_the_first(policy in common::policy()) {
        for system in convert::systems() {
            let Ok(exported) = system.export(&policy) else { continue };
            let mut back = system.import(&exported.tree).unwrap();
            back.retain(|policy| !policy.is_variant);
            let back = back.remove(0);
            prop_assert_eq!(exported.is_exact(), back.is_exact() && back.policy == policy);
            // A constant that came back may be one that the growing kind of that system has no place for.
            let Ok(again) = system.export(&back.policy) else { continue };
            // Perhaps in other words: 2^n x 2 ms is 2 ms x 2^n.
            let third = system.import(&again.tree).unwrap().into_iter().find(|p| !p.is_variant);
            prop_assert_eq!(&third.unwrap().policy, &back.policy, "{}", system.name);
        }
    }
}
