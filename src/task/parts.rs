//! A task taken apart and put together again: what snapshots store.

#[cfg(feature = "small")]
use super::STATE_MASK;
use super::{
    CANCELLED, DEAD, DISCARDED, FAILED, FREE_SHIFT, PAID_MAX, PAID_SHIFT, READY, RUNNING,
    SUCCEEDED, State, Task, WAITING,
};
use crate::time::{Duration, Time, nanos};

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

impl Task {
    /// A task whose attempt runs, begun at `at`, from the four numbers that [`numbers`](Task::numbers) gave.
    #[cfg(feature = "small")]
    pub fn running(began: Time, at: Time, previous: u64, attempts: u32, bits: u32) -> Task {
        // An attempt runs, so there is one.
        let attempts = attempts.max(bits >> FREE_SHIFT).max(1);
        let bits = bits & !STATE_MASK | RUNNING;
        Task { began, at, previous, attempts, bits }
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
