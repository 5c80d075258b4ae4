//! A dead-letter queue, taken apart and put together.

use alloc::{format, vec::Vec};

use super::{Snapshot, SnapshotError, required, required_list};
use crate::{
    dead_letter::{DeadLetter, DeadLetterQueue, QueueConfig, QueueCounters, QueueParts},
    exact,
    wire::{ConfigError, Fields, Value},
};

const SCHEMA: &str = "redrive-dead-letter-queue/1";

impl DeadLetterQueue {
    /// The queue with its letters, its rule and its counters, to be stored.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(to_value(self))
    }

    /// The queue that [`snapshot`](DeadLetterQueue::snapshot) saved.
    ///
    /// # Errors
    /// When it is the snapshot of something else or of another version, or its parts contradict each
    /// other.
    pub fn restore(snapshot: &Snapshot) -> Result<DeadLetterQueue, SnapshotError> {
        snapshot.expect(SCHEMA)?;
        Ok(read(&snapshot.0)?)
    }
}

pub(super) fn to_value(queue: &DeadLetterQueue) -> Value {
    let parts = queue.parts();
    let c = parts.counters;
    Value::map([
        ("schema", SCHEMA.into()),
        ("config", parts.config.to_value()),
        ("lastId", exact::whole(parts.last_id)),
        (
            "counters",
            Value::map([
                ("entered", exact::whole(c.entered)),
                ("rejected", exact::whole(c.rejected)),
                ("droppedNew", exact::whole(c.dropped_new)),
                ("droppedOldest", exact::whole(c.dropped_oldest)),
                ("expired", exact::whole(c.expired)),
                ("removed", exact::whole(c.removed)),
                ("purged", exact::whole(c.purged)),
                ("redriven", exact::whole(c.redriven)),
            ]),
        ),
        ("letters", Value::List(queue.iter().map(DeadLetter::to_value).collect())),
    ])
}

pub(super) fn read(value: &Value) -> Result<DeadLetterQueue, ConfigError> {
    let fields = Fields::read(value, "", &["schema", "config", "lastId", "counters", "letters"])?;
    let config = QueueConfig::from_value(required(&fields, "config")?)
        .map_err(|error| error.inside("config"))?;
    let counters = read_counters(required(&fields, "counters")?)?;
    let last_id = exact::required_whole(&fields, "lastId")?;
    let letters = read_letters(required_list(&fields, "letters")?, "letters")?;
    DeadLetterQueue::from_parts(QueueParts { config, last_id, counters }, letters)
}

fn read_counters(value: &Value) -> Result<QueueCounters, ConfigError> {
    const FIELDS: &[&str] = &[
        "entered",
        "rejected",
        "droppedNew",
        "droppedOldest",
        "expired",
        "removed",
        "purged",
        "redriven",
    ];
    let fields = Fields::read(value, "counters", FIELDS)?;
    let count = |name| exact::required_whole(&fields, name);
    Ok(QueueCounters {
        entered: count("entered")?,
        rejected: count("rejected")?,
        dropped_new: count("droppedNew")?,
        dropped_oldest: count("droppedOldest")?,
        expired: count("expired")?,
        removed: count("removed")?,
        purged: count("purged")?,
        redriven: count("redriven")?,
    })
}

/// Reads a list of letters.
pub(super) fn read_letters(list: &[Value], path: &str) -> Result<Vec<DeadLetter>, ConfigError> {
    let mut letters = Vec::with_capacity(list.len());
    for (i, value) in list.iter().enumerate() {
        let letter = DeadLetter::from_value(value);
        letters.push(letter.map_err(|error| error.inside(&format!("{path}[{i}]")))?);
    }
    Ok(letters)
}
