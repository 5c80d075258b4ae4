//! Tasks × time: one row a task, one mark an attempt. A herd is a stripe, jitter is dust.

use redrive_sim::outcome::{Mark, Outcome};

use super::{
    canvas::{ChartError, Pen, Rect},
    frame::{Entry, Sign},
    panels,
    strips::{At, Says, Strip, Strips},
    theme,
};
use crate::words;

/// Sampled tasks.
pub(crate) struct Rows;

/// The chart.
pub(crate) fn chart(outcome: &Outcome) -> Strips<'_, Rows> {
    let rows = outcome.policies.iter().map(|policy| policy.raster.rows.len()).max();
    let signs = [
        (theme::RETRY, "failed, refused or timed out"),
        (theme::GOOD, "succeeded"),
        (theme::DEAD, "became a dead letter"),
    ];
    let entry = |(color, label): (_, &str)| Entry(Sign::Square, color, label.to_owned());
    let says = Says {
        finding: words::raster(outcome),
        subtitle: format!(
            "Each row is one of {} sampled tasks, each mark the end of one attempt. Marks that \
             line up are tasks that return together.",
            rows.unwrap_or(0)
        ),
        key: signs.into_iter().map(entry).collect(),
        note: words::ends,
    };
    Strips::new(outcome, says, Rows)
}

impl Strip for Rows {
    const NAME: &'static str = "tasks";
    const HEIGHT: f64 = 120.0;

    fn draw(&self, pen: &Pen<'_>, at: &At<'_>) -> Result<(), ChartError> {
        let At { panels, policy, plot } = *at;
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
                let left = panels.time.place_within(panels::seconds(*time));
                // A hair of paper between rows while there is room for one.
                let bottom = top + if high > 1.5 { high - 0.5 } else { high };
                pen.fill(Rect { left, top, right: left + 4.0, bottom }, color)?;
            }
        }
        pen.line(&[(plot.left, plot.bottom), (plot.right, plot.bottom)], theme::MUTED, 1.0)
    }
}
