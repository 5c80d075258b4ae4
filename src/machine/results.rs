//! Attempts and how they end: started, succeeded, failed, timed out, expired, cancelled, buried.

use alloc::{boxed::Box, format};

use crate::{
    Key,
    dead_letter::{DeadLetter, Dropped, Failure, Outcome},
    machine::{Dispatch, Entry, Machine, MachineError, Timer, What, clock},
    task::{Context, Reason, State, Verdict},
    time::{Time, format_duration, nanos},
};

impl Machine {
    /// The attempt succeeded: the task is done and leaves.
    ///
    /// # Errors
    /// When the attempt is over, or no live task has the key. The result is not taken then.
    pub fn succeed(&mut self, now: Time, dispatch: &Dispatch) -> Result<(), MachineError> {
        let now = self.clock(now);
        let slot = self.running_slot(now, dispatch)?;
        let Some(entry) = self.tasks.get_mut(slot) else { return Err(self.stale(dispatch)) };
        let (retried, paid, policy) = (entry.holds_a_retry(), entry.task.paid(), entry.policy);
        if entry.task.succeed(now).is_err() {
            return Err(self.stale(dispatch));
        }
        if let (_, Some(budget)) = self.policies.rules(policy) {
            budget.on_success(now, retried, paid);
        }
        if let Some(entry) = self.take(slot) {
            self.counters.succeeded += 1;
            self.tell_rollout(now, &entry, Outcome::Succeeded);
            let attempts = entry.task.attempts();
            self.events.push(now, &entry.key, || What::Succeeded { attempts });
        }
        self.settle_letters(now);
        Ok(())
    }

    /// The attempt failed: what now? The machine has carried the verdict out when it returns it.
    ///
    /// # Errors
    /// When the attempt is over, or no live task has the key. The result is not taken then.
    pub fn fail(
        &mut self,
        now: Time,
        dispatch: &Dispatch,
        failure: &Failure,
    ) -> Result<Verdict, MachineError> {
        let now = self.clock(now);
        let slot = self.running_slot(now, dispatch)?;
        let verdict = self.fail_attempt(now, slot, failure);
        self.settle_letters(now);
        verdict.ok_or_else(|| self.stale(dispatch))
    }

    /// Gives a live task up, whether it waits or runs; the result of an attempt that runs will not be
    /// taken.
    ///
    /// # Errors
    /// When no live task has the key; a held one is dead already.
    pub fn cancel(&mut self, now: Time, key: impl Into<Key>) -> Result<(), MachineError> {
        let now = self.clock(now);
        let key = key.into();
        let Some(entry) = self.tasks.find(&key).and_then(|slot| self.take(slot)) else {
            return Err(self.no_task(key));
        };
        self.counters.cancelled += 1;
        self.tell_rollout(now, &entry, Outcome::Failed);
        self.events.push(now, &entry.key, || What::Cancelled);
        self.settle_letters(now);
        Ok(())
    }

    /// Starts the attempt of a task that is due. None when there can be no attempt any more.
    pub(super) fn start(&mut self, now: Time, slot: u32) -> Option<Dispatch> {
        let entry = self.tasks.get_mut(slot)?;
        let first = entry.task.state() == State::Ready;
        let Ok(attempt) = entry.task.start(now) else {
            // The count of attempts is at its end: 2^32 - 1 of them were made in earlier lives.
            self.bury(now, slot, Reason::Exhausted);
            return None;
        };
        if self.is_new {
            self.incarnation = clock::next_incarnation(self.incarnation, self.seed);
            self.is_new = false;
        }
        self.runs += 1;
        entry.run = self.runs;
        entry.incarnation = self.incarnation;
        entry.stamp = entry.stamp.wrapping_add(1);
        if first {
            // A first attempt has waited for nothing that the policy gave.
            entry.waited = 0;
        }
        let first_of_life = attempt == entry.base() + 1;
        let (policy, budget) = self.policies.rules(entry.policy);
        if let Some(budget) = budget {
            budget.on_attempt(now, !first_of_life);
        }
        let deadline = policy.attempt_timeout().map(|timeout| now.saturating_add(timeout));
        entry.at = deadline.unwrap_or(Time::MAX);
        let expires = entry.expires_at().is_some();
        let dispatch = Dispatch {
            key: entry.key.clone(),
            attempt,
            deadline,
            run: self.runs,
            incarnation: self.incarnation,
            slot,
        };
        self.running += 1;
        self.ready -= u64::from(first);
        self.counters.attempts += 1;
        self.counters.retries += u64::from(!first_of_life);
        if deadline.is_some() {
            self.arm(slot);
        }
        if expires {
            // A running attempt may end, so its task cannot expire now.
            let counts = |timer: &Timer| self.tasks.is_current(timer.slot, timer.stamp);
            self.expiries.let_go(counts);
        }
        Some(dispatch)
    }

    /// The slot of the attempt that `dispatch` is of, if that still runs at `now`.
    #[inline]
    fn running_slot(&mut self, now: Time, dispatch: &Dispatch) -> Result<u32, MachineError> {
        let Some(slot) = self.slot_of(dispatch) else { return Err(self.stale(dispatch)) };
        let deadline = self.tasks.get(slot).and_then(Entry::deadline);
        if deadline.is_some_and(|deadline| deadline < now) {
            let _verdict = self.time_out(now, slot);
            self.settle_letters(now);
            return Err(self.stale(dispatch));
        }
        Ok(slot)
    }

    #[inline]
    fn slot_of(&self, dispatch: &Dispatch) -> Option<u32> {
        let is_it = |slot: u32| {
            self.tasks.get(slot).is_some_and(|entry| {
                entry.run == dispatch.run
                    && entry.incarnation == dispatch.incarnation
                    && entry.is_running()
                    && entry.key == dispatch.key
            })
        };
        if is_it(dispatch.slot) {
            return Some(dispatch.slot);
        }
        // A machine that was restored has it elsewhere.
        self.tasks.find(&dispatch.key).filter(|slot| is_it(*slot))
    }

    #[cold]
    fn stale(&mut self, dispatch: &Dispatch) -> MachineError {
        self.counters.stale_results += 1;
        MachineError::StaleAttempt { key: dispatch.key.clone(), attempt: dispatch.attempt }
    }

    #[cold]
    pub(super) fn no_task(&self, key: Key) -> MachineError {
        if self.held_keys.contains(&key) {
            return MachineError::KeyHeld { key };
        }
        MachineError::UnknownTask { key }
    }

    /// The running attempt of the task in `slot` failed: carries the verdict out. None when no attempt
    /// runs.
    pub(super) fn fail_attempt(
        &mut self,
        now: Time,
        slot: u32,
        failure: &Failure,
    ) -> Option<Verdict> {
        let entry = self.tasks.get_mut(slot).filter(|entry| entry.is_running())?;
        entry.remember(now, failure, self.history);
        let (policy, budget) = self.policies.rules(entry.policy);
        let class = policy.classify(failure.kind(), failure.code());
        let ctx = Context { policy, stream: self.stream, key: entry.key.id() };
        let had_deadline = entry.at < Time::MAX;
        let verdict = entry.task.fail(now, &ctx, class, failure.retry_after(), budget).ok()?;
        match verdict {
            Verdict::Retry { at, delay } => {
                entry.at = at;
                entry.waited = nanos(delay);
                entry.stamp = entry.stamp.wrapping_add(1);
                let expires = entry.expires_at().is_some_and(|end| end <= at);
                let attempt = entry.task.attempts();
                if !expires {
                    self.events.push(now, &entry.key, || What::RetryScheduled {
                        attempt,
                        due: at,
                        delay,
                        failure: failure.clone(),
                    });
                }
                self.running -= 1;
                self.disarm(true, had_deadline);
                self.arm(slot);
                if expires {
                    // It would expire while it waits: the answer is known now.
                    self.bury(now, slot, Reason::Expired);
                    return Some(Verdict::DeadLetter(Reason::Expired));
                }
            }
            Verdict::DeadLetter(reason) => self.bury(now, slot, reason),
            Verdict::Discard => {
                if let Some(entry) = self.take(slot) {
                    self.counters.discarded += 1;
                    self.tell_rollout(now, &entry, Outcome::Failed);
                    self.events
                        .push(now, &entry.key, || What::Discarded { failure: failure.clone() });
                }
            }
            Verdict::Fail => {
                if let Some(entry) = self.take(slot) {
                    self.counters.failed += 1;
                    self.tell_rollout(now, &entry, Outcome::Failed);
                    self.events.push(now, &entry.key, || What::Failed { failure: failure.clone() });
                }
            }
        }
        Some(verdict)
    }

    /// The running attempt of the task in `slot` passed its deadline.
    pub(super) fn time_out(&mut self, now: Time, slot: u32) -> Option<Verdict> {
        let entry = self.tasks.get(slot)?;
        let allowed = self.policies.policy(entry.policy).attempt_timeout().unwrap_or_default();
        let (attempt, run) = (entry.task.attempts(), entry.run);
        self.events.push(now, &entry.key, || What::TimedOut { attempt, run });
        self.counters.timed_out += 1;
        let message = format!("the attempt ran for longer than {}", format_duration(allowed));
        self.fail_attempt(now, slot, &Failure::new("timeout", &message))
    }

    /// Turns the dead task in `slot` into a letter, in the queue or held before it.
    pub(super) fn bury(&mut self, now: Time, slot: u32, reason: Reason) {
        let Some(policy) = self.tasks.get(slot).map(|entry| entry.policy) else { return };
        // Held on to, so that the letter finds it.
        self.policies.add_user(policy);
        let Some(entry) = self.take(slot) else { return };
        self.tell_rollout(now, &entry, Outcome::Failed);
        let letter = entry.into_letter(now, reason, &mut self.policies, self.seed);
        self.policies.release(policy);
        // Those that wait for room go first; if any is left, there is none.
        self.settle_letters(now);
        if let Err(letter) = self.deliver(now, letter) {
            self.hold(now, letter);
        }
    }

    fn hold(&mut self, now: Time, letter: Box<DeadLetter>) {
        self.events.push(now, &letter.key, || What::Held { reason: letter.reason });
        self.held_keys.insert(letter.key.clone());
        self.held.push_back(letter);
    }

    /// Hands `letter` to the queue, which returns it when full.
    fn deliver(&mut self, now: Time, letter: DeadLetter) -> Result<(), Box<DeadLetter>> {
        let (key, reason) = (letter.key.clone(), letter.reason);
        match self.letters.push(now, letter) {
            Ok(pushed) => {
                self.counters.dead_lettered[reason as usize] += 1;
                let letter = pushed.id;
                self.events.push(now, &key, || What::DeadLettered { reason, letter });
                for dropped in pushed.dropped {
                    self.report_drop(now, dropped);
                }
                Ok(())
            }
            Err(refused) => Err(Box::new(refused.into_letter())),
        }
    }

    /// Drops letters whose retention ended, and moves held ones to where there is room.
    pub(crate) fn settle_letters(&mut self, now: Time) {
        if self.letters.next_expiry().is_some_and(|at| at <= now) {
            for dropped in self.letters.expire(now) {
                self.report_drop(now, dropped);
            }
        }
        while !self.held.is_empty() && self.letters.has_room() {
            let Some(letter) = self.held.pop_front() else { break };
            let key = letter.key.clone();
            if let Err(letter) = self.deliver(now, *letter) {
                self.held.push_front(letter);
                break;
            }
            self.held_keys.remove(&key);
        }
    }

    pub(super) fn report_drop(&mut self, now: Time, dropped: Dropped) {
        let key = dropped.letter.key.clone();
        self.events.push(now, &key, || What::Dropped {
            letter: Box::new(dropped.letter),
            cause: dropped.cause,
        });
    }
}
