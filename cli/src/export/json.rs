//! The figures as `redrive-simulate/1`.

use redrive_sim::Outcome;

use super::{Exporter, Findings};
use crate::{
    error::CliError,
    output::{File, plain_json},
};

/// `summary.json`.
pub(super) struct Summary;

impl Exporter for Summary {
    fn files(&self, findings: &Findings<'_>) -> Result<Vec<File>, CliError> {
        let bytes = text(findings.outcome)?.into_bytes();
        Ok(vec![File { name: "summary.json".to_owned(), bytes }])
    }
}

/// The figures as JSON.
///
/// # Errors
/// Never for an outcome: it has nothing that JSON lacks.
pub(crate) fn text(outcome: &Outcome) -> Result<String, CliError> {
    let mut text = serde_json::to_string_pretty(outcome).map_err(std::io::Error::from)?;
    text.push('\n');
    Ok(plain_json(text))
}
