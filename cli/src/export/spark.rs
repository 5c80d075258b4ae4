//! Attempts over time in one line of text, on the same scale for every policy.

use redrive_sim::outcome::{Outcome, Series};

use crate::chart;

const LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// How lines of `columns` letters show all policies of an outcome.
pub(crate) struct Sparks {
    columns: usize,
    seconds: f64,
    top: f64,
}

impl Sparks {
    /// Lines of `columns` letters.
    pub(crate) fn new(outcome: &Outcome, columns: usize) -> Self {
        let (seconds, top) = (chart::last_second(outcome), chart::scale_top(outcome));
        Self { columns, seconds, top }
    }

    /// The time that a line shows.
    pub(crate) fn seconds(&self) -> f64 {
        self.seconds
    }

    /// The line of one policy: the busiest bin of each column; what passes the scale is full.
    pub(crate) fn line(&self, series: &Series) -> String {
        let bin = series.bin.as_secs_f64().max(1e-9);
        let mut peaks = vec![0_u64; self.columns];
        for (index, (first, retries)) in series.first.iter().zip(&series.retries).enumerate() {
            let column = (index as f64 * bin / self.seconds * self.columns as f64) as usize;
            if let Some(peak) = peaks.get_mut(column) {
                *peak = (*peak).max(u64::from(*first) + u64::from(*retries));
            }
        }
        let level = |count: u64| {
            let share = (count as f64 / bin / self.top).min(1.0);
            // Whatever is not nothing is seen.
            let level = (share * 8.0).ceil() as usize;
            LEVELS[level.min(8)]
        };
        peaks.into_iter().map(level).collect()
    }
}
