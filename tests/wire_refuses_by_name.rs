//! What is not a policy is refused with the field, the value, the limit and a remedy.

#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use redrive::RetryPolicy;

#[track_caller]
fn refused(json: &str, message: &str) {
    let error = serde_json::from_str::<RetryPolicy>(json).unwrap_err().to_string();
    assert!(error.starts_with(message), "{json}\n  says: {error}\n  not:  {message}");
}

#[test]
fn unknown_fields_and_kinds_are_guessed() {
    refused(r#"{"maxAttemps": 3}"#, "maxAttemps is not a field; did you mean \"maxAttempts\"?");
    refused(r#"{"max_attemps": 3}"#, "max_attemps is not a field; did you mean \"maxAttempts\"?");
    refused(
        r#"{"backoff": {"kind": "exponental", "initial": "1s"}}"#,
        "backoff.kind = \"exponental\" is not known; did you mean \"exponential\"?",
    );
    refused(r#"{"jitter": "ful"}"#, "jitter = \"ful\" is not known; did you mean \"full\"?");
    refused(
        r#"{"backoff": {"kind": "constant", "delay": "1s", "multiplier": 2}}"#,
        "backoff.multiplier is not a field; The fields here are: kind, delay, firstDelay",
    );
    refused(
        r#"{"classify": [{"match": "x", "action": "deadleter"}]}"#,
        "classify[0].action = \"deadleter\" is not known; did you mean \"deadLetter\"?",
    );
    refused(
        r#"{"budget": {"kind": "tokenBuket"}}"#,
        "budget.kind = \"tokenBuket\" is not known; did you mean \"tokenBucket\"?",
    );
}

#[test]
fn values_out_of_range_name_field_value_and_limit() {
    for (json, message) in [
        (
            r#"{"backoff":{"kind":"exponential","multiplier":0.5}}"#,
            "backoff.multiplier = 0.5 is below 1",
        ),
        (
            r#"{"backoff":{"kind":"exponential","multiplier":1e9}}"#,
            "backoff.multiplier = 1000000000 is above 1000",
        ),
        (
            r#"{"backoff":{"kind":"exponential","initial":"-2s"}}"#,
            "backoff.initial = \"-2s\" is negative",
        ),
        (
            r#"{"backoff":{"kind":"exponential","initial":-5}}"#,
            "backoff.initial = -5 ms is negative",
        ),
        (r#"{"backoff":{"kind":"exponential","initial":"NaN"}}"#, "backoff.initial = \"NaN\""),
        (r#"{"backoff":{"kind":"table","delays":[]}}"#, "backoff.delays is empty"),
        (r#"{"backoff":{"kind":"constant"}}"#, "backoff.delay is missing"),
        (r#"{"maxAttempts": 0}"#, "maxAttempts = 0 is below 1"),
        (r#"{"maxAttempts": 4294967296}"#, "maxAttempts = 4294967296 is above 4294967295"),
        (r#"{"maxAttempts": -1}"#, "maxAttempts = -1 is below 1"),
        (r#"{"maxAttempts": 2.5}"#, "maxAttempts = 2.5 is not a whole number"),
        (r#"{"maxAttempts": null}"#, "maxAttempts = null is unlimited, and there is no maxElapsed"),
        (r#"{"minDelay": "2s", "maxDelay": "1s"}"#, "minDelay = 2s is above maxDelay = 1s"),
        (r#"{"attemptTimeout": 0}"#, "attemptTimeout = 0s is below 1ns"),
        (r#"{"jitter":{"kind":"symmetric","factor":1.5}}"#, "jitter.factor = 1.5 is above 1"),
        (
            r#"{"jitter":{"kind":"uniform","low":{"factor":2},"high":{"factor":1}}}"#,
            "jitter.low lies above",
        ),
        (
            r#"{"backoff":{"kind":"decorrelated"},"jitter":"full"}"#,
            "jitter = \"full\" makes no sense",
        ),
        (r#"{"budget":{"kind":"ratio","percent":-1}}"#, "budget.percent = -1 is below 0"),
        (r#"{"version": 2}"#, "version = 2 is not known"),
        (r#"{"classify":[{"action":"retry"}]}"#, "classify[0].match is missing"),
        (r#"{"compat":{"resampleAbove":{"low":0.5}}}"#, "compat.resampleAbove needs a cap"),
        (
            r#"{"backoff":{"kind":"constant","delay":"1s","firstDelay":"2s"},"maxDelay":"1s"}"#,
            "backoff.firstDelay = 2s",
        ),
        ("[]", "is a list, not an object; expected fields:"),
    ] {
        refused(json, message);
    }
}

#[test]
fn prototype_fields_are_refused() {
    for name in ["__proto__", "constructor", "prototype"] {
        refused(&format!("{{\"{name}\": {{}}}}"), &format!("{name} is not a field"));
    }
}

#[test]
fn snake_case_is_read() {
    let policy: RetryPolicy = serde_json::from_str(
        r#"{"max_attempts": 7, "max_delay": "30s", "elapsed_rule": "truncate"}"#,
    )
    .unwrap();
    assert_eq!(policy.max_attempts().unwrap().get(), 7);
}

#[test]
fn a_json_schema_is_made_from_the_same_tables() {
    let schema = redrive::policy::schema::policy();
    let properties = schema.get("properties").unwrap();
    for field in redrive::policy::wire::FIELDS {
        assert!(properties.get(field).is_some(), "{field}");
    }
}

#[test]
fn the_pointer_to_a_schema_is_read_past_and_never_written() {
    let pointed = r#"{"$schema": "./node_modules/redrive/schema/policy.json", "maxAttempts": 7}"#;
    let policy: RetryPolicy = serde_json::from_str(pointed).unwrap();
    assert_eq!(policy, serde_json::from_str(r#"{"maxAttempts": 7}"#).unwrap());
    assert_eq!(policy.to_value().get("$schema"), None);
    let refused = serde_json::from_str::<RetryPolicy>(r#"{"$schema": 7}"#).unwrap_err();
    assert!(refused.to_string().starts_with("$schema is a number; write a string"), "{refused}");
    let nested = serde_json::from_str::<RetryPolicy>(r#"{"retryAfter": {"$schema": "x"}}"#);
    assert!(nested.is_err());
}
