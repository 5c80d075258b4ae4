//! How a machine is set up.

use alloc::sync::Arc;

use crate::{
    dead_letter::{DEFAULT_HISTORY, QueueConfig},
    policy::RetryPolicy,
};

/// How a machine is set up.
///
/// ```
/// use redrive::{MachineConfig, RetryPolicy};
///
/// let config = MachineConfig::default().policy(RetryPolicy::patient()).seed(42);
/// assert_eq!(config.seed, 42);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MachineConfig {
    /// The policy of all tasks that do not bring their own; its budget is shared by them.
    pub policy: Arc<RetryPolicy>,
    /// The seed of every random draw. Machines that must not act in step need different ones.
    pub seed: u64,
    /// How many failed attempts each task remembers, at least one
    /// ([why 10](crate::dead_letter::DEFAULT_HISTORY)).
    pub history: u32,
    /// How many events wait to be polled, before the oldest is forgotten and counted; 0 turns events
    /// off. Default 4,096: a poll each second keeps up with some thousand failures a second.
    pub events: u32,
    /// How many dead letters are kept, how long, and what happens when the queue is full.
    pub queue: QueueConfig,
}

impl Default for MachineConfig {
    fn default() -> MachineConfig {
        MachineConfig {
            policy: Arc::new(RetryPolicy::default()),
            seed: 0,
            history: DEFAULT_HISTORY,
            events: 4_096,
            queue: QueueConfig::default(),
        }
    }
}

impl MachineConfig {
    /// The same with another policy.
    #[must_use]
    pub fn policy(self, policy: impl Into<Arc<RetryPolicy>>) -> MachineConfig {
        MachineConfig { policy: policy.into(), ..self }
    }

    /// The same with another seed.
    #[must_use]
    pub fn seed(self, seed: u64) -> MachineConfig {
        MachineConfig { seed, ..self }
    }

    /// The same with another length of histories.
    #[must_use]
    pub fn history(self, history: u32) -> MachineConfig {
        MachineConfig { history, ..self }
    }

    /// The same with room for another number of events.
    #[must_use]
    pub fn events(self, events: u32) -> MachineConfig {
        MachineConfig { events, ..self }
    }

    /// The same with another queue of dead letters.
    #[must_use]
    pub fn queue(self, queue: QueueConfig) -> MachineConfig {
        MachineConfig { queue, ..self }
    }
}
