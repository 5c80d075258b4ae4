//! What went wrong: one failure, one attempt, and the bounded history of a task.

use alloc::{collections::VecDeque, string::String, sync::Arc};
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
/// remote system that answers with a page of HTML must not fill the dead-letter queue. Cloning copies
/// no text.
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
pub struct Failure {
    kind: Arc<str>,
    message: Arc<str>,
    code: Option<Arc<str>>,
    retry_after: Option<Duration>,
}

impl Failure {
    /// A failure of the class `kind` ("timeout", "validation", an exception's name): what the
    /// policy's `classify` rules match.
    pub fn new(kind: &str, message: &str) -> Failure {
        Failure {
            kind: cut(kind, MAX_KIND),
            message: cut(message, MAX_MESSAGE),
            code: None,
            retry_after: None,
        }
    }

    /// The same with a code of the failing system ("429", "ECONNRESET").
    #[must_use]
    pub fn with_code(mut self, code: &str) -> Failure {
        self.code = Some(cut(code, MAX_KIND));
        self
    }

    /// The same with the wait that the failing system asked for.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Failure {
        self.retry_after = Some(Duration::from_nanos(nanos(wait)));
        self
    }

    /// The class.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What happened, for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The code of the failing system.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The wait that the failing system asked for.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if let Some(code) = &self.code {
            write!(f, " ({code})")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

/// `text`, or as much of it as fits into `limit` bytes with `…` after it.
fn cut(text: &str, limit: usize) -> Arc<str> {
    const MARK: &str = "…";
    if text.len() <= limit {
        return text.into();
    }
    let mut end = limit - MARK.len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut short = String::with_capacity(limit);
    short.push_str(&text[..end]);
    short.push_str(MARK);
    short.into()
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
    records: VecDeque<AttemptRecord>,
    forgotten: u64,
}

impl History {
    /// Adds the newest attempt and forgets what is beyond `limit` (at least the newest stays).
    pub fn push(&mut self, record: AttemptRecord, limit: u32) {
        let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        while self.records.len() >= limit {
            self.records.pop_front();
            self.forgotten = self.forgotten.saturating_add(1);
        }
        self.records.push_back(record);
    }

    /// The remembered attempts, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &AttemptRecord> + ExactSizeIterator {
        self.records.iter()
    }

    /// The newest attempt.
    pub fn last(&self) -> Option<&AttemptRecord> {
        self.records.back()
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

    pub(crate) fn from_parts(records: VecDeque<AttemptRecord>, forgotten: u64) -> History {
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
        assert_eq!(history.iter().map(|r| r.attempt).collect::<VecDeque<_>>(), [4, 5]);
        assert_eq!((history.len(), history.forgotten()), (2, 3));
        assert_eq!(history.last().unwrap().failure.message(), "5");
    }
}
