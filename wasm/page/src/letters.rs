//! Dead letters, as they are listed: grouped by why they died, with their history.

use redrive::{
    DeadLetter,
    dead_letter::{AttemptRecord, LetterFile},
    wire::Value,
};
use redrive_sim::{
    outcome::{Mark, Row},
    text::{counted, seconds},
    words,
};

use super::{
    Run,
    shape::{Floats, shapes},
    told,
};

/// Letters of each group that are listed.
const LISTED: usize = 40;

/// Seconds after which a time is one of the calendar's: 1 January 1990.
const CALENDAR: f64 = 631_152_000.0;

shapes! {
    /// An attempt, or the end of a task.
    pub struct Step {
        /// When it ended.
        pub at: String,
        /// What happened.
        pub what: String,
    }

    /// A dead letter.
    pub struct Letter {
        /// The task's key.
        pub key: String,
        /// Why it is one.
        pub reason: String,
        /// Attempts made.
        pub attempts: f64,
        /// When it died.
        pub died: String,
        /// The last error.
        pub error: String,
        /// What the task was to do, as JSON.
        pub payload: Option<String>,
        /// What happened to it.
        pub history: Vec<Step>,
    }

    /// Dead letters that died of the same.
    pub struct LetterGroup {
        /// The reason in words.
        pub reason: String,
        /// The last error.
        pub error: String,
        /// How many there are.
        pub count: f64,
        /// When the first and the last of them died.
        pub span: String,
        /// Some of them.
        pub letters: Vec<Letter>,
    }

    /// All dead letters.
    pub struct LetterList {
        /// How many there are.
        pub count: f64,
        /// How many of them are in the groups: a run keeps the histories of so many tasks.
        pub grouped: f64,
        /// By why they died, the largest group first.
        pub groups: Vec<LetterGroup>,
        /// How many died in each of equal spans of time.
        pub over_time: Floats,
        /// Which lines of a file are not letters, and why the first is not.
        pub damaged: Option<String>,
    }
}

/// Letters with the second in which each died.
fn list(count: f64, letters: Vec<(f64, Letter)>) -> LetterList {
    let grouped = letters.len() as f64;
    let mut groups: Vec<(LetterGroup, f64, f64)> = Vec::new();
    for (at, letter) in letters {
        let known = groups
            .iter_mut()
            .find(|(group, ..)| group.reason == letter.reason && group.error == letter.error);
        match known {
            Some((group, first, last)) => {
                group.count += 1.0;
                (*first, *last) = (first.min(at), last.max(at));
                if group.letters.len() < LISTED {
                    group.letters.push(letter);
                }
            }
            None => {
                let (reason, error) = (letter.reason.clone(), letter.error.clone());
                let letters = vec![letter];
                let group = LetterGroup { reason, error, count: 1.0, span: String::new(), letters };
                groups.push((group, at, at));
            }
        }
    }
    let mut groups: Vec<LetterGroup> = groups
        .into_iter()
        .map(|(mut group, first, last)| {
            let (first, last) = (moment(first), moment(last));
            group.span = if first == last { first } else { format!("{first} to {last}") };
            group
        })
        .collect();
    groups.sort_by(|a, b| b.count.total_cmp(&a.count));
    LetterList { count, grouped, groups, over_time: Floats::default(), damaged: None }
}

/// A time of a run, or of the calendar.
fn moment(at: f64) -> String {
    if at < CALENDAR { seconds(at) } else { calendar(at) }
}

/// `2026-11-28 09:30:00 UTC`, by the civil calendar (days from 1 March of a year that 400 divides).
fn calendar(at: f64) -> String {
    let whole = at as u64;
    let (days, second) = (whole / 86_400 + 719_468, whole % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    let year = year + era * 400 + next;
    format!("{year}-{month:02}-{date:02} {hour:02}:{minute:02}:{:02} UTC", second % 60)
}

impl Run {
    /// The dead letters that are left at the end.
    #[must_use]
    pub fn letters(&self) -> LetterList {
        let rows = self.outcome.raster.rows.iter();
        let ends = |key: u64| {
            let place =
                self.outcome.records.binary_search_by_key(&key, |record| record.key).ok()?;
            self.outcome.records.get(place).map(|record| record.end)
        };
        let letters = rows.filter_map(|row| own_letter(row, ends(row.key).unwrap_or("exhausted")));
        list(self.outcome.summary.dead_letters(), letters.collect())
    }
}

fn own_letter(row: &Row, reason: &str) -> Option<(f64, Letter)> {
    let (died, Mark::Dead) = row.marks.last()? else { return None };
    let step = |((at, mark), why): (&(redrive::Time, Mark), &&str)| Step {
        at: seconds(at.as_secs_f64()),
        what: word(*mark, why).to_owned(),
    };
    let history: Vec<Step> = row.marks.iter().zip(&row.why).map(step).collect();
    let letter = Letter {
        key: row.key.to_string(),
        reason: words::reason(reason),
        attempts: row.marks.iter().filter(|(_, mark)| *mark != Mark::Dead).count() as f64,
        died: seconds(died.as_secs_f64()),
        error: history.iter().rev().nth(1).map_or("failed", |step| &step.what).to_owned(),
        payload: None,
        history,
    };
    Some((died.as_secs_f64(), letter))
}

/// What happened, as somebody who reads a log would say it.
fn word(mark: Mark, why: &str) -> &'static str {
    match (mark, why) {
        (Mark::Succeeded, _) => "succeeded",
        (Mark::Dead, _) => "dead-lettered",
        (_, "connection") => "connection refused",
        (_, "reset") => "the connection broke off",
        (_, "error") => "500 error of the server",
        (_, "overloaded") => "503 no room in the queue",
        (_, "throttle") => "429 too many requests",
        (_, "timeout") => "no answer in time",
        (_, "poison") => "400 poison: can never succeed",
        (_, "downstream") => "502 the next layer failed",
        (_, "breaker") => "the breaker was open",
        (_, "clientThrottle") => "held back by the client's throttle",
        (_, "conflict") => "409 somebody else wrote first",
        (Mark::TimedOut, _) => "timed out",
        (Mark::Rejected, _) => "rejected",
        (Mark::Failed, _) => "failed",
    }
}

/// A file of dead letters (NDJSON), as the page lists its own: read as the command line reads it, what is
/// not a letter set aside.
#[must_use]
pub fn letters_of_file(bytes: &[u8]) -> LetterList {
    let file = LetterFile::read(bytes);
    let each = |letter: &DeadLetter| (letter.died_at.as_secs_f64(), foreign_letter(letter));
    let mut list = list(file.letters.len() as f64, file.letters.iter().map(each).collect());
    list.damaged = file.damaged.first().map(|first| {
        let lines =
            counted(file.damaged.len() as u64, "line is not a letter", "lines are not letters");
        told(&format!("{lines}; line {}: {}", first.line, first.why))
    });
    list
}

fn foreign_letter(letter: &DeadLetter) -> Letter {
    let step = |record: &AttemptRecord| Step {
        at: moment(record.ended.as_secs_f64()),
        what: told(&format!("{}: {}", record.failure.kind(), record.failure.message())),
    };
    let error = letter.last_error();
    Letter {
        key: told(&letter.key.to_string()),
        reason: told(&words::reason(letter.reason.as_str())),
        attempts: letter.total_attempts() as f64,
        died: moment(letter.died_at.as_secs_f64()),
        error: error.map_or_else(String::new, |failure| told(failure.message())),
        payload: (letter.payload != Value::Null).then(|| told(&letter.payload.to_string())),
        history: letter.history.iter().map(step).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_failure_has_words_of_its_own() {
        let kinds: Vec<_> = redrive_sim::outcome::failure_kinds().collect();
        let words: std::collections::BTreeSet<_> =
            kinds.iter().map(|kind| word(Mark::Failed, kind)).collect();
        assert_eq!(words.len(), kinds.len());
        assert!(!words.contains(word(Mark::Failed, "unheard of")));
    }

    #[test]
    fn what_is_hidden_in_a_letter_of_a_file_is_shown() {
        let line = "{\"schema\":\"redrive-dead-letter/1\",\"diedAtNs\":1,\"key\":\"a\\u202eb\",\"reason\":\"exhausted\",\"payload\":\"c\\u200bd\"}\n\
                    {\"a\": 1\n{\"schema\":\"\\u202e\"}\n";
        let list = letters_of_file(line.as_bytes());
        let letter = &list.groups[0].letters[0];
        assert_eq!(letter.key, "a\\u{202e}b");
        assert!(letter.payload.as_ref().is_some_and(|payload| !payload.contains('\u{200b}')));
        let damaged = list.damaged.unwrap();
        assert!(damaged.starts_with("2 lines are not letters; line 2: "), "{damaged}");
        assert!(!damaged.contains('\u{202e}'), "{damaged}");
    }

    #[test]
    fn times_of_real_files_are_dates() {
        assert_eq!(moment(62.5), "1 min 3 s");
        assert_eq!(moment(1_795_946_000.0), "2026-11-29 09:53:20 UTC");
        assert_eq!(moment(951_782_400.0), "2000-02-29 00:00:00 UTC");
    }
}
