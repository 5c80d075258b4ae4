//! `redrive compare`: what changed between two results.
//!
//! Only what changed is shown. Where both results have confidence intervals, a difference that lies
//! within them is due to chance and left out.

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
    let gates = typed.fail_on.iter().map(|text| Gate::parse(text));
    let gates = gates.collect::<Result<Vec<_>, _>>()?;
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
    report.extend(lost(&before, &after));
    let notes = report.iter().fold(String::new(), |notes, note| notes + note + "\n");
    output::print(&format!("{notes}{table}"))?;
    gates.iter().try_for_each(|gate| gate.check(&before, &after))
}

/// What matters before all other figures: tasks that no longer succeed.
fn lost(before: &Outcome, after: &Outcome) -> Vec<String> {
    let share = |policy: &PolicyOutcome| policy.summary.succeeded_share;
    let of = |policy: &PolicyOutcome| {
        let other = after.policies.iter().find(|other| other.name == policy.name)?;
        let (one, two) = (share(policy), share(other));
        let apart = one.ci95().unwrap_or(0.0) + two.ci95().unwrap_or(0.0);
        let (one, two) = (one.value()?, two.value()?);
        ((one - two).abs() > apart.max(1e-9)).then(|| {
            format!(
                "“{}”: {} of the tasks succeed, {} before: {}, whatever the other figures say.",
                policy.name,
                text::percent(two),
                text::percent(one),
                if two > one { "better" } else { "worse" }
            )
        })
    };
    before.policies.iter().filter_map(of).collect()
}

/// A change of a figure that fails the comparison.
struct Gate {
    text: String,
    metric: Metric,
    above: bool,
    limit: f64,
    kind: GateKind,
}

/// What a limit is compared with.
enum GateKind {
    /// The change, as a share of the figure before.
    Relative,
    /// The change.
    Change,
    /// The figure after.
    Value,
}

impl Gate {
    /// Reads `METRIC > LIMIT` or `METRIC < LIMIT`: with a sign a change, with `%` a relative one.
    fn parse(text: &str) -> Result<Self, CliError> {
        let refused = |why: String| {
            CliError::Usage(format!(
                "--fail-on {text}: {why}; write one like --fail-on 'p99 > +10 %', 'succeededShare < \
                 -0.01' or 'peakToCapacity > 2'"
            ))
        };
        let (above, parts) = match (text.split_once('>'), text.split_once('<')) {
            (Some(parts), None) => (true, parts),
            (None, Some(parts)) => (false, parts),
            _ => return Err(refused("has no > or <".to_owned())),
        };
        let limit = parts.1.trim();
        let metric = Metric::find(parts.0.trim()).map_err(|error| refused(error.to_string()))?;
        let signed = limit.starts_with(['+', '-', '\u{2212}']);
        let (number, percent) = match limit.strip_suffix('%') {
            Some(number) => (number.trim(), true),
            None => (limit, false),
        };
        let number = number.replace('\u{2212}', "-");
        let value = number.parse::<f64>().ok().filter(|value| value.is_finite());
        let Some(value) = value else {
            return Err(refused(format!("\"{limit}\" is not a number")));
        };
        let (kind, limit) = match (signed, percent) {
            (_, true) => (GateKind::Relative, value / 100.0),
            (true, false) => (GateKind::Change, value),
            (false, false) => (GateKind::Value, value),
        };
        Ok(Self { text: text.to_owned(), metric, above, limit, kind })
    }

    /// Fails where a policy's figure is beyond the limit, or has gone; changes within the intervals of
    /// both means are chance.
    fn check(&self, before: &Outcome, after: &Outcome) -> Result<(), CliError> {
        for policy in &after.policies {
            let earlier = before.policies.iter().find(|earlier| earlier.name == policy.name);
            let now = self.metric.of(&policy.summary);
            let then = earlier.and_then(|earlier| self.metric.of(&earlier.summary));
            let chance =
                earlier.is_some_and(|earlier| within_chance(&self.metric, earlier, policy));
            let measured = match (&self.kind, then, now) {
                (GateKind::Value, _, now) => now,
                (_, None, _) => continue,
                (_, Some(_), None) => {
                    let why = format!("“{}” has no {} any more", policy.name, self.metric.name);
                    return Err(self.failed(&why));
                }
                _ if chance => continue,
                (GateKind::Change, Some(then), Some(now)) => Some(now - then),
                (GateKind::Relative, Some(0.0), Some(now)) => {
                    Some(if now > 0.0 { f64::INFINITY } else { 0.0 })
                }
                (GateKind::Relative, Some(then), Some(now)) => Some(now / then - 1.0),
            };
            let beyond =
                |value: f64| if self.above { value > self.limit } else { value < self.limit };
            if measured.is_some_and(beyond) {
                let shown = |value: Option<f64>| value.map_or("–".to_owned(), text::number);
                let why = format!(
                    "“{}” has {} {}, {} before",
                    policy.name,
                    self.metric.name,
                    shown(now),
                    shown(then)
                );
                return Err(self.failed(&why));
            }
        }
        Ok(())
    }

    fn failed(&self, why: &str) -> CliError {
        let failed = CliError::Usage(format!("--fail-on {}: {why}", self.text));
        CliError::CheckFailed(Box::new(failed))
    }
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
