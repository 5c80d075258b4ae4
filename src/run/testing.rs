//! Time in tests: an hour of waits takes none.

use core::{
    cell::Cell,
    future::{Ready, ready},
};
use std::{rc::Rc, vec::Vec};

use super::{BlockingTimer, Timer};
use crate::time::{Duration, Time};

/// A clock that advances only when something sleeps, to the end of that sleep.
///
/// ```
/// use redrive::{Duration, RetryPolicy, run::testing::{VirtualTimer, script}};
///
/// let policy = RetryPolicy::classic(3, 2.0)?;
/// let timer = VirtualTimer::new();
/// let call = script([Err("503"), Err("503"), Ok(7)]);
/// assert_eq!(policy.retry(call).seed(42).call_on(&timer), Ok(7));
/// assert!((Duration::from_secs(6)..Duration::from_secs_f64(6.6)).contains(&timer.slept()));
/// # Ok::<(), redrive::wire::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct VirtualTimer(Rc<Cell<Time>>);

impl VirtualTimer {
    /// A clock at zero.
    #[must_use]
    pub fn new() -> VirtualTimer {
        VirtualTimer::default()
    }

    /// How long everything has slept, one after the other.
    #[must_use]
    pub fn slept(&self) -> Duration {
        self.0.get().saturating_since(Time::ZERO)
    }

    /// Time passes: the attempt takes this long.
    pub fn advance(&self, time: Duration) {
        self.0.set(self.0.get().saturating_add(time));
    }

    fn reach(&self, at: Time) {
        self.0.set(self.0.get().max(at));
    }
}

impl BlockingTimer for VirtualTimer {
    fn now(&self) -> Time {
        self.0.get()
    }

    fn unix(&self) -> Time {
        self.0.get()
    }

    fn sleep_until(&self, at: Time) {
        self.reach(at);
    }
}

impl Timer for VirtualTimer {
    type Sleep = Ready<()>;

    fn now(&self) -> Time {
        self.0.get()
    }

    fn unix(&self) -> Time {
        self.0.get()
    }

    /// Ends at once. So a limit of an attempt is over as soon as the attempt waits for anything: limits
    /// are for runtimes with a clock, such as tokio's that is paused.
    fn sleep_until(&self, at: Time) -> Ready<()> {
        self.reach(at);
        ready(())
    }
}

/// A call that gives these results, one an attempt, and the last one ever after.
///
/// # Panics
/// When there is none.
pub fn script<T: Clone, E: Clone>(
    results: impl IntoIterator<Item = Result<T, E>>,
) -> impl FnMut() -> Result<T, E> {
    let results: Vec<Result<T, E>> = results.into_iter().collect();
    let mut next = 0;
    move || {
        let result = results[next.min(results.len() - 1)].clone();
        next += 1;
        result
    }
}
