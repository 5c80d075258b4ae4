//! Which policy should we use? A search, and then a proof on other seeds.
//!
//! Four steps, each on seeds of its own, because a search that judges itself on what it searched with
//! finds luck:
//!
//! 1. **The known**: every preset and every policy of the scenario runs. The best of them is the rival.
//!    The share of successes that the best of them keeps even in its worst run becomes a floor, unless
//!    the question is about successes itself: giving tasks up is quick and calm, and not the answer.
//! 2. **Search**: for each [family](space::Family) of jitter, policies beside the known ones, policies
//!    that a tree-structured Parzen estimator (the crate `tpe`) proposes, and steps from the best; half
//!    of the trials for all families alike, the rest for the two that lead. Every proposal runs under
//!    the same few seeds (common random numbers: inside a family that cuts the variance of a difference
//!    by four to fifty times).
//! 3. **Selection**: the best of every family run under other and more seeds, and so do steps from the
//!    best of them; then in rounds the worse half drops out and the better half gets more runs. Who
//!    comes nearer to a limit than two standard deviations of its runs ranks behind all who do not.
//! 4. **Proof**: candidate and rival run under seeds that nothing has been chosen by. Their paired
//!    difference has a confidence interval; only if all of it lies on the good side is the candidate
//!    called better. A candidate that breaks a constraint in more than 5 % of these runs is dropped, and
//!    the next one proved on seeds that are fresh again. The front of what was tried runs under the
//!    same seeds, so that what it shows of each policy is not the luck of the search.
//!
//! The library neither threads nor prints: the caller of [`tune`] runs the batches, in any order.

mod contest;
mod goal;
mod judged;
mod search;
pub mod space;

use redrive::{RetryPolicy, wire::ConfigError};

use self::contest::Contest;
pub use self::{
    goal::{Constraint, Goal, Relation},
    judged::Judged,
};
use crate::{
    error::SimError,
    metric::{Metric, Sample},
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
    /// Runs every job of the batch; of each run its metrics are wanted.
    ///
    /// # Errors
    /// The first run's error that fails.
    fn run(&mut self, jobs: &[Job]) -> Result<Vec<Sample>, SimError>;

    /// Whether it was told to stop. A batch may fail for that; the search then ends with the best so
    /// far, [unproved](Verdict::Unproved).
    fn is_stopped(&self) -> bool {
        false
    }
}

/// What to search for and how hard.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is wanted.
    pub goal: Goal,
    /// Within which limits. Where none of them (and not the goal) is about how many tasks succeed, no
    /// fewer may than under the best preset, but for the dead letters that are allowed.
    pub constraints: Vec<Constraint>,
    /// Policies to try.
    pub trials: u32,
    /// Seeds for each trial.
    pub search_runs: u32,
    /// Seeds for the selection, and again for the proof.
    pub proof_runs: u32,
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
    /// The runner was stopped before the proof: the candidate is the best so far, by the runs that
    /// chose it.
    Unproved,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// What became of it.
    pub verdict: Verdict,
    /// The best policy found, judged on the seeds of the proof.
    pub candidate: Judged,
    /// The best of the presets and of the scenario's own policies, judged on the same; `None` when none
    /// keeps the constraints.
    pub rival: Option<Judged>,
    /// The scenario's first policy on the same seeds: what there is now.
    pub current: Judged,
    /// Candidate minus rival of the goal's figure, run by run: mean and half the width of its 95 %
    /// confidence interval.
    pub difference: Option<(f64, f64)>,
    /// The constraints, with the floor of successes where it was added.
    pub constraints: Vec<Constraint>,
    /// Every policy tried that has the figures, by the runs of the search.
    pub trials: Vec<Trial>,
    /// The trials that no other one beats in both figures, by runs on the seeds of the proof; empty
    /// where the search was stopped.
    pub front: Vec<Trial>,
    /// Policies of the scenario that ran as they are and were not varied, with what the space does not
    /// have.
    pub outside: Vec<(String, String)>,
    /// The second figure of the trials: the first constraint's, or the amplification.
    pub against: Metric,
    /// How many runs it took.
    pub runs: u64,
}

/// One policy that was tried.
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
    /// The proved trials that no other one beats in both figures, by the first of them; out of those
    /// that keep the constraints where there are any.
    #[must_use]
    pub fn pareto(&self, goal: &Goal) -> Vec<&Trial> {
        let any = self.front.iter().any(|trial| trial.keeps);
        let proved = self.front.iter().filter(|trial| trial.keeps || !any);
        front(proved, goal, &self.against)
    }
}

/// The trials that no other one beats in both figures, by the first of them.
fn front<'t>(
    trials: impl Iterator<Item = &'t Trial>,
    goal: &Goal,
    against: &Metric,
) -> Vec<&'t Trial> {
    let sign = |lower: bool, value: f64| if lower { value } else { -value };
    let point = |trial: &Trial| {
        (sign(!goal.maximize, trial.goal), sign(against.lower_is_better, trial.against))
    };
    let mut sorted: Vec<&Trial> = trials.collect();
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

/// Searches, selects and proves. See the [module's text](self).
///
/// # Errors
/// When a run fails, or the scenario has no policy to begin with; or when the runner is stopped before
/// the known policies have run, so that there is no best.
pub fn tune(scenario: &Scenario, plan: &Plan, runner: &mut dyn Runner) -> Result<Tuning, SimError> {
    if scenario.policies.is_empty() {
        return Err(ConfigError::new("policies", "is empty; name at least one preset").into());
    }
    let mut contest = Contest::new(scenario, plan, runner);
    let known = contest.known()?;
    let mut tried = Vec::new();
    match contest.proved(&known, &mut tried) {
        Err(_) if contest.is_stopped() => contest.unproved(known, tried),
        done => done,
    }
}

/// Judges policies by the same goal and constraints in another scenario than they were chosen in (the
/// runner's): what they do where things are not as expected.
///
/// # Errors
/// When a run fails.
pub fn elsewhere(
    policies: Vec<NamedPolicy>,
    tuning: &Tuning,
    plan: &Plan,
    runner: &mut dyn Runner,
) -> Result<Vec<Judged>, SimError> {
    contest::elsewhere(policies, &tuning.constraints, plan, runner)
}

/// How many runs it will take, roughly: for a progress bar.
#[must_use]
pub fn expected_runs(scenario: &Scenario, plan: &Plan) -> u64 {
    contest::expected_runs(scenario, plan)
}
