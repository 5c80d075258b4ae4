//! Which policy should we use? A search, and then a proof on other seeds.
//!
//! Three steps, each on seeds of its own, because a search that judges itself on what it searched with
//! finds luck:
//!
//! 1. **Search**: for each [family](space::Family) of jitter a tree-structured Parzen estimator (the
//!    crate `tpe`) proposes policies; every proposal runs under the same few seeds (common random
//!    numbers: inside a family that cuts the variance of a difference by four to fifty times).
//! 2. **Selection**: the best proposals of every family and all presets run under other seeds. The best
//!    that keeps the constraints is the candidate, the best preset that does is its rival.
//! 3. **Proof**: candidate and rival run under seeds that nothing has been chosen by. Their paired
//!    difference has a confidence interval; only if all of it lies on the good side is the candidate
//!    called better.
//!
//! The library neither threads nor prints: whoever calls [`tune`] runs the batches, in any order.

mod goal;
mod search;
pub mod space;

use redrive::{RetryPolicy, presets, wire::ConfigError};

pub use self::goal::{Constraint, Goal, Relation};
use self::search::Search;
use crate::{
    error::SimError,
    merge::student_t95,
    metric::Metric,
    outcome::Summary,
    scenario::{NamedPolicy, Scenario},
};

/// One run to make: this policy, under this replication's seed.
#[derive(Clone, Debug)]
pub struct Job {
    /// The policy.
    pub policy: RetryPolicy,
    /// The number of the replication.
    pub replication: u32,
}

/// Makes runs: in parallel if it can, and with its results in the order of the jobs.
pub trait Runner {
    /// Runs every job of the batch.
    ///
    /// # Errors
    /// The first run's error that fails.
    fn run(&mut self, jobs: &[Job]) -> Result<Vec<Summary>, SimError>;
}

/// What to search for and how hard.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is wanted.
    pub goal: Goal,
    /// Within which limits. Where none of them (and not the goal) is about how many tasks succeed, no
    /// fewer may than under the best preset.
    pub constraints: Vec<Constraint>,
    /// Policies to try.
    pub trials: u32,
    /// Seeds for each trial.
    pub search_runs: u32,
    /// Seeds for the selection, and again for the proof.
    pub proof_runs: u32,
}

/// A policy and what its runs gave.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The preset's name, or the family's.
    pub name: String,
    /// The policy.
    pub policy: RetryPolicy,
    /// Its runs, in the order of replications.
    pub runs: Vec<Summary>,
    /// Mean loss; `None` when most runs have no such figure.
    loss: Option<f64>,
    /// Mean violation of all constraints; 0 when they hold often enough.
    violation: f64,
}

/// In what share of the runs the constraints have to hold: a production setting may not be one that
/// works on average.
const HELD: f64 = 0.95;

impl Judged {
    fn new(
        named: NamedPolicy,
        runs: Vec<Summary>,
        goal: &Goal,
        constraints: &[Constraint],
    ) -> Self {
        let losses: Vec<f64> = runs.iter().filter_map(|run| goal.loss(run)).collect();
        let loss = (losses.len() * 2 > runs.len()).then(|| mean(&losses));
        let of_run = |run: &Summary| constraints.iter().map(|c| c.violation(run)).sum::<f64>();
        let violations: Vec<f64> = runs.iter().map(of_run).collect();
        let held = violations.iter().filter(|violation| **violation <= 0.0).count();
        let enough = held as f64 >= HELD * runs.len() as f64;
        let violation = if enough { 0.0 } else { mean(&violations) };
        Self { name: named.name, policy: named.policy, runs, loss, violation }
    }

    /// Whether the constraints held, all of them, in 95 % of the runs.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.violation <= 0.0 && self.loss.is_some()
    }

    /// In how many runs every constraint held.
    #[must_use]
    pub fn kept_in(&self, constraints: &[Constraint]) -> usize {
        let held = |run: &&Summary| constraints.iter().all(|c| c.violation(run) <= 0.0);
        self.runs.iter().filter(held).count()
    }

    /// The mean of a figure over the runs that have it.
    #[must_use]
    pub fn mean_of(&self, metric: &Metric) -> Option<f64> {
        let values: Vec<f64> = self.runs.iter().filter_map(|run| metric.of(run)).collect();
        (!values.is_empty()).then(|| mean(&values))
    }

    /// Smaller is better: those that keep the constraints by their loss, before all others by how far
    /// off they are.
    fn rank(&self) -> f64 {
        rank(self.loss, self.violation)
    }
}

/// Above every loss that a figure can have.
const OUT: f64 = 1e100;

fn rank(loss: Option<f64>, violation: f64) -> f64 {
    match loss {
        Some(loss) if violation <= 0.0 => loss,
        Some(_) => OUT * (1.0 + violation.min(1e50)),
        None => OUT * 1e60,
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / (values.len().max(1)) as f64
}

/// What became of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The candidate is better than the best preset, with confidence.
    Better,
    /// It is not, or not with confidence: take the preset.
    NoBetter,
    /// No preset keeps the constraints; the candidate does.
    OnlyCandidate,
    /// Nothing that was tried keeps the constraints.
    Infeasible,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// What became of it.
    pub verdict: Verdict,
    /// The best policy found, judged on the seeds of the proof.
    pub candidate: Judged,
    /// The best preset, judged on the same; `None` when none keeps the constraints.
    pub rival: Option<Judged>,
    /// Candidate minus rival of the goal's figure, run by run: mean and half the width of its 95 %
    /// confidence interval.
    pub difference: Option<(f64, f64)>,
    /// The constraints, with the one that stands in when none was given.
    pub constraints: Vec<Constraint>,
    /// Every policy tried that has the figures, as (goal's figure, second figure, keeps).
    pub trials: Vec<Trial>,
    /// The second figure of the trials: the first constraint's, or the amplification.
    pub against: Metric,
}

/// One policy that was tried in the search.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The family's or preset's name.
    pub name: String,
    /// The policy.
    pub policy: RetryPolicy,
    /// The goal's figure.
    pub goal: f64,
    /// The second figure.
    pub against: f64,
    /// Whether it kept the constraints.
    pub keeps: bool,
}

impl Tuning {
    /// The trials that no other one beats in both figures, by the first of them; out of those that keep
    /// the constraints where there are any.
    #[must_use]
    pub fn pareto(&self, goal: &Goal) -> Vec<&Trial> {
        let sign = |lower: bool, value: f64| if lower { value } else { -value };
        let point = |trial: &Trial| {
            (sign(!goal.maximize, trial.goal), sign(self.against.lower_is_better, trial.against))
        };
        let any = self.trials.iter().any(|trial| trial.keeps);
        let mut sorted: Vec<&Trial> =
            self.trials.iter().filter(|trial| trial.keeps || !any).collect();
        sorted.sort_by(|a, b| {
            let (a, b) = (point(a), point(b));
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        let mut best = f64::INFINITY;
        sorted.retain(|trial| {
            let better = point(trial).1 < best;
            best = best.min(point(trial).1);
            better
        });
        sorted
    }
}

/// How many proposals of each family go on to the selection.
const FINALISTS: usize = 6;
/// Replications of the selection and of the proof: apart from those of the search and of each other.
const SELECTION: u32 = 1_000_000;
const PROOF: u32 = 2_000_000;

/// Searches, selects and proves. See the [module's text](self).
///
/// # Errors
/// When a run fails, or the plan names nothing to try.
pub fn tune(scenario: &Scenario, plan: &Plan, runner: &mut dyn Runner) -> Result<Tuning, SimError> {
    let Some(base) = scenario.policies.first().map(|named| named.policy.clone()) else {
        return Err(ConfigError::new("policies", "is empty; name at least one preset").into());
    };
    let runs = plan.search_runs.max(1);
    let rivals = rivals(scenario);
    let known = judge(rivals, 0, runs, plan, &plan.constraints, runner)?;
    let constraints = constraints(plan, &known);
    let mut tried: Vec<Judged> = rejudge(known, &plan.goal, &constraints);
    for family in space::Family::ALL {
        let trials = plan.trials / space::Family::ALL.len() as u32;
        let mut search = Search::new(family, scenario.seed)?;
        while search.made() < trials {
            let batch = search.propose(&base)?;
            let judged = judge(batch, 0, runs, plan, &constraints, runner)?;
            search.learn(judged.iter().map(Judged::rank))?;
            tried.extend(judged);
        }
    }
    let finalists = finalists(&tried);
    let selected = judge(finalists, SELECTION, plan.proof_runs, plan, &constraints, runner)?;
    prove(plan, constraints, selected, tried, runner)
}

/// The presets and the scenario's own policies: what somebody would take without a search.
fn rivals(scenario: &Scenario) -> Vec<NamedPolicy> {
    let mut rivals = scenario.policies.clone();
    for preset in presets::all() {
        if rivals.iter().all(|named| named.name != preset.name) {
            rivals.push(NamedPolicy { name: preset.name.to_owned(), policy: preset.policy() });
        }
    }
    rivals
}

fn is_searched(name: &str) -> bool {
    name.starts_with(search::PREFIX)
}

/// The plan's constraints and, unless it says itself how many tasks have to succeed, at least the best
/// preset's share of successes: giving tasks up is quick and calm, and not the answer.
fn constraints(plan: &Plan, known: &[Judged]) -> Vec<Constraint> {
    let mut constraints = plan.constraints.clone();
    let asked = |name: &&str| {
        plan.goal.metric.name == *name || constraints.iter().any(|c| c.metric.name == *name)
    };
    if ["succeededShare", "deadLetterShare", "goodputPerFirst"].iter().any(asked) {
        return constraints;
    }
    let Ok(metric) = Metric::find("succeededShare") else { return constraints };
    let best = known.iter().filter_map(|judged| judged.mean_of(&metric)).fold(0.0, f64::max);
    // To three digits, rounded down: a limit that people can read.
    let limit = (libm::floor(best * 1_000.0) - 1.0).max(0.0) / 1_000.0;
    constraints.push(Constraint { metric, relation: Relation::AtLeast, limit });
    constraints
}

fn rejudge(known: Vec<Judged>, goal: &Goal, constraints: &[Constraint]) -> Vec<Judged> {
    let again = |judged: Judged| {
        let named = NamedPolicy { name: judged.name, policy: judged.policy };
        Judged::new(named, judged.runs, goal, constraints)
    };
    known.into_iter().map(again).collect()
}

/// Runs every policy under the same replications.
fn judge(
    policies: Vec<NamedPolicy>,
    first: u32,
    runs: u32,
    plan: &Plan,
    constraints: &[Constraint],
    runner: &mut dyn Runner,
) -> Result<Vec<Judged>, SimError> {
    let runs = runs.max(1);
    let mut jobs = Vec::new();
    for named in &policies {
        for run in 0..runs {
            jobs.push(Job { policy: named.policy.clone(), replication: first + run });
        }
    }
    let mut summaries = runner.run(&jobs)?.into_iter();
    let judged = policies.into_iter().map(|named| {
        let own: Vec<Summary> = summaries.by_ref().take(runs as usize).collect();
        Judged::new(named, own, &plan.goal, constraints)
    });
    Ok(judged.collect())
}

/// The best of every family, and the best presets.
fn finalists(tried: &[Judged]) -> Vec<NamedPolicy> {
    let mut sorted: Vec<&Judged> = tried.iter().collect();
    sorted.sort_by(|a, b| a.rank().total_cmp(&b.rank()));
    let mut finalists: Vec<NamedPolicy> = Vec::new();
    for judged in sorted {
        let group = |name: &str| if is_searched(name) { name.to_owned() } else { String::new() };
        let same = finalists.iter().filter(|f| group(&f.name) == group(&judged.name)).count();
        let twin = finalists.iter().any(|f| f.policy == judged.policy);
        if same < FINALISTS && !twin {
            let named = NamedPolicy { name: judged.name.clone(), policy: judged.policy.clone() };
            finalists.push(named);
        }
    }
    finalists
}

fn prove(
    plan: &Plan,
    constraints: Vec<Constraint>,
    mut selected: Vec<Judged>,
    tried: Vec<Judged>,
    runner: &mut dyn Runner,
) -> Result<Tuning, SimError> {
    selected.sort_by(|a, b| a.rank().total_cmp(&b.rank()));
    let named =
        |judged: &Judged| NamedPolicy { name: judged.name.clone(), policy: judged.policy.clone() };
    let candidate = selected.iter().find(|judged| is_searched(&judged.name)).map(named);
    let rival =
        selected.iter().find(|judged| !is_searched(&judged.name) && judged.keeps()).map(named);
    let pair: Vec<NamedPolicy> = candidate.into_iter().chain(rival).collect();
    let mut judged = judge(pair, PROOF, plan.proof_runs, plan, &constraints, runner)?.into_iter();
    let Some(candidate) = judged.next() else {
        return Err(ConfigError::new("trials", "is 0; try at least a few dozen policies").into());
    };
    let rival = judged.next().filter(Judged::keeps);
    let difference = rival.as_ref().and_then(|rival| paired(&plan.goal, &candidate, rival));
    let verdict = match (&rival, difference) {
        _ if !candidate.keeps() && rival.is_none() => Verdict::Infeasible,
        (None, _) => Verdict::OnlyCandidate,
        (Some(_), Some((mean, half))) if candidate.keeps() => {
            let worst = if plan.goal.maximize { -(mean - half) } else { mean + half };
            if worst < 0.0 { Verdict::Better } else { Verdict::NoBetter }
        }
        _ => Verdict::NoBetter,
    };
    let against = constraints.iter().map(|c| c.metric).find(|m| *m != plan.goal.metric);
    let against = match against {
        Some(metric) => metric,
        None => Metric::find("amplification")?,
    };
    let trial = |judged: &Judged| {
        Some(Trial {
            name: judged.name.clone(),
            policy: judged.policy.clone(),
            goal: judged.mean_of(&plan.goal.metric)?,
            against: judged.mean_of(&against)?,
            keeps: judged.keeps(),
        })
    };
    let trials = tried.iter().filter_map(trial).collect();
    Ok(Tuning { verdict, candidate, rival, difference, constraints, trials, against })
}

/// Candidate minus rival, replication by replication: mean and half the 95 % interval.
fn paired(goal: &Goal, candidate: &Judged, rival: &Judged) -> Option<(f64, f64)> {
    let pairs = candidate.runs.iter().zip(&rival.runs);
    let differences: Vec<f64> =
        pairs.filter_map(|(a, b)| Some(goal.metric.of(a)? - goal.metric.of(b)?)).collect();
    let n = differences.len();
    if n < 2 {
        return None;
    }
    let centre = mean(&differences);
    let squares: f64 = differences.iter().map(|d| (d - centre) * (d - centre)).sum();
    let error = libm::sqrt(squares / (n - 1) as f64 / n as f64);
    Some((centre, student_t95(n as u32 - 1) * error))
}
