//! Clocks and sleeps, which the core does not have.
//!
//! Times of one process have one beginning, so that calls that share a budget agree about its window.

use std::{
    sync::OnceLock,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use crate::time::{Duration, Time, nanos};

/// The clock and the sleep of an async runtime.
pub trait Timer {
    /// A sleep; it ends no earlier than asked, and leaves nothing when it is dropped.
    type Sleep: Future<Output = ()>;

    /// The time since some moment of this process. It never goes back.
    fn now(&self) -> Time;

    /// The time since 1970, for the records of people.
    fn unix(&self) -> Time {
        unix()
    }

    /// Sleeps until [`now`](Timer::now) is `at`.
    fn sleep_until(&self, at: Time) -> Self::Sleep;
}

/// The clock and the sleep of a thread.
pub trait BlockingTimer {
    /// The time since some moment of this process. It never goes back.
    fn now(&self) -> Time;

    /// The time since 1970, for the records of people.
    fn unix(&self) -> Time {
        unix()
    }

    /// Sleeps until [`now`](BlockingTimer::now) is `at`.
    fn sleep_until(&self, at: Time);
}

/// The wall clock. A time before 1970 reads as 1970.
#[expect(clippy::disallowed_methods, reason = "the executors are where clocks are read")]
fn unix() -> Time {
    Time::ZERO.saturating_add(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// The time from this process's first question to `instant`.
#[expect(clippy::disallowed_methods, reason = "the executors are where clocks are read")]
fn since_start(instant: Instant) -> Time {
    static START: OnceLock<Instant> = OnceLock::new();
    let start = START.get_or_init(Instant::now);
    Time::ZERO.saturating_add(instant.saturating_duration_since(*start))
}

fn left(now: Time, at: Time) -> Duration {
    Duration::from_nanos(nanos(at.saturating_since(now)))
}

/// `std::thread::sleep` and the system's monotonic clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadTimer;

impl BlockingTimer for ThreadTimer {
    #[expect(clippy::disallowed_methods, reason = "the executors are where clocks are read")]
    fn now(&self) -> Time {
        since_start(Instant::now())
    }

    fn sleep_until(&self, at: Time) {
        std::thread::sleep(left(self.now(), at));
    }
}

/// tokio's timer; `tokio::time::pause` and `advance` work.
#[cfg(feature = "tokio")]
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioTimer;

#[cfg(feature = "tokio")]
impl Timer for TokioTimer {
    type Sleep = tokio::time::Sleep;

    fn now(&self) -> Time {
        since_start(tokio::time::Instant::now().into_std())
    }

    fn sleep_until(&self, at: Time) -> tokio::time::Sleep {
        tokio::time::sleep(left(self.now(), at))
    }
}
