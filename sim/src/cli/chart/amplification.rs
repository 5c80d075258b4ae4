//! What the retries have cost so far: attempts made over tasks arrived, one line a policy.

use redrive_sim::outcome::{Outcome, Series};

use super::{
    Chart,
    canvas::{Align, ChartError, Pen, Rect},
    frame::{self, Entry, Header, Scale},
    lines, panels, theme,
};
use crate::{text, words};

const HEIGHT: f64 = 280.0;

pub(crate) struct Amplification<'a> {
    outcome: &'a Outcome,
    finding: String,
    header: Header,
}

impl<'a> Amplification<'a> {
    pub(crate) fn new(outcome: &'a Outcome) -> Self {
        let finding = words::amplification(outcome);
        let subtitle = "Attempts made so far for each task that has arrived so far. Where a line \
                        climbs, retries are the load.";
        let key: Vec<Entry> = panels::fault_entry(outcome).into_iter().collect();
        let header = Header::new(&finding, subtitle, key);
        Self { outcome, finding, header }
    }

    fn plot(&self) -> Rect {
        let top = self.header.height() + 12.0;
        let right = f64::from(theme::WIDTH) - theme::MARGIN - lines::NAMES;
        Rect { left: 76.0, top, right, bottom: top + HEIGHT }
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

impl Chart for Amplification<'_> {
    fn name(&self) -> &'static str {
        "amplification"
    }

    fn finding(&self) -> &str {
        &self.finding
    }

    fn size(&self) -> (u32, u32) {
        (theme::WIDTH, (self.plot().bottom + 48.0).ceil() as u32)
    }

    fn draw(&self, pen: &Pen<'_>) -> Result<(), ChartError> {
        self.header.draw(pen)?;
        let plot = self.plot();
        let curves: Vec<_> = self.outcome.policies.iter().map(|p| curve(&p.series)).collect();
        let most = curves.iter().flatten().map(|(_, factor)| *factor).fold(1.0, f64::max);
        let time = Scale {
            values: (0.0, panels::last_second(self.outcome)),
            places: (plot.left, plot.right),
        };
        let factor = Scale { values: (0.0, most * 1.05), places: (plot.bottom, plot.top) };
        if let Some(policy) = self.outcome.policies.first() {
            panels::shade_faults(pen, &time, &policy.series, plot)?;
        }
        frame::time_axis(pen, &time, &[plot], "time since the start")?;
        for tick in frame::round_ticks(factor.values.1, 5.0) {
            let y = factor.place(tick);
            pen.line(&[(plot.left, y), (plot.right, y)], theme::GRID, 1.0)?;
            pen.text((plot.left - 8.0, y), &text::times(tick), theme::TICK, Align::End)?;
        }
        let mut names = Vec::new();
        for (index, points) in curves.iter().enumerate() {
            let mut line: Vec<(f64, f64)> = Vec::new();
            for (seconds, value) in points {
                let (x, y) = (time.place(*seconds), factor.place(*value));
                match line.last().copied() {
                    Some((last_x, last_y)) if x - last_x < 0.5 && (y - last_y).abs() < 0.5 => {}
                    Some((_, last_y)) => line.extend([(x, last_y), (x, y)]),
                    None => line.push((x, y)),
                }
            }
            let end = line.last().map_or(plot.bottom, |(_, y)| *y);
            line.push((plot.right, end));
            pen.line(&line, theme::series(index), 2.0)?;
            names.push((end, index));
        }
        lines::draw_names(pen, self.outcome, plot, names)
    }
}
