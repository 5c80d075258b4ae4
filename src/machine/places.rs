//! Where a task is: its slot, its timers, the counts. It comes and goes as one.

use core::cmp::Ordering;

use crate::{
    Key,
    machine::{Entry, Machine, MachineError, Slab, Timer, Timers},
    task::State,
    time::Time,
};

impl Machine {
    /// Whether a task with this key can come in.
    pub(crate) fn is_free(&self, key: &Key) -> Result<(), MachineError> {
        if self.tasks.find(key).is_some() {
            return Err(MachineError::KeyTaken { key: key.clone() });
        }
        if !self.held_keys.is_empty() && self.held_keys.contains(key) {
            return Err(MachineError::KeyHeld { key: key.clone() });
        }
        Ok(())
    }

    /// Puts a task in its places.
    pub(crate) fn add(&mut self, entry: Entry) {
        let (is_ready, is_running) = (entry.task.state() == State::Ready, entry.is_running());
        self.ready += u64::from(is_ready);
        self.running += u64::from(is_running);
        let slot = self.tasks.insert(entry);
        self.arm(slot);
    }

    /// Sets the timers of the task in `slot` for the state that it is in.
    pub(crate) fn arm(&mut self, slot: u32) {
        let Some(entry) = self.tasks.get(slot) else { return };
        let timer = |at| Timer { at, id: entry.key.id(), slot, stamp: entry.stamp };
        if entry.is_running() {
            if entry.at < Time::MAX {
                self.timeouts.arm(timer(entry.at));
            }
            return;
        }
        self.due.arm(timer(entry.at));
        if let Some(at) = entry.expires_at() {
            self.expiries.arm(timer(at));
        }
    }

    /// The timers that a task had set count no longer: its stamp is another one now.
    #[inline]
    pub(crate) fn disarm(&mut self, was_running: bool, had_limit: bool) {
        let counts = |timer: &Timer| self.tasks.is_current(timer.slot, timer.stamp);
        if !was_running {
            self.due.let_go(counts);
        }
        if had_limit {
            let limits = if was_running { &mut self.timeouts } else { &mut self.expiries };
            limits.let_go(counts);
        }
    }

    /// Takes a task out of all its places; its budget and policy are told.
    pub(crate) fn take(&mut self, slot: u32) -> Option<Entry> {
        let entry = self.tasks.remove(slot)?;
        let was_running = entry.is_running() || entry.task.state().is_final();
        let limit = if was_running { entry.at < Time::MAX } else { entry.expires_at().is_some() };
        self.disarm(was_running, limit);
        self.running -= u64::from(was_running);
        self.ready -= u64::from(entry.task.state() == State::Ready);
        if entry.was_started()
            && let (_, Some(budget)) = self.policies.rules(entry.policy)
        {
            budget.on_end(entry.holds_a_retry());
        }
        self.policies.release(entry.policy);
        Some(entry)
    }
}

/// Takes the first of `timers` if it is due.
#[inline]
pub(super) fn pop_due(timers: &mut Timers, tasks: &Slab, now: Time) -> Option<Timer> {
    let counts = |timer: &Timer| tasks.is_current(timer.slot, timer.stamp);
    let key = |timer: &Timer| tasks.get(timer.slot).map(|entry| &entry.key);
    let by_key = |a: &Timer, b: &Timer| -> Ordering { key(a).cmp(&key(b)) };
    timers.pop_due(now, counts, by_key)
}
