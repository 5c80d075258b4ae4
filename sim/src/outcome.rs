//! What a simulation found, in the shape in which it is published (`redrive-simulate/1`).
//!
//! **One type for one run and for many.** A single run has exact figures, `--runs N` has a mean
//! with a confidence interval. Two families of types (or a generic one) would double every
//! consumer: the table, the report, the comparison of two files. So every number is a [`Figure`],
//! which is one or the other and serialises to the one form or the other; a consumer that only
//! wants "the number" asks [`Figure::value`].
//!
//! The pictures' raw material ([`Series`], [`Raster`], [`LatencyCdf`]) rides along unserialised:
//! exporters turn it into charts and CSV.

use std::collections::BTreeMap;

use redrive::{Duration, Time};
use serde::Deserialize;

use crate::model::event::Failure;

/// The kinds of failure that attempts of the simulator end with, as rows and policies name them.
pub fn failure_kinds() -> impl Iterator<Item = &'static str> {
    Failure::ALL.into_iter().map(|failure| failure.names().0)
}

/// The name and version of the machine-readable format.
pub const SCHEMA: &str = "redrive-simulate/1";

/// One number of a result: exact when it comes from one run, a mean with its spread otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Figure {
    /// There is no such number (`null`): no capacity is defined, the service never recovered.
    Absent,
    /// A count of one run.
    Count(u64),
    /// A measure of one run.
    Real(f64),
    /// The same figure of several runs.
    Spread(Spread),
}

/// A figure over several runs.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Spread {
    /// The mean over the runs that have the figure.
    pub mean: f64,
    /// Half the width of the 95 % confidence interval of the mean (Student's t).
    pub ci95: f64,
    /// The smallest of the runs.
    pub min: f64,
    /// The largest of the runs.
    pub max: f64,
    /// How many runs lack the figure (they never recovered, say).
    #[serde(default)]
    pub missing: u32,
}

impl Figure {
    /// The number itself: the count, the measure, or the mean over the runs.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        match *self {
            Self::Absent => None,
            Self::Count(count) => Some(count as f64),
            Self::Real(value) => Some(value),
            Self::Spread(spread) => Some(spread.mean),
        }
    }

    /// The number, with nothing counted as zero.
    #[must_use]
    pub fn or_zero(&self) -> f64 {
        self.value().unwrap_or(0.0)
    }

    /// Half the width of the 95 % confidence interval; `None` for a single run.
    #[must_use]
    pub fn ci95(&self) -> Option<f64> {
        match *self {
            Self::Spread(spread) => Some(spread.ci95),
            _ => None,
        }
    }

    /// `value / by`, absent when either is absent or the divisor is zero.
    #[must_use]
    pub fn ratio(value: Option<f64>, by: Option<f64>) -> Self {
        match (value, by) {
            (Some(value), Some(by)) if by > 0.0 => Self::Real(value / by),
            _ => Self::Absent,
        }
    }
}

impl From<u64> for Figure {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<f64> for Figure {
    fn from(value: f64) -> Self {
        if value.is_finite() { Self::Real(value) } else { Self::Absent }
    }
}

impl From<Option<f64>> for Figure {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Self::Absent, Self::from)
    }
}

/// The whole result: one entry a policy, all under the same draws.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// [`SCHEMA`].
    pub schema: String,
    /// The scenario's name.
    pub scenario: String,
    /// The seed of the first replication.
    pub seed: u64,
    /// How many replications were run.
    pub runs: u32,
    /// The results, in the scenario's order of policies.
    pub policies: Vec<PolicyOutcome>,
}

/// What one policy did.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PolicyOutcome {
    /// The policy's name in the scenario.
    pub name: String,
    /// The figures.
    #[serde(flatten)]
    pub summary: Summary,
    /// Whether the run was stopped before its end: then these are the figures up to there.
    #[serde(default)]
    pub partial: bool,
    /// Counts over time (of the first replication).
    #[serde(skip)]
    pub series: Series,
    /// The attempts of some tasks (of the first replication).
    #[serde(skip)]
    pub raster: Raster,
    /// How long successes took (of the first replication).
    #[serde(skip)]
    pub latency: LatencyCdf,
    /// What happened to each task, when the caller asked for it (of the first replication).
    #[serde(skip)]
    pub records: Vec<TaskRecord>,
}

/// The figures of one policy.
///
/// `tasks` = `succeeded` + all of `dead_lettered` + `discarded` + `failed` + `cancelled` +
/// `unfinished`, always.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Tasks that arrived before the horizon.
    pub tasks: Figure,
    /// Tasks that succeeded.
    pub succeeded: Figure,
    /// Dead letters that were still dead at the end, by reason (every reason is listed).
    pub dead_lettered: BTreeMap<String, Figure>,
    /// Tasks dropped by a `discard` rule.
    pub discarded: Figure,
    /// Tasks ended by a `fail` rule.
    pub failed: Figure,
    /// Tasks that were cancelled.
    pub cancelled: Figure,
    /// Tasks that had not ended at the horizon.
    pub unfinished: Figure,
    /// Attempts started (in a contention scenario: write calls).
    pub attempts: Figure,
    /// Attempts / tasks.
    pub amplification: Figure,
    /// Attempts that the server refused at once: queue full or rate limited.
    pub rejected_attempts: Figure,
    /// Attempts that the client gave up waiting for.
    pub timed_out_attempts: Figure,
    /// Worker time spent on attempts whose answer nobody waited for any more.
    pub wasted_server_seconds: Figure,
    /// The width of the bins in which the rates below were counted.
    pub bin: String,
    /// The largest attempt rate after the bin of the first attempts.
    pub peak_attempts_per_second: Figure,
    /// The largest attempt rate from the end of the last fault on.
    pub peak_after_fault_per_second: Figure,
    /// Requests a second that the server can do; absent when it has no limit.
    pub capacity_per_second: Figure,
    /// `peak_after_fault_per_second` / `capacity_per_second`.
    pub peak_to_capacity: Figure,
    /// When the last task ended.
    pub completion_seconds: Figure,
    /// The same, counted from the end of the last fault.
    pub drain_seconds: Figure,
    /// Successes / first attempts.
    pub goodput_per_first: Figure,
    /// From the end of the last fault until goodput was back at 95 % of the baseline and stayed
    /// there for the scenario's `report.recoverFor`; absent when that never happened.
    pub recover_seconds: Figure,
    /// The figures of the named windows of time.
    pub windows: Vec<WindowSummary>,
    /// From the first attempt to success.
    pub time_to_success_seconds: Quantiles,
    /// From the first attempt to the dead-letter queue.
    pub time_to_dead_letter_seconds: Quantiles,
    /// From the first attempt to the end, whatever the end was.
    pub time_to_end_seconds: Quantiles,
    /// Attempts made by each ended task.
    pub attempts_per_task: Quantiles,
    /// Dead letters / tasks.
    pub dead_letter_share: Figure,
    /// Retries / attempts.
    pub retry_share: Figure,
    /// The largest bin of attempts over the mean bin (between the first and the last attempt).
    pub peak_to_mean: Figure,
    /// The most requests that waited for the server at one moment.
    pub max_queue: Figure,
    /// Retries that the shared budget refused.
    pub budget_denied: Figure,
    /// Attempts or retries that the circuit breaker refused.
    pub breaker_denied: Figure,
    /// Attempts that the clients' throttle refused (`client.throttle`); not in `attempts`.
    pub throttle_denied: Figure,
    /// Messages that the network lost.
    pub lost_messages: Figure,
    /// Dead letters that were sent back to work.
    pub redriven: Figure,
    /// Jain's index of the attempts of ended tasks: 1 when all needed the same number, 1/n when
    /// one task made them all.
    pub fairness: Figure,
    /// λ* = μ / A: above this load of first attempts a service whose every task costs all `A`
    /// attempts stays down for good. Absent without a capacity or a limit of attempts.
    pub sustainable_per_second: Figure,
    /// 1 when the tasks of the last tenth of the arrivals were matched by less than half as many
    /// successes (in that tenth and as long again), else 0: over many runs, the probability of
    /// collapse.
    pub collapsed: Figure,
    /// Attempts at each layer, outermost first; empty without layers.
    #[serde(default)]
    pub layers: Vec<LayerSummary>,
    /// Events that the simulator processed.
    pub events: Figure,
    /// How long the run took (set by whoever has a clock; the library has none).
    pub wall_seconds: Figure,
    /// 16 hex digits over all events in order; over all runs when there are several.
    pub trace_hash: String,
}

impl Summary {
    /// All dead letters, whatever their reason.
    #[must_use]
    pub fn dead_letters(&self) -> f64 {
        self.dead_lettered.values().map(Figure::or_zero).sum()
    }
}

/// A distribution of one quantity.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Quantiles {
    /// The mean.
    pub mean: Figure,
    /// The median.
    pub p50: Figure,
    /// 90 % are not above it.
    pub p90: Figure,
    /// 99 % are not above it.
    pub p99: Figure,
    /// 99.9 % are not above it.
    pub p999: Figure,
    /// The largest.
    pub max: Figure,
}

impl Quantiles {
    /// The distribution of nothing.
    pub const ABSENT: Self = Self {
        mean: Figure::Absent,
        p50: Figure::Absent,
        p90: Figure::Absent,
        p99: Figure::Absent,
        p999: Figure::Absent,
        max: Figure::Absent,
    };
}

/// The figures of one window of time (`[[report.windows]]`).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowSummary {
    /// Its name in the scenario.
    pub name: String,
    /// Its start, seconds.
    pub from: f64,
    /// Its end (excluded), seconds.
    pub to: f64,
    /// Tasks that arrived in it.
    pub tasks: Figure,
    /// Tasks that succeeded in it.
    pub succeeded: Figure,
    /// Attempts started in it.
    pub attempts: Figure,
    /// `succeeded` / `tasks` of the window.
    pub goodput_per_first: Figure,
    /// `attempts` / `tasks` of the window.
    pub amplification: Figure,
}

/// The figures of one layer.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerSummary {
    /// Its name in the scenario.
    pub name: String,
    /// Attempts that reached it.
    pub attempts: Figure,
    /// Attempts that reached it / tasks.
    pub amplification: Figure,
}

/// Counts over time: one entry a bin, all of the same length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The width of a bin.
    pub bin: Duration,
    /// How many requests the server can do in one bin.
    pub capacity_per_bin: Option<f64>,
    /// The faults: from, until, what.
    pub faults: Vec<(Time, Time, String)>,
    /// First attempts of tasks.
    pub first: Vec<u32>,
    /// Retries.
    pub retries: Vec<u32>,
    /// Attempts refused at once.
    pub rejected: Vec<u32>,
    /// Tasks that succeeded.
    pub succeeded: Vec<u32>,
    /// Attempts that failed, refusals included.
    pub failed: Vec<u32>,
    /// Tasks that became dead letters.
    pub dead: Vec<u32>,
    /// The most requests that waited in the bin.
    pub queue: Vec<u32>,
}

/// The attempts of some tasks, for a picture of rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Raster {
    /// One row a sampled task, in the order of keys.
    pub rows: Vec<Row>,
}

/// One sampled task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The task's key.
    pub key: u64,
    /// When each of its attempts ended, and how; when it became a dead letter.
    pub marks: Vec<(Time, Mark)>,
    /// Why, for each of them: the failure's kind, the dead letter's reason, nothing for a success.
    pub why: Vec<&'static str>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// The server answered with an error.
    Failed,
    /// The server refused it: queue full or rate limited.
    Rejected,
    /// The client stopped waiting.
    TimedOut,
    /// It succeeded.
    Succeeded,
    /// The task became a dead letter; how its last attempt failed is the mark before.
    Dead,
}

/// How long successes took: points (seconds, share of successes that took no longer), rising.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LatencyCdf {
    /// The points.
    pub points: Vec<(f64, f64)>,
}

/// What happened to one task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TaskRecord {
    /// Its key.
    pub key: u64,
    /// When its first attempt started.
    pub arrived: Time,
    /// When it ended; `None` when it had not at the horizon.
    pub ended: Option<Time>,
    /// Attempts made.
    pub attempts: u32,
    /// `succeeded`, a dead letter's reason, `discarded`, `failed`, `cancelled` or `unfinished`.
    pub end: &'static str,
}
