//! The published form of results: one tree, of which every format is written.
//!
//! Not derived: what serde makes of types with half a hundred fields each is, in WebAssembly, three
//! times the code of a tree that a loop can write.

use redrive::wire::Value;
use serde::{Serialize, Serializer};

use crate::outcome::{
    Figure, LayerSummary, Outcome, PolicyOutcome, Quantiles, Spread, Summary, WindowSummary,
};

impl Outcome {
    /// The result as it is published (`redrive-simulate/1`).
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::map([
            ("schema", self.schema.as_str().into()),
            ("scenario", self.scenario.as_str().into()),
            ("seed", Value::Unsigned(self.seed)),
            ("runs", self.runs.into()),
            ("policies", list(&self.policies, PolicyOutcome::to_value)),
        ])
    }
}

impl PolicyOutcome {
    /// The figures under the policy's name.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut fields = vec![("name".to_owned(), self.name.as_str().into())];
        if let Value::Map(summary) = self.summary.to_value() {
            fields.extend(summary);
        }
        if self.partial {
            fields.push(("partial".to_owned(), true.into()));
        }
        Value::Map(fields)
    }
}

impl Summary {
    /// The figures by their published names.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let reason = |(name, count): (&String, &Figure)| (name.clone(), (*count).into());
        let reasons = self.dead_lettered.iter().map(reason).collect();
        let mut fields = Value::map([
            ("tasks", self.tasks.into()),
            ("succeeded", self.succeeded.into()),
            ("deadLettered", Value::Map(reasons)),
            ("discarded", self.discarded.into()),
            ("failed", self.failed.into()),
            ("cancelled", self.cancelled.into()),
            ("unfinished", self.unfinished.into()),
            ("attempts", self.attempts.into()),
            ("amplification", self.amplification.into()),
            ("rejectedAttempts", self.rejected_attempts.into()),
            ("timedOutAttempts", self.timed_out_attempts.into()),
            ("wastedServerSeconds", self.wasted_server_seconds.into()),
            ("bin", self.bin.as_str().into()),
            ("peakAttemptsPerSecond", self.peak_attempts_per_second.into()),
            ("peakAfterFaultPerSecond", self.peak_after_fault_per_second.into()),
            ("capacityPerSecond", self.capacity_per_second.into()),
            ("peakToCapacity", self.peak_to_capacity.into()),
            ("completionSeconds", self.completion_seconds.into()),
            ("drainSeconds", self.drain_seconds.into()),
            ("goodputPerFirst", self.goodput_per_first.into()),
            ("recoverSeconds", self.recover_seconds.into()),
            ("windows", list(&self.windows, WindowSummary::to_value)),
            ("timeToSuccessSeconds", self.time_to_success_seconds.into()),
            ("timeToDeadLetterSeconds", self.time_to_dead_letter_seconds.into()),
            ("timeToEndSeconds", self.time_to_end_seconds.into()),
            ("attemptsPerTask", self.attempts_per_task.into()),
            ("deadLetterShare", self.dead_letter_share.into()),
            ("retryShare", self.retry_share.into()),
            ("peakToMean", self.peak_to_mean.into()),
            ("maxQueue", self.max_queue.into()),
            ("budgetDenied", self.budget_denied.into()),
            ("breakerDenied", self.breaker_denied.into()),
            ("throttleDenied", self.throttle_denied.into()),
            ("lostMessages", self.lost_messages.into()),
            ("redriven", self.redriven.into()),
            ("fairness", self.fairness.into()),
            ("sustainablePerSecond", self.sustainable_per_second.into()),
            ("collapsed", self.collapsed.into()),
        ]);
        if let Value::Map(fields) = &mut fields {
            if !self.layers.is_empty() {
                let layers = list(&self.layers, LayerSummary::to_value);
                fields.push(("layers".to_owned(), layers));
            }
            fields.push(("events".to_owned(), self.events.into()));
            fields.push(("wallSeconds".to_owned(), self.wall_seconds.into()));
            fields.push(("traceHash".to_owned(), self.trace_hash.as_str().into()));
        }
        fields
    }
}

impl WindowSummary {
    fn to_value(&self) -> Value {
        Value::map([
            ("name", self.name.as_str().into()),
            ("from", Value::Float(self.from)),
            ("to", Value::Float(self.to)),
            ("tasks", self.tasks.into()),
            ("succeeded", self.succeeded.into()),
            ("attempts", self.attempts.into()),
            ("goodputPerFirst", self.goodput_per_first.into()),
            ("amplification", self.amplification.into()),
        ])
    }
}

impl LayerSummary {
    fn to_value(&self) -> Value {
        Value::map([
            ("name", self.name.as_str().into()),
            ("attempts", self.attempts.into()),
            ("amplification", self.amplification.into()),
        ])
    }
}

impl From<Quantiles> for Value {
    fn from(quantiles: Quantiles) -> Value {
        Value::map([
            ("mean", quantiles.mean.into()),
            ("p50", quantiles.p50.into()),
            ("p90", quantiles.p90.into()),
            ("p99", quantiles.p99.into()),
            ("p999", quantiles.p999.into()),
            ("max", quantiles.max.into()),
        ])
    }
}

impl From<Figure> for Value {
    fn from(figure: Figure) -> Value {
        match figure {
            Figure::Absent => Value::Null,
            Figure::Count(count) => Value::Unsigned(count),
            Figure::Real(value) => Value::Float(value),
            Figure::Spread(spread) => spread.into(),
        }
    }
}

impl From<Spread> for Value {
    fn from(spread: Spread) -> Value {
        let mut fields = Value::map([
            ("mean", Value::Float(spread.mean)),
            ("ci95", Value::Float(spread.ci95)),
            ("min", Value::Float(spread.min)),
            ("max", Value::Float(spread.max)),
        ]);
        if let Value::Map(fields) = &mut fields
            && spread.missing > 0
        {
            fields.push(("missing".to_owned(), spread.missing.into()));
        }
        fields
    }
}

fn list<T>(items: &[T], each: fn(&T) -> Value) -> Value {
    Value::List(items.iter().map(each).collect())
}

macro_rules! published {
    ($($name:ty: $tree:expr),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $tree(self).serialize(serializer)
            }
        }
    )*};
}

published!(
    Outcome: Outcome::to_value,
    PolicyOutcome: PolicyOutcome::to_value,
    Summary: Summary::to_value,
    Quantiles: |quantiles: &Quantiles| Value::from(*quantiles),
    Figure: |figure: &Figure| Value::from(*figure)
);
