//! A queue in parts, for snapshots.

use alloc::{format, vec::Vec};

use super::{DeadLetterQueue, MAX_ID};
use crate::{
    dead_letter::{DeadLetter, QueueConfig, QueueCounters},
    wire::ConfigError,
};

/// What a snapshot holds of a queue, next to its letters.
pub(crate) struct QueueParts {
    pub(crate) config: QueueConfig,
    pub(crate) last_id: u64,
    pub(crate) counters: QueueCounters,
}

impl DeadLetterQueue {
    pub(crate) fn parts(&self) -> QueueParts {
        QueueParts { config: self.config, last_id: self.last_id, counters: self.counters }
    }

    /// Puts a queue together again, if the parts agree.
    pub(crate) fn from_parts(
        parts: QueueParts,
        letters: Vec<DeadLetter>,
    ) -> Result<DeadLetterQueue, ConfigError> {
        let mut queue = DeadLetterQueue::new(parts.config);
        for (i, letter) in letters.into_iter().enumerate() {
            let id = letter.id;
            let path = || format!("letters.records[{i}].id");
            if id == 0 || id > MAX_ID || letter.lineage == 0 {
                let message = format!("= {id} is not a number from 1 to {MAX_ID}, with a lineage");
                return Err(ConfigError::new(path(), message));
            }
            if queue.places.contains_key(&id) {
                return Err(ConfigError::new(path(), format!("= {id} is given twice")));
            }
            queue.place(letter);
        }
        queue.last_id = parts.last_id;
        queue.counters = parts.counters;
        let c = parts.counters;
        let left = [c.removed, c.purged, c.redriven, c.expired, c.dropped_oldest];
        let left = left.into_iter().fold(queue.len(), u64::saturating_add);
        if left != c.entered {
            let message = format!("do not add up: entered = {}, held and left = {left}", c.entered);
            return Err(ConfigError::new("counters", message));
        }
        Ok(queue)
    }
}
