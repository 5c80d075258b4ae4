//! The machine in numbers.

use alloc::vec::Vec;

use crate::{
    exact,
    task::Reason,
    wire::{ConfigError, Fields, Value},
};

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

/// Names and places of plain counts: written and read by one list.
macro_rules! counts {
    ($type:ty, $names:ident: $($name:literal $field:ident),* $(,)?) => {
        const $names: &[&str] = &[$($name),*];

        impl $type {
            fn put_counts(&self, entries: &mut Vec<(&'static str, Value)>) {
                entries.extend([$(($name, exact::whole(self.$field))),*]);
            }

            fn take_counts(&mut self, fields: &Fields<'_>) -> Result<(), ConfigError> {
                $(self.$field = exact::required_whole(fields, $name)?;)*
                Ok(())
            }
        }
    };
}

counts!(Counters, COUNTERS:
    "submitted" submitted, "redriven" redriven, "attempts" attempts, "retries" retries,
    "succeeded" succeeded, "cancelled" cancelled, "discarded" discarded, "failed" failed,
    "timedOut" timed_out, "crashed" crashed, "staleResults" stale_results,
    "timeReversals" time_reversals,
);

counts!(Stats, STATS:
    "ready" ready, "waiting" waiting, "running" running, "held" held,
    "deadLetters" dead_letters, "budgetDenied" budget_denied, "eventsLost" events_lost,
);

impl Counters {
    /// The counters as data: `deadLettered` by reason.
    pub fn to_value(&self) -> Value {
        let mut entries = Vec::new();
        self.put_counts(&mut entries);
        let dead = Reason::ALL.iter().zip(self.dead_lettered);
        let dead = dead.map(|(reason, count)| (reason.as_str().into(), exact::whole(count)));
        entries.push(("deadLettered", Value::Map(dead.collect())));
        map(entries)
    }

    /// Reads what [`to_value`](Counters::to_value) wrote.
    ///
    /// # Errors
    /// When a field is unknown, missing or not a whole number.
    pub fn from_value(value: &Value) -> Result<Counters, ConfigError> {
        let names: Vec<&'static str> = COUNTERS.iter().copied().chain(["deadLettered"]).collect();
        let fields = Fields::read(value, "", &names)?;
        let mut counters = Counters::default();
        counters.take_counts(&fields)?;
        let dead = fields.get("deadLettered").unwrap_or(&Value::Null);
        let dead = Fields::read(dead, "deadLettered", &Reason::NAMES)?;
        for (reason, count) in Reason::ALL.iter().zip(&mut counters.dead_lettered) {
            *count = exact::required_whole(&dead, reason.as_str())?;
        }
        Ok(counters)
    }
}

impl Stats {
    /// The numbers as data.
    pub fn to_value(&self) -> Value {
        let mut entries = Vec::new();
        self.put_counts(&mut entries);
        entries.push(("budget", self.budget.map_or(Value::Null, Value::Float)));
        entries.push(("counters", self.counters.to_value()));
        map(entries)
    }

    /// Reads what [`to_value`](Stats::to_value) wrote.
    ///
    /// # Errors
    /// When a field is unknown, missing or not what it should be.
    pub fn from_value(value: &Value) -> Result<Stats, ConfigError> {
        let names: Vec<&'static str> =
            STATS.iter().copied().chain(["budget", "counters"]).collect();
        let fields = Fields::read(value, "", &names)?;
        let mut stats = Stats::default();
        stats.take_counts(&fields)?;
        if !fields.is_null("budget") {
            stats.budget = fields.number("budget")?;
        }
        let counters = fields.get("counters").unwrap_or(&Value::Null);
        stats.counters =
            Counters::from_value(counters).map_err(|error| error.inside("counters"))?;
        Ok(stats)
    }
}

fn map(entries: Vec<(&'static str, Value)>) -> Value {
    Value::Map(entries.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

crate::wire::through_value!(Counters);
crate::wire::through_value!(Stats);
