//! The machine in numbers.

use crate::task::Reason;

/// What happened to tasks since the machine was made. Kept exactly, whether events are polled or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Tasks submitted.
    pub submitted: u64,
    /// Dead letters sent back to work: tasks again.
    pub redriven: u64,
    /// Attempts started.
    pub attempts: u64,
    /// Those of them that were not the first of a task's life.
    pub retries: u64,
    /// Tasks that ended well.
    pub succeeded: u64,
    pub(crate) dead_lettered: [u64; Reason::ALL.len()],
    /// Tasks cancelled.
    pub cancelled: u64,
    /// Tasks dropped by a rule.
    pub discarded: u64,
    /// Tasks ended as failed by a rule.
    pub failed: u64,
    /// Attempts that passed their deadline.
    pub timed_out: u64,
    /// Attempts that a crash ended.
    pub crashed: u64,
    /// Results of attempts that were over.
    pub stale_results: u64,
    /// Calls with a time before that of an earlier call; the later time was taken.
    pub time_reversals: u64,
}

impl Counters {
    /// Tasks that died of `reason` and whose letter left the machine: into the queue, or dropped
    /// there by the queue's rule.
    pub fn dead_lettered(&self, reason: Reason) -> u64 {
        self.dead_lettered[reason as usize % Reason::ALL.len()]
    }

    /// Tasks whose letter left the machine.
    pub fn dead_lettered_total(&self) -> u64 {
        self.dead_lettered.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Tasks that are over, however they ended.
    pub fn ended(&self) -> u64 {
        [self.succeeded, self.cancelled, self.discarded, self.failed]
            .into_iter()
            .fold(self.dead_lettered_total(), u64::saturating_add)
    }

    /// Tasks that came in, new or redriven.
    pub fn came_in(&self) -> u64 {
        self.submitted.saturating_add(self.redriven)
    }
}

/// The state of a machine in numbers.
///
/// **Conservation:** `counters.came_in() == counters.ended() + ready + waiting + running + held`,
/// always.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// Live tasks that have not been started yet.
    pub ready: u64,
    /// Live tasks between two attempts (or redriven, before the next).
    pub waiting: u64,
    /// Live tasks whose attempt runs.
    pub running: u64,
    /// Dead tasks for which the queue has no room.
    pub held: u64,
    /// Letters in the queue.
    pub dead_letters: u64,
    /// What is left of the shared budget; none without one.
    pub budget: Option<f64>,
    /// Retries that the shared budget refused.
    pub budget_denied: u64,
    /// Events that were dropped because they were not polled in time.
    pub events_lost: u64,
    /// What happened so far.
    pub counters: Counters,
}
