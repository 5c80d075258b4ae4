//! Running a scenario.
//!
//! One run is one policy under one seed, on one thread; nothing in it can be split. What can be are
//! the replications: [`run_one`] runs any of them by its number, in any order and on any thread, and
//! [`merge`] takes them in the order of their numbers, so the result does not
//! depend on how many threads there were. The library has no threads and no clock; whoever calls it
//! has.

use redrive::{Time, random::Stream, time::nanos};

use crate::{
    bounds,
    error::SimError,
    merge::merge,
    model::{contention::Contest, event::Purpose, rich::is_rich, world::World},
    outcome::{Outcome, PolicyOutcome, SCHEMA},
    scenario::Scenario,
    summary::{Remains, outcome, records},
};

/// Who wants to know how far a run is, and may stop it.
pub trait Progress {
    /// A run is at `now` after `events` events; `false` stops it. Called about every 260,000
    /// events.
    fn tick(&mut self, now: Time, events: u64) -> bool;
}

/// Nobody.
impl Progress for () {
    fn tick(&mut self, _: Time, _: u64) -> bool {
        true
    }
}

/// What is asked of a run besides its figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Keep what happened to each task.
    pub records: bool,
}

/// What a run will need, roughly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Tasks that will arrive.
    pub tasks: f64,
    /// Bytes at the highest moment.
    pub bytes: u64,
}

/// Bytes for each task: its state, its place in the event queue, what timeouts add.
const TASK_BYTES: f64 = 32.0 + 9.0;
const RICH_TASK_BYTES: f64 = 5.0 + 8.0;

/// What one run of the scenario will need.
#[must_use]
pub fn estimate(scenario: &Scenario) -> Estimate {
    let horizon = scenario.horizon.map(|_| scenario.end());
    let tasks = scenario.arrivals.expected(horizon).min(bounds::TASKS.max);
    let rich = scenario.policies.iter().any(|named| is_rich(scenario, &named.policy));
    let each = TASK_BYTES + if rich { RICH_TASK_BYTES } else { 0.0 };
    let bins =
        scenario.horizon.map_or(0, |horizon| nanos(horizon) / nanos(scenario.report.bin).max(1));
    let queue = scenario.server.queue.limit.map_or(0.0, |limit| f64::from(limit).min(tasks) * 4.0);
    Estimate { tasks, bytes: (tasks * each + queue) as u64 + bins * 64 + 2_000_000 }
}

/// The seed of a replication: the scenario's own for the first.
#[must_use]
pub fn seed_of(scenario: &Scenario, replication: u32) -> u64 {
    if replication == 0 {
        return scenario.seed;
    }
    let stream = Stream::new(scenario.seed).substream(Purpose::Replication as u64);
    stream.draws(u64::from(replication), 0).next_u64()
}

/// Runs one policy of the scenario once.
///
/// # Errors
/// When it would need, or comes to need, more than the scenario's limits allow.
pub fn run_one(
    scenario: &Scenario,
    policy: usize,
    replication: u32,
    options: Options,
    progress: &mut dyn Progress,
) -> Result<PolicyOutcome, SimError> {
    check_memory(scenario)?;
    let Some(named) = scenario.policies.get(policy) else {
        let message =
            format!("there is no policy number {policy}: there are {}", scenario.policies.len());
        return Err(SimError::Limit { message });
    };
    let seed = seed_of(scenario, replication);
    let remains = |events, hash, partial| Remains {
        name: &named.name,
        policy: &named.policy,
        events,
        hash,
        budget_denied: 0,
        layers: Vec::new(),
        partial,
        records: Vec::new(),
    };
    if scenario.contention.is_some() {
        let mut contest = Contest::new(scenario, &named.policy, seed);
        let partial = !contest.run(progress)?;
        let mut remains = remains(contest.events, contest.hash(), partial);
        if options.records {
            remains.records = records(contest.tasks());
        }
        return Ok(outcome(scenario, contest.meter, remains));
    }
    if is_rich(scenario, &named.policy) {
        let mut world = World::<true>::new(scenario, &named.policy, seed);
        let partial = !world.run(progress)?;
        Ok(published(scenario, world, remains, partial, options))
    } else {
        let mut world = World::<false>::new(scenario, &named.policy, seed);
        let partial = !world.run(progress)?;
        Ok(published(scenario, world, remains, partial, options))
    }
}

fn published<'a, const RICH: bool>(
    scenario: &Scenario,
    world: World<'_, RICH>,
    remains: impl Fn(u64, u64, bool) -> Remains<'a>,
    partial: bool,
    options: Options,
) -> PolicyOutcome {
    let mut remains = remains(world.events, world.hash(), partial);
    remains.budget_denied = world.denied();
    remains.layers = world.reached();
    if options.records {
        remains.records = records(world.tasks());
    }
    outcome(scenario, world.into_meter(), remains)
}

fn check_memory(scenario: &Scenario) -> Result<(), SimError> {
    let estimate = estimate(scenario);
    if estimate.bytes <= scenario.limits.memory {
        return Ok(());
    }
    let message = format!(
        "{:.0} tasks need about {} MB, more than limits.memoryMb = {}: lower the tasks (or their \
         rate, or the horizon), or raise the limit",
        estimate.tasks,
        estimate.bytes / 1_000_000,
        scenario.limits.memory / 1_000_000
    );
    Err(SimError::Limit { message })
}

/// Runs every policy of the scenario once, one after the other, under the same draws.
///
/// # Errors
/// When a run would need, or comes to need, more than the scenario's limits allow.
pub fn simulate(scenario: &Scenario, progress: &mut dyn Progress) -> Result<Outcome, SimError> {
    simulate_runs(scenario, 1, Options::default(), progress)
}

/// Runs every policy `runs` times, one after the other.
///
/// # Errors
/// When a run would need, or comes to need, more than the scenario's limits allow.
pub fn simulate_runs(
    scenario: &Scenario,
    runs: u32,
    options: Options,
    progress: &mut dyn Progress,
) -> Result<Outcome, SimError> {
    let mut policies = Vec::with_capacity(scenario.policies.len());
    for policy in 0..scenario.policies.len() {
        let mut replications = Vec::new();
        for replication in 0..runs.max(1) {
            replications.push(run_one(scenario, policy, replication, options, progress)?);
        }
        policies.extend(merge(replications));
    }
    Ok(collect(scenario, runs.max(1), policies))
}

/// The whole result, out of the (merged) results of the policies, in their order.
#[must_use]
pub fn collect(scenario: &Scenario, runs: u32, policies: Vec<PolicyOutcome>) -> Outcome {
    Outcome {
        schema: SCHEMA.to_owned(),
        scenario: scenario.name.clone(),
        seed: scenario.seed,
        runs,
        policies,
    }
}
