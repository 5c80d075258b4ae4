//! CoDel, the queue that drops by waiting time (RFC 8289): as long as even the shortest wait of an
//! interval stays above the target, it drops from the front, faster and faster.

use std::collections::VecDeque;

/// The state of a CoDel queue beside the queue itself.
pub(crate) struct Codel {
    target: u64,
    interval: u64,
    /// When each waiting request came.
    joined: VecDeque<u64>,
    /// When the wait will have been above the target for an interval; 0: it is not above.
    first_above: u64,
    drop_next: u64,
    drops: u32,
    dropping: bool,
}

impl Codel {
    pub(crate) fn new(target: u64, interval: u64) -> Self {
        Self {
            target,
            interval,
            joined: VecDeque::new(),
            first_above: 0,
            drop_next: 0,
            drops: 0,
            dropping: false,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.joined.capacity() * 8
    }

    pub(crate) fn joined(&mut self, now: u64) {
        self.joined.push_back(now);
    }

    /// The first request leaves the queue: is it dropped?
    pub(crate) fn leaves(&mut self, now: u64, last: bool) -> bool {
        let Some(joined) = self.joined.pop_front() else { return false };
        let above = self.stays_above(now, now - joined, last);
        if self.dropping {
            if !above {
                self.dropping = false;
                return false;
            }
            if now < self.drop_next {
                return false;
            }
            self.drops += 1;
            self.drop_next = self.drop_next.saturating_add(self.pause());
            return true;
        }
        if !above {
            return false;
        }
        self.dropping = true;
        // Soon after the last time, go on with the rate at which that ended.
        let recent = now < self.drop_next.saturating_add(8 * self.interval);
        self.drops = if recent && self.drops > 2 { self.drops - 2 } else { 1 };
        self.drop_next = now.saturating_add(self.pause());
        true
    }

    /// interval / sqrt(drops).
    fn pause(&self) -> u64 {
        (self.interval as f64 / libm::sqrt(f64::from(self.drops))) as u64
    }

    fn stays_above(&mut self, now: u64, wait: u64, last: bool) -> bool {
        if wait < self.target || last {
            self.first_above = 0;
            return false;
        }
        if self.first_above == 0 {
            self.first_above = now.saturating_add(self.interval);
            return false;
        }
        now >= self.first_above
    }
}
