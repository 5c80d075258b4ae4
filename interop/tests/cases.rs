//! Files of other systems as people have them: wrapped, in YAML, with zeros, in other cases. What is read
//! acts as it does there; what is not understood is refused by name and never replaced by a default.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::fs;

use redrive::{
    Action, Backoff, Duration, RetryPolicy,
    policy::CapStage,
    wire::{ConfigError, Value},
};
use redrive_interop::{Imported, Syntax, find, read_ini, read_yaml};

pub(crate) fn tree(system: &str, text: &str) -> Value {
    let parsed = match find(system).unwrap().syntax {
        Syntax::Json | Syntax::Properties => read_yaml(text),
        Syntax::Ini => read_ini(text),
    };
    parsed.unwrap()
}

pub(crate) fn import(system: &str, text: &str) -> Result<Vec<Imported>, ConfigError> {
    find(system).unwrap().import(&tree(system, text))
}

fn fixture(name: &str) -> String {
    fs::read_to_string(format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn one(system: &str, text: &str) -> Imported {
    let mut imported = import(system, text).unwrap_or_else(|e| panic!("{system} {text}: {e}"));
    imported.retain(|policy| !policy.is_variant);
    assert_eq!(imported.len(), 1, "{system} {text}");
    imported.remove(0)
}

fn attempts(policy: &RetryPolicy) -> Option<u32> {
    policy.max_attempts().map(core::num::NonZeroU32::get)
}

fn is_retried(policy: &RetryPolicy, words: &[&str]) -> bool {
    policy.action(policy.classify_words(words)) == Action::Retry
}

fn longest(policy: &RetryPolicy) -> Vec<u128> {
    policy.bands(0, None).take(3).map(|band| band.max.as_millis()).collect()
}

#[test]
fn envoy_words_mean_what_they_mean_to_envoy() {
    let refused = ["connection", "ECONNREFUSED"];
    for (file, words) in [
        ("envoy-words.json", [&refused[..], &["503"], &["500"], &["ECONNRESET"], &["timeout"]]),
        ("envoy-wrapped.json", [&refused[..], &["503"], &["502"], &["ECONNRESET"], &["timeout"]]),
        ("envoy.yaml", [&refused[..], &["503"], &["500"], &["ECONNRESET"], &["timeout"]]),
    ] {
        let policy = one("envoy", &fixture(file)).policy;
        for words in words {
            assert!(is_retried(&policy, words), "{file} {words:?}");
        }
        assert!(!is_retried(&policy, &["400"]) && !is_retried(&policy, &["throttle", "429"]));
    }
    let only = |retry_on: &str| one("envoy", &format!(r#"{{"retry_on": "{retry_on}"}}"#)).policy;
    assert!(!is_retried(&only("gateway-error"), &["error", "500"]));
    assert!(!is_retried(&only("connect-failure"), &["503"]));
    assert!(is_retried(&only("connect-failure"), &refused));
    assert!(is_retried(&only("retriable-4xx"), &["409"]));
    assert!(is_retried(&only("unavailable,cancelled"), &["Error", "14"]));
    assert!(!is_retried(&only("unavailable"), &["503"]));
}

#[test]
fn envoy_policies_are_found_in_routes_virtual_hosts_and_meshes() {
    let host = r#"
virtual_hosts:
- name: shop
  retry_policy: {retry_on: 5xx, num_retries: 1}
  routes:
  - name: checkout
    match: {prefix: /pay}
    route:
      cluster: pay
      timeout: 3s
      retry_policy:
        retry_on: 5xx
        num_retries: {value: 4}
        per_try_timeout: 0.5s
  - match: {prefix: /}
    route: {cluster: web, retry_policy: {retry_on: reset}}
"#;
    let policies = import("envoy", host).unwrap();
    let names: Vec<&str> = policies.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(policies.len(), 3, "{names:?}");
    assert!(
        policies[0].is_called("shop")
            && policies[1].is_called("virtual_hosts[0].routes[0].route.retry_policy"),
        "{names:?}"
    );
    assert_eq!(attempts(&policies[1].policy), Some(5));
    assert_eq!(policies[1].policy.max_elapsed(), Some(Duration::from_secs(3)));
    assert_eq!(policies[1].policy.attempt_timeout(), Some(Duration::from_millis(500)));
    let istio = "
apiVersion: networking.istio.io/v1
kind: VirtualService
spec:
  http:
  - route: [{destination: {host: ratings}}]
    retries: {attempts: 3, perTryTimeout: 2s, retryOn: 'gateway-error,connect-failure,503'}
";
    let policy = one("envoy", istio).policy;
    assert_eq!(
        (attempts(&policy), policy.attempt_timeout()),
        (Some(4), Some(Duration::from_secs(2)))
    );
    assert!(is_retried(&policy, &["ECONNREFUSED"]) && is_retried(&policy, &["503"]));
}

#[test]
fn envoy_back_offs_are_checked_as_envoy_does() {
    let refused = |text: &str| import("envoy", text).unwrap_err().path().to_owned();
    assert_eq!(refused(&fixture("envoy-no-base.json")), "retryBackOff.baseInterval");
    let below =
        r#"{"retry_on":"5xx","retry_back_off":{"base_interval":"0.1s","max_interval":"0.05s"}}"#;
    assert_eq!(refused(below), "retryBackOff.maxInterval");
    let tiny = r#"{"retry_on":"5xx","retry_back_off":{"base_interval":"0.0001s"}}"#;
    assert_eq!(longest(&one("envoy", tiny).policy), [0, 1, 3]);
    assert_eq!(refused(r#"{"retry_on":"5xxx"}"#), "retryOn");
    assert_eq!(refused(r#"{"retry_on":"5xx","num_retry":2}"#), "num_retry");
    assert_eq!(refused(r#"{"retry_on":"5xx","per_try_timeout":2}"#), "perTryTimeout");
}

#[test]
fn grpc_codes_are_one_by_name_and_number() {
    let policies = import("grpc", &fixture("pubsub.json")).unwrap();
    assert_eq!(policies.len(), 3);
    let publish = &policies[1].policy;
    assert!(is_retried(publish, &["Error", "14"]) && is_retried(publish, &["ABORTED"]));
    assert!(!is_retried(publish, &["5"]) && !is_retried(publish, &["Error", "500"]));
    for name in ["google.pubsub.v1.Publisher/GetTopic", "google.pubsub.v1.Publisher/ListTopics"] {
        assert!(policies[2].is_called(name), "{name}");
    }
    let two = import("grpc", &fixture("grpc-two.json")).unwrap();
    assert!(is_retried(&two[0].policy, &["2"]) && two[1].is_called("x.Y/Z"));
    assert_eq!(two[0].policy.max_elapsed(), Some(Duration::from_secs(1)));
}

#[test]
fn grpc_fields_are_read_in_any_case_and_numbers_as_text() {
    let policy = one("grpc", &fixture("grpc-go.json")).policy;
    assert_eq!((attempts(&policy), longest(&policy)), (Some(4), vec![12, 12, 12]));
    assert_eq!(one("grpc", &fixture("grpc-str.json")).policy.max_attempts(), policy.max_attempts());
    let text = r#"{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":2,"initialBackoff":"1s",
        "maxBackoff":"1s","backoffMultiplier":1,"retryableStatusCodes":["14", 8.0, "aborted"]}}]}"#;
    let policy = one("grpc", text).policy;
    assert!(["UNAVAILABLE", "8", "10"].iter().all(|code| is_retried(&policy, &[code])));
}

#[test]
fn the_receive_timeout_of_grpc_is_the_attempt_timeout_both_ways() {
    let policy = one("grpc", &fixture("grpc-recv.json")).policy;
    assert_eq!(policy.attempt_timeout(), Some(Duration::from_millis(500)));
    let exported = find("grpc").unwrap().export(&policy).unwrap();
    assert!(exported.is_exact(), "{:?}", exported.notes);
    assert_eq!(one("grpc", &exported.tree.to_string()).policy, policy);
}

#[test]
fn a_service_config_is_found_within_other_files() {
    let wrapped = r#"[{"serviceConfig": {"methodConfig": [{"name": [{"service": "a.B"}], "retryPolicy":
        {"maxAttempts": 3, "initialBackoff": "1s", "maxBackoff": "2s", "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"]}}]}}]"#;
    assert_eq!(one("grpc", wrapped).name, "a.B");
    let bare = r#"{"maxAttempts": 3, "initialBackoff": "1s", "maxBackoff": "2s",
        "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}"#;
    assert_eq!(attempts(&one("grpc", bare).policy), Some(3));
}

#[test]
fn step_functions_wildcards_match_as_in_the_service() {
    let failed = one("step-functions", &fixture("step-functions-task-failed.json")).policy;
    assert!(is_retried(&failed, &["CardDeclined"]) && is_retried(&failed, &["503"]));
    assert!(!is_retried(&failed, &["timeout"]) && !is_retried(&failed, &["States.Timeout"]));
    let timeout = r#"[{"ErrorEquals": ["States.Timeout"]}]"#;
    let timeout = one("step-functions", timeout).policy;
    assert!(is_retried(&timeout, &["ETIMEDOUT"]) && !is_retried(&timeout, &["503"]));
    let limits = one("step-functions", &fixture("step-functions-limits.json"));
    assert_eq!((attempts(&limits.policy), limits.notes.len()), (Some(100_000_000), 2));
    assert_eq!(longest(&limits.policy), [1_000, 2_000, 4_000]);
    assert!(is_retried(&limits.policy, &["anything"]));
}

#[test]
fn a_whole_state_machine_gives_a_policy_for_each_state() {
    let machine = r#"{"StartAt": "Pay", "States": {
        "Pay": {"Type": "Task", "TimeoutSeconds": 30, "Retry": [{"ErrorEquals": ["States.ALL"]}], "Next": "All"},
        "All": {"Type": "Parallel", "Branches": [{"StartAt": "Ship", "States": {
            "Ship": {"Type": "Task", "Retry": [{"ErrorEquals": ["Lambda.TooManyRequestsException"],
                "IntervalSeconds": 2, "MaxAttempts": 6, "BackoffRate": 2}], "End": true}}}], "End": true}}}"#;
    let policies = import("step-functions", machine).unwrap();
    let names: Vec<&str> = policies.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["Pay", "Ship"]);
    assert_eq!(policies[0].policy.attempt_timeout(), Some(Duration::from_secs(30)));
    assert_eq!(attempts(&policies[1].policy), Some(7));
    let template = Value::map([("Resources", Value::map([("DefinitionString", machine.into())]))]);
    assert_eq!(find("step-functions").unwrap().import(&template).unwrap().len(), 2);
    let none = r#"{"StartAt": "Pay", "States": {"Pay": {"Type": "Task", "End": true}}}"#;
    assert!(import("step-functions", none).is_err());
}

#[test]
fn what_is_zero_to_temporal_is_its_default() {
    for file in ["temporal-zeros.json", "temporal-zero-interval.json"] {
        let imported = one("temporal", &fixture(file));
        assert_eq!(longest(&imported.policy), [1_000, 2_000, 4_000], "{file}");
        assert_eq!((attempts(&imported.policy), imported.is_exact()), (Some(3), true));
    }
    let policy = one("temporal", &fixture("temporal-nanoseconds.json")).policy;
    assert_eq!(
        (longest(&policy), policy.max_delay()),
        (vec![1_000, 2_000, 4_000], Some(Duration::from_secs(100)))
    );
    let wrapped = one("temporal", &fixture("temporal-wrapped.json")).policy;
    assert_eq!((attempts(&wrapped), longest(&wrapped)), (Some(5), vec![1_000, 2_000, 4_000]));
}

#[test]
fn temporal_is_read_from_go_from_yaml_and_with_its_timeouts() {
    let go = r#"{"RetryPolicy": {"InitialInterval": 500000000, "MaximumAttempts": 2, "NonRetryableErrorTypes": ["Bad"]},
        "StartToCloseTimeout": 30000000000, "ScheduleToCloseTimeout": "10m"}"#;
    let imported = one("temporal", go);
    assert_eq!(imported.policy.attempt_timeout(), Some(Duration::from_secs(30)));
    assert_eq!(imported.policy.max_elapsed(), Some(Duration::from_secs(600)));
    assert!(!is_retried(&imported.policy, &["Bad"]) && is_retried(&imported.policy, &["Other"]));
    let yaml = "activities:\n  charge:\n    retry_policy:\n      initial_interval: 2s\n      maximum_attempts: 4\n";
    let imported = one("temporal", yaml);
    assert_eq!((imported.name.as_str(), attempts(&imported.policy)), ("charge", Some(4)));
    let parts = r#"{"initialInterval": {"seconds": 3}, "maximumAttempts": "4"}"#;
    assert_eq!(longest(&one("temporal", parts).policy)[0], 3_000);
}

#[test]
fn celery_factors_are_whole_and_at_least_one() {
    let half = one("celery", &fixture("celery-half.json")).policy;
    // U{0, ..., d} in whole seconds.
    assert_eq!((attempts(&half), longest(&half)), (Some(6), vec![1_000, 2_000, 4_000]));
    let off = one("celery", r#"{"retry_backoff": 0, "max_retries": 2}"#).policy;
    assert_eq!((attempts(&off), longest(&off)[..2].to_vec()), (Some(3), vec![180_000, 180_000]));
    let max = one("celery", r#"{"retry_backoff": 2.9, "retry_backoff_max": 5.5}"#).policy;
    assert_eq!(longest(&max), [2_000, 4_000, 5_000]);
    assert_eq!(max.compat().cap_stage, CapStage::Both);
}

#[test]
fn celery_retry_kwargs_are_read() {
    let policy = one("celery", &fixture("celery-kwargs.json")).policy;
    assert_eq!(attempts(&policy), Some(6));
    assert_eq!(*policy.backoff(), Backoff::Constant { delay: Duration::from_secs(2) });
    let both = r#"{"max_retries": 9, "retry_kwargs": {"max_retries": 1, "countdown": 7}, "retry_backoff": 3, "retry_jitter": false}"#;
    let policy = one("celery", both).policy;
    assert_eq!((attempts(&policy), longest(&policy)[0]), (Some(2), 3_000));
    let annotations = r#"{"task_annotations": {"shop.pay": {"max_retries": 1}, "shop.ship": {"retry_backoff": true}}}"#;
    let names: Vec<String> =
        import("celery", annotations).unwrap().into_iter().map(|policy| policy.name).collect();
    assert_eq!(names, ["shop.pay", "shop.ship"]);
    let classes = r#"{"autoretry_for": ["ConnectionError"], "dont_autoretry_for": ["Refused"]}"#;
    let policy = one("celery", classes).policy;
    assert!(is_retried(&policy, &["ConnectionError"]) && !is_retried(&policy, &["ValueError"]));
}

#[test]
fn sidekiq_options_are_found_in_their_wrapper() {
    assert_eq!(attempts(&one("sidekiq", &fixture("sidekiq-wrapped.json")).policy), Some(6));
    let yaml = "HardJob:\n  :sidekiq_options:\n    :retry: 3\n    :queue: low\n";
    let imported = one("sidekiq", yaml);
    assert_eq!((imported.name.as_str(), attempts(&imported.policy)), ("HardJob", Some(4)));
}

/// A system, a file, and the path that is refused.
const REFUSED: &[(&str, &str, &str)] = &[
    ("temporal", "{}", ""),
    ("temporal", r#"{"retryPolicy": {}}"#, "retryPolicy"),
    ("temporal", r#"{"activity": {"startToCloseTimeout": "1s"}}"#, ""),
    ("temporal", r#"{"initialInterval": "1s", "backoff": 2}"#, "backoff"),
    ("temporal", r#"{"initialInterval": 1000}"#, "initialInterval"),
    ("temporal", r#"{"initialInterval": "5s", "maximumInterval": "1s"}"#, "maximumInterval"),
    ("temporal", r#"{"nonRetryableErrorTypes": ["A", 3]}"#, "nonRetryableErrorTypes[1]"),
    ("temporal", r#"{"maximumAttempts": -1}"#, "maximumAttempts"),
    ("temporal", r#"{"maximumAttempts": 1.5}"#, "maximumAttempts"),
    ("temporal", r#"{"initialInterval": "soon"}"#, "initialInterval"),
    ("temporal", r#"{"initialInterval": "1s", "InitialInterval": "2s"}"#, "initialInterval"),
    ("envoy", "{}", ""),
    ("envoy", r#"{"retry_policy": {}}"#, "retry_policy"),
    ("envoy", r#"{"retry_policy": {"retries": 2}}"#, "retry_policy.retries"),
    ("envoy", r#"{"retry_on": "5xx", "num_retries": -1}"#, "numRetries"),
    ("envoy", r#"{"retry_on": "5xx", "num_retries": {"val": 1}}"#, "numRetries"),
    ("envoy", r#"{"retry_on": "5xx", "retriable_status_codes": ["x"]}"#, "retriableStatusCodes[0]"),
    ("envoy", r#"{"retry_on": ["5xx", 3]}"#, "retryOn[1]"),
    ("sidekiq", "{}", ""),
    ("sidekiq", r#"{"queue": "low"}"#, ""),
    ("sidekiq", r#"{"retry": "often"}"#, "retry"),
    ("sidekiq", r#"{"retry": -1}"#, "retry"),
    ("sidekiq", r#"{"retry": 3, "retries": 3}"#, "retries"),
    ("celery", "{}", ""),
    ("celery", r#"{"name": "x"}"#, ""),
    ("celery", r#"{"retry_backoff": -1}"#, "retryBackoff"),
    ("celery", r#"{"max_retries": 2, "retry_jiter": true}"#, "retry_jiter"),
    ("celery", r#"{"retry_kwargs": {"eta": 3}}"#, "retryKwargs.eta"),
    ("celery", r#"{"max_retries": "many"}"#, "maxRetries"),
    ("grpc", "{}", ""),
    ("grpc", r#"{"methodConfig": {}}"#, "methodConfig"),
    (
        "grpc",
        r#"{"methodConfig": [{"name": [{}], "retrypolicies": {}}]}"#,
        "methodConfig[0].retrypolicies",
    ),
    ("step-functions", "[]", ""),
    ("step-functions", "{}", ""),
    ("step-functions", r#"[{"ErrorEquals": ["A", 3]}]"#, "Retry[0].ErrorEquals[1]"),
    ("step-functions", r#"[{"ErrorEquals": ["A"], "Interval": 3}]"#, "Retry[0].Interval"),
    ("step-functions", r#"[{"ErrorEquals": ["A"], "BackoffRate": 0.5}]"#, "backoff.multiplier"),
    ("aws", "[default]\nregion = eu-west-1\n", ""),
    ("aws", "[default]\nmax_attempts = 0\n", "default.maxAttempts"),
    ("aws", "[default]\nretry_mode = fast\n", "default.retryMode"),
];

#[test]
fn what_is_not_understood_is_refused_by_name() {
    for (system, text, path) in REFUSED {
        match import(system, text) {
            Ok(policies) => panic!("{system} {text}: {policies:?}"),
            Err(error) => assert_eq!(error.path(), *path, "{system} {text}: {error}"),
        }
    }
    let retry = |more: &str| {
        let text = format!(
            r#"{{"methodConfig":[{{"name":[{{}}],"retryPolicy":{{"maxAttempts":3,"initialBackoff":"1s",
            "maxBackoff":"2s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]{more}}}}}]}}"#
        );
        import("grpc", &text).map(|_| ()).map_err(|error| error.path().to_owned())
    };
    let path = |field: &str| Err(format!("methodConfig[0].retryPolicy.{field}"));
    assert_eq!(retry(""), Ok(()));
    assert_eq!(retry(r#", "maxDelay": "3s""#), path("maxDelay"));
    assert_eq!(retry(r#", "MaxAttempts": 4"#), path("maxAttempts"));
}
