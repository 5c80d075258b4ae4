//! Time since 1970 that goes on evenly while the worker runs, whatever becomes of the wall clock.

use std::time::Duration;

use redrive::{
    Time,
    run::{Timer, TokioTimer},
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// What to add to the time of tokio's timer.
    offset: Duration,
}

impl Clock {
    pub(crate) fn new() -> Clock {
        let offset = TokioTimer.unix().saturating_since(TokioTimer.now());
        Clock { offset }
    }

    pub(crate) fn now(self) -> Time {
        TokioTimer.now().saturating_add(self.offset)
    }
}
