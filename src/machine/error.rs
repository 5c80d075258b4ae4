//! What a machine refuses.

use alloc::format;
use core::fmt;

use crate::{
    Key,
    wire::{ConfigError, PayloadFault},
};

/// A call that does not fit the state of the machine. Nothing was changed by it, but that a late
/// result is counted.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MachineError {
    /// A live task has this key.
    KeyTaken {
        /// The key.
        key: Key,
    },
    /// A task with this key died, and the machine holds it until the dead-letter queue has room.
    KeyHeld {
        /// The key.
        key: Key,
    },
    /// No live task has this key: it ended, or was never submitted.
    UnknownTask {
        /// The key.
        key: Key,
    },
    /// The result of an attempt that is over: it timed out, its task was cancelled, the result was given
    /// before, or it is of another machine or of a time before this one was restored.
    StaleAttempt {
        /// The key.
        key: Key,
        /// The attempt that the result is of.
        attempt: u32,
    },
    /// The payload cannot be stored.
    Payload(PayloadFault),
    /// The task's own policy is not one.
    Policy(ConfigError),
}

impl MachineError {
    /// Whether the key is in use, by a live or a held task.
    pub fn is_key_in_use(&self) -> bool {
        matches!(self, MachineError::KeyTaken { .. } | MachineError::KeyHeld { .. })
    }

    /// Whether no live task has the key.
    pub fn is_unknown_task(&self) -> bool {
        matches!(self, MachineError::UnknownTask { .. })
    }

    /// Whether a result came for an attempt that is over: drop the result.
    pub fn is_stale_attempt(&self) -> bool {
        matches!(self, MachineError::StaleAttempt { .. })
    }

    /// Whether the task itself was refused: its payload or its policy.
    pub fn is_bad_task(&self) -> bool {
        matches!(self, MachineError::Payload(_) | MachineError::Policy(_))
    }
}

impl fmt::Display for MachineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MachineError::KeyTaken { key } => {
                write!(
                    f,
                    "a live task has the key {key}; wait for its end, cancel it, or use another key"
                )
            }
            MachineError::KeyHeld { key } => write!(
                f,
                "the task {key} is dead and waits for room in the dead-letter queue; make room there, \
                 or take it with take_held()"
            ),
            MachineError::UnknownTask { key } => {
                write!(f, "no live task has the key {key}; it ended, or was never submitted")
            }
            MachineError::StaleAttempt { key, attempt } => write!(
                f,
                "attempt {attempt} of task {key} is over (timed out, cancelled, finished before, or \
                 of another machine); drop this result"
            ),
            MachineError::Payload(fault) => write!(f, "the payload {fault}"),
            MachineError::Policy(error) => f.write_str(&format!("the task's policy: {error}")),
        }
    }
}

impl core::error::Error for MachineError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            MachineError::Policy(error) => Some(error),
            _ => None,
        }
    }
}
