//! Every built-in scenario runs, loses no task, and repeats itself to the bit.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use redrive_sim::{
    Scenario,
    outcome::{Figure, Summary},
    scenario::builtins,
    simulate,
};

fn ended(summary: &Summary) -> f64 {
    let figures = [summary.succeeded, summary.discarded, summary.failed, summary.cancelled];
    figures.iter().map(Figure::or_zero).sum::<f64>()
        + summary.dead_letters()
        + summary.unfinished.or_zero()
}

#[test]
fn every_builtin_conserves_its_tasks_and_repeats_itself() {
    for builtin in builtins() {
        let scenario = Scenario::builtin(builtin.name).unwrap();
        let first = simulate(&scenario, &mut ()).unwrap();
        for policy in &first.policies {
            let summary = &policy.summary;
            assert!(summary.tasks.or_zero() > 0.0, "{} {}", builtin.name, policy.name);
            assert_eq!(summary.tasks.or_zero(), ended(summary), "{} {}", builtin.name, policy.name);
        }
        let again = simulate(&scenario, &mut ()).unwrap();
        assert!(first == again, "{} differs between two runs", builtin.name);
        assert!(builtin.about.split_whitespace().count() > 60, "{} explains nothing", builtin.name);
    }
}
