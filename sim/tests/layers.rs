//! Layers are whole: what holds a client back holds a layer back, and each layer's figures are its own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use redrive::wire::Value;
use redrive_sim::{
    Scenario,
    outcome::{LayerSummary, PolicyOutcome},
    simulate,
};
use serde_json::{Value as Json, json};

fn run(json: Json) -> PolicyOutcome {
    let tree: Value = serde_json::from_value(json).unwrap();
    simulate(&Scenario::from_value(&tree).unwrap(), &mut ()).unwrap().policies.remove(0)
}

fn retries(attempts: u32, budget: Json) -> Json {
    json!({"maxAttempts": attempts, "jitter": "none", "budget": budget,
           "backoff": {"kind": "constant", "delay": "1ms"}})
}

/// A layer that retries three times before a server that always fails.
fn below(layer: &Json) -> PolicyOutcome {
    run(json!({
        "arrivals": {"kind": "poisson", "ratePerSecond": 100, "for": "20s"},
        "layers": [layer],
        "faults": [{"mode": "errors", "rate": 1}],
        "policies": [{"name": "once", "policy": {"maxAttempts": 1}}],
    }))
}

fn server(found: &PolicyOutcome) -> &LayerSummary {
    found.summary.layers.last().unwrap()
}

#[test]
fn a_budget_of_a_layer_allows_what_it_says() {
    let bucket = json!({"kind": "tokenBucket", "capacity": 1, "cost": 1, "refundOnSuccess": 0});
    let found = below(&json!({"name": "mid", "policy": retries(4, bucket)}));
    let (tasks, calls) = (found.summary.tasks.or_zero(), server(&found).attempts.or_zero());
    assert!((calls - tasks - 1.0).abs() < 0.5, "{calls} calls for {tasks} tasks");
    let denied = found.summary.layers[0].budget_denied.or_zero();
    assert!((denied - tasks + 1.0).abs() < 1.5, "{denied} of {tasks}");
    assert_eq!(found.summary.budget_denied.or_zero(), denied);
}

/// Nine services in a chain, each with one retry: 2^9 without budgets, 1.2^9 with one of 20 % each.
fn chain(budget: &Json) -> f64 {
    let policy = || retries(2, budget.clone());
    let layer = |i: u32| json!({"name": format!("S{i}"), "service": "1ms", "policy": policy()});
    let found = run(json!({
        "horizon": "120s",
        "arrivals": {"kind": "poisson", "ratePerSecond": 100, "for": "20s"},
        "layers": (1..9).map(layer).collect::<Vec<_>>(),
        "server": {"service": "1ms"},
        "faults": [{"mode": "errors", "rate": 1, "served": true}],
        "policies": [{"name": "client", "policy": policy()}],
        "report": {"bin": "1s"},
    }));
    server(&found).amplification.or_zero()
}

#[test]
fn nine_services_with_a_budget_of_20_percent_each_multiply_to_1_2_to_the_ninth() {
    let ratio = json!({"kind": "ratio", "percent": 20, "minPerSecond": 0, "window": "10s"});
    let found = chain(&ratio);
    let expected: f64 = [1.2; 9].iter().product();
    assert!((found / expected - 1.0).abs() < 0.03, "{found} is not {expected}");
}

#[test]
fn nine_services_without_budgets_multiply_to_two_to_the_ninth() {
    assert_eq!(chain(&Json::Null), 512.0);
}

#[test]
fn a_breaker_of_a_layer_stops_its_calls() {
    let breaker = json!({"threshold": 0.5, "minCalls": 10, "openFor": "1h"});
    let layer = json!({"name": "mid", "policy": retries(4, Json::Null), "breaker": breaker});
    let found = below(&layer);
    assert_eq!(server(&found).attempts.or_zero(), 10.0);
    assert!(found.summary.layers[0].breaker_denied.or_zero() > 1_000.0);
}

#[test]
fn a_throttle_of_a_layer_holds_its_calls_back() {
    let throttle = json!({"k": 2, "window": "10s"});
    let down = |throttle: &Json| {
        run(json!({
            "arrivals": {"kind": "poisson", "ratePerSecond": 100, "for": "20s"},
            "layers": [{"name": "mid", "policy": {"maxAttempts": 1}, "throttle": throttle}],
            "faults": [{"mode": "down"}],
            "policies": [{"name": "once", "policy": {"maxAttempts": 1}}],
        }))
    };
    let (free, held) = (down(&Json::Null), down(&throttle));
    // Nothing is accepted: the n-th request of the window passes with chance 1 / n.
    assert!(server(&held).attempts.or_zero() < 0.05 * server(&free).attempts.or_zero());
    assert!(held.summary.layers[0].throttle_denied.or_zero() > 1_000.0);
}

#[test]
fn a_timeout_of_a_layer_is_its_own() {
    let found = |timeout: &str| {
        run(json!({
            "arrivals": {"kind": "herd", "tasks": 1},
            "layers": [{"name": "mid", "policy": {"maxAttempts": 1}, "timeout": timeout}],
            "server": {"service": "1s"},
            "client": {"timeout": "10s"},
            "policies": [{"name": "once", "policy": {"maxAttempts": 1}}],
        }))
    };
    assert_eq!(found("500ms").summary.completion_seconds.or_zero(), 0.5);
    assert_eq!(found("2s").summary.succeeded.or_zero(), 1.0);
}

#[test]
fn the_peak_to_capacity_of_layers_is_the_backends() {
    let tree = Scenario::builtin("layers").unwrap();
    let found = simulate(&tree, &mut ()).unwrap().policies.remove(0);
    let backend = server(&found);
    assert_eq!(found.summary.peak_to_capacity, backend.peak_to_capacity);
    let capacity = backend.capacity_per_second.or_zero();
    assert!(backend.peak_per_second.or_zero() > 1.5 * capacity, "while it was down");
    let series = found.series.tiers.last().unwrap();
    assert_eq!(series.name, "server");
    let sum: u64 = series.requests.iter().map(|count| u64::from(*count)).sum();
    assert_eq!(sum as f64, backend.attempts.or_zero());
}

#[test]
fn the_time_in_a_layer_has_its_calls_in_it() {
    let found = run(json!({
        "arrivals": {"kind": "poisson", "ratePerSecond": 5, "for": "20s"},
        "layers": [{"name": "mid", "service": "10ms", "policy": {"maxAttempts": 1}}],
        "server": {"service": "30ms"},
        "policies": [{"name": "once", "policy": {"maxAttempts": 1}}],
    }));
    let times: Vec<f64> = found
        .summary
        .layers
        .iter()
        .map(|layer| layer.time_to_success_seconds.p50.or_zero())
        .collect();
    assert!((times[0] - 0.04).abs() < 1e-4 && (times[1] - 0.03).abs() < 1e-4, "{times:?}");
}

#[test]
fn every_layer_of_a_checkout_has_its_budget_series_and_peak() {
    let budget = json!({"kind": "ratio", "percent": 10, "minPerSecond": 1});
    let found = run(json!({
        "horizon": "2m",
        "arrivals": {"kind": "poisson", "ratePerSecond": 150, "for": "60s"},
        "layers": [{"name": "checkout", "workers": 600, "policy": "same",
                    "service": {"kind": "lognormal", "median": "15ms", "sigma": 0.5}}],
        "server": {"workers": 40, "queue": {"limit": 400},
                   "service": {"kind": "lognormal", "median": "120ms", "sigma": 0.7}},
        "faults": [{"mode": "brownout", "capacityFactor": 0.3, "from": "20s", "until": "40s"},
                   {"mode": "errors", "rate": 0.02}],
        "network": {"latency": "2ms"},
        "client": {"timeout": "2s", "count": 2000, "hosts": 20, "budgetScope": "host"},
        "policies": [{"name": "p", "policy": retries(3, budget)}],
        "report": {"bin": "1s"},
    }));
    let [checkout, server] = found.summary.layers.as_slice() else { panic!("two layers") };
    assert!(checkout.budget_denied.or_zero() > 0.0, "its own budget");
    assert!(found.summary.budget_denied.or_zero() > checkout.budget_denied.or_zero());
    for (layer, series) in [checkout, server].into_iter().zip(&found.series.tiers) {
        let sum: u64 = series.requests.iter().map(|count| u64::from(*count)).sum();
        assert_eq!(sum as f64, layer.attempts.or_zero(), "{}", layer.name);
        let most = series.requests.iter().copied().max().unwrap_or(0);
        assert!(layer.peak_per_second.or_zero() <= f64::from(most), "{}", layer.name);
        assert!(layer.peak_per_second.or_zero() > 150.0, "{}", layer.name);
    }
    assert_eq!(found.summary.peak_to_capacity, server.peak_to_capacity);
}

/// Ten tasks that fail, under a budget that allows one retry.
fn herd(client: &Json, arrivals: &Json) -> f64 {
    let bucket = json!({"kind": "tokenBucket", "capacity": 1, "cost": 1, "refundOnSuccess": 0});
    let found = run(json!({
        "arrivals": arrivals,
        "client": client,
        "faults": [{"mode": "down"}],
        "policies": [{"name": "p", "policy": retries(3, bucket)}],
    }));
    found.summary.attempts.or_zero()
}

#[test]
fn each_task_of_a_herd_has_a_budget_of_its_own() {
    let ten = json!({"kind": "herd", "tasks": 10});
    assert_eq!(herd(&json!({}), &ten), 20.0);
    assert_eq!(herd(&json!({"budgetScope": "all"}), &ten), 11.0);
    assert_eq!(herd(&json!({"count": 1}), &ten), 11.0);
    // The tasks of a stream are one client's.
    let stream = json!({"kind": "trace", "counts": [10], "bin": "1s"});
    assert_eq!(herd(&json!({}), &stream), 11.0);
}
