//! Files of dead letters: one record a line, read so that one bad line makes no other unreadable.
//!
//! What lies in such a file was written by another version, another program, an editor, or half of it by
//! a process that died. So a line is refused only where reading on would change what it says: it is set
//! aside with its number and its text. Everything that can be read without losing anything is read, and
//! what was odd about it is noted: a byte order mark, line ends of Windows, fields of a newer version
//! (which are kept), times and waits beyond what 64 bits count (a server may answer with
//! `Retry-After: Fri, 31 Dec 9999 23:59:59 GMT`), a number that two letters of merged files have.

use alloc::{
    borrow::ToOwned, collections::BTreeSet, format, string::String, string::ToString, vec::Vec,
};

use super::{
    AttemptRecord, DeadLetter, MAX_ID, Redriven,
    record::{FIELDS, failure_from_value},
};
use crate::{
    exact,
    random::key_of,
    time::Duration,
    wire::{Value, camel_case},
};

/// What was in a file.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct LetterFile {
    /// The letters, each under a number of its own, in the order of the lines.
    pub letters: Vec<DeadLetter>,
    /// What was odd, and how it was read.
    pub notes: Vec<Note>,
    /// The lines that are not letters.
    pub damaged: Vec<Damaged>,
    /// The line of each letter.
    lines: Vec<u64>,
    /// The ids that were given here.
    numbered: BTreeSet<u64>,
}

/// Something odd about a line that was read all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Note {
    /// The number of the line, from 1.
    pub line: u64,
    /// What, and how it was read.
    pub what: String,
}

/// A line that is not a dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damaged {
    /// The number of the line, from 1.
    pub line: u64,
    /// The line as read, without its line ending.
    pub bytes: Vec<u8>,
    /// Why it is none.
    pub why: String,
    /// Whether it is the last line, and was cut off while it was written.
    pub is_cut_off: bool,
}

impl LetterFile {
    /// The letters with the numbers of their lines, and whether each has its id from here and not from
    /// its record.
    pub fn with_lines(&self) -> impl Iterator<Item = (&DeadLetter, u64, bool)> {
        let lines = self.letters.iter().zip(&self.lines);
        lines.map(|(letter, line)| (letter, *line, self.numbered.contains(&letter.id)))
    }

    /// Reads a file of dead letters: NDJSON of `redrive-dead-letter/1`, or of `redrive-redriven/1`, tasks
    /// on their way back to work, which are letters still.
    pub fn read(bytes: &[u8]) -> LetterFile {
        let mut file = LetterFile::default();
        let (bytes, marked) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) => (rest, true),
            None => (bytes, false),
        };
        if marked {
            file.note(1, "begins with a byte order mark, which is skipped".to_owned());
        }
        let mut lines = bytes.split(|byte| *byte == b'\n').zip(1..).peekable();
        while let Some((line, number)) = lines.next() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let is_last = lines.peek().is_none();
            file.line(number, line, is_last);
        }
        file.number();
        file.notes.sort_by_key(|note| note.line);
        file
    }

    fn note(&mut self, line: u64, what: String) {
        self.notes.push(Note { line, what });
    }

    fn line(&mut self, number: u64, line: &[u8], is_last: bool) {
        let mut oddities = Vec::new();
        let (why, is_cut_off) = match core::str::from_utf8(line) {
            Err(error) => (format!("is not UTF-8 (byte {})", error.valid_up_to() + 1), is_last),
            Ok(text) => match Value::from_json(text) {
                Err(error) if is_last && error.is_cut_off() => (
                    "ends in the middle of a record: cut off while it was written".to_owned(),
                    true,
                ),
                Err(error) => (error.to_string(), false),
                Ok(value) => match letter(value, &mut oddities) {
                    Ok(letter) => {
                        self.letters.push(letter);
                        for what in oddities {
                            self.note(number, what);
                        }
                        self.lines.push(number);
                        return;
                    }
                    Err(why) => (why, false),
                },
            },
        };
        self.damaged.push(Damaged { line: number, bytes: line.to_vec(), why, is_cut_off });
    }

    /// Gives the letters without a number of their own one behind all others.
    fn number(&mut self) {
        let mut taken = BTreeSet::new();
        let fresh: Vec<bool> =
            self.letters.iter().map(|letter| letter.id != 0 && taken.insert(letter.id)).collect();
        let mut next = taken.iter().rfind(|id| **id <= MAX_ID / 2).map_or(1, |id| id + 1);
        for (place, is_fresh) in fresh.into_iter().enumerate() {
            if is_fresh {
                continue;
            }
            while taken.contains(&next) {
                next += 1;
            }
            let letter = &mut self.letters[place];
            let was = core::mem::replace(&mut letter.id, next);
            if letter.lineage == was {
                letter.lineage = next;
            }
            taken.insert(next);
            self.numbered.insert(next);
            if was != 0 {
                let what = format!("has the number {was} of a letter before it: it is {next} here");
                let line = self.lines.get(place).copied().unwrap_or(0);
                self.note(line, what);
            }
        }
    }
}

/// The letter that a record is, with what is odd about it.
fn letter(value: Value, odd: &mut Vec<String>) -> Result<DeadLetter, String> {
    let Value::Map(mut fields) = value else {
        return Err("is not a record; a dead letter is one JSON object a line".to_owned());
    };
    let schema = fields.iter().find(|(name, _)| name == "schema").map(|(_, value)| value);
    if schema.and_then(Value::as_text) == Some(Redriven::SCHEMA) {
        let inner = fields.into_iter().find(|(name, _)| name == "letter");
        let Some((_, inner)) = inner else { return Err("letter is missing".to_owned()) };
        odd.push("is a task on its way back to work; it is read as the letter that it was".into());
        return letter(inner, odd);
    }
    let mut other = Vec::new();
    fields.retain_mut(|(name, value)| {
        let known = FIELDS.contains(&camel_case(name).as_str());
        if !known {
            odd.push(format!("has the field {name}, which this version does not know: it is kept"));
            other.push((core::mem::take(name), core::mem::replace(value, Value::Null)));
        }
        known
    });
    let last_error = mend(&mut fields, odd);
    // It is computed from the policy where there is one.
    if fields.iter().any(|(name, value)| name == "policy" && *value != Value::Null) {
        fields.retain(|(name, _)| camel_case(name) != "policyFingerprint");
    }
    let mut letter =
        DeadLetter::from_value(&Value::Map(fields)).map_err(|error| error.to_string())?;
    if let Some(fault) = letter.payload.fault() {
        return Err(format!("payload {fault}"));
    }
    letter.other = other;
    take_last_error(&mut letter, last_error, odd);
    Ok(letter)
}

/// What to do with `lastError`, which is a copy of what the history says last.
fn take_last_error(letter: &mut DeadLetter, error: Option<Value>, odd: &mut Vec<String>) {
    let Some(error) = error.and_then(|error| failure_from_value(&error, "lastError").ok()) else {
        return;
    };
    match letter.last_error() {
        Some(last) if *last == error => {}
        Some(_) => {
            odd.push("has a lastError that the history does not end with: that counts".into());
        }
        None => {
            let at = letter.last_failed_at.unwrap_or(letter.died_at);
            let record = AttemptRecord {
                attempt: letter.attempts.max(1),
                started: at,
                ended: at,
                delay: Duration::ZERO,
                failure: error,
            };
            letter.history.push(record, u32::MAX);
        }
    }
}

const WHOLE: [&str; 2] = ["id", "lineage"];
const COUNTS: [&str; 4] = ["attempts", "earlierAttempts", "redrives", "forgotten"];
const TIMES: [&str; 3] = ["firstFailedAtNs", "lastFailedAtNs", "diedAtNs"];

/// Puts numbers that no letter can have to the nearest that one can. Takes `lastError` out.
fn mend(fields: &mut Vec<(String, Value)>, odd: &mut Vec<String>) -> Option<Value> {
    let mut last_error = None;
    // A number that is nothing is not there.
    fields.retain(|(name, value)| {
        let name = camel_case(name);
        let number = WHOLE.contains(&name.as_str()) || COUNTS.contains(&name.as_str());
        *value != Value::Null || !(number || name == "seed" || name == "diedAtNs")
    });
    for (name, value) in fields.iter_mut() {
        let name = camel_case(name);
        let most = match name.as_str() {
            name if WHOLE.contains(&name) => MAX_ID,
            "earlierAttempts" | "forgotten" => u64::MAX,
            name if COUNTS.contains(&name) => u32::MAX.into(),
            name if TIMES.contains(&name) => u64::MAX,
            "seed" => {
                if let Value::Text(text) = value
                    && text.parse::<u64>().is_err()
                {
                    odd.push(format!("has the seed \"{text}\", which stands for a number"));
                    *value = exact::whole(key_of(text));
                }
                u64::MAX
            }
            "history" => {
                mend_history(value, odd);
                continue;
            }
            "lastError" => {
                mend_fields(value, "lastError", &ERROR, odd);
                last_error = Some(core::mem::replace(value, Value::Null));
                continue;
            }
            _ => continue,
        };
        nearest(value, &name, most, odd);
    }
    let died = fields.iter().any(|(name, value)| name == "diedAtNs" && *value != Value::Null);
    let failed =
        fields.iter().find(|(name, value)| name == "lastFailedAtNs" && *value != Value::Null);
    if !died && let Some((_, at)) = failed.cloned() {
        odd.push("has no diedAtNs: it died when it last failed".to_owned());
        fields.retain(|(name, _)| name != "diedAtNs");
        fields.push(("diedAtNs".to_owned(), at));
    }
    last_error
}

/// The fields of a record inside a letter, and the most that the numbers among them can be.
const ATTEMPT: [(&str, u64); 5] = [
    ("attempt", u32::MAX as u64),
    ("startedAtNs", u64::MAX),
    ("endedAtNs", u64::MAX),
    ("delayNs", u64::MAX),
    ("error", 0),
];
const ERROR: [(&str, u64); 4] =
    [("kind", 0), ("message", 0), ("code", 0), ("retryAfterNs", u64::MAX)];

fn mend_history(history: &mut Value, odd: &mut Vec<String>) {
    let Value::List(records) = history else { return };
    for record in records {
        mend_fields(record, "history", &ATTEMPT, odd);
        if let Value::Map(fields) = record {
            let errors = fields.iter_mut().filter(|(name, _)| name == "error");
            errors.for_each(|(_, error)| mend_fields(error, "error", &ERROR, odd));
        }
    }
}

fn mend_fields(record: &mut Value, place: &str, known: &[(&str, u64)], odd: &mut Vec<String>) {
    let Value::Map(fields) = record else { return };
    fields.retain(|(name, value)| {
        let camel = camel_case(name);
        let keep = known.iter().any(|(known, _)| *known == camel);
        if !keep {
            let text = value.to_json();
            odd.push(format!("has the field {name} in {place}, which is left out: {text}"));
        }
        // A field that is nothing is not there.
        keep && *value != Value::Null
    });
    for (name, value) in fields {
        let camel = camel_case(name);
        let most = known.iter().find(|(known, _)| *known == camel).map_or(0, |(_, most)| *most);
        if most > 0 {
            nearest(value, name, most, odd);
        }
    }
}

/// Makes a number a whole one from 0 to `most`, if it is none.
fn nearest(value: &mut Value, name: &str, most: u64, odd: &mut Vec<String>) {
    let number = match &*value {
        Value::Unsigned(number) if *number <= most => return,
        Value::Unsigned(_) => f64::INFINITY,
        Value::Text(text) if text.parse::<u64>().is_ok_and(|number| number <= most) => return,
        Value::Text(text) if text.len() < 400 => match text.parse() {
            Ok(number) => number,
            Err(_) => return,
        },
        other => match other.as_f64() {
            Some(number) => number,
            None => return,
        },
    };
    if number.is_nan() {
        return;
    }
    // The conversion saturates.
    let near = (libm::floor(number) as u64).min(most);
    if near as f64 != number || near == most {
        odd.push(format!("has {name} = {}, which is read as {near}", value.to_json()));
    }
    *value = exact::whole(near);
}
