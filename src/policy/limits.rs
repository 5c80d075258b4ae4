//! Limits: how often and how long a task is tried.

use core::num::NonZeroU32;

use crate::time::{Duration, nanos};

/// What happens when `maxElapsed` and the next delay meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ElapsedRule {
    /// No retry that would start after the limit: the task ends at once. The default, since a wait
    /// that cannot end in an attempt only delays the dead letter.
    #[default]
    StopIfWouldExceed,
    /// A retry is allowed as long as the limit is not reached when the attempt fails; its delay may
    /// pass the limit (tenacity's `stop_after_delay`).
    StopIfReached,
    /// The last delay is cut so that the last attempt starts at the limit (Failsafe, python-backoff).
    Truncate,
}

impl ElapsedRule {
    pub(crate) const NAMES: [&'static str; 3] = ["stopIfWouldExceed", "stopIfReached", "truncate"];
    pub(crate) const ALL: [ElapsedRule; 3] =
        [Self::StopIfWouldExceed, Self::StopIfReached, Self::Truncate];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// How many attempts, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Maximum attempts, the first included; `None` is unlimited, and needs `max_elapsed` or a caller
    /// that stops the task.
    pub max_attempts: Option<NonZeroU32>,
    /// The time after which nothing is retried.
    pub max_elapsed: Option<Duration>,
    /// What happens at that time.
    pub elapsed_rule: ElapsedRule,
    /// How long one attempt may run.
    pub attempt_timeout: Option<Duration>,
    /// An attempt that ran this long before it failed starts the count anew.
    pub reset_after: Option<Duration>,
}

impl Limits {
    /// Whether an attempt may follow after `attempts` counted ones.
    #[inline]
    pub(crate) fn allows_after(&self, attempts: u32) -> bool {
        self.max_attempts.is_none_or(|max| attempts < max.get())
    }

    /// Whether neither attempts nor time end a task.
    pub(crate) fn is_unbounded(&self) -> bool {
        self.max_attempts.is_none() && self.max_elapsed.is_none()
    }

    /// The part that a verdict needs.
    #[inline]
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline { max: self.max_elapsed.map(nanos), rule: self.elapsed_rule }
    }

    #[inline]
    pub(crate) fn admit(&self, elapsed: u64, delay: u64) -> Option<u64> {
        self.deadline().admit(elapsed, delay)
    }
}

/// The time after which nothing is retried, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    pub(crate) max: Option<u64>,
    pub(crate) rule: ElapsedRule,
}

impl Deadline {
    /// The delay that is left of `delay` when `elapsed` is spent, or `None` when it is too late.
    #[inline]
    pub(crate) fn admit(self, elapsed: u64, delay: u64) -> Option<u64> {
        let Some(max) = self.max else { return Some(delay) };
        // Past the limit nothing is left, not even for a delay of 0.
        let left = max.checked_sub(elapsed)?;
        match self.rule {
            ElapsedRule::StopIfWouldExceed => (delay <= left).then_some(delay),
            ElapsedRule::StopIfReached => (left > 0).then_some(delay),
            ElapsedRule::Truncate => (left > 0).then_some(delay.min(left)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_elapsed_rules_differ_where_the_delay_passes_the_limit() {
        let limits = |elapsed_rule| Limits {
            max_attempts: None,
            max_elapsed: Some(Duration::from_nanos(100)),
            elapsed_rule,
            attempt_timeout: None,
            reset_after: None,
        };
        let stop = limits(ElapsedRule::StopIfWouldExceed);
        assert_eq!(
            [(80, 20), (80, 21), (100, 0), (101, 0)].map(|(e, d)| stop.admit(e, d)),
            [Some(20), None, Some(0), None]
        );
        let reached = limits(ElapsedRule::StopIfReached);
        assert_eq!(
            [(80, 500), (100, 0), (101, 0)].map(|(e, d)| reached.admit(e, d)),
            [Some(500), None, None]
        );
        let truncate = limits(ElapsedRule::Truncate);
        assert_eq!(
            [(80, 500), (80, 5), (100, 5), (101, 0)].map(|(e, d)| truncate.admit(e, d)),
            [Some(20), Some(5), None, None]
        );
    }
}
