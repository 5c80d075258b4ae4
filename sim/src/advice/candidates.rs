//! What could be changed: what hints say of the policy alone, and what happened to it.

use redrive::{BudgetRule, Duration, Jitter, RetryPolicy, policy::OnEmpty, wire::Value};

use super::{outage, outlasted};
use crate::{
    Scenario,
    outcome::{Figure, PolicyOutcome, Summary},
    scenario::Scope,
    text::{counted, number, percent, times},
    tree::tree,
    words,
};

/// A change to try.
pub(super) struct Change {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) field: &'static str,
    pub(super) value: Value,
}

impl Change {
    pub(super) fn apply(&self, policy: &RetryPolicy) -> Option<RetryPolicy> {
        let mut tree = policy.to_value();
        Scenario::put(&mut tree, self.field, &self.value).ok()?;
        let changed = RetryPolicy::from_value(&tree).ok()?;
        (changed != *policy).then_some(changed)
    }
}

/// All that is worth a try.
pub(super) fn changes(
    scenario: &Scenario,
    policy: &RetryPolicy,
    before: &[PolicyOutcome],
) -> Vec<Change> {
    let Some(first) = before.first() else { return Vec::new() };
    let now = &first.summary;
    let mut changes = Vec::new();
    for hint in scenario.hints(policy) {
        if let Some((field, value)) = hint.fix {
            changes.push(Change { code: hint.code, message: hint.message, field, value });
        }
    }
    changes.extend(longer(scenario, policy));
    changes.extend(used_up(scenario, policy, now));
    changes.extend(empty_budget(scenario, policy, now));
    changes.extend(spread(policy, first));
    changes.extend(overload(policy, now));
    let mut tried: Vec<Change> = Vec::new();
    for change in changes {
        if !tried.iter().any(|other| other.field == change.field && other.value == change.value) {
            tried.push(change);
        }
    }
    tried
}

fn dead(summary: &Summary, reason: &str) -> f64 {
    summary.dead_lettered.get(reason).map_or(0.0, Figure::or_zero)
}

/// As many attempts, or as late a deadline, as the outage needs: with a little room, and with more for
/// those that compete when it is over.
fn longer(scenario: &Scenario, policy: &RetryPolicy) -> Vec<Change> {
    let (Some(message), Some(outage)) = (outlasted(scenario, policy), outage(scenario)) else {
        return Vec::new();
    };
    let with = |field, value| Change { code: "outlasted", message: message.clone(), field, value };
    let mut changes = Vec::new();
    for percent in [130, 200, 400, 800] {
        let needed = outage.saturating_mul(percent) / 100;
        if policy.max_elapsed().is_some_and(|elapsed| elapsed < needed) {
            changes.push(with("maxElapsed", Value::duration(needed)));
            continue;
        }
        let mut waited = Duration::ZERO;
        let mut attempts = 1_u64;
        for band in policy.bands(0, None).take(199) {
            attempts += 1;
            waited = waited.saturating_add(band.mean);
            if waited >= needed {
                break;
            }
        }
        if waited >= needed {
            changes.push(with("maxAttempts", Value::Unsigned(attempts)));
        }
    }
    changes
}

/// More attempts where they are used up, and no outage is to blame.
fn used_up(scenario: &Scenario, policy: &RetryPolicy, now: &Summary) -> Option<Change> {
    let (tasks, dead) = (now.tasks.or_zero(), dead(now, "exhausted"));
    let attempts = policy.max_attempts()?.get();
    if outlasted(scenario, policy).is_some() || dead <= 0.001 * tasks || attempts > 100 {
        return None;
    }
    let message = format!(
        "{} of the tasks use up their {}",
        percent(dead / tasks),
        counted(attempts.into(), "attempt", "attempts")
    );
    let value = Value::Unsigned((2 * u64::from(attempts)).max(3));
    Some(Change { code: "attemptsUsedUp", message, field: "maxAttempts", value })
}

/// A budget that lets retries wait, one that paces them, or none, where a budget kills tasks.
fn empty_budget(scenario: &Scenario, policy: &RetryPolicy, now: &Summary) -> Vec<Change> {
    let dead = dead(now, "budgetExhausted");
    let Some(rule) = policy.budget().filter(|_| dead > 0.0) else { return Vec::new() };
    let message = format!(
        "{} when {} need it",
        shared(scenario, now.tasks.or_zero(), "is empty"),
        counted(dead as u64, "task", "tasks")
    );
    let with =
        |field, value| Change { code: "budgetEmpty", message: message.clone(), field, value };
    let mut changes = Vec::new();
    let waits = match rule {
        BudgetRule::Ratio { min_per_second, on_empty, .. } => {
            *min_per_second > 0.0 && *on_empty == OnEmpty::Fail
        }
        BudgetRule::Rate { on_empty, .. } => *on_empty == OnEmpty::Fail,
        _ => false,
    };
    if waits {
        changes.push(with("budget.onEmpty", "wait".into()));
    }
    // A pace that the server can serve beside what is new.
    let capacity = now.capacity_per_second.value().filter(|capacity| *capacity >= 2.0);
    for share in [0.25, 0.5, 0.8] {
        let pace = capacity.map(|capacity| libm::floor(capacity * share).max(1.0));
        changes.extend(pace.map(|pace| {
            let rate = tree!({ kind: "rate", perSecond: pace, burst: 10_u32, onEmpty: "wait" });
            with("budget", rate)
        }));
    }
    changes.push(with("budget", Value::Null));
    changes
}

/// Whose budget, and how many share it: "the retry budget, one for all 5,656 tasks, is empty".
pub(crate) fn shared(scenario: &Scenario, tasks: f64, verb: &str) -> String {
    let owners = match scenario.client.budget_scope {
        Scope::All => 1.0,
        Scope::Host => f64::from(scenario.client.hosts),
        Scope::Client => scenario.client_count(),
    };
    let all = number(tasks);
    let each = libm::round(tasks / owners.max(1.0)).max(1.0);
    if owners <= 1.0 {
        format!("the retry budget, one for all {all} tasks, {verb}")
    } else if each <= 1.0 {
        format!("the retry budget, one for each task, {verb}")
    } else {
        let of = if scenario.client.budget_scope == Scope::Host { "host" } else { "client" };
        format!("the retry budget of a {of}, which about {} tasks share, {verb}", number(each))
    }
}

/// The whole range of the delay, or half of it, where retries come in waves.
fn spread(policy: &RetryPolicy, first: &PolicyOutcome) -> Vec<Change> {
    let narrow = *policy.jitter() != Jitter::Full && !policy.backoff().is_random();
    let over = words::over_capacity(first).unwrap_or(0.0);
    if over < 1.2 || !narrow || first.summary.retry_share.or_zero() == 0.0 {
        return Vec::new();
    }
    let message = format!("its attempts come in waves, at the peak {} the capacity", times(over));
    let with = |value: &str| Change {
        code: "herd",
        message: message.clone(),
        field: "jitter",
        value: value.into(),
    };
    // Full jitter draws short delays, too, and may use up the attempts that equal jitter does not.
    vec![with("full"), with("equal")]
}

/// Fewer retries where retries are what keeps the server busy.
fn overload(policy: &RetryPolicy, now: &Summary) -> Vec<Change> {
    let attempts = now.attempts.or_zero();
    let vain = now.timed_out_attempts.or_zero() + now.rejected_attempts.or_zero();
    let retries = now.retry_share.or_zero();
    if attempts == 0.0 || vain < 0.2 * attempts || retries < 0.2 {
        return Vec::new();
    }
    let message = format!(
        "{} of the attempts are retries, and {} time out or are refused",
        percent(retries),
        percent(vain / attempts)
    );
    let with = |field, value| Change { code: "overload", message: message.clone(), field, value };
    let ratio = |share: u32| tree!({ kind: "ratio", percent: share });
    let mut changes = Vec::new();
    if policy.budget().is_none() {
        changes.extend([10, 20].map(|share| with("budget", ratio(share))));
    }
    if policy.max_attempts().is_none_or(|attempts| attempts.get() > 2) {
        changes.push(with("maxAttempts", Value::Unsigned(2)));
    }
    changes
}
