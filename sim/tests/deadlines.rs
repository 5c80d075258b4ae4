//! Patience that differs, servers that know when a request is abandoned, and a service that gets worse with load.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use redrive::wire::Value;
use redrive_sim::{Scenario, outcome::Summary, simulate};
use serde_json::{Value as Json, json};

fn run(json: Json) -> Summary {
    let tree: Value = serde_json::from_value(json).unwrap();
    simulate(&Scenario::from_value(&tree).unwrap(), &mut ()).unwrap().policies.remove(0).summary
}

#[test]
fn clients_of_random_patience_leave_as_in_an_m_m_1_m() {
    let found = run(json!({
        "arrivals": {"kind": "poisson", "ratePerSecond": 12, "for": "20000s"},
        "server": {"workers": 1, "service": {"kind": "exponential", "mean": "100ms"}},
        "client": {"patience": {"kind": "exponential", "mean": "100ms"}, "cancelOnTimeout": true},
        "report": {"bin": "10s"},
        "policies": [{"name": "p", "policy": {"maxAttempts": 1}}],
    }));
    // Of n, one is served and all may leave: births 12, deaths 10 (n + 1), so that
    // p(n) = p(0) 1.2^n / (n + 1)!, and the server is idle for 1.2 / (e^1.2 - 1) of the time.
    let idle = 1.2 / (libm::exp(1.2) - 1.0);
    let expected = 10.0 * (1.0 - idle) / 12.0;
    let share = found.succeeded.or_zero() / found.tasks.or_zero();
    assert!((share / expected - 1.0).abs() < 0.02, "{share} {expected}");
}

#[test]
fn a_constant_patience_is_a_timeout() {
    let found = |client: Json| {
        run(json!({
            "arrivals": {"kind": "poisson", "ratePerSecond": 15, "for": "200s"},
            "server": {"workers": 1, "service": "100ms"},
            "client": client,
            "policies": [{"name": "p", "policy": {"maxAttempts": 3}}],
        }))
    };
    let (timeout, patience) =
        (found(json!({"timeout": "500ms"})), found(json!({"patience": "500ms"})));
    assert_eq!(timeout.succeeded, patience.succeeded);
    assert_eq!(timeout.timed_out_attempts, patience.timed_out_attempts);
}

/// Twice the capacity, and clients who wait a second.
fn overloaded(propagate: bool, layers: &Json) -> Summary {
    run(json!({
        "arrivals": {"kind": "poisson", "ratePerSecond": 20, "for": "200s"},
        "layers": layers,
        "server": {"workers": 1, "service": "100ms"},
        "client": {"timeout": "1s", "propagateDeadline": propagate},
        "report": {"bin": "1s"},
        "policies": [{"name": "p", "policy": {"maxAttempts": 1}}],
    }))
}

#[test]
fn a_server_that_knows_the_deadline_serves_none_in_vain() {
    let (without, with) = (overloaded(false, &json!([])), overloaded(true, &json!([])));
    // Without it the queue grows and all that is served is too late.
    assert!(without.succeeded.or_zero() < 0.02 * without.tasks.or_zero());
    // With it nothing is begun after its second; what is begun within it may end just after.
    assert!(with.wasted_server_seconds.or_zero() < 0.6 * without.wasted_server_seconds.or_zero());
    assert!(with.succeeded.or_zero() > 0.05 * with.tasks.or_zero());
}

#[test]
fn a_layer_that_knows_the_deadline_does_not_call_for_what_is_too_late() {
    let layers = json!([{"name": "mid", "workers": 1, "service": "80ms",
                         "policy": {"maxAttempts": 1}}]);
    let (without, with) = (overloaded(false, &layers), overloaded(true, &layers));
    let calls = |found: &Summary| found.layers[1].attempts.or_zero();
    assert!(calls(&with) < calls(&without), "{} {}", calls(&with), calls(&without));
}

#[test]
fn throughput_falls_again_as_the_universal_scalability_law_says() {
    // n clients in a closed system: X(n) = n / (1 + a (n - 1) + b n (n - 1)) of one at a time.
    let rate = |clients: u32| {
        let found = run(json!({
            "arrivals": {"kind": "serial", "clients": clients, "think": "0s", "for": "1000s"},
            "server": {"workers": 1000, "service": "1s", "slowdownPerInFlight": 0.05,
                       "crosstalkPerInFlight": 0.02},
            "report": {"bin": "10s"},
            "policies": [{"name": "p", "policy": {"maxAttempts": 1}}],
        }));
        found.succeeded.or_zero() / found.completion_seconds.or_zero()
    };
    let law = |n: f64| n / (1.0 + 0.05 * (n - 1.0) + 0.02 * n * (n - 1.0));
    for clients in [1, 2, 7, 20] {
        let (found, expected) = (rate(clients), law(f64::from(clients)));
        assert!((found / expected - 1.0).abs() < 0.02, "{clients}: {found} {expected}");
    }
    assert!(rate(20) < rate(7), "retrograde");
}
