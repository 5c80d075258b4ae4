//! C1 to C4: the AWS Architecture Blog's model of optimistic concurrency.

use std::collections::BTreeMap;

use redrive::wire::Value;
use redrive_sim::scenario::Builtin;

use crate::{
    check::{Check, mean_and_error},
    occ_table::{RUNS, TABLE},
    runner::{Failed, figures, run},
};

type Samples = BTreeMap<(String, u32), (Vec<f64>, Vec<f64>)>;

/// Calls and completion times (ms) of every policy with so many clients.
fn measure(into: &mut Samples, clients: u32, runs: u32) -> Result<(), Failed> {
    let mut tree = Builtin::find("occ")?.value();
    redrive_sim::Scenario::set(&mut tree, "arrivals.tasks", &clients.to_string())?;
    let json: serde_json::Value = serde_json::to_value::<Value>(tree)?;
    for policy in run(&json, runs)? {
        let calls = figures(&policy, |summary| summary.attempts);
        let times = figures(&policy, |summary| summary.completion_seconds);
        let times = times.iter().map(|seconds| seconds * 1e3).collect();
        into.insert((policy[0].name.clone(), clients), (calls, times));
    }
    Ok(())
}

pub fn checks() -> Result<Vec<Check>, Failed> {
    let mut samples = Samples::new();
    for clients in [10, 20, 50, 80, 100, 150, 200] {
        measure(&mut samples, clients, 400)?;
    }
    let mut checks = Vec::new();
    let mut squares = 0.0;
    for (policy, clients, calls, times) in TABLE {
        let measured = &samples[&((*policy).to_owned(), *clients)];
        for (what, reference, samples) in
            [("calls", calls, &measured.0), ("completion ms", times, &measured.1)]
        {
            let (mean, error) = mean_and_error(samples);
            let sem = reference.1 / libm::sqrt(RUNS);
            let both = libm::sqrt(error * error + sem * sem);
            let z = (mean - reference.0) / both;
            squares += z * z;
            let what = format!("AWS OCC, {policy}, {clients} clients: {what}");
            // Seventy comparisons: one in a hundred such tables has a point beyond 3.8 by chance.
            checks.push(Check::within("C1", what, reference.0, mean, 3.8 * both));
        }
    }
    let rms = libm::sqrt(squares / (2 * TABLE.len()) as f64);
    checks.push(Check::within("C1", "AWS OCC: rms of all z", 1.0, rms, 0.25));
    let mean = |policy: &str, clients: u32, time: bool| {
        let (calls, times) = &samples[&(policy.to_owned(), clients)];
        mean_and_error(if time { times } else { calls }).0
    };
    let ratio = |a: &str, b: &str, time| mean(a, 100, time) / mean(b, 100, time);
    let calls = ratio("full", "exponential", false);
    checks.push(Check::share("C2", "full / exponential, 100 clients: calls", 0.429, calls, 0.02));
    let time = ratio("full", "exponential", true);
    checks.push(Check::share("C2", "full / exponential, 100 clients: time", 0.0773, time, 0.02));
    for clients in [10, 20, 50, 80, 100, 150, 200] {
        let slower = mean("equal", clients, true) > mean("full", clients, true);
        let what = format!("equal slower than full, {clients} clients");
        checks.push(Check::holds_that("C3", what, slower));
    }
    crossings(&mut checks)?;
    slower(&mut checks, &samples)?;
    Ok(checks)
}

/// A world ten times as slow (legs, base and cap) makes the same calls in ten times the time.
fn slower(checks: &mut Vec<Check>, known: &Samples) -> Result<(), Failed> {
    let mut tree = Builtin::find("occ")?.value();
    for (path, value) in [
        ("arrivals.tasks", "50"),
        ("network.latency.mean", "100ms"),
        ("network.latency.sd", "20ms"),
        ("policy.maxDelay", "20s"),
    ] {
        redrive_sim::Scenario::set(&mut tree, path, value)?;
    }
    for (place, initial) in [(1, "100ms"), (2, "100ms"), (3, "100ms"), (4, "50ms")] {
        let path = format!("policies[{place}].policy.backoff.initial");
        redrive_sim::Scenario::set(&mut tree, &path, initial)?;
    }
    let json: serde_json::Value = serde_json::to_value::<Value>(tree)?;
    for policy in run(&json, 400)? {
        let name = policy[0].name.as_str();
        let (calls, times) = &known[&(name.to_owned(), 50)];
        let slow_calls = figures(&policy, |summary| summary.attempts);
        let slow_times = figures(&policy, |summary| summary.completion_seconds);
        let slow_times: Vec<f64> = slow_times.iter().map(|seconds| seconds * 1e2).collect();
        for (what, known, slow) in [("calls", calls, slow_calls), ("time / 10", times, slow_times)]
        {
            let ((known, error), (slow, other)) = (mean_and_error(known), mean_and_error(&slow));
            // The same seeds, so nearly the same runs; independent ones would differ by this much.
            let both = 3.0 * libm::sqrt(error * error + other * other);
            let what = format!("OCC ten times as slow, {name}, 50 clients: {what}");
            checks.push(Check::within("C1", what, known, slow, both));
        }
    }
    Ok(())
}

/// Where the orderings turn, with enough runs to tell.
fn crossings(checks: &mut Vec<Check>) -> Result<(), Failed> {
    let mut samples = Samples::new();
    for clients in [110, 140, 150, 190] {
        measure(&mut samples, clients, 1_500)?;
    }
    let of = |policy: &str, clients: u32| &samples[&(policy.to_owned(), clients)];
    let below = |a: &[f64], b: &[f64]| {
        let ((a, error_a), (b, error_b)) = (mean_and_error(a), mean_and_error(b));
        a + 2.0 * libm::sqrt(error_a * error_a + error_b * error_b) < b
    };
    for (claim, what, holds) in [
        (
            "C3",
            "full fewer calls than equal at 150",
            below(&of("full", 150).0, &of("equal", 150).0),
        ),
        (
            "C3",
            "equal fewer calls than full at 190",
            below(&of("equal", 190).0, &of("full", 190).0),
        ),
        (
            "C4",
            "decorrelated done before full at 110",
            below(&of("decorrelated", 110).1, &of("full", 110).1),
        ),
        (
            "C4",
            "full done before decorrelated at 140",
            below(&of("full", 140).1, &of("decorrelated", 140).1),
        ),
        (
            "C4",
            "decorrelated more calls than full at 110",
            below(&of("full", 110).0, &of("decorrelated", 110).0),
        ),
    ] {
        checks.push(Check::holds_that(claim, what, holds));
    }
    Ok(())
}
