//! The retry state of one task: failure in, verdict out.
//!
//! ```text
//!             start                fail: Retry                wake-up time reached
//!   Ready ------------> Running(k) ------------> Waiting ----------------------> (start again)
//!                          |   \
//!                  succeed |    \ fail: any other verdict
//!                          v     v
//!                    Succeeded   Dead(reason) | Discarded | Failed        cancel -> Cancelled
//! ```
//!
//! A [`Task`] is 32 bytes, `Copy`, and holds neither key nor policy nor error text: a simulator keeps
//! ten million of them, a queue stores one beside each job ([`Compact`] holds what plain policies need in
//! one byte, for loops that know the times). Time, policy and the address of the random
//! draw come with each call. **The invariant: an attempt that was started is finished exactly once.**
//! A call that does not fit the state returns a [`TaskError`] and changes nothing.

mod compact;
mod parts;
mod state;

pub(crate) use self::state::Ending;
pub use self::{
    compact::Compact,
    parts::Parts,
    state::{Reason, State, TaskError, Verdict},
};
use crate::{
    policy::{Action, Address, Budget, Class, ElapsedMeasure, Overrides, RetryPolicy, Terms},
    random::Stream,
    time::{Duration, Time, nanos},
};

/// What a verdict depends on besides the task: the policy, and where its randomness comes from.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The rules.
    pub policy: &'a RetryPolicy,
    /// The stream of the seed.
    pub stream: Stream,
    /// The task's key.
    pub key: u64,
}

impl Context<'_> {
    /// The delay after a plain failure, in nanoseconds, if that is one: a single draw from a range
    /// that was worked out ahead.
    #[inline(always)]
    fn plain_delay(&self, class: Class, attempts: u32) -> Option<u64> {
        let range = self.policy.plain_range(class, attempts)?;
        Some(range.at(self.stream.draws(self.key, attempts).unit()))
    }
}

/// The retry state of one task. See the [module's text](self).
///
/// ```
/// use redrive::{RetryPolicy, Task, Time, Verdict, task::{Context, Reason}, random::Stream};
///
/// let policy = RetryPolicy::default(); // three attempts, 2 s and 4 s apart
/// let ctx = Context { policy: &policy, stream: Stream::new(42), key: 7 };
/// let timeout = policy.classify("timeout", None);
///
/// let (mut task, mut now) = (Task::new(), Time::ZERO);
/// while let Ok(_attempt) = task.start(now) {
///     match task.fail(now, &ctx, timeout, None, None)? {
///         Verdict::Retry { at, .. } => now = at,
///         verdict => assert_eq!(verdict, Verdict::DeadLetter(Reason::Exhausted)),
///     }
/// }
/// assert_eq!(task.attempts(), 3);
/// # Ok::<(), redrive::task::TaskError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// When the first attempt began. A policy that measures `sleeps` has no use for that time and
    /// keeps the sum of the delays here instead.
    began: Time,
    /// Running: when this attempt began. Waiting: when the next may start. Over: when it ended.
    at: Time,
    /// The policy's last delay that counts, for kinds that walk.
    previous: u64,
    /// Executions started.
    attempts: u32,
    /// State in bits 0-3, budget tokens paid in bits 4-15, free attempts in bits 16-31.
    bits: u32,
}

const READY: u32 = 0;
const RUNNING: u32 = 1;
const WAITING: u32 = 2;
const SUCCEEDED: u32 = 3;
const CANCELLED: u32 = 4;
const DISCARDED: u32 = 5;
const FAILED: u32 = 6;
const DEAD: u32 = 7;

const STATE_MASK: u32 = 0xf;
const PAID_SHIFT: u32 = 4;
const PAID_MAX: u32 = 0xfff;
const FREE_SHIFT: u32 = 16;
const FREE_MAX: u32 = 0xffff;

impl Default for Task {
    fn default() -> Task {
        Task::new()
    }
}

impl Task {
    /// A task that has not been started.
    pub const fn new() -> Task {
        Task { began: Time::ZERO, at: Time::ZERO, previous: 0, attempts: 0, bits: READY }
    }

    /// Where the task is.
    pub const fn state(&self) -> State {
        match self.bits & STATE_MASK {
            READY => State::Ready,
            RUNNING => State::Running,
            WAITING => State::Waiting { until: self.at },
            SUCCEEDED => State::Succeeded,
            CANCELLED => State::Cancelled,
            DISCARDED => State::Discarded,
            FAILED => State::Failed,
            dead => State::Dead(Reason::ALL[(dead - DEAD) as usize % Reason::ALL.len()]),
        }
    }

    /// Attempts started, the free ones included.
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Attempts that count towards `maxAttempts`. At most 65,535 attempts can be free; further ones
    /// count.
    pub const fn counted_attempts(&self) -> u32 {
        self.attempts - (self.bits >> FREE_SHIFT)
    }

    /// When the first attempt began; [`Time::ZERO`] before. Once it has failed under a policy that
    /// measures `sleeps`: the sum of its delays.
    pub const fn began(&self) -> Time {
        self.began
    }

    /// Running: when this attempt began. Waiting: when the next may start. Over: when it ended.
    pub const fn at(&self) -> Time {
        self.at
    }

    /// The policy's last delay after a failure that counts, before any Retry-After; zero before the
    /// first one.
    pub const fn last_delay(&self) -> Duration {
        Duration::from_nanos(self.previous)
    }

    /// What the retry that runs or waits has cost its budget; 0 at the first attempt.
    pub const fn paid(&self) -> u16 {
        ((self.bits >> PAID_SHIFT) & PAID_MAX) as u16
    }

    /// Starts the next attempt and returns its number, from 1.
    ///
    /// # Errors
    /// When an attempt runs, it is too early, the task is over, or 2^32 - 1 attempts were made.
    // By word: loops over millions of tasks run it, in builds for size too.
    #[inline(always)]
    pub fn start(&mut self, now: Time) -> Result<u32, TaskError> {
        match self.bits & STATE_MASK {
            READY => self.began = now,
            WAITING if self.at <= now => {}
            WAITING => return Err(TaskError::TooEarly { until: self.at }),
            RUNNING => return Err(TaskError::AlreadyRunning),
            _ => return Err(TaskError::Finished),
        }
        self.attempts = self.attempts.checked_add(1).ok_or(TaskError::TooManyAttempts)?;
        self.at = now;
        self.set_state(RUNNING);
        Ok(self.attempts)
    }

    /// The running attempt succeeded: the task is over.
    ///
    /// # Errors
    /// When no attempt runs.
    #[inline]
    pub fn succeed(&mut self, now: Time) -> Result<(), TaskError> {
        self.finish(now, SUCCEEDED)
    }

    /// The task is given up, from any state but a final one.
    ///
    /// # Errors
    /// When it is over.
    pub fn cancel(&mut self, now: Time) -> Result<(), TaskError> {
        self.end(now, CANCELLED)
    }

    /// The task dies for a reason that no failure gave: it expired, or its process crashed.
    ///
    /// # Errors
    /// When it is over.
    pub fn kill(&mut self, now: Time, reason: Reason) -> Result<(), TaskError> {
        self.end(now, DEAD + reason as u32)
    }

    /// The running attempt failed: what now?
    ///
    /// `class` is [`RetryPolicy::classify`] of the failure by the policy of `ctx`; `retry_after` is the
    /// wait that the server asked for. With a `budget`, a retry needs its permission.
    ///
    /// # Errors
    /// When no attempt runs, or `class` is of a policy with other rules.
    // By word: loops over millions of tasks run it, in builds for size too.
    #[inline(always)]
    pub fn fail(
        &mut self,
        now: Time,
        ctx: &Context<'_>,
        class: Class,
        retry_after: Option<Duration>,
        budget: Option<&mut Budget>,
    ) -> Result<Verdict, TaskError> {
        // Running, nothing paid and no attempt free: all but a few failures of most policies.
        if self.bits == RUNNING
            && retry_after.is_none()
            && budget.is_none()
            && let Some(delay) = ctx.plain_delay(class, self.attempts)
        {
            self.previous = delay;
            self.at = now.plus_nanos(delay);
            self.bits = WAITING;
            return Ok(Verdict::Retry { at: self.at, delay: Duration::from_nanos(delay) });
        }
        // Copied: a context without references to it can stay in registers.
        self.fail_with_care(now, *ctx, class, retry_after, budget)
    }

    /// [`fail`](Self::fail) for a task that overrides some of its policy.
    ///
    /// # Errors
    /// When no attempt runs, or `class` is of a policy with other rules.
    pub fn fail_with(
        &mut self,
        now: Time,
        ctx: &Context<'_>,
        overrides: &Overrides,
        class: Class,
        retry_after: Option<Duration>,
        budget: Option<&mut Budget>,
    ) -> Result<Verdict, TaskError> {
        if self.bits & STATE_MASK != RUNNING {
            return Err(self.not_running());
        }
        if !ctx.policy.knows(class) {
            return Err(TaskError::ClassOfOtherRules);
        }
        let mut terms = ctx.policy.terms(class);
        terms.max_attempts = overrides.max_attempts().or(terms.max_attempts);
        let own = overrides.delays(ctx.policy, class);
        terms.delays = own.as_ref().unwrap_or(terms.delays);
        Ok(self.say(now, ctx, &terms, retry_after, budget))
    }

    fn say(
        &mut self,
        now: Time,
        ctx: &Context<'_>,
        terms: &Terms<'_>,
        retry_after: Option<Duration>,
        budget: Option<&mut Budget>,
    ) -> Verdict {
        let retry_after = retry_after.map(nanos);
        match self.judge(now, terms, ctx.stream, ctx.key, retry_after, budget) {
            Ok(delay) => Verdict::Retry { at: self.at, delay: Duration::from_nanos(delay) },
            Err(end) => end.into(),
        }
    }

    /// [`fail`](Self::fail) for what needs more than one draw.
    #[inline(never)]
    fn fail_with_care(
        &mut self,
        now: Time,
        ctx: Context<'_>,
        class: Class,
        retry_after: Option<Duration>,
        budget: Option<&mut Budget>,
    ) -> Result<Verdict, TaskError> {
        if self.bits & STATE_MASK != RUNNING {
            return Err(self.not_running());
        }
        if !ctx.policy.knows(class) {
            return Err(TaskError::ClassOfOtherRules);
        }
        let terms = ctx.policy.terms(class);
        Ok(self.say(now, &ctx, &terms, retry_after, budget))
    }

    /// The attempt that failed ran so long that what went before it no longer counts: it is as good as
    /// the first, begun when it failed. The number of attempts goes on, up to 65,536, so that further
    /// delays are drawn anew.
    #[cold]
    fn begin_anew(&mut self, now: Time, measure: ElapsedMeasure) {
        let free = (self.attempts - 1).min(FREE_MAX);
        self.attempts = free + 1;
        self.bits = self.bits & !(FREE_MAX << FREE_SHIFT) | free << FREE_SHIFT;
        self.began = if measure == ElapsedMeasure::Sleeps { Time::ZERO } else { now };
        self.previous = 0;
    }

    /// Counts the attempt that failed as free, as long as there is room to count.
    #[inline]
    fn excuse(&mut self) -> bool {
        let room = self.bits >> FREE_SHIFT < FREE_MAX;
        self.bits += u32::from(room) << FREE_SHIFT;
        room
    }

    /// The delay before the next attempt by `terms`, in nanoseconds, or how the task ends.
    #[inline]
    pub(crate) fn judge(
        &mut self,
        now: Time,
        terms: &Terms<'_>,
        stream: Stream,
        key: u64,
        retry_after: Option<u64>,
        mut budget: Option<&mut Budget>,
    ) -> Result<u64, Ending> {
        match terms.action {
            Action::Retry | Action::RetryFree => {}
            Action::DeadLetter => return Err(self.die(now, Reason::Permanent)),
            Action::Discard => {
                self.settle(now, DISCARDED);
                return Err(Ending::Discarded);
            }
            Action::Fail => {
                self.settle(now, FAILED);
                return Err(Ending::Failed);
            }
        }
        if terms.reset_after.is_some_and(|after| now.nanos_since(self.at) >= after) {
            self.begin_anew(now, terms.measure);
        }
        let free = terms.action == Action::RetryFree && self.excuse();
        let counted = self.counted_attempts();
        let allowed = terms.max_attempts.is_none_or(|max| counted < max.get());
        if !allowed || self.attempts == u32::MAX {
            return Err(self.give_up(now, terms.cost, budget, Reason::Exhausted));
        }
        let address = Address {
            stream,
            key,
            attempt: self.attempts,
            retries: counted.saturating_sub(1),
            previous: (counted > 1).then_some(self.previous),
        };
        let own = terms.delays.draw(&address);
        let (wanted, least) = match retry_after {
            Some(hint) => {
                let Some(least) = terms.hinting.least(own, hint) else {
                    return Err(self.give_up(now, terms.cost, budget, Reason::DeadlineExceeded));
                };
                let mut draws = stream.draws(key, self.attempts);
                (terms.hinting.apply(own, hint, counted.max(1), &mut draws).max(least), least)
            }
            None => (own, 0),
        };
        let sleeps = terms.measure == ElapsedMeasure::Sleeps;
        if sleeps && self.attempts == 1 {
            self.began = Time::ZERO;
        }
        let elapsed = if sleeps { self.began.as_nanos() } else { now.nanos_since(self.began) };
        // Its turn comes first, then its delay: retries that wait do not meet again at their end.
        let turn = budget.as_mut().map_or(0, |budget| budget.turn(now));
        let admitted = terms.deadline.admit(elapsed.saturating_add(turn), wanted);
        let Some(delay) = admitted.map(|delay| delay.saturating_add(turn)).filter(|d| *d >= least)
        else {
            return Err(self.give_up(now, terms.cost, budget, Reason::DeadlineExceeded));
        };
        if let Some(budget) = budget {
            let again = self.attempts > 1;
            if !budget.withdraw(now, terms.cost, again) {
                return Err(self.die(now, Reason::BudgetExhausted));
            }
            let paid = u32::from(terms.cost).min(PAID_MAX) << PAID_SHIFT;
            self.bits = self.bits & !(PAID_MAX << PAID_SHIFT) | paid;
        }
        if sleeps {
            self.began = self.began.plus_nanos(delay);
        }
        // A walk goes on from counted failures alone: free ones leave it where it is.
        if !free {
            self.previous = own;
        }
        self.at = now.plus_nanos(delay);
        self.set_state(WAITING);
        Ok(delay)
    }

    #[inline]
    fn set_state(&mut self, state: u32) {
        self.bits = self.bits & !STATE_MASK | state;
    }

    #[inline]
    fn settle(&mut self, now: Time, state: u32) {
        self.at = now;
        self.set_state(state);
    }

    /// A failure that could be retried ends the task, since no attempt or no time is left.
    fn give_up(
        &mut self,
        now: Time,
        cost: u16,
        budget: Option<&mut Budget>,
        reason: Reason,
    ) -> Ending {
        if let Some(budget) = budget {
            budget.on_last_failure(cost);
        }
        self.die(now, reason)
    }

    fn die(&mut self, now: Time, reason: Reason) -> Ending {
        self.settle(now, DEAD + reason as u32);
        Ending::Dead(reason)
    }

    #[inline]
    fn finish(&mut self, now: Time, state: u32) -> Result<(), TaskError> {
        if self.bits & STATE_MASK != RUNNING {
            return Err(self.not_running());
        }
        self.settle(now, state);
        Ok(())
    }

    fn end(&mut self, now: Time, state: u32) -> Result<(), TaskError> {
        if self.state().is_final() {
            return Err(TaskError::Finished);
        }
        self.settle(now, state);
        Ok(())
    }

    #[cold]
    fn not_running(&self) -> TaskError {
        if self.state().is_final() { TaskError::Finished } else { TaskError::NotRunning }
    }
}

#[cfg(test)]
mod tests;
