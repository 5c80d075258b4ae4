//! What happens at moments that are known beforehand: faults begin and end, dead letters go
//! back, operators act.

use crate::scenario::Scenario;

/// What happens at a moment that is known beforehand.
#[derive(Clone, Copy)]
pub(super) enum Control {
    /// A fault of the tier begins or ends.
    Fault(usize),
    /// From here on is "after the fault".
    After,
    /// The dead letters are sent back.
    Redrive,
    /// Operators change something: the one of that number.
    Change(usize),
}

/// All of them, each with its time.
pub(super) fn plan(scenario: &Scenario) -> Vec<(u64, Control)> {
    let mut plan: Vec<(u64, Control)> = Vec::new();
    for fault in &scenario.faults {
        let tier = fault.layer.unwrap_or(scenario.layers.len());
        let (from, until) = fault.span();
        plan.push((from, Control::Fault(tier)));
        plan.push((until, Control::Fault(tier)));
    }
    plan.push((scenario.after_fault().as_nanos(), Control::After));
    if let Some(redrive) = &scenario.redrive {
        plan.push((redrive.at.as_nanos(), Control::Redrive));
    }
    for (i, change) in scenario.changes.iter().enumerate() {
        plan.push((change.at.as_nanos(), Control::Change(i)));
    }
    plan
}
