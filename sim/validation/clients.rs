//! C8: what backoff is for. With open arrivals it changes no load; with serial clients, who wait for one
//! task before they start the next, it does; and most with clients who themselves back off between tasks.
//!
//! The models are those of the published `simulator_example` (retry_sim), which the figures come from:
//! 100 clients x 10/s, three retries after 100 ms doubling, messages of Exp(10 ms) each way, 100 s.
//! - A *serial* client starts its next task a gap of Exp(100 ms) after it *started* the last, or at once
//!   when that took longer. Gaps have no memory: after a task that took D, nothing is left to wait with
//!   probability 1 - exp(-10 D), and Exp(100 ms) otherwise. So the pause after a task is a mixture,
//!   whose weights follow from the law of D. It is drawn here apart from the task's own D, which
//!   changes no mean, and so no rate.
//! - A serial client *with backoff* waits, after its k-th failed task in a row, 100 ms x 2^(k-1) without
//!   bound, and then a gap, before the next. That is a retry around retries: a layer, whose policy is
//!   the three retries and whose own work is the gap, called under a policy that backs off and never
//!   gives up. When all fail, ten tasks of four attempts start in 100 s, as 0.88 s x 10 + 0.1 s x 2^10
//!   is more: 40 attempts a second of 100 clients. The figure depends on those 100 s.

use serde_json::{Value, json};

use crate::{
    check::{Check, mean_and_error},
    runner::{Failed, figures, run},
};

const CLIENTS: u32 = 100;
/// The mean way of a message, the gap between tasks, and the first backoff, seconds.
const LEG: f64 = 0.01;
const GAP: f64 = 0.1;
const BACKOFF: f64 = 0.1;

/// Three retries, at once or with 100 ms doubling.
fn policy(backoff: bool) -> Value {
    let delay = if backoff { "100ms" } else { "0s" };
    json!({"version": 1, "jitter": "none", "maxAttempts": 4,
           "backoff": {"kind": "exponential", "initial": delay, "multiplier": 2}})
}

/// Attempts a second at the server in 100 s, and attempts a task.
fn load(mut scenario: Value, rate: f64, policy: &Value) -> Result<(f64, f64), Failed> {
    scenario["horizon"] = json!("100s");
    scenario["faults"] = json!([{"mode": "errors", "rate": rate, "served": true}]);
    scenario["report"] = json!({"bin": "1s"});
    scenario["policies"] = json!([{"name": "p", "policy": policy}]);
    let results = run(&scenario, 10)?;
    let attempts = figures(&results[0], |summary| {
        summary.layers.last().map_or(summary.attempts, |server| server.attempts)
    });
    let each = figures(&results[0], |summary| summary.amplification);
    Ok((mean_and_error(&attempts).0 / 100.0, mean_and_error(&each).0))
}

fn network() -> Value {
    json!({"latency": {"kind": "exponential", "mean": "10ms"}})
}

fn serial(think: &Value) -> Value {
    json!({"arrivals": {"kind": "serial", "clients": CLIENTS, "think": think}, "network": network()})
}

/// What is left of the gap when a task has ended: nothing, or a whole gap with the probability
/// E[exp(-D / GAP)].
fn rest_of_the_gap(rate: f64) -> Value {
    let leg = 1.0 / (1.0 + LEG / GAP);
    let (mut left, mut reached, mut both_ways, mut waited) = (0.0, 1.0, leg * leg, 0.0);
    for retry in 0..4 {
        let ends = if retry == 3 { reached } else { reached * (1.0 - rate) };
        left += ends * both_ways * libm::exp(-waited / GAP);
        reached *= rate;
        both_ways *= leg * leg;
        waited += BACKOFF * f64::from(1 << retry);
    }
    json!({"kind": "mixture", "parts": [
        {"kind": "fixed", "value": "0s", "weight": 1.0 - left},
        {"kind": "exponential", "mean": "100ms", "weight": left},
    ]})
}

/// Clients who back off between tasks: around a layer that makes the gap and the retries.
fn backing_off() -> (Value, Value) {
    let mut scenario = serial(&json!("0s"));
    scenario["network"] = json!({});
    scenario["layers"] = json!([{"name": "task", "policy": policy(true),
                                 "service": {"kind": "exponential", "mean": "100ms"}}]);
    // Between a client and its own retries no network lies: the server takes the time of the
    // messages, whose mean alone matters here.
    scenario["server"] = json!({"service": "20ms"});
    // A hundred attempts that double are far more than 100 s.
    let between = json!({"version": 1, "jitter": "none", "maxAttempts": 100, "maxDelay": "1h",
                         "backoff": {"kind": "exponential", "initial": "100ms", "multiplier": 2}});
    (scenario, between)
}

pub fn checks() -> Result<Vec<Check>, Failed> {
    let mut checks = Vec::new();
    let open = json!({"arrivals": {"kind": "poisson", "ratePerSecond": 10 * CLIENTS},
                      "network": network()});
    let mut check = |what: &str, expected: f64, measured: f64| {
        checks.push(Check::share("C8", what, expected, measured, 0.02));
    };
    let (_, without) = load(open.clone(), 0.5, &policy(false))?;
    check("open clients, errors 0.5, without backoff: attempts a task", 1.871, without);
    let (half, with) = load(open.clone(), 0.5, &policy(true))?;
    check("open clients, errors 0.5, with backoff: attempts a task", 1.870, with);
    check("open clients, errors 0.5: attempts/s", 1_876.0, half);
    let (all, _) = load(open, 1.0, &policy(true))?;
    check("open clients, all fail: attempts/s", 3_988.0, all);
    for (name, rate, published) in [("all fail", 1.0, 515.0), ("errors 0.5", 0.5, 798.0)] {
        let (measured, _) = load(serial(&rest_of_the_gap(rate)), rate, &policy(true))?;
        check(&format!("serial clients, {name}: attempts/s"), published, measured);
    }
    for (name, rate, published) in [("all fail", 1.0, 40.0), ("errors 0.5", 0.5, 642.0)] {
        let (scenario, between) = backing_off();
        let (measured, _) = load(scenario, rate, &between)?;
        check(&format!("serial clients with backoff, {name}: attempts/s"), published, measured);
    }
    let pause = json!({"kind": "exponential", "mean": "100ms"});
    let (paused, _) = load(serial(&pause), 1.0, &policy(true))?;
    let (hasty, _) = load(serial(&pause), 1.0, &policy(false))?;
    // Four attempts of 20 ms and a pause of 100 ms on average, with 0.7 s of backoff or without.
    check("serial clients, pause of 100 ms, no backoff, all fail: /s", 400.0 / 0.18, hasty);
    check("serial clients, pause of 100 ms, backoff, all fail: /s", 400.0 / 0.88, paused);
    Ok(checks)
}
