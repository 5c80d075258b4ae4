//! Retry-After: how a server's hint changes the delay.

use super::{jitter::Spread, kinds::Jitter};
use crate::{
    random::Draws,
    time::{Duration, nanos},
};

/// How a server's hint is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HintMode {
    /// The longer of our delay and the hint. The default: never earlier than the server asked, never
    /// more eager than the policy.
    #[default]
    AtLeast,
    /// The hint instead of our delay (gRPC, Temporal).
    Replace,
    /// The hint, held within our delay and our delay plus `max` (AWS: 5 s).
    Clamp,
    /// Nothing.
    Ignore,
}

impl HintMode {
    pub(crate) const NAMES: [&'static str; 4] = ["atLeast", "replace", "clamp", "ignore"];
    pub(crate) const ALL: [HintMode; 4] = [Self::AtLeast, Self::Replace, Self::Clamp, Self::Ignore];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// What becomes of a hint that is longer than is believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenLonger {
    /// It counts as the longest that is believed: the task is retried, earlier than the server asked.
    /// The default, since a task in a queue has nothing to lose by asking again.
    #[default]
    Cap,
    /// The task ends with the reason [`DeadlineExceeded`](crate::task::Reason::DeadlineExceeded): no
    /// retry is late enough for the server and early enough for the policy. No retry comes earlier than
    /// the server asked, whatever the hint's jitter and the rule for `maxElapsed` say.
    GiveUp,
}

impl WhenLonger {
    pub(crate) const NAMES: [&'static str; 2] = ["cap", "giveUp"];
    pub(crate) const ALL: [WhenLonger; 2] = [Self::Cap, Self::GiveUp];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// The rule for Retry-After. `maxDelay` does not bound a hint: the server knows why; `max` does.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RetryAfter {
    /// How the hint is used.
    pub mode: HintMode,
    /// The longest hint that is believed; in the mode [`Clamp`](HintMode::Clamp) how much a hint may
    /// add.
    pub max: Duration,
    /// What becomes of a longer one.
    pub when_longer: WhenLonger,
    /// The hint's own jitter. A server that tells a thousand clients "600 s" makes a herd of them, so
    /// by default up to a tenth is added, and nothing is ever taken off.
    pub jitter: Jitter,
}

impl RetryAfter {
    /// A rule with that mode, and the other fields as by default.
    pub fn new(mode: HintMode) -> RetryAfter {
        RetryAfter { mode, ..RetryAfter::default() }
    }

    /// The rule of systems that do not read Retry-After.
    pub fn ignored() -> RetryAfter {
        RetryAfter::new(HintMode::Ignore)
    }

    /// The same with another limit. Default: five minutes.
    #[must_use]
    pub fn max(mut self, max: Duration) -> RetryAfter {
        self.max = max;
        self
    }

    /// The same with another fate for longer ones. Default: they count as `max`.
    #[must_use]
    pub fn when_longer(mut self, when_longer: WhenLonger) -> RetryAfter {
        self.when_longer = when_longer;
        self
    }

    /// The same with another jitter. Default: up to a tenth is added.
    #[must_use]
    pub fn jitter(mut self, jitter: Jitter) -> RetryAfter {
        self.jitter = jitter;
        self
    }
}

impl Default for RetryAfter {
    fn default() -> RetryAfter {
        RetryAfter {
            mode: HintMode::AtLeast,
            max: Duration::from_secs(300),
            when_longer: WhenLonger::Cap,
            jitter: Jitter::Proportional { factor: 0.1 },
        }
    }
}

/// The rule compiled to nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hinting {
    pub(super) mode: HintMode,
    pub(super) max: u64,
    pub(super) when_longer: WhenLonger,
    pub(super) spread: Spread,
}

impl Hinting {
    pub(super) fn new(rule: &RetryAfter) -> Hinting {
        Hinting {
            mode: rule.mode,
            max: nanos(rule.max),
            when_longer: rule.when_longer,
            spread: Spread::new(&rule.jitter),
        }
    }

    /// The earliest that a retry may come after the server asked for `hint`, or `None` if that is later
    /// than the policy would wait; `delay` is its own delay.
    #[inline]
    pub(crate) fn least(&self, delay: u64, hint: u64) -> Option<u64> {
        if self.when_longer == WhenLonger::Cap || self.mode == HintMode::Ignore {
            return Some(0);
        }
        let own = if self.mode == HintMode::Clamp { delay } else { 0 };
        (hint <= own.saturating_add(self.max)).then_some(hint)
    }

    /// The delay that comes of `delay` when the server asked for `hint`, in nanoseconds.
    pub(crate) fn apply(&self, delay: u64, hint: u64, retry: u32, draws: &mut Draws) -> u64 {
        if self.mode == HintMode::Ignore {
            return delay;
        }
        if self.mode == HintMode::Clamp {
            return hint.clamp(delay, delay.saturating_add(self.max));
        }
        let (low, high) = self.spread.range(hint.min(self.max), retry);
        // The jitter is drawn second at this address: a hint never shifts the policy's own draw.
        draws.next_u64();
        let hint = super::delay::within(low, high, draws.unit());
        match self.mode {
            HintMode::Replace => hint,
            _ => delay.max(hint),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    fn hinting(mode: HintMode, when_longer: WhenLonger) -> Hinting {
        let max = Duration::from_nanos(5_000);
        Hinting::new(&RetryAfter { mode, max, when_longer, ..RetryAfter::default() })
    }

    fn apply(mode: HintMode, delay: u64, hint: u64) -> u64 {
        hinting(mode, WhenLonger::Cap).apply(delay, hint, 1, &mut Stream::new(1).draws(1, 1))
    }

    #[test]
    fn each_mode_treats_a_hint_its_way() {
        assert_eq!(apply(HintMode::Ignore, 100, 900), 100);
        assert!((900..=990).contains(&apply(HintMode::AtLeast, 100, 900)));
        assert_eq!(apply(HintMode::AtLeast, 2_000, 900), 2_000);
        assert!((900..=990).contains(&apply(HintMode::Replace, 2_000, 900)));
        assert_eq!(apply(HintMode::Clamp, 100, 50), 100);
        assert_eq!(apply(HintMode::Clamp, 100, 9_999), 5_100);
        assert!((5_000..=5_500).contains(&apply(HintMode::Replace, 100, u64::MAX)));
    }

    #[test]
    fn a_hint_that_is_longer_than_is_believed_leaves_no_retry_if_told_so() {
        let least = |mode, hint| hinting(mode, WhenLonger::GiveUp).least(100, hint);
        for mode in [HintMode::AtLeast, HintMode::Replace] {
            assert_eq!((least(mode, 5_000), least(mode, 5_001)), (Some(5_000), None));
        }
        assert_eq!(least(HintMode::Clamp, 5_100), Some(5_100));
        assert_eq!(least(HintMode::Clamp, 5_101), None);
        assert_eq!(least(HintMode::Ignore, u64::MAX), Some(0));
        assert_eq!(hinting(HintMode::AtLeast, WhenLonger::Cap).least(100, u64::MAX), Some(0));
    }
}
