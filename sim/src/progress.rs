//! How a caller follows a run, and stops it.

use redrive::Time;

/// Receives progress; may stop the run.
pub trait Progress {
    /// A run is at `now` after `events` events; `false` stops it. Called about every 260,000
    /// events.
    fn tick(&mut self, now: Time, events: u64) -> bool;
}

/// Ignores progress.
impl Progress for () {
    fn tick(&mut self, _: Time, _: u64) -> bool {
        true
    }
}
