//! `redrive simulate`: run, tell, write.

use std::path::Path;

use redrive_sim::{
    Outcome, Scenario,
    advice::{Advice, advice},
};

use crate::{
    args::{self, SummaryFormat},
    error::CliError,
    export::{self, Findings},
    interrupt,
    options::Simulation,
    output,
    paint::Style,
    runner, table, words,
};

const BOLD: Style = Style::Bold;
const DIM: Style = Style::Dim;
const HINT: Style = Style::Yellow;

/// Runs the verb: files first, so that a reader who closes our output early still gets them.
pub(crate) fn run(typed: &args::Simulate) -> Result<(), CliError> {
    let Simulation { scenario, folder, format, command, effort } = Simulation::from_args(typed)?;
    warn(&scenario);
    let outcome = runner::run(&scenario, effort)?;
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
        SummaryFormat::Markdown => {
            let advice = advised(&outcome, &scenario);
            export::markdown::text(&outcome, &scenario, advice.as_deref(), &command)
        }
        SummaryFormat::Text => {
            let advice = advised(&outcome, &scenario);
            export::terminal::text(&outcome, &scenario, advice.as_deref(), output::width())
                + &listing
        }
    };
    output::print(&report)?;
    // An interrupted run has told what it has, marked partial.
    interrupt::check()
}

/// The best that was found for one of the policies: the change that most tasks gain by.
fn advised(outcome: &Outcome, scenario: &Scenario) -> Option<String> {
    if outcome.policies.iter().any(|policy| policy.partial) {
        return None;
    }
    let mut best: Option<(&str, Advice)> = None;
    for named in &scenario.policies {
        // A change that cannot be run is not advised.
        let offered = advice(scenario, &named.policy).unwrap_or_default();
        let Some(advice) = offered.into_iter().next() else { continue };
        // What is compared already needs no advice.
        let known = scenario.policies.iter().any(|other| other.policy == advice.policy);
        if !known && best.as_ref().is_none_or(|(_, best)| advice.worth > best.worth) {
            best = Some((&named.name, advice));
        }
    }
    best.map(|(name, advice)| words::advised(Some(name), &advice))
}

/// Says which policies can retry nothing of what will fail: their figures would only puzzle.
fn warn(scenario: &Scenario) {
    for named in &scenario.policies {
        let hints = scenario.hints(&named.policy);
        let here = [Scenario::RETRIES_NOTHING, Scenario::SHARP_HERD];
        for hint in hints.iter().filter(|hint| here.contains(&hint.code)) {
            output::tell(&format!("{HINT}hint:{HINT:#} {}: {}\n", named.name, hint.message));
        }
    }
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
