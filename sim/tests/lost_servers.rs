//! A server that goes down takes with it what the scenario says, and serves nothing meanwhile.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use redrive::wire::Value;
use redrive_sim::{Scenario, outcome::Summary, simulate};
use serde_json::{Value as Json, json};

/// A thousand tasks at ten a second, and ten seconds without a server after the first ten.
fn restart(loses: &str, attempts: u32, layers: &Json) -> Summary {
    let policy = json!({"maxAttempts": attempts, "jitter": "none",
                        "backoff": {"kind": "constant", "delay": "15s"}});
    let tree: Value = serde_json::from_value(json!({
        "horizon": "200s",
        "arrivals": {"kind": "herd", "tasks": 1000},
        "layers": layers,
        "server": {"workers": 1, "service": "100ms"},
        "faults": [{"mode": "down", "from": "10s", "until": "20s", "loses": loses}],
        "policies": [{"name": "p", "policy": policy}],
    }))
    .unwrap();
    let mut outcome = simulate(&Scenario::from_value(&tree).unwrap(), &mut ()).unwrap();
    outcome.policies.remove(0).summary
}

fn counts(found: &Summary) -> (f64, f64) {
    (found.succeeded.or_zero(), found.dead_letters())
}

#[test]
fn a_server_that_is_down_does_not_serve_its_queue() {
    let found = restart("nothing", 1, &json!([]));
    assert_eq!(counts(&found), (1000.0, 0.0));
    // What was in service is finished at 10 s; the other 900 wait for 20 s.
    assert_eq!(found.completion_seconds.or_zero(), 110.0);
}

#[test]
fn a_crash_loses_what_runs_and_what_waits() {
    // The hundredth would have ended at the very moment: faults go first.
    assert_eq!(counts(&restart("all", 1, &json!([]))), (99.0, 901.0));
    assert_eq!(counts(&restart("running", 1, &json!([]))), (999.0, 1.0));
}

#[test]
fn what_runs_when_a_server_goes_down_is_lost_alone() {
    let tree: Value = serde_json::from_value(json!({
        "arrivals": {"kind": "herd", "tasks": 5},
        "server": {"workers": 2, "service": "1s"},
        "faults": [{"mode": "down", "from": "500ms", "until": "2s", "loses": "running"}],
        "policies": [{"name": "p", "policy": {"maxAttempts": 1}}],
    }))
    .unwrap();
    let found = simulate(&Scenario::from_value(&tree).unwrap(), &mut ()).unwrap();
    let found = &found.policies[0].summary;
    assert_eq!(counts(found), (3.0, 2.0));
    assert_eq!(found.completion_seconds.or_zero(), 4.0);
}

#[test]
fn the_callers_of_a_crashed_server_try_again() {
    let found = restart("all", 2, &json!([]));
    assert_eq!(counts(&found), (1000.0, 0.0));
    // 901 connections break at 10 s; their tasks come back at 25 s.
    assert_eq!(found.completion_seconds.or_zero(), 115.1);
}

#[test]
fn a_layer_above_a_crashed_server_sees_the_connection_break() {
    let layers = json!([{"name": "mid", "policy": {"maxAttempts": 1}}]);
    assert_eq!(counts(&restart("all", 1, &layers)), (99.0, 901.0));
}

#[test]
fn a_crash_of_a_layer_loses_its_calls() {
    let tree: Value = serde_json::from_value(json!({
        "arrivals": {"kind": "herd", "tasks": 10},
        "layers": [{"name": "mid", "policy": {"maxAttempts": 1}}],
        "server": {"workers": 1, "service": "1s"},
        "faults": [{"mode": "down", "layer": "mid", "from": "3500ms", "until": "4s",
                    "loses": "all"}],
        "policies": [{"name": "p", "policy": {"maxAttempts": 1}}],
    }))
    .unwrap();
    let found = simulate(&Scenario::from_value(&tree).unwrap(), &mut ()).unwrap();
    assert_eq!(counts(&found.policies[0].summary), (3.0, 7.0));
}
