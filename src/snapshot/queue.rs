//! A dead-letter queue, taken apart and put together.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};

use super::{
    letters::{Letters, ReadLetters},
    record::Count,
};
use crate::{
    dead_letter::{DeadLetterQueue, QueueConfig, QueueCounters, QueueParts},
    wire::ConfigError,
};

pub(super) const SCHEMA: &str = "redrive-dead-letter-queue/2";

/// A queue to be written, as a stream: no letter is copied.
pub(super) struct Written<'q>(pub(super) &'q DeadLetterQueue);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts = self.0.parts();
        let mut fields = serializer.serialize_struct("DeadLetterQueue", 5)?;
        fields.serialize_field("schema", SCHEMA)?;
        fields.serialize_field("config", &parts.config)?;
        fields.serialize_field("lastId", &Count(parts.last_id))?;
        fields.serialize_field("counters", &Counters::from(parts.counters))?;
        fields.serialize_field("letters", &Letters(self.0.iter()))?;
        fields.end()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct QueueRecord {
    #[serde(default)]
    #[allow(dead_code, reason = "was looked at before")]
    schema: Option<serde::de::IgnoredAny>,
    config: QueueConfig,
    last_id: Count,
    counters: Counters,
    letters: ReadLetters,
}

impl QueueRecord {
    pub(super) fn read(self) -> Result<DeadLetterQueue, ConfigError> {
        let parts = QueueParts {
            config: self.config,
            last_id: self.last_id.0,
            counters: self.counters.into(),
        };
        DeadLetterQueue::from_parts(parts, self.letters.finish("letters")?)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Counters {
    entered: Count,
    rejected: Count,
    dropped_new: Count,
    dropped_oldest: Count,
    expired: Count,
    removed: Count,
    purged: Count,
    redriven: Count,
}

impl From<QueueCounters> for Counters {
    fn from(c: QueueCounters) -> Counters {
        Counters {
            entered: Count(c.entered),
            rejected: Count(c.rejected),
            dropped_new: Count(c.dropped_new),
            dropped_oldest: Count(c.dropped_oldest),
            expired: Count(c.expired),
            removed: Count(c.removed),
            purged: Count(c.purged),
            redriven: Count(c.redriven),
        }
    }
}

impl From<Counters> for QueueCounters {
    fn from(c: Counters) -> QueueCounters {
        QueueCounters {
            entered: c.entered.0,
            rejected: c.rejected.0,
            dropped_new: c.dropped_new.0,
            dropped_oldest: c.dropped_oldest.0,
            expired: c.expired.0,
            removed: c.removed.0,
            purged: c.purged.0,
            redriven: c.redriven.0,
        }
    }
}
