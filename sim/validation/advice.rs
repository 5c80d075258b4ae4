//! No advice lowers the successes: every built-in scenario under every preset, on other seeds than the
//! advice was chosen by.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use redrive::{RetryPolicy, presets};
use redrive_sim::{
    Options, Scenario, SimError,
    advice::advice,
    run_one,
    scenario::{Builtin, NamedPolicy, builtins},
};

use crate::{check::Check, runner::Failed};

/// Replications that no advice was chosen by.
const FRESH: std::ops::Range<u32> = 500..503;
/// Of the tasks: less than that many fewer is the luck of a seed.
const LUCK: f64 = 0.001;

pub fn checks() -> Result<Vec<Check>, Failed> {
    let presets = presets::all();
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, Found)>, SimError> {
        let mut done = Vec::new();
        loop {
            let job = next.fetch_add(1, Ordering::Relaxed);
            let Some(builtin) = builtins().get(job / presets.len()) else { return Ok(done) };
            let policy = presets[job % presets.len()].policy();
            done.push((job / presets.len(), found(builtin, &policy)?));
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let results = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    let mut all: Vec<Found> = builtins().iter().map(|_| Found::default()).collect();
    for result in results {
        for (place, found) in result.map_err(|_| "a thread panicked")?? {
            all[place].offered += found.offered;
            all[place].lost += found.lost;
        }
    }
    let checks = builtins().iter().zip(all).map(|(builtin, found)| {
        let what = format!("{}: of {} changes offered, lose tasks", builtin.name, found.offered);
        Check::within("advice", what, 0.0, f64::from(found.lost), 0.0)
    });
    Ok(checks.collect())
}

#[derive(Default)]
struct Found {
    offered: u32,
    lost: u32,
}

fn found(builtin: &Builtin, policy: &RetryPolicy) -> Result<Found, SimError> {
    let scenario = Scenario::builtin(builtin.name)?;
    let mut found = Found::default();
    // A policy without an end is not for every scenario.
    let Ok(all) = advice(&scenario, policy) else { return Ok(found) };
    if all.is_empty() {
        return Ok(found);
    }
    let before = succeeded(&scenario, policy)?;
    for advice in all {
        found.offered += 1;
        found.lost += u32::from(succeeded(&scenario, &advice.policy)? < before - LUCK);
    }
    Ok(found)
}

/// The share of successes, on average.
fn succeeded(scenario: &Scenario, policy: &RetryPolicy) -> Result<f64, SimError> {
    let named = NamedPolicy { name: "tried".to_owned(), policy: policy.clone() };
    let scenario = scenario.with_policies(vec![named])?;
    let mut sum = 0.0;
    for replication in FRESH {
        let run = run_one(&scenario, 0, replication, Options::default(), &mut ())?;
        sum += run.summary.succeeded_share.or_zero();
    }
    Ok(sum / FRESH.len() as f64)
}
