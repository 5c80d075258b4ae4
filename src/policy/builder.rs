//! Building a policy: every check there is, once.

use alloc::{format, string::String, vec::Vec};
use core::num::NonZeroU32;

use super::{
    Action, Backoff, BudgetRule, CapStage, Class, Compat, Delays, ElapsedMeasure, ElapsedRule,
    Jitter, Limits, Refund, Resample, RetryAfter, RetryPolicy, Rounding, Rule,
};
use crate::{
    bounds::{self, Bound},
    time::{Duration, format_duration, nanos},
    wire::{ConfigError, check},
};

/// Collects the fields of a [`RetryPolicy`]; [`build`](PolicyBuilder::build) checks them.
///
/// What is not set is as in [`RetryPolicy::default`].
#[derive(Clone, Debug)]
#[must_use = "call build() to get the policy"]
pub struct PolicyBuilder {
    pub(super) backoff: Backoff,
    pub(super) jitter: Option<Jitter>,
    pub(super) first_delay: Option<Duration>,
    pub(super) min_delay: Duration,
    pub(super) max_delay: Option<Duration>,
    pub(super) max_attempts: Option<u32>,
    pub(super) max_elapsed: Option<Duration>,
    pub(super) elapsed_rule: ElapsedRule,
    pub(super) attempt_timeout: Option<Duration>,
    pub(super) retry_after: RetryAfter,
    pub(super) rules: Vec<Rule>,
    pub(super) default_action: Action,
    pub(super) budget: Option<BudgetRule>,
    pub(super) compat: Compat,
}

impl Default for PolicyBuilder {
    /// The specification's strategy, `RetryStrategy(max_attempts=3, backoff_multiplier=2.0)`.
    fn default() -> PolicyBuilder {
        PolicyBuilder {
            backoff: Backoff::Exponential { initial: Duration::from_secs(2), multiplier: 2.0 },
            jitter: None,
            first_delay: None,
            min_delay: Duration::ZERO,
            max_delay: None,
            max_attempts: Some(3),
            max_elapsed: None,
            elapsed_rule: ElapsedRule::default(),
            attempt_timeout: None,
            retry_after: RetryAfter::default(),
            rules: Vec::new(),
            default_action: Action::Retry,
            budget: None,
            compat: Compat::default(),
        }
    }
}

/// The most rules that a policy may have: an index of a rule fits in 16 bits.
const MAX_RULES: usize = 1_000;

impl PolicyBuilder {
    pub(super) fn from_policy(policy: &RetryPolicy) -> PolicyBuilder {
        PolicyBuilder {
            backoff: policy.backoff.clone(),
            jitter: Some(policy.jitter),
            first_delay: policy.first_delay,
            min_delay: policy.min_delay,
            max_delay: policy.max_delay,
            max_attempts: policy.limits.max_attempts.map(NonZeroU32::get),
            max_elapsed: policy.limits.max_elapsed,
            elapsed_rule: policy.limits.elapsed_rule,
            attempt_timeout: policy.limits.attempt_timeout,
            retry_after: policy.retry_after,
            rules: policy.rules.clone(),
            default_action: policy.default_action,
            budget: policy.budget.clone(),
            compat: policy.compat,
        }
    }

    /// How the delay grows. Default: exponential, 2 s x 2.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// How the delay is spread. Default: proportional by 0.1, the specification's; none for the
    /// decorrelated backoffs, which draw their own.
    pub fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = Some(jitter);
        self
    }

    /// A fixed delay before the first retry, never jittered. Default: none.
    pub fn first_delay(mut self, delay: Duration) -> Self {
        self.first_delay = Some(delay);
        self
    }

    /// The least delay. Default: 0.
    pub fn min_delay(mut self, delay: Duration) -> Self {
        self.min_delay = delay;
        self
    }

    /// The cap: no delay is longer, jitter included. Default: none, as specified; set one whenever
    /// there are more than a few attempts.
    pub fn max_delay(mut self, delay: impl Into<Option<Duration>>) -> Self {
        self.max_delay = delay.into();
        self
    }

    /// Executions at most, the first included. Default: 3.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts);
        self
    }

    /// As many executions as fit into [`max_elapsed`](PolicyBuilder::max_elapsed), which then has to be
    /// set.
    pub fn unlimited_attempts(mut self) -> Self {
        self.max_attempts = None;
        self
    }

    /// The time after which nothing is retried. Default: none.
    pub fn max_elapsed(mut self, elapsed: impl Into<Option<Duration>>) -> Self {
        self.max_elapsed = elapsed.into();
        self
    }

    /// What happens when a delay would pass that time. Default: the task ends at once.
    pub fn elapsed_rule(mut self, rule: ElapsedRule) -> Self {
        self.elapsed_rule = rule;
        self
    }

    /// How long one attempt may run. Default: for ever.
    pub fn attempt_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.attempt_timeout = timeout.into();
        self
    }

    /// What a server's Retry-After does. Default: a floor under our own delay.
    pub fn retry_after(mut self, rule: RetryAfter) -> Self {
        self.retry_after = rule;
        self
    }

    /// Adds a classification rule after those there are.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// What happens to a failure that no rule matches. Default: retry.
    pub fn default_action(mut self, action: Action) -> Self {
        self.default_action = action;
        self
    }

    /// The shared budget. Default: none.
    pub fn budget(mut self, budget: impl Into<Option<BudgetRule>>) -> Self {
        self.budget = budget.into();
        self
    }

    /// When the cap applies. Default: [`CapStage::Fit`].
    pub fn cap_stage(mut self, stage: CapStage) -> Self {
        self.compat.cap_stage = stage;
        self
    }

    /// Delays as whole multiples of a unit. Default: nanoseconds.
    pub fn rounding(mut self, rounding: Rounding) -> Self {
        self.compat.rounding = Some(rounding);
        self
    }

    /// What `max_elapsed` counts. Default: wall time.
    pub fn elapsed_measure(mut self, measure: ElapsedMeasure) -> Self {
        self.compat.elapsed_measure = measure;
        self
    }

    /// Whether a jittered delay is the base of the next one. Default: no.
    pub fn feedback(mut self, feedback: bool) -> Self {
        self.compat.feedback = feedback;
        self
    }

    /// What becomes of a draw above the cap. Default: the cap stage decides.
    pub fn resample_above(mut self, resample: Resample) -> Self {
        self.compat.resample_above = Some(resample);
        self
    }

    /// The policy.
    ///
    /// # Errors
    /// Names the field, the value and the limit: `backoff.multiplier = 0.5 is below 1`.
    pub fn build(self) -> Result<RetryPolicy, ConfigError> {
        self.check()?;
        Ok(self.assume_valid())
    }

    /// Compiles fields that are known to be valid.
    pub(super) fn assume_valid(self) -> RetryPolicy {
        let jitter = self.jitter.unwrap_or_else(|| default_jitter(&self.backoff));
        let limits = (self.min_delay, self.max_delay);
        let compat = self.compat;
        let delays = Delays::new(&self.backoff, &jitter, self.first_delay, limits, &compat);
        let mut rules = self.rules;
        for rule in &mut rules {
            rule.delays = (rule.backoff.is_some() || rule.jitter.is_some()).then(|| {
                let backoff = rule.backoff.as_ref().unwrap_or(&self.backoff);
                let inherited = if backoff.is_random() { Jitter::None } else { jitter };
                let jitter = rule.jitter.unwrap_or(inherited);
                let first = self.first_delay.filter(|_| rule.backoff.is_none());
                Delays::new(backoff, &jitter, first, limits, &compat)
            });
        }
        RetryPolicy {
            backoff: self.backoff,
            jitter,
            first_delay: self.first_delay,
            min_delay: self.min_delay,
            max_delay: self.max_delay,
            limits: Limits {
                max_attempts: self.max_attempts.and_then(NonZeroU32::new),
                max_elapsed: self.max_elapsed,
                elapsed_rule: self.elapsed_rule,
                attempt_timeout: self.attempt_timeout,
            },
            retry_after: self.retry_after,
            rules,
            default_action: self.default_action,
            budget: self.budget,
            compat,
            delays,
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        check_backoff("backoff", &self.backoff)?;
        if let Some(jitter) = &self.jitter {
            check_jitter("jitter", jitter)?;
            check_pair("jitter", &self.backoff, jitter)?;
        }
        self.check_delays()?;
        self.check_limits()?;
        check_jitter("retryAfter.jitter", &self.retry_after.jitter)?;
        self.check_rules()?;
        if let Some(budget) = &self.budget {
            check_budget(budget)?;
        }
        self.check_compat()
    }

    fn check_delays(&self) -> Result<(), ConfigError> {
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

    fn check_limits(&self) -> Result<(), ConfigError> {
        match self.max_attempts {
            Some(attempts) => {
                check("maxAttempts", bounds::MAX_ATTEMPTS, attempts.into())?;
            }
            None if self.max_elapsed.is_none() => {
                let message = "= null is unlimited, and there is no maxElapsed to end it; set one";
                return Err(ConfigError::new("maxAttempts", message));
            }
            None => {}
        }
        if self.attempt_timeout == Some(Duration::ZERO) {
            check("attemptTimeout", bounds::ATTEMPT_TIMEOUT, 0.0)?;
        }
        Ok(())
    }

    fn check_rules(&self) -> Result<(), ConfigError> {
        if self.rules.len() > MAX_RULES {
            let message = format!("has {} rules; {MAX_RULES} are allowed", self.rules.len());
            return Err(ConfigError::new("classify", message));
        }
        for (index, rule) in self.rules.iter().enumerate() {
            let path = format!("classify[{index}]");
            if rule.matches.is_empty() || rule.matches.iter().any(String::is_empty) {
                let message = "is empty; name a failure kind or code, or \"*\" for all";
                return Err(ConfigError::new(format!("{path}.match"), message));
            }
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
        if let Some(rounding) = &self.compat.rounding {
            check("compat.rounding.unit", bounds::ROUNDING_UNIT, rounding.unit as f64)?;
        }
        if let Some(Resample { low, high }) = self.compat.resample_above {
            check("compat.resampleAbove.low", bounds::RESAMPLE_LOW, low)?;
            check("compat.resampleAbove.high", bounds::RESAMPLE_HIGH, high)?;
            if low > high {
                let message = format!("= {low} is above high = {high}");
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

/// The jitter that a policy has when it says nothing of one.
pub(super) fn default_jitter(backoff: &Backoff) -> Jitter {
    if backoff.is_random() { Jitter::None } else { Jitter::Proportional { factor: 0.1 } }
}

fn check_duration(path: &str, bound: &Bound, value: Duration) -> Result<(), ConfigError> {
    let path = format!("{path}.{}", bound.name);
    if value.as_nanos() > u128::from(u64::MAX) {
        let message = "is longer than 584 years, the longest duration there is";
        return Err(ConfigError::new(path, message));
    }
    check(&path, bound, nanos(value) as f64).map(|_| ())
}

fn check_factor(path: &str, bound: &Bound, value: f64) -> Result<(), ConfigError> {
    check(&format!("{path}.{}", bound.name), bound, value).map(|_| ())
}

fn check_backoff(path: &str, backoff: &Backoff) -> Result<(), ConfigError> {
    match backoff {
        Backoff::Constant { delay } => check_duration(path, bounds::DELAY, *delay),
        Backoff::Linear { initial, increment } => {
            check_duration(path, bounds::INITIAL, *initial)?;
            check_duration(path, bounds::INCREMENT, *increment)
        }
        Backoff::Exponential { initial, multiplier } => {
            check_duration(path, bounds::INITIAL, *initial)?;
            check_factor(path, bounds::MULTIPLIER, *multiplier)
        }
        Backoff::Polynomial { initial, power, offset } => {
            check_duration(path, bounds::INITIAL, *initial)?;
            check_factor(path, bounds::POWER, *power)?;
            check_duration(path, bounds::OFFSET, *offset)
        }
        Backoff::Fibonacci { initial } | Backoff::DecorrelatedV2 { initial } => {
            check_duration(path, bounds::INITIAL, *initial)
        }
        Backoff::Table { delays } if delays.is_empty() => {
            let message = "is empty; write at least one delay";
            Err(ConfigError::new(format!("{path}.delays"), message))
        }
        Backoff::Table { delays } => {
            delays.iter().try_for_each(|delay| check_duration(path, bounds::DELAY, *delay))
        }
        Backoff::Decorrelated { initial, multiplier } => {
            check_duration(path, bounds::INITIAL, *initial)?;
            check_factor(path, bounds::DECORRELATED_MULTIPLIER, *multiplier)
        }
    }
}

fn check_jitter(path: &str, jitter: &Jitter) -> Result<(), ConfigError> {
    match *jitter {
        Jitter::None | Jitter::Full | Jitter::Equal => Ok(()),
        Jitter::Proportional { factor } => check_factor(path, bounds::JITTER_FACTOR, factor),
        Jitter::Symmetric { factor } => check_factor(path, bounds::SYMMETRIC_FACTOR, factor),
        Jitter::Subtractive { factor } => check_factor(path, bounds::SUBTRACTIVE_FACTOR, factor),
        Jitter::Uniform { low, high } => {
            for (name, end) in [("low", low), ("high", high)] {
                check_factor(&format!("{path}.{name}"), bounds::END_FACTOR, end.factor)?;
            }
            // Ends may cross: U[0.5 s, d] is a jitter with a floor. A low end that is nowhere below
            // the high one is a mistake.
            let above = low.factor >= high.factor
                && low.add >= high.add
                && low.add_per_retry >= high.add_per_retry;
            if above && low != high {
                let message = "lies above the high end; swap them";
                return Err(ConfigError::new(format!("{path}.low"), message));
            }
            Ok(())
        }
    }
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

fn check_budget(budget: &BudgetRule) -> Result<(), ConfigError> {
    let path = "budget";
    match budget {
        BudgetRule::TokenBucket(bucket) => {
            check_factor(path, bounds::CAPACITY, bucket.capacity.into())?;
            check_factor(path, bounds::COST, bucket.cost.into())?;
            for (class, cost) in &bucket.cost_by_class {
                check(&format!("{path}.costByClass.{class}"), bounds::COST, f64::from(*cost))?;
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
        BudgetRule::Ratio { percent, min_per_second, window } => {
            check_factor(path, bounds::RETRY_PERCENT, *percent)?;
            check_factor(path, bounds::MIN_PER_SECOND, *min_per_second)?;
            check_duration(path, bounds::WINDOW, *window)
        }
        BudgetRule::Concurrency { percent, min } => {
            check_factor(path, bounds::RETRY_PERCENT, *percent)?;
            check_factor(path, bounds::MIN_RETRIES, f64::from(*min))
        }
    }
}

const _: () = assert!(MAX_RULES < Class::NO_RULE as usize);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::End;

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
