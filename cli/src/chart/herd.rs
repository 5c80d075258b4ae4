//! Attempts a second, one strip a policy: what the server sees.
//!
//! All strips share one scale, so a herd towers over a server that a jittered policy keeps busy.
//! The scale is chosen for the calm policies (the capacity line must be seen), so the spike of a
//! herd may leave its strip: it is cut there and carries its height as a number.

use redrive_sim::{
    Scenario,
    outcome::{Outcome, Series},
};

use super::{
    canvas::{Align, ChartError, Pen, Rect},
    font,
    frame::{Entry, Scale, Sign},
    panels::{self, Slot},
    strips::{At, Says, Strip, Strips},
    theme::{self, Type},
};
use crate::{text, words};

/// How many times the capacity (or the calmest peak) the scale reaches.
const REACH: f64 = 6.0;

/// Attempts a second.
pub(crate) struct Herd {
    top: f64,
}

/// The chart.
pub(crate) fn chart<'a>(outcome: &'a Outcome, scenario: &Scenario) -> Strips<'a, Herd> {
    let top = scale_top(outcome);
    let cut = outcome.policies.iter().any(|policy| peak(&policy.series) > top);
    let mut key = vec![
        Entry(Sign::Square, theme::FIRST, "first attempts".to_owned()),
        Entry(Sign::Square, theme::RETRY, "retries".to_owned()),
    ];
    if let Some(capacity) = capacity(outcome) {
        let place = if capacity > top { " (above the panels)" } else { "" };
        let label = format!("capacity of the server, {}/s{place}", text::number(capacity));
        key.push(Entry(Sign::Dashes, theme::INK, label));
    }
    let says = Says {
        finding: words::herd(outcome),
        subtitle: subtitle(outcome, cut),
        key,
        note: words::strip,
    };
    Strips::new(outcome, scenario, says, Herd { top })
}

impl Strip for Herd {
    const NAME: &'static str = "attempts";
    const HEIGHT: f64 = 96.0;

    fn draw(&self, pen: &Pen<'_>, at: &At<'_>) -> Result<(), ChartError> {
        let At { panels, policy, plot } = *at;
        let series = &policy.series;
        let rate = Scale { values: (0.0, self.top), places: (plot.bottom, plot.top) };
        panels.draw_values(pen, plot, &rate, rate_label)?;
        let bin = panels::bin_seconds(series);
        let slots = panels::busiest(series, &panels.time, |i| attempts(series, i));
        let tops = |part: &dyn Fn(usize) -> u64| -> Vec<(f64, f64, f64)> {
            let top = |bin_index: usize| rate.place_within(part(bin_index) as f64 / bin);
            slots.iter().map(|slot| (slot.left, slot.right, top(slot.bin))).collect()
        };
        // The whole in the colour of retries, the first attempts over its foot.
        for (heights, color) in [
            (tops(&|i| attempts(series, i)), theme::RETRY),
            (tops(&|i| u64::from(series.first[i])), theme::FIRST),
        ] {
            panels::draw_steps(pen, &heights, plot, color)?;
        }
        if let Some(capacity) = series.capacity_per_bin.filter(|c| c / bin <= self.top) {
            let y = rate.place_within(capacity / bin);
            pen.dashes((plot.left, plot.right, y), theme::INK, 1.75)?;
        }
        let runs = runs(&slots, |slot| attempts(series, slot) as f64 / bin, self.low(plot));
        self.label_spikes(pen, plot, runs)
    }
}

impl Herd {
    /// The rate from which a column reaches into the labels.
    fn low(&self, plot: Rect) -> f64 {
        self.top * (1.0 - 20.0 / plot.height())
    }

    /// A notch in each spike that leaves the strip, and beside it its height, the highest first, where there
    /// is room; the highest has its height in any case.
    fn label_spikes(
        &self,
        pen: &Pen<'_>,
        plot: Rect,
        mut spikes: Vec<Run>,
    ) -> Result<(), ChartError> {
        spikes.sort_by(|a, b| b.height.total_cmp(&a.height));
        let mut taken: Vec<_> = spikes.iter().map(|run| (run.left, run.right)).collect();
        let face = Type { bold: true, color: theme::RETRY, ..theme::TICK };
        for run in spikes.iter().filter(|run| run.height > self.top) {
            let (top, bottom) = (plot.top + 3.0, plot.top + 5.0);
            pen.fill(Rect { left: run.left, right: run.right, top, bottom }, theme::PAPER)?;
        }
        for (place, run) in spikes.iter().filter(|run| run.height > self.top).enumerate() {
            let label = format!("{}/s", text::number(run.height));
            let wide = font::width(&label, face.size, true);
            let free = |start: f64| {
                let end = start + wide + 4.0;
                let alone = taken.iter().all(|(from, to)| end < *from || start > *to);
                alone && start > plot.left && end < plot.right
            };
            let sides = [run.right + 4.0, run.left - wide - 8.0];
            let room = sides.into_iter().find(|start| free(*start));
            // Over its neighbours, on paper, if it is the highest and has no room beside it.
            let forced = || (place == 0).then(|| sides[0].min(plot.right - wide - 4.0));
            let Some(start) = room.or_else(forced) else { continue };
            if room.is_none() {
                let (top, right) = (plot.top + 1.0, start + wide + 3.0);
                let ground = Rect { left: start - 3.0, top, right, bottom: plot.top + 17.0 };
                pen.fill(ground, theme::PAPER)?;
            }
            pen.text((start, plot.top + 9.0), &label, face, Align::Start)?;
            taken.push((start, start + wide + 4.0));
        }
        Ok(())
    }
}

/// Neighbouring columns that reach up to the labels.
struct Run {
    left: f64,
    right: f64,
    height: f64,
}

fn runs(slots: &[Slot], rate: impl Fn(usize) -> f64, low: f64) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for slot in slots {
        let height = rate(slot.bin);
        if height <= low {
            continue;
        }
        match runs.last_mut().filter(|run| (run.right - slot.left).abs() < 1e-6) {
            Some(run) => {
                run.right = slot.right;
                run.height = run.height.max(height);
            }
            None => runs.push(Run { left: slot.left, right: slot.right, height }),
        }
    }
    runs
}

fn rate_label(rate: f64) -> String {
    if rate > 0.0 { format!("{}/s", text::number(rate)) } else { "0".to_owned() }
}

fn subtitle(outcome: &Outcome, cut: bool) -> String {
    let bin = outcome.policies.first().map_or(0.0, |policy| panels::bin_seconds(&policy.series));
    let mut subtitle = format!(
        "Attempts per second that reach the server, all panels on one scale; each column is its \
         busiest {}.",
        text::seconds(bin)
    );
    if cut {
        subtitle.push_str(
            " A spike with a notch goes on above its panel, the highest of them to \
             the number beside it.",
        );
    }
    if outcome.policies.iter().any(|policy| !policy.series.faults.is_empty()) {
        subtitle.push_str(" Peaks count from the end of the fault.");
    }
    subtitle
}

/// All attempts of a bin.
fn attempts(series: &Series, index: usize) -> u64 {
    let of = |counts: &[u32]| counts.get(index).copied().map_or(0, u64::from);
    of(&series.first) + of(&series.retries)
}

/// The busiest bin, as a rate.
fn peak(series: &Series) -> f64 {
    let most = (0..series.first.len()).map(|index| attempts(series, index)).max().unwrap_or(0);
    most as f64 / panels::bin_seconds(series)
}

/// What the server can do.
fn capacity(outcome: &Outcome) -> Option<f64> {
    outcome.policies.iter().find_map(|policy| {
        policy.series.capacity_per_bin.map(|count| count / panels::bin_seconds(&policy.series))
    })
}

/// The rate at the top of all strips.
pub(crate) fn scale_top(outcome: &Outcome) -> f64 {
    let peaks = || outcome.policies.iter().map(|policy| peak(&policy.series));
    let highest = peaks().fold(0.0, f64::max);
    let capacity = capacity(outcome);
    // A capacity far above everything that happened would only flatten it.
    let capacity = capacity.filter(|capacity| *capacity < 4.0 * highest);
    let calm = capacity.unwrap_or_else(|| peaks().fold(f64::INFINITY, f64::min));
    let top = highest.min(REACH * calm).max(capacity.map_or(0.0, |capacity| 1.3 * capacity));
    if top > 0.0 && top.is_finite() { top * 1.02 } else { 1.0 }
}
