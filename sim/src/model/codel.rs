//! CoDel, the queue that drops by waiting time (RFC 8289): while even the shortest wait of an
//! interval stays above the target, it drops from the front, the n-th drop interval / sqrt(n) after
//! the one before; and when it has to begin again soon, it goes on at the rate that was needed last.
//!
//! A packet is a request here, so that `MAXPACKET` is one request: the last one that waits is never
//! dropped. The RFC's `dequeue` drops in a loop; here the tier takes one request after the other and
//! asks what becomes of it, and `after` says where in the loop it is.

use std::collections::VecDeque;

/// What the last request was, in the RFC's `dequeue` that is going on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    /// It was served: a new `dequeue` begins.
    Service,
    /// It was dropped, the first of a dropping state: the next one is served whatever its wait.
    FirstDrop,
    /// It was dropped in the loop.
    Drop,
}

/// The state of a CoDel queue beside the queue itself.
pub(crate) struct Codel {
    target: u64,
    interval: u64,
    /// When each waiting request came.
    joined: VecDeque<u64>,
    /// When the wait will have been above the target for an interval; 0: it is not above.
    first_above: u64,
    drop_next: u64,
    count: u32,
    last_count: u32,
    dropping: bool,
    after: After,
}

impl Codel {
    pub(crate) fn new(target: u64, interval: u64) -> Self {
        Self {
            target,
            interval,
            joined: VecDeque::new(),
            first_above: 0,
            drop_next: 0,
            count: 0,
            last_count: 0,
            dropping: false,
            after: After::Service,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.joined.capacity() * 8
    }

    pub(crate) fn joined(&mut self, now: u64) {
        self.joined.push_back(now);
    }

    /// All that waited is gone.
    pub(crate) fn clear(&mut self) {
        self.joined.clear();
        (self.first_above, self.dropping, self.after) = (0, false, After::Service);
    }

    /// The first request leaves the queue: is it dropped?
    pub(crate) fn leaves(&mut self, now: u64, last: bool) -> bool {
        let Some(joined) = self.joined.pop_front() else { return false };
        let may_drop = self.stays_above(now, now - joined, last);
        self.after = self.dequeue(now, may_drop);
        self.after != After::Service
    }

    fn dequeue(&mut self, now: u64, may_drop: bool) -> After {
        match self.after {
            After::FirstDrop => return After::Service,
            After::Drop if may_drop => self.drop_next = self.law(self.drop_next),
            After::Drop | After::Service => {}
        }
        if self.dropping {
            self.dropping = may_drop;
            if !may_drop || now < self.drop_next {
                return After::Service;
            }
            self.count = self.count.saturating_add(1);
            return After::Drop;
        }
        if !may_drop {
            return After::Service;
        }
        self.dropping = true;
        // Soon after the last time, the rate that controlled the queue then is a good start.
        let delta = self.count.saturating_sub(self.last_count);
        let recent = now < self.drop_next.saturating_add(16 * self.interval);
        self.count = if recent && delta > 1 { delta } else { 1 };
        self.last_count = self.count;
        self.drop_next = self.law(now);
        After::FirstDrop
    }

    /// The control law: interval / sqrt(count) later.
    fn law(&self, time: u64) -> u64 {
        time.saturating_add((self.interval as f64 / libm::sqrt(f64::from(self.count))) as u64)
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
