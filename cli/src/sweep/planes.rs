//! The planes of the phase diagram: made when one axis of a sweep is a load and the other the attempts.

use redrive_sim::outcome::PolicyOutcome;

use super::points::{Header, Points};
use crate::chart::Phase;

/// Whether the values of a path are tasks a second.
fn is_load(path: &str) -> bool {
    let plain = path.replace('_', "").to_lowercase();
    plain.starts_with("arrivals.")
        && ["persecond", "ratepersecond"].iter().any(|name| plain.rsplit('.').next() == Some(*name))
}

fn is_attempts(path: &str) -> bool {
    path.replace('_', "").to_lowercase().ends_with("maxattempts")
}

/// The values of an axis in rising order, and the place of each in it.
fn rising(values: &[String]) -> Option<(Vec<f64>, Vec<usize>)> {
    let numbers: Vec<f64> = values.iter().map(|value| value.parse().ok()).collect::<Option<_>>()?;
    let mut sorted = numbers.clone();
    sorted.sort_by(f64::total_cmp);
    let place = |number: &f64| sorted.iter().position(|known| known == number).unwrap_or(0);
    let places = numbers.iter().map(place).collect();
    Some((sorted, places))
}

/// One plane a policy; nothing unless the sweep is over a load and the attempts, and nothing else.
pub(super) fn planes(header: &Header, points: &Points) -> Vec<Phase> {
    let [one, other] = &header.vary[..] else { return Vec::new() };
    let (load, attempts) = match (is_load(&one.path), is_load(&other.path)) {
        (true, false) if is_attempts(&other.path) => (0, 1),
        (false, true) if is_attempts(&one.path) => (1, 0),
        _ => return Vec::new(),
    };
    let axis = |place: usize| header.vary.get(place).and_then(|axis| rising(&axis.values));
    let (Some((loads, across)), Some((tries, up))) = (axis(load), axis(attempts)) else {
        return Vec::new();
    };
    let mut planes: Vec<Phase> = Vec::new();
    for point in points.values() {
        let at = |axis: usize, places: &[usize]| {
            let value = point.set.get(axis)?;
            let place = header.vary.get(axis)?.values.iter().position(|known| known == value)?;
            places.get(place).copied()
        };
        let (Some(column), Some(row)) = (at(load, &across), at(attempts, &up)) else { continue };
        for policy in &point.policies {
            let Some(stuck) = policy.summary.collapsed.value() else { continue };
            let place = planes.iter().position(|plane| plane.name == policy.name);
            let place = place.unwrap_or_else(|| {
                planes.push(plane(policy, loads.clone(), tries.clone()));
                planes.len() - 1
            });
            planes[place].cells.push((column, row, stuck));
            planes[place].has_budget |= policy.summary.budget_denied.or_zero() > 0.0;
        }
    }
    planes
}

fn plane(policy: &PolicyOutcome, loads: Vec<f64>, attempts: Vec<f64>) -> Phase {
    Phase {
        name: policy.name.clone(),
        loads,
        attempts,
        cells: Vec::new(),
        capacity: policy.summary.capacity_per_second.value(),
        has_budget: false,
    }
}
