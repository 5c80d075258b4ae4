//! One table of parameters: name, unit, limits, default, label, meaning.
//!
//! One row feeds the check, the error text, the CLI's help, the page's slider and the JSON Schema, so
//! that they cannot disagree. Durations are counted in nanoseconds here. The simulator has rows of
//! its own, of the same shape, for what only a scenario has.

/// What a parameter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// A whole number of things.
    Count,
    /// A plain number.
    Factor,
    /// A share of a hundred.
    Percent,
    /// Nanoseconds; written as a duration ("2s").
    Duration,
    /// Things per second.
    Rate,
}

/// One row: a parameter and all that is known of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// The field's name on the wire.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// The smallest value allowed.
    pub min: f64,
    /// The largest value allowed.
    pub max: f64,
    /// What it is when left out, if there is one.
    pub default: Option<f64>,
    /// The values that people choose from, for a slider; all that are allowed if `None`.
    pub usual: Option<(f64, f64)>,
    /// What to call it before people.
    pub label: &'static str,
    /// What it means.
    pub doc: &'static str,
}

/// The lists of a policy, each with the most entries that it may have: every one is looked at for a failure,
/// or kept for each task.
pub const LISTS: &[(&str, usize)] =
    &[("classify", 1_000), ("match", 1_000), ("costByClass", 1_000), ("delays", 10_000)];

/// The most entries of the list `name`; as many as fit into memory if it has no row.
pub(crate) fn longest(name: &str) -> usize {
    LISTS.iter().find(|(list, _)| *list == name).map_or(usize::MAX, |(_, most)| *most)
}

/// A text that only people read, or nothing where the feature `prose` is off.
#[must_use]
pub const fn prose(text: &'static str) -> &'static str {
    if cfg!(feature = "prose") { text } else { "" }
}

/// The longest duration: u64::MAX nanoseconds, about 584 years.
pub const FOREVER: f64 = u64::MAX as f64;
const SECOND: f64 = 1e9;

const MILLI: f64 = 1e6;
const MINUTE: f64 = 60.0 * SECOND;

macro_rules! usual {
    () => {
        None
    };
    ($from:expr => $to:expr) => {
        Some(($from, $to))
    };
}

macro_rules! bounds {
    ($($id:ident: $name:literal, $unit:ident, $min:expr, $max:expr, $default:expr, $label:literal, $text:literal
       $(, usual $from:expr => $to:expr)?;)*) => {
        $(
            #[doc = $text]
            pub const $id: &Bound = &Bound {
                name: $name, unit: Unit::$unit, min: $min, max: $max, default: $default,
                usual: usual!($($from => $to)?), label: prose($label), doc: prose($text),
            };
        )*
        /// Every row.
        pub static TABLE: &[&Bound] = &[$($id),*];
    };
}

bounds! {
    DELAY: "delay", Duration, 0.0, FOREVER, None, "Delay", "The same wait before every retry.",
        usual 0.0 => 10.0 * MINUTE;
    INITIAL: "initial", Duration, 0.0, FOREVER, Some(2.0 * SECOND), "First delay",
        "The delay that the curve starts from: for most kinds the wait before the first retry.",
        usual MILLI => 5.0 * MINUTE;
    MULTIPLIER: "multiplier", Factor, 1.0, 1000.0, Some(2.0), "Multiplier",
        "The factor from each delay to the next; 2 doubles the delay.",
        usual 1.0 => 10.0;
    DECORRELATED_MULTIPLIER: "multiplier", Factor, 1.0, 1000.0, Some(3.0), "Spread multiplier",
        "The next delay is drawn up to this many times the previous one.",
        usual 1.0 => 10.0;
    INCREMENT: "increment", Duration, 0.0, FOREVER, Some(1.0 * SECOND), "Increment",
        "The amount by which each delay exceeds the one before it.",
        usual 0.0 => 5.0 * MINUTE;
    POWER: "power", Factor, 0.0, 10.0, Some(2.0), "Power",
        "The power of the number of retries already made.",
        usual 0.0 => 6.0;
    OFFSET: "offset", Duration, 0.0, FOREVER, Some(0.0), "Offset", "A constant added to every delay.",
        usual 0.0 => 5.0 * MINUTE;
    FIRST_DELAY: "firstDelay", Duration, 0.0, FOREVER, None, "Fixed first delay",
        "The delay before the first retry, in place of the curve's; never jittered.";
    MIN_DELAY: "minDelay", Duration, 0.0, FOREVER, Some(0.0), "Minimum delay", "No delay is shorter.";
    MAX_DELAY: "maxDelay", Duration, 0.0, FOREVER, None, "Cap", "No delay is longer, jitter included.";
    JITTER_FACTOR: "factor", Factor, 0.0, 10.0, Some(0.1), "Jitter factor",
        "Proportional jitter: the delay d becomes U[d, d(1 + factor)].",
        usual 0.0 => 2.0;
    SYMMETRIC_FACTOR: "factor", Factor, 0.0, 1.0, Some(0.2), "Jitter factor",
        "Symmetric jitter: the delay d becomes U[d(1 - factor), d(1 + factor)].",
        usual 0.0 => 1.0;
    SUBTRACTIVE_FACTOR: "factor", Factor, 0.0, 1.0, Some(0.5), "Jitter factor",
        "Subtractive jitter: the delay d becomes U[d(1 - factor), d].",
        usual 0.0 => 1.0;
    END_FACTOR: "factor", Factor, 0.0, 100.0, Some(1.0), "Factor",
        "Uniform jitter: what this end of the range multiplies the delay by.";
    END_ADD: "add", Duration, 0.0, FOREVER, Some(0.0), "Added", "Uniform jitter: what this end of the range adds.";
    END_ADD_PER_RETRY: "addPerRetry", Duration, 0.0, FOREVER, Some(0.0), "Added per retry",
        "Uniform jitter: what this end of the range adds for each retry, the first included.";
    MAX_ATTEMPTS: "maxAttempts", Count, 1.0, u32::MAX as f64, Some(3.0), "Maximum attempts",
        "The maximum number of attempts, the first call included.";
    MAX_ELAPSED: "maxElapsed", Duration, 0.0, FOREVER, None, "Maximum elapsed time",
        "The time since the first attempt after which a task is not retried.";
    ATTEMPT_TIMEOUT: "attemptTimeout", Duration, 1.0, FOREVER, None, "Attempt timeout",
        "How long one attempt may run before it counts as failed.";
    RESET_AFTER: "resetAfter", Duration, 1.0, FOREVER, None, "Reset after",
        "When an attempt ran at least this long before it failed, attempts, delays and maxElapsed start from zero.",
        usual SECOND => 60.0 * MINUTE;
    RETRY_AFTER_MAX: "max", Duration, 0.0, FOREVER, Some(300.0 * SECOND), "Retry-After limit",
        "The longest wait that a server may ask for; in the mode clamp, how much it may add.";
    CAPACITY: "capacity", Count, 1.0, 1e9, Some(500.0), "Budget capacity",
        "Tokens in the full bucket.",
        usual 1.0 => 100_000.0;
    COST: "cost", Count, 0.0, 1000.0, Some(14.0), "Cost of a retry", "Tokens that a retry takes.",
        usual 0.0 => 100.0;
    REFUND: "refundOnSuccess", Factor, 0.0, 1000.0, Some(1.0), "Refund",
        "Tokens that a success at the first attempt gives back.",
        usual 0.0 => 100.0;
    THRESHOLD: "threshold", Factor, 0.0, 1e9, None, "Threshold",
        "Retries are allowed only while the balance is above this.";
    RETRY_PERCENT: "percent", Percent, 0.0, 1000.0, Some(20.0), "Retries per request",
        "How many retries are allowed for each hundred first attempts (or attempts in flight).",
        usual 1.0 => 200.0;
    MIN_PER_SECOND: "minPerSecond", Rate, 0.0, 1e6, Some(10.0), "Minimum retries per second",
        "Retries per second that are always allowed, however low the traffic.",
        usual 0.0 => 1000.0;
    WINDOW: "window", Duration, 1e7, 3600.0 * SECOND, Some(10.0 * SECOND), "Window",
        "How long a request counts towards the budget.",
        usual SECOND => 10.0 * MINUTE;
    PACE: "perSecond", Rate, 1e-6, 1e9, Some(10.0), "Retries per second",
        "Retries per second, over all tasks that share the budget.",
        usual 1.0 => 1000.0;
    BURST: "burst", Count, 1.0, 1e9, Some(10.0), "Burst",
        "Retries that may follow each other at once after a pause.",
        usual 1.0 => 1000.0;
    MIN_RETRIES: "min", Count, 0.0, 1e6, Some(3.0), "Minimum concurrent retries",
        "Concurrent retries that are always allowed, however low the traffic.",
        usual 0.0 => 1000.0;
    ROUNDING_UNIT: "unit", Duration, 1.0, 86_400.0 * SECOND, Some(1e6), "Rounding unit",
        "Delays are whole multiples of this.";
    RESAMPLE_LOW: "low", Factor, 0.0, 1.0, Some(0.5), "Resample from",
        "A delay above the cap is redrawn; this fraction of the cap is the lower end.";
    RESAMPLE_HIGH: "high", Factor, 0.0, 1.0, Some(1.0), "Resample to",
        "A delay above the cap is redrawn; this fraction of the cap is the upper end.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_order_and_holds_its_default() {
        for row in TABLE {
            assert!(row.min <= row.max, "{}", row.name);
            assert!(!row.label.is_empty() && row.doc.ends_with('.'), "{}", row.name);
            if let Some(default) = row.default {
                assert!((row.min..=row.max).contains(&default), "{}", row.name);
            }
        }
    }
}
