//! Small multiples: one wide strip a policy, one under the other, all over the same time, so that
//! the eye compares them down the page.

use plotters::style::RGBColor;
use redrive_sim::outcome::{Outcome, Series};

use super::{
    canvas::{Align, ChartError, Pen, Rect},
    font,
    frame::{self, Entry, Header, Scale, Sign},
    theme,
};
use crate::text;

/// Width of a column, where many bins share one.
const COLUMN: f64 = 2.0;
/// Room for the numbers of the vertical axis.
const AXIS: f64 = 76.0;
/// Room for a strip's name and note.
const HEADING: f64 = 26.0;
/// Room under a strip.
const GAP: f64 = 16.0;
/// Room for the numbers of the time axis.
const FOOT: f64 = 48.0;

/// The strips of all policies.
pub(crate) struct Panels {
    /// Positions of the plots, in the order of policies.
    pub(crate) plots: Vec<Rect>,
    /// Time in seconds to positions.
    pub(crate) time: Scale,
    height: f64,
}

impl Panels {
    /// Strips of `strip` height under a header, long enough for everything that happened.
    pub(crate) fn new(outcome: &Outcome, header: &Header, strip: f64) -> Self {
        let (left, right) = (AXIS, f64::from(theme::WIDTH) - theme::MARGIN);
        let mut top = header.height();
        let plots = outcome.policies.iter().map(|_| {
            top += HEADING;
            let plot = Rect { left, top, right, bottom: top + strip };
            top += strip + GAP;
            plot
        });
        let plots: Vec<_> = plots.collect();
        let time = Scale { values: (0.0, last_second(outcome)), places: (left, right) };
        Self { plots, time, height: top - GAP + FOOT }
    }

    /// Width and height of the whole chart.
    pub(crate) fn size(&self) -> (u32, u32) {
        (theme::WIDTH, self.height.ceil() as u32)
    }

    /// The ground of every strip: faults, grid, name and note.
    pub(crate) fn draw_ground(
        &self,
        pen: &Pen<'_>,
        outcome: &Outcome,
        notes: &[String],
    ) -> Result<(), ChartError> {
        for (index, (policy, plot)) in outcome.policies.iter().zip(&self.plots).enumerate() {
            shade_faults(pen, &self.time, &policy.series, *plot)?;
            let y = plot.top - 14.0;
            pen.text((plot.left, y), &policy.name, theme::NAME, Align::Start)?;
            let start = plot.left + font::width(&policy.name, theme::NAME.size, true) + 12.0;
            if let Some(note) = notes.get(index) {
                let note = frame::fitted(note, theme::NOTE, plot.right - start);
                pen.text((start, y), &note, theme::NOTE, Align::Start)?;
            }
        }
        frame::time_axis(pen, &self.time, &self.plots, "time since the start")
    }

    /// The line under a strip, and the ticks of its vertical axis.
    pub(crate) fn draw_values(
        &self,
        pen: &Pen<'_>,
        plot: Rect,
        scale: &Scale,
        label: impl Fn(f64) -> String,
    ) -> Result<(), ChartError> {
        for tick in frame::round_ticks(scale.values.1, 2.5) {
            let y = scale.place(tick);
            if tick > 0.0 {
                pen.line(&[(plot.left, y), (plot.right, y)], theme::GRID, 1.0)?;
            }
            pen.text((plot.left - 8.0, y), &label(tick), theme::TICK, Align::End)?;
        }
        pen.line(&[(plot.left, plot.bottom), (plot.right, plot.bottom)], theme::MUTED, 1.0)
    }
}

/// Shades the times of faults.
pub(crate) fn shade_faults(
    pen: &Pen<'_>,
    time: &Scale,
    series: &Series,
    plot: Rect,
) -> Result<(), ChartError> {
    for (from, until, _) in &series.faults {
        let left = time.place_within(seconds(*from));
        let right = time.place_within(seconds(*until));
        if right > left {
            pen.fill(Rect { left, right, ..plot }, theme::FAULT)?;
        }
    }
    Ok(())
}

/// The entry of a key for the shaded times, if there are any.
pub(crate) fn fault_entry(outcome: &Outcome) -> Option<Entry> {
    let faults = outcome.policies.iter().flat_map(|policy| &policy.series.faults);
    let mut names: Vec<&str> = faults.map(|(_, _, what)| what.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let label = format!("fault: {}", text::listed(&names));
    (!names.is_empty()).then_some(Entry(Sign::Square, theme::FAULT, label))
}

/// Nanoseconds to seconds.
pub(crate) fn seconds(time: redrive::Time) -> f64 {
    time.as_nanos() as f64 / 1e9
}

/// The width of a bin in seconds; never zero.
pub(crate) fn bin_seconds(series: &Series) -> f64 {
    series.bin.as_secs_f64().max(1e-9)
}

/// When the last thing happened under any policy, with a little air.
pub(crate) fn last_second(outcome: &Outcome) -> f64 {
    let ends = outcome.policies.iter().map(|policy| {
        let series = &policy.series;
        let used = [&series.first, &series.retries, &series.succeeded, &series.dead, &series.queue]
            .iter()
            .filter_map(|counts| counts.iter().rposition(|count| *count > 0))
            .max();
        used.map_or(0.0, |bin| (bin + 1) as f64 * bin_seconds(series))
    });
    let end = ends.fold(0.0, f64::max);
    if end > 0.0 { end * 1.02 } else { 1.0 }
}

/// A column of a strip: where it begins and ends, and the bin that it shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) bin: usize,
}

/// The columns of a strip, each with its busiest bin.
///
/// A strip has fewer columns than most runs have bins. The mean of a column would hide the very
/// thing that overloads a server, a burst within a fraction of a second, so a column shows its
/// maximum. Bins that are wider than a column are columns themselves.
pub(crate) fn busiest(series: &Series, time: &Scale, count: impl Fn(usize) -> u64) -> Vec<Slot> {
    let bin = bin_seconds(series);
    let wide = time.place(bin) - time.places.0;
    let mut slots: Vec<Slot> = Vec::new();
    for index in 0..series.first.len() {
        let at = index as f64 * bin;
        if at > time.values.1 {
            break;
        }
        let from = time.place(at);
        if wide >= COLUMN {
            slots.push(Slot { left: from, right: from + wide, bin: index });
            continue;
        }
        let left = time.places.0 + ((from - time.places.0) / COLUMN).floor() * COLUMN;
        match slots.last_mut() {
            Some(last) if last.left == left => {
                if count(index) > count(last.bin) {
                    last.bin = index;
                }
            }
            _ => slots.push(Slot { left, right: left + COLUMN, bin: index }),
        }
    }
    slots
}

/// Columns (left, right, top) on the foot of a strip.
///
/// # Errors
/// When the drawing backend fails.
pub(crate) fn draw_steps(
    pen: &Pen<'_>,
    columns: &[(f64, f64, f64)],
    plot: Rect,
    color: RGBColor,
) -> Result<(), ChartError> {
    steps(columns, plot.bottom).iter().try_for_each(|shape| pen.area(shape, color))
}

/// The outline of columns (left, right, top) on `ground`: polygons of steps, nothing
/// drawn for what is 0.
fn steps(columns: &[(f64, f64, f64)], ground: f64) -> Vec<Vec<(f64, f64)>> {
    let mut shapes: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut open: Option<f64> = None;
    for (left, right, top) in columns {
        if *top >= ground {
            open = None;
            continue;
        }
        match (open, shapes.last_mut()) {
            (Some(end), Some(shape)) if (end - left).abs() < 1e-6 => {
                // The closing corner moves on.
                shape.pop();
                if shape.last().is_some_and(|(_, y)| y == top) {
                    shape.pop();
                } else {
                    shape.push((*left, *top));
                }
                shape.push((*right, *top));
                shape.push((*right, ground));
            }
            _ => {
                shapes.push(vec![(*left, ground), (*left, *top), (*right, *top), (*right, ground)]);
            }
        }
        open = Some(*right);
    }
    shapes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_join_neighbours_and_skip_nothing() {
        let tops = [(0.0, 5.0), (2.0, 5.0), (4.0, 3.0), (8.0, 9.0), (10.0, 10.0)];
        let shapes = steps(&tops.map(|(left, top)| (left, left + 2.0, top)), 10.0);
        assert_eq!(shapes.len(), 2);
        assert_eq!(
            shapes[0],
            [(0.0, 10.0), (0.0, 5.0), (4.0, 5.0), (4.0, 3.0), (6.0, 3.0), (6.0, 10.0)]
        );
        assert_eq!(shapes[1], [(8.0, 10.0), (8.0, 9.0), (10.0, 9.0), (10.0, 10.0)]);
    }

    #[test]
    fn no_bin_that_is_busy_is_lost() {
        let mut series = Series { bin: redrive::Duration::from_millis(10), ..Series::default() };
        series.first = vec![0; 10_000];
        series.first[7_777] = 9;
        let time = Scale { values: (0.0, 100.0), places: (0.0, 300.0) };
        let slots = busiest(&series, &time, |bin| series.first[bin].into());
        assert_eq!(slots.len(), 150);
        assert!(slots.iter().any(|slot| slot.bin == 7_777));
    }
}
