//! `redrive simulate`: run, tell, write.

use std::path::Path;

use crate::{
    args::{self, SummaryFormat},
    error::CliError,
    export::{self, Findings},
    interrupt,
    options::Simulation,
    output,
    paint::Style,
    runner, table,
};

const BOLD: Style = Style::Bold;
const DIM: Style = Style::Dim;

/// Runs the verb: files first, so that a reader who closes our output early still gets them.
pub(crate) fn run(typed: &args::Simulate) -> Result<(), CliError> {
    let Simulation { scenario, folder, format, command, plan } = Simulation::from_args(typed)?;
    let outcome = runner::run(&scenario, plan)?;
    if outcome.policies.is_empty() {
        interrupt::check()?;
    }
    let mut listing = String::new();
    if let Some(folder) = &folder {
        let findings = Findings::new(&outcome, &scenario, &command)?;
        let files = export::files(&findings)?;
        folder.write(&files)?;
        listing = listed(folder.path(), files.iter().map(|file| file.name.as_str()));
    }
    let report = match format {
        SummaryFormat::Json => export::json::text(&outcome)?,
        SummaryFormat::Markdown => export::markdown::text(&outcome, &scenario, &command),
        SummaryFormat::Text => {
            export::terminal::text(&outcome, &scenario, output::width()) + &listing
        }
    };
    output::print(&report)?;
    // An interrupted run has told what it has, marked partial.
    interrupt::check()
}

/// What is in the folder now.
fn listed<'a>(folder: &Path, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let others = names.get(1..).unwrap_or_default();
    let report = folder.join(names.first().copied().unwrap_or_default());
    let beside = table::wrapped(&others.join("  "), output::width().min(100) - 2);
    format!(
        "\nOpen {BOLD}{}{BOLD:#} in a browser. Beside it:\n{DIM}  {}{DIM:#}\n",
        report.display(),
        beside.trim_end().replace('\n', "\n  ")
    )
}
