//! Whether a change is worth an offer, and its effect in figures.

use redrive::RetryPolicy;

use super::{Advice, candidates::Change};
use crate::{
    outcome::{PolicyOutcome, Summary},
    text::{counted, number, seconds, times},
    words,
};

/// Changes below this share are chance.
const NOISE: f64 = 0.05;
/// What a change that gains no successes may cost, as a share, in any figure.
const TOLERATED: f64 = 0.1;
/// More successes from this share of the tasks on may cost something.
const MATERIAL: f64 = 0.01;

/// A figure that is better when it is lower, what it is called, and how it is read.
struct Cost {
    name: &'static str,
    of: fn(&PolicyOutcome) -> f64,
    read: fn(f64) -> String,
}

const COSTS: [Cost; 4] = [
    Cost { name: "peak per second", of: words::peak, read: number },
    Cost { name: "attempts", of: |run| run.summary.attempts.or_zero(), read: number },
    Cost {
        name: "99 % of tasks end within",
        of: |run| run.summary.time_to_end_seconds.p99.or_zero(),
        read: seconds,
    },
    Cost {
        name: "last task done at",
        of: |run| run.summary.completion_seconds.or_zero(),
        read: seconds,
    },
];

/// The change with its effect, and how good it is; `None` where it is not worth an offer. That no run
/// loses a task has been seen before.
pub(super) fn judged(
    change: Change,
    policy: RetryPolicy,
    before: &[PolicyOutcome],
    after: &[PolicyOutcome],
) -> Option<Advice> {
    let tasks = mean(before, |run| run.summary.tasks.or_zero()).max(1.0);
    let more = |of: fn(&Summary) -> f64| {
        (mean(after, |run| of(&run.summary)) - mean(before, |run| of(&run.summary))) / tasks
    };
    let gained = more(|summary| summary.succeeded.or_zero());
    // A task that had not ended yet and is given up now is lost, too.
    if gained < MATERIAL && more(Summary::dead_letters) > 0.0 {
        return None;
    }
    // In halvings: twice as much is -1.
    let saved = COSTS.map(|cost| {
        let (one, other) = (mean(before, cost.of), mean(after, cost.of));
        match (one > 0.0, other > 0.0) {
            (true, true) => libm::log2(one / other),
            _ => 0.0,
        }
    });
    let least = saved.into_iter().fold(f64::INFINITY, f64::min);
    let most = saved.into_iter().fold(f64::NEG_INFINITY, f64::max);
    if gained < MATERIAL {
        let tolerated = least >= -libm::log2(1.0 + TOLERATED);
        let better = most > -libm::log2(1.0 - NOISE) || gained > 0.0;
        if !tolerated || !better {
            return None;
        }
    }
    let costs = saved.iter().map(|saved| saved.clamp(-4.0, 4.0)).sum::<f64>() / 4.0;
    let worth = gained * 100.0 + costs;
    if worth <= 0.0 {
        return None;
    }
    let effect = effect(before.first()?, after.first()?);
    if effect.is_empty() {
        return None;
    }
    let Change { code, message, field, value } = change;
    Some(Advice { code, message, field, value, effect, policy, worth })
}

fn mean(runs: &[PolicyOutcome], of: impl Fn(&PolicyOutcome) -> f64) -> f64 {
    runs.iter().map(of).sum::<f64>() / runs.len().max(1) as f64
}

/// What changed in the first run, successes first.
fn effect(first: &PolicyOutcome, then: &PolicyOutcome) -> String {
    let (before, after) = (&first.summary, &then.summary);
    let mut parts = Vec::new();
    let more = after.succeeded.or_zero() - before.succeeded.or_zero();
    if more > 0.0 {
        let verb = if more == 1.0 { "succeeds" } else { "succeed" };
        parts.push(format!("{} {verb}", counted(more as u64, "more task", "more tasks")));
    }
    let mut changed = |what: &str, (one, other): (f64, f64), read: fn(f64) -> String| {
        if (other - one).abs() > NOISE * one.abs().max(other.abs()) {
            parts.push(format!("{what} {} → {}", read(one), read(other)));
        }
    };
    changed("dead letters", (before.dead_letters(), after.dead_letters()), number);
    changed("unfinished", (before.unfinished.or_zero(), after.unfinished.or_zero()), number);
    let capacity = before.capacity_per_second.value().filter(|capacity| *capacity > 0.0);
    for cost in &COSTS {
        let (one, other) = ((cost.of)(first), (cost.of)(then));
        match capacity {
            Some(capacity) if cost.name == COSTS[0].name => {
                changed("peak / capacity", (one / capacity, other / capacity), times);
            }
            _ => changed(cost.name, (one, other), cost.read),
        }
    }
    parts.join(", ")
}
