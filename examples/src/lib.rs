//! Small programs that use redrive. Run one with `cargo run -p redrive-examples --bin NAME`:
//!
//! | program | shows |
//! |---|---|
//! | `call` | a call in one line, blocking and awaited, with its dead letters |
//! | `one_task` | the loop around one call: attempt, verdict, sleep |
//! | `worker` | a worker over [`Machine`](redrive::Machine): threads, retries, dead letters, redrive |
//! | `shared_budget` | threads that share one retry budget |
//! | `simulate` | the simulator as a library: two policies through an outage |

use std::time::{Duration, Instant};

use redrive::Time;

/// The clock of a program: redrive takes times as arguments and reads no clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// A clock that begins now, at [`Time::ZERO`].
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "programs may read the clock")]
    pub fn start() -> Clock {
        Clock(Instant::now())
    }

    /// The time since the clock began.
    #[must_use]
    pub fn now(&self) -> Time {
        Time::from_nanos(u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// Sleeps until `at`; returns at once when that has passed.
    pub fn sleep_until(&self, at: Time) {
        let left = at.as_nanos().saturating_sub(self.now().as_nanos());
        std::thread::sleep(Duration::from_nanos(left));
    }
}
