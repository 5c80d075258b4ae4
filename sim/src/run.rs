//! Running a scenario.
//!
//! One run is one policy under one seed, on one thread; nothing in it can be split. What can be are
//! the replications: [`run_one`] runs any of them by its number, in any order and on any thread, and
//! [`merge`] takes them in the order of their numbers, so the result does not
//! depend on how many threads there were. The library has no threads and no clock; whoever calls it
//! has. Who shares a thread with others, as everybody does in JavaScript, takes a [`Run`]: it can be
//! left at any look at its [`Progress`] and gone on with later, and finds the same.

use std::fmt;

use redrive::{Time, random::Stream, time::nanos, wire::Number};

use crate::{
    bounds,
    error::SimError,
    merge::merge,
    model::{
        contention::Contest,
        event::Purpose,
        meter::Meter,
        rich::is_rich,
        tasks::{COMPACT_BYTES, WHOLE_BYTES},
        world::{World, is_compact},
    },
    outcome::{Outcome, PolicyOutcome, SCHEMA},
    scenario::{NamedPolicy, Scenario},
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

/// Bytes for each task: its place in the event queue, and what timeouts add.
const QUEUE_BYTES: f64 = 9.0;
const RICH_TASK_BYTES: f64 = 5.0 + 8.0;

/// What one run of the scenario will need.
#[must_use]
pub fn estimate(scenario: &Scenario) -> Estimate {
    estimate_with(scenario, Options::default())
}

fn estimate_with(scenario: &Scenario, options: Options) -> Estimate {
    let horizon = scenario.horizon.map(|_| scenario.end());
    let tasks = scenario.arrivals.expected(horizon).min(bounds::TASKS.max);
    let rich = scenario.policies.iter().any(|named| is_rich(scenario, &named.policy));
    let fits = |named: &NamedPolicy| is_compact(rich, &named.policy, options.records);
    let compact = scenario.policies.iter().all(fits);
    let state = if compact { COMPACT_BYTES } else { WHOLE_BYTES };
    let each = state as f64 + QUEUE_BYTES + if rich { RICH_TASK_BYTES } else { 0.0 };
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
    let mut run = Run::new(scenario, policy, replication, options)?;
    run.go_on(progress)?;
    run.finish()
}

/// One policy's run, which can be left and gone on with.
pub struct Run<'s> {
    scenario: &'s Scenario,
    named: &'s NamedPolicy,
    options: Options,
    model: Model<'s>,
    over: bool,
}

/// What runs: the model that the scenario needs.
enum Model<'s> {
    Contest(Box<Contest<'s>>),
    Plain(Box<World<'s, false>>),
    Rich(Box<World<'s, true>>),
}

impl<'s> Run<'s> {
    /// A run of the policy of that number, at its beginning.
    ///
    /// # Errors
    /// When there is no such policy, or the run would need more than the scenario's limits allow.
    pub fn new(
        scenario: &'s Scenario,
        policy: usize,
        replication: u32,
        options: Options,
    ) -> Result<Self, SimError> {
        check_memory(scenario, options)?;
        let Some(named) = scenario.policies.get(policy) else {
            let count = scenario.policies.len();
            let message = format!("there is no policy number {policy}: there are {count}");
            return Err(SimError::Limit { message });
        };
        let seed = seed_of(scenario, replication);
        let model = if scenario.contention.is_some() {
            Model::Contest(Box::new(Contest::new(scenario, &named.policy, seed)?))
        } else if is_rich(scenario, &named.policy) {
            Model::Rich(Box::new(World::new(scenario, &named.policy, seed, options.records)))
        } else {
            Model::Plain(Box::new(World::new(scenario, &named.policy, seed, options.records)))
        };
        Ok(Self { scenario, named, options, model, over: false })
    }

    /// Runs on until it is over (`true`) or `progress` stops it (`false`).
    ///
    /// # Errors
    /// When it comes to need more than the scenario's limits allow.
    pub fn go_on(&mut self, progress: &mut dyn Progress) -> Result<bool, SimError> {
        if !self.over {
            self.over = match &mut self.model {
                Model::Contest(contest) => contest.run(progress),
                Model::Plain(world) => world.run(progress),
                Model::Rich(world) => world.run(progress),
            }?;
        }
        Ok(self.over)
    }

    /// The result; that of a part where the run is not over.
    ///
    /// # Errors
    /// When it comes to need more than the scenario's limits allow.
    pub fn finish(self) -> Result<PolicyOutcome, SimError> {
        let mut remains = Remains {
            name: &self.named.name,
            policy: &self.named.policy,
            events: 0,
            hash: 0,
            budget_denied: 0,
            layers: Vec::new(),
            partial: !self.over,
            records: Vec::new(),
        };
        let meter = match self.model {
            Model::Contest(contest) => {
                (remains.events, remains.hash) = (contest.events, contest.hash());
                if self.options.records {
                    remains.records = records(contest.tasks());
                }
                contest.into_meter()?
            }
            Model::Plain(world) => remains.take(*world, self.options)?,
            Model::Rich(world) => remains.take(*world, self.options)?,
        };
        Ok(outcome(self.scenario, meter, remains))
    }
}

impl fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("policy", &self.named.name).finish_non_exhaustive()
    }
}

impl Remains<'_> {
    /// What a world leaves, its meter apart.
    fn take<const RICH: bool>(
        &mut self,
        world: World<'_, RICH>,
        options: Options,
    ) -> Result<Meter, SimError> {
        (self.events, self.hash) = (world.events, world.hash());
        self.budget_denied = world.denied();
        self.layers = world.reached();
        if options.records {
            self.records = records(world.tasks());
        }
        world.into_meter()
    }
}

fn check_memory(scenario: &Scenario, options: Options) -> Result<(), SimError> {
    let estimate = estimate_with(scenario, options);
    if estimate.bytes <= scenario.limits.memory {
        return Ok(());
    }
    let message = format!(
        "{} tasks need about {} MB, more than limits.memoryMb = {}: lower the tasks (or their \
         rate, or the horizon), or raise the limit",
        Number(libm::round(estimate.tasks)),
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
