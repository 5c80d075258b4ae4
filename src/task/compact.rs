//! A task in one byte.

use super::{
    Context, READY, RUNNING, STATE_MASK, SUCCEEDED, State, Task, TaskError, Verdict, WAITING,
};
use crate::{
    policy::{Action, Class, ElapsedMeasure, RetryPolicy},
    time::{Duration, Time},
};

/// The retry state of one task in one byte, for loops over millions of tasks that keep the times
/// themselves: the number of its attempts, up to 15, and where it is.
///
/// What a [`Task`] knows besides, such a loop knows anyway: when a wait ends lies in its queue of
/// events, when the first attempt began is needed only at the end. Of the last delay and of what was
/// paid there is nothing to know under the policies that [`Compact::holds`]. The verdicts are those of
/// a [`Task`], to the last bit; only [`TaskError::TooEarly`] cannot happen, since nobody here knows
/// when.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Compact(
    /// State in bits 0-3 as in a [`Task`], attempts in bits 4-7.
    u8,
);

const ATTEMPTS_SHIFT: u32 = 4;
const ONE_ATTEMPT: u8 = 1 << ATTEMPTS_SHIFT;
const MOST_ATTEMPTS: u32 = 15;
const STATE_BITS: u8 = STATE_MASK as u8;

impl Compact {
    /// A task that has not been started.
    pub const fn new() -> Compact {
        Compact(READY as u8)
    }

    /// Whether tasks under this policy fit: no delay depends on the one before it, no budget is paid,
    /// no attempt is free, the wall clock measures what has elapsed, and there are 15 attempts at most.
    pub fn holds(policy: &RetryPolicy) -> bool {
        policy.budget().is_none()
            && policy.compat().elapsed_measure == ElapsedMeasure::Wall
            && policy.max_attempts().is_some_and(|most| most.get() <= MOST_ATTEMPTS)
            && policy.all_delays().all(|delays| !delays.walks())
            && policy.all_actions().all(|action| action != Action::RetryFree)
    }

    /// The part of `task` that fits here, which is all that counts under a policy that this holds.
    const fn of(task: &Task) -> Compact {
        Compact((task.bits & STATE_MASK | task.attempts << ATTEMPTS_SHIFT) as u8)
    }

    /// The whole task: its first attempt `began` then, and `at` is what [`Task::at`] means.
    pub const fn expand(self, began: Time, at: Time) -> Task {
        let attempts = self.attempts();
        Task { began, at, previous: 0, attempts, bits: self.state_bits() }
    }

    /// Where the task is; waiting until `at`, if it waits.
    pub const fn state(self, at: Time) -> State {
        self.expand(Time::ZERO, at).state()
    }

    /// Attempts started.
    pub const fn attempts(self) -> u32 {
        (self.0 >> ATTEMPTS_SHIFT) as u32
    }

    /// Starts the next attempt and returns its number, from 1.
    ///
    /// # Errors
    /// When an attempt runs, the task is over, or 15 attempts were made.
    // By word, as in `Task`: loops over millions of tasks run it, in builds for size too.
    #[inline(always)]
    pub fn start(&mut self) -> Result<u32, TaskError> {
        let state = self.state_bits();
        if state != READY && state != WAITING {
            return Err(self.not_startable());
        }
        let Some(next) = self.0.checked_add(ONE_ATTEMPT) else {
            return Err(TaskError::TooManyAttempts);
        };
        *self = Compact(next).with(RUNNING);
        Ok(self.attempts())
    }

    /// The running attempt succeeded: the task is over.
    ///
    /// # Errors
    /// When no attempt runs.
    #[inline]
    pub fn succeed(&mut self) -> Result<(), TaskError> {
        if self.state_bits() != RUNNING {
            return Err(self.not_running());
        }
        *self = self.with(SUCCEEDED);
        Ok(())
    }

    /// The running attempt failed in the plainest way, so that one draw says when to try again: then.
    /// Otherwise nothing has changed, and [`fail`](Self::fail) says more.
    #[inline(always)]
    pub fn fail_plainly(&mut self, now: Time, ctx: &Context<'_>, class: Class) -> Option<Time> {
        if self.state_bits() != RUNNING {
            return None;
        }
        let delay = ctx.plain_delay(class, self.attempts())?;
        *self = self.with(WAITING);
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
        *self = Compact::of(&task);
        verdict
    }

    const fn state_bits(self) -> u32 {
        (self.0 & STATE_BITS) as u32
    }

    const fn with(self, state: u32) -> Compact {
        Compact(self.0 & !STATE_BITS | state as u8)
    }

    #[cold]
    fn not_startable(self) -> TaskError {
        if self.state_bits() == RUNNING { TaskError::AlreadyRunning } else { TaskError::Finished }
    }

    #[cold]
    fn not_running(self) -> TaskError {
        self.expand(Time::ZERO, Time::ZERO).not_running()
    }
}
