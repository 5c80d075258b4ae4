//! The built-in scenarios of real incidents show what happened, and what ended it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use redrive_sim::{
    Scenario,
    outcome::{PolicyOutcome, Summary},
    simulate,
};

fn run(name: &str) -> Vec<PolicyOutcome> {
    simulate(&Scenario::builtin(name).unwrap(), &mut ()).unwrap().policies
}

/// Successes / tasks of a window.
fn goodput(summary: &Summary, window: &str) -> f64 {
    let found = summary.windows.iter().find(|found| found.name == window).unwrap();
    found.goodput_per_first.or_zero()
}

#[test]
fn the_control_plane_stays_down_until_it_is_throttled_and_emptied() {
    let found = run("control-plane");
    let first = &found[0].summary;
    assert!(goodput(first, "before") > 0.9);
    assert!(goodput(first, "collapse") < 0.1, "{}", goodput(first, "collapse"));
    assert!(goodput(first, "cure") > 1.5, "the backlog drains: {}", goodput(first, "cure"));
    assert!(goodput(first, "after") > 0.9);
    assert_eq!(first.dead_letters() + first.unfinished.or_zero(), 0.0);
    let patient = &found[1].summary;
    assert!(patient.attempts.or_zero() < 0.15 * first.attempts.or_zero());
    assert!(goodput(patient, "collapse") < 0.1, "backing off alone gives nothing up");
    let budget = &found[2].summary;
    assert!(goodput(budget, "collapse") > 0.9);
    assert!(budget.dead_letters() > 300.0, "those of the outage");
}

#[test]
fn the_flood_of_one_class_takes_the_other_with_it() {
    let found = run("dashboard");
    let [first, jitter, budget] = [0, 1, 2].map(|i| &found[i].summary);
    assert!(goodput(first, "flood") > 0.9, "it fits, until the deployment");
    for collapsed in [first, jitter] {
        assert!(goodput(collapsed, "overload") < 0.05, "{}", goodput(collapsed, "overload"));
        assert!(goodput(collapsed, "more servers") < 0.05);
        assert!(goodput(collapsed, "corrected") > 0.9);
    }
    assert!(goodput(budget, "overload") > 0.9);
    let api = |summary: &Summary| summary.clients[0].goodput_per_first.or_zero();
    assert!(api(first) < 0.6, "{}", api(first));
    assert!(api(budget) > 0.95, "{}", api(budget));
}

#[test]
fn nine_services_multiply_their_retries_until_they_have_budgets() {
    let found = run("chain");
    // Calls at the last service for a task, while it fails.
    let calls = |policy: &PolicyOutcome, from: usize, window: &str| {
        let bins = &policy.series.tiers.last().unwrap().requests;
        let sum: u32 = bins[from * 2..(from + 10) * 2].iter().sum();
        let windows = &policy.summary.windows;
        let tasks = windows.iter().find(|found| found.name == window).unwrap().tasks.or_zero();
        f64::from(sum) / tasks
    };
    let near = |found: f64, expected: f64| {
        assert!((found / expected - 1.0).abs() < 0.07, "{found} is not {expected}");
    };
    let eight: f64 = [1.2; 8].iter().product();
    near(calls(&found[0], 15, "without budgets"), 512.0);
    near(calls(&found[0], 55, "with budgets"), 2.0 * eight);
    near(calls(&found[1], 55, "with budgets"), 1.2 * eight);
    near(calls(&found[2], 15, "without budgets"), 256.0);
    near(calls(&found[2], 55, "with budgets"), eight);
}
