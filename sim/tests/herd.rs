//! The main scenario teaches what it is there to teach.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use redrive_sim::{Scenario, outcome::Outcome, simulate};

fn herd(seed: u64) -> Outcome {
    let mut tree = Scenario::builtin("herd").unwrap().to_value();
    Scenario::set(&mut tree, "seed", &seed.to_string()).unwrap();
    simulate(&Scenario::from_value(&tree).unwrap(), &mut ()).unwrap()
}

fn peak(outcome: &Outcome, name: &str) -> f64 {
    let policy = outcome.policies.iter().find(|policy| policy.name == name).unwrap();
    policy.summary.peak_after_fault_per_second.or_zero()
}

#[test]
fn without_jitter_the_recovering_server_is_hit_twenty_times_as_hard() {
    for seed in [42, 1, 7] {
        let outcome = herd(seed);
        let full = peak(&outcome, "full");
        assert!(peak(&outcome, "none") >= 20.0 * full);
        assert!(peak(&outcome, "proportional") >= 2.0 * full);
    }
}
