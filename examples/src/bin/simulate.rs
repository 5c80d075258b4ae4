//! The simulator as a library: the same outage under two policies, compared under the same random
//! numbers.

use std::error::Error;

use redrive_sim::{Scenario, simulate};

fn main() -> Result<(), Box<dyn Error>> {
    let mut tree = Scenario::builtin("herd")?.to_value();
    Scenario::set(&mut tree, "arrivals.tasks", "2000")?;
    Scenario::set(&mut tree, "server.queue.limit", "100")?;
    let outcome = simulate(&Scenario::from_value(&tree)?, &mut ())?;
    for name in ["none", "full"] {
        let policy = outcome.policies.iter().find(|policy| policy.name == name);
        let summary = &policy.ok_or("herd has the policy")?.summary;
        println!(
            "{name}: {} of {} tasks succeeded, peak after the outage {}/s",
            summary.succeeded.or_zero(),
            summary.tasks.or_zero(),
            summary.peak_after_fault_per_second.or_zero(),
        );
    }
    Ok(())
}
