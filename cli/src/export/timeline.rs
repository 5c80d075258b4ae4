//! What happened in each bin of time, one line a policy and bin.

use redrive_sim::outcome::Series;

use super::{Exporter, Findings};
use crate::{error::CliError, output::File, text};

/// `timeline.csv`.
pub(super) struct Timeline;

const HEADER: [&str; 9] = [
    "policy",
    "seconds",
    "first_attempts",
    "retries",
    "rejected",
    "failed",
    "succeeded",
    "dead_letters",
    "queue",
];

impl Exporter for Timeline {
    fn files(&self, findings: &Findings<'_>) -> Result<Vec<File>, CliError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(HEADER)?;
        for policy in &findings.outcome.policies {
            let series = &policy.series;
            for bin in 0..used(series) {
                let seconds = series.bin.as_nanos() as f64 * bin as f64 / 1e9;
                let counts = columns(series)
                    .map(|counts| counts.get(bin).copied().unwrap_or_default().to_string());
                let head = [text::csv_cell(&policy.name).into_owned(), seconds.to_string()];
                writer.write_record(head.iter().chain(&counts))?;
            }
        }
        let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
        Ok(vec![File { name: "timeline.csv".to_owned(), bytes }])
    }
}

fn columns(series: &Series) -> [&Vec<u32>; 7] {
    [
        &series.first,
        &series.retries,
        &series.rejected,
        &series.failed,
        &series.succeeded,
        &series.dead,
        &series.queue,
    ]
}

/// Bins up to the last in which anything happened.
fn used(series: &Series) -> usize {
    let last = |counts: &&Vec<u32>| counts.iter().rposition(|count| *count > 0);
    columns(series).iter().filter_map(last).max().map_or(0, |last| last + 1)
}
