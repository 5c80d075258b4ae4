//! Small multiples: one wide strip a policy, one under the other, all over the same time, so that
//! the eye compares them down the page.

use plotters::style::RGBColor;
use redrive_sim::{
    Scenario,
    outcome::{Outcome, Series},
};

use super::{
    canvas::{Align, ChartError, Pen, Rect},
    faults::Faults,
    font,
    frame::{self, Header, Scale},
    names, theme,
};

/// Width of a column, where many bins share one.
const COLUMN: f64 = 2.0;
/// Room for the numbers of the vertical axis.
const AXIS: f64 = 76.0;
/// Room for a strip's name and note.
const HEADING: f64 = 26.0;
/// Room for one more line of the note.
const LEADING: f64 = 19.0;
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
    pub(crate) faults: Faults,
    height: f64,
    headings: Vec<Heading>,
}

/// What is above a strip.
struct Heading {
    name: String,
    /// The note, in lines: the first beside the name if it fits there alone.
    note: Vec<String>,
    beside: bool,
}

impl Heading {
    fn height(&self) -> f64 {
        HEADING + LEADING * self.below() as f64
    }

    /// Lines of the note under the name.
    fn below(&self) -> usize {
        if self.beside { 0 } else { self.note.len() }
    }
}

impl Panels {
    /// Strips of `strip` height under a header, long enough for everything that happened.
    pub(crate) fn new(
        (outcome, scenario): (&Outcome, &Scenario),
        header: &Header,
        strip: f64,
        notes: &[String],
    ) -> Self {
        let (left, right) = (AXIS, f64::from(theme::WIDTH) - theme::MARGIN);
        let faults = Faults::of(scenario);
        let headings = headings(outcome, notes, right - left);
        let mut top = header.height();
        let plots = headings.iter().map(|heading| {
            top += heading.height() + faults.height();
            let plot = Rect { left, top, right, bottom: top + strip };
            top += strip + GAP;
            plot
        });
        let plots: Vec<_> = plots.collect();
        let time = Scale { values: (0.0, last_second(outcome)), places: (left, right) };
        Self { plots, time, faults, height: top - GAP + FOOT, headings }
    }

    /// Width and height of the whole chart.
    pub(crate) fn size(&self) -> (u32, u32) {
        (theme::WIDTH, self.height.ceil() as u32)
    }

    /// The ground of every strip: faults, grid, name and note.
    pub(crate) fn draw_ground(&self, pen: &Pen<'_>) -> Result<(), ChartError> {
        for (heading, plot) in self.headings.iter().zip(&self.plots) {
            self.faults.draw(pen, &self.time, *plot)?;
            let top = plot.top - self.faults.height() - heading.height();
            let mut at = (plot.left, top + HEADING - 14.0);
            pen.text(at, &heading.name, theme::NAME, Align::Start)?;
            if heading.beside {
                at.0 += font::width(&heading.name, theme::NAME.size, true) + 12.0;
            } else {
                at.1 += LEADING;
            }
            for line in &heading.note {
                pen.text(at, line, theme::NOTE, Align::Start)?;
                at.1 += LEADING;
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

fn headings(outcome: &Outcome, notes: &[String], room: f64) -> Vec<Heading> {
    let names: Vec<&str> = outcome.policies.iter().map(|policy| policy.name.as_str()).collect();
    let names = names::fitted(&names, theme::NAME, room);
    let heading = |(name, note): (String, &String)| {
        let left = room - font::width(&name, theme::NAME.size, true) - 12.0;
        let beside = font::width(note, theme::NOTE.size, false) <= left;
        let note = if beside { vec![note.clone()] } else { frame::broken(note, theme::NOTE, room) };
        Heading { name, note, beside }
    };
    names.into_iter().zip(notes).map(heading).collect()
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
