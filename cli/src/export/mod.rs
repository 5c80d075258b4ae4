//! Results as files and as text: one form a module, all from the same [`Findings`].

mod charts;
pub(crate) mod json;
pub(crate) mod markdown;
mod records;
mod report;
pub(crate) mod spark;
pub(crate) mod terminal;
mod timeline;

use redrive_sim::{Outcome, Scenario};

use crate::{
    chart::{self, Picture},
    error::CliError,
    output::File,
};

/// A result with all that explains it.
pub(crate) struct Findings<'a> {
    /// What was found.
    pub(crate) outcome: &'a Outcome,
    /// What was simulated.
    pub(crate) scenario: &'a Scenario,
    /// The command that finds it again.
    pub(crate) command: &'a str,
    /// The charts.
    pub(crate) pictures: Vec<Picture>,
}

impl<'a> Findings<'a> {
    /// Draws the charts of `outcome`.
    ///
    /// # Errors
    /// When a chart cannot be drawn.
    pub(crate) fn new(
        outcome: &'a Outcome,
        scenario: &'a Scenario,
        command: &'a str,
    ) -> Result<Self, CliError> {
        Ok(Self { outcome, scenario, command, pictures: chart::pictures(outcome, scenario)? })
    }
}

/// One form of a result.
trait Exporter {
    /// The files that hold it.
    fn files(&self, findings: &Findings<'_>) -> Result<Vec<File>, CliError>;
}

/// Every form, the one to open first in front.
const EXPORTERS: [&dyn Exporter; 5] =
    [&report::Report, &charts::Charts, &json::Summary, &timeline::Timeline, &records::Records];

/// All files of a result.
///
/// # Errors
/// When one cannot be made.
pub(crate) fn files(findings: &Findings<'_>) -> Result<Vec<File>, CliError> {
    let mut files = Vec::new();
    for exporter in EXPORTERS {
        files.extend(exporter.files(findings)?);
    }
    Ok(files)
}
