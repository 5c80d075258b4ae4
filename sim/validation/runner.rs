//! Runs scenarios in replications on all cores; results in the order of the replications.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use redrive::wire::Value;
use redrive_sim::{Options, Scenario, SimError, outcome::PolicyOutcome, run_one};

/// Why a part could not run.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A scenario out of JSON.
pub fn scenario(json: &serde_json::Value) -> Result<Scenario, Failed> {
    let tree: Value = serde_json::from_value(json.clone())?;
    Ok(Scenario::from_value(&tree)?)
}

/// `runs` replications of each policy: `[policy][replication]`.
pub fn run(json: &serde_json::Value, runs: u32) -> Result<Vec<Vec<PolicyOutcome>>, Failed> {
    let scenario = scenario(json)?;
    let policies = scenario.policies.len();
    let jobs = policies as u32 * runs;
    let next = AtomicU32::new(0);
    let work = || -> Result<Vec<(u32, PolicyOutcome)>, SimError> {
        let mut done = Vec::new();
        loop {
            let job = next.fetch_add(1, Ordering::Relaxed);
            if job >= jobs {
                return Ok(done);
            }
            let policy = (job / runs) as usize;
            done.push((job, run_one(&scenario, policy, job % runs, Options::default(), &mut ())?));
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut all = Vec::new();
    for result in thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    }) {
        all.extend(result.map_err(|_| "a thread panicked")??);
    }
    all.sort_by_key(|(job, _)| *job);
    let mut results: Vec<Vec<PolicyOutcome>> = (0..policies).map(|_| Vec::new()).collect();
    for (job, outcome) in all {
        results[(job / runs) as usize].push(outcome);
    }
    Ok(results)
}

/// One figure of each run.
pub fn figures(
    outcomes: &[PolicyOutcome],
    of: impl Fn(&redrive_sim::outcome::Summary) -> redrive_sim::outcome::Figure,
) -> Vec<f64> {
    outcomes.iter().map(|outcome| of(&outcome.summary).or_zero()).collect()
}

/// The share of runs in which it holds.
pub fn share(
    outcomes: &[PolicyOutcome],
    holds: impl Fn(&redrive_sim::outcome::Summary) -> bool,
) -> f64 {
    let count = outcomes.iter().filter(|outcome| holds(&outcome.summary)).count();
    count as f64 / outcomes.len() as f64
}
