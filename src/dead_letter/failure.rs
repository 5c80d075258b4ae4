//! What went wrong: one failure, one attempt, and the bounded history of a task.

use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use core::fmt;

use crate::time::{Duration, Time, nanos};

/// The longest kind or code, in bytes: class names, status codes. (Faktory bounds its error type at
/// 100 characters.)
pub const MAX_KIND: usize = 128;

/// The longest message, in bytes: the first lines of an error, not its dump. Sidekiq keeps 10,000
/// characters and Faktory 1,000; ten remembered attempts make the smaller one enough.
pub const MAX_MESSAGE: usize = 1024;

/// How many attempts a task remembers unless told otherwise: every attempt of all common policies
/// (`SDK`s make 3 to 5, Kafka's default 10), in at most a few kilobytes.
pub const DEFAULT_HISTORY: u32 = 10;

/// Why one attempt failed, in words that a policy can classify and a person can read.
///
/// Texts are bounded ([`MAX_KIND`], [`MAX_MESSAGE`]) and cut at a character, with `…` at the cut: a
/// remote system that answers with a page of HTML must not fill the dead-letter queue. One pointer:
/// cloning copies no text.
///
/// ```
/// use redrive::{Duration, Failure};
///
/// let failure = Failure::new("throttle", "slow down, order 17")
///     .with_code("429")
///     .with_retry_after(Duration::from_secs(3));
/// assert_eq!(failure.to_string(), "throttle (429): slow down, order 17");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(Arc<Parts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    /// Kind, message and code, one after the other.
    text: Box<str>,
    kind: u16,
    message: u16,
    has_code: bool,
    retry_after: Option<Duration>,
}

impl Failure {
    /// A failure of the class `kind` ("timeout", "validation", an exception's name): what the
    /// policy's `classify` rules match.
    pub fn new(kind: &str, message: &str) -> Failure {
        Failure::of(kind, message, None, None)
    }

    fn of(kind: &str, message: &str, code: Option<&str>, retry_after: Option<Duration>) -> Failure {
        let longest = kind.len().min(MAX_KIND) + message.len().min(MAX_MESSAGE);
        let code_length = code.map_or(0, |code| code.len().min(MAX_KIND));
        let mut text = String::with_capacity(longest + code_length);
        push_cut(&mut text, kind, MAX_KIND);
        let kind = text.len();
        push_cut(&mut text, message, MAX_MESSAGE);
        let message = text.len() - kind;
        push_cut(&mut text, code.unwrap_or_default(), MAX_KIND);
        Failure(Arc::new(Parts {
            text: text.into(),
            // Both were cut to less than that.
            kind: kind as u16,
            message: message as u16,
            has_code: code.is_some(),
            retry_after,
        }))
    }

    /// The same with a code of the failing system ("429", "ECONNRESET").
    #[must_use]
    pub fn with_code(self, code: &str) -> Failure {
        Failure::of(self.kind(), self.message(), Some(code), self.0.retry_after)
    }

    /// The same with the wait that the failing system asked for.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Failure {
        Arc::make_mut(&mut self.0).retry_after = Some(Duration::from_nanos(nanos(wait)));
        self
    }

    /// The class.
    pub fn kind(&self) -> &str {
        self.part(0, self.0.kind.into())
    }

    /// What happened, for people.
    pub fn message(&self) -> &str {
        let start = usize::from(self.0.kind);
        self.part(start, start + usize::from(self.0.message))
    }

    /// The code of the failing system.
    pub fn code(&self) -> Option<&str> {
        let start = usize::from(self.0.kind) + usize::from(self.0.message);
        self.0.has_code.then(|| self.part(start, self.0.text.len()))
    }

    /// The wait that the failing system asked for.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    fn part(&self, start: usize, end: usize) -> &str {
        self.0.text.get(start..end).unwrap_or_default()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        if let Some(code) = self.code() {
            write!(f, " ({code})")?;
        }
        if !self.message().is_empty() {
            write!(f, ": {}", self.message())?;
        }
        Ok(())
    }
}

/// Adds `text`, or as much of it as fits into `limit` bytes with `…` after it.
fn push_cut(out: &mut String, text: &str, limit: usize) {
    const MARK: &str = "…";
    if text.len() <= limit {
        return out.push_str(text);
    }
    let mut end = limit - MARK.len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    out.push_str(&text[..end]);
    out.push_str(MARK);
}

/// One failed attempt, as the history keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRecord {
    /// Which execution of the task it was, from 1.
    pub attempt: u32,
    /// When it started.
    pub started: Time,
    /// When its failure was known.
    pub ended: Time,
    /// The wait before it, as the policy gave it.
    pub delay: Duration,
    /// Why it failed.
    pub failure: Failure,
}

/// The last failed attempts of a task, oldest first, over all its lives.
///
/// Bounded: the newest stay, and how many were forgotten is counted. Headers that grow with every
/// redrive until no broker takes the message are a known fault of this trade (Spring Kafka #1996).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// A few, so that moving them up when the oldest is forgotten costs less than a ring's bookkeeping.
    records: Vec<AttemptRecord>,
    forgotten: u64,
}

impl History {
    /// That of a task of which no attempt failed yet.
    pub const fn new() -> History {
        History { records: Vec::new(), forgotten: 0 }
    }

    /// Adds the newest attempt and forgets what is beyond `limit` (at least the newest stays).
    pub fn push(&mut self, record: AttemptRecord, limit: u32) {
        let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        let excess = (self.records.len() + 1).saturating_sub(limit);
        if excess > 0 {
            self.records.drain(..excess);
            self.forgotten = self.forgotten.saturating_add(excess as u64);
        }
        // Most tasks fail once: room for four would be most of what they weigh.
        if self.records.is_empty() {
            self.records.reserve_exact(1);
        }
        self.records.push(record);
    }

    /// The remembered attempts, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &AttemptRecord> + ExactSizeIterator {
        self.records.iter()
    }

    /// The oldest remembered attempt.
    pub fn first(&self) -> Option<&AttemptRecord> {
        self.records.first()
    }

    /// The newest attempt.
    pub fn last(&self) -> Option<&AttemptRecord> {
        self.records.last()
    }

    /// How many attempts are remembered.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether no attempt failed yet.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many older attempts were forgotten.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Moves all times by as much as `move_time` does.
    pub(crate) fn rebase(&mut self, move_time: impl Fn(Time) -> Time) {
        for record in &mut self.records {
            record.started = move_time(record.started);
            record.ended = move_time(record.ended);
        }
    }

    pub(crate) fn from_parts(records: Vec<AttemptRecord>, forgotten: u64) -> History {
        History { records, forgotten }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let long = "ä".repeat(MAX_MESSAGE);
        let failure = Failure::new(&long, &long).with_code(&long);
        assert!(
            failure.message().len() <= MAX_MESSAGE && failure.message().len() > MAX_MESSAGE - 2
        );
        assert!(failure.message().ends_with("ä…"));
        assert!(failure.kind().len() <= MAX_KIND && failure.code().unwrap().len() <= MAX_KIND);
        let again =
            Failure::new(failure.kind(), failure.message()).with_code(failure.code().unwrap());
        assert_eq!(again, failure, "cutting twice cuts nothing more");
        let fits = "x".repeat(MAX_MESSAGE);
        assert_eq!(Failure::new("", &fits).message(), fits);
    }

    #[test]
    fn the_history_keeps_the_newest_and_counts_the_rest() {
        let mut history = History::default();
        for attempt in 1..=5 {
            let record = AttemptRecord {
                attempt,
                started: Time::ZERO,
                ended: Time::ZERO,
                delay: Duration::ZERO,
                failure: Failure::new("timeout", &attempt.to_string()),
            };
            history.push(record, 2);
        }
        assert_eq!(history.iter().map(|r| r.attempt).collect::<Vec<_>>(), [4, 5]);
        assert_eq!((history.len(), history.forgotten()), (2, 3));
        assert_eq!(history.last().unwrap().failure.message(), "5");
    }
}
