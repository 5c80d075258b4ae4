//! Building a policy: its fields collected, [checked](super::check) once, and compiled.

use core::num::NonZeroU32;

use super::{
    Action, Backoff, BudgetRule, CapStage, Compiled, ElapsedMeasure, ElapsedRule, Jitter, Resample,
    RetryAfter, RetryPolicy, Rounding, Rule, Spec,
};
use crate::{time::Duration, wire::ConfigError};

/// Collects the fields of a [`RetryPolicy`]; [`build`](PolicyBuilder::build) checks them.
///
/// What is not set is as in [`RetryPolicy::default`].
#[derive(Clone, Debug, Default)]
#[must_use = "call build() to get the policy"]
pub struct PolicyBuilder {
    pub(super) spec: Spec,
    /// Whether the jitter was given; the default depends on the backoff.
    pub(super) jitter_given: bool,
    /// Zero attempts were asked for, which the limits cannot hold.
    pub(super) no_attempts: bool,
}

impl PolicyBuilder {
    pub(super) fn of(spec: Spec) -> PolicyBuilder {
        PolicyBuilder { spec, jitter_given: true, no_attempts: false }
    }

    /// How the delay grows. Default: exponential, 2 s x 2.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.spec.backoff = backoff;
        self
    }

    /// How the delay is spread. Default: proportional by 0.1, the specification's; none for the
    /// decorrelated backoffs, which draw their own.
    pub fn jitter(mut self, jitter: Jitter) -> Self {
        self.spec.jitter = jitter;
        self.jitter_given = true;
        self
    }

    /// A fixed delay before the first retry, never jittered. Default: none.
    pub fn first_delay(mut self, delay: Duration) -> Self {
        self.spec.first_delay = Some(delay);
        self
    }

    /// The minimum delay. Default: 0.
    pub fn min_delay(mut self, delay: Duration) -> Self {
        self.spec.min_delay = delay;
        self
    }

    /// The cap: no delay is longer, jitter included. Default: none, as specified; set one whenever
    /// there are more than a few attempts.
    pub fn max_delay(mut self, delay: impl Into<Option<Duration>>) -> Self {
        self.spec.max_delay = delay.into();
        self
    }

    /// Maximum attempts, the first included. Default: 3.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.spec.limits.max_attempts = NonZeroU32::new(attempts);
        self.no_attempts = attempts == 0;
        self
    }

    /// As many attempts as fit into [`max_elapsed`](PolicyBuilder::max_elapsed), which then has to be set
    /// unless the caller [stops](PolicyBuilder::build_until_stopped) its tasks.
    pub fn unlimited_attempts(mut self) -> Self {
        self.spec.limits.max_attempts = None;
        self.no_attempts = false;
        self
    }

    /// The time after which nothing is retried. Default: none.
    pub fn max_elapsed(mut self, elapsed: impl Into<Option<Duration>>) -> Self {
        self.spec.limits.max_elapsed = elapsed.into();
        self
    }

    /// What happens when a delay would pass that time. Default: the task ends at once.
    pub fn elapsed_rule(mut self, rule: ElapsedRule) -> Self {
        self.spec.limits.elapsed_rule = rule;
        self
    }

    /// How long one attempt may run. Default: for ever.
    pub fn attempt_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.spec.limits.attempt_timeout = timeout.into();
        self
    }

    /// An attempt that ran this long before it failed starts the count of attempts, the delays and the
    /// elapsed time anew: for connections that live for hours and reconnect. Default: never.
    pub fn reset_after(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.spec.limits.reset_after = time.into();
        self
    }

    /// What a server's Retry-After does. Default: a floor under our own delay.
    pub fn retry_after(mut self, rule: RetryAfter) -> Self {
        self.spec.retry_after = rule;
        self
    }

    /// Adds a classification rule after those there are.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.spec.rules.push(rule);
        self
    }

    /// What happens to a failure that no rule matches. Default: retry.
    pub fn default_action(mut self, action: Action) -> Self {
        self.spec.default_action = action;
        self
    }

    /// The shared budget. Default: none.
    pub fn budget(mut self, budget: impl Into<Option<BudgetRule>>) -> Self {
        self.spec.budget = budget.into();
        self
    }

    /// When the cap applies. Default: [`CapStage::Fit`].
    pub fn cap_stage(mut self, stage: CapStage) -> Self {
        self.spec.compat.cap_stage = stage;
        self
    }

    /// Delays as whole multiples of a unit. Default: nanoseconds.
    pub fn rounding(mut self, rounding: Rounding) -> Self {
        self.spec.compat.rounding = Some(rounding);
        self
    }

    /// What `max_elapsed` counts. Default: wall time.
    pub fn elapsed_measure(mut self, measure: ElapsedMeasure) -> Self {
        self.spec.compat.elapsed_measure = measure;
        self
    }

    /// Whether a jittered delay is the base of the next one. Default: no.
    pub fn feedback(mut self, feedback: bool) -> Self {
        self.spec.compat.feedback = feedback;
        self
    }

    /// What becomes of a draw above the cap. Default: the cap stage decides.
    pub fn resample_above(mut self, resample: Resample) -> Self {
        self.spec.compat.resample_above = Some(resample);
        self
    }

    /// Whether the first delay is jittered but not capped. Default: no.
    pub fn uncapped_first(mut self, uncapped: bool) -> Self {
        self.spec.compat.uncapped_first = uncapped;
        self
    }

    /// Whether a linear backoff falls by its increment. Default: no.
    pub fn falling(mut self, falling: bool) -> Self {
        self.spec.compat.falling = falling;
        self
    }

    /// Whether the jitter is drawn once for all retries of a task. Default: for each retry.
    pub fn jitter_once(mut self, once: bool) -> Self {
        self.spec.compat.jitter_once = once;
        self
    }

    /// In how many equal steps the jitter moves through its range. Default: 0, any share of it.
    pub fn jitter_steps(mut self, steps: u32) -> Self {
        self.spec.compat.jitter_steps = steps;
        self
    }

    /// The policy.
    ///
    /// # Errors
    /// Names the field, the value and the limit: `backoff.multiplier = 0.5 is below 1`.
    pub fn build(self) -> Result<RetryPolicy, ConfigError> {
        self.check(false)?;
        Ok(self.assume_valid())
    }

    /// The policy, also one that neither attempts nor `maxElapsed` end: for callers that stop its tasks
    /// themselves, by a signal, a horizon, a cancellation. [`build`](PolicyBuilder::build) refuses it, so
    /// that nothing runs for ever by accident.
    ///
    /// # Errors
    /// As for [`build`](PolicyBuilder::build).
    pub fn build_until_stopped(self) -> Result<RetryPolicy, ConfigError> {
        self.check(true)?;
        Ok(self.assume_valid())
    }

    /// Compiles fields that are known to be valid.
    pub(super) fn assume_valid(self) -> RetryPolicy {
        let mut spec = self.spec;
        if !self.jitter_given {
            spec.jitter = default_jitter(&spec.backoff);
        }
        let compiled = Compiled::new(&spec);
        RetryPolicy { spec, compiled }
    }
}

/// The jitter of a policy that gives none.
fn default_jitter(backoff: &Backoff) -> Jitter {
    if backoff.is_random() { Jitter::None } else { Jitter::Proportional { factor: 0.1 } }
}
