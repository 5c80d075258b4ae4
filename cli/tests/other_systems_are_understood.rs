//! `redrive import` and `redrive export`: the result alone on the output, the differences beside it.

use crate::support::{Place, json};

#[test]
fn a_service_config_becomes_a_policy_and_back() {
    let place = Place::with(
        "service.json",
        r#"{"methodConfig":[{"name":[{"service":"a.B"}],"retryPolicy":{"maxAttempts":4,
        "initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":2,
        "retryableStatusCodes":["UNAVAILABLE"]}}]}"#,
    );
    let policy = place.run(&["import", "--from", "grpc", "service.json"]);
    assert_eq!(policy.code, Some(0), "{}", policy.err);
    assert!(policy.err.lines().all(|line| line.starts_with("note: ")), "{}", policy.err);
    place.write("policy.toml", &policy.out);
    assert!(
        place.ok(&["check", "policy.toml"]).contains("4 attempts, exponential from 100 ms × 2")
    );
    let back = json(&place.ok(&["export", "--to", "grpc", "policy.toml"]));
    assert_eq!(back["methodConfig"][0]["retryPolicy"]["maxAttempts"], 4);
}

#[test]
fn every_export_is_read_back() {
    let place = Place::new();
    for system in ["aws", "celery", "envoy", "grpc", "step-functions", "temporal"] {
        let exported = place.run(&["export", "--to", system, "grpc"]);
        if exported.code == Some(2) {
            assert!(exported.err.contains("has no form in"), "{system}: {}", exported.err);
            continue;
        }
        place.write("other", &exported.out);
        place.ok(&["import", "--from", system, "other", "--format", "json"]);
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    let place = Place::with("x.json", "{\n \"retry\": \"often\"\n}");
    let error = place.refused(&["import", "--from", "sidekik", "x.json"]);
    assert!(error.contains("did you mean \"sidekiq\"?"), "{error}");
    let error = place.refused(&["import", "--from", "sidekiq", "x.json"]);
    assert!(error.contains("x.json:2: retry"), "{error}");
    let error = place.refused(&["export", "--to", "temporal", "nothing"]);
    assert!(error.contains("there is no preset"), "{error}");
}

#[test]
fn a_name_that_hides_is_written_only_where_it_can_be_escaped() {
    let policy = r#"{"maximumAttempts":3,"nonRetryableErrorTypes":["a\u202eb"]}"#;
    let place = Place::with("t.json", policy);
    let refused = place.refused(&["import", "--from", "temporal", "t.json"]);
    assert!(refused.contains("--format json"), "{refused}");
    let json = place.ok(&["import", "--from", "temporal", "t.json", "--format", "json"]);
    assert!(json.contains("a\\u202eb"), "{json}");
}
