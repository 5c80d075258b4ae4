//! The course of one call: attempts, verdicts, permit, history. No clock, no sleep: the executors
//! bring them.

use alloc::vec::Vec;
use core::fmt;

use super::{
    Fault, GaveUp,
    gave_up::{AttemptTimedOut, Cause, EARLIER, reason_of},
    shared::Permit,
};
use crate::{
    DeadLetter, Key,
    dead_letter::{AttemptRecord, DEFAULT_HISTORY, History},
    failure,
    policy::{Class, RetryPolicy},
    random::Stream,
    task::{Context, Reason, Task, Verdict},
    time::{Duration, Time},
};

/// What comes after a failed attempt.
pub(super) enum Next {
    /// Another attempt, at this time.
    Retry { at: Time, delay: Duration },
    /// Nothing.
    End(Option<Reason>),
}

pub(super) struct Course<E> {
    seed: Option<u64>,
    key: Key,
    task: Task,
    permit: Permit,
    began: Option<Time>,
    attempt_began: Time,
    delay: Duration,
    /// Failures, the last one included.
    causes: Vec<Cause<E>>,
    history: Option<History>,
}

impl<E: fmt::Display> Course<E> {
    /// `remembers` when the failures are wanted in words, for a dead letter.
    pub(super) fn new(seed: Option<u64>, key: Key, permit: Permit, remembers: bool) -> Course<E> {
        Course {
            seed,
            key,
            task: Task::new(),
            permit,
            began: None,
            attempt_began: Time::ZERO,
            delay: Duration::ZERO,
            causes: Vec::new(),
            history: remembers.then(History::default),
        }
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    pub(super) fn attempts(&self) -> u32 {
        self.task.attempts()
    }

    pub(super) fn attempt_began(&self) -> Time {
        self.attempt_began
    }

    /// An attempt begins; its number.
    pub(super) fn begin(&mut self, now: Time) -> u32 {
        // A clock that stepped back, or a timer that fired early, must not end the call.
        let now = now.max(self.task.at());
        let attempt = self.task.start(now).unwrap_or(self.task.attempts());
        self.permit.attempt(now, attempt > 1);
        self.began.get_or_insert(now);
        self.attempt_began = now;
        attempt
    }

    #[inline]
    pub(super) fn succeeded(&mut self, now: impl FnOnce() -> Time) {
        if self.permit.is_real() {
            self.permit.success(now(), self.task.attempts() > 1, self.task.paid());
        }
    }

    /// The attempt failed; `hopeful` is false where the caller says that no attempt can mend it.
    #[expect(clippy::too_many_arguments, reason = "what is known of one failure")]
    pub(super) fn failed(
        &mut self,
        now: Time,
        policy: &RetryPolicy,
        cause: Cause<E>,
        class: Class,
        record: Option<AttemptRecord>,
        retry_after: Option<Duration>,
        hopeful: bool,
    ) -> Next {
        self.keep(record);
        self.causes.push(cause);
        self.verdict(now, policy, class, retry_after, hopeful)
    }

    /// The same for a value that counts as a failure.
    pub(super) fn refused(&mut self, now: Time, policy: &RetryPolicy, fault: Fault<'_>) -> Next {
        let class = fault.with_words(|kind, code| policy.classify(kind, code));
        let record = self.record_of(now, fault, &"the value counts as a failure");
        self.keep(record);
        self.verdict(now, policy, class, fault.retry_after, true)
    }

    fn keep(&mut self, record: Option<AttemptRecord>) {
        if let Some((history, record)) = self.history.as_mut().zip(record) {
            history.push(record, DEFAULT_HISTORY);
        }
    }

    /// The attempt as the history keeps it, if a letter may be wanted.
    pub(super) fn record_of(
        &self,
        now: Time,
        fault: Fault<'_>,
        message: &dyn fmt::Display,
    ) -> Option<AttemptRecord> {
        self.history.as_ref()?;
        Some(AttemptRecord {
            attempt: self.task.attempts(),
            started: self.attempt_began,
            ended: now,
            delay: self.delay,
            failure: fault.to_failure(message),
        })
    }

    fn verdict(
        &mut self,
        now: Time,
        policy: &RetryPolicy,
        class: Class,
        retry_after: Option<Duration>,
        hopeful: bool,
    ) -> Next {
        if !hopeful {
            let _ = self.task.kill(now, Reason::Permanent);
            return Next::End(Some(Reason::Permanent));
        }
        let seed = *self.seed.get_or_insert_with(super::entropy);
        let context = Context { policy, stream: Stream::new(seed), key: self.key.id() };
        let task = &mut self.task;
        let verdict =
            self.permit.judge(|budget| task.fail(now, &context, class, retry_after, budget));
        match verdict {
            Ok(Verdict::Retry { at, delay }) => {
                self.permit.granted();
                self.delay = delay;
                Next::Retry { at, delay }
            }
            Ok(verdict) => Next::End(reason_of(verdict)),
            // Only a task whose attempts are at 2^32 - 1 is not running here.
            Err(_) => Next::End(Some(Reason::Exhausted)),
        }
    }

    /// How long the call has taken.
    pub(super) fn elapsed(&self, now: Time) -> Duration {
        self.began.map_or(Duration::ZERO, |began| now.saturating_since(began))
    }

    /// The last failure, for the event that tells of it.
    pub(super) fn cause(&self) -> Option<&Cause<E>> {
        self.causes.last()
    }

    /// Keeps the newest causes alone.
    pub(super) fn forget(&mut self) {
        if self.causes.len() > EARLIER {
            self.causes.remove(0);
        }
    }

    /// The dead letter of a call that ended so. Letters tell times since 1970: `unix` is `now` there.
    pub(super) fn letter(
        &mut self,
        now: Time,
        unix: Time,
        policy: &RetryPolicy,
        reason: Reason,
    ) -> DeadLetter {
        let dated = |at: Time| {
            Time::from_nanos(unix.nanos_since(Time::ZERO).saturating_sub(now.nanos_since(at)))
        };
        let mut letter = DeadLetter::new(self.key.clone(), reason, unix);
        letter.attempts = self.task.attempts();
        for record in self.history.take().unwrap_or_default().iter() {
            letter.first_failed_at.get_or_insert(dated(record.ended));
            letter.last_failed_at = Some(dated(record.ended));
            let (started, ended) = (dated(record.started), dated(record.ended));
            letter
                .history
                .push(AttemptRecord { started, ended, ..record.clone() }, DEFAULT_HISTORY);
        }
        letter.policy_fingerprint = policy.fingerprint();
        letter.seed = self.seed.unwrap_or_default();
        letter
    }

    /// The end of a call whose last attempt failed with an error.
    pub(super) fn give_up(&mut self, now: Time, reason: Option<Reason>) -> Option<GaveUp<E>> {
        let cause = self.causes.pop()?;
        Some(GaveUp {
            cause,
            earlier: core::mem::take(&mut self.causes),
            attempts: self.task.attempts(),
            reason,
            elapsed: self.elapsed(now),
            seed: self.seed.unwrap_or_default(),
            key: self.key.clone(),
            unsaved: None,
        })
    }
}

/// The failure of an attempt that ran for too long.
pub(super) fn timed_out<E>(limit: Duration) -> (Cause<E>, Fault<'static>) {
    let kind = failure::Kind::Timeout.as_str();
    (Cause::TimedOut(AttemptTimedOut { limit }), Fault::kind(kind))
}
