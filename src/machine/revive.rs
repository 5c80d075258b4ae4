//! Second lives: attempts that a crash cut off, and dead letters that go back to work.

use alloc::{boxed::Box, collections::BTreeSet, sync::Arc, vec::Vec};

use crate::{
    Key,
    dead_letter::{DeadLetter, Failure, RedrivePlan, RedriveReport, Redriven, Skip},
    machine::{Entry, Machine, MachineError, Past, What},
    policy::{ElapsedMeasure, RetryPolicy},
    task::{Parts, Reason, State, Task, Verdict},
    time::{Duration, Time},
};

/// What to do with an attempt that a crash cut off. Only the caller can know whether the work is safe
/// to repeat, so there is no default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// It failed, with a failure of the kind `crashed`: the policy decides, by its rule for that kind
    /// if it has one. For work that is safe to repeat.
    Retry,
    /// The task is a dead letter, of the reason `crashed`: a person decides. For work that may be half
    /// done.
    DeadLetter,
}

impl Machine {
    /// After a restore: the attempts that ran when the snapshot was taken are gone with their process.
    /// Says what to do with all of them, in the order of their keys; returns how many there were.
    ///
    /// Without this call they stay running: right when the workers outlive the machine and will still
    /// report.
    pub fn recover(&mut self, now: Time, choice: Recovery) -> usize {
        let cut_off: Vec<u64> = self.running.iter().copied().collect();
        cut_off.iter().filter(|id| self.crashed(now, **id, choice).is_ok()).count()
    }

    /// The process of one attempt crashed: what now? For engines that notice the death of a worker.
    ///
    /// # Errors
    /// When no attempt of a live task with this key runs.
    pub fn crashed(
        &mut self,
        now: Time,
        key: impl Into<Key>,
        choice: Recovery,
    ) -> Result<Verdict, MachineError> {
        let now = self.clock(now);
        let id = key.into().id();
        let failure = Failure::new("crashed", "the process ended while the attempt ran");
        let Some(entry) = self.tasks.get_mut(&id) else { return Err(self.no_task(id)) };
        if !entry.is_running() {
            let attempt = entry.task.attempts();
            return Err(MachineError::StaleAttempt { key: id, attempt });
        }
        self.counters.crashed += 1;
        let verdict = match choice {
            Recovery::Retry => self.fail_attempt(now, id, &failure),
            Recovery::DeadLetter => {
                entry.remember(now, &failure, self.history);
                self.bury(now, id, Reason::Crashed);
                Some(Verdict::DeadLetter(Reason::Crashed))
            }
        };
        self.settle_letters(now);
        verdict.ok_or(MachineError::UnknownTask { key: id })
    }

    /// Sends dead letters back to work as `plan` says: they are live tasks again, each due at its time
    /// in the plan, under their own policies, with their history and lineage. A letter whose key a live
    /// task has stays where it is. What dies again comes back to this queue.
    pub fn redrive(&mut self, now: Time, plan: &RedrivePlan) -> RedriveReport {
        let now = self.clock(now);
        let mut taken = BTreeSet::new();
        let (tasks, held) = (&self.tasks, &self.held_keys);
        let veto = |letter: &DeadLetter| {
            let id = letter.key.id();
            let live = tasks.contains_key(&id) || held.contains(&id) || !taken.insert(id);
            live.then_some(Skip::KeyLive)
        };
        let (redriven, report) = self.letters.redrive_unless(now, plan, self.stream, veto);
        for id in &report.parked {
            if let Some(letter) = self.letters.get(*id) {
                self.events.push(now, &letter.key, What::Parked { letter: *id });
            }
        }
        for task in redriven {
            self.count_redriven(now, task);
        }
        self.settle_letters(now);
        report
    }

    /// What [`redrive`](Machine::redrive) would do now; nothing changes.
    pub fn plan_redrive(&self, now: Time, plan: &RedrivePlan) -> RedriveReport {
        let mut taken = BTreeSet::new();
        let veto = |letter: &DeadLetter| {
            let id = letter.key.id();
            let live = self.tasks.contains_key(&id) || self.held_keys.contains(&id);
            (live || !taken.insert(id)).then_some(Skip::KeyLive)
        };
        self.letters.decide(now.max(self.now), plan, self.stream, veto)
    }

    /// Takes a task that a queue of another process redrove (`redrive dlq redrive`, say) into this
    /// machine, due at its time.
    ///
    /// # Errors
    /// When a live or held task has its key, or its payload cannot be written. It is not taken then.
    pub fn submit_redriven(
        &mut self,
        now: Time,
        mut redriven: Redriven,
    ) -> Result<(), MachineError> {
        let now = self.clock(now);
        self.admit(&redriven.letter.key, &redriven.letter.payload)?;
        let letter = &mut redriven.letter;
        if let Some(policy) = &letter.policy {
            letter.policy_fingerprint = policy.fingerprint();
        }
        self.count_redriven(now, redriven);
        Ok(())
    }

    fn count_redriven(&mut self, now: Time, redriven: Redriven) {
        self.counters.redriven += 1;
        let what = What::Redriven { letter: redriven.letter.id, due: redriven.at };
        self.events.push(now, &redriven.letter.key, what);
        self.resubmit(now, redriven);
    }

    /// Takes the first held letter out, to be kept elsewhere: a way on when no room can be made.
    pub fn take_held(&mut self) -> Option<DeadLetter> {
        let letter = self.held.pop_front()?;
        self.held_keys.remove(&letter.key.id());
        self.counters.dead_lettered[letter.reason as usize] += 1;
        let what = What::DeadLettered { reason: letter.reason, letter: None };
        self.events.push(self.now, &letter.key, what);
        Some(*letter)
    }

    fn resubmit(&mut self, now: Time, redriven: Redriven) {
        let Redriven { at, letter, more } = redriven;
        let (base, own, fingerprint) = (letter.attempts, letter.policy, letter.policy_fingerprint);
        let (policy, kept) = match more {
            None => (own, None),
            Some(more) => self.with_more_attempts(own, base, more),
        };
        // In the queue every letter with a policy has its fingerprint; a raised one has another.
        let known = kept.is_none().then_some(fingerprint).filter(|_| policy.is_some());
        let slot = self.policies.acquire(policy, known);
        let past = Past {
            lineage: letter.lineage,
            redrives: letter.redrives,
            earlier_attempts: letter.earlier_attempts,
            base,
            policy: kept,
        };
        self.add(Entry {
            task: resumed(base, at, &self.policies.slot(slot).policy),
            key: letter.key,
            task_type: letter.task_type,
            payload: letter.payload,
            slot,
            expires_at: None,
            due: at,
            deadline: None,
            run: 0,
            waited: at.saturating_since(now),
            first_failed_at: letter.first_failed_at,
            last_failed_at: letter.last_failed_at,
            history: letter.history,
            past: Some(Box::new(past)),
        });
    }

    /// A policy that allows `more` attempts after `base`, and the one to bury the task with. The limit
    /// that was raised for one life must not creep upward with every redrive.
    fn with_more_attempts(
        &self,
        own: Option<Arc<RetryPolicy>>,
        base: u32,
        more: u32,
    ) -> (Option<Arc<RetryPolicy>>, Option<Arc<RetryPolicy>>) {
        let policy = own.unwrap_or_else(|| Arc::clone(self.policies.default()));
        let limit = base.saturating_add(more);
        if policy.max_attempts().is_none_or(|max| max.get() >= limit) {
            return (Some(policy), None);
        }
        // Raising the limit of a sound policy gives a sound one; if not, one more try is left anyway.
        match policy.to_builder().max_attempts(limit).build() {
            Ok(raised) => (Some(Arc::new(raised)), Some(policy)),
            Err(_) => (Some(policy), None),
        }
    }
}

/// A task that goes on counting from `base` attempts, its next one due at `at`. The clock of
/// `maxElapsed` starts anew with it: waiting among the dead letters is no retrying.
fn resumed(base: u32, at: Time, policy: &RetryPolicy) -> Task {
    let sleeps = policy.compat().elapsed_measure == ElapsedMeasure::Sleeps;
    let parts = Parts {
        state: State::Waiting { until: at },
        // With that measure the field holds the sum of the waits.
        began: if sleeps { Time::ZERO } else { at },
        at,
        previous: Duration::ZERO,
        attempts: base,
        free: 0,
        paid: 0,
    };
    // Without earlier attempts it is simply new, and due at `at`.
    Task::from_parts(&parts).unwrap_or_default()
}
