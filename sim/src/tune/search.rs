//! Proposing policies of one family: a tree-structured Parzen estimator for each axis.

use rand::{SeedableRng, rngs::StdRng};
use redrive::{RetryPolicy, random::hash, wire::ConfigError};
use tpe::{TpeOptimizer, density_estimation::DefaultEstimatorBuilder};

use super::space::{AXES, Axis, Family, policy};
use crate::{error::SimError, scenario::NamedPolicy};

/// Names of proposals start with this, so that they are no preset's.
pub(super) const PREFIX: &str = "tuned ";

/// Policies proposed before their results are looked at: enough to keep a few cores busy.
const BATCH: usize = 8;

/// The search within one family.
pub(super) struct Search {
    family: Family,
    random: StdRng,
    axes: Vec<TpeOptimizer<DefaultEstimatorBuilder>>,
    asked: Vec<[f64; 5]>,
    made: u32,
}

/// The estimator's own errors are about ranges and numbers that are fixed here.
fn internal(error: impl std::fmt::Display) -> SimError {
    ConfigError::new("", format!("the search cannot go on: {error}")).into()
}

fn optimizer(axis: &Axis) -> Result<TpeOptimizer<DefaultEstimatorBuilder>, SimError> {
    let (estimator, range) = match axis.choices {
        Some(n) => (tpe::histogram_estimator(), tpe::categorical_range(n)),
        None => (tpe::parzen_estimator(), tpe::range(axis.from, axis.to)),
    };
    Ok(TpeOptimizer::new(estimator, range.map_err(internal)?))
}

impl Search {
    pub(super) fn new(family: Family, seed: u64) -> Result<Self, SimError> {
        let axes = AXES.iter().map(optimizer).collect::<Result<_, _>>()?;
        let random = StdRng::seed_from_u64(seed ^ hash(family.as_str().as_bytes()));
        Ok(Self { family, random, axes, asked: Vec::new(), made: 0 })
    }

    /// How many policies have been proposed.
    pub(super) const fn made(&self) -> u32 {
        self.made
    }

    /// A batch of policies to try.
    pub(super) fn propose(&mut self, base: &RetryPolicy) -> Result<Vec<NamedPolicy>, SimError> {
        self.asked.clear();
        let mut batch = Vec::with_capacity(BATCH);
        for _ in 0..BATCH {
            let mut point = [0.0; 5];
            for (value, axis) in point.iter_mut().zip(&mut self.axes) {
                *value = axis.ask(&mut self.random).map_err(internal)?;
            }
            let name = format!("{PREFIX}{}", self.family.as_str());
            batch.push(NamedPolicy { name, policy: policy(base, self.family, &point)? });
            self.asked.push(point);
        }
        self.made += BATCH as u32;
        Ok(batch)
    }

    /// How good the batch was, in its order: smaller is better.
    pub(super) fn learn(&mut self, ranks: impl Iterator<Item = f64>) -> Result<(), SimError> {
        for (point, rank) in self.asked.iter().zip(ranks) {
            for (value, axis) in point.iter().zip(&mut self.axes) {
                axis.tell(*value, rank).map_err(internal)?;
            }
        }
        Ok(())
    }
}
