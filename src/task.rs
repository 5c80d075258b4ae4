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
//! ten million of them, a queue stores one beside each job. Time, policy and the address of the random
//! draw come with each call. **The invariant: an attempt that was started is finished exactly once.**
//! A call that does not fit the state returns a [`TaskError`] and changes nothing.

use core::{fmt, time::Duration};

use crate::{
    policy::{Action, Address, Budget, Class, ElapsedMeasure, RetryPolicy, Terms},
    random::Stream,
    time::{Time, nanos},
};

/// Why a task is a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// All attempts were used.
    Exhausted,
    /// `maxElapsed` was, or would have been, passed.
    DeadlineExceeded,
    /// A rule says that this kind of failure never gets better.
    Permanent,
    /// The shared budget refused the retry.
    BudgetExhausted,
    /// The task's own time to live ended before it succeeded.
    Expired,
    /// The process died while an attempt ran.
    Crashed,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 6] = [
        Self::Exhausted,
        Self::DeadlineExceeded,
        Self::Permanent,
        Self::BudgetExhausted,
        Self::Expired,
        Self::Crashed,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::DeadlineExceeded => "deadlineExceeded",
            Self::Permanent => "permanent",
            Self::BudgetExhausted => "budgetExhausted",
            Self::Expired => "expired",
            Self::Crashed => "crashed",
        }
    }

    /// The reason of that name.
    pub fn parse(name: &str) -> Option<Reason> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Not yet started.
    Ready,
    /// An attempt runs.
    Running,
    /// Waiting for the next attempt.
    Waiting {
        /// When that may start.
        until: Time,
    },
    /// Over: an attempt succeeded.
    Succeeded,
    /// Over: the caller gave it up.
    Cancelled,
    /// Over: a rule dropped it.
    Discarded,
    /// Over: a rule ended it as failed, without a dead letter.
    Failed,
    /// Over: a dead letter.
    Dead(Reason),
}

impl State {
    /// Whether the task is over.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Ready | Self::Running | Self::Waiting { .. })
    }
}

/// What the policy says after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a verdict that is not carried out loses the task"]
pub enum Verdict {
    /// Try again.
    Retry {
        /// When.
        at: Time,
        /// How long that is from now.
        delay: Duration,
    },
    /// Put it in the dead-letter queue.
    DeadLetter(Reason),
    /// Drop it.
    Discard,
    /// End it as failed.
    Fail,
}

/// A verdict that is no retry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    Dead(Reason),
    Discarded,
    Failed,
}

impl From<Ending> for Verdict {
    fn from(ending: Ending) -> Verdict {
        match ending {
            Ending::Dead(reason) => Self::DeadLetter(reason),
            Ending::Discarded => Self::Discard,
            Ending::Failed => Self::Fail,
        }
    }
}

/// A call that does not fit the task's state. The task is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskError {
    /// An attempt already runs: finish it first.
    AlreadyRunning,
    /// No attempt runs: start one first.
    NotRunning,
    /// The task is over.
    Finished,
    /// It is too early for the next attempt.
    TooEarly {
        /// When it may start.
        until: Time,
    },
    /// Attempt 2^32 - 1 has been made: the count ends there.
    TooManyAttempts,
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyRunning => f.write_str("an attempt is already running; finish it first"),
            Self::NotRunning => f.write_str("no attempt is running; start one first"),
            Self::Finished => {
                f.write_str("the task is over; redrive its dead letter or submit a new one")
            }
            Self::TooEarly { until } => write!(f, "the next attempt may not start before {until}"),
            Self::TooManyAttempts => {
                f.write_str("attempt 4294967295 has been made; there is none after it")
            }
        }
    }
}

impl core::error::Error for TaskError {}

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
            dead => State::Dead(Reason::ALL[((dead - DEAD) % 6) as usize]),
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
    #[inline]
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
    /// server's own wish. With a `budget` a retry needs its consent.
    ///
    /// # Errors
    /// When no attempt runs.
    #[inline]
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
            && let Some(range) = ctx.policy.plain_range(class, self.attempts)
        {
            let delay = range.at(ctx.stream.draws(ctx.key, self.attempts).unit());
            self.previous = delay;
            self.at = now.plus_nanos(delay);
            self.bits = WAITING;
            return Ok(Verdict::Retry { at: self.at, delay: Duration::from_nanos(delay) });
        }
        // Copied: a context that nobody points to need not lie in memory.
        self.fail_with_care(now, *ctx, class, retry_after, budget)
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
        let retry_after = retry_after.map(nanos);
        let terms = ctx.policy.terms(class);
        Ok(match self.judge(now, &terms, ctx.stream, ctx.key, retry_after, budget) {
            Ok(delay) => Verdict::Retry { at: self.at, delay: Duration::from_nanos(delay) },
            Err(end) => end.into(),
        })
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
        let free = terms.action == Action::RetryFree && self.excuse();
        let counted = self.counted_attempts();
        let mut give_up = |task: &mut Task, reason| {
            if let Some(budget) = budget.as_mut() {
                budget.on_last_failure(terms.cost);
            }
            Err(task.die(now, reason))
        };
        let allowed = terms.max_attempts.is_none_or(|max| counted < max.get());
        if !allowed || self.attempts == u32::MAX {
            return give_up(self, Reason::Exhausted);
        }
        let address = Address {
            stream,
            key,
            attempt: self.attempts,
            retries: counted.saturating_sub(1),
            previous: (counted > 1).then_some(self.previous),
        };
        let own = terms.delays.draw(&address);
        let wanted = match retry_after {
            Some(hint) => {
                let mut draws = stream.draws(key, self.attempts);
                terms.hinting.apply(own, hint, counted.max(1), &mut draws)
            }
            None => own,
        };
        let sleeps = terms.measure == ElapsedMeasure::Sleeps;
        if sleeps && self.attempts == 1 {
            self.began = Time::ZERO;
        }
        let elapsed = if sleeps { self.began.as_nanos() } else { now.nanos_since(self.began) };
        let Some(delay) = terms.deadline.admit(elapsed, wanted) else {
            return give_up(self, Reason::DeadlineExceeded);
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

    /// A task whose attempt runs, from the four numbers that [`numbers`](Task::numbers) gave.
    #[cfg(feature = "small")]
    pub fn running(began: Time, previous: u64, attempts: u32, bits: u32) -> Task {
        let attempts = attempts.max(bits >> FREE_SHIFT);
        let bits = bits & !STATE_MASK | RUNNING;
        Task { began, at: Time::ZERO, previous, attempts, bits }
    }

    /// When it began, the last delay in nanoseconds, its attempts, and the rest as one number.
    #[cfg(feature = "small")]
    pub const fn numbers(&self) -> (Time, u64, u32, u32) {
        (self.began, self.previous, self.attempts, self.bits)
    }

    /// The task taken apart, to be stored.
    pub const fn parts(&self) -> Parts {
        Parts {
            state: self.state(),
            began: self.began,
            at: self.at,
            previous: Duration::from_nanos(self.previous),
            attempts: self.attempts,
            free: (self.bits >> FREE_SHIFT) as u16,
            paid: self.paid(),
        }
    }

    /// The task put together again.
    ///
    /// # Errors
    /// When no task can be like that; the text says why.
    pub fn from_parts(parts: &Parts) -> Result<Task, &'static str> {
        let state = match parts.state {
            State::Ready => READY,
            State::Running => RUNNING,
            State::Waiting { .. } => WAITING,
            State::Succeeded => SUCCEEDED,
            State::Cancelled => CANCELLED,
            State::Discarded => DISCARDED,
            State::Failed => FAILED,
            State::Dead(reason) => DEAD + reason as u32,
        };
        let until = match parts.state {
            State::Waiting { until } => until,
            _ => parts.at,
        };
        if u32::from(parts.free) > parts.attempts {
            return Err("has more free attempts than attempts");
        }
        if u32::from(parts.paid) > PAID_MAX {
            return Err("has paid more than 4095 budget tokens for one retry");
        }
        match state {
            READY if parts.attempts > 0 => return Err("is ready, yet has attempts"),
            RUNNING | WAITING | SUCCEEDED | DISCARDED | FAILED if parts.attempts == 0 => {
                return Err("has a state that only an attempt brings, yet no attempts");
            }
            _ => {}
        }
        let previous = nanos(parts.previous);
        let paid = u32::from(parts.paid) << PAID_SHIFT;
        let bits = state | paid | u32::from(parts.free) << FREE_SHIFT;
        Ok(Task { began: parts.began, at: until, previous, attempts: parts.attempts, bits })
    }
}

/// A [`Task`] taken apart: everything that has to be stored to put it together again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Where it is.
    pub state: State,
    /// [`Task::began`].
    pub began: Time,
    /// [`Task::at`].
    pub at: Time,
    /// [`Task::last_delay`].
    pub previous: Duration,
    /// [`Task::attempts`].
    pub attempts: u32,
    /// How many of them were free.
    pub free: u16,
    /// [`Task::paid`].
    pub paid: u16,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Backoff, BudgetRule, DebitOn, Jitter, Rule, TokenBucket};

    const SECOND: Duration = Duration::from_secs(1);

    fn ctx(policy: &RetryPolicy) -> Context<'_> {
        Context { policy, stream: Stream::new(1), key: 1 }
    }

    fn constant() -> crate::policy::PolicyBuilder {
        RetryPolicy::builder().backoff(Backoff::Constant { delay: SECOND }).jitter(Jitter::None)
    }

    fn fail(
        task: &mut Task,
        now: Time,
        policy: &RetryPolicy,
        kind: &str,
    ) -> Result<Verdict, TaskError> {
        task.fail(now, &ctx(policy), policy.classify(kind, None), None, None)
    }

    #[test]
    fn a_task_is_small_and_plain() {
        assert!(size_of::<Task>() <= 32);
        fn copy<T: Copy + Send + Sync + 'static>() {}
        copy::<Task>();
    }

    #[test]
    fn calls_that_do_not_fit_are_errors_and_change_nothing() {
        let policy = RetryPolicy::default();
        let mut task = Task::new();
        assert_eq!(fail(&mut task, Time::ZERO, &policy, ""), Err(TaskError::NotRunning));
        assert_eq!(task.succeed(Time::ZERO), Err(TaskError::NotRunning));
        assert_eq!(task.start(Time::ZERO), Ok(1));
        assert_eq!(task.start(Time::ZERO), Err(TaskError::AlreadyRunning));
        let Ok(Verdict::Retry { at, .. }) = fail(&mut task, Time::ZERO, &policy, "") else {
            panic!("a first failure is retried")
        };
        let waiting = task;
        assert_eq!(task.start(Time::ZERO), Err(TaskError::TooEarly { until: at }));
        assert_eq!(task, waiting);
        assert_eq!(task.start(at), Ok(2));
        assert_eq!(task.succeed(at), Ok(()));
        for result in [task.start(at).err(), task.cancel(at).err(), task.succeed(at).err()] {
            assert_eq!(result, Some(TaskError::Finished));
        }
        assert_eq!(task.state(), State::Succeeded);
    }

    #[test]
    fn rules_end_a_task_each_in_its_way() {
        let policy = constant()
            .rule(Rule::new("validation", Action::DeadLetter))
            .rule(Rule::new("gone", Action::Discard))
            .rule(Rule::new("refused", Action::Fail))
            .build()
            .unwrap();
        for (kind, verdict, state) in [
            ("validation", Verdict::DeadLetter(Reason::Permanent), State::Dead(Reason::Permanent)),
            ("gone", Verdict::Discard, State::Discarded),
            ("refused", Verdict::Fail, State::Failed),
        ] {
            let mut task = Task::new();
            task.start(Time::ZERO).unwrap();
            assert_eq!(fail(&mut task, Time::ZERO, &policy, kind), Ok(verdict));
            assert_eq!(task.state(), state);
        }
    }

    #[test]
    fn free_retries_count_neither_as_attempts_nor_for_the_backoff() {
        let policy = RetryPolicy::builder()
            .backoff(Backoff::Linear { initial: SECOND, increment: SECOND })
            .jitter(Jitter::None)
            .max_attempts(2)
            .rule(Rule::new("snooze", Action::RetryFree))
            .build()
            .unwrap();
        let (mut task, mut now) = (Task::new(), Time::ZERO);
        for kind in ["snooze", "snooze", "boom"] {
            task.start(now).unwrap();
            let Ok(Verdict::Retry { at, delay }) = fail(&mut task, now, &policy, kind) else {
                panic!("{kind} is retried")
            };
            assert_eq!(delay, SECOND);
            now = at;
        }
        task.start(now).unwrap();
        assert_eq!(
            fail(&mut task, now, &policy, "boom"),
            Ok(Verdict::DeadLetter(Reason::Exhausted))
        );
        assert_eq!((task.attempts(), task.counted_attempts()), (4, 2));
    }

    #[test]
    fn free_retries_leave_a_walk_where_it_is() {
        let policy = RetryPolicy::builder()
            .backoff(Backoff::Decorrelated { initial: SECOND, multiplier: 3.0 })
            .max_attempts(2)
            .rule(Rule::new("snooze", Action::RetryFree))
            .build()
            .unwrap();
        let (mut task, mut now) = (Task::new(), Time::ZERO);
        for _ in 0..200 {
            task.start(now).unwrap();
            let Ok(Verdict::Retry { at, delay }) = fail(&mut task, now, &policy, "snooze") else {
                panic!("a free retry is always granted")
            };
            assert!((SECOND..SECOND * 3).contains(&delay), "{delay:?}");
            now = at;
        }
    }

    #[test]
    fn the_last_failure_costs_as_much_as_any_where_failures_cost() {
        // As in grpc-js 1.14.7: addCallFailed comes before the attempts are counted.
        let bucket = TokenBucket {
            capacity: 10,
            cost: 1,
            debit_on: DebitOn::Failure,
            ..TokenBucket::default()
        };
        let limited = constant().budget(BudgetRule::TokenBucket(bucket));
        for policy in [
            limited.clone().max_attempts(1),
            limited.max_attempts(5).max_elapsed(Duration::from_millis(1)),
        ] {
            let policy = policy.build().unwrap();
            let mut budget = Budget::new(policy.budget().unwrap());
            let mut task = Task::new();
            task.start(Time::ZERO).unwrap();
            let class = policy.classify("", None);
            let verdict = task.fail(Time::ZERO, &ctx(&policy), class, None, Some(&mut budget));
            assert!(matches!(verdict, Ok(Verdict::DeadLetter(_))));
            assert_eq!((budget.balance(), budget.denied()), (9.0, 0));
        }
    }

    #[test]
    fn slept_time_and_wall_time_are_different_measures() {
        let run = |measure| {
            let policy = constant()
                .max_attempts(100)
                .max_elapsed(SECOND * 3)
                .elapsed_measure(measure)
                .build()
                .unwrap();
            let (mut task, mut now) = (Task::new(), Time::from_secs(1_000));
            loop {
                task.start(now).unwrap();
                now = now.saturating_add(SECOND);
                match fail(&mut task, now, &policy, "").unwrap() {
                    Verdict::Retry { at, .. } => now = at,
                    verdict => {
                        assert_eq!(verdict, Verdict::DeadLetter(Reason::DeadlineExceeded));
                        return task.attempts();
                    }
                }
            }
        };
        assert_eq!(run(ElapsedMeasure::Wall), 2);
        assert_eq!(run(ElapsedMeasure::Sleeps), 4);
    }

    #[test]
    fn an_empty_budget_ends_the_task_and_a_paid_retry_knows_its_price() {
        let bucket = TokenBucket { capacity: 14, ..TokenBucket::default() };
        let policy = constant().budget(BudgetRule::TokenBucket(bucket)).build().unwrap();
        let mut budget = Budget::new(policy.budget().unwrap());
        let class = policy.classify("", None);
        let (mut first, mut second) = (Task::new(), Task::new());
        first.start(Time::ZERO).unwrap();
        second.start(Time::ZERO).unwrap();
        let verdict = first.fail(Time::ZERO, &ctx(&policy), class, None, Some(&mut budget));
        assert!(matches!(verdict, Ok(Verdict::Retry { .. })));
        assert_eq!(first.paid(), 14);
        let verdict = second.fail(Time::ZERO, &ctx(&policy), class, None, Some(&mut budget));
        assert_eq!(verdict, Ok(Verdict::DeadLetter(Reason::BudgetExhausted)));
    }

    #[test]
    fn parts_make_the_same_task_and_refuse_impossible_ones() {
        let policy = RetryPolicy::default();
        let mut task = Task::new();
        task.start(Time::from_secs(5)).unwrap();
        let _ = fail(&mut task, Time::from_secs(6), &policy, "").unwrap();
        assert_eq!(Task::from_parts(&task.parts()), Ok(task));
        let mut parts = task.parts();
        parts.attempts = 0;
        assert!(Task::from_parts(&parts).is_err());
        parts.state = State::Ready;
        assert!(Task::from_parts(&parts).is_ok());
        parts.free = 1;
        assert!(Task::from_parts(&parts).is_err());
    }
}
