//! What can be changed while a machine runs, or after it was restored.

use alloc::{sync::Arc, vec::Vec};

use crate::{
    dead_letter::QueueConfig,
    machine::{Entry, Machine},
    policy::RetryPolicy,
    time::Time,
};

impl Machine {
    /// Gives the machine another policy: all tasks that did not bring their own follow it from their
    /// next attempt or failure on; what they wait for now stays. A budget with the same rule goes on,
    /// one with another rule begins anew with the tasks that are in flight.
    pub fn set_policy(&mut self, now: Time, policy: impl Into<Arc<RetryPolicy>>) {
        let now = self.clock(now);
        let policy = policy.into();
        let same_rule = self.policy().budget() == policy.budget();
        let started = |machine: &Machine| -> Vec<bool> {
            let own = machine.tasks.iter().map(|(_, entry)| entry);
            let own = own.filter(|entry| entry.policy == 0 && entry.was_started());
            own.map(Entry::holds_a_retry).collect()
        };
        let in_flight = if same_rule { Vec::new() } else { started(self) };
        if let (_, Some(budget)) = self.policies.rules(0) {
            in_flight.iter().for_each(|retried| budget.on_end(*retried));
        }
        self.policies.set_default(policy);
        if let (_, Some(budget)) = self.policies.rules(0) {
            for retried in in_flight {
                budget.on_attempt(now, false);
                if retried {
                    let _granted = budget.withdraw(now, 0, false);
                }
            }
        }
        self.settle_letters(now);
    }

    /// Gives the dead-letter queue another capacity, retention or rule. Held letters move in where there
    /// is room now; what the new rule gives up is an event each.
    pub fn set_queue(&mut self, now: Time, config: QueueConfig) {
        let now = self.clock(now);
        for dropped in self.letters.set_config(now, config) {
            self.report_drop(now, dropped);
        }
        self.settle_letters(now);
    }

    /// How many failed attempts each task remembers from its next failure on, at least one.
    pub fn set_history(&mut self, attempts: u32) {
        self.history = attempts.max(1);
    }

    /// How many events wait to be polled; 0 turns events off and forgets those that wait.
    pub fn set_event_capacity(&mut self, events: u32) {
        self.events.set_capacity(usize::try_from(events).unwrap_or(usize::MAX));
    }
}
