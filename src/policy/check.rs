//! Every check of a policy there is, in one place and run once: when it is built.
//!
//! After this nothing that is asked of the policy can fail. Each error names field, value and limit.

use alloc::{collections::BTreeSet, format, string::String, vec::Vec};

use super::{
    Argument, Backoff, BudgetRule, Class, Jitter, OnEmpty, Parameter, PolicyBuilder, Refund,
    Resample, Spec, parameter::check_duration,
};
use crate::{
    bounds::{self, Bound},
    time::{Duration, format_duration},
    wire::{ConfigError, Number, check},
};

impl PolicyBuilder {
    /// Refuses what no policy can be; one that nothing ends only where the caller `stops` its tasks.
    pub(super) fn check(&self, stops: bool) -> Result<(), ConfigError> {
        let spec = &self.spec;
        check_backoff("backoff", &spec.backoff)?;
        if self.jitter_given {
            check_jitter("jitter", &spec.jitter)?;
            check_pair("jitter", &spec.backoff, &spec.jitter)?;
        }
        if self.no_attempts {
            check("maxAttempts", bounds::MAX_ATTEMPTS, 0.0)?;
        }
        if spec.limits.is_unbounded() && !stops {
            let message = "= null is unlimited, and there is no maxElapsed to end it; set one, or run it \
                           where something stops it: a signal, a horizon";
            return Err(ConfigError::new("maxAttempts", message));
        }
        spec.check()
    }
}

impl Spec {
    fn check(&self) -> Result<(), ConfigError> {
        self.check_delays()?;
        check_jitter("retryAfter.jitter", &self.retry_after.jitter)?;
        self.check_rules()?;
        if let Some(budget) = &self.budget {
            check_budget("budget", budget)?;
        }
        self.check_compat()
    }

    fn check_delays(&self) -> Result<(), ConfigError> {
        for (path, bound, delay) in [
            ("minDelay", bounds::MIN_DELAY, Some(self.min_delay)),
            ("maxDelay", bounds::MAX_DELAY, self.max_delay),
            ("backoff.firstDelay", bounds::FIRST_DELAY, self.first_delay),
            ("maxElapsed", bounds::MAX_ELAPSED, self.limits.max_elapsed),
            ("attemptTimeout", bounds::ATTEMPT_TIMEOUT, self.limits.attempt_timeout),
            ("resetAfter", bounds::RESET_AFTER, self.limits.reset_after),
            ("retryAfter.max", bounds::RETRY_AFTER_MAX, Some(self.retry_after.max)),
        ] {
            delay.map_or(Ok(()), |delay| check_duration(path, bound, delay))?;
        }
        let (min, max) = (self.min_delay, self.max_delay.unwrap_or(Duration::MAX));
        if min > max {
            let (min, max) = (format_duration(min), format_duration(max));
            return Err(ConfigError::new("minDelay", format!("= {min} is above maxDelay = {max}")));
        }
        match self.first_delay {
            Some(first) if first < min || first > max => {
                let first = format_duration(first);
                let message = format!("= {first} does not lie between minDelay and maxDelay");
                Err(ConfigError::new("backoff.firstDelay", message))
            }
            _ => Ok(()),
        }
    }

    fn check_rules(&self) -> Result<(), ConfigError> {
        check_list("classify", "classify", self.rules.len())?;
        for (index, rule) in self.rules.iter().enumerate() {
            let path = format!("classify[{index}]");
            if rule.matches.is_empty() || rule.matches.iter().any(String::is_empty) {
                let message = "is empty; name a failure kind or code, or \"*\" for all";
                return Err(ConfigError::new(format!("{path}.match"), message));
            }
            check_list(&format!("{path}.match"), "match", rule.matches.len())?;
            let backoff = rule.backoff.as_ref().unwrap_or(&self.backoff);
            if let Some(backoff) = &rule.backoff {
                check_backoff(&format!("{path}.backoff"), backoff)?;
            }
            if let Some(jitter) = &rule.jitter {
                check_jitter(&format!("{path}.jitter"), jitter)?;
                check_pair(&format!("{path}.jitter"), backoff, jitter)?;
            }
        }
        Ok(())
    }

    fn check_compat(&self) -> Result<(), ConfigError> {
        check("compat.jitterSteps", bounds::JITTER_STEPS, f64::from(self.compat.jitter_steps))?;
        if self.compat.falling && !matches!(self.backoff, Backoff::Linear { .. }) {
            let message = "is for a linear backoff; remove it, or make the backoff linear";
            return Err(ConfigError::new("compat.falling", message));
        }
        if let Some(rounding) = &self.compat.rounding {
            check("compat.rounding.unit", bounds::ROUNDING_UNIT, rounding.unit as f64)?;
        }
        if let Some(Resample { low, high }) = self.compat.resample_above {
            check("compat.resampleAbove.low", bounds::RESAMPLE_LOW, low)?;
            check("compat.resampleAbove.high", bounds::RESAMPLE_HIGH, high)?;
            if low > high {
                let message = format!("= {} is above high = {}", Number(low), Number(high));
                return Err(ConfigError::new("compat.resampleAbove.low", message));
            }
            if self.max_delay.is_none() {
                let message = "needs a cap to resample above; set maxDelay";
                return Err(ConfigError::new("compat.resampleAbove", message));
            }
        }
        Ok(())
    }
}

fn check_factor(path: &str, bound: &Bound, value: f64) -> Result<(), ConfigError> {
    check(&format!("{path}.{}", bound.name), bound, value).map(|_| ())
}

fn check_arguments(
    path: &str,
    arguments: Vec<(&Parameter, Argument<'_>)>,
) -> Result<(), ConfigError> {
    arguments.into_iter().try_for_each(|(parameter, argument)| argument.check(path, parameter))
}

fn check_backoff(path: &str, backoff: &Backoff) -> Result<(), ConfigError> {
    if let Backoff::Table { delays } = backoff {
        check_list(&format!("{path}.delays"), "delays", delays.len())?;
    }
    check_arguments(path, backoff.arguments())
}

fn check_jitter(path: &str, jitter: &Jitter) -> Result<(), ConfigError> {
    check_arguments(path, jitter.arguments())?;
    // Ends may cross: U[0.5 s, d] is a jitter with a floor. A low end that is nowhere below the high
    // one is a mistake.
    let (low, high) = jitter.ends();
    let above =
        low.factor >= high.factor && low.add >= high.add && low.add_per_retry >= high.add_per_retry;
    if above && low != high {
        let message = "lies above the high end; swap them";
        return Err(ConfigError::new(format!("{path}.low"), message));
    }
    Ok(())
}

fn check_pair(path: &str, backoff: &Backoff, jitter: &Jitter) -> Result<(), ConfigError> {
    if !backoff.is_random() || *jitter == Jitter::None {
        return Ok(());
    }
    let (jitter, backoff) = (jitter.kind(), backoff.kind());
    let message =
        format!("= \"{jitter}\" makes no sense with {backoff}, which draws its own; remove it");
    Err(ConfigError::new(path, message))
}

/// Refuses a budget that is not within the limits.
pub(super) fn check_budget(path: &str, budget: &BudgetRule) -> Result<(), ConfigError> {
    match budget {
        BudgetRule::TokenBucket(bucket) => {
            check_factor(path, bounds::CAPACITY, bucket.capacity.into())?;
            check_factor(path, bounds::COST, bucket.cost.into())?;
            let costs = bucket.cost_by_class.len();
            check_list(&format!("{path}.costByClass"), "costByClass", costs)?;
            let mut classes = BTreeSet::new();
            for (class, cost) in &bucket.cost_by_class {
                let path = format!("{path}.costByClass.{class}");
                check(&path, bounds::COST, f64::from(*cost))?;
                if !classes.insert(class.as_str()) {
                    return Err(ConfigError::new(path, "is given twice; keep one"));
                }
            }
            check_factor(path, bounds::REFUND, bucket.refund_on_success)?;
            if let Refund::Tokens(tokens) = bucket.refund_on_retry_success {
                check(&format!("{path}.refundOnRetrySuccess"), bounds::REFUND, tokens)?;
            }
            match bucket.threshold {
                Some(threshold) => check_factor(path, bounds::THRESHOLD, threshold),
                None => Ok(()),
            }
        }
        BudgetRule::Rate { per_second, burst, .. } => {
            check_factor(path, bounds::PACE, *per_second)?;
            check_factor(path, bounds::BURST, f64::from(*burst))
        }
        BudgetRule::Ratio { percent, min_per_second, window, on_empty } => {
            check_factor(path, bounds::RETRY_PERCENT, *percent)?;
            check_factor(path, bounds::MIN_PER_SECOND, *min_per_second)?;
            if *on_empty == OnEmpty::Wait && *min_per_second <= 0.0 {
                let message = "= 0, at which a retry that waits never gets its turn; raise it, or set onEmpty to \"fail\"";
                return Err(ConfigError::new(format!("{path}.minPerSecond"), message));
            }
            check_duration(&format!("{path}.window"), bounds::WINDOW, *window)
        }
        BudgetRule::Concurrency { percent, min } => {
            check_factor(path, bounds::RETRY_PERCENT, *percent)?;
            check_factor(path, bounds::MIN_RETRIES, f64::from(*min))
        }
    }
}

/// Refuses a list that is longer than its row allows.
fn check_list(path: &str, name: &str, entries: usize) -> Result<(), ConfigError> {
    let most = bounds::longest(name);
    if entries <= most {
        return Ok(());
    }
    Err(ConfigError::new(path, format!("has {entries} entries, more than {most}: write fewer")))
}

// A class names its rule by a smaller number than this.
const _: () = assert!(bounds::LISTS[0].1 < Class::NO_RULE as usize);

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;

    use super::*;
    use crate::policy::{End, RetryPolicy, TokenBucket};

    #[test]
    fn what_could_not_be_read_back_is_refused() {
        let path = |policy: PolicyBuilder| policy.build().unwrap_err().path().to_owned();
        let (policy, long) = (RetryPolicy::builder, Duration::MAX);
        let high = End { add: long, ..End::times(1.0) };
        let bucket = TokenBucket {
            cost_by_class: [("a".into(), 1), ("a".into(), 2)].into(),
            ..TokenBucket::default()
        };
        for (refused, field) in [
            (policy().min_delay(long), "minDelay"),
            (policy().max_delay(long), "maxDelay"),
            (policy().first_delay(long), "backoff.firstDelay"),
            (policy().max_elapsed(long), "maxElapsed"),
            (policy().attempt_timeout(long), "attemptTimeout"),
            (policy().jitter(Jitter::Uniform { low: End::times(1.0), high }), "jitter.high.add"),
            (policy().budget(BudgetRule::TokenBucket(bucket)), "budget.costByClass.a"),
        ] {
            assert_eq!(path(refused), field);
        }
    }

    #[test]
    fn the_ends_of_a_jitter_may_cross_but_not_be_swapped() {
        let with = |low: End, high: End| {
            let jitter = Jitter::Uniform { low, high };
            RetryPolicy::builder().jitter(jitter).build().map(|_| ())
        };
        // Full jitter above a floor: retry-policies' Jitter::Bounded is U[min / 2, d].
        let floor = End { add: Duration::from_millis(500), ..End::times(0.0) };
        assert_eq!(with(floor, End::times(1.0)), Ok(()));
        assert_eq!(with(End::times(1.0), End::times(1.0)), Ok(()));
        let error = with(End::times(1.0), End::times(0.5)).unwrap_err();
        assert_eq!(error.path(), "jitter.low");
    }
}
