//! What the machine keeps of one live task.
//!
//! A million of them wait in memory, so what few tasks have is in a box of its own, and a field means what
//! the state lets it mean.

use alloc::{boxed::Box, sync::Arc};

use crate::{
    Key,
    dead_letter::{AttemptRecord, DeadLetter, Failure, History},
    machine::policies::Policies,
    policy::{ElapsedMeasure, RetryPolicy},
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
    /// None is `null`.
    pub(crate) payload: Option<Box<Value>>,
    /// Ready or waiting: when it is due. Running: when the attempt times out; the end of time if never.
    pub(crate) at: Time,
    /// The number of its last execution in this machine; 0 before the first.
    pub(crate) run: u64,
    /// The wait before its last attempt, or before the next one, in nanoseconds.
    pub(crate) waited: u64,
    pub(crate) extra: Option<Box<Extra>>,
    /// None until an attempt failed.
    pub(crate) history: Option<Box<History>>,
    /// Its policy, in [`Policies`].
    pub(crate) policy: u32,
    /// Changes with the state, so that the timers of an earlier one fit no more.
    pub(crate) stamp: u32,
    /// The machine's incarnation that started its last execution.
    pub(crate) incarnation: u32,
}

/// What few tasks have.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Extra {
    pub(crate) expires_at: Option<Time>,
    /// When an attempt first and last failed, where the history does not say.
    pub(crate) first_failed_at: Option<Time>,
    pub(crate) last_failed_at: Option<Time>,
    /// What it was before, if it was redriven.
    pub(crate) past: Option<Past>,
}

/// The lives of a redriven task before this one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Past {
    pub(crate) lineage: u64,
    pub(crate) redrives: u32,
    pub(crate) earlier_attempts: u64,
    /// Where the count of attempts went on.
    pub(crate) base: u32,
    /// The policy for its letter, where this life has more attempts than that allows.
    pub(crate) policy: Option<Arc<RetryPolicy>>,
    /// The rollout that sent it, and the letter that it was.
    pub(crate) rollout: Option<(u64, u64)>,
}

static NULL: Value = Value::Null;
static NOTHING: History = History::new();

impl Entry {
    /// Whether an attempt of it runs.
    #[inline]
    pub(crate) fn is_running(&self) -> bool {
        self.task.state() == State::Running
    }

    /// When the attempt that runs times out.
    #[inline]
    pub(crate) fn deadline(&self) -> Option<Time> {
        (self.is_running() && self.at < Time::MAX).then_some(self.at)
    }

    /// When it expires.
    #[inline]
    pub(crate) fn expires_at(&self) -> Option<Time> {
        self.extra.as_ref()?.expires_at
    }

    pub(crate) fn past(&self) -> Option<&Past> {
        self.extra.as_ref()?.past.as_ref()
    }

    pub(crate) fn payload(&self) -> &Value {
        self.payload.as_deref().unwrap_or(&NULL)
    }

    pub(crate) fn history(&self) -> &History {
        self.history.as_deref().unwrap_or(&NOTHING)
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

    pub(crate) fn base(&self) -> u32 {
        self.past().map_or(0, |past| past.base)
    }

    /// When an attempt of it first failed, in any of its lives.
    pub(crate) fn first_failed_at(&self) -> Option<Time> {
        let said = self.extra.as_ref().and_then(|extra| extra.first_failed_at);
        said.or_else(|| self.history().first().map(|record| record.ended))
    }

    /// When an attempt of it last failed.
    pub(crate) fn last_failed_at(&self) -> Option<Time> {
        // Once an attempt of this life failed, the history knows.
        let said = self.extra.as_ref().and_then(|extra| extra.last_failed_at);
        said.or_else(|| self.history().last().map(|record| record.ended))
    }

    /// Notes the failure of the attempt that runs.
    #[inline]
    pub(crate) fn remember(&mut self, now: Time, failure: &Failure, limit: u32) {
        let record = AttemptRecord {
            attempt: self.task.attempts(),
            started: self.task.at(),
            ended: now,
            delay: Duration::from_nanos(self.waited),
            failure: failure.clone(),
        };
        if let Some(extra) = &mut self.extra {
            extra.last_failed_at = None;
        }
        let history = self.history.get_or_insert_default();
        let forgets = history.len() as u64 >= u64::from(limit.max(1));
        if forgets && let Some(first) = history.first() {
            let first = first.ended;
            let extra = self.extra.get_or_insert_default();
            extra.first_failed_at.get_or_insert(first);
        }
        history.push(record, limit);
    }

    /// Sees to it that it waits no longer than it has to, after the clock was put back to `now`.
    pub(crate) fn put_back(&mut self, now: Time, policy: &RetryPolicy) {
        let mut parts = self.task.parts();
        if self.is_running() {
            let allowed = policy.attempt_timeout().map(|time| now.saturating_add(time));
            self.at = self.at.min(allowed.unwrap_or(Time::MAX));
            parts.at = parts.at.min(now);
        } else {
            self.at = self.at.min(now.plus_nanos(self.waited));
            if let State::Waiting { .. } = parts.state {
                parts.state = State::Waiting { until: self.at };
            }
        }
        if policy.compat().elapsed_measure != ElapsedMeasure::Sleeps {
            parts.began = parts.began.min(now);
        }
        self.task = Task::from_parts(&parts).unwrap_or(self.task);
    }

    /// Moves all its times by as much as `move_time` does.
    pub(crate) fn rebase(&mut self, policy: &RetryPolicy, move_time: impl Fn(Time) -> Time) {
        let mut parts = self.task.parts();
        parts.at = move_time(parts.at);
        if let State::Waiting { until } = parts.state {
            parts.state = State::Waiting { until: move_time(until) };
        }
        if policy.compat().elapsed_measure != ElapsedMeasure::Sleeps {
            parts.began = move_time(parts.began);
        }
        self.task = Task::from_parts(&parts).unwrap_or(self.task);
        if self.at < Time::MAX {
            self.at = move_time(self.at);
        }
        if let Some(extra) = &mut self.extra {
            for time in
                [&mut extra.expires_at, &mut extra.first_failed_at, &mut extra.last_failed_at]
            {
                *time = time.map(&move_time);
            }
        }
        if let Some(history) = &mut self.history {
            history.rebase(move_time);
        }
    }

    /// The task as a dead letter.
    pub(crate) fn into_letter(
        self,
        now: Time,
        reason: Reason,
        policies: &mut Policies,
        seed: u64,
    ) -> DeadLetter {
        let (first, last) = (self.first_failed_at(), self.last_failed_at());
        let mut letter = DeadLetter::new(self.key, reason, now);
        letter.task_type = self.task_type;
        letter.payload = self.payload.map_or(Value::Null, |payload| *payload);
        letter.attempts = self.task.attempts();
        letter.first_failed_at = first;
        letter.last_failed_at = last;
        letter.history = self.history.map_or_else(History::default, |history| *history);
        letter.seed = seed;
        let past = self.extra.and_then(|extra| extra.past);
        if let Some(past) = past {
            letter.lineage = past.lineage;
            letter.redrives = past.redrives;
            letter.earlier_attempts = past.earlier_attempts;
            letter.policy = past.policy;
        }
        match &letter.policy {
            Some(policy) => letter.policy_fingerprint = policy.fingerprint(),
            None => {
                letter.policy_fingerprint = policies.fingerprint(self.policy);
                letter.policy = Some(Arc::clone(policies.policy(self.policy)));
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
        self.entry.payload()
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
        (!self.entry.is_running()).then_some(self.entry.at)
    }

    /// When the running attempt times out.
    pub fn deadline(&self) -> Option<Time> {
        self.entry.deadline()
    }

    /// When it expires.
    pub fn expires_at(&self) -> Option<Time> {
        self.entry.expires_at()
    }

    /// Its last failed attempts.
    pub fn history(&self) -> &'m History {
        self.entry.history()
    }

    /// The failure of the last attempt that failed.
    pub fn last_error(&self) -> Option<&'m Failure> {
        self.entry.history().last().map(|record| &record.failure)
    }

    /// The policy that it runs under.
    pub fn policy(&self) -> &'m RetryPolicy {
        self.policies.policy(self.entry.policy)
    }

    /// How many times it was redriven.
    pub fn redrives(&self) -> u32 {
        self.entry.past().map_or(0, |past| past.redrives)
    }
}
