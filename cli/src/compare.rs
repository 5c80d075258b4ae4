//! `redrive compare`: what changed between two results.
//!
//! Only what changed is shown. Where both results have confidence intervals, a difference that lies
//! within them is no change but chance, and is left out.

use std::path::Path;

use redrive_sim::{
    Outcome,
    metric::{Metric, metrics},
    outcome::{PolicyOutcome, SCHEMA},
};

use crate::{
    args::{self, CompareFormat},
    error::CliError,
    output,
    paint::Style,
    read,
    table::{self, Cell, Column},
    text,
};

const BOLD: Style = Style::Bold;
const GOOD: Style = Style::Green;
const BAD: Style = Style::Red;

/// Runs the verb.
pub(crate) fn run(typed: &args::Compare) -> Result<(), CliError> {
    let (before, after) = (read(&typed.before)?, read(&typed.after)?);
    let changes = changes(&before, &after);
    let mut report = Vec::new();
    if before.scenario != after.scenario {
        report.push(format!("The scenarios differ: {} and {}.", before.scenario, after.scenario));
    }
    if before.seed != after.seed {
        report.push(format!("The seeds differ: {} and {}.", before.seed, after.seed));
    }
    for (name, only) in only(&before, &after) {
        report.push(format!("“{name}” is only in {only}."));
    }
    if changes.is_empty() {
        report.push("No figure changed.".to_owned());
    }
    let table = match (changes.is_empty(), typed.format) {
        (true, _) => String::new(),
        (_, CompareFormat::Text) => as_text(&changes),
        (_, CompareFormat::Markdown) => as_markdown(&changes),
    };
    let notes = report.iter().fold(String::new(), |notes, note| notes + note + "\n");
    output::print(&format!("{notes}{table}"))
}

fn read(path: &Path) -> Result<Outcome, CliError> {
    let (name, text) = read::text(path, read::DOCUMENT)?;
    let outcome: Outcome = serde_json::from_str(&text).map_err(|error| {
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or(&why).to_owned();
        let why = format!("this is not a result of `redrive simulate --format json`: {why}");
        CliError::line(&name, error.line(), why)
    })?;
    if outcome.schema != SCHEMA {
        let why = format!("its schema is \"{}\", not \"{SCHEMA}\"", outcome.schema);
        return Err(CliError::content(&name, why));
    }
    Ok(outcome)
}

/// Policies that only one result has.
fn only<'a>(before: &'a Outcome, after: &'a Outcome) -> Vec<(&'a str, &'static str)> {
    let lacks = |outcome: &Outcome, name: &str| outcome.policies.iter().all(|p| p.name != name);
    let first = before.policies.iter().map(|p| (p.name.as_str(), "the first"));
    let second = after.policies.iter().map(|p| (p.name.as_str(), "the second"));
    let first = first.filter(|(name, _)| lacks(after, name));
    first.chain(second.filter(|(name, _)| lacks(before, name))).collect()
}

/// A figure that is not what it was.
struct Change {
    policy: String,
    metric: Metric,
    before: Option<f64>,
    after: Option<f64>,
}

impl Change {
    fn better(&self) -> Option<bool> {
        let (before, after) = (self.before?, self.after?);
        Some((after < before) == self.metric.lower_is_better)
    }

    /// `+12 %`, `×3.4`, or how a figure came or went.
    fn shown(&self) -> String {
        match (self.before, self.after) {
            (Some(before), Some(after)) if before != 0.0 => {
                let ratio = after / before;
                match ratio {
                    _ if ratio >= 2.0 || (ratio > 0.0 && ratio <= 0.5) => {
                        format!("×{}", text::number(ratio))
                    }
                    _ if ratio >= 1.0 => format!("+{} %", text::number((ratio - 1.0) * 100.0)),
                    _ => format!("−{} %", text::number((1.0 - ratio) * 100.0)),
                }
            }
            (Some(_), Some(_)) => "from 0".to_owned(),
            (None, _) => "came".to_owned(),
            (_, None) => "went".to_owned(),
        }
    }
}

fn changes(before: &Outcome, after: &Outcome) -> Vec<Change> {
    let pairs = before.policies.iter().filter_map(|policy| {
        Some((policy, after.policies.iter().find(|other| other.name == policy.name)?))
    });
    let of = |(before, after): (&PolicyOutcome, &PolicyOutcome)| {
        let change = |metric: Metric| {
            let (one, other) = (metric.of(&before.summary), metric.of(&after.summary));
            (one != other).then(|| Change {
                policy: before.name.clone(),
                metric,
                before: one,
                after: other,
            })
        };
        let chance = |change: &Change| within_chance(&change.metric, before, after);
        metrics().filter_map(change).filter(|c| !chance(c)).collect::<Vec<_>>()
    };
    pairs.flat_map(of).collect()
}

/// Whether the intervals of both means reach each other.
fn within_chance(metric: &Metric, before: &PolicyOutcome, after: &PolicyOutcome) -> bool {
    let figures = (metric.figure(&before.summary), metric.figure(&after.summary));
    match (figures.0.value(), figures.1.value(), figures.0.ci95(), figures.1.ci95()) {
        (Some(one), Some(other), Some(near), Some(far)) => (one - other).abs() <= near + far,
        _ => false,
    }
}

fn cells(change: &Change) -> [String; 5] {
    let shown = |value: Option<f64>| value.map_or("–".to_owned(), text::number);
    [
        change.policy.clone(),
        change.metric.name.to_owned(),
        shown(change.before),
        shown(change.after),
        change.shown(),
    ]
}

fn as_text(changes: &[Change]) -> String {
    let column = |title, right| Column { title, right, rank: 0 };
    let columns = [
        column("policy", false),
        column("figure", false),
        column("before", true),
        column("after", true),
        column("change", true),
    ];
    let row = |change: &Change| -> Vec<Cell> {
        let style = match change.better() {
            Some(true) => GOOD,
            Some(false) => BAD,
            None => Style::Plain,
        };
        let [policy, figure, before, after, shown] = cells(change);
        vec![
            Cell::styled(policy, BOLD),
            figure.into(),
            before.into(),
            after.into(),
            Cell::styled(shown, style),
        ]
    };
    let rows: Vec<Vec<Cell>> = changes.iter().map(row).collect();
    table::layout(&columns, &rows, output::width())
}

fn as_markdown(changes: &[Change]) -> String {
    let mut table = String::from(
        "\n| policy | figure | before | after | change | |\n|---|---|--:|--:|--:|---|\n",
    );
    for change in changes {
        let verdict = match change.better() {
            Some(true) => "better",
            Some(false) => "worse",
            None => "",
        };
        let cells = cells(change).map(|cell| text::markdown(&cell));
        table.push_str(&format!("| {} | {verdict} |\n", cells.join(" | ")));
    }
    table
}
