//! The share of tasks that have succeeded within a time, one line a policy.
//!
//! The share is of all tasks, so a line that ends below the top shows what never succeeded.

use redrive_sim::outcome::{Outcome, PolicyOutcome};

use super::{
    Chart,
    canvas::{Align, ChartError, Pen, Rect},
    frame::{self, Header, Scale},
    lines, theme,
};
use crate::{text, words};

const HEIGHT: f64 = 320.0;

pub(crate) struct Latency<'a> {
    outcome: &'a Outcome,
    finding: String,
    header: Header,
}

impl<'a> Latency<'a> {
    pub(crate) fn new(outcome: &'a Outcome) -> Self {
        let finding = words::latency(outcome);
        let subtitle = "Share of all tasks that succeeded within a time, counted from their first \
                        attempt. A line that ends below 100 % shows tasks that never did.";
        let header = Header::new(&finding, subtitle, Vec::new());
        Self { outcome, finding, header }
    }

    fn plot(&self) -> Rect {
        let top = self.header.height() + 12.0;
        let right = f64::from(theme::WIDTH) - theme::MARGIN - lines::NAMES;
        Rect { left: 76.0, top, right, bottom: top + HEIGHT }
    }
}

/// The share of all tasks that succeeded in no more than each time.
fn curve(policy: &PolicyOutcome) -> Vec<(f64, f64)> {
    let tasks = policy.summary.tasks.or_zero();
    let all = if tasks > 0.0 { policy.summary.succeeded.or_zero() / tasks } else { 0.0 };
    policy.latency.points.iter().map(|(seconds, share)| (*seconds, share * all)).collect()
}

impl Chart for Latency<'_> {
    fn name(&self) -> &'static str {
        "latency"
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
        let curves: Vec<_> = self.outcome.policies.iter().map(curve).collect();
        let longest = curves.iter().flatten().map(|(seconds, _)| *seconds).fold(0.0, f64::max);
        let time = Scale {
            values: (0.0, if longest > 0.0 { longest * 1.02 } else { 1.0 }),
            places: (plot.left, plot.right),
        };
        let share = Scale { values: (0.0, 1.0), places: (plot.bottom, plot.top) };
        frame::time_axis(pen, &time, &[plot], "time from the first attempt to success")?;
        for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let y = share.place(tick);
            pen.line(&[(plot.left, y), (plot.right, y)], theme::GRID, 1.0)?;
            pen.text((plot.left - 8.0, y), &text::percent(tick), theme::TICK, Align::End)?;
        }
        let mut names = Vec::new();
        for (index, points) in curves.iter().enumerate() {
            let mut line = vec![(time.place(0.0), share.place(0.0))];
            for (seconds, at_most) in points {
                let (x, y) = (time.place(*seconds), share.place(*at_most));
                let Some((last_x, last_y)) = line.last().copied() else { continue };
                // A quarter of a unit is the finest that a picture shows.
                if x - last_x >= 0.25 || last_y - y >= 0.25 {
                    line.push((x, last_y));
                    line.push((x, y));
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
