//! Where a task is, why it ended, what the policy says.

use core::fmt;

use crate::time::{Duration, Time, format_duration};

/// Why a task is a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// All attempts were used.
    Exhausted,
    /// `maxElapsed` was, or would have been, passed; or a server asked for a longer wait than
    /// `retryAfter.max` and the policy gives up then.
    DeadlineExceeded,
    /// A rule says that this kind of failure never gets better.
    Permanent,
    /// The shared budget refused the retry.
    BudgetExhausted,
    /// The task's own time to live ended before it succeeded.
    Expired,
    /// The process died while an attempt ran.
    Crashed,
}

impl Reason {
    /// Every reason.
    pub const ALL: &'static [Reason] = &[
        Self::Exhausted,
        Self::DeadlineExceeded,
        Self::Permanent,
        Self::BudgetExhausted,
        Self::Expired,
        Self::Crashed,
    ];
    /// Their names on the wire, in the same order.
    pub(crate) const NAMES: [&'static str; Self::ALL.len()] =
        ["exhausted", "deadlineExceeded", "permanent", "budgetExhausted", "expired", "crashed"];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The reason of that name.
    pub fn parse(name: &str) -> Option<Reason> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == name)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Not yet started.
    Ready,
    /// An attempt runs.
    Running,
    /// Waiting for the next attempt.
    Waiting {
        /// When that may start.
        until: Time,
    },
    /// Over: an attempt succeeded.
    Succeeded,
    /// Over: the caller gave it up.
    Cancelled,
    /// Over: a rule dropped it.
    Discarded,
    /// Over: a rule ended it as failed, without a dead letter.
    Failed,
    /// Over: a dead letter.
    Dead(Reason),
}

impl State {
    /// Whether the task is over.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Ready | Self::Running | Self::Waiting { .. })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("ready"),
            Self::Running => f.write_str("running"),
            Self::Waiting { until } => write!(f, "waiting until {until}"),
            Self::Succeeded => f.write_str("succeeded"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::Discarded => f.write_str("discarded"),
            Self::Failed => f.write_str("failed"),
            Self::Dead(reason) => write!(f, "dead: {reason}"),
        }
    }
}

/// What the policy says after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a verdict that is not carried out loses the task"]
pub enum Verdict {
    /// Try again.
    Retry {
        /// When.
        at: Time,
        /// How long that is from now.
        delay: Duration,
    },
    /// Put it in the dead-letter queue.
    DeadLetter(Reason),
    /// Drop it.
    Discard,
    /// End it as failed.
    Fail,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry { delay, .. } => write!(f, "retry in {}", format_duration(*delay)),
            Self::DeadLetter(reason) => write!(f, "dead letter: {reason}"),
            Self::Discard => f.write_str("discard"),
            Self::Fail => f.write_str("fail"),
        }
    }
}

/// A verdict other than a retry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    Dead(Reason),
    Discarded,
    Failed,
}

impl From<Ending> for Verdict {
    fn from(ending: Ending) -> Verdict {
        match ending {
            Ending::Dead(reason) => Self::DeadLetter(reason),
            Ending::Discarded => Self::Discard,
            Ending::Failed => Self::Fail,
        }
    }
}

/// A call that does not fit the task's state. The task is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskError {
    /// An attempt already runs: finish it first.
    AlreadyRunning,
    /// No attempt runs: start one first.
    NotRunning,
    /// The task is over.
    Finished,
    /// It is too early for the next attempt.
    TooEarly {
        /// When it may start.
        until: Time,
    },
    /// Attempt 2^32 - 1 has been made: the count ends there.
    TooManyAttempts,
    /// The failure was classified by a policy with other rules.
    ClassOfOtherRules,
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyRunning => f.write_str("an attempt is already running; finish it first"),
            Self::NotRunning => f.write_str("no attempt is running; start one first"),
            Self::Finished => {
                f.write_str("the task is over; redrive its dead letter or submit a new one")
            }
            Self::TooEarly { until } => write!(f, "the next attempt may not start before {until}"),
            Self::TooManyAttempts => {
                f.write_str("attempt 4294967295 has been made; there is none after it")
            }
            Self::ClassOfOtherRules => f.write_str(
                "the failure was classified by a policy with other rules; use classify of this one",
            ),
        }
    }
}

impl core::error::Error for TaskError {}
