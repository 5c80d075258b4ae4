//! Titles of charts, each a finding.

use super::{extremes, has_fault, height, least_and_most, over_capacity, peak, retries, useful};
use crate::{
    outcome::{Outcome, PolicyOutcome, Raster},
    text::{number, percent, seconds},
};

/// The title of the chart of attempts.
pub fn herd(outcome: &Outcome) -> String {
    let server = if has_fault(outcome) { "the recovering server" } else { "the server" };
    let has_capacity = outcome.policies.iter().any(|policy| over_capacity(policy).is_some());
    if let Some(calm) = nothing_retried(outcome) {
        return calm;
    }
    match (extremes(outcome), outcome.policies.first()) {
        // Nothing to break down and nothing that could be too much: only the cost is left to tell.
        (Some(_), _) if !has_capacity && !has_fault(outcome) => amplification(outcome),
        (Some((wildest, calmest)), _) => format!(
            "“{}” hits {server} with {}; “{}” with {}/s",
            wildest.name,
            height(wildest),
            calmest.name,
            number(peak(calmest)),
        ),
        (None, Some(first)) => {
            let policies = outcome.policies.iter();
            let wildest = policies.max_by(|a, b| peak(a).total_cmp(&peak(b))).unwrap_or(first);
            if peak(wildest) <= 0.0 {
                return format!("All tasks have ended before an attempt reaches {server}");
            }
            format!("“{}” sends {server} up to {}", wildest.name, height(wildest))
        }
        (None, None) => "No policy was simulated".to_owned(),
    }
}

/// What there is to say where nothing was retried: the load.
pub(super) fn nothing_retried(outcome: &Outcome) -> Option<String> {
    let first = outcome.policies.first()?;
    if outcome.policies.iter().any(retries) || first.summary.attempts.or_zero() == 0.0 {
        return None;
    }
    let span = first.summary.completion_seconds.value().filter(|span| *span > 0.0)?;
    let rate = first.summary.attempts.or_zero() / span;
    let capacity = first.summary.capacity_per_second.value().filter(|capacity| *capacity > 0.0);
    let over = capacity.map_or_else(String::new, |capacity| {
        format!(", {} of its capacity", percent(rate / capacity))
    });
    Some(format!("Nothing is retried: the server gets {}/s on average{over}", number(rate)))
}

/// The title of the raster.
pub fn raster(outcome: &Outcome) -> String {
    let known = outcome.policies.iter().filter_map(|p| Some((p, togetherness(&p.raster)?)));
    let known: Vec<_> = known.collect();
    let most = known.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let least = known.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    match (most, least) {
        (Some((herd, most)), Some((dust, least))) if *most > 3.0 * least => format!(
            "Under “{}” tasks return together, in stripes; “{}” spreads them",
            herd.name, dust.name
        ),
        _ => "When each task tried, and how each attempt ended".to_owned(),
    }
}

/// How much more likely two retries are to fall together than if they were spread evenly between
/// the first and the last of them; nothing when there are too few.
fn togetherness(raster: &Raster) -> Option<f64> {
    const BINS: usize = 200;
    let retries = raster.rows.iter().flat_map(|row| row.marks.iter().skip(1));
    let times: Vec<f64> = retries.map(|(time, _)| time.as_nanos() as f64).collect();
    if times.len() < 100 {
        return None;
    }
    let first = times.iter().copied().fold(f64::INFINITY, f64::min);
    let span = times.iter().copied().fold(0.0, f64::max) - first;
    let mut bins = [0.0; BINS];
    for time in &times {
        let bin = (time - first) / span.max(1.0) * BINS as f64;
        bins[(bin as usize).min(BINS - 1)] += 1.0;
    }
    let squares: f64 = bins.iter().map(|count| count * count).sum();
    Some(squares / (times.len() * times.len()) as f64 * BINS as f64)
}

/// The title of the queue chart.
pub fn queue(outcome: &Outcome) -> String {
    let refusals = |policy: &&PolicyOutcome| policy.summary.rejected_attempts.or_zero();
    let most = outcome.policies.iter().max_by(|a, b| refusals(a).total_cmp(&refusals(b)));
    let least = useful(outcome).into_iter().min_by(|a, b| refusals(a).total_cmp(&refusals(b)));
    match (most, least) {
        (Some(most), Some(least)) if refusals(&most) > refusals(&least) => format!(
            "The server refuses {} attempts at once under “{}”, {} under “{}”",
            number(refusals(&most)),
            most.name,
            number(refusals(&least)),
            least.name
        ),
        _ => "How many requests wait for the server".to_owned(),
    }
}

/// The title of the latency chart.
pub fn latency(outcome: &Outcome) -> String {
    let p99 = |policy: &PolicyOutcome| policy.summary.time_to_success_seconds.p99.value();
    let known: Vec<_> = useful(outcome)
        .into_iter()
        .filter_map(|policy| p99(policy).map(|value| (policy, value)))
        .collect();
    let slowest = known.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let fastest = known.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    match (fastest, slowest) {
        (Some((fast, low)), Some((slow, high))) if low < high => format!(
            "99 % of successes take at most {} under “{}”, {} under “{}”",
            seconds(*low),
            fast.name,
            seconds(*high),
            slow.name
        ),
        (Some((fast, low)), _) => {
            format!("99 % of successes take at most {} under “{}”", seconds(*low), fast.name)
        }
        _ => "How long tasks take to succeed".to_owned(),
    }
}

/// The title of the chart of amplification.
pub fn amplification(outcome: &Outcome) -> String {
    let cost = |policy: &PolicyOutcome| policy.summary.amplification.or_zero();
    match least_and_most(&outcome.policies, cost) {
        Some((cheap, dear)) if cost(dear) > 1.05 * cost(cheap) => format!(
            "A task costs {} attempts under “{}”, {} under “{}”",
            number(cost(dear)),
            dear.name,
            number(cost(cheap)),
            cheap.name
        ),
        Some((_, policy)) => format!("A task costs {} attempts", number(cost(policy))),
        _ => "What a task costs".to_owned(),
    }
}

/// The title of the chart of the retry share.
pub fn retry_share(outcome: &Outcome) -> String {
    let share = |policy: &PolicyOutcome| policy.summary.retry_share.or_zero();
    match least_and_most(&outcome.policies, share) {
        Some((least, most)) if share(most) > share(least) + 0.01 => format!(
            "Retries are {} of all attempts under “{}”, {} under “{}”",
            percent(share(most)),
            most.name,
            percent(share(least)),
            least.name
        ),
        Some((_, policy)) => format!("Retries are {} of all attempts", percent(share(policy))),
        _ => "How much of the load is retries".to_owned(),
    }
}

/// The title of the outcome chart.
pub fn outcomes(outcome: &Outcome) -> String {
    let dead = |policy: &&PolicyOutcome| policy.summary.dead_letters();
    let most = outcome.policies.iter().max_by(|a, b| dead(a).total_cmp(&dead(b)));
    match most {
        Some(most) if dead(&most) > 0.0 => {
            let tasks = most.summary.tasks.or_zero();
            format!(
                "“{}” gives up on {} of its tasks",
                most.name,
                if tasks > 0.0 { percent(dead(&most) / tasks) } else { number(dead(&most)) }
            )
        }
        _ => "No task becomes a dead letter".to_owned(),
    }
}
