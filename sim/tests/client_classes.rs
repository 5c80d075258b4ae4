//! Several classes of clients on one server: their own tasks or a share, policies and priorities.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use redrive::wire::Value;
use redrive_sim::{
    Scenario,
    outcome::{ClassSummary, Summary},
    simulate,
};
use serde_json::{Value as Json, json};

fn read(json: Json) -> Result<Scenario, String> {
    let tree: Value = serde_json::from_value(json).unwrap();
    Scenario::from_value(&tree).map_err(|error| error.to_string())
}

fn run(json: Json) -> Summary {
    simulate(&read(json).unwrap(), &mut ()).unwrap().policies.remove(0).summary
}

fn tries(attempts: u32) -> Json {
    json!({"maxAttempts": attempts, "jitter": "none",
           "backoff": {"kind": "constant", "delay": "10ms"}})
}

fn class<'s>(found: &'s Summary, name: &str) -> &'s ClassSummary {
    found.clients.iter().find(|class| class.name == name).unwrap()
}

#[test]
fn a_rollout_to_a_tenth_of_the_tasks_is_a_class_with_a_share() {
    let found = run(json!({
        "arrivals": {"kind": "poisson", "ratePerSecond": 100, "for": "100s"},
        "faults": [{"mode": "errors", "rate": 1}],
        "clients": [
            {"name": "new", "share": 0.1, "policy": tries(1)},
            {"name": "old"},
        ],
        "policies": [{"name": "p", "policy": tries(3)}],
    }));
    let (new, old) = (class(&found, "new"), class(&found, "old"));
    assert_eq!(new.tasks.or_zero() + old.tasks.or_zero(), found.tasks.or_zero());
    assert!((new.tasks.or_zero() - 1_000.0).abs() < 4.0 * 30.0, "{:?}", new.tasks);
    assert_eq!((new.amplification.or_zero(), old.amplification.or_zero()), (1.0, 3.0));
    assert_eq!(new.attempts.or_zero() + old.attempts.or_zero(), found.attempts.or_zero());
    assert_eq!(new.dead_letters.or_zero() + old.dead_letters.or_zero(), found.dead_letters());
}

#[test]
fn classes_have_arrivals_of_their_own() {
    let found = run(json!({
        "clients": [
            {"name": "herd", "arrivals": {"kind": "herd", "tasks": 50, "spread": "1s"}},
            {"name": "serial", "arrivals": {"kind": "serial", "clients": 10, "think": "100ms",
                                             "for": "10s"}},
            {"name": "cron", "arrivals": {"kind": "cron", "clients": 5, "every": "1s", "for": "3s"}},
            {"name": "stream", "arrivals": {"kind": "trace", "counts": [7], "bin": "1s"}},
        ],
        "server": {"service": "100ms"},
        "policies": [{"name": "p", "policy": {"maxAttempts": 1}}],
    }));
    let tasks: Vec<f64> = found.clients.iter().map(|class| class.tasks.or_zero()).collect();
    assert_eq!(tasks, [50.0, 500.0, 15.0, 7.0]);
    assert_eq!(found.succeeded.or_zero(), 572.0);
}

/// Two Poisson classes, 4/s each, on a server of 10/s with exponential service.
fn priorities(first: u32, second: u32, horizon: &str) -> (f64, f64) {
    let class = |name: &str, priority: u32| {
        json!({"name": name, "priority": priority,
               "arrivals": {"kind": "poisson", "ratePerSecond": 4, "for": horizon}})
    };
    let found = run(json!({
        "clients": [class("a", first), class("b", second)],
        "server": {"workers": 1, "service": {"kind": "exponential", "mean": "100ms"}},
        "report": {"bin": "10s"},
        "policies": [{"name": "p", "policy": {"maxAttempts": 1}}],
    }));
    let mean = |name: &str| {
        found
            .clients
            .iter()
            .find(|c| c.name == name)
            .unwrap()
            .time_to_success_seconds
            .mean
            .or_zero()
    };
    (mean("a"), mean("b"))
}

#[test]
fn priorities_give_the_waits_of_cobham() {
    // M/M/1 with two classes, load 0.4 each: R = 0.08, W1 = R / 0.6, W2 = R / (0.6 x 0.2), + 0.1.
    let (high, low) = priorities(1, 0, "20000s");
    assert!((high / (0.08 / 0.6 + 0.1) - 1.0).abs() < 0.03, "{high}");
    assert!((low / (0.08 / 0.12 + 0.1) - 1.0).abs() < 0.08, "{low}");
    // It is the number that counts, and not the order in which they are written.
    let (low_first, high_second) = priorities(3, 7, "2000s");
    assert!(low_first > 2.0 * high_second, "{low_first} {high_second}");
}

#[test]
fn equal_priorities_wait_alike() {
    let (a, b) = priorities(0, 0, "20000s");
    assert!((a / b - 1.0).abs() < 0.1, "{a} {b}");
    assert!((a / 0.5 - 1.0).abs() < 0.1, "{a}");
}

#[test]
fn a_class_does_not_share_its_budget_with_another() {
    let bucket = json!({"kind": "tokenBucket", "capacity": 3, "cost": 1, "refundOnSuccess": 0});
    let mut policy = tries(2);
    policy["budget"] = bucket;
    let found = run(json!({
        "arrivals": {"kind": "poisson", "ratePerSecond": 10, "for": "20s"},
        "faults": [{"mode": "down"}],
        "clients": [{"name": "a"}, {"name": "b"}],
        "policies": [{"name": "p", "policy": policy}],
    }));
    let retries = |name: &str| {
        let class = class(&found, name);
        class.attempts.or_zero() - class.tasks.or_zero()
    };
    assert_eq!((retries("a"), retries("b")), (3.0, 3.0));
}

#[test]
fn shares_that_do_not_add_up_are_refused() {
    let refused = |clients: Json, why: &str| {
        let error = read(json!({"arrivals": {"kind": "herd"}, "clients": clients,
                                "policies": ["full"]}));
        let error = error.unwrap_err();
        assert!(error.contains(why), "{error}");
    };
    refused(json!([{"share": 0.7}, {"share": 0.7}]), "clients have shares of 1.4");
    refused(json!([{"share": 0.2}, {"share": 0.3}]), "clients have shares of 0.5");
    refused(json!([{"arrivals": {"kind": "herd"}, "share": 0.3}]), "clients[0].share");
    refused(json!([{"arrivals": {"kind": "herd"}}]), "arrivals has no effect");
    refused(json!([{"name": "a"}, {"name": "a"}]), "clients[1].name");
}
