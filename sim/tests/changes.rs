//! What operators do while it runs: capacity, admission, flush and policy.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use redrive::wire::Value;
use redrive_sim::{Scenario, outcome::Summary, simulate};
use serde_json::{Value as Json, json};

fn read(json: Json) -> Result<Scenario, String> {
    let tree: Value = serde_json::from_value(json).unwrap();
    Scenario::from_value(&tree).map_err(|error| error.to_string())
}

fn run(json: Json) -> Summary {
    simulate(&read(json).unwrap(), &mut ()).unwrap().policies.remove(0).summary
}

/// A hundred tasks at a server that does ten a second, with these changes.
fn hundred(changes: &Json, attempts: u32) -> Json {
    let policy = json!({"maxAttempts": attempts, "jitter": "none",
                        "backoff": {"kind": "constant", "delay": "20s"}});
    json!({
        "arrivals": {"kind": "herd", "tasks": 100},
        "server": {"workers": 1, "service": "100ms"},
        "changes": changes,
        "policies": [{"name": "p", "policy": policy}],
    })
}

#[test]
fn capacity_changes_when_it_is_said() {
    let done = |factor: f64| {
        let changes = json!([{"at": "5050ms", "capacityFactor": factor}]);
        run(hundred(&changes, 1)).completion_seconds.or_zero()
    };
    // 51 are done at 5.1 s, begun as before; then twice as many workers, or one at half the speed.
    let twice = done(2.0);
    assert!((twice - 7.5).abs() < 0.06, "{twice}");
    let half = done(0.5);
    assert!((half - 14.9).abs() < 0.01, "{half}");
    let back = json!([{"at": "1s", "capacityFactor": 4}, {"at": "2s", "capacityFactor": 1}]);
    let found = run(hundred(&back, 1)).completion_seconds.or_zero();
    assert!((found - 7.0).abs() < 0.11, "{found}");
}

#[test]
fn admission_lets_in_what_it_says_until_it_is_lifted() {
    let limited = |lift: &Json| {
        run(json!({
            "arrivals": {"kind": "poisson", "ratePerSecond": 100, "for": "100s"},
            "changes": [{"at": "0s", "admission": {"perSecond": 40, "burst": 1}}, lift],
            "policies": [{"name": "p", "policy": {"maxAttempts": 1}}],
        }))
    };
    let found = limited(&json!({"at": "99s", "flush": true}));
    // A token every 25 ms, and none is kept: 1 / (1 / 40 + 1 / 100) with Poisson arrivals.
    let rate = found.succeeded.or_zero() / 100.0;
    assert!((28.0..40.5).contains(&rate), "{rate}");
    let lifted = limited(&json!({"at": "50s", "admission": null}));
    let rate = lifted.succeeded.or_zero() / 100.0;
    assert!((64.0..70.5).contains(&rate), "{rate}");
    assert_eq!(
        found.succeeded.or_zero() + found.rejected_attempts.or_zero(),
        found.tasks.or_zero()
    );
}

#[test]
fn a_flush_loses_what_waits_and_nothing_else() {
    let flush = json!([{"at": "5050ms", "flush": true}]);
    let found = run(hundred(&flush, 1));
    // The 51st is in service and is finished.
    assert_eq!((found.succeeded.or_zero(), found.dead_letters()), (51.0, 49.0));
    let again = run(hundred(&flush, 2));
    assert_eq!(again.succeeded.or_zero(), 100.0);
    // 49 came back after twenty seconds, and took 4.9.
    let done = again.completion_seconds.or_zero();
    assert!((done - 29.95).abs() < 1e-9, "{done}");
}

#[test]
fn a_flush_in_a_scenario_with_requests_does_the_same() {
    let mut json = hundred(&json!([{"at": "5050ms", "flush": true}]), 2);
    json["client"] = json!({"timeout": "1h"});
    let found = run(json);
    assert_eq!(found.succeeded.or_zero(), 100.0);
    assert!((found.completion_seconds.or_zero() - 29.95).abs() < 1e-9);
}

#[test]
fn clients_retry_by_another_policy_from_then_on() {
    let impatient = json!({"maxAttempts": 100, "jitter": "none",
                           "backoff": {"kind": "constant", "delay": "1s"}});
    let found = run(json!({
        "arrivals": {"kind": "herd", "tasks": 10},
        "faults": [{"mode": "down"}],
        "changes": [{"at": "4500ms", "policy": {"maxAttempts": 1}}],
        "policies": [{"name": "p", "policy": impatient}],
    }));
    // At 0, 1, 2, 3 and 4 s by the first; the sixth attempt is the last by the second.
    assert_eq!(found.attempts.or_zero(), 60.0);
    assert_eq!(found.completion_seconds.or_zero(), 5.0);
}

#[test]
fn a_layer_retries_by_another_policy_from_then_on() {
    let found = run(json!({
        "arrivals": {"kind": "trace", "counts": [100, 100], "bin": "10s"},
        "layers": [{"name": "mid", "policy": {"maxAttempts": 4, "jitter": "none",
                                               "backoff": {"kind": "constant", "delay": "1ms"}}}],
        "faults": [{"mode": "errors", "rate": 1}],
        "changes": [{"at": "10s", "layer": "mid", "policy": {"maxAttempts": 1}}],
        "policies": [{"name": "p", "policy": {"maxAttempts": 1}}],
    }));
    let calls = found.layers[1].attempts.or_zero();
    assert!((calls - 500.0).abs() <= 3.0, "{calls}");
}

#[test]
fn a_change_that_changes_nothing_is_refused() {
    let refused = |change: Json, why: &str| {
        let error = read(hundred(&json!([change]), 1)).unwrap_err();
        assert!(error.contains(why), "{error}");
    };
    refused(json!({"at": "1s"}), "changes[0] changes nothing");
    refused(json!({"at": "1s", "layer": "x", "flush": true}), "changes[0].layer = \"x\"");
    refused(json!({"at": "1s", "capacityFactor": 0}), "changes[0].capacityFactor");
    refused(json!({"at": "1s", "admission": {"rate": 4}}), "changes[0].admission.rate");
}
