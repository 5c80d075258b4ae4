//! What is left when no further attempt follows.

use alloc::{boxed::Box, vec::Vec};
use core::{error::Error, fmt};

use crate::{
    DeadLetter, Key,
    task::{Reason, Verdict},
    time::{Duration, format_duration},
};

/// How many errors before the last are kept: a task that is retried for days must not grow.
pub(crate) const EARLIER: usize = 31;

/// The attempt ran for longer than the policy's `attemptTimeout`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptTimedOut {
    /// The limit.
    pub limit: Duration,
}

impl fmt::Display for AttemptTimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the attempt ran for longer than {}", format_duration(self.limit))
    }
}

impl Error for AttemptTimedOut {}

#[cfg(feature = "std")]
impl From<AttemptTimedOut> for std::io::Error {
    fn from(timeout: AttemptTimedOut) -> std::io::Error {
        std::io::Error::new(std::io::ErrorKind::TimedOut, timeout)
    }
}

/// Why one attempt failed: with the error of the call, or because it took too long.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause<E> {
    /// The call's own error.
    Error(E),
    /// It was stopped by the policy's `attemptTimeout`.
    TimedOut(AttemptTimedOut),
}

impl<E> Cause<E> {
    /// The call's own error, unless the attempt timed out.
    pub fn error(&self) -> Option<&E> {
        match self {
            Cause::Error(error) => Some(error),
            Cause::TimedOut(_) => None,
        }
    }
}

impl<E: From<AttemptTimedOut>> Cause<E> {
    /// The error itself; a timeout as the error that it converts to.
    pub fn into_error(self) -> E {
        match self {
            Cause::Error(error) => error,
            Cause::TimedOut(timeout) => timeout.into(),
        }
    }
}

impl<E: fmt::Display> fmt::Display for Cause<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Error(error) => error.fmt(f),
            Cause::TimedOut(timeout) => timeout.fmt(f),
        }
    }
}

/// No further attempt follows: the last error, why it was the last, and what came before it.
///
/// It is an [`Error`] whose [`source`](Error::source) is the last error, so a report of the chain shows
/// what the call said.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GaveUp<E> {
    /// Why the last attempt failed.
    pub cause: Cause<E>,
    /// Why the attempts before it failed, oldest first; the newest 31 of them.
    pub earlier: Vec<Cause<E>>,
    /// Attempts made.
    pub attempts: u32,
    /// Why no further attempt follows; none where a rule of the policy says `fail` or `discard`.
    pub reason: Option<Reason>,
    /// From the start of the first attempt to the end of the last.
    pub elapsed: Duration,
    /// The seed of the delays.
    pub seed: u64,
    /// The task's key.
    pub key: Key,
    /// The dead letter, where the queue refused it (it is full): it is nowhere else.
    pub unsaved: Option<Box<DeadLetter>>,
}

impl<E> GaveUp<E> {
    /// The call's own last error, unless the last attempt timed out.
    pub fn error(&self) -> Option<&E> {
        self.cause.error()
    }
}

impl<E: fmt::Display> fmt::Display for GaveUp<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attempts = self.attempts;
        let plural = if attempts == 1 { "" } else { "s" };
        let why = self.reason.map_or("a rule of the policy ends it", Reason::as_str);
        write!(f, "gave up after {attempts} attempt{plural} ({why}): {}", self.cause)
    }
}

impl<E: Error + 'static> Error for GaveUp<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Cause::Error(error) => Some(error),
            Cause::TimedOut(timeout) => Some(timeout),
        }
    }
}

/// The reason in a verdict that ends a task.
pub(crate) fn reason_of(verdict: Verdict) -> Option<Reason> {
    match verdict {
        Verdict::DeadLetter(reason) => Some(reason),
        Verdict::Retry { .. } | Verdict::Discard | Verdict::Fail => None,
    }
}
