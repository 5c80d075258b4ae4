//! The one place with a clock: how long things took, which never enters a result.

use std::time::{Duration, Instant};

/// Measures from its making.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[allow(
        clippy::disallowed_methods,
        reason = "the edge of the program: no result depends on it"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Since the start.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The time since 1970.
#[allow(clippy::disallowed_methods, reason = "the edge of the program: ages of dead letters")]
pub(crate) fn unix_time() -> redrive::Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    redrive::Time::ZERO.saturating_add(since.unwrap_or_default())
}
