//! How a machine is set up.

use alloc::sync::Arc;

use crate::{
    dead_letter::{DEFAULT_HISTORY, QueueConfig},
    policy::RetryPolicy,
};

/// How a machine is set up.
#[derive(Clone, Debug, PartialEq)]
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
    /// How many dead letters are kept, how long, and what happens when there is no room.
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
