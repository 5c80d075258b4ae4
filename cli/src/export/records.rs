//! What happened to each task of the first run, one line a policy and task.

use super::{Exporter, Findings};
use crate::{error::CliError, output::File, text};

/// `records.csv`, when records were asked for.
pub(super) struct Records;

const HEADER: [&str; 6] = ["policy", "key", "arrived_ns", "ended_ns", "attempts", "end"];

impl Exporter for Records {
    fn files(&self, findings: &Findings<'_>) -> Result<Vec<File>, CliError> {
        let policies = &findings.outcome.policies;
        if policies.iter().all(|policy| policy.records.is_empty()) {
            return Ok(Vec::new());
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(HEADER)?;
        for policy in policies {
            for record in &policy.records {
                let ended = record.ended.map(|ended| ended.as_nanos().to_string());
                let cells = [
                    &*text::csv_cell(&policy.name),
                    &record.key.to_string(),
                    &record.arrived.as_nanos().to_string(),
                    &ended.unwrap_or_default(),
                    &record.attempts.to_string(),
                    record.end,
                ];
                writer.write_record(cells)?;
            }
        }
        let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
        Ok(vec![File { name: "records.csv".to_owned(), bytes }])
    }
}
