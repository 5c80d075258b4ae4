//! A policy and what its runs gave: how it measures up to the goal and the constraints.

use redrive::RetryPolicy;

use super::{Constraint, Goal};
use crate::{
    merge::student_t95,
    metric::{Metric, Sample},
    scenario::NamedPolicy,
};

/// In what share of the runs the constraints have to hold, and the goal's figure has to exist: a
/// production setting may not be one that works on average.
const HELD: f64 = 0.95;

/// By how many standard deviations of its runs a candidate has to keep away from a limit. A figure
/// that lies on the limit in the runs of a selection breaks it in half of those of the proof; two
/// deviations are 2.5 % for a figure that is spread like the bell curve.
const MARGIN: f64 = 2.0;

/// What is known of the spread in general counts as so many runs beside a policy's own: three runs that
/// happen to be alike say little, and a search finds those that do.
const PRIOR: f64 = 4.0;

/// Above every loss that a figure can have.
const OUT: f64 = 1e100;

/// A constraint and the deviation that its figure usually has, run by run, near the limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounded {
    pub(super) constraint: Constraint,
    pub(super) usual: f64,
}

impl Bounded {
    /// A constraint of whose figure nothing is known yet.
    pub(super) const fn new(constraint: Constraint) -> Self {
        Self { constraint, usual: 0.0 }
    }

    /// Learns the usual deviation from what has run: the median over the policies that came near the
    /// limit, since those far off are spread otherwise.
    pub(super) fn learn<'j>(&mut self, list: impl Iterator<Item = &'j Judged>) {
        let limit = self.constraint.limit.abs();
        let near = |mean: f64| (mean - self.constraint.limit).abs() <= 0.5 * limit;
        let spreads = list.filter(|judged| judged.runs.len() > 1);
        let spreads = spreads.filter_map(|judged| judged.spread_of(&self.constraint.metric));
        let mut deviations: Vec<f64> =
            spreads.filter(|(mean, _)| near(*mean)).map(|(_, deviation)| deviation).collect();
        deviations.sort_by(f64::total_cmp);
        if let Some(median) = deviations.get(deviations.len() / 2) {
            self.usual = *median;
        }
    }
}

/// A policy and what its runs gave.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The preset's name, or the family's.
    pub name: String,
    /// The policy.
    pub policy: RetryPolicy,
    /// Its runs, in the order of replications.
    pub runs: Vec<Sample>,
    /// Mean loss; `None` when too many runs have no such figure.
    loss: Option<f64>,
    /// Mean violation of all constraints; 0 when they hold often enough.
    violation: f64,
    /// How far the mean of the runs is from keeping the constraints with the margin; 0 when it does.
    strain: f64,
    /// What decides between equals: the attempts that a task costs.
    load: f64,
}

impl Judged {
    /// A policy that has not run yet.
    pub(super) fn new(named: NamedPolicy) -> Self {
        let (violation, strain, load) = (0.0, 0.0, 0.0);
        Self {
            name: named.name,
            policy: named.policy,
            runs: Vec::new(),
            loss: None,
            violation,
            strain,
            load,
        }
    }

    /// The policy and its name, without the runs.
    pub(super) fn named(&self) -> NamedPolicy {
        NamedPolicy { name: self.name.clone(), policy: self.policy.clone() }
    }

    /// Weighs the runs that it has against the goal and the constraints, each with the deviation that
    /// is usual near its limit.
    pub(super) fn weigh(&mut self, goal: &Goal, constraints: &[Bounded]) {
        let runs = self.runs.len() as f64;
        let losses = self.runs.iter().filter_map(|run| run.get(&goal.metric));
        let losses: Vec<f64> = losses.map(|value| goal.loss_of(value)).collect();
        self.loss =
            (!losses.is_empty() && losses.len() as f64 >= HELD * runs).then(|| mean(&losses));
        let of_run =
            |run: &Sample| constraints.iter().map(|c| violation(&c.constraint, run)).sum::<f64>();
        let violations: Vec<f64> = self.runs.iter().map(of_run).collect();
        let held = violations.iter().filter(|violation| **violation <= 0.0).count();
        self.violation = if held as f64 >= HELD * runs { 0.0 } else { mean(&violations) };
        self.strain = constraints.iter().map(|constraint| self.strain_of(constraint)).sum();
        let attempts = Metric::find("amplification").ok();
        self.load = attempts.and_then(|metric| self.mean_of(&metric)).unwrap_or(0.0);
    }

    fn strain_of(&self, Bounded { constraint, usual }: &Bounded) -> f64 {
        let Some((mean, own)) = self.spread_of(&constraint.metric) else {
            return constraint.violation_of(None);
        };
        let free = self.runs.len() as f64 - 1.0;
        let squares = free * own * own + PRIOR * usual * usual;
        let away = MARGIN * libm::sqrt(squares / (free + PRIOR));
        constraint.violation_of(Some(constraint.relation.towards(mean, away)))
    }

    /// Mean and standard deviation of a figure over the runs that have it.
    fn spread_of(&self, metric: &Metric) -> Option<(f64, f64)> {
        let values: Vec<f64> = self.runs.iter().filter_map(|run| run.get(metric)).collect();
        (!values.is_empty()).then(|| (mean(&values), deviation(&values)))
    }

    /// Whether the constraints held, all of them, in 95 % of the runs, and as many have the goal's
    /// figure.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.violation <= 0.0 && self.loss.is_some()
    }

    /// In how many runs every constraint held.
    #[must_use]
    pub fn kept_in(&self, constraints: &[Constraint]) -> usize {
        let held = |run: &&Sample| constraints.iter().all(|c| violation(c, run) <= 0.0);
        self.runs.iter().filter(held).count()
    }

    /// The mean of a figure over the runs that have it.
    #[must_use]
    pub fn mean_of(&self, metric: &Metric) -> Option<f64> {
        let values: Vec<f64> = self.runs.iter().filter_map(|run| run.get(metric)).collect();
        (!values.is_empty()).then(|| mean(&values))
    }

    /// The least value of a figure in any of the runs.
    pub(super) fn least_of(&self, metric: &Metric) -> Option<f64> {
        self.runs.iter().filter_map(|run| run.get(metric)).min_by(f64::total_cmp)
    }

    /// Smaller is better: what keeps the constraints by its loss, before all else by how far off it is.
    pub(super) fn rank(&self) -> f64 {
        match self.loss {
            Some(loss) if self.violation <= 0.0 => loss,
            Some(_) => OUT * (1.0 + self.violation.min(1e50)),
            None => OUT * 1e60,
        }
    }

    /// The rank of what has not been proved: it has to keep the constraints with a margin.
    pub(super) fn safe_rank(&self) -> f64 {
        match self.loss {
            Some(loss) if self.violation <= 0.0 && self.strain <= 0.0 => loss,
            // Kept so far, and nearer to the limit than its runs are to each other.
            Some(_) if self.violation <= 0.0 => OUT * 1e-20 * (1.0 + self.strain.min(1e10)),
            _ => self.rank(),
        }
    }

    /// The order of two by `rank`; between equals the one that costs fewer attempts, then the one that
    /// may make more: it has some left where a fault lasts longer than the simulated one.
    pub(super) fn compare(&self, other: &Self, rank: fn(&Self) -> f64) -> std::cmp::Ordering {
        let spare = |judged: &Self| {
            let attempts = judged.policy.max_attempts();
            std::cmp::Reverse(attempts.map_or(u32::MAX, std::num::NonZeroU32::get))
        };
        rank(self)
            .total_cmp(&rank(other))
            .then(self.load.total_cmp(&other.load))
            .then(spare(self).cmp(&spare(other)))
    }
}

/// How far a run is on the wrong side of a constraint.
fn violation(constraint: &Constraint, run: &Sample) -> f64 {
    constraint.violation_of(run.get(&constraint.metric))
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / (values.len().max(1)) as f64
}

/// The standard deviation; 0 of less than two values.
fn deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let centre = mean(values);
    let squares: f64 = values.iter().map(|value| (value - centre) * (value - centre)).sum();
    libm::sqrt(squares / (values.len() - 1) as f64)
}

/// Candidate minus rival, replication by replication: mean and half the 95 % interval.
pub(super) fn paired(goal: &Goal, candidate: &Judged, rival: &Judged) -> Option<(f64, f64)> {
    let pairs = candidate.runs.iter().zip(&rival.runs);
    let differences: Vec<f64> =
        pairs.filter_map(|(a, b)| Some(a.get(&goal.metric)? - b.get(&goal.metric)?)).collect();
    let n = differences.len();
    if n < 2 {
        return None;
    }
    let error = deviation(&differences) / libm::sqrt(n as f64);
    Some((mean(&differences), student_t95(n as u32 - 1) * error))
}
