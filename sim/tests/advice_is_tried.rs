//! No advice lowers the successes on any built-in scenario, whatever the policy; advice says its effect;
//! an outage that is longer than a policy's patience is told.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use redrive::{RetryPolicy, presets};
use redrive_sim::{
    Options, Scenario,
    advice::{Advisor, advice, outlasted},
    run_one,
    scenario::{NamedPolicy, builtins},
};

/// Successes under seeds that no advice was chosen by.
fn succeeded(scenario: &Scenario, policy: &RetryPolicy) -> f64 {
    let named = NamedPolicy { name: "tried".to_owned(), policy: policy.clone() };
    let scenario = scenario.with_policies(vec![named]).unwrap();
    let run = |replication| {
        let outcome = run_one(&scenario, 0, replication, Options::default(), &mut ()).unwrap();
        outcome.summary.succeeded.or_zero()
    };
    (500..503).map(run).sum::<f64>() / 3.0
}

/// Smaller than it is, where it can be: the advice is about the policy.
fn small(name: &str) -> Scenario {
    let mut tree = Scenario::builtin(name).unwrap().to_value();
    let is_herd = tree.get("arrivals").and_then(|a| a.get("tasks")).is_some();
    if is_herd {
        Scenario::set(&mut tree, "arrivals.tasks", "300").unwrap();
    }
    Scenario::from_value(&tree).unwrap()
}

#[test]
fn no_advice_lowers_the_successes_of_a_preset_on_a_built_in_scenario() {
    let mut offered = 0;
    for builtin in builtins() {
        let scenario = small(builtin.name);
        let tasks = scenario.expected(scenario.horizon.map(|_| scenario.end()));
        if tasks > 20_000.0 {
            continue;
        }
        // The larger a scenario, the fewer presets: it is the same code for all of them.
        let every = if tasks > 1_000.0 { 7 } else { 2 };
        for preset in presets::all().iter().step_by(every) {
            let policy = preset.policy();
            // A policy without an end is not for every scenario.
            let Ok(all) = advice(&scenario, &policy) else { continue };
            let before = succeeded(&scenario, &policy);
            for advice in all {
                offered += 1;
                let after = succeeded(&scenario, &advice.policy);
                assert!(
                    after >= before - 0.001 * tasks,
                    "{} on {}: {} = {} takes {before} to {after}",
                    preset.name,
                    builtin.name,
                    advice.field,
                    advice.value
                );
                assert!(!advice.effect.is_empty() && advice.worth > 0.0, "{advice:?}");
            }
        }
    }
    assert!(offered > 5, "only {offered} were offered");
}

#[test]
fn an_outage_that_outlasts_the_policy_is_told_and_more_attempts_are_tried() {
    let scenario = small("herd");
    let classic = RetryPolicy::default();
    assert_eq!(
        outlasted(&scenario, &classic).unwrap(),
        "gives up after at most 6.6 s; the outage lasts 30 s"
    );
    let all = advice(&scenario, &classic).unwrap();
    let first = all.first().unwrap();
    assert_eq!((first.code, first.field), ("outlasted", "maxAttempts"));
    assert!(
        first.effect.starts_with("300 more tasks succeed, dead letters 300 → 0"),
        "{}",
        first.effect
    );
}

#[test]
fn a_server_that_hangs_keeps_each_attempt_until_its_timeout() {
    let mut tree = small("herd").to_value();
    Scenario::set(&mut tree, "faults[0].mode", "hang").unwrap();
    Scenario::set(&mut tree, "client.timeout", "5s").unwrap();
    let scenario = Scenario::from_value(&tree).unwrap();
    // Two delays of 6.6 s in all, three attempts of 5 s.
    assert_eq!(
        outlasted(&scenario, &RetryPolicy::default()).unwrap(),
        "gives up after at most 21.6 s; the outage lasts 30 s"
    );
}

#[test]
fn a_step_at_a_time_gives_the_same_advice() {
    let scenario = small("herd");
    let policy = presets::find("proportional").unwrap().policy();
    let mut advisor = Advisor::begin(&scenario, &policy).unwrap();
    let (mut steps, all) = (0, advisor.left());
    while advisor.step().unwrap() {
        steps += 1;
        assert_eq!(advisor.left(), all - steps);
    }
    assert!(steps > 0);
    assert_eq!(advisor.finish(), advice(&scenario, &policy).unwrap());
}

#[test]
fn a_herd_is_spread_and_a_storm_gets_a_budget() {
    let herd = Scenario::builtin("herd").unwrap();
    let all = advice(&herd, &presets::find("proportional").unwrap().policy()).unwrap();
    let spread = all.iter().find(|advice| advice.code == "herd").unwrap();
    // Full jitter would be calmer, and uses up the ten attempts of a few tasks.
    assert_eq!((spread.field, spread.value.to_string().as_str()), ("jitter", "\"equal\""));
    assert!(spread.effect.starts_with("peak / capacity 12.8× → "), "{}", spread.effect);
    let storm = Scenario::builtin("storm").unwrap();
    let at_once = storm.policies.iter().find(|named| named.name == "four-at-once").unwrap();
    let all = advice(&storm, &at_once.policy).unwrap();
    assert!(all.iter().any(|advice| advice.field == "budget"), "{all:?}");
}

#[test]
fn who_shares_an_empty_budget_is_said() {
    let mut tree = Scenario::builtin("herd").unwrap().to_value();
    Scenario::set(&mut tree, "client.budgetScope", "all").unwrap();
    let scenario = Scenario::from_value(&tree).unwrap();
    let all = advice(&scenario, &RetryPolicy::recommended()).unwrap();
    let budget = all.iter().find(|advice| advice.code == "budgetEmpty").unwrap();
    assert!(
        budget.message.starts_with("the retry budget, one for all 10,000 tasks, is empty when"),
        "{}",
        budget.message
    );
}
