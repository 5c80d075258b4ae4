//! Proposing policies of one family: what is known first, then half by a tree-structured Parzen
//! estimator for each axis, half by steps from the best so far.
//!
//! The estimator looks at one axis at a time and finds the region; it does not see that a longer first
//! delay wants fewer attempts. Steps from a point that is good as a whole do.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use redrive::{RetryPolicy, random::hash, wire::ConfigError};
use tpe::{TpeOptimizer, density_estimation::DefaultEstimatorBuilder};

use super::{
    Goal, Judged,
    judged::Bounded,
    space::{AXES, Axis, Family, Point, policy},
};
use crate::{error::SimError, scenario::NamedPolicy};

/// Names of proposals start with this, so that they are not those of presets.
pub(super) const PREFIX: &str = "tuned ";

/// Policies proposed before their results are looked at: enough to keep a few cores busy.
pub(super) const BATCH: u32 = 8;

/// Steps start from one of so many best.
const ELITE: usize = 4;

/// How far a step goes, as a share of an axis.
const STEPS: [f64; 4] = [0.15, 0.06, 0.025, 0.01];

/// The search within one family.
pub(super) struct Search {
    family: Family,
    random: StdRng,
    /// What is known, and has not been tried in this family.
    known: Vec<Point>,
    asked: Vec<Point>,
    /// What has been tried, best first.
    tried: Vec<(Judged, Point)>,
    /// Whether there is anything to find but near the best.
    explores: bool,
}

/// The estimator's own errors are about ranges and numbers that are fixed here.
fn internal(error: impl std::fmt::Display) -> SimError {
    ConfigError::new("", format!("the search cannot go on: {error}")).into()
}

impl Search {
    /// A search that begins with the points in `known`, the last of them first.
    pub(super) fn new(family: Family, seed: u64, known: Vec<Point>) -> Self {
        let random = StdRng::seed_from_u64(seed ^ hash(family.as_str().as_bytes()));
        Self { family, random, known, asked: Vec::new(), tried: Vec::new(), explores: true }
    }

    /// A search that goes on from what has been tried, by steps alone.
    pub(super) fn polish(family: Family, seed: u64, tried: Vec<(Judged, Point)>) -> Self {
        Self { tried, explores: false, ..Self::new(family, !seed, Vec::new()) }
    }

    /// The best so far.
    pub(super) fn best(&self) -> Option<&Judged> {
        self.tried.first().map(|(judged, _)| judged)
    }

    /// All that has been tried.
    pub(super) fn into_tried(self) -> impl Iterator<Item = Judged> {
        self.tried.into_iter().map(|(judged, _)| judged)
    }

    /// A batch of policies to try.
    pub(super) fn propose(&mut self, base: &RetryPolicy) -> Result<Vec<NamedPolicy>, SimError> {
        let axes = AXES.iter().enumerate().map(|(place, axis)| self.told(place, axis));
        let mut axes = axes.collect::<Result<Vec<_>, _>>()?;
        // At first as many guesses as steps, then mostly steps.
        let pace = if self.tried.len() < 6 * BATCH as usize { 2 } else { 4 };
        self.asked.clear();
        let mut batch = Vec::with_capacity(BATCH as usize);
        for place in 0..BATCH {
            let point = match self.known.pop() {
                Some(point) => point,
                None if !self.explores => self.step(),
                None if !self.tried.is_empty() && place % pace != 0 => self.step(),
                None => self.guess(&mut axes)?,
            };
            let name = format!("{PREFIX}{}", self.family.as_str());
            batch.push(NamedPolicy { name, policy: policy(base, self.family, &point)? });
            self.asked.push(point);
        }
        Ok(batch)
    }

    /// The estimator of one axis, told of all that has been tried, in its order.
    fn told(
        &self,
        place: usize,
        axis: &Axis,
    ) -> Result<TpeOptimizer<DefaultEstimatorBuilder>, SimError> {
        let (estimator, range) = match axis.choices {
            Some(n) => (tpe::histogram_estimator(), tpe::categorical_range(n)),
            None => (tpe::parzen_estimator(), tpe::range(axis.from, axis.to)),
        };
        let mut optimizer = TpeOptimizer::new(estimator, range.map_err(internal)?);
        for (rank, (_, point)) in self.tried.iter().enumerate() {
            optimizer.tell(point[place], rank as f64).map_err(internal)?;
        }
        Ok(optimizer)
    }

    fn guess(
        &mut self,
        axes: &mut [TpeOptimizer<DefaultEstimatorBuilder>],
    ) -> Result<Point, SimError> {
        let mut point = [0.0; AXES.len()];
        for (value, axis) in point.iter_mut().zip(axes) {
            *value = axis.ask(&mut self.random).map_err(internal)?;
        }
        Ok(point)
    }

    /// A point near one of the best: half of the axes move, by far or by little, and now and then the
    /// budget is another one.
    fn step(&mut self) -> Point {
        let from = (self.unit() * self.tried.len().min(ELITE) as f64) as usize;
        let mut point = self.tried.get(from).map_or([0.0; AXES.len()], |(_, point)| *point);
        let scale = STEPS[(self.unit() * STEPS.len() as f64) as usize % STEPS.len()];
        for (place, (value, axis)) in point.iter_mut().zip(&AXES).enumerate() {
            let last = place + 1 == AXES.len();
            // Twelve uniform draws make a bell curve of deviation 1, without a logarithm.
            let bell = (0..12).map(|_| self.unit()).sum::<f64>() - 6.0;
            let (moves, other) = (self.unit() < 0.5, self.unit());
            let moved = match axis.choices {
                // The timeout's axis has a part that means none: small steps do not leave it.
                None if last && other < 0.15 => self.unit() * (axis.to - axis.from) + axis.from,
                None if moves => *value + bell * scale * (axis.to - axis.from),
                Some(choices) if other < 0.15 => self.unit() * choices as f64,
                _ => *value,
            };
            *value = axis.clamped(moved);
        }
        point
    }

    fn unit(&mut self) -> f64 {
        self.random.random()
    }

    /// How good the batch was, in its order.
    pub(super) fn learn(&mut self, batch: Vec<Judged>) {
        self.tried.extend(batch.into_iter().zip(self.asked.drain(..)));
    }

    /// Weighs all that has been tried once more, by what is known of the spread now.
    pub(super) fn weigh(&mut self, goal: &Goal, constraints: &[Bounded]) {
        for (judged, _) in &mut self.tried {
            judged.weigh(goal, constraints);
        }
        self.tried.sort_by(|(a, _), (b, _)| a.compare(b, Judged::safe_rank));
    }

    /// All that has been tried, best first.
    pub(super) fn tried(&self) -> impl Iterator<Item = &Judged> {
        self.tried.iter().map(|(judged, _)| judged)
    }
}
