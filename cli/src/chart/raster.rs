//! Tasks × time: one row a task, one mark an attempt. A herd is a stripe, jitter is dust.

use redrive_sim::{
    Scenario,
    outcome::{Mark, Outcome, Row},
};

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
pub(crate) fn chart<'a>(outcome: &'a Outcome, scenario: &Scenario) -> Strips<'a, Rows> {
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
            "Each row is one of {} sampled tasks, those that were given up first, then those that \
             needed most attempts; each mark is the end of one attempt. Marks that line up are \
             tasks that return together.",
            rows.unwrap_or(0)
        ),
        key: signs.into_iter().map(entry).collect(),
        note: words::ends,
    };
    Strips::new(outcome, scenario, says, Rows)
}

impl Strip for Rows {
    const NAME: &'static str = "tasks";
    const HEIGHT: f64 = 120.0;

    fn draw(&self, pen: &Pen<'_>, at: &At<'_>) -> Result<(), ChartError> {
        let At { panels, policy, plot } = *at;
        let rows = telling_first(&policy.raster.rows);
        let high = plot.height() / rows.len().max(1) as f64;
        for (index, row) in rows.iter().enumerate() {
            let top = plot.top + index as f64 * high;
            let at = |time| panels.time.place_within(panels::seconds(time));
            if let [(first, _), .., (last, _)] = row.marks[..] {
                let middle = top + high / 2.0;
                pen.line(&[(at(first), middle), (at(last), middle)], theme::GRID, 0.75)?;
            }
            for (time, mark) in &row.marks {
                let color = match mark {
                    Mark::Succeeded => theme::GOOD,
                    Mark::Dead => theme::DEAD,
                    Mark::Failed | Mark::Rejected | Mark::TimedOut => theme::RETRY,
                };
                let left = at(*time);
                // A hair of paper between rows while there is room for one.
                let bottom = top + if high > 1.5 { high - 0.5 } else { high };
                pen.fill(Rect { left, top, right: left + 4.0, bottom }, color)?;
            }
        }
        pen.line(&[(plot.left, plot.bottom), (plot.right, plot.bottom)], theme::MUTED, 1.0)
    }
}

/// The rows that tell most on top: what was given up, then what needed most attempts. Under arrivals that
/// go on, the others are a faint diagonal.
fn telling_first(rows: &[Row]) -> Vec<&Row> {
    let mut rows: Vec<&Row> = rows.iter().collect();
    let lost = |row: &Row| row.marks.last().is_some_and(|(_, mark)| *mark != Mark::Succeeded);
    rows.sort_by_key(|row| (!lost(row), std::cmp::Reverse(row.marks.len()), row.key));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_up_comes_first_and_then_what_was_tried_most() {
        let row = |key, marks: &[Mark]| {
            let at = |n: usize| redrive::Time::from_nanos(n as u64);
            let marks = marks.iter().enumerate().map(|(n, mark)| (at(n), *mark)).collect();
            Row { key, marks, why: Vec::new() }
        };
        let rows = [
            row(0, &[Mark::Succeeded]),
            row(1, &[Mark::Failed, Mark::Succeeded]),
            row(2, &[Mark::Failed, Mark::Dead]),
        ];
        let keys: Vec<u64> = telling_first(&rows).iter().map(|row| row.key).collect();
        assert_eq!(keys, [2, 1, 0]);
    }
}
