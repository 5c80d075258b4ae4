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
mod tried;
mod when;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use redrive::{
    DeadLetterQueue, Time,
    dead_letter::{Damaged, FullPolicy, LetterFile, QueueConfig},
    wire::Value,
};

use crate::{
    args::{Dlq, LetterSource},
    error::CliError,
    files::{Change, Ledger, Lines, ledger, write_whole},
    output::{self, plain_json},
    read, text,
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
    /// The lines that are not letters.
    damaged: Vec<Damaged>,
    /// Whether those were put elsewhere, so that a change leaves them out.
    takes_out: bool,
}

impl Letters {
    /// Reads the file of `source` to look at it; `-` is the standard input.
    ///
    /// # Errors
    /// When it cannot be read or a line is not a dead letter; with the line.
    pub(crate) fn read(source: &LetterSource) -> Result<Self, CliError> {
        let mut letters = Self::read_file(&source.file)?;
        letters.keep_damaged(source.keep_damaged.as_deref())?;
        Ok(letters)
    }

    fn read_file(path: &Path) -> Result<Self, CliError> {
        let (name, bytes) = read::bytes(path, u64::MAX)?;
        let lines = Lines::new(bytes);
        let left = if name == read::STDIN { Vec::new() } else { ledger::left(path, &lines)? };
        Self::parse(&name, &lines, &left)
    }

    /// Opens the file of `source` to change it: no other process can until the ledger is dropped.
    ///
    /// # Errors
    /// As [`read`](Self::read), and when the file cannot be changed.
    pub(crate) fn open(source: &LetterSource) -> Result<(Self, Ledger), CliError> {
        let path = &source.file;
        if path == Path::new("-") {
            return Err(CliError::Usage(
                "the standard input cannot be changed, so nothing was handed out; name a file, or \
                 look at it with --dry-run"
                    .to_owned(),
            ));
        }
        let ledger = Ledger::open(path)?;
        let mut letters = Self::parse(&path.display().to_string(), ledger.lines(), ledger.left())?;
        letters.keep_damaged(source.keep_damaged.as_deref())?;
        Ok((letters, ledger))
    }

    fn parse(name: &str, lines: &Lines, left: &[usize]) -> Result<Self, CliError> {
        let left: BTreeSet<&usize> = left.iter().collect();
        let mut bytes = Vec::new();
        for (index, line) in lines.trimmed().enumerate() {
            if index > 0 {
                bytes.push(b'\n');
            }
            if !left.contains(&index) {
                bytes.extend_from_slice(line);
            }
        }
        let file = LetterFile::read(&bytes);
        let config = QueueConfig::new().capacity(None).full(FullPolicy::Reject).retention(None);
        let mut letters = Self {
            queue: DeadLetterQueue::new(config),
            lines: BTreeMap::new(),
            numbered: BTreeSet::new(),
            damaged: Vec::new(),
            takes_out: false,
        };
        for (letter, line, numbered) in file.with_lines() {
            if numbered {
                letters.numbered.insert(letter.id);
            }
            // A queue without capacity and retention drops nothing, and the reader tells ids apart.
            let pushed = letters.queue.insert(letter.died_at, letter.clone());
            let pushed =
                pushed.map_err(|why| CliError::line(name, index(line) + 1, why.to_string()))?;
            letters.lines.insert(pushed.id.unwrap_or_default(), index(line));
        }
        letters.damaged = file.damaged;
        if let Some(first) = letters.damaged.first().filter(|_| letters.queue.is_empty()) {
            return Err(CliError::line(name, index(first.line) + 1, first.why.as_str()));
        }
        let notes = file.notes.iter().map(|note| format!("{name}:{}: {}", note.line, note.what));
        output::notes(&shortened(notes.collect()));
        let damaged = letters.damaged.iter().map(|d| format!("{name}:{}: {}", d.line, d.why));
        output::notes(&shortened(damaged.collect()));
        Ok(letters)
    }

    /// Puts the lines that are not letters into a file of their own, and says where they are.
    ///
    /// # Errors
    /// When that file exists, or cannot be written.
    fn keep_damaged(&mut self, to: Option<&Path>) -> Result<(), CliError> {
        let count = self.damaged.len() as u64;
        if count == 0 {
            return Ok(());
        }
        let count = text::counted(count, "damaged line", "damaged lines");
        let Some(to) = to else {
            output::notes(&[format!(
                "{count} set aside: the letters are whole, and what changes the file leaves the rest \
                 in it; --keep-damaged FILE takes it out"
            )]);
            return Ok(());
        };
        if to.exists() {
            let shown = to.display();
            return Err(CliError::Usage(format!(
                "--keep-damaged {shown} exists already; name another file"
            )));
        }
        let lines = self.damaged.iter().flat_map(|damaged| [&damaged.bytes[..], b"\n"]);
        write_whole(to, &lines.flatten().copied().collect::<Vec<u8>>())?;
        output::notes(&[format!("{count} set aside in {}", to.display())]);
        self.takes_out = true;
        Ok(())
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
                    change.replaced.insert(*index, line(&letter.to_value()));
                }
                Some(_) => {}
            }
        }
        if self.takes_out {
            change.removed.extend(self.damaged.iter().map(|damaged| index(damaged.line)));
        }
        if change.removed.is_empty() && change.replaced.is_empty() {
            return Ok(change);
        }
        // Ids that were given out stay as they are when others leave.
        for id in &self.numbered {
            if let (Some(letter), Some(index)) = (self.queue.get(*id), self.lines.get(id)) {
                change.replaced.insert(*index, line(&letter.to_value()));
            }
        }
        Ok(change)
    }

    /// The time that ages count from: `given`, or now if the letters count from 1970 as most
    /// systems do, or the latest death.
    pub(crate) fn now(&self, given: Option<&str>) -> Result<Time, CliError> {
        if let Some(given) = given {
            return when::read("--now", given);
        }
        let latest = self.queue.stats().newest.unwrap_or_default();
        let clock = crate::clock::unix_time();
        Ok(if when::is_wall_clock(latest) && clock > latest { clock } else { latest })
    }
}

/// How many letters a file holds, all lines of which are letters.
///
/// # Errors
/// When it cannot be read, or a line is not a letter.
pub(crate) fn count(path: &Path) -> Result<u64, CliError> {
    let letters = Letters::read_file(path)?;
    match letters.damaged.first() {
        None => Ok(letters.queue.len()),
        Some(damaged) => {
            let name = path.display().to_string();
            Err(CliError::line(&name, index(damaged.line) + 1, damaged.why.as_str()))
        }
    }
}

/// The place of the line with that number.
fn index(line: u64) -> usize {
    usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1)
}

/// The first few of `lines`, and how many more there are.
fn shortened(mut lines: Vec<String>) -> Vec<String> {
    const SHOWN: usize = 5;
    let more = lines.len().saturating_sub(SHOWN);
    if more > 1 {
        lines.truncate(SHOWN);
        lines.push(format!("and {more} more lines like that"));
    }
    lines
}

/// One line of NDJSON: a payload's numbers as they were written.
fn line(value: &Value) -> String {
    plain_json(value.to_json()) + "\n"
}
