//! Runs on all cores: every replication of every policy is a job of its own, and what comes out
//! does not depend on which thread ran which.

use rayon::prelude::*;
use redrive_sim::{
    Options, Outcome, Scenario, SimError, estimate, merge,
    outcome::{Figure, LatencyCdf, PolicyOutcome, Raster, Series},
    run, run_one,
};

use crate::{
    clock::Stopwatch,
    error::CliError,
    interrupt::{self, Stoppable},
    progress::Board,
};

/// How many runs, on how many threads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Replications.
    pub(crate) runs: u32,
    /// Threads at most; as many as there are cores when left out.
    pub(crate) threads: Option<usize>,
    /// Keep what happened to each task.
    pub(crate) records: bool,
}

/// Replications that are held at once.
const PIECE: usize = 2_000;

/// Runs the scenario; what an interruption left of it is marked partial.
///
/// # Errors
/// When a run needs more than the scenario's limits allow.
pub(crate) fn run(scenario: &Scenario, effort: Effort) -> Result<Outcome, CliError> {
    let count = scenario.policies.len() * effort.runs as usize;
    let (board, _stoppable) = (Board::new(count), Stoppable::begin());
    let pool = pool(scenario, effort.threads)?;
    let job = |(policy, replication): &(usize, u32)| {
        if interrupt::requested() {
            return Ok(None);
        }
        one(scenario, *policy, *replication, effort.records, &board).map(Some)
    };
    // In pieces, each merged before the next: a hundred thousand results at once would fill the memory.
    let mut pieces: Vec<Vec<PolicyOutcome>> = vec![Vec::new(); scenario.policies.len()];
    for first in (0..effort.runs).step_by(PIECE) {
        let replications = first..effort.runs.min(first.saturating_add(PIECE as u32));
        let jobs: Vec<(usize, u32)> = (0..scenario.policies.len())
            .flat_map(|policy| replications.clone().map(move |replication| (policy, replication)))
            .collect();
        let results: Vec<Option<PolicyOutcome>> =
            pool.install(|| jobs.par_iter().map(job).collect::<Result<_, SimError>>())?;
        let mut by_policy: Vec<Vec<PolicyOutcome>> = vec![Vec::new(); scenario.policies.len()];
        for ((policy, _), result) in jobs.iter().zip(results) {
            by_policy[*policy].extend(result);
        }
        for (piece, runs) in pieces.iter_mut().zip(by_policy) {
            piece.extend(merge(runs));
        }
    }
    let mut policies: Vec<PolicyOutcome> = pieces.into_iter().filter_map(merge).collect();
    if interrupt::requested() {
        // Replications that never started leave no mark of their own.
        policies.iter_mut().for_each(|policy| policy.partial = true);
    }
    Ok(run::collect(scenario, effort.runs, policies))
}

/// Runs every policy of a scenario `runs` times and keeps the figures only; `None` when the user
/// wants to stop. Nothing in it tells how long it took, so it is the same on every machine.
///
/// # Errors
/// When a run needs more than the scenario's limits allow.
pub(crate) fn figures(
    scenario: &Scenario,
    runs: u32,
    board: &Board,
) -> Result<Option<Vec<PolicyOutcome>>, SimError> {
    let of_policy = |policy: usize| {
        let replication = |replication| {
            if interrupt::requested() {
                return Ok(None);
            }
            let mut outcome = one(scenario, policy, replication, false, board)?;
            outcome.summary.wall_seconds = Figure::Absent;
            Ok(Some(outcome))
        };
        let mut pieces = Vec::new();
        for first in (0..runs).step_by(PIECE) {
            let piece = first..runs.min(first.saturating_add(PIECE as u32));
            let piece: Result<Option<Vec<_>>, SimError> =
                piece.into_par_iter().map(replication).collect();
            let Some(piece) = piece? else { return Ok(None) };
            pieces.extend(merge(piece));
        }
        Ok(merge(pieces))
    };
    (0..scenario.policies.len()).into_par_iter().map(of_policy).collect()
}

fn one(
    scenario: &Scenario,
    policy: usize,
    replication: u32,
    records: bool,
    board: &Board,
) -> Result<PolicyOutcome, SimError> {
    let started = Stopwatch::start();
    let options = Options { records: records && replication == 0 };
    let mut piece = board.piece(scenario.horizon.map(|_| scenario.end()));
    let mut outcome = run_one(scenario, policy, replication, options, &mut piece)?;
    outcome.summary.wall_seconds = Figure::Real(started.elapsed().as_secs_f64());
    if replication > 0 {
        // Pictures show the first run; a thousand series would fill the memory for nothing.
        outcome.series = Series::default();
        outcome.raster = Raster::default();
        outcome.latency = LatencyCdf::default();
    }
    Ok(outcome)
}

/// As many threads as the memory that one run may have is enough for.
pub(crate) fn pool(
    scenario: &Scenario,
    threads: Option<usize>,
) -> Result<rayon::ThreadPool, CliError> {
    let fit = scenario.limits.memory / estimate(scenario).bytes.max(1);
    let wanted = threads.unwrap_or_else(rayon::current_num_threads);
    let threads = wanted.min(usize::try_from(fit).unwrap_or(usize::MAX)).max(1);
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| CliError::Usage(format!("cannot start {threads} threads: {error}")))
}
