//! What a result says, in sentences: titles of charts, the report's summary, the terminal.
//!
//! Every sentence is computed from the figures; where there is nothing to say, it says that.

mod titles;
mod verdict;

use redrive::{
    Duration, RetryPolicy,
    policy::{Argument, KindRow, Parameter},
};

use crate::{
    outcome::{Outcome, PolicyOutcome},
    text::{counted, number, percent, seconds, times},
};

pub use titles::{amplification, herd, latency, outcomes, queue, raster, retry_share};
pub use verdict::{advised, cause, verdict};

/// A dead letter's reason in words.
pub fn reason(code: &str) -> String {
    match code {
        "exhausted" => "attempts used up".to_owned(),
        "deadlineExceeded" => "deadline".to_owned(),
        "permanent" => "an error that no retry mends".to_owned(),
        "budgetExhausted" => "budget used up".to_owned(),
        other => other.to_owned(),
    }
}

/// Attempts in a bin that chance alone brings together, where few arrive.
const FEW: f64 = 30.0;

/// The peak that a recovering server gets, or the peak after the first bin without a fault that ends.
///
/// Of the bin, as long as that tells something: where nothing is retried, or so little happens that the
/// fullest bin is chance, it is the peak over the moving window.
pub fn peak(policy: &PolicyOutcome) -> f64 {
    let summary = &policy.summary;
    let peak = match summary.peak_after_fault_per_second.value() {
        Some(peak) if policy.series.recovers => peak,
        _ => summary.peak_attempts_per_second.or_zero(),
    };
    let chance = peak * policy.series.bin.as_secs_f64() < FEW || !retries(policy);
    match summary.peak_over_window_per_second.value() {
        Some(over_window) if chance && over_window > 0.0 => peak.min(over_window),
        _ => peak,
    }
}

/// Whether the policy retried anything.
fn retries(policy: &PolicyOutcome) -> bool {
    policy.summary.retry_share.or_zero() > 0.0
}

fn has_fault(outcome: &Outcome) -> bool {
    outcome.policies.iter().any(|policy| policy.series.recovers)
}

/// How near the most successes a policy comes whose calm counts.
const NEARLY: f64 = 0.99;

/// Policies whose tasks get through nearly as well as under the best: only these compete for calm.
/// (A policy that gives up before the server is back is calm and useless.)
fn useful(outcome: &Outcome) -> Vec<&PolicyOutcome> {
    let best = outcome.policies.iter().map(|p| p.summary.succeeded.or_zero()).fold(0.0, f64::max);
    outcome.policies.iter().filter(|p| p.summary.succeeded.or_zero() >= NEARLY * best).collect()
}

/// The policies with the least and the most of a figure.
fn least_and_most<'o>(
    policies: impl IntoIterator<Item = &'o PolicyOutcome, IntoIter: Clone>,
    figure: impl Fn(&PolicyOutcome) -> f64,
) -> Option<(&'o PolicyOutcome, &'o PolicyOutcome)> {
    let policies = policies.into_iter();
    let least = policies.clone().min_by(|a, b| figure(a).total_cmp(&figure(b)))?;
    let most = policies.max_by(|a, b| figure(a).total_cmp(&figure(b)))?;
    Some((least, most))
}

/// The policies with the highest and the lowest peak, of those that let tasks through.
pub fn extremes(outcome: &Outcome) -> Option<(&PolicyOutcome, &PolicyOutcome)> {
    let wildest = outcome.policies.iter().max_by(|a, b| peak(a).total_cmp(&peak(b)))?;
    let calmest = useful(outcome).into_iter().min_by(|a, b| peak(a).total_cmp(&peak(b)))?;
    // Less than a tenth apart is not worth a sentence.
    (peak(calmest) > 0.0 && peak(wildest) > 1.1 * peak(calmest)).then_some((wildest, calmest))
}

/// `100,000 attempts/s, 200× its capacity`.
fn height(policy: &PolicyOutcome) -> String {
    match over_capacity(policy) {
        Some(ratio) => {
            format!("{} attempts/s, {} its capacity", number(peak(policy)), times(ratio))
        }
        None => format!("{} attempts/s", number(peak(policy))),
    }
}

/// The peak over the capacity, where there is one.
pub fn over_capacity(policy: &PolicyOutcome) -> Option<f64> {
    let capacity = policy.summary.capacity_per_second.value().filter(|rate| *rate > 0.0)?;
    Some(peak(policy) / capacity)
}

/// What one policy did, beside its strip of attempts.
pub fn strip(policy: &PolicyOutcome) -> String {
    let mut says = format!("peak {}/s", number(peak(policy)));
    if let Some(ratio) = over_capacity(policy).filter(|ratio| *ratio > 0.0) {
        says.push_str(&format!(" = {} capacity", times(ratio)));
    }
    let each = number(policy.summary.amplification.or_zero());
    says.push_str(&format!(" · {each} per task · {}", ends(policy)));
    says
}

/// How the tasks of a policy ended, and when the last did.
pub fn ends(policy: &PolicyOutcome) -> String {
    let summary = &policy.summary;
    let tasks = summary.tasks.or_zero();
    let share = |count: f64| if tasks > 0.0 { percent(count / tasks) } else { "0 %".to_owned() };
    let mut says = format!("{} succeed", share(summary.succeeded.or_zero()));
    if summary.dead_letters() > 0.0 {
        says.push_str(&format!(", {} dead letters", number(summary.dead_letters())));
    }
    if summary.unfinished.or_zero() > 0.0 {
        says.push_str(&format!(", {} unfinished", number(summary.unfinished.or_zero())));
    }
    let last = summary.completion_seconds.value().filter(|last| *last > 0.0);
    if let Some(last) = last {
        says.push_str(&format!(" · done at {}", seconds(last)));
    }
    says
}

/// What the server turned away.
pub fn refused(policy: &PolicyOutcome) -> String {
    let summary = &policy.summary;
    let mut says = format!("longest queue {}", number(summary.max_queue.or_zero()));
    if summary.rejected_attempts.or_zero() > 0.0 {
        says.push_str(&format!(
            ", {} attempts refused",
            number(summary.rejected_attempts.or_zero())
        ));
    }
    if summary.timed_out_attempts.or_zero() > 0.0 {
        says.push_str(&format!(", {} timed out", number(summary.timed_out_attempts.or_zero())));
    }
    says
}

/// What one policy retried.
pub fn retried(policy: &PolicyOutcome) -> String {
    let summary = &policy.summary;
    let retries = summary.attempts.or_zero() * summary.retry_share.or_zero();
    let mut says = format!(
        "{} retries, {} of all attempts",
        number(retries.round()),
        percent(summary.retry_share.or_zero())
    );
    if summary.budget_denied.or_zero() > 0.0 {
        let denied = number(summary.budget_denied.or_zero());
        says.push_str(&format!(", {denied} more refused by the budget"));
    }
    says
}

/// A kind with its parameters: its phrase, filled in.
fn kind(kind: &KindRow, arguments: &[(&Parameter, Argument<'_>)]) -> String {
    let mut text = kind.phrase.to_owned();
    for (parameter, argument) in arguments {
        let (plain, share) =
            (format!("{{{}}}", parameter.name), format!("{{{}%}}", parameter.name));
        let written = match argument {
            Argument::Duration(duration) => seconds(duration.as_secs_f64()),
            Argument::Number(value) if text.contains(&share) => percent(*value),
            Argument::Number(value) => number(*value),
            Argument::Durations(list) => counted(list.len() as u64, "delay", "delays"),
            // Two ends of three numbers each do not fit into a sentence.
            Argument::End(_) => continue,
        };
        text = text.replace(&share, &written).replace(&plain, &written);
    }
    text
}

/// A policy in half a sentence: `3 attempts, exponential from 2 s × 2, jitter +10 %, no cap`.
pub fn policy(policy: &RetryPolicy) -> String {
    let span = |duration: Duration| seconds(duration.as_secs_f64());
    let attempts = match policy.max_attempts() {
        Some(attempts) => counted(attempts.get().into(), "attempt", "attempts"),
        None => "unlimited attempts".to_owned(),
    };
    let backoff = kind(policy.backoff().row(), &policy.backoff().arguments());
    let jitter = match policy.backoff().is_random() {
        true => "its own jitter".to_owned(),
        false => kind(policy.jitter().row(), &policy.jitter().arguments()),
    };
    let cap = policy.max_delay().map_or("no cap".to_owned(), |cap| format!("cap {}", span(cap)));
    let mut words = vec![attempts, backoff, jitter, cap];
    words.extend(policy.max_elapsed().map(|elapsed| format!("deadline {}", span(elapsed))));
    words.extend(
        policy.attempt_timeout().map(|limit| format!("attempts of at most {}", span(limit))),
    );
    words.extend(policy.budget().map(|_| "a retry budget".to_owned()));
    words.join(", ")
}
