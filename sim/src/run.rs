//! Running a scenario.
//!
//! One run is one policy under one seed, on one thread; nothing in it can be split. What can be are
//! the replications: [`run_one`] runs any of them by its number, in any order and on any thread, and
//! [`merge`] takes them in the order of their numbers, so the result does not
//! depend on how many threads there were. The library has no threads and no clock; its callers have.
//! A caller that shares a thread with others, as every caller in JavaScript does, takes a [`Run`]: it
//! can be left at any look at its [`Progress`] and gone on with later, and finds the same.

use std::fmt;

use redrive::{random::Stream, time::nanos, wire::Number};

use crate::{
    bounds,
    error::SimError,
    merge::merge,
    model::{
        contention::Optimistic,
        event::Purpose,
        floor::drive,
        gauge::TierBin,
        meter::Bins,
        plain::{Plain, is_compact},
        rich::{Rich, is_rich},
        stub::client_bytes,
        tasks::{COMPACT_BYTES, WHOLE_BYTES},
    },
    outcome::{Outcome, PolicyOutcome, SCHEMA, TaskRecord},
    progress::Progress,
    scenario::{NamedPolicy, Scenario},
    summary::{Remains, outcome, records},
};

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
    let needs = Needs::of(scenario, options);
    Estimate { tasks: needs.tasks, bytes: needs.bytes() }
}

/// What needs memory, in bytes.
struct Needs {
    tasks: f64,
    /// The tasks of the run that needs most, and their records if they are wanted.
    of_tasks: f64,
    /// Bins: those of a run, and the series that are kept of every policy.
    of_bins: f64,
    /// Budgets, breakers and throttles.
    of_clients: f64,
}

impl Needs {
    fn of(scenario: &Scenario, options: Options) -> Self {
        let horizon = scenario.horizon.map(|_| scenario.end());
        let tasks = scenario.expected(horizon).min(bounds::TASKS.max);
        let rich = scenario.policies.iter().any(|named| is_rich(scenario, &named.policy));
        let fits = |named: &NamedPolicy| !rich && is_compact(&named.policy, options.records);
        let compact = scenario.policies.iter().all(fits);
        let state = if compact { COMPACT_BYTES } else { WHOLE_BYTES };
        let each = state as f64 + QUEUE_BYTES + if rich { RICH_TASK_BYTES } else { 0.0 };
        let limit = scenario.server.queue.limit.map_or(0.0, f64::from);
        let policies = scenario.policies.len() as f64;
        let records = if options.records { size_of::<TaskRecord>() as f64 * policies } else { 0.0 };
        let end = horizon.map_or(0, redrive::Time::as_nanos);
        let bins = (end / nanos(scenario.report.bin).max(1)) as f64;
        let tiers =
            if scenario.layers.is_empty() { 0.0 } else { scenario.servers().count() as f64 };
        let row = size_of::<Bins>() as f64 + tiers * size_of::<TierBin>() as f64;
        let budget = scenario.policies.iter().any(|named| named.policy.budget().is_some());
        Self {
            tasks,
            of_tasks: tasks * (each + records) + limit.min(tasks) * 4.0,
            of_bins: bins * row * (1.0 + policies),
            of_clients: f64::from(scenario.client.count)
                * client_bytes(
                    budget,
                    scenario.client.breaker.is_some(),
                    scenario.client.throttle.is_some(),
                ),
        }
    }

    fn bytes(&self) -> u64 {
        (self.of_tasks + self.of_bins + self.of_clients) as u64 + 2_000_000
    }
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
    model: Kind<'s>,
    over: bool,
}

/// The model that the scenario needs.
enum Kind<'s> {
    Optimistic(Box<Optimistic<'s>>),
    Plain(Box<Plain<'s>>),
    Rich(Box<Rich<'s>>),
}

impl<'s> Run<'s> {
    /// A run of the policy of that number, at its beginning.
    ///
    /// # Errors
    /// When the policy does not exist, or the run would need more than the scenario's limits allow.
    pub fn new(
        scenario: &'s Scenario,
        policy: usize,
        replication: u32,
        options: Options,
    ) -> Result<Self, SimError> {
        check_memory(scenario, options)?;
        let Some(named) = scenario.policies.get(policy) else {
            let count = scenario.policies.len();
            let message = format!("policy number {policy} does not exist: there are {count}");
            return Err(SimError::Limit { message });
        };
        let seed = seed_of(scenario, replication);
        let model = if scenario.contention.is_some() {
            Kind::Optimistic(Box::new(Optimistic::new(scenario, named, seed)))
        } else if is_rich(scenario, &named.policy) {
            Kind::Rich(Box::new(Rich::new(scenario, named, seed)))
        } else {
            Kind::Plain(Box::new(Plain::new(scenario, named, seed, options.records)))
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
                Kind::Optimistic(model) => drive(&mut **model, progress),
                Kind::Plain(model) => drive(&mut **model, progress),
                Kind::Rich(model) => drive(&mut **model, progress),
            }?;
        }
        Ok(self.over)
    }

    /// The result; that of a part where the run is not over.
    ///
    /// # Errors
    /// When it comes to need more than the scenario's limits allow.
    pub fn finish(self) -> Result<PolicyOutcome, SimError> {
        let (mut floor, tiers) = match self.model {
            Kind::Optimistic(model) => (model.into_floor(), Vec::new()),
            Kind::Plain(model) => (model.into_floor(), Vec::new()),
            Kind::Rich(model) => model.into_floor(),
        };
        let remains = Remains {
            name: &self.named.name,
            policy: &self.named.policy,
            events: floor.events,
            hash: floor.hash(),
            budget_denied: floor.budget_denied(),
            tiers,
            crowds: std::mem::take(&mut floor.crowds),
            partial: !self.over,
            records: if self.options.records { records(floor.tasks()) } else { Vec::new() },
        };
        Ok(outcome(self.scenario, floor.into_meter()?, remains))
    }
}

impl fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("policy", &self.named.name).finish_non_exhaustive()
    }
}

fn check_memory(scenario: &Scenario, options: Options) -> Result<(), SimError> {
    let needs = Needs::of(scenario, options);
    if needs.bytes() <= scenario.limits.memory {
        return Ok(());
    }
    let count = |count: f64| Number(libm::round(count));
    let (what, remedy) = if needs.of_bins > needs.of_tasks.max(needs.of_clients) {
        let policies = scenario.policies.len();
        let what = format!("the bins of {policies} policies need");
        (what, "raise report.bin, or lower the horizon or the number of policies")
    } else if needs.of_clients > needs.of_tasks {
        let what = format!("{} clients need", scenario.client.count);
        (what, "lower client.count, or let hosts share")
    } else {
        let what = format!("{} tasks need", count(needs.tasks));
        (what, "lower the tasks (or their rate, or the horizon)")
    };
    let message = format!(
        "{what} about {} MB, more than limits.memoryMb = {}: {remedy}, or raise the limit",
        needs.bytes() / 1_000_000,
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
