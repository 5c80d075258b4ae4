//! The share of tasks that have succeeded within a time, one line a policy.
//!
//! The share is of all tasks, so a line that ends below the top shows what never succeeded. Where the times
//! lie far apart the axis is logarithmic: what an objective is about happens in the first seconds.

use redrive_sim::{
    Scenario,
    outcome::{Outcome, PolicyOutcome},
};

use super::{
    frame::{self, Header},
    lines::{Across, Lines},
};
use crate::{text, words};

/// How many times the median, or the objective, the longest time may be on an even axis.
const FAR: f64 = 12.0;
/// Policies whose shares within the objective are all told.
const NAMED: usize = 3;
/// The decades that a logarithmic axis shows at most.
const DECADES: f64 = 1e4;

/// The chart.
pub(crate) fn chart<'a>(outcome: &'a Outcome, scenario: &Scenario) -> Lines<'a> {
    let finding = words::latency(outcome);
    let objective = scenario.report.objective.map(|objective| objective.as_secs_f64());
    let curves: Vec<_> = outcome.policies.iter().map(curve).collect();
    let longest = curves.iter().flatten().map(|(seconds, _)| *seconds).fold(0.0, f64::max);
    let across = across(&curves, longest, objective);
    let mut subtitle = "Share of all tasks that succeeded within a time, counted from their first \
                        attempt. A line that ends below 100 % shows tasks that never did; a dot is where \
                        99 % of all tasks are done."
        .to_owned();
    if let Some(objective) = objective {
        let within = within(outcome);
        let within: Vec<&str> = within.iter().map(String::as_str).collect();
        if !within.is_empty() {
            let (objective, within) = (text::seconds(objective), text::listed(&within));
            subtitle.push_str(&format!(" Within the objective of {objective}: {within}."));
        }
    }
    let header = Header::new(&finding, &frame::of_one_run(outcome, &subtitle), Vec::new());
    let ticks = [0.0, 0.25, 0.5, 0.75, 1.0].map(|tick| (tick, text::percent(tick)));
    let dots = curves.iter().map(|curve| curve.iter().find(|(_, share)| *share >= 0.99).copied());
    Lines {
        name: "latency",
        outcome,
        finding,
        header,
        height: 320.0,
        dots: dots.collect(),
        curves,
        across,
        up: (1.0, ticks.to_vec()),
        faults: None,
        objective,
    }
}

/// The share within the objective under each policy; of many, under the best and the worst.
fn within(outcome: &Outcome) -> Vec<String> {
    let shares = outcome.policies.iter().filter_map(|policy| {
        Some((policy.summary.within_objective.value()?, policy.name.as_str()))
    });
    let mut shares: Vec<(f64, &str)> = shares.collect();
    shares.sort_by(|a, b| b.0.total_cmp(&a.0));
    if shares.len() > NAMED {
        shares = [shares.first(), shares.last()].into_iter().flatten().copied().collect();
    }
    let said = |(share, name): (f64, &str)| format!("{} under “{name}”", text::percent(share));
    shares.into_iter().map(said).collect()
}

fn across(curves: &[Vec<(f64, f64)>], longest: f64, objective: Option<f64>) -> Across {
    let what = "time from the first attempt to success";
    let end = if longest > 0.0 { longest * 1.02 } else { 1.0 };
    let end = end.max(objective.unwrap_or(0.0) * 1.1);
    let medians = curves.iter().filter_map(|curve| {
        let top = curve.last()?.1;
        curve.iter().find(|(seconds, share)| *seconds > 0.0 && *share >= top / 2.0)
    });
    let usual = medians.map(|(seconds, _)| *seconds).fold(f64::INFINITY, f64::min);
    let near = objective.unwrap_or(f64::INFINITY).min(usual);
    if near.is_finite() && end > FAR * near {
        Across::log(what, (near / 10.0).max(end / DECADES), end)
    } else {
        Across::time(what, end)
    }
}

/// The share of all tasks that succeeded in no more than each time.
fn curve(policy: &PolicyOutcome) -> Vec<(f64, f64)> {
    let tasks = policy.summary.tasks.or_zero();
    let all = if tasks > 0.0 { policy.summary.succeeded.or_zero() / tasks } else { 0.0 };
    let points = policy.latency.points.iter().map(|(seconds, share)| (*seconds, share * all));
    [(0.0, 0.0)].into_iter().chain(points).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_is_logarithmic_where_the_objective_would_be_squeezed() {
        let curve = vec![vec![(0.0, 0.0), (1.0, 0.5), (300.0, 1.0)]];
        assert!(across(&curve, 300.0, Some(2.0)).is_log());
        let even = vec![vec![(0.0, 0.0), (100.0, 0.5), (300.0, 1.0)]];
        assert!(!across(&even, 300.0, None).is_log());
        assert!(across(&even, 300.0, Some(2.0)).is_log());
    }
}
