//! How much a queue holds, and its state in numbers.

use alloc::vec::Vec;

use crate::{
    exact,
    task::Reason,
    time::{Duration, Time},
    wire::{ConfigError, Fields, Value, one_of},
};

/// What happens to a new letter when the queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FullPolicy {
    /// It is handed back, and the task stays where it was: nothing is lost. The default, because
    /// everything else loses work.
    #[default]
    Reject,
    /// The letter that died first makes room: for queues that are a log of recent trouble.
    DropOldest,
    /// It is dropped: for queues where the first letters tell the cause.
    DropNew,
}

impl FullPolicy {
    const ALL: [FullPolicy; 3] = [FullPolicy::Reject, FullPolicy::DropOldest, FullPolicy::DropNew];

    /// The word for it: `reject`, `dropOldest`, `dropNew`.
    pub fn as_str(self) -> &'static str {
        match self {
            FullPolicy::Reject => "reject",
            FullPolicy::DropOldest => "dropOldest",
            FullPolicy::DropNew => "dropNew",
        }
    }
}

/// How much a queue holds, for how long, and what happens when it is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueConfig {
    /// The most letters that it holds; `None` means unlimited.
    ///
    /// Default 10,000: as many as Sidekiq users know, some 10 MB of letters, and enough to see every
    /// cause. Together with [`FullPolicy::Reject`] it loses nothing: the machine holds what does not
    /// fit, and says so.
    pub capacity: Option<u64>,
    /// What happens to a new letter when the queue is full.
    pub full: FullPolicy,
    /// How long after its death a letter is kept; `None` (default) is for ever. Counted from the
    /// death and not from the task's first enqueueing, which in SQS has letters expire unseen.
    pub retention: Option<Duration>,
}

impl Default for QueueConfig {
    fn default() -> QueueConfig {
        QueueConfig::new()
    }
}

impl QueueConfig {
    /// The default: 10,000 letters, kept for ever, and nothing dropped.
    pub const fn new() -> QueueConfig {
        QueueConfig { capacity: Some(10_000), full: FullPolicy::Reject, retention: None }
    }

    /// The same with another capacity.
    #[must_use]
    pub const fn capacity(self, capacity: Option<u64>) -> QueueConfig {
        QueueConfig { capacity, ..self }
    }

    /// The same with another rule for a full queue.
    #[must_use]
    pub const fn full(self, full: FullPolicy) -> QueueConfig {
        QueueConfig { full, ..self }
    }

    /// The same with another retention.
    #[must_use]
    pub const fn retention(self, retention: Option<Duration>) -> QueueConfig {
        QueueConfig { retention, ..self }
    }

    /// The configuration as data: `capacity` (`null`: no limit), `full`, `retention`.
    pub fn to_value(&self) -> Value {
        Value::map([
            ("capacity", self.capacity.map_or(Value::Null, exact::whole)),
            ("full", self.full.as_str().into()),
            ("retention", self.retention.map_or(Value::Null, Value::duration)),
        ])
    }

    /// Reads what [`to_value`](QueueConfig::to_value) writes; absent fields have their defaults.
    ///
    /// # Errors
    /// When a field is unknown or not what it should be.
    pub fn from_value(value: &Value) -> Result<QueueConfig, ConfigError> {
        let fields = Fields::read(value, "", &["capacity", "full", "retention"])?;
        let mut config = QueueConfig::default();
        if fields.is_null("capacity") {
            config.capacity = None;
        } else if let Some(capacity) = exact::read_whole(&fields, "capacity")? {
            config.capacity = Some(capacity);
        }
        if let Some(word) = fields.text("full")? {
            let words = FullPolicy::ALL.map(FullPolicy::as_str);
            let word = one_of(&fields.path_of("full"), word, &words)?;
            config.full =
                FullPolicy::ALL.into_iter().find(|full| full.as_str() == word).unwrap_or_default();
        }
        if !fields.is_null("retention") {
            config.retention = fields.duration("retention")?;
        }
        Ok(config)
    }
}

/// Where letters went, since the queue was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueCounters {
    /// Taken in.
    pub entered: u64,
    /// Handed back because the queue was full ([`FullPolicy::Reject`]).
    pub rejected: u64,
    /// Dropped instead of being taken in ([`FullPolicy::DropNew`]).
    pub dropped_new: u64,
    /// Dropped to make room ([`FullPolicy::DropOldest`]).
    pub dropped_oldest: u64,
    /// Dropped at the end of the retention.
    pub expired: u64,
    /// Taken out one by one.
    pub removed: u64,
    /// Purged.
    pub purged: u64,
    /// Sent back to work.
    pub redriven: u64,
}

crate::wire::through_value!(QueueConfig);

/// The state of a queue in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueStats {
    /// Letters held.
    pub letters: u64,
    /// Those of them that are parked.
    pub parked: u64,
    /// Letters held for each reason that occurs, in the order of [`Reason::ALL`].
    pub by_reason: Vec<(Reason, u64)>,
    /// When the oldest died.
    pub oldest: Option<Time>,
    /// When the newest died.
    pub newest: Option<Time>,
    /// Where letters went.
    pub counters: QueueCounters,
}
