//! C13, C17 to C19, balls in bins: what jitter does to a herd.

use redrive::{RetryPolicy, presets};
use redrive_sim::outcome::PolicyOutcome;
use serde_json::{Value, json};

use crate::{
    check::{Check, mean_and_error},
    runner::{Failed, figures, run},
};

/// Exponential 1 s x 2, cap 60 s.
fn policy(name: &str, jitter: &Value, attempts: u32) -> Value {
    json!({"name": name, "policy": {"version": 1, "jitter": jitter, "maxAttempts": attempts,
           "backoff": {"kind": "exponential", "initial": "1s", "multiplier": 2}, "maxDelay": "60s",
           "compat": {"capStage": "clip"}}})
}

fn decorrelated(attempts: u32) -> Value {
    json!({"name": "decorrelated", "policy": {"version": 1, "jitter": "none", "maxAttempts": attempts,
           "backoff": {"kind": "decorrelated", "initial": "1s", "multiplier": 3}, "maxDelay": "60s",
           "compat": {"capStage": "after"}}})
}

/// A herd that always fails.
fn herd(tasks: u32, bin: &str, policies: &[Value]) -> Value {
    json!({"arrivals": {"kind": "herd", "tasks": tasks}, "faults": [{"mode": "down"}],
           "report": {"bin": bin}, "policies": policies})
}

/// The largest bin of retries between two times, seconds.
fn peak(outcome: &PolicyOutcome, from: f64, to: f64) -> f64 {
    let bin = outcome.series.bin.as_secs_f64();
    let bins = outcome.series.retries.iter().enumerate();
    let within = bins.filter(|(i, _)| (from..to).contains(&((*i as f64 + 0.5) * bin)));
    within.map(|(_, count)| f64::from(*count)).fold(0.0, f64::max)
}

pub fn checks() -> Result<Vec<Check>, Failed> {
    let mut checks = Vec::new();
    published(&mut checks)?;
    balls_in_bins(&mut checks)?;
    workload(&mut checks)?;
    laws(&mut checks)?;
    to_dead_letter(&mut checks)?;
    Ok(checks)
}

/// The retrystorm table: the largest aligned 20 ms bin.
fn published(checks: &mut Vec<Check>) -> Result<(), Failed> {
    let policies = [
        policy("none", &json!("none"), 11),
        policy("full", &json!("full"), 11),
        policy("equal", &json!("equal"), 11),
        decorrelated(11),
    ];
    let results = run(&herd(100_000, "20ms", &policies), 10)?;
    for (policy, expected) in results.iter().zip([100_000.0, 3_153.0, 4_126.0, 1_340.0]) {
        let peaks: Vec<f64> = policy.iter().map(|run| peak(run, 0.0, f64::INFINITY)).collect();
        let what = format!("100,000 fail, {}: retries in the largest 20 ms", policy[0].name);
        checks.push(Check::share("C13", what, expected, mean_and_error(&peaks).0, 0.02));
    }
    // Peak per 100 ms over tasks, by the time since the start.
    let policies = [
        policy("none", &json!("none"), 10),
        policy("+-10 %", &json!({"kind": "symmetric", "factor": 0.1}), 10),
        policy("equal", &json!("equal"), 10),
        policy("full", &json!("full"), 10),
    ];
    let results = run(&herd(100_000, "100ms", &policies), 4)?;
    let shares = [[1.0, 1.0, 1.0], [0.5, 0.25, 0.063], [0.2, 0.1, 0.026], [0.15, 0.069, 0.017]];
    for (policy, shares) in results.iter().zip(shares) {
        for ((from, to), share) in [(0.0, 2.0), (2.0, 10.0), (10.0, 40.0)].into_iter().zip(shares) {
            let peaks: Vec<f64> = policy.iter().map(|run| peak(run, from, to) / 1e5).collect();
            let what = format!("{}: peak per 100 ms / tasks, {from} to {to} s", policy[0].name);
            checks.push(Check::share("peak", what, share, mean_and_error(&peaks).0, 0.06));
        }
    }
    Ok(())
}

/// N retries over B bins: the largest is sum over k of 1 - F(k)^B.
fn balls_in_bins(checks: &mut Vec<Check>) -> Result<(), Failed> {
    for (tasks, bins, expected) in
        [(1_000, 100, 18.74), (10_000, 100, 126.0), (100_000, 1_000, 133.95)]
    {
        let once = json!({"name": "full", "policy": {"version": 1, "jitter": "full", "maxAttempts": 2,
            "backoff": {"kind": "constant", "delay": format!("{}ms", bins * 10)}}});
        let runs = 2_000_000 / tasks;
        let results = run(&herd(tasks, "10ms", &[once]), runs)?;
        let peaks: Vec<f64> = results[0].iter().map(|run| peak(run, 0.0, f64::INFINITY)).collect();
        let what = format!("{tasks} retries over {bins} bins: the largest");
        checks.push(Check::mean("bins", what, expected, &peaks, 0.02));
    }
    Ok(())
}

/// W1, by its law: its own generator gives the exact figures, ours must agree with them.
fn workload(checks: &mut Vec<Check>) -> Result<(), Failed> {
    let results = run(
        &json!({
            "arrivals": {"kind": "herd", "tasks": 100_000},
            "server": {"workers": 1, "service": "1ms", "queue": {"limit": 1999}},
            "faults": [{"from": "0s", "until": "30s", "mode": "down"}],
            "policies": [policy("full", &json!("full"), 10)],
        }),
        20,
    )?;
    let attempts = figures(&results[0], |summary| summary.attempts);
    let succeeded = figures(&results[0], |summary| summary.succeeded);
    let spread = |samples: &[f64]| {
        let (mean, error) = mean_and_error(samples);
        (mean, 3.0 * error * libm::sqrt(samples.len() as f64 + 1.0))
    };
    // The reference is one run: three of its own standard deviations.
    let (mean, within) = spread(&attempts);
    checks.push(Check::within("C17", "W1, 100,000 tasks: attempts", 851_472.0, mean, within));
    let (mean, within) = spread(&succeeded);
    checks.push(Check::within("C17", "W1, 100,000 tasks: succeeded", 95_691.0, mean, within));
    Ok(())
}

/// The walk of decorrelated jitter, and how often clients retry once they are at the cap.
fn laws(checks: &mut Vec<Check>) -> Result<(), Failed> {
    let tree: redrive::wire::Value = serde_json::from_value(decorrelated(200)["policy"].clone())?;
    let walk = RetryPolicy::from_value(&tree)?;
    let delays = |policy: &RetryPolicy, from: usize, to: usize| -> Vec<f64> {
        let keys = 0..5_000_u64;
        keys.flat_map(|key| {
            let schedule = policy.schedule(7, key).skip(from).take(to - from);
            schedule.map(|retry| retry.delay.as_secs_f64()).collect::<Vec<_>>()
        })
        .collect()
    };
    let mut late = delays(&walk, 40, 140);
    let capped = late.iter().filter(|delay| **delay >= 60.0).count() as f64 / late.len() as f64;
    checks.push(Check::share(
        "C18",
        "decorrelated at the cap: mean",
        33.7,
        mean_and_error(&late).0,
        0.01,
    ));
    late.sort_unstable_by(f64::total_cmp);
    checks.push(Check::share(
        "C18",
        "decorrelated at the cap: median",
        32.3,
        late[late.len() / 2],
        0.01,
    ));
    checks.push(Check::share(
        "C18",
        "decorrelated: share of delays that are the cap",
        0.339,
        capped,
        0.01,
    ));
    let tree = json!({"version": 1, "backoff": {"kind": "decorrelated", "initial": "1s", "multiplier": 3},
                      "jitter": "none", "maxAttempts": 20});
    let free = RetryPolicy::from_value(&serde_json::from_value(tree)?)?;
    for (retry, expected) in [(1_usize, 2.0), (2, 3.5), (3, 5.75)] {
        let samples = delays(&free, retry - 1, retry);
        let what = format!("decorrelated without cap: mean of delay {retry}");
        checks.push(Check::mean("C18", what, expected, &samples, 0.0));
    }
    for (name, expected) in [("full", 1.0 / 30.0), ("equal", 1.0 / 45.0)] {
        let policy = presets::find(name)?.policy().to_builder().max_attempts(200).build()?;
        let rate = 1.0 / mean_and_error(&delays(&policy, 40, 140)).0;
        checks.push(Check::share(
            "C19",
            format!("{name} at the cap: retries a second"),
            expected,
            rate,
            0.01,
        ));
    }
    let rate = 1.0 / mean_and_error(&late).0;
    checks.push(Check::share(
        "C19",
        "decorrelated at the cap: retries a second",
        0.029_63,
        rate,
        0.01,
    ));
    Ok(())
}

/// How long ten attempts last.
fn to_dead_letter(checks: &mut Vec<Check>) -> Result<(), Failed> {
    let policies = [
        policy("none", &json!("none"), 10),
        policy("full", &json!("full"), 10),
        policy("equal", &json!("equal"), 10),
    ];
    let results = run(&herd(50_000, "100ms", &policies), 10)?;
    for (policy, expected) in results.iter().zip([243.0, 121.5, 182.25]) {
        let times = figures(policy, |summary| summary.time_to_dead_letter_seconds.mean);
        let what = format!("{}, ten attempts: seconds to the dead letter", policy[0].name);
        checks.push(Check::mean("DLQ", what, expected, &times, 1e-6));
    }
    Ok(())
}
