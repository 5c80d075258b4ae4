//! Two policies under the same draws: what the difference is, in one sentence.

use crate::{
    outcome::PolicyOutcome,
    text::{number, seconds, times},
};

/// Differences below this share are none.
const NOISE: f64 = 0.05;

/// What `b` does otherwise than `a`: "B: peak 6.1× lower, last task done 4 s later, 12 fewer dead
/// letters".
#[must_use]
pub fn difference(a: &PolicyOutcome, b: &PolicyOutcome) -> String {
    let parts: Vec<String> =
        [peak(a, b), completion(a, b), dead_letters(a, b), unfinished(a, b), attempts(a, b)]
            .into_iter()
            .flatten()
            .take(4)
            .collect();
    if parts.is_empty() {
        return format!("{} and {} do the same here", a.name, b.name);
    }
    format!("{}: {}", b.name, parts.join(", "))
}

fn peak(a: &PolicyOutcome, b: &PolicyOutcome) -> Option<String> {
    let peak = |outcome: &PolicyOutcome| outcome.summary.peak_after_fault_per_second.value();
    factor(peak(a)?, peak(b)?, "peak", "lower", "higher")
}

fn attempts(a: &PolicyOutcome, b: &PolicyOutcome) -> Option<String> {
    let attempts = |outcome: &PolicyOutcome| outcome.summary.attempts.value();
    factor(attempts(a)?, attempts(b)?, "attempts", "fewer", "more")
}

fn factor(a: f64, b: f64, what: &str, less: &str, more: &str) -> Option<String> {
    if a <= 0.0 || b <= 0.0 || (a / b - 1.0).abs() < NOISE {
        return None;
    }
    let (factor, word) = if a > b { (a / b, less) } else { (b / a, more) };
    Some(format!("{what} {} {word}", times(factor)))
}

fn completion(a: &PolicyOutcome, b: &PolicyOutcome) -> Option<String> {
    let (a, b) = (a.summary.completion_seconds.value()?, b.summary.completion_seconds.value()?);
    if (b - a).abs() < 0.1 {
        return None;
    }
    let word = if b > a { "later" } else { "earlier" };
    Some(format!("last task done {} {word}", seconds((b - a).abs())))
}

fn dead_letters(a: &PolicyOutcome, b: &PolicyOutcome) -> Option<String> {
    fewer(a.summary.dead_letters(), b.summary.dead_letters(), "dead letter")
}

fn unfinished(a: &PolicyOutcome, b: &PolicyOutcome) -> Option<String> {
    fewer(a.summary.unfinished.value()?, b.summary.unfinished.value()?, "unfinished task")
}

fn fewer(a: f64, b: f64, what: &str) -> Option<String> {
    let difference = (b - a).abs();
    if difference < 0.5 {
        return None;
    }
    let word = if b > a { "more" } else { "fewer" };
    let plural = if difference < 1.5 { "" } else { "s" };
    Some(format!("{} {word} {what}{plural}", number(difference)))
}
