//! Advice that was tried: each change that a hint suggests, or that what happened suggests, is simulated
//! on the scenario, and only one that loses no task and makes something better is offered, with its
//! effect in figures.

use std::num::NonZeroU32;

use redrive::{
    Duration, RetryPolicy,
    wire::{ConfigError, Value},
};

use crate::{
    Scenario,
    error::SimError,
    outcome::{Figure, PolicyOutcome, Summary},
    run::{Options, run_one},
    scenario::{Mode, NamedPolicy},
    text::{number, seconds, times},
};

/// A change to a policy that was tried on a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// What it is about, for programs: a hint's code, `outlasted` or `budgetEmpty`.
    pub code: &'static str,
    /// Why.
    pub message: String,
    /// The field to change, as on the wire.
    pub field: &'static str,
    /// Its new value.
    pub value: Value,
    /// What that does: "1,200 more tasks succeed, peak 12.8× → 1.1× capacity".
    pub effect: String,
    /// The policy with the change.
    pub policy: RetryPolicy,
    /// How much better it makes things: successes first, then peak, attempts and time.
    pub worth: f64,
}

/// A scenario with more tasks than this is not run several times over for advice.
const MAX_TASKS: f64 = 300_000.0;
/// So many replications have to agree.
const REPLICATIONS: u32 = 3;
/// Changes below this share are none.
const NOISE: f64 = 0.05;

/// What would make `policy` do better on `scenario`, the best first; empty where nothing that is known
/// does, and for a scenario of more than 300,000 tasks.
///
/// # Errors
/// When a run would need more than the scenario's limits allow.
pub fn advice(scenario: &Scenario, policy: &RetryPolicy) -> Result<Vec<Advice>, SimError> {
    let horizon = scenario.horizon.map(|_| scenario.end());
    if scenario.arrivals.expected(horizon) > MAX_TASKS {
        return Ok(Vec::new());
    }
    let before = runs(&with(scenario, policy)?)?;
    let mut offered: Vec<Advice> = Vec::new();
    for change in changes(scenario, policy, &before) {
        let Some(changed) = change.apply(policy) else { continue };
        // A policy without an end, say, is not for every scenario.
        let Ok(variant) = with(scenario, &changed) else { continue };
        let after = runs(&variant)?;
        offered.extend(judged(change, changed, &before, &after));
    }
    offered.sort_by(|a: &Advice, b| b.worth.total_cmp(&a.worth));
    Ok(offered)
}

/// Whether the policy gives up before the outage is over: "gives up after at most 6.6 s; the outage
/// lasts 30 s".
#[must_use]
pub fn outlasted(scenario: &Scenario, policy: &RetryPolicy) -> Option<String> {
    let outage = outage(scenario)?;
    let patience = patience(policy)?;
    (patience < outage).then(|| {
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

/// How long the policy goes on at most; `None` where it has no end that is known.
fn patience(policy: &RetryPolicy) -> Option<Duration> {
    let attempts = policy.max_attempts().map(NonZeroU32::get);
    // Retries beyond these take longer than anybody waits, or have a deadline.
    let retries = attempts.filter(|attempts| *attempts <= 1_000).map(|attempts| attempts - 1);
    let delays = retries.map(|retries| {
        let bands = policy.bands(0, None).take(retries as usize);
        let waits: Duration =
            bands.map(|band| band.max).fold(Duration::ZERO, Duration::saturating_add);
        let each = policy.attempt_timeout().unwrap_or_default();
        waits.saturating_add(each.saturating_mul(retries + 1))
    });
    match (delays, policy.max_elapsed()) {
        (Some(delays), Some(elapsed)) => Some(delays.min(elapsed)),
        (delays, elapsed) => delays.or(elapsed),
    }
}

struct Change {
    code: &'static str,
    message: String,
    field: &'static str,
    value: Value,
}

impl Change {
    fn apply(&self, policy: &RetryPolicy) -> Option<RetryPolicy> {
        let mut tree = policy.to_value();
        Scenario::put(&mut tree, self.field, &self.value).ok()?;
        let changed = RetryPolicy::from_value(&tree).ok()?;
        (changed != *policy).then_some(changed)
    }
}

fn changes(scenario: &Scenario, policy: &RetryPolicy, before: &[PolicyOutcome]) -> Vec<Change> {
    let mut changes = Vec::new();
    for hint in scenario.hints(policy) {
        if let Some((field, value)) = hint.fix {
            changes.push(Change { code: hint.code, message: hint.message, field, value });
        }
    }
    changes.extend(longer(scenario, policy));
    let dead = |reason: &str| {
        before
            .first()
            .and_then(|run| run.summary.dead_lettered.get(reason))
            .map_or(0.0, Figure::or_zero)
    };
    if dead("budgetExhausted") > 0.0 {
        let message = format!(
            "the retry budget is empty when {} tasks need it",
            number(dead("budgetExhausted"))
        );
        changes.push(Change { code: "budgetEmpty", message, field: "budget", value: Value::Null });
    }
    changes
}

/// As many attempts, or as late a deadline, as the outage needs.
fn longer(scenario: &Scenario, policy: &RetryPolicy) -> Option<Change> {
    let message = outlasted(scenario, policy)?;
    let needed = outage(scenario)?.saturating_mul(2);
    if policy.max_elapsed().is_some_and(|elapsed| elapsed < needed) {
        let value = Value::duration(needed);
        return Some(Change { code: "outlasted", message, field: "maxElapsed", value });
    }
    let mut waited = Duration::ZERO;
    let mut attempts = 1_u64;
    for band in policy.bands(0, None).take(99) {
        attempts += 1;
        waited = waited.saturating_add(band.mean);
        if waited >= needed {
            break;
        }
    }
    let value = Value::Unsigned(attempts);
    (waited >= needed).then_some(Change { code: "outlasted", message, field: "maxAttempts", value })
}

fn with(scenario: &Scenario, policy: &RetryPolicy) -> Result<Scenario, ConfigError> {
    scenario.with_policies(vec![NamedPolicy { name: "advised".to_owned(), policy: policy.clone() }])
}

fn runs(scenario: &Scenario) -> Result<Vec<PolicyOutcome>, SimError> {
    let run = |replication| run_one(scenario, 0, replication, Options::default(), &mut ());
    (0..REPLICATIONS).map(run).collect()
}

/// The change with its effect, and how good it is; `None` where it loses a task in any of the runs, or
/// makes nothing better.
fn judged(
    change: Change,
    policy: RetryPolicy,
    before: &[PolicyOutcome],
    after: &[PolicyOutcome],
) -> Option<Advice> {
    let succeeded = |run: &PolicyOutcome| run.summary.succeeded.or_zero();
    if before.iter().zip(after).any(|(before, after)| succeeded(after) < succeeded(before)) {
        return None;
    }
    let (first, then) = (&before.first()?.summary, &after.first()?.summary);
    let more_succeed = then.succeeded.or_zero() - first.succeeded.or_zero();
    let less = |figure: fn(&Summary) -> f64| {
        let (before, after) = (figure(first), figure(then));
        if before > 0.0 { 1.0 - after / before } else { 0.0 }
    };
    let gains =
        [less(peak), less(|s| s.attempts.or_zero()), less(|s| s.completion_seconds.or_zero())];
    let best = gains.into_iter().fold(0.0, f64::max);
    if more_succeed <= 0.0 && best < NOISE {
        return None;
    }
    let share = more_succeed / first.tasks.or_zero().max(1.0);
    // A percent more successes is worth more load; a mere shift of cost between figures does not count.
    let worth = share * 100.0 + gains.iter().map(|gain| gain.clamp(-1.0, 1.0)).sum::<f64>() / 3.0;
    if worth <= 0.0 {
        return None;
    }
    let Change { code, message, field, value } = change;
    let effect = effect(first, then);
    Some(Advice { code, message, field, value, effect, policy, worth })
}

/// The peak that counts: a recovering server's, or that of the whole run.
fn peak(summary: &Summary) -> f64 {
    let after = summary.peak_after_fault_per_second.or_zero();
    if after > 0.0 { after } else { summary.peak_attempts_per_second.or_zero() }
}

/// What changed, successes first.
fn effect(before: &Summary, after: &Summary) -> String {
    let mut parts = Vec::new();
    let more = after.succeeded.or_zero() - before.succeeded.or_zero();
    if more > 0.0 {
        let tasks = if more == 1.0 { "task succeeds" } else { "tasks succeed" };
        parts.push(format!("{} more {tasks}", number(more)));
    }
    let mut changed = |what: &str, figure: &dyn Fn(&Summary) -> f64, read: fn(f64) -> String| {
        let (one, other) = (figure(before), figure(after));
        if (other - one).abs() > NOISE * one.abs().max(other.abs()) {
            parts.push(format!("{what} {} → {}", read(one), read(other)));
        }
    };
    changed("dead letters", &Summary::dead_letters, number);
    match before.capacity_per_second.value().filter(|capacity| *capacity > 0.0) {
        Some(capacity) => changed("peak / capacity", &|s| peak(s) / capacity, times),
        None => changed("peak per second", &peak, number),
    }
    changed("attempts", &|s| s.attempts.or_zero(), number);
    changed("last task done at", &|s| s.completion_seconds.or_zero(), seconds);
    parts.join(", ")
}
