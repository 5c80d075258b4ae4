//! Tasks × time: one row a task, one mark an attempt. A herd is a stripe, jitter is dust.

use redrive_sim::outcome::{Mark, Outcome};

use super::{
    Chart,
    canvas::{ChartError, Pen, Rect},
    frame::{Entry, Header, Sign},
    panels::{self, Panels},
    theme,
};
use crate::words;

const STRIP: f64 = 120.0;

pub(crate) struct Rows<'a> {
    outcome: &'a Outcome,
    finding: String,
    header: Header,
    panels: Panels,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(outcome: &'a Outcome) -> Self {
        let finding = words::raster(outcome);
        let rows = outcome.policies.iter().map(|policy| policy.raster.rows.len()).max();
        let subtitle = format!(
            "Each row is one of {} sampled tasks, each mark the end of one attempt. Marks that \
             line up are tasks that return together.",
            rows.unwrap_or(0)
        );
        let signs = [
            (theme::RETRY, "failed, refused or timed out"),
            (theme::GOOD, "succeeded"),
            (theme::DEAD, "became a dead letter"),
        ];
        let entry = |(color, label): (_, &str)| Entry(Sign::Square, color, label.to_owned());
        let mut key: Vec<_> = signs.into_iter().map(entry).collect();
        key.extend(panels::fault_entry(outcome));
        let header = Header::new(&finding, &subtitle, key);
        let panels = Panels::new(outcome, &header, STRIP);
        Self { outcome, finding, header, panels }
    }
}

impl Chart for Rows<'_> {
    fn name(&self) -> &'static str {
        "tasks"
    }

    fn finding(&self) -> &str {
        &self.finding
    }

    fn size(&self) -> (u32, u32) {
        self.panels.size()
    }

    fn draw(&self, pen: &Pen<'_>) -> Result<(), ChartError> {
        self.header.draw(pen)?;
        let notes: Vec<_> = self.outcome.policies.iter().map(words::ends).collect();
        self.panels.draw_ground(pen, self.outcome, &notes)?;
        for (policy, plot) in self.outcome.policies.iter().zip(&self.panels.plots) {
            let rows = &policy.raster.rows;
            let high = plot.height() / rows.len().max(1) as f64;
            for (index, row) in rows.iter().enumerate() {
                let top = plot.top + index as f64 * high;
                for (time, mark) in &row.marks {
                    let color = match mark {
                        Mark::Succeeded => theme::GOOD,
                        Mark::Dead => theme::DEAD,
                        Mark::Failed | Mark::Rejected | Mark::TimedOut => theme::RETRY,
                    };
                    let left = self.panels.time.place_within(panels::seconds(*time));
                    // A hair of paper between rows while there is room for one.
                    let bottom = top + if high > 1.5 { high - 0.5 } else { high };
                    pen.fill(Rect { left, top, right: left + 4.0, bottom }, color)?;
                }
            }
            pen.line(&[(plot.left, plot.bottom), (plot.right, plot.bottom)], theme::MUTED, 1.0)?;
        }
        Ok(())
    }
}
