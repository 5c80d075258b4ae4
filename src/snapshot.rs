//! Versioned save and restore of everything in flight.
//!
//! # What a snapshot promises
//! A machine (a queue, a task) that is restored from its snapshot makes exactly the future that the
//! original would have made: the same dispatches, verdicts, delays to the nanosecond, events and letter
//! numbers. That is testable because nothing hides: the random draws are addressed and need no state,
//! time is an argument, and budgets, counters and events that nobody polled yet are in the snapshot. A
//! property test takes a snapshot at any point of a random sequence of calls, passes it through JSON
//! text, and compares.
//!
//! # What it refuses
//! A [`Snapshot`] is data ([`Value`], through serde any format). It names its schema with a version;
//! another version, unknown fields, and states that no sequence of calls can reach (a running task that
//! was never started, a key twice, a retry that is due before its failure, counters that do not add up)
//! are refused with a [`SnapshotError`] that names the field. Nothing is repaired silently: work is at
//! stake.
//!
//! Attempts that ran when the snapshot was taken run in the restored machine too. Whether their workers
//! still exist only the caller knows: see [`Machine::recover`](crate::Machine::recover).
//!
//! ```
//! # #[cfg(feature = "serde")] {
//! use redrive::{Machine, Snapshot, TaskSpec, Time};
//!
//! let mut machine = Machine::default();
//! machine.submit(Time::ZERO, "order-17", TaskSpec::new("charge"))?;
//!
//! let text = serde_json::to_string(&machine.snapshot())?;
//! let restored = Machine::restore(&serde_json::from_str::<Snapshot>(&text)?)?;
//! assert_eq!(restored.snapshot(), machine.snapshot());
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod machine;
mod queue;
mod task;

use alloc::string::ToString;
use core::fmt;

use crate::wire::{ConfigError, Fields, Value, quoted};

/// A saved machine, queue or task: data that says what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot(Value);

impl Snapshot {
    /// Takes `value` for a snapshot. Whether it is one is found when something is restored from it.
    pub fn from_value(value: Value) -> Snapshot {
        Snapshot(value)
    }

    /// The data.
    pub fn as_value(&self) -> &Value {
        &self.0
    }

    /// The data.
    pub fn into_value(self) -> Value {
        self.0
    }

    /// What it says that it is: `redrive-machine/1`, `redrive-dead-letter-queue/1`, `redrive-task/1`.
    pub fn schema(&self) -> Option<&str> {
        self.0.get("schema").and_then(Value::as_text)
    }

    /// Refuses what is not of the schema `expected`, before any field is looked at: what another
    /// version calls its fields is not for this one to judge.
    fn expect(&self, expected: &str) -> Result<(), SnapshotError> {
        let found = self.0.get("schema");
        if found.and_then(Value::as_text) == Some(expected) {
            return Ok(());
        }
        let message = match found {
            Some(Value::Text(found)) => {
                alloc::format!(
                    "= {} is not what this version restores here: \"{expected}\"",
                    quoted(found)
                )
            }
            _ => alloc::format!("is missing; this is no snapshot, \"{expected}\" is expected"),
        };
        Err(SnapshotError { error: ConfigError::new("schema", message), other_schema: true })
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Snapshot {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Snapshot {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Snapshot, D::Error> {
        Value::deserialize(deserializer).map(Snapshot)
    }
}

/// Why nothing was restored from a snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotError {
    error: ConfigError,
    other_schema: bool,
}

impl SnapshotError {
    /// Whether it is of another kind or version than can be restored here.
    pub fn is_other_schema(&self) -> bool {
        self.other_schema
    }

    /// Whether it has a field that this version does not know.
    pub fn is_unknown_field(&self) -> bool {
        self.error.is_unknown_field()
    }

    /// The field: `tasks[3].state`.
    pub fn path(&self) -> &str {
        self.error.path()
    }
}

impl From<ConfigError> for SnapshotError {
    fn from(error: ConfigError) -> SnapshotError {
        SnapshotError { error, other_schema: false }
    }
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.error.to_string();
        write!(f, "the snapshot cannot be restored: {place}")
    }
}

impl core::error::Error for SnapshotError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// The value `name`, which has to be there.
fn required<'v>(fields: &Fields<'v>, name: &str) -> Result<&'v Value, ConfigError> {
    fields.get(name).ok_or_else(|| fields.error(name, "is missing"))
}

/// The list `name`, which has to be there.
fn required_list<'v>(fields: &Fields<'v>, name: &str) -> Result<&'v [Value], ConfigError> {
    fields.list(name)?.ok_or_else(|| fields.error(name, "is missing; write a list"))
}
