//! Second lives: attempts that a crash cut off, and dead letters that go back to work.

use alloc::{boxed::Box, collections::BTreeSet, sync::Arc};

use crate::{
    Key,
    dead_letter::{DeadLetter, Failure, RedrivePlan, RedriveReport, Redriven, Skip},
    machine::{Entry, Extra, Machine, MachineError, Past, Slab, What, policies::Variant},
    policy::{ElapsedMeasure, RetryPolicy},
    task::{Parts, Reason, State, Task, Verdict},
    time::{Duration, Time},
    wire::Value,
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
        let now = self.clock(now);
        let cut_off = self.tasks.slots_by_key(Entry::is_running);
        cut_off.into_iter().filter(|slot| self.cut_off(now, *slot, choice).is_some()).count()
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
        let key = key.into();
        let Some(slot) = self.tasks.find(&key) else { return Err(self.no_task(key)) };
        let attempt = self.tasks.get(slot).map_or(0, |entry| entry.task.attempts());
        let verdict = self.cut_off(now, slot, choice);
        verdict.ok_or(MachineError::StaleAttempt { key, attempt })
    }

    /// The attempt of the task in `slot` ended with its process. None when none ran.
    fn cut_off(&mut self, now: Time, slot: u32, choice: Recovery) -> Option<Verdict> {
        let failure = Failure::new("crashed", "the process ended while the attempt ran");
        let entry = self.tasks.get_mut(slot).filter(|entry| entry.is_running())?;
        self.counters.crashed += 1;
        let verdict = match choice {
            Recovery::Retry => self.fail_attempt(now, slot, &failure),
            Recovery::DeadLetter => {
                entry.remember(now, &failure, self.history);
                self.bury(now, slot, Reason::Crashed);
                Some(Verdict::DeadLetter(Reason::Crashed))
            }
        };
        self.settle_letters(now);
        verdict
    }

    /// Sends dead letters back to work as `plan` says: they are live tasks again, each due at its time
    /// in the plan, under their own policies, with their history and lineage. A letter whose key a live
    /// task has stays where it is. What dies again comes back to this queue.
    pub fn redrive(&mut self, now: Time, plan: &RedrivePlan) -> RedriveReport {
        let now = self.clock(now);
        let mut taken = BTreeSet::new();
        let (tasks, held) = (&self.tasks, &self.held_keys);
        let veto = |letter: &DeadLetter| is_live(tasks, held, &mut taken, letter);
        let (redriven, report) = self.letters.redrive_unless(now, plan, self.stream, veto);
        for id in &report.parked {
            if let Some(letter) = self.letters.get(*id) {
                self.events.push(now, &letter.key, || What::Parked { letter: *id });
            }
        }
        for task in redriven {
            self.count_redriven(now, task, None);
        }
        self.settle_letters(now);
        report
    }

    /// What [`redrive`](Machine::redrive) would do now; nothing changes.
    pub fn plan_redrive(&self, now: Time, plan: &RedrivePlan) -> RedriveReport {
        let mut taken = BTreeSet::new();
        let veto = |letter: &DeadLetter| is_live(&self.tasks, &self.held_keys, &mut taken, letter);
        self.letters.plan_unless(self.clock_would_be(now), plan, self.stream, veto)
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
        self.is_free(&redriven.letter.key)?;
        let letter = &mut redriven.letter;
        if let Some(fault) = letter.payload.fault() {
            core::mem::replace(&mut letter.payload, Value::Null).dismantle();
            return Err(MachineError::Payload(fault));
        }
        if let Some(policy) = &letter.policy {
            letter.policy_fingerprint = policy.fingerprint();
        }
        self.count_redriven(now, redriven, None);
        Ok(())
    }

    /// A letter goes back to work; for a rollout if one sent it.
    pub(super) fn count_redriven(
        &mut self,
        now: Time,
        redriven: Redriven,
        rollout: Option<(u64, u64)>,
    ) {
        self.counters.redriven += 1;
        let (letter, due) = (redriven.letter.id, redriven.at);
        self.events.push(now, &redriven.letter.key, || What::Redriven { letter, due });
        self.resubmit(now, redriven, rollout);
    }

    /// Takes the first held letter out, to be kept elsewhere: a way on when no room can be made.
    pub fn take_held(&mut self) -> Option<DeadLetter> {
        let letter = self.held.pop_front()?;
        self.held_keys.remove(&letter.key);
        self.counters.dead_lettered[letter.reason as usize] += 1;
        let reason = letter.reason;
        self.events.push(self.now, &letter.key, || What::DeadLettered { reason, letter: None });
        Some(*letter)
    }

    fn resubmit(&mut self, now: Time, redriven: Redriven, rollout: Option<(u64, u64)>) {
        let Redriven { at, letter, more, outcome: _ } = redriven;
        let base = letter.attempts;
        // In the queue every letter with a policy has its fingerprint.
        let known = letter.policy.as_ref().map(|_| letter.policy_fingerprint);
        let own = self.policies.acquire(letter.policy, known);
        let (slot, kept) = match more {
            None => (own, None),
            Some(more) => self.with_more_attempts(own, base, more),
        };
        let past = Past {
            lineage: letter.lineage,
            redrives: letter.redrives,
            earlier_attempts: letter.earlier_attempts,
            base,
            policy: kept,
            rollout,
        };
        let extra = Extra {
            expires_at: None,
            first_failed_at: letter.first_failed_at,
            last_failed_at: letter.last_failed_at,
            past: Some(past),
        };
        let is_empty = letter.history.is_empty() && letter.history.forgotten() == 0;
        let payload = letter.payload;
        self.add(Entry {
            task: resumed(base, at, self.policies.policy(slot)),
            key: letter.key,
            task_type: self.tasks.share_type(letter.task_type),
            payload: (payload != Value::Null).then(|| Box::new(payload)),
            at,
            run: 0,
            waited: at.nanos_since(now),
            extra: Some(Box::new(extra)),
            history: (!is_empty).then(|| Box::new(letter.history)),
            policy: slot,
            stamp: 0,
            incarnation: 0,
        });
    }

    /// The policy in `own`, to allow `more` attempts after `base`, and the one to bury the task with. The
    /// limit that was raised for one life must not creep upward with every redrive.
    fn with_more_attempts(
        &mut self,
        own: u32,
        base: u32,
        more: u32,
    ) -> (u32, Option<Arc<RetryPolicy>>) {
        let limit = base.saturating_add(more);
        let policy = Arc::clone(self.policies.policy(own));
        if policy.max_attempts().is_none_or(|max| max.get() >= limit) {
            return (own, None);
        }
        let variant = Variant { base: own, attempts: Some(limit), multiplier: None };
        let raised = |base: &Arc<RetryPolicy>| base.to_builder().max_attempts(limit).build();
        // Raising the limit of a sound policy gives a sound one; if not, one more try is left anyway.
        let Ok(slot) = self.policies.acquire_variant(variant, raised) else { return (own, None) };
        self.policies.release(own);
        (slot, Some(policy))
    }
}

/// Why a letter cannot go back to work: a task with its key is live, held, or taken a moment ago.
fn is_live(
    tasks: &Slab,
    held: &BTreeSet<Key>,
    taken: &mut BTreeSet<Key>,
    letter: &DeadLetter,
) -> Option<Skip> {
    let key = &letter.key;
    let live = tasks.find(key).is_some() || held.contains(key) || !taken.insert(key.clone());
    live.then_some(Skip::KeyLive)
}

/// A task that goes on counting from `base` attempts, its next one due at `at`. The clock of
/// `maxElapsed` starts anew with it: time spent as a dead letter does not count.
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
