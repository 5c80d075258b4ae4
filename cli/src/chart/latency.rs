//! The share of tasks that have succeeded within a time, one line a policy.
//!
//! The share is of all tasks, so a line that ends below the top shows what never succeeded.

use redrive_sim::outcome::{Outcome, PolicyOutcome};

use super::{
    frame::{self, Header},
    lines::Lines,
};
use crate::{text, words};

/// The chart.
pub(crate) fn chart(outcome: &Outcome) -> Lines<'_> {
    let finding = words::latency(outcome);
    let subtitle = "Share of all tasks that succeeded within a time, counted from their first \
                    attempt. A line that ends below 100 % shows tasks that never did.";
    let header = Header::new(&finding, &frame::of_one_run(outcome, subtitle), Vec::new());
    let curves: Vec<_> = outcome.policies.iter().map(curve).collect();
    let longest = curves.iter().flatten().map(|(seconds, _)| *seconds).fold(0.0, f64::max);
    let ticks = [0.0, 0.25, 0.5, 0.75, 1.0].map(|tick| (tick, text::percent(tick)));
    let end = if longest > 0.0 { longest * 1.02 } else { 1.0 };
    Lines {
        name: "latency",
        outcome,
        finding,
        header,
        height: 320.0,
        curves,
        across: ("time from the first attempt to success", end),
        up: (1.0, ticks.to_vec()),
        faults: false,
    }
}

/// The share of all tasks that succeeded in no more than each time.
fn curve(policy: &PolicyOutcome) -> Vec<(f64, f64)> {
    let tasks = policy.summary.tasks.or_zero();
    let all = if tasks > 0.0 { policy.summary.succeeded.or_zero() / tasks } else { 0.0 };
    let points = policy.latency.points.iter().map(|(seconds, share)| (*seconds, share * all));
    [(0.0, 0.0)].into_iter().chain(points).collect()
}
