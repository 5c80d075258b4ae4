//! What the retries have cost so far: attempts made over tasks arrived, one line a policy.

use redrive_sim::{
    Scenario,
    outcome::{Outcome, Series},
};

use super::{
    faults::Faults,
    frame::{self, Header},
    lines::{Across, Lines},
    panels,
};
use crate::{text, words};

/// The chart.
pub(crate) fn chart<'a>(outcome: &'a Outcome, scenario: &Scenario) -> Lines<'a> {
    let finding = words::amplification(outcome);
    let subtitle = "Attempts made so far for each task that has arrived so far. Where a line climbs, \
                    retries are the load.";
    let faults = Faults::of(scenario);
    let header = Header::new(&finding, &frame::of_one_run(outcome, subtitle), faults.entries());
    let curves: Vec<_> = outcome.policies.iter().map(|p| curve(&p.series)).collect();
    let most = curves.iter().flatten().map(|(_, factor)| *factor).fold(1.0, f64::max) * 1.05;
    let ticks = frame::round_ticks(most, 5.0).into_iter().map(|tick| (tick, text::times(tick)));
    Lines {
        name: "amplification",
        outcome,
        finding,
        header,
        height: 280.0,
        curves,
        across: Across::time("time since the start", panels::last_second(outcome)),
        up: (most, ticks.collect()),
        faults: Some(faults),
        objective: None,
        dots: Vec::new(),
    }
}

/// Seconds, and attempts over first attempts up to then.
fn curve(series: &Series) -> Vec<(f64, f64)> {
    let bin = panels::bin_seconds(series);
    let (mut first, mut all) = (0_u64, 0_u64);
    let mut points = Vec::new();
    for (index, (new, again)) in series.first.iter().zip(&series.retries).enumerate() {
        first += u64::from(*new);
        all += u64::from(*new) + u64::from(*again);
        if first > 0 && new + again > 0 {
            points.push(((index + 1) as f64 * bin, all as f64 / first as f64));
        }
    }
    points
}
