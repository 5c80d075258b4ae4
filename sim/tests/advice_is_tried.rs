//! No advice lowers the successes on any built-in scenario, whatever the policy; advice says its effect;
//! an outage that is longer than a policy's patience is told.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use redrive::{RetryPolicy, presets};
use redrive_sim::{
    Options, Scenario,
    advice::{advice, outlasted},
    run_one,
    scenario::{NamedPolicy, builtins},
};

fn succeeded(scenario: &Scenario, policy: &RetryPolicy) -> f64 {
    let named = NamedPolicy { name: "tried".to_owned(), policy: policy.clone() };
    let scenario = scenario.with_policies(vec![named]).unwrap();
    run_one(&scenario, 0, 0, Options::default(), &mut ()).unwrap().summary.succeeded.or_zero()
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
        let tasks = scenario.arrivals.expected(scenario.horizon.map(|_| scenario.end()));
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
                    after >= before,
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
