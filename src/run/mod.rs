//! The executors: a call, retried by a policy.
//!
//! ```
//! use redrive::{RetryPolicy, run::Fault};
//!
//! # fn read() -> Result<u32, std::io::Error> { Ok(7) }
//! let policy = RetryPolicy::recommended();
//! let value = policy.retry(|| read()).classify(Fault::io).call()?;        // blocking
//! # assert_eq!(value, 7);
//! # Ok::<(), redrive::run::GaveUp<std::io::Error>>(())
//! ```
//! With the feature `tokio` the same is awaited: `policy.retry(|| fetch(&url)).await?`.
//!
//! # What an executor does
//! It makes the attempts and waits between them; what is retried and when is said by the core, as
//! everywhere. The policy's limit of an attempt, its rules, a Retry-After and its budget all act.
//!
//! - **The seed is entropy** unless [`seed`](Retry::seed) says otherwise: no two calls of any two
//!   processes draw alike. It is drawn at the first failure; a success draws nothing and allocates
//!   nothing.
//! - **A budget is shared.** Without [`budget`](Retry::budget), calls of this process under policies with
//!   equal budget rules share one. A call gives its permit back when it ends, panics or is dropped.
//! - **Dropping the future** ends the call at any point: no timer stays, no permit, no half a letter.
//! - **A blocking attempt cannot be stopped.** [`call`](Retry::call) hands the policy's limit to the
//!   closure ([`Attempt::timeout`]), for the socket that can keep it.
//! - **Both forms of closure**: [`retry`](RetryPolicy::retry) takes `FnMut() -> Fut`, whose future may go
//!   to other threads; [`retry_with`](RetryPolicy::retry_with) takes an async closure that may borrow
//!   from its surroundings, and the number of the attempt.

mod blocking;
mod course;
mod drive;
mod fault;
#[cfg(feature = "tokio")]
mod future;
mod gave_up;
mod judge;
mod shared;
pub mod testing;
mod timer;
mod watch;

use core::marker::PhantomData;

use self::drive::Setup;
pub use self::{
    drive::{Finish, Last, Whole},
    fault::{Code, Fault},
    gave_up::{AttemptTimedOut, Cause, GaveUp},
    judge::{Classify, Judge, Plain, Refusal, RetryOk, When},
    shared::{DeadLetters, SharedBudget},
    timer::{BlockingTimer, ThreadTimer, Timer},
    watch::{Bury, NoLetters, Notify, Retrying, Silent, ToLetters, Watch},
};
#[cfg(feature = "tokio")]
pub use self::{future::RetryFuture, timer::TokioTimer};
use crate::{Key, policy::RetryPolicy, time::Duration, wire::Value};

/// One attempt, as the closure of [`retry_with`](RetryPolicy::retry_with) gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// How long it may run, by the policy.
    pub timeout: Option<Duration>,
}

/// A closure without arguments.
#[derive(Clone, Copy, Debug)]
pub struct Bare<F>(F);

/// A closure that gets the [`Attempt`].
#[derive(Clone, Copy, Debug)]
pub struct Told<F>(F);

/// A call to be made: [`call`](Retry::call) it, or `.await` it.
///
/// Made by [`retry`], [`RetryPolicy::retry`] and [`RetryPolicy::retry_with`].
#[derive(Clone, Debug)]
#[must_use = "nothing is called before `.call()` or `.await`"]
pub struct Retry<'a, F, J = Plain, W = Silent, D = NoLetters, M = Whole> {
    op: F,
    setup: Setup<'a, J, W, D, M>,
}

/// Retries a call under [`RetryPolicy::recommended`].
///
/// ```
/// # fn read() -> Result<u32, std::io::Error> { Ok(7) }
/// let value = redrive::retry(|| read()).call()?;
/// # assert_eq!(value, 7);
/// # Ok::<(), redrive::run::GaveUp<std::io::Error>>(())
/// ```
pub fn retry<F>(op: F) -> Retry<'static, Bare<F>> {
    static RECOMMENDED: std::sync::OnceLock<RetryPolicy> = std::sync::OnceLock::new();
    RECOMMENDED.get_or_init(RetryPolicy::recommended).retry(op)
}

impl RetryPolicy {
    /// A call that is retried by this policy. The closure makes one attempt: it gives a `Result`, or a
    /// future of one.
    pub fn retry<F>(&self, op: F) -> Retry<'_, Bare<F>> {
        self.start(Bare(op))
    }

    /// The same with a closure that gets the [`Attempt`], and may be an async one that borrows.
    pub fn retry_with<F>(&self, op: F) -> Retry<'_, Told<F>> {
        self.start(Told(op))
    }

    fn start<F>(&self, op: F) -> Retry<'_, F> {
        let setup = Setup {
            policy: self,
            judge: Plain,
            watch: Silent,
            letters: NoLetters,
            key: Key::default(),
            seed: None,
            budget: None,
            mode: PhantomData,
        };
        Retry { op, setup }
    }
}

impl<'a, F, J, W, D, M> Retry<'a, F, J, W, D, M> {
    /// Says what an error is: its kind or code, as the policy's rules match it, and a Retry-After.
    /// Without it every error is of the kind `other`. Ready ones: [`Fault::io`], [`Fault::http`].
    pub fn classify<E, C>(self, classify: C) -> Retry<'a, F, Classify<J, C>, W, D, M>
    where
        C: for<'e> FnMut(&'e E) -> Fault<'e>,
    {
        self.judged(|judge| Classify { judge, classify })
    }

    /// Retries only errors for which `when` says true; others end the call as
    /// [`Permanent`](crate::Reason::Permanent).
    pub fn when<E, P>(self, when: P) -> Retry<'a, F, When<J, P>, W, D, M>
    where
        P: FnMut(&E) -> bool,
    {
        self.judged(|judge| When { judge, when })
    }

    /// Counts values as failures: `refuse` gives `true`, the kind of failure, or `None`. When no attempt
    /// is left, the last value is the result of the call.
    pub fn retry_ok<T, R, S>(self, refuse: R) -> Retry<'a, F, RetryOk<J, R>, W, D, M>
    where
        R: FnMut(&T) -> S,
        S: Refusal,
    {
        self.judged(|judge| RetryOk { judge, refuse })
    }

    fn judged<J2>(self, wrap: impl FnOnce(J) -> J2) -> Retry<'a, F, J2, W, D, M> {
        let Retry { op, setup } = self;
        let Setup { policy, judge, watch, letters, key, seed, budget, mode } = setup;
        let judge = wrap(judge);
        Retry { op, setup: Setup { policy, judge, watch, letters, key, seed, budget, mode } }
    }

    /// Tells of every retry before its wait.
    pub fn notify<E, N>(self, notify: N) -> Retry<'a, F, J, Notify<W, N>, D, M>
    where
        N: FnMut(&Retrying<'_, E>),
    {
        let Retry { op, setup } = self;
        let Setup { policy, judge, watch, letters, key, seed, budget, mode } = setup;
        let watch = Notify { watch, notify };
        Retry { op, setup: Setup { policy, judge, watch, letters, key, seed, budget, mode } }
    }

    /// Keeps what is given up in a queue; `payload` is what a redrive needs, and is called only then.
    pub fn dead_letters<P, V>(
        self,
        queue: &DeadLetters,
        payload: P,
    ) -> Retry<'a, F, J, W, ToLetters<P>, M>
    where
        P: FnOnce() -> V,
        V: Into<Value>,
    {
        let Retry { op, setup } = self;
        let Setup { policy, judge, watch, letters: _, key, seed, budget, mode } = setup;
        let letters = ToLetters { queue: queue.clone(), payload: Some(payload) };
        Retry { op, setup: Setup { policy, judge, watch, letters, key, seed, budget, mode } }
    }

    /// Fails with the last error itself in place of [`GaveUp`]. A timeout of the policy becomes an error
    /// by `From<AttemptTimedOut>`.
    pub fn unwrap(self) -> Retry<'a, F, J, W, D, Last> {
        let Retry { op, setup } = self;
        let Setup { policy, judge, watch, letters, key, seed, budget, mode: _ } = setup;
        let mode = PhantomData;
        Retry { op, setup: Setup { policy, judge, watch, letters, key, seed, budget, mode } }
    }

    /// What the call is about; with the seed it decides the delays. Default: 0.
    pub fn key(mut self, key: impl Into<Key>) -> Self {
        self.setup.key = key.into();
        self
    }

    /// The seed of the delays, for tests and rehearsals. Default: entropy.
    pub fn seed(mut self, seed: u64) -> Self {
        self.setup.seed = Some(seed);
        self
    }

    /// The budget to ask for retries, in place of the process-wide one of the policy's rule.
    pub fn budget(mut self, budget: &SharedBudget) -> Self {
        self.setup.budget = Some(budget.clone());
        self
    }
}

/// A seed that no other call draws. Where the system has no entropy, hash maps of the standard library
/// have none either; what they use then is used here, too.
fn entropy() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    getrandom::u64().unwrap_or_else(|_| RandomState::new().hash_one(0))
}
