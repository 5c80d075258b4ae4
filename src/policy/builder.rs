//! Building a policy: its fields collected, [checked](super::check) once, and compiled.

use alloc::vec::Vec;
use core::num::NonZeroU32;

use super::{
    Action, Backoff, BudgetRule, CapStage, Compat, Delays, ElapsedMeasure, ElapsedRule, Hinting,
    Jitter, Limits, Resample, RetryAfter, RetryPolicy, Rounding, Rule,
};
use crate::{time::Duration, wire::ConfigError};

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
            rule.read_patterns();
            rule.delays = (rule.backoff.is_some() || rule.jitter.is_some()).then(|| {
                let backoff = rule.backoff.as_ref().unwrap_or(&self.backoff);
                let inherited = if backoff.is_random() { Jitter::None } else { jitter };
                let jitter = rule.jitter.unwrap_or(inherited);
                let first = self.first_delay.filter(|_| rule.backoff.is_none());
                Delays::new(backoff, &jitter, first, limits, &compat)
            });
        }
        let mut policy = RetryPolicy {
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
            hinting: Hinting::new(&self.retry_after),
            rules,
            default_action: self.default_action,
            budget: self.budget,
            compat,
            delays,
            plain: 0,
        };
        policy.plain = policy.count_plain();
        policy
    }
}

/// The jitter that a policy has when it says nothing of one.
pub(super) fn default_jitter(backoff: &Backoff) -> Jitter {
    if backoff.is_random() { Jitter::None } else { Jitter::Proportional { factor: 0.1 } }
}
