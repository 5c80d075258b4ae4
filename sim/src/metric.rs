//! Figures by name: what `tune` minimises, `sweep` maps and a constraint bounds.

use redrive::wire::{ConfigError, did_you_mean};

use crate::outcome::{Figure, Summary};

/// A figure of a [`Summary`] that has a name.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The name, as in the JSON output where it stands there.
    pub name: &'static str,
    /// What it is, with its unit.
    pub about: &'static str,
    /// Whether less of it is better.
    pub lower_is_better: bool,
    of: fn(&Summary) -> Option<f64>,
}

impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Metric {
    /// The figure of `summary`; `None` when it has none (a p99 where nothing succeeded).
    #[must_use]
    pub fn of(&self, summary: &Summary) -> Option<f64> {
        (self.of)(summary)
    }

    /// The metric called `name`.
    ///
    /// # Errors
    /// When there is none; with a guess at the one meant.
    pub fn find(name: &str) -> Result<Self, ConfigError> {
        if let Some(metric) = METRICS.iter().find(|metric| metric.name == name) {
            return Ok(*metric);
        }
        let names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
        let guess = did_you_mean(name, &names)
            .map_or_else(String::new, |guess| format!("did you mean \"{guess}\"? "));
        let message =
            format!("there is no metric \"{name}\"; {guess}There are: {}", names.join(", "));
        Err(ConfigError::new("", message))
    }
}

/// A share of the tasks.
fn share(part: &Figure, summary: &Summary) -> Option<f64> {
    Figure::ratio(part.value(), summary.tasks.value()).value()
}

macro_rules! metrics {
    ($($name:literal, $lower:literal, $about:literal, $of:expr;)*) => {
        /// Every metric.
        pub static METRICS: &[Metric] = &[
            $(Metric { name: $name, about: $about, lower_is_better: $lower, of: $of }),*
        ];
    };
}

metrics! {
    "mean", true, "mean time to success, seconds", |s| s.time_to_success_seconds.mean.value();
    "p50", true, "median time to success, seconds", |s| s.time_to_success_seconds.p50.value();
    "p90", true, "90th percentile of the time to success, seconds", |s| s.time_to_success_seconds.p90.value();
    "p99", true, "99th percentile of the time to success, seconds", |s| s.time_to_success_seconds.p99.value();
    "p999", true, "99.9th percentile of the time to success, seconds", |s| s.time_to_success_seconds.p999.value();
    "endP99", true, "99th percentile of the time to the end, whatever the end, seconds", |s| s.time_to_end_seconds.p99.value();
    "succeededShare", false, "tasks that succeeded / tasks", |s| share(&s.succeeded, s);
    "deadLetterShare", true, "dead letters / tasks", |s| s.dead_letter_share.value();
    "unfinishedShare", true, "tasks without an end at the horizon / tasks", |s| share(&s.unfinished, s);
    "amplification", true, "attempts / tasks", |s| s.amplification.value();
    "retryShare", true, "retries / attempts", |s| s.retry_share.value();
    "attempts", true, "attempts", |s| s.attempts.value();
    "rejectedAttempts", true, "attempts refused at once", |s| s.rejected_attempts.value();
    "timedOutAttempts", true, "attempts that timed out", |s| s.timed_out_attempts.value();
    "wastedServerSeconds", true, "worker time spent for nobody, seconds", |s| s.wasted_server_seconds.value();
    "peakAttemptsPerSecond", true, "largest attempt rate after the first bin, per second", |s| s.peak_attempts_per_second.value();
    "peakAfterFaultPerSecond", true, "largest attempt rate after the last fault, per second", |s| s.peak_after_fault_per_second.value();
    "peakToCapacity", true, "largest attempt rate after the last fault / capacity", |s| s.peak_to_capacity.value();
    "peakToMean", true, "largest bin of attempts / mean bin", |s| s.peak_to_mean.value();
    "completionSeconds", true, "when the last task ended, seconds", |s| s.completion_seconds.value();
    "drainSeconds", true, "from the end of the last fault to the end of the last task, seconds", |s| s.drain_seconds.value();
    "goodputPerFirst", false, "successes / first attempts", |s| s.goodput_per_first.value();
    "recoverSeconds", true, "from the end of the last fault until goodput was back, seconds", |s| s.recover_seconds.value();
    "maxQueue", true, "most requests waiting at once", |s| s.max_queue.value();
    "budgetDenied", true, "retries that the budget refused", |s| s.budget_denied.value();
    "breakerDenied", true, "attempts or retries that the breaker refused", |s| s.breaker_denied.value();
    "throttleDenied", true, "attempts that the clients' throttle refused", |s| s.throttle_denied.value();
    "fairness", false, "Jain's index of the attempts", |s| s.fairness.value();
    "collapsed", true, "share of runs that collapsed", |s| s.collapsed.value();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_guessed() {
        assert_eq!(Metric::find("p99").unwrap().name, "p99");
        let text = Metric::find("peakToCapcity").unwrap_err().to_string();
        assert!(text.contains("did you mean \"peakToCapacity\"?"), "{text}");
    }
}
