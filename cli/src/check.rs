//! `redrive check`: is this file what it should be, and is it what was meant?

use std::path::{Path, PathBuf};

use redrive::{Hint, RetryPolicy, wire::Value};
use redrive_sim::{Scenario, advice};

use crate::{
    args::{self, CheckKind},
    dlq,
    error::CliError,
    input::{Document, Files},
    options, output,
    paint::Style,
    read::Reach,
    text, words,
};

const GOOD: Style = Style::Green;
const HINT: Style = Style::Yellow;

/// Fields that only a scenario has.
const SCENARIO_FIELDS: [&str; 5] = ["arrivals", "server", "policies", "faults", "contention"];

/// Runs the verb.
pub(crate) fn run(typed: &args::Check) -> Result<(), CliError> {
    let file = typed.file.as_path();
    match typed.kind.map_or_else(|| kind_of_name(file), Some) {
        Some(CheckKind::DeadLetters) => check_letters(file),
        kind => {
            let document = failing(Document::read(file))?;
            match kind.unwrap_or_else(|| kind_of_tree(document.value())) {
                CheckKind::Policy => check_policy(&document, typed.scenario.as_deref()),
                CheckKind::Scenario => check_scenario(&document, file, &typed.allow_files),
                CheckKind::DeadLetters => check_letters(file),
            }
        }
    }
}

fn kind_of_name(file: &Path) -> Option<CheckKind> {
    let ending = file.extension()?.to_str()?;
    matches!(ending, "ndjson" | "jsonl").then_some(CheckKind::DeadLetters)
}

fn kind_of_tree(value: &Value) -> CheckKind {
    let schema = value.get("schema").and_then(Value::as_text).unwrap_or_default();
    if schema.starts_with("redrive-dead-letter/") {
        return CheckKind::DeadLetters;
    }
    let scenario = SCENARIO_FIELDS.iter().any(|name| value.get(name).is_some());
    if scenario { CheckKind::Scenario } else { CheckKind::Policy }
}

/// What is wrong with a file's content fails the check; a file that is not there is bad usage.
fn failing<T>(result: Result<T, CliError>) -> Result<T, CliError> {
    result.map_err(|error| match error {
        CliError::Content { .. } => CliError::CheckFailed(Box::new(error)),
        other => other,
    })
}

fn check_policy(document: &Document, on: Option<&str>) -> Result<(), CliError> {
    let policy = RetryPolicy::from_value(document.value());
    let policy = failing(policy.map_err(|error| document.error(&error)))?;
    let mut report = good(document.name(), "a valid policy", &words::policy(&policy));
    match on {
        None => report.push_str(&hints("", policy.hints())),
        Some(name) => {
            let scenario = options::scenario(name)?;
            let hopeless = scenario.hints(&policy).into_iter();
            let hopeless = hopeless.filter(|hint| hint.code == Scenario::RETRIES_NOTHING);
            report.push_str(&hints("", hopeless.collect()));
            report.push_str(&tried(&policy, &scenario)?);
        }
    }
    output::print(&report)
}

fn check_scenario(document: &Document, file: &Path, allowed: &[PathBuf]) -> Result<(), CliError> {
    let mut files = Files(Reach::of(file, allowed));
    let scenario = Scenario::read(document.value(), &mut files);
    let scenario = failing(scenario.map_err(|error| document.error(&error)))?;
    let count = text::counted(scenario.policies.len() as u64, "policy", "policies");
    let mut report = good(document.name(), "a valid scenario", &count);
    for note in scenario.notes() {
        report.push_str(&format!("{HINT}note{HINT:#} {note}\n"));
    }
    for named in &scenario.policies {
        let hinted = scenario.hints(&named.policy);
        report.push_str(&hints(&format!("{}: ", named.name), hinted));
    }
    output::print(&report)
}

/// What is known against the policy on a scenario, and what changes for the better do there.
fn tried(policy: &RetryPolicy, scenario: &Scenario) -> Result<String, CliError> {
    let mut report = String::new();
    if let Some(why) = advice::outlasted(scenario, policy) {
        report.push_str(&format!("{HINT}hint{HINT:#} on {}: {why}\n", scenario.name));
    }
    let offered = advice::advice(scenario, policy)?;
    for advice in &offered {
        report.push_str(&format!("{HINT}advice{HINT:#} {}\n", words::advised(None, advice)));
    }
    if offered.is_empty() {
        report.push_str(&format!(
            "Nothing that was tried on {} makes it better without losing a task.\n",
            scenario.name
        ));
    }
    Ok(report)
}

fn good(name: &str, what: &str, details: &str) -> String {
    format!("{GOOD}ok{GOOD:#} {name}: {what} ({details})\n")
}

fn hints(whose: &str, hints: Vec<Hint>) -> String {
    let line = |hint: Hint| {
        let fix = hint.fix.map_or_else(String::new, |(field, value)| {
            let value = serde_json::to_string(&value).unwrap_or_default();
            format!(" Try {field} = {value}.")
        });
        format!("{HINT}hint{HINT:#} {whose}{}{fix}\n", hint.message)
    };
    hints.into_iter().map(line).collect()
}

fn check_letters(file: &Path) -> Result<(), CliError> {
    let count = text::counted(failing(dlq::count(file))?, "letter", "letters");
    output::print(&good(&file.display().to_string(), "valid dead letters", &count))
}
