//! Attempts and how they end: started, succeeded, failed, timed out, expired, cancelled, buried.

use alloc::{boxed::Box, format};

use crate::{
    Key,
    dead_letter::{DeadLetter, Dropped, Failure},
    machine::{Dispatch, Entry, Limit, Machine, MachineError, What},
    task::{Context, Reason, State, Verdict},
    time::{Time, format_duration},
};

impl Machine {
    /// The attempt succeeded: the task is done and leaves.
    ///
    /// # Errors
    /// When the attempt is over, or no live task has the key. The result is not taken then.
    pub fn succeed(&mut self, now: Time, dispatch: &Dispatch) -> Result<(), MachineError> {
        let now = self.clock(now);
        let entry = self.running_entry(now, dispatch)?;
        let (retried, paid, slot) = (entry.holds_a_retry(), entry.task.paid(), entry.slot);
        if entry.task.succeed(now).is_err() {
            return Err(self.stale(dispatch));
        }
        if let (_, Some(budget)) = self.policies.rules(slot) {
            budget.on_success(now, retried, paid);
        }
        if let Some(entry) = self.take(dispatch.key) {
            self.counters.succeeded += 1;
            let attempts = entry.task.attempts();
            self.events.push(now, &entry.key, What::Succeeded { attempts });
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
        self.running_entry(now, dispatch)?;
        let verdict = self.fail_attempt(now, dispatch.key, failure);
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
        let id = key.into().id();
        let Some(entry) = self.take(id) else { return Err(self.no_task(id)) };
        self.counters.cancelled += 1;
        self.events.push(now, &entry.key, What::Cancelled);
        self.settle_letters(now);
        Ok(())
    }

    /// Starts the attempt of a task that is due. None when there can be no attempt any more.
    pub(super) fn start(&mut self, now: Time, id: u64) -> Option<Dispatch> {
        let entry = self.tasks.get_mut(&id)?;
        let first = entry.task.state() == State::Ready;
        let Ok(attempt) = entry.task.start(now) else {
            // The count of attempts is at its end: 2^32 - 1 of them were made in earlier lives.
            self.bury(now, id, Reason::Exhausted);
            return None;
        };
        self.runs += 1;
        entry.run = self.runs;
        let first_of_life = attempt == entry.past.as_ref().map_or(0, |past| past.base) + 1;
        let (policy, budget) = self.policies.rules(entry.slot);
        if let Some(budget) = budget {
            budget.on_attempt(now, !first_of_life);
        }
        let deadline = policy.attempt_timeout().map(|timeout| now.saturating_add(timeout));
        entry.deadline = deadline;
        if let Some(at) = deadline {
            self.limits.insert((at, Limit::Timeout, id));
        }
        // A running attempt may end, so its task cannot expire now.
        if let Some(at) = entry.expires_at {
            self.limits.remove(&(at, Limit::Expiry, id));
        }
        self.running.insert(id);
        self.ready -= u64::from(first);
        self.counters.attempts += 1;
        self.counters.retries += u64::from(!first_of_life);
        Some(Dispatch { key: id, attempt, deadline, run: self.runs })
    }

    /// The entry of the attempt that `dispatch` is of, if that still runs at `now`.
    fn running_entry(
        &mut self,
        now: Time,
        dispatch: &Dispatch,
    ) -> Result<&mut Box<Entry>, MachineError> {
        let id = dispatch.key;
        let Some(entry) = self.tasks.get(&id) else { return Err(self.stale_or_unknown(dispatch)) };
        if entry.run != dispatch.run || !entry.is_running() {
            return Err(self.stale(dispatch));
        }
        if entry.deadline.is_some_and(|deadline| deadline < now) {
            let _verdict = self.time_out(now, id);
            self.settle_letters(now);
            return Err(self.stale(dispatch));
        }
        self.tasks.get_mut(&id).ok_or(MachineError::UnknownTask { key: id })
    }

    #[cold]
    fn stale(&mut self, dispatch: &Dispatch) -> MachineError {
        self.counters.stale_results += 1;
        MachineError::StaleAttempt { key: dispatch.key, attempt: dispatch.attempt }
    }

    /// A result for a task that is not live: late, if there ever was such an execution.
    #[cold]
    fn stale_or_unknown(&mut self, dispatch: &Dispatch) -> MachineError {
        if (1..=self.runs).contains(&dispatch.run) {
            return self.stale(dispatch);
        }
        self.no_task(dispatch.key)
    }

    #[cold]
    pub(super) fn no_task(&self, id: u64) -> MachineError {
        if self.held_keys.contains(&id) {
            return MachineError::KeyHeld { key: Key::from(id) };
        }
        MachineError::UnknownTask { key: id }
    }

    /// The running attempt of `id` failed: carries the verdict out. None when no attempt runs.
    pub(super) fn fail_attempt(
        &mut self,
        now: Time,
        id: u64,
        failure: &Failure,
    ) -> Option<Verdict> {
        let entry = self.tasks.get_mut(&id)?;
        if !entry.is_running() {
            return None;
        }
        entry.remember(now, failure, self.history);
        let (policy, budget) = self.policies.rules(entry.slot);
        let class = policy.classify(failure.kind(), failure.code());
        let ctx = Context { policy, stream: self.stream, key: id };
        let verdict = entry.task.fail(now, &ctx, class, failure.retry_after(), budget).ok()?;
        match verdict {
            Verdict::Retry { at, .. } if entry.expires_at.is_some_and(|end| end <= at) => {
                // It would expire while it waits: the answer is known now.
                self.bury(now, id, Reason::Expired);
                return Some(Verdict::DeadLetter(Reason::Expired));
            }
            Verdict::Retry { at, delay } => {
                let attempt = entry.task.attempts();
                let deadline = entry.deadline.take();
                entry.due = at;
                entry.waited = delay;
                let what =
                    What::RetryScheduled { attempt, due: at, delay, failure: failure.clone() };
                self.events.push(now, &entry.key, what);
                if let Some(end) = entry.expires_at {
                    self.limits.insert((end, Limit::Expiry, id));
                }
                self.due.insert((at, id));
                self.stop_running(id, deadline);
            }
            Verdict::DeadLetter(reason) => self.bury(now, id, reason),
            Verdict::Discard => {
                if let Some(entry) = self.take(id) {
                    self.counters.discarded += 1;
                    let what = What::Discarded { failure: failure.clone() };
                    self.events.push(now, &entry.key, what);
                }
            }
            Verdict::Fail => {
                if let Some(entry) = self.take(id) {
                    self.counters.failed += 1;
                    self.events.push(now, &entry.key, What::Failed { failure: failure.clone() });
                }
            }
        }
        Some(verdict)
    }

    /// The running attempt of `id` passed its deadline.
    pub(super) fn time_out(&mut self, now: Time, id: u64) -> Option<Verdict> {
        let entry = self.tasks.get(&id)?;
        let allowed = self.policies.slot(entry.slot).policy.attempt_timeout().unwrap_or_default();
        let (attempt, run) = (entry.task.attempts(), entry.run);
        self.events.push(now, &entry.key, What::TimedOut { attempt, run });
        self.counters.timed_out += 1;
        let message = format!("the attempt ran for longer than {}", format_duration(allowed));
        self.fail_attempt(now, id, &Failure::new("timeout", &message))
    }

    /// Turns the dead task `id` into a letter, in the queue or held before it.
    pub(super) fn bury(&mut self, now: Time, id: u64, reason: Reason) {
        let Some(entry) = self.take(id) else { return };
        let letter = entry.into_letter(now, reason, &self.policies, self.seed);
        // Those that wait for room go first; if any is left, there is none.
        self.settle_letters(now);
        if let Err(letter) = self.deliver(now, letter) {
            self.hold(now, letter);
        }
    }

    fn hold(&mut self, now: Time, letter: Box<DeadLetter>) {
        self.events.push(now, &letter.key, What::Held { reason: letter.reason });
        self.held_keys.insert(letter.key.id());
        self.held.push_back(letter);
    }

    /// Hands `letter` to the queue; back if there is no room.
    fn deliver(&mut self, now: Time, letter: DeadLetter) -> Result<(), Box<DeadLetter>> {
        let (key, reason) = (letter.key.clone(), letter.reason);
        match self.letters.push(now, letter) {
            Ok(pushed) => {
                self.counters.dead_lettered[reason as usize] += 1;
                let letter = pushed.id;
                self.events.push(now, &key, What::DeadLettered { reason, letter });
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
        for dropped in self.letters.expire(now) {
            self.report_drop(now, dropped);
        }
        while self.letters.has_room() {
            let Some(letter) = self.held.pop_front() else { break };
            let id = letter.key.id();
            if let Err(letter) = self.deliver(now, *letter) {
                self.held.push_front(letter);
                break;
            }
            self.held_keys.remove(&id);
        }
    }

    fn report_drop(&mut self, now: Time, dropped: Dropped) {
        let key = dropped.letter.key.clone();
        let what = What::Dropped { letter: Box::new(dropped.letter), cause: dropped.cause };
        self.events.push(now, &key, what);
    }
}
