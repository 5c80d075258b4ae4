//! Which policies a sweep is about: those that can have what is varied.
//!
//! `--vary policy.jitter=none,full` on a scenario that compares six policies means those whose jitter is
//! a choice; the backoff of a decorrelated one brings its own. It is left out of the whole sweep, and
//! the sweep says so.

use redrive::wire::Value;
use redrive_sim::Scenario;

use super::axis::Axis;
use crate::{
    error::CliError,
    options::{self, Setup},
    output,
};

/// Leaves the policies out that cannot have every value of the axes `policy.…`.
///
/// # Errors
/// When none is left.
pub(super) fn leave_out(setup: &mut Setup, axes: &[Axis]) -> Result<(), CliError> {
    let axes: Vec<&Axis> = axes.iter().filter(|axis| axis.path.starts_with("policy.")).collect();
    let Some(Value::List(policies)) = setup.tree.get("policies").cloned() else { return Ok(()) };
    if axes.is_empty() || policies.len() < 2 {
        return Ok(());
    }
    let (mut kept, mut left_out) = (Vec::new(), Vec::new());
    for (policy, named) in policies.into_iter().zip(&setup.scenario.policies) {
        match refusal(setup, &policy, &axes) {
            None => kept.push(policy),
            Some(why) => left_out.push(format!("“{}” ({why})", named.name)),
        }
    }
    if left_out.is_empty() {
        return Ok(());
    }
    if kept.is_empty() {
        return Err(CliError::Usage(format!(
            "no policy can have what is varied: {}",
            left_out.join("; ")
        )));
    }
    output::tell(&format!(
        "left out, since it cannot have what is varied: {}\n",
        left_out.join("; ")
    ));
    if let Value::Map(entries) = &mut setup.tree
        && let Some((_, list)) = entries.iter_mut().find(|(name, _)| name == "policies")
    {
        *list = Value::List(kept);
    }
    setup.scenario = Scenario::read(&setup.tree, &mut setup.files)?;
    Ok(())
}

/// Why the policy alone cannot have one of the values.
fn refusal(setup: &Setup, policy: &Value, axes: &[&Axis]) -> Option<String> {
    let mut alone = setup.tree.clone();
    Scenario::put(&mut alone, "policies", &Value::List(vec![policy.clone()])).ok()?;
    axes.iter().find_map(|axis| {
        axis.values.iter().find_map(|value| {
            let mut tree = alone.clone();
            let set = options::assign(&mut tree, &axis.path, value);
            let read = set.and_then(|()| Scenario::read(&tree, &mut setup.files.clone()).map(drop));
            let error = read.err()?;
            let place = error.path().trim_start_matches("policies[0].");
            Some(format!("{}={value}: {place} {}", axis.path, error.message()))
        })
    })
}
