//! What charts are drawn of. It rides along with the figures and is not published with them.

use redrive::{Duration, Time};

/// Counts over time: one entry a bin, all of the same length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The width of a bin.
    pub bin: Duration,
    /// How many requests the server can do in one bin.
    pub capacity_per_bin: Option<f64>,
    /// The faults: from, until, what.
    pub faults: Vec<(Time, Time, String)>,
    /// Whether a fault ends before the run does, so that there is a time after it.
    pub recovers: bool,
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
    /// Each layer, outermost first, and the server; empty without layers.
    pub tiers: Vec<TierSeries>,
}

/// What one layer, or the server below layers, was asked and did over time: one entry a bin, all of
/// the same length, which may be shorter than that of the whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TierSeries {
    /// Its name in the scenario.
    pub name: String,
    /// How many requests it can do in one bin.
    pub capacity_per_bin: Option<f64>,
    /// Requests that reached it.
    pub requests: Vec<u32>,
    /// Those that it refused at once, or dropped from its queue.
    pub refused: Vec<u32>,
    /// Those that it answered with success.
    pub succeeded: Vec<u32>,
    /// The most that waited.
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
