//! What is due when: a heap whose timers are let go of lazily.
//!
//! A timer that no longer counts stays in the heap until it comes up, or until half of the heap are such;
//! its stamp no longer fits the task. The first one always counts.

use alloc::{
    collections::{BinaryHeap, VecDeque},
    vec::Vec,
};
use core::cmp::{Ordering, Reverse};

use crate::time::Time;

/// One task, at one time. In order of time, then of the id of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timer {
    pub(crate) at: Time,
    pub(crate) id: u64,
    pub(crate) slot: u32,
    pub(crate) stamp: u32,
}

impl Timer {
    fn place(&self) -> (Time, u64) {
        (self.at, self.id)
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<Timer>>,
    /// Timers of one time and id, whose keys are different texts: in the order of the texts.
    tied: VecDeque<Timer>,
    stale: usize,
}

impl Timers {
    #[inline]
    pub(crate) fn arm(&mut self, timer: Timer) {
        self.heap.push(Reverse(timer));
    }

    /// The first timer.
    #[inline]
    pub(crate) fn first(&self) -> Option<Timer> {
        let heap = self.heap.peek().map(|timer| timer.0);
        match (self.tied.front().copied(), heap) {
            (Some(tied), Some(heap)) if heap.place() < tied.place() => Some(heap),
            (Some(tied), _) => Some(tied),
            (None, heap) => heap,
        }
    }

    /// Takes the first timer if it is due at `now`; `by_key` tells the order of two whose keys share an
    /// id, `counts` whether one still does.
    #[inline]
    pub(crate) fn pop_due(
        &mut self,
        now: Time,
        counts: impl Fn(&Timer) -> bool,
        by_key: impl Fn(&Timer, &Timer) -> Ordering,
    ) -> Option<Timer> {
        let first = self.first().filter(|timer| timer.at <= now)?;
        if self.tied.front() == Some(&first) {
            self.tied.pop_front();
            self.tidy(counts);
            return Some(first);
        }
        self.heap.pop();
        let tied =
            |timers: &Self| timers.heap.peek().is_some_and(|next| next.0.place() == first.place());
        if !tied(self) {
            self.tidy(counts);
            return Some(first);
        }
        let mut same = Vec::from([first]);
        while tied(self) {
            same.extend(self.heap.pop().map(|timer| timer.0));
        }
        let before = same.len();
        same.retain(&counts);
        self.stale = self.stale.saturating_sub(before - same.len());
        same.sort_by(by_key);
        for timer in same.into_iter().rev() {
            self.tied.push_front(timer);
        }
        let first = self.tied.pop_front();
        self.tidy(counts);
        first
    }

    /// One timer counts no longer.
    #[inline]
    pub(crate) fn let_go(&mut self, counts: impl Fn(&Timer) -> bool) {
        self.stale += 1;
        if self.stale > 64 && self.stale * 2 > self.heap.len() {
            self.heap.retain(|timer| counts(&timer.0));
            self.tied.retain(&counts);
            self.stale = 0;
        }
        self.tidy(counts);
    }

    /// Sees to it that the first timer counts.
    #[inline]
    fn tidy(&mut self, counts: impl Fn(&Timer) -> bool) {
        if self.stale == 0 {
            return;
        }
        while let Some(timer) = self.tied.front().filter(|timer| !counts(timer)) {
            let _ = timer;
            self.tied.pop_front();
            self.stale = self.stale.saturating_sub(1);
        }
        while let Some(timer) = self.heap.peek().filter(|timer| !counts(&timer.0)) {
            let _ = timer;
            self.heap.pop();
            self.stale = self.stale.saturating_sub(1);
        }
    }

    /// Forgets all timers, to be armed anew.
    pub(crate) fn clear(&mut self) {
        *self = Timers::default();
    }
}
