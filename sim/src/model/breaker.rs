//! A circuit breaker: too many failures, and nothing is tried for a while.

use redrive::time::nanos;

use crate::scenario::Breaker;

/// The breaker of one client.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Circuit {
    /// Attempts and failures in this half of the window and in the one before.
    now: (u32, u32),
    before: (u32, u32),
    half: u64,
    open_until: u64,
    probing: bool,
}

impl Circuit {
    /// Whether an attempt may be made; an open breaker lets one probe pass when its time is over.
    pub(crate) fn allows(&mut self, rule: &Breaker, now: u64) -> bool {
        if rule.open_for.is_none() {
            return !self.is_tripped(rule, now);
        }
        if self.open_until == 0 {
            return true;
        }
        if now < self.open_until || self.probing {
            return false;
        }
        self.probing = true;
        true
    }

    /// Whether the share of failures is above the threshold.
    pub(crate) fn is_tripped(&mut self, rule: &Breaker, now: u64) -> bool {
        self.turn(rule, now);
        let (calls, failures) = (self.now.0 + self.before.0, self.now.1 + self.before.1);
        calls >= rule.min_calls && f64::from(failures) > rule.threshold * f64::from(calls)
    }

    /// An attempt ended.
    pub(crate) fn record(&mut self, rule: &Breaker, now: u64, failed: bool) {
        self.turn(rule, now);
        self.now.0 = self.now.0.saturating_add(1);
        self.now.1 = self.now.1.saturating_add(u32::from(failed));
        let Some(open_for) = rule.open_for else { return };
        if self.probing {
            self.probing = false;
            if failed {
                self.open_until = now.saturating_add(nanos(open_for)).max(1);
            } else {
                *self = Self { half: self.half, ..Self::default() };
            }
        } else if self.open_until == 0 && self.is_tripped(rule, now) {
            self.open_until = now.saturating_add(nanos(open_for)).max(1);
        }
    }

    /// Forgets what is older than the window, by halves.
    fn turn(&mut self, rule: &Breaker, now: u64) {
        let Some(window) = rule.window else { return };
        let half = now / (nanos(window) / 2).max(1);
        if half > self.half {
            self.before = if half == self.half + 1 { self.now } else { (0, 0) };
            self.now = (0, 0);
            self.half = half;
        }
    }
}

#[cfg(test)]
mod tests {
    use redrive::Duration;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn rule(window: Option<u64>, open_for: Option<u64>) -> Breaker {
        Breaker {
            threshold: 0.5,
            min_calls: 4,
            window: window.map(Duration::from_secs),
            open_for: open_for.map(Duration::from_secs),
            retries_only: open_for.is_none(),
        }
    }

    #[test]
    fn it_opens_above_the_threshold_and_closes_after_a_good_probe() {
        let (rule, mut circuit) = (rule(None, Some(10)), Circuit::default());
        for _ in 0..3 {
            circuit.record(&rule, 1, true);
            assert!(circuit.allows(&rule, 1), "three calls are too few to judge");
        }
        circuit.record(&rule, 1, true);
        assert!(!circuit.allows(&rule, 2));
        assert!(circuit.allows(&rule, 11 * SECOND), "the probe");
        assert!(!circuit.allows(&rule, 11 * SECOND), "only one");
        circuit.record(&rule, 12 * SECOND, true);
        assert!(!circuit.allows(&rule, 21 * SECOND), "open again for ten seconds");
        assert!(circuit.allows(&rule, 22 * SECOND));
        circuit.record(&rule, 23 * SECOND, false);
        assert!(circuit.allows(&rule, 23 * SECOND));
    }

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let (rule, mut circuit) = (rule(Some(10), None), Circuit::default());
        for _ in 0..8 {
            circuit.record(&rule, SECOND, true);
        }
        assert!(!circuit.allows(&rule, 9 * SECOND));
        assert!(circuit.allows(&rule, 10 * SECOND));
    }
}
