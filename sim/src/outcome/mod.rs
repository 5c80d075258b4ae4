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

mod figures;
mod picture;
pub mod row;
pub mod schema;

use std::fmt;

use serde::Deserialize;

use crate::model::failure::Failure;

pub(crate) use self::row::Group;
pub use self::{
    figures::{ClassSummary, LayerSummary, Quantiles, Summary, WindowSummary},
    picture::{LatencyCdf, Mark, Raster, Row, Series, TaskRecord, TierSeries},
};

/// The kinds of failure that attempts of the simulator end with, as rows and policies name them.
pub fn failure_kinds() -> impl Iterator<Item = &'static str> {
    Failure::ALL.into_iter().map(Failure::name)
}

/// The name and version of the machine-readable format.
pub const SCHEMA: &str = "redrive-simulate/1";

/// One number of a result: exact when it comes from one run, a mean with its spread otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Figure {
    /// The number does not exist (`null`): no capacity is defined, the service never recovered.
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
    /// How many runs have it; 0 where that is not known: it is not published.
    #[serde(skip)]
    pub runs: u32,
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

/// 16 hex digits over all events in order; over all runs when there are several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct TraceHash(pub(crate) String);

impl TraceHash {
    pub(crate) fn new(hash: u64) -> Self {
        Self(format!("{hash:016x}"))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<u64> for TraceHash {
    fn from(hash: u64) -> Self {
        Self::new(hash)
    }
}

impl fmt::Display for TraceHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
