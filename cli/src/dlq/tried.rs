//! What became of the tasks that earlier calls of a redrive handed out.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use redrive::{
    DeadLetterQueue,
    dead_letter::{Filter, Outcome, RedriveReport, Redriven, Tried},
    wire::Value,
};

use super::Lines;
use crate::{
    args::{DlqRedrive, ListFormat, Otherwise},
    error::CliError,
    output, read, text, tree,
};

/// The tasks of `--after`.
#[derive(Debug, Default)]
pub(super) struct TriedTasks {
    /// For the queue to go by.
    pub(super) letters: Tried,
}

/// Reads the files of `--after`; `queue` tells which of their tasks are back.
///
/// # Errors
/// When one cannot be read, or a line is not a task that was handed out, or is there twice.
pub(super) fn read(typed: &DlqRedrive, queue: &DeadLetterQueue) -> Result<TriedTasks, CliError> {
    let mut tried = TriedTasks::default();
    if typed.after.is_empty() {
        return Ok(tried);
    }
    let mut back: BTreeMap<u64, u32> = BTreeMap::new();
    let everything = Filter::new();
    for letter in queue.list(redrive::Time::MAX, &everything) {
        let redrives = back.entry(letter.lineage).or_default();
        *redrives = letter.redrives.max(*redrives);
    }
    let mut seen = BTreeSet::new();
    for path in &typed.after {
        for (number, task) in tasks(path)? {
            let letter = &task.letter;
            if !seen.insert((letter.lineage, letter.redrives)) {
                let name = path.display().to_string();
                return Err(CliError::line(&name, number, "is a task that was named before"));
            }
            let is_back = back.get(&letter.lineage).is_some_and(|n| *n >= letter.redrives);
            let outcome = match (task.outcome, is_back, typed.otherwise) {
                (Some(outcome), _, _) => Some(outcome),
                (None, true, _) | (None, _, Otherwise::Failed) => Some(Outcome::Failed),
                (None, false, Otherwise::Succeeded) => Some(Outcome::Succeeded),
                (None, false, Otherwise::Unknown) => None,
            };
            tried.letters.tell(letter, outcome);
        }
    }
    Ok(tried)
}

/// The tasks of a file, with the numbers of their lines.
fn tasks(path: &Path) -> Result<Vec<(usize, Redriven)>, CliError> {
    let (name, bytes) = read::bytes(path, u64::MAX)?;
    let mut tasks = Vec::new();
    for (line, number) in Lines::new(bytes).trimmed().zip(1..) {
        if line.is_empty() {
            continue;
        }
        let wrong = |why: String| CliError::line(&name, number, why);
        let text = std::str::from_utf8(line).map_err(|_| wrong("is not UTF-8".to_owned()))?;
        let value = Value::from_json(text).map_err(|error| wrong(error.to_string()))?;
        let task = Redriven::from_value(&value).map_err(|error| wrong(error.to_string()))?;
        tasks.push((number, task));
    }
    Ok(tasks)
}

impl TriedTasks {
    /// What is said of a call.
    ///
    /// # Errors
    /// Never for a report.
    pub(super) fn report(
        &self,
        typed: &DlqRedrive,
        report: &RedriveReport,
    ) -> Result<String, CliError> {
        let (sent, known, failed) =
            (self.letters.sent(), self.letters.known(), self.letters.failed());
        let unknown = sent - known;
        if unknown > 0 {
            output::notes(&[format!(
                "{} of --after have no outcome and are not back, so their groups wait; add \
                 \"outcome\": \"succeeded\" or \"failed\" to their lines, or say --otherwise",
                text::counted(unknown, "task", "tasks")
            )]);
        }
        let to = typed.to.as_deref().filter(|to| *to != Path::new("-"));
        if typed.format == ListFormat::Json {
            let mut fields = vec![("schema".to_owned(), "redrive-report/1".into())];
            fields.push(("dryRun".to_owned(), typed.dry_run.into()));
            let to = to.filter(|_| !typed.dry_run).map(|to| to.display().to_string());
            fields.push(("to".to_owned(), to.map_or(Value::Null, Value::from)));
            let after = [("sent", sent), ("succeeded", known - failed), ("failed", failed)];
            let after = Value::map(after.map(|(name, count)| (name, count.into())));
            fields.push(("after".to_owned(), after));
            if let Value::Map(rest) = report.to_value() {
                fields.extend(rest);
            }
            return tree::json(&Value::Map(fields));
        }
        let mut told = String::new();
        if typed.dry_run {
            told.push_str("dry run, nothing changed: ");
        }
        if sent > 0 {
            let sent = text::counted(sent, "task", "tasks");
            told.push_str(&format!("after {sent} ({failed} failed, {unknown} unknown): "));
        }
        told.push_str(&report.to_string());
        if let Some(to) = to.filter(|_| !typed.dry_run) {
            told.push_str(&format!("; the tasks are in {}", to.display()));
        }
        Ok(told + "\n")
    }
}
