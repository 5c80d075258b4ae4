//! A task in one byte.

use super::{
    Context, READY, RUNNING, STATE_MASK, SUCCEEDED, State, Task, TaskError, Verdict, WAITING,
};
use crate::{
    policy::{Action, Class, ElapsedMeasure, RetryPolicy},
    time::{Duration, Time},
};

/// The retry state of one task in one byte, for loops over millions of tasks that keep the times
/// themselves: where it is, and until it is over the number of its attempts, up to 120.
///
/// What a [`Task`] knows besides, such a loop knows anyway: when a wait ends lies in its queue of
/// events, when the first attempt began is needed only at the end. Of the last delay and of what was
/// paid there is nothing to know under the policies that [`Compact::holds`]. The verdicts are those of
/// a [`Task`], to the last bit; only [`TaskError::TooEarly`] cannot happen, since no time
/// is kept here.
///
/// ```
/// use redrive::{RetryPolicy, Time, Verdict, random::Stream, task::{Compact, Context}};
///
/// let policy = RetryPolicy::default();
/// assert!(Compact::holds(&policy));
/// let ctx = Context { policy: &policy, stream: Stream::new(42), key: 7 };
/// let timeout = policy.classify("timeout", None);
///
/// let mut task = Compact::new();
/// task.start()?;
/// let verdict = task.fail(Time::ZERO, Time::ZERO, &ctx, timeout, None)?;
/// assert!(matches!(verdict, Verdict::Retry { .. }));
/// # Ok::<(), redrive::task::TaskError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compact(
    /// Attempt a runs: 2a. Waiting after it: 2a + 1, and so 1 before the first. Over: its state in a
    /// [`Task`], counted back from 255.
    u8,
);

const MOST_ATTEMPTS: u32 = 120;
/// The first that is over.
const OVER: u8 = u8::MAX - 12;

impl Default for Compact {
    fn default() -> Compact {
        Compact::new()
    }
}

impl Compact {
    /// A task that has not been started.
    pub const fn new() -> Compact {
        Compact(1)
    }

    /// Whether tasks under this policy fit: no delay depends on the one before it, no budget is paid,
    /// no attempt is free, the wall clock measures what has elapsed, and there are 120 attempts at most.
    pub fn holds(policy: &RetryPolicy) -> bool {
        policy.budget().is_none()
            && policy.compat().elapsed_measure == ElapsedMeasure::Wall
            && policy.reset_after().is_none()
            && policy.max_attempts().is_some_and(|most| most.get() <= MOST_ATTEMPTS)
            && policy.all_delays().all(|delays| !delays.walks())
            && policy.all_actions().all(|action| action != Action::RetryFree)
    }

    /// The part of `task` that fits here, which is all that counts under a policy that this holds.
    const fn of(task: &Task) -> Compact {
        let attempts = task.attempts as u8;
        match task.bits & STATE_MASK {
            READY | WAITING => Compact(2 * attempts + 1),
            RUNNING => Compact(2 * attempts),
            over => Compact(u8::MAX - over as u8),
        }
    }

    /// The whole task, without the number of its attempts if it is over: its first attempt `began`
    /// then, and `at` is what [`Task::at`] means.
    pub const fn expand(self, began: Time, at: Time) -> Task {
        let bits = match self.0 {
            OVER.. => (u8::MAX - self.0) as u32,
            1 => READY,
            live if live % 2 == 1 => WAITING,
            _ => RUNNING,
        };
        Task { began, at, previous: 0, attempts: self.attempts(), bits }
    }

    /// Where the task is; waiting until `at`, if it waits.
    pub const fn state(self, at: Time) -> State {
        self.expand(Time::ZERO, at).state()
    }

    /// Attempts started; 0 when it is over.
    #[inline(always)]
    pub const fn attempts(self) -> u32 {
        if self.is_over() { 0 } else { self.0 as u32 / 2 }
    }

    /// Whether the task is over.
    #[inline(always)]
    pub const fn is_over(self) -> bool {
        self.0 >= OVER
    }

    #[inline(always)]
    const fn is_running(self) -> bool {
        self.0.is_multiple_of(2) && !self.is_over()
    }

    /// Starts the next attempt and returns its number, from 1.
    ///
    /// # Errors
    /// When an attempt runs, the task is over, or 120 attempts were made.
    // By word, as in `Task`: loops over millions of tasks run it, in builds for size too.
    #[inline(always)]
    pub fn start(&mut self) -> Result<u32, TaskError> {
        if self.0.is_multiple_of(2) || self.0 as u32 > 2 * MOST_ATTEMPTS {
            return Err(self.not_startable());
        }
        self.0 += 1;
        Ok(self.0 as u32 / 2)
    }

    /// The running attempt succeeded: the task is over.
    ///
    /// # Errors
    /// When no attempt runs.
    #[inline]
    pub fn succeed(&mut self) -> Result<(), TaskError> {
        if !self.is_running() {
            return Err(self.not_running());
        }
        self.0 = u8::MAX - SUCCEEDED as u8;
        Ok(())
    }

    /// The running attempt failed in the plainest way, so that one draw says when to try again: then.
    /// Otherwise nothing has changed, and [`fail`](Self::fail) says more.
    #[inline(always)]
    pub fn fail_plainly(&mut self, now: Time, ctx: &Context<'_>, class: Class) -> Option<Time> {
        if !self.is_running() {
            return None;
        }
        let delay = ctx.plain_delay(class, self.0 as u32 / 2)?;
        self.0 += 1;
        Some(now.plus_nanos(delay))
    }

    /// The running attempt failed: what now? [`Task::fail`], for a task whose first attempt `began`
    /// then.
    ///
    /// # Errors
    /// When no attempt runs.
    pub fn fail(
        &mut self,
        began: Time,
        now: Time,
        ctx: &Context<'_>,
        class: Class,
        retry_after: Option<Duration>,
    ) -> Result<Verdict, TaskError> {
        let mut task = self.expand(began, now);
        let verdict = task.fail(now, ctx, class, retry_after, None);
        if verdict.is_ok() {
            *self = Compact::of(&task);
        }
        verdict
    }

    #[cold]
    fn not_startable(self) -> TaskError {
        match self.is_over() {
            true => TaskError::Finished,
            false if self.is_running() => TaskError::AlreadyRunning,
            false => TaskError::TooManyAttempts,
        }
    }

    #[cold]
    fn not_running(self) -> TaskError {
        if self.is_over() { TaskError::Finished } else { TaskError::NotRunning }
    }
}
