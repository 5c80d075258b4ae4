//! One call under way: what was asked for, and its course. The executors ask it what comes next.

use core::{fmt, marker::PhantomData, ops::ControlFlow};

use super::{
    AttemptTimedOut, Bury, Cause, GaveUp, Judge, Retrying, Watch,
    course::{Course, Next, timed_out},
    shared::{Permit, SharedBudget, of_process},
};
use crate::{
    Key,
    policy::RetryPolicy,
    task::Reason,
    time::{Duration, Time},
};

/// The error of a call: all that is known ([`GaveUp`]).
#[derive(Clone, Copy, Debug, Default)]
pub struct Whole;

/// The error of a call: the last error itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Last;

/// What a call gives to its caller: see [`Retry::unwrap`](super::Retry::unwrap).
pub trait Finish<E> {
    /// The error.
    type Error;

    /// Makes the error.
    fn finish(gave_up: GaveUp<E>) -> Self::Error;
}

impl<E> Finish<E> for Whole {
    type Error = GaveUp<E>;

    fn finish(gave_up: GaveUp<E>) -> GaveUp<E> {
        gave_up
    }
}

impl<E: From<AttemptTimedOut>> Finish<E> for Last {
    type Error = E;

    fn finish(gave_up: GaveUp<E>) -> E {
        gave_up.cause.into_error()
    }
}

/// What was asked for.
#[derive(Clone, Debug)]
pub(super) struct Setup<'a, J, W, D, M> {
    pub(super) policy: &'a RetryPolicy,
    pub(super) judge: J,
    pub(super) watch: W,
    pub(super) letters: D,
    pub(super) key: Key,
    pub(super) seed: Option<u64>,
    pub(super) budget: Option<SharedBudget>,
    pub(super) mode: PhantomData<fn() -> M>,
}

pub(super) struct Drive<'a, E, J, W, D, M> {
    setup: Setup<'a, J, W, D, M>,
    course: Course<E>,
}

/// What an executor does after an attempt: end, or wait until a time.
pub(super) type Flow<T, E> = ControlFlow<Result<T, E>, Time>;

impl<'a, E: fmt::Display, J, W: Watch<E>, D: Bury, M: Finish<E>> Drive<'a, E, J, W, D, M> {
    pub(super) fn new(mut setup: Setup<'a, J, W, D, M>) -> Self {
        let own = setup.budget.take();
        let permit = Permit::new(own.or_else(|| setup.policy.budget().map(of_process)));
        let course = Course::new(setup.seed, setup.key.clone(), permit, D::WANTED);
        Drive { setup, course }
    }

    /// The policy's limit of one attempt.
    pub(super) fn limit(&self) -> Option<Duration> {
        self.setup.policy.attempt_timeout()
    }

    pub(super) fn begin(&mut self, now: Time) -> u32 {
        self.course.begin(now)
    }

    /// The attempt ended with a result. A success of a call without a budget reads no clock.
    #[inline]
    pub(super) fn ended<T>(
        &mut self,
        now: impl FnOnce() -> Time,
        unix: impl FnOnce() -> Time,
        result: Result<T, E>,
    ) -> Flow<T, M::Error>
    where
        J: Judge<T, E>,
    {
        let policy = self.setup.policy;
        match result {
            Ok(value) => {
                let Some(fault) = self.setup.judge.value(&value) else {
                    self.course.succeeded(now);
                    return ControlFlow::Break(Ok(value));
                };
                let now = now();
                match self.course.refused(now, policy, fault) {
                    Next::Retry { at, delay } => self.wait(now, at, delay, false),
                    Next::End(reason) => {
                        // The value is what the call has to give; that it was refused to the end is in
                        // the letter.
                        let _refused = self.bury(now, unix, reason);
                        ControlFlow::Break(Ok(value))
                    }
                }
            }
            Err(error) => {
                let now = now();
                let (fault, hopeful) = self.setup.judge.error(&error);
                // The fault borrows from the error, which moves into the course.
                let words = fault.with_words(|kind, code| policy.classify(kind, code));
                let record = self.course.record_of(now, fault, &error);
                let wait = fault.retry_after;
                let next = self.course.failed(
                    now,
                    policy,
                    Cause::Error(error),
                    words,
                    record,
                    wait,
                    hopeful,
                );
                self.after(now, unix, next)
            }
        }
    }

    /// The attempt was stopped at the policy's limit.
    pub(super) fn timed_out<T>(
        &mut self,
        now: Time,
        unix: impl FnOnce() -> Time,
        limit: Duration,
    ) -> Flow<T, M::Error> {
        let policy = self.setup.policy;
        let (cause, fault) = timed_out::<E>(limit);
        let class = fault.with_words(|kind, code| policy.classify(kind, code));
        let record = self.course.record_of(now, fault, &cause);
        let next = self.course.failed(now, policy, cause, class, record, None, true);
        self.after(now, unix, next)
    }

    fn after<T>(
        &mut self,
        now: Time,
        unix: impl FnOnce() -> Time,
        next: Next,
    ) -> Flow<T, M::Error> {
        let reason = match next {
            Next::Retry { at, delay } => return self.wait(now, at, delay, true),
            Next::End(reason) => reason,
        };
        let unsaved = self.bury(now, unix, reason);
        match self.course.give_up(now, reason) {
            Some(mut gave_up) => {
                gave_up.unsaved = unsaved;
                ControlFlow::Break(Err(M::finish(gave_up)))
            }
            // A failure was recorded just now, so there is one.
            None => ControlFlow::Continue(now),
        }
    }

    fn wait<T>(&mut self, now: Time, at: Time, delay: Duration, failed: bool) -> Flow<T, M::Error> {
        let event = Retrying {
            key: self.course.key(),
            attempt: self.course.attempts(),
            cause: self.course.cause().filter(|_| failed),
            took: now.saturating_since(self.course.attempt_began()),
            delay,
            elapsed: self.course.elapsed(now),
        };
        self.setup.watch.retrying(&event);
        self.course.forget();
        ControlFlow::Continue(at)
    }

    fn bury(
        &mut self,
        now: Time,
        unix: impl FnOnce() -> Time,
        reason: Option<Reason>,
    ) -> Option<alloc::boxed::Box<crate::DeadLetter>> {
        let reason = reason.filter(|_| D::WANTED)?;
        let unix = unix();
        let letter = self.course.letter(now, unix, self.setup.policy, reason);
        self.setup.letters.bury(unix, letter)
    }
}
