//! What the machine keeps of one live task.

use alloc::{boxed::Box, sync::Arc};

use crate::{
    Key,
    dead_letter::{AttemptRecord, DeadLetter, Failure, History},
    machine::policies::Policies,
    policy::RetryPolicy,
    task::{Reason, State, Task},
    time::{Duration, Time},
    wire::Value,
};

/// One live task.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) task: Task,
    pub(crate) key: Key,
    pub(crate) task_type: Arc<str>,
    pub(crate) payload: Value,
    /// Its policy, in [`Policies`].
    pub(crate) slot: u32,
    pub(crate) expires_at: Option<Time>,
    /// Ready or waiting: when it is due.
    pub(crate) due: Time,
    /// Running: when the attempt times out.
    pub(crate) deadline: Option<Time>,
    /// The number of its last execution in this machine.
    pub(crate) run: u64,
    /// The wait before its last attempt, or before the next one.
    pub(crate) waited: Duration,
    pub(crate) first_failed_at: Option<Time>,
    pub(crate) last_failed_at: Option<Time>,
    pub(crate) history: History,
    /// What it was before, if it was redriven.
    pub(crate) past: Option<Box<Past>>,
}

/// The lives of a redriven task before this one.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    pub(crate) lineage: u64,
    pub(crate) redrives: u32,
    pub(crate) earlier_attempts: u64,
    /// Where the count of attempts went on.
    pub(crate) base: u32,
    /// The policy for its letter, where this life has more attempts than that allows.
    pub(crate) policy: Option<Arc<RetryPolicy>>,
}

impl Entry {
    /// Whether an attempt of it runs.
    pub(crate) fn is_running(&self) -> bool {
        self.task.state() == State::Running
    }

    /// Whether it holds a retry of its budget: the last attempt of this life was one, or the next will
    /// be. A life that went on counting from an earlier one never registered its first retry, so it
    /// has none to give back.
    pub(crate) fn holds_a_retry(&self) -> bool {
        let waiting = matches!(self.task.state(), State::Waiting { .. });
        self.base() == 0 && (self.task.attempts() > 1 || waiting)
    }

    /// Whether an attempt was made in this life.
    pub(crate) fn was_started(&self) -> bool {
        self.task.attempts() > self.base()
    }

    fn base(&self) -> u32 {
        self.past.as_ref().map_or(0, |past| past.base)
    }

    /// Notes the failure of the attempt that runs.
    pub(crate) fn remember(&mut self, now: Time, failure: &Failure, limit: u32) {
        let record = AttemptRecord {
            attempt: self.task.attempts(),
            started: self.task.at(),
            ended: now,
            delay: self.waited,
            failure: failure.clone(),
        };
        self.history.push(record, limit);
        self.first_failed_at = self.first_failed_at.or(Some(now));
        self.last_failed_at = Some(now);
    }

    /// The task as a dead letter.
    pub(crate) fn into_letter(
        self,
        now: Time,
        reason: Reason,
        policies: &Policies,
        seed: u64,
    ) -> DeadLetter {
        let slot = policies.slot(self.slot);
        let mut letter = DeadLetter::new(self.key, reason, now);
        letter.task_type = self.task_type;
        letter.payload = self.payload;
        letter.attempts = self.task.attempts();
        letter.first_failed_at = self.first_failed_at;
        letter.last_failed_at = self.last_failed_at;
        letter.history = self.history;
        letter.policy = Some(Arc::clone(&slot.policy));
        letter.policy_fingerprint = slot.fingerprint;
        letter.seed = seed;
        if let Some(past) = self.past {
            letter.lineage = past.lineage;
            letter.redrives = past.redrives;
            letter.earlier_attempts = past.earlier_attempts;
            if let Some(policy) = past.policy {
                letter.policy_fingerprint = policy.fingerprint();
                letter.policy = Some(policy);
            }
        }
        letter
    }
}

/// A live task, to look at.
#[derive(Clone, Copy, Debug)]
pub struct TaskView<'m> {
    pub(super) entry: &'m Entry,
    pub(super) policies: &'m Policies,
}

impl<'m> TaskView<'m> {
    /// Its key.
    pub fn key(&self) -> &'m Key {
        &self.entry.key
    }

    /// Its type.
    pub fn task_type(&self) -> &'m Arc<str> {
        &self.entry.task_type
    }

    /// What it works on.
    pub fn payload(&self) -> &'m Value {
        &self.entry.payload
    }

    /// Ready, running or waiting.
    pub fn state(&self) -> State {
        self.entry.task.state()
    }

    /// Executions started in this life.
    pub fn attempts(&self) -> u32 {
        self.entry.task.attempts()
    }

    /// When its next attempt is due; none while one runs.
    pub fn due(&self) -> Option<Time> {
        (!self.entry.is_running()).then_some(self.entry.due)
    }

    /// When the running attempt times out.
    pub fn deadline(&self) -> Option<Time> {
        self.entry.deadline
    }

    /// When it is of no use any more.
    pub fn expires_at(&self) -> Option<Time> {
        self.entry.expires_at
    }

    /// Its last failed attempts.
    pub fn history(&self) -> &'m History {
        &self.entry.history
    }

    /// The failure of the last attempt that failed.
    pub fn last_error(&self) -> Option<&'m Failure> {
        self.entry.history.last().map(|record| &record.failure)
    }

    /// The policy that it runs under.
    pub fn policy(&self) -> &'m RetryPolicy {
        &self.policies.slot(self.entry.slot).policy
    }

    /// How often it was redriven.
    pub fn redrives(&self) -> u32 {
        self.entry.past.as_ref().map_or(0, |past| past.redrives)
    }
}
