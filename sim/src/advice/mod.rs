//! Advice that was tried: each change that a hint suggests, or that what happened suggests, is simulated
//! on the scenario, and only one that loses no task and makes something better is offered, with its
//! effect in figures.
//!
//! A change is **offered** when, in each of the runs, no fewer tasks succeed than without it, and:
//!
//! - on average at least one task in a hundred more succeeds, and that is worth what it costs: a
//!   percent more successes pays for a doubling of peak, attempts and time together, not for more; or
//! - it loses nothing and neither the peak, the attempts, the time to the end of 99 % of the tasks nor
//!   the time of the last rises by more than a tenth, and one of them falls by more than a twentieth.
//!
//! [`advice`] does all of it in one call. [`Advisor`] takes one step at a time, for callers that have a
//! screen to keep alive: a step is at most [`RUNS`] runs of the scenario.

mod candidates;
mod effect;

pub(crate) use self::candidates::shared;

use std::{collections::VecDeque, num::NonZeroU32};

use redrive::{Duration, RetryPolicy, wire::Value};

use self::{
    candidates::{Change, changes},
    effect::judged,
};
use crate::{
    Scenario,
    error::SimError,
    outcome::PolicyOutcome,
    run::{Options, run_one},
    scenario::{Mode, NamedPolicy},
    text::seconds,
};

/// A change to a policy that was tried on a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// What it is about, for programs: a hint's code, `outlasted`, `attemptsUsedUp`, `budgetEmpty`,
    /// `herd` or `overload`.
    pub code: &'static str,
    /// Why, as half a sentence: "gives up after at most 6.6 s; the outage lasts 30 s". A hint's is whole.
    pub message: String,
    /// The field to change, as on the wire.
    pub field: &'static str,
    /// Its new value.
    pub value: Value,
    /// What that does: "1,200 more tasks succeed, peak / capacity 12.8× → 1.1×".
    pub effect: String,
    /// The policy with the change.
    pub policy: RetryPolicy,
    /// How much better it makes things; comparable between changes to the same policy on the same
    /// scenario.
    pub worth: f64,
}

/// So many replications have to agree, at most.
pub const RUNS: u32 = 3;

/// A scenario with more tasks than this is not run several times over for advice.
const MAX_TASKS: f64 = 300_000.0;
/// Events of one run from which on one replication has to do, and from which on there is no advice.
const MANY_EVENTS: f64 = 5e5;
const MAX_EVENTS: f64 = 3e6;

/// What would make `policy` do better on `scenario`, the best first and one change for each thing that is
/// wrong; empty where nothing that is known does, and for a scenario that is too large to be run again and
/// again (300,000 tasks, 3 million events).
///
/// # Errors
/// When a run would need more than the scenario's limits allow.
pub fn advice(scenario: &Scenario, policy: &RetryPolicy) -> Result<Vec<Advice>, SimError> {
    let mut advisor = Advisor::begin(scenario, policy)?;
    while advisor.step()? {}
    Ok(advisor.finish())
}

/// [`advice`], one change after the other:
///
/// ```
/// # use redrive_sim::{Scenario, advice::Advisor};
/// # let mut tree = Scenario::builtin("herd")?.to_value();
/// # Scenario::set(&mut tree, "arrivals.tasks", "200")?;
/// # let scenario = Scenario::from_value(&tree)?;
/// let mut advisor = Advisor::begin(&scenario, &scenario.policies[0].policy)?;
/// while advisor.step()? {
///     // Draw something; stop here, and `finish` has what was found so far.
///     println!("{} left", advisor.left());
/// }
/// for advice in advisor.finish() {
///     println!("{} = {}: {}", advice.field, advice.value, advice.effect);
/// }
/// # Ok::<(), redrive_sim::SimError>(())
/// ```
pub struct Advisor<'s> {
    scenario: &'s Scenario,
    policy: RetryPolicy,
    before: Vec<PolicyOutcome>,
    open: VecDeque<Change>,
    offered: Vec<Advice>,
}

impl<'s> Advisor<'s> {
    /// Runs the policy as it is, and looks for what could be changed.
    ///
    /// # Errors
    /// When a run would need more than the scenario's limits allow.
    pub fn begin(scenario: &'s Scenario, policy: &RetryPolicy) -> Result<Self, SimError> {
        let mut advisor = Self {
            scenario,
            policy: policy.clone(),
            before: Vec::new(),
            open: VecDeque::new(),
            offered: Vec::new(),
        };
        let horizon = scenario.horizon.map(|_| scenario.end());
        if scenario.expected(horizon) > MAX_TASKS {
            return Ok(advisor);
        }
        let one = with(scenario, policy)?;
        let run = |replication| run_one(&one, 0, replication, Options::default(), &mut ());
        let first = run(0)?;
        let events = first.summary.events.or_zero();
        if events > MAX_EVENTS {
            return Ok(advisor);
        }
        advisor.before.push(first);
        if events <= MANY_EVENTS {
            for replication in 1..RUNS {
                advisor.before.push(run(replication)?);
            }
        }
        advisor.open = changes(scenario, policy, &advisor.before).into();
        Ok(advisor)
    }

    /// How many changes have not been tried yet.
    #[must_use]
    pub fn left(&self) -> usize {
        self.open.len()
    }

    /// Tries the next change; `false` when there was none left. One that is not worth an offer leaves no
    /// trace.
    ///
    /// # Errors
    /// When a run would need more than the scenario's limits allow.
    pub fn step(&mut self) -> Result<bool, SimError> {
        let Some(change) = self.open.pop_front() else { return Ok(false) };
        let Some(changed) = change.apply(&self.policy) else { return Ok(true) };
        // A policy without an end, say, is not for every scenario.
        let Ok(variant) = with(self.scenario, &changed) else { return Ok(true) };
        let mut after = Vec::with_capacity(self.before.len());
        for (replication, before) in (0..).zip(&self.before) {
            let run = run_one(&variant, 0, replication, Options::default(), &mut ())?;
            if run.summary.succeeded.or_zero() < before.summary.succeeded.or_zero() {
                return Ok(true);
            }
            after.push(run);
        }
        self.offered.extend(judged(change, changed, &self.before, &after));
        Ok(true)
    }

    /// What was found, the best first: of several changes for the same thing only the best.
    #[must_use]
    pub fn finish(self) -> Vec<Advice> {
        let mut offered = self.offered;
        offered.sort_by(|a, b| b.worth.total_cmp(&a.worth));
        let mut best: Vec<Advice> = Vec::new();
        for advice in offered {
            let same = |other: &Advice| other.code == advice.code || other.field == advice.field;
            if !best.iter().any(same) {
                best.push(advice);
            }
        }
        best
    }
}

/// Whether the policy gives up before the outage is over: "gives up after at most 6.6 s; the outage
/// lasts 30 s".
#[must_use]
pub fn outlasted(scenario: &Scenario, policy: &RetryPolicy) -> Option<String> {
    let outage = outage(scenario)?;
    let patience = patience(scenario, policy)?;
    (patience < outage).then(|| {
        if policy.max_attempts().is_some_and(|attempts| attempts.get() == 1) {
            return format!("does not retry; the outage lasts {}", seconds(outage.as_secs_f64()));
        }
        format!(
            "gives up after at most {}; the outage lasts {}",
            seconds(patience.as_secs_f64()),
            seconds(outage.as_secs_f64())
        )
    })
}

/// The longest outage that ends, of the server that all depends on.
fn outage(scenario: &Scenario) -> Option<Duration> {
    let total = |mode: &Mode| match mode {
        Mode::Down { .. } | Mode::Hang => true,
        Mode::Errors { rate, .. } => *rate >= 1.0,
        _ => false,
    };
    let faults = scenario.faults.iter().filter(|fault| total(&fault.mode));
    let length = |fault: &crate::scenario::Fault| {
        let until = fault.until?.as_nanos().min(scenario.end().as_nanos());
        Some(Duration::from_nanos(until.saturating_sub(fault.from.as_nanos())))
    };
    faults.filter_map(length).max().filter(|length| !length.is_zero())
}

/// How long the policy goes on at most in an outage; `None` where it has no end that is known. A server
/// that is down refuses at once; one that hangs keeps each attempt until its timeout.
fn patience(scenario: &Scenario, policy: &RetryPolicy) -> Option<Duration> {
    let hangs = scenario.faults.iter().any(|fault| matches!(fault.mode, Mode::Hang));
    let timeouts = [policy.attempt_timeout(), scenario.client.timeout];
    let each = match timeouts.into_iter().flatten().min() {
        Some(timeout) if hangs => timeout,
        // Some wait for longer than is known.
        _ if hangs => return policy.max_elapsed(),
        _ => Duration::ZERO,
    };
    let attempts = policy.max_attempts().map(NonZeroU32::get);
    // More retries than these take longer than any caller waits, or have a deadline.
    let retries = attempts.filter(|attempts| *attempts <= 1_000).map(|attempts| attempts - 1);
    let delays = retries.map(|retries| {
        let bands = policy.bands(0, None).take(retries as usize);
        let waits: Duration =
            bands.map(|band| band.max).fold(Duration::ZERO, Duration::saturating_add);
        waits.saturating_add(each.saturating_mul(retries + 1))
    });
    match (delays, policy.max_elapsed()) {
        (Some(delays), Some(elapsed)) => Some(delays.min(elapsed)),
        (delays, elapsed) => delays.or(elapsed),
    }
}

fn with(scenario: &Scenario, policy: &RetryPolicy) -> Result<Scenario, SimError> {
    let named = NamedPolicy { name: "advised".to_owned(), policy: policy.clone() };
    let mut scenario = scenario.with_policies(vec![named])?;
    // Pictures are not looked at.
    scenario.report.raster_rows = 0;
    Ok(scenario)
}
