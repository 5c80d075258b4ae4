//! `redrive dlq`: a file of dead letters, one JSON record a line.
//!
//! The file is the queue: it is read whole, the core's own [`DeadLetterQueue`] does the work, and only
//! the lines of letters that leave or change are touched. Tasks that go back to work are handed out
//! before they leave the file, so that no failure on the way loses one. [`crate::files`] says what
//! holds while other programs use the file, and after a kill.

mod change;
mod choice;
mod look;
mod redact;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use redrive::{
    DeadLetter, DeadLetterQueue, Time,
    dead_letter::{FullPolicy, Pushed, QueueConfig, Refused},
    wire::Value,
};

use crate::{
    args::Dlq,
    error::CliError,
    files::{Change, Ledger, Lines, ledger},
    output::plain_json,
    read,
};

/// Runs one of the verbs.
pub(crate) fn run(typed: &Dlq) -> Result<(), CliError> {
    match typed {
        Dlq::List(typed) => look::list(typed),
        Dlq::Show(typed) => look::show(typed),
        Dlq::Stats(typed) => look::stats(typed),
        Dlq::Redrive(typed) => change::redrive(typed),
        Dlq::Purge(typed) => change::purge(typed),
        Dlq::Export(typed) => look::export(typed),
    }
}

/// The letters of a file.
pub(crate) struct Letters {
    /// The letters.
    pub(crate) queue: DeadLetterQueue,
    /// The line (from 0) of each letter, by its id.
    lines: BTreeMap<u64, usize>,
    /// Letters whose line does not have their id.
    numbered: BTreeSet<u64>,
}

impl Letters {
    /// Reads `path` to look at it; `-` is the standard input.
    ///
    /// # Errors
    /// When it cannot be read or a line is not a dead letter; with the line.
    pub(crate) fn read(path: &Path) -> Result<Self, CliError> {
        let (name, bytes) = read::bytes(path, u64::MAX)?;
        let lines = Lines::new(bytes);
        let left = if name == read::STDIN { Vec::new() } else { ledger::left(path, &lines)? };
        Self::parse(&name, &lines, &left)
    }

    /// Opens `path` to change it: nobody else does until the ledger goes.
    ///
    /// # Errors
    /// As [`read`](Self::read), and when the file cannot be changed.
    pub(crate) fn open(path: &Path) -> Result<(Self, Ledger), CliError> {
        if path == Path::new("-") {
            return Err(CliError::Usage(
                "the standard input cannot be changed, so nothing was handed out; name a file, or \
                 look at it with --dry-run"
                    .to_owned(),
            ));
        }
        let ledger = Ledger::open(path)?;
        let letters = Self::parse(&path.display().to_string(), ledger.lines(), ledger.left())?;
        Ok((letters, ledger))
    }

    fn parse(name: &str, lines: &Lines, left: &[usize]) -> Result<Self, CliError> {
        let left: BTreeSet<&usize> = left.iter().collect();
        let config = QueueConfig { capacity: None, full: FullPolicy::Reject, retention: None };
        let mut queue = DeadLetterQueue::new(config);
        let mut places = BTreeMap::new();
        let mut unnumbered = Vec::new();
        for (index, line) in lines.trimmed().enumerate() {
            if line.is_empty() || left.contains(&index) {
                continue;
            }
            let at = |why: String| CliError::line(name, index + 1, why);
            let letter = letter(line).map_err(&at)?;
            // Those without a number of their own get one behind all others.
            if letter.id == 0 {
                unnumbered.push((index, letter));
            } else {
                places.insert(letter.id, index);
                kept(queue.insert(letter.died_at, letter)).map_err(&at)?;
            }
        }
        let mut numbered = BTreeSet::new();
        for (index, letter) in unnumbered {
            let at = |why: String| CliError::line(name, index + 1, why);
            let id = kept(queue.push(letter.died_at, letter)).map_err(&at)?;
            places.insert(id, index);
            numbered.insert(id);
        }
        Ok(Self { queue, lines: places, numbered })
    }

    /// What changes in the file for it to hold the letters of the queue; `touched` are those that the
    /// queue changed and kept.
    ///
    /// # Errors
    /// Never for letters that were read.
    pub(crate) fn change(&self, touched: &[u64]) -> Result<Change, CliError> {
        let mut change = Change::default();
        for (id, index) in &self.lines {
            match self.queue.get(*id) {
                None => {
                    change.removed.insert(*index);
                }
                Some(letter) if touched.contains(id) => {
                    change.replaced.insert(*index, line(&letter.to_value())?);
                }
                Some(_) => {}
            }
        }
        if change.removed.is_empty() && change.replaced.is_empty() {
            return Ok(change);
        }
        // Ids that were given out stay as they are when others leave.
        for id in &self.numbered {
            if let (Some(letter), Some(index)) = (self.queue.get(*id), self.lines.get(id)) {
                change.replaced.insert(*index, line(&letter.to_value())?);
            }
        }
        Ok(change)
    }

    /// The time that ages count from: `given`, or now if the letters count from 1970 as most
    /// systems do, or the latest death.
    pub(crate) fn now(&self, given: Option<&str>) -> Result<Time, CliError> {
        if let Some(given) = given {
            return choice::time(given);
        }
        // Ten years of nanoseconds: no clock that starts with its program comes that far.
        const LONG: u64 = 315_360_000_000_000_000;
        let latest = self.queue.stats().newest.unwrap_or_default();
        let clock = crate::clock::unix_time();
        Ok(if latest.as_nanos() > LONG && clock > latest { clock } else { latest })
    }
}

/// How many letters a file holds.
///
/// # Errors
/// As [`Letters::read`].
pub(crate) fn count(path: &Path) -> Result<u64, CliError> {
    Ok(Letters::read(path)?.queue.len())
}

/// A queue without capacity and retention drops nothing, so a letter is in it or refused.
fn kept(pushed: Result<Pushed, Refused>) -> Result<u64, String> {
    pushed.map(|pushed| pushed.id.unwrap_or_default()).map_err(|refused| refused.to_string())
}

fn letter(line: &[u8]) -> Result<DeadLetter, String> {
    let value: Value = serde_json::from_slice(line).map_err(|error| {
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or(&why);
        format!("this is not JSON: {why} (column {})", error.column())
    })?;
    DeadLetter::from_value(&value).map_err(|error| error.to_string())
}

/// One line of NDJSON.
fn line(value: &Value) -> Result<String, CliError> {
    let mut text = serde_json::to_string(value).map_err(std::io::Error::from)?;
    text.push('\n');
    Ok(plain_json(text))
}
