//! Two policies under the same draws: what the difference is, in one sentence, and figures as people
//! read them.

use crate::outcome::{Figure, PolicyOutcome};

/// Differences below this share are none.
const NOISE: f64 = 0.05;

/// What `b` does otherwise than `a`: "B: peak 6.1 × lower, last task done 4 s later, 12 fewer dead
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
    times(peak(a)?, peak(b)?, "peak", "lower", "higher")
}

fn attempts(a: &PolicyOutcome, b: &PolicyOutcome) -> Option<String> {
    let attempts = |outcome: &PolicyOutcome| outcome.summary.attempts.value();
    times(attempts(a)?, attempts(b)?, "attempts", "fewer", "more")
}

fn times(a: f64, b: f64, what: &str, less: &str, more: &str) -> Option<String> {
    if a <= 0.0 || b <= 0.0 || (a / b - 1.0).abs() < NOISE {
        return None;
    }
    let (factor, word) = if a > b { (a / b, less) } else { (b / a, more) };
    Some(format!("{what} {} \u{d7} {word}", number(factor)))
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

/// A figure as it is read: whole numbers whole, three digits of others, nothing as a dash.
#[must_use]
pub fn figure(figure: &Figure) -> String {
    match figure {
        Figure::Count(count) => number(*count as f64),
        other => other.value().map_or_else(|| "\u{2013}".to_owned(), number),
    }
}

/// A number in at most three digits after the point that still matter, thousands apart.
#[must_use]
pub fn number(value: f64) -> String {
    let size = value.abs();
    let digits = match size {
        _ if libm::floor(value) == value || size >= 100.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    let (whole, rest) = match text.split_once('.') {
        Some((whole, rest)) => (whole, rest.trim_end_matches('0')),
        None => (text.as_str(), ""),
    };
    let whole = grouped(whole);
    if rest.is_empty() { whole } else { format!("{whole}.{rest}") }
}

/// `1234567` as `1,234,567`.
fn grouped(whole: &str) -> String {
    let digits = whole.trim_start_matches('-').len();
    let mut out = String::with_capacity(whole.len() + digits / 3);
    let mut left = digits;
    for c in whole.chars() {
        if c.is_ascii_digit() {
            if left < digits && left.is_multiple_of(3) {
                out.push(',');
            }
            left -= 1;
        }
        out.push(c);
    }
    out
}

/// Seconds as they are read: "4.2 s", "12 ms", "1 min 5 s".
#[must_use]
pub fn seconds(value: f64) -> String {
    if value >= 60.0 {
        let whole = libm::round(value) as u64;
        return match whole % 60 {
            0 => format!("{} min", whole / 60),
            rest => format!("{} min {rest} s", whole / 60),
        };
    }
    if value < 1.0 && value > 0.0 {
        return format!("{} ms", number(libm::round(value * 1e4) / 10.0));
    }
    format!("{} s", number(libm::round(value * 100.0) / 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_at_a_glance() {
        let all = [0.0, 5.0, 1234.0, 1_234_567.0, 3.4561, 31.4159, 314.159, 0.012_34, -12_345.0];
        let read: Vec<String> = all.into_iter().map(number).collect();
        let wanted = ["0", "5", "1,234", "1,234,567", "3.46", "31.4", "314", "0.012", "-12,345"];
        assert_eq!(read, wanted);
    }

    #[test]
    fn times_are_read_at_a_glance() {
        let all = [0.0, 0.0123, 0.5, 4.2, 59.99, 60.0, 90.0, 125.4];
        let read: Vec<String> = all.into_iter().map(seconds).collect();
        assert_eq!(
            read,
            ["0 s", "12.3 ms", "500 ms", "4.2 s", "60 s", "1 min", "1 min 30 s", "2 min 5 s"]
        );
    }
}
