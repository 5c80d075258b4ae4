//! How much of the load is retries, over time, one strip a policy.
//!
//! A service that only gets retries works for yesterday: where a strip stays full after a fault, the
//! retries keep the overload alive that they come from.

use redrive_sim::{
    Scenario,
    outcome::{Outcome, Series},
};

use super::{
    canvas::{ChartError, Pen},
    frame::{Entry, Scale, Sign},
    panels,
    strips::{At, Says, Strip, Strips},
    theme,
};
use crate::{text, words};

/// Columns are wider than a hair: a share of few attempts says little.
const COLUMN: f64 = 4.0;

/// Retries / attempts.
pub(crate) struct Share;

/// The chart.
pub(crate) fn chart<'a>(outcome: &'a Outcome, scenario: &Scenario) -> Strips<'a, Share> {
    let label = "retries, of all attempts at that time".to_owned();
    let says = Says {
        finding: words::retry_share(outcome),
        subtitle: "How much of what the server gets are retries; nothing where it gets nothing."
            .to_owned(),
        key: vec![
            Entry(Sign::Square, theme::RETRY, label),
            Entry(Sign::Square, theme::FIRST, "first attempts".to_owned()),
        ],
        note: words::retried,
    };
    Strips::new(outcome, scenario, says, Share)
}

/// The columns (left, right, retries, attempts) in which there are attempts.
fn columns(series: &Series, time: &Scale) -> Vec<(f64, f64, f64, f64)> {
    let bin = panels::bin_seconds(series);
    let wide = (time.place(bin) - time.places.0).max(COLUMN);
    let mut columns: Vec<(f64, f64, f64, f64)> = Vec::new();
    for (index, (first, again)) in series.first.iter().zip(&series.retries).enumerate() {
        let at = index as f64 * bin;
        if at > time.values.1 {
            break;
        }
        let (again, all) = (f64::from(*again), f64::from(*first) + f64::from(*again));
        // The bin's middle: its edge may lie a rounding error before the column's.
        let from = time.place(at + bin / 2.0) - time.places.0;
        let left = time.places.0 + (from / wide).floor() * wide;
        match columns.last_mut() {
            Some(last) if last.0 == left => {
                last.2 += again;
                last.3 += all;
            }
            _ => columns.push((left, left + wide, again, all)),
        }
    }
    columns.retain(|(.., all)| *all > 0.0);
    columns
}

impl Strip for Share {
    const NAME: &'static str = "retry-share";
    const HEIGHT: f64 = 56.0;

    fn draw(&self, pen: &Pen<'_>, at: &At<'_>) -> Result<(), ChartError> {
        let At { panels, policy, plot } = *at;
        let share = Scale { values: (0.0, 1.0), places: (plot.bottom, plot.top) };
        let columns = columns(&policy.series, &panels.time);
        let tops = |top: &dyn Fn(f64) -> f64| -> Vec<(f64, f64, f64)> {
            let column = |(left, right, again, all): &(f64, f64, f64, f64)| {
                (*left, right.min(plot.right), share.place(top(again / all)))
            };
            columns.iter().map(column).collect()
        };
        panels::draw_steps(pen, &tops(&|_| 1.0), plot, theme::FIRST)?;
        panels::draw_steps(pen, &tops(&|share| share), plot, theme::RETRY)?;
        panels.draw_values(pen, plot, &share, text::percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_of_a_column_are_added_up_and_silence_has_no_column() {
        let mut series = Series { bin: redrive::Duration::from_millis(100), ..Series::default() };
        series.first = vec![1, 0, 3, 0, 0, 0, 0, 0];
        series.retries = vec![1, 2, 1, 0, 0, 0, 0, 4];
        let time = Scale { values: (0.0, 0.8), places: (0.0, 16.0) };
        let columns = columns(&series, &time);
        let parts: Vec<_> =
            columns.iter().map(|(left, _, again, all)| (*left, *again, *all)).collect();
        assert_eq!(parts, [(0.0, 3.0, 4.0), (4.0, 1.0, 4.0), (12.0, 4.0, 4.0)]);
    }
}
