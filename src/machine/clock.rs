//! Which time to believe, and which life of a machine it is.

#[cfg(target_has_atomic = "32")]
use core::sync::atomic::{AtomicU32, Ordering};

use crate::{
    machine::{Machine, Timers},
    random::mix,
    time::Time,
};

/// How far readings of one clock may lie apart: threads that read it before they had the lock, a
/// correction by NTP. In nanoseconds.
const SLACK: u64 = 1_000_000_000;

impl Machine {
    /// The time to believe: never before that of an earlier call, unless the clock was put back.
    #[inline]
    pub(crate) fn clock(&mut self, now: Time) -> Time {
        if now < self.now {
            return self.reversal(now);
        }
        self.now = now;
        self.behind = None;
        now
    }

    /// A reading that is behind. Two different ones that are far behind, with none between them that is
    /// not, say that the clock was put back, or that the reading ahead was wrong.
    #[cold]
    fn reversal(&mut self, now: Time) -> Time {
        self.counters.time_reversals += 1;
        if self.now.nanos_since(now) <= SLACK {
            self.behind = None;
        } else if self.is_put_back(now) {
            self.put_back(now);
        } else {
            self.behind = Some(now);
        }
        self.now
    }

    fn is_put_back(&self, now: Time) -> bool {
        let far = self.now.nanos_since(now) > SLACK;
        far && self.behind.is_some_and(|before| before != now)
    }

    /// What [`clock`](Machine::clock) would say.
    pub(crate) fn clock_would_be(&self, now: Time) -> Time {
        if self.is_put_back(now) { now } else { now.max(self.now) }
    }

    /// The clock goes on from `now`, which is before what was believed. No task waits longer than its
    /// delay from here; what was due earlier stays due then.
    fn put_back(&mut self, now: Time) {
        let was = core::mem::replace(&mut self.now, now);
        self.behind = None;
        for (_, entry) in self.tasks.iter_mut() {
            entry.put_back(now, self.policies.policy(entry.policy));
        }
        for budget in self.policies.budgets_mut() {
            budget.rebase(was, now);
        }
        self.rearm();
    }

    /// Moves everything as if `now` were what the clock said when it was last read.
    pub(crate) fn rebase(&mut self, now: Time) {
        let was = core::mem::replace(&mut self.now, now);
        self.behind = None;
        let move_time = move |time: Time| match now >= was {
            true => time.plus_nanos(now.nanos_since(was)),
            false => Time::from_nanos(time.as_nanos().saturating_sub(was.nanos_since(now))),
        };
        for (_, entry) in self.tasks.iter_mut() {
            entry.rebase(self.policies.policy(entry.policy), move_time);
        }
        for budget in self.policies.budgets_mut() {
            budget.rebase(was, now);
        }
        for letter in &mut self.held {
            letter.rebase(move_time);
        }
        self.letters.rebase(move_time);
        self.events.rebase(move_time);
        self.rearm();
    }

    /// Sets the timers of all tasks anew.
    pub(crate) fn rearm(&mut self) {
        for timers in [&mut self.due, &mut self.expiries, &mut self.timeouts] {
            Timers::clear(timers);
        }
        let slots: alloc::vec::Vec<u32> = self.tasks.iter().map(|(slot, _)| slot).collect();
        slots.into_iter().for_each(|slot| self.arm(slot));
    }

    /// When to come back for what falls on `at`. While a reading that is far behind waits for another
    /// one, times are counted from it, and a little later, so that the other one differs.
    pub(crate) fn wake(&self, at: Option<Time>) -> Option<Time> {
        const LITTLE: u64 = 1_000_000;
        match self.behind {
            None => at,
            Some(behind) => {
                let wait = at.map_or(0, |at| at.nanos_since(self.now));
                at.map(|_| behind.plus_nanos(wait.max(LITTLE)))
            }
        }
    }
}

/// How many incarnations this process has seen.
#[cfg(target_has_atomic = "32")]
static INCARNATIONS: AtomicU32 = AtomicU32::new(0);

/// The name of the incarnation after `last`. It decides nothing but which results are taken: two
/// processes that restore one snapshot, or two machines of one process, have different ones as good as
/// always.
pub(super) fn next_incarnation(last: u32, seed: u64) -> u32 {
    #[cfg(target_has_atomic = "32")]
    let count = INCARNATIONS.fetch_add(1, Ordering::Relaxed);
    #[cfg(not(target_has_atomic = "32"))]
    let count = 0_u32;
    let lineage = u64::from(last) << 32 | u64::from(count);
    mix(mix(seed) ^ lineage.wrapping_add(1)) as u32
}
