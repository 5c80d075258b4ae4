//! `redrive dlq`: a file of dead letters, one JSON record a line.
//!
//! The file is the queue: it is read whole, the core's own [`DeadLetterQueue`] does the work, and
//! what changed is written back under a temporary name and renamed. Tasks that go back to work are
//! handed out before they leave the file, so that no failure on the way loses one.

mod change;
mod choice;
mod look;

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use redrive::{
    DeadLetter, DeadLetterQueue, Time,
    dead_letter::{FullPolicy, Pushed, QueueConfig, Refused},
    wire::Value,
};

use crate::{args::Dlq, error::CliError, input, output};

/// Runs one of the verbs.
pub(crate) fn run(typed: &Dlq) -> Result<(), CliError> {
    match typed {
        Dlq::List(typed) => look::list(typed),
        Dlq::Show { file, id, format } => look::show(file, *id, *format),
        Dlq::Stats(typed) => look::stats(typed),
        Dlq::Redrive(typed) => change::redrive(typed),
        Dlq::Purge(typed) => change::purge(typed),
        Dlq::Export(typed) => look::export(typed),
    }
}

/// A file of dead letters, read.
pub(crate) struct Letters {
    /// The letters.
    pub(crate) queue: DeadLetterQueue,
    path: PathBuf,
    /// Size and time of the file when it was read.
    state: Option<(u64, SystemTime)>,
}

impl Letters {
    /// Reads `path`; `-` is the standard input.
    ///
    /// # Errors
    /// When it cannot be read or a line is no dead letter; with the line.
    pub(crate) fn read(path: &Path) -> Result<Self, CliError> {
        let state = state(path);
        let (name, text) = input::read_text(path)?;
        let config = QueueConfig { capacity: None, full: FullPolicy::Reject, retention: None };
        let mut queue = DeadLetterQueue::new(config);
        let mut unnumbered = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let at = |why: String| CliError::input(format!("{name}:{}: {why}", index + 1));
            let letter = letter(line).map_err(&at)?;
            // Those without a number of their own get one behind all others.
            if letter.id == 0 {
                unnumbered.push((index, letter));
            } else {
                kept(queue.insert(letter.died_at, letter)).map_err(&at)?;
            }
        }
        for (index, letter) in unnumbered {
            let at = |why: String| CliError::input(format!("{name}:{}: {why}", index + 1));
            kept(queue.push(letter.died_at, letter)).map_err(&at)?;
        }
        Ok(Self { queue, path: path.to_owned(), state })
    }

    /// Writes the letters that are left back to the file.
    ///
    /// # Errors
    /// When somebody else changed the file meanwhile, or it cannot be written.
    pub(crate) fn write(&self) -> Result<(), CliError> {
        let name = self.path.display();
        if self.path == Path::new("-") {
            return Err(CliError::input("the standard input cannot be changed; name a file"));
        }
        if state(&self.path) != self.state {
            return Err(CliError::input(format!(
                "{name} was changed by another program meanwhile; nothing was changed here: run \
                 this again"
            )));
        }
        let mut text = String::new();
        for letter in self.queue.iter() {
            text.push_str(&line(&letter.to_value())?);
        }
        output::write_whole(&self.path, text.as_bytes())
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
fn kept(pushed: Result<Pushed, Refused>) -> Result<(), String> {
    pushed.map(drop).map_err(|refused| refused.to_string())
}

/// What changes when a file is written to.
fn state(path: &Path) -> Option<(u64, SystemTime)> {
    let known = fs::metadata(path).ok()?;
    Some((known.len(), known.modified().ok()?))
}

fn letter(line: &str) -> Result<DeadLetter, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| {
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
    Ok(text)
}
