//! A policy from another system acts in the simulator as it acts in production, and what differs is
//! kept with it when it is saved.

use crate::support::{Place, json};

const HERD: [&str; 5] = ["simulate", "herd", "--tasks", "200", "--format"];

/// Imports the text, saves it, and gives what the herd does under it.
fn simulated(system: &str, text: &str) -> serde_json::Value {
    let place = Place::with("theirs", text);
    place.write("ours.toml", &place.ok(&["import", "--from", system, "theirs"]));
    let run = [&HERD[..], &["json", "--policy", "ours.toml"]].concat();
    json(&place.ok(&run))["policies"][0].clone()
}

#[test]
fn imported_rules_retry_what_fails_in_a_scenario() {
    let grpc = r#"{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.1s",
        "maxBackoff": "1s", "backoffMultiplier": 2, "retryableStatusCodes": [14]}}]}"#;
    for (system, text) in [
        ("envoy", r#"{"retry_on":"5xx,reset,connect-failure","num_retries":3}"#),
        ("envoy", "retry_policy:\n  retry_on: gateway-error,reset\n  num_retries: 2\n"),
        ("grpc", grpc),
        ("step-functions", r#"[{"ErrorEquals":["States.TaskFailed"],"MaxAttempts":6}]"#),
        (
            "step-functions",
            r#"[{"ErrorEquals":["Lambda.ServiceException","Lambda.SdkClientException"],"MaxAttempts":6}]"#,
        ),
        ("aws", "[default]\nretry_mode = standard\n"),
        ("temporal", r#"{"maximumAttempts": 3}"#),
        ("celery", r#"{"autoretry_for": ["ConnectionError"], "retry_backoff": true}"#),
        ("sidekiq", r#"{"sidekiq_options": {"retry": 5}}"#),
    ] {
        let outcome = simulated(system, text);
        let (tasks, attempts) = (&outcome["tasks"], &outcome["attempts"]);
        assert!(attempts.as_u64() > tasks.as_u64(), "{system} {text}: {attempts} of {tasks}");
    }
}

#[test]
fn rules_that_retry_nothing_in_a_scenario_get_a_hint() {
    let place = Place::with(
        "policy.toml",
        "defaultAction = \"deadLetter\"\n[[classify]]\nmatch = \"conflict\"\n",
    );
    let hinted = place.ok(&["check", "policy.toml", "--scenario", "herd"]);
    assert!(hinted.contains("No attempt is ever retried here"), "{hinted}");
    assert!(hinted.contains("connection (ECONNREFUSED)"), "{hinted}");
    assert!(!place.ok(&["check", "policy.toml"]).contains("hint"));
    assert!(!place.ok(&["check", "policy.toml", "--scenario", "occ"]).contains("retried here"));
    let run = place.run(&[&HERD[..], &["json", "--policy", "policy.toml"]].concat());
    assert!(run.err.contains("hint: policy: No attempt is ever retried here"), "{}", run.err);
    place.write("typo.toml", "defaultAction = \"fail\"\n[[classify]]\nmatch = \"timeot\"\n");
    let typo = place.ok(&["check", "typo.toml"]);
    assert!(typo.contains("Did you mean \"timeout\"?"), "{typo}");
}

#[test]
fn the_fidelity_stays_with_a_saved_policy() {
    let config = r#"{"methodConfig": [{"name": [{"service": "a.B"}, {"service": "a.C", "method": "D"}],
        "timeout": "60s", "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.1s", "maxBackoff": "1s",
        "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}"#;
    let place = Place::with("service.json", config);
    let toml = place.ok(&["import", "--from", "grpc", "service.json", "--name", "a.C/D"]);
    assert!(toml.contains("# Fidelity: approximate, since:\n# - timeout also cancels"), "{toml}");
    place.write("saved.toml", &toml);
    place.ok(&["check", "saved.toml"]);
    let text = place.ok(&["import", "--from", "grpc", "service.json", "--format", "json"]);
    place.write("saved.json", &text);
    place.ok(&["check", "saved.json"]);
    let imported = &json(&text)["imported"];
    assert_eq!((&imported["from"], &imported["fidelity"]), (&"grpc".into(), &"approximate".into()));
    assert_eq!(imported["reasons"].as_array().map(Vec::len), Some(1));
    let exact = place.ok(&["import", "--from", "grpc", "service.json"]);
    assert!(exact.contains("Imported from gRPC service config"), "{exact}");
    place.write("odd.json", &text.replace("approximate", "roughly"));
    let odd = place.run(&["check", "odd.json"]);
    assert_eq!(odd.code, Some(1));
    assert!(odd.err.contains("imported.fidelity"), "{}", odd.err);
}

#[test]
fn one_of_several_policies_is_asked_for_by_name() {
    let place = Place::with("config", "[default]\nretry_mode = standard\n");
    let own = place.run(&["import", "--from", "aws", "config"]);
    assert!(own.err.contains("--name default/dynamodb"), "{}", own.err);
    let dynamo_db = place.ok(&["import", "--from", "aws", "config", "--name", "default/dynamodb"]);
    assert!(dynamo_db.contains("25ms"), "{dynamo_db}");
    let error = place.refused(&["import", "--from", "aws", "config", "--name", "default/dynamo"]);
    assert!(error.contains("did you mean default/dynamodb?"), "{error}");
}

#[test]
fn a_file_that_is_not_understood_is_refused_with_its_place() {
    let place = Place::with("x.yaml", "retry_on: 5xx\nretry_on: reset\n");
    let error = place.refused(&["import", "--from", "envoy", "x.yaml"]);
    assert!(error.contains("line 2") && error.contains("twice"), "{error}");
    place.write("x.json", "{\n  \"retry_on\": \"5xx\",\n  \"num_retry\": 2\n}");
    let error = place.refused(&["import", "--from", "envoy", "x.json"]);
    assert!(error.contains("x.json:3: num_retry is not known here; did you mean"), "{error}");
    place.write("x.json", "{}");
    let error = place.refused(&["import", "--from", "temporal", "x.json"]);
    assert!(error.contains("contains no retry policy"), "{error}");
}

#[test]
fn systems_are_listed_and_read_in_toml_and_properties() {
    let place = Place::with(
        "options.toml",
        "[jobs.mail]\nattempts = 3\nbackoff = { type = \"fixed\", delay = 500 }\n",
    );
    let list = place.ok(&["import", "--list"]);
    assert!(list.lines().count() >= 55 && list.contains("\nbullmq "), "{list}");
    let policy = place.ok(&["import", "--from", "bullmq", "options.toml"]);
    assert!(policy.contains("policy mail") && policy.contains("\"500ms\""), "{policy}");
    place.write("application.properties", "resilience4j.retry.instances.pay.waitDuration=2s\n");
    let policy = place.ok(&[
        "import",
        "--from",
        "resilience4j",
        "application.properties",
        "--format",
        "json",
    ]);
    assert_eq!(json(&policy)["imported"]["name"], "pay");
    place.write("pay.json", &policy);
    let back = place.ok(&["export", "--to", "resilience4j", "pay.json"]);
    assert!(back.contains("resilience4j.retry.instances.policy.waitDuration=2000ms"), "{back}");
}
