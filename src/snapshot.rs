//! Versioned save and restore of everything in flight.
//!
//! # What a snapshot promises
//! A machine (a queue, a task) that is restored from its snapshot makes exactly the future that the
//! original would have made: the same dispatches, verdicts, delays to the nanosecond, events and letter
//! numbers. That is testable because nothing hides: the random draws are addressed and need no state,
//! time is an argument, and budgets, counters and events not yet polled are in the snapshot. A
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

mod letters;
mod queue;
mod read;
mod record;
mod task;
mod write;

use alloc::{boxed::Box, format, string::String, string::ToString};
use core::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeSeed, MapAccess, Visitor, value::MapAccessDeserializer},
};

use self::read::{Fault, Whose};
use crate::{
    DeadLetterQueue, Machine, Task, Time,
    wire::{ConfigError, Reader, Value, quoted, to_value},
};

/// A saved machine, queue or task. It is written and read as a stream, without a tree of everything.
#[derive(Clone, Debug)]
pub struct Snapshot(Content);

#[derive(Clone, Debug)]
enum Content {
    Machine(Box<Machine>),
    Queue(Box<DeadLetterQueue>),
    /// A task, or what has not been looked at.
    Data(Value),
}

impl Snapshot {
    /// Takes `value` for a snapshot. Whether it is one is found when something is restored from it.
    pub fn from_value(value: Value) -> Snapshot {
        Snapshot(Content::Data(value))
    }

    /// The data, as a tree. For a look at it: to store it, serialise the snapshot itself.
    pub fn to_value(&self) -> Value {
        // What we write has text keys only, and nothing that refuses to be written.
        to_value(self).unwrap_or(Value::Null)
    }

    /// What it says that it is: `redrive-machine/2`, `redrive-dead-letter-queue/2`, `redrive-task/1`.
    pub fn schema(&self) -> Option<&str> {
        match &self.0 {
            Content::Machine(_) => Some(write::SCHEMA),
            Content::Queue(_) => Some(queue::SCHEMA),
            Content::Data(data) => data.get("schema").and_then(Value::as_text),
        }
    }

    /// Refuses what is not of the schema `expected`, before any field is looked at: what another
    /// version calls its fields is not for this one to judge.
    fn expect(&self, expected: &str) -> Result<(), SnapshotError> {
        let found = self.schema();
        if found == Some(expected) {
            return Ok(());
        }
        let message = match found {
            Some(found) => {
                let found = quoted(found);
                format!("= {found} is not what this version restores here: \"{expected}\"")
            }
            None => format!("is missing; this is not a snapshot: \"{expected}\" is expected"),
        };
        Err(SnapshotError { error: ConfigError::new("schema", message), other_schema: true })
    }
}

impl PartialEq for Snapshot {
    /// Whether what they restore acts alike. That takes the results of different workers, if the one
    /// was restored itself: the names of incarnations do not count.
    fn eq(&self, other: &Snapshot) -> bool {
        let bare = |snapshot: &Snapshot| {
            let mut value = snapshot.to_value();
            forget_incarnation(&mut value);
            if let Value::Map(fields) = &mut value {
                for (name, value) in fields {
                    if let ("tasks", Value::List(tasks)) = (name.as_str(), value) {
                        tasks.iter_mut().for_each(forget_incarnation);
                    }
                }
            }
            value
        };
        bare(self) == bare(other)
    }
}

fn forget_incarnation(value: &mut Value) {
    if let Value::Map(fields) = value {
        fields.retain(|(name, _)| name != "incarnation");
    }
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Content::Machine(machine) => machine.serialize(serializer),
            Content::Queue(queue) => queue.serialize(serializer),
            Content::Data(data) => data.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Snapshot, D::Error> {
        struct Kind;

        impl<'de> Visitor<'de> for Kind {
            type Value = Snapshot;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a snapshot")
            }

            /// What says first what it is is read as that, as it comes; the rest becomes a tree.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Snapshot, A::Error> {
                let Some(name) = map.next_key::<String>()? else {
                    return Ok(Snapshot::from_value(Value::map([])));
                };
                let first: Value = map.next_value()?;
                match first.as_text().filter(|_| name == "schema") {
                    Some(write::SCHEMA) => {
                        let machine = Whose(&mut None).visit_map(map)?;
                        Ok(Snapshot(Content::Machine(Box::new(machine))))
                    }
                    Some(queue::SCHEMA) => {
                        let record =
                            queue::QueueRecord::deserialize(MapAccessDeserializer::new(map))?;
                        let queue = record.read().map_err(de::Error::custom)?;
                        Ok(Snapshot(Content::Queue(Box::new(queue))))
                    }
                    _ => {
                        let rest = Value::deserialize(MapAccessDeserializer::new(map))?;
                        let Value::Map(mut fields) = rest else {
                            return Err(de::Error::custom("a snapshot is an object"));
                        };
                        fields.insert(0, (name, first));
                        Ok(Snapshot::from_value(Value::Map(fields)))
                    }
                }
            }
        }

        deserializer.deserialize_map(Kind)
    }
}

impl Machine {
    /// Everything in flight, to be stored: tasks, timers, budgets, letters, counters, and the events
    /// that were not polled yet. A copy of the machine as it is now; to write the machine itself,
    /// serialise it.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(Content::Machine(Box::new(self.clone())))
    }

    /// The machine that [`snapshot`](Machine::snapshot) saved. Attempts that ran then run still; see
    /// [`recover`](Machine::recover). For clocks that go on (the wall's): a machine whose clock begins
    /// anew with the process is for [`restore_at`](Machine::restore_at).
    ///
    /// # Errors
    /// When it is the snapshot of something else or of another version, or of a state that no sequence
    /// of calls can reach.
    pub fn restore(snapshot: &Snapshot) -> Result<Machine, SnapshotError> {
        snapshot.expect(write::SCHEMA)?;
        let mut machine = match &snapshot.0 {
            Content::Machine(machine) => (**machine).clone(),
            Content::Queue(queue) => return Err(SnapshotError::not_one(&queue.snapshot())),
            Content::Data(data) => read_machine(Reader(data))?,
        };
        machine.is_new = true;
        Ok(machine)
    }

    /// The same for a clock that began anew: `now` is what it says where the old one said what it said
    /// at the last call before the snapshot. All times move with it, so that what was due in a second
    /// then is due in a second now, and letters are as old as they were.
    ///
    /// # Errors
    /// As [`restore`](Machine::restore).
    pub fn restore_at(snapshot: &Snapshot, now: Time) -> Result<Machine, SnapshotError> {
        let mut machine = Machine::restore(snapshot)?;
        machine.rebase(now);
        Ok(machine)
    }
}

fn read_machine<'de, D: Deserializer<'de, Error = ConfigError>>(
    deserializer: D,
) -> Result<Machine, ConfigError> {
    let mut fault: Fault = None;
    let read = Whose(&mut fault).deserialize(deserializer);
    read.map_err(|error| fault.unwrap_or(error))
}

impl Serialize for Machine {
    /// A [`Snapshot`] of it, written as a stream.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write::Written(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Machine {
    /// Restores it from a stream, as [`restore`](Machine::restore) does.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Machine, D::Error> {
        match Snapshot::deserialize(deserializer)?.0 {
            Content::Machine(mut machine) => {
                machine.is_new = true;
                Ok(*machine)
            }
            other => Machine::restore(&Snapshot(other)).map_err(de::Error::custom),
        }
    }
}

impl DeadLetterQueue {
    /// The queue with its letters, its rule and its counters, to be stored.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(Content::Queue(Box::new(self.clone())))
    }

    /// The queue that [`snapshot`](DeadLetterQueue::snapshot) saved.
    ///
    /// # Errors
    /// When it is the snapshot of something else or of another version, or its parts contradict each
    /// other.
    pub fn restore(snapshot: &Snapshot) -> Result<DeadLetterQueue, SnapshotError> {
        snapshot.expect(queue::SCHEMA)?;
        match &snapshot.0 {
            Content::Queue(queue) => Ok((**queue).clone()),
            Content::Machine(_) => Err(SnapshotError::not_one(snapshot)),
            Content::Data(data) => Ok(queue::QueueRecord::deserialize(Reader(data))?.read()?),
        }
    }
}

impl Serialize for DeadLetterQueue {
    /// A [`Snapshot`] of it, written as a stream.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        queue::Written(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DeadLetterQueue {
    /// Restores it from a stream, as [`restore`](DeadLetterQueue::restore) does.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<DeadLetterQueue, D::Error> {
        match Snapshot::deserialize(deserializer)?.0 {
            Content::Queue(queue) => Ok(*queue),
            other => DeadLetterQueue::restore(&Snapshot(other)).map_err(de::Error::custom),
        }
    }
}

impl Task {
    /// The state of this task, to be stored. Its key, policy and seed are the caller's.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::from_value(task::to_value(self))
    }

    /// The task that [`snapshot`](Task::snapshot) saved.
    ///
    /// # Errors
    /// When it is the snapshot of something else or of another version, or of a state that no task can
    /// be in.
    pub fn restore(snapshot: &Snapshot) -> Result<Task, SnapshotError> {
        snapshot.expect(task::SCHEMA)?;
        match &snapshot.0 {
            Content::Data(data) => Ok(task::read(data, "")?),
            Content::Machine(_) | Content::Queue(_) => Err(SnapshotError::not_one(snapshot)),
        }
    }
}

/// Why nothing was restored from a snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotError {
    error: ConfigError,
    other_schema: bool,
}

impl SnapshotError {
    fn not_one(snapshot: &Snapshot) -> SnapshotError {
        let message =
            format!("= \"{}\" is not what is restored here", snapshot.schema().unwrap_or(""));
        SnapshotError { error: ConfigError::new("schema", message), other_schema: true }
    }

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
