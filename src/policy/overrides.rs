//! What one task does differently from its policy, without a policy of its own.
//!
//! A policy is compiled once and shared with its budget; a task that only wants other attempts or another
//! multiplier takes these two numbers along. They are checked once, and the verdicts are those of the
//! policy that [`Overrides::apply`] makes.

use core::num::NonZeroU32;

use super::{Backoff, Class, Delays, RetryPolicy};
use crate::{
    bounds,
    time::Duration,
    wire::{ConfigError, check},
};

/// Attempts and multiplier of one task, where they differ from its policy.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Overrides {
    max_attempts: Option<NonZeroU32>,
    multiplier: Option<f64>,
}

impl Overrides {
    /// Overrides for tasks under `policy`. A multiplier is for exponential policies; where the policy's
    /// delays are `multiplier^n` seconds, as the [classic](RetryPolicy::classic) ones are, they stay of
    /// that form.
    ///
    /// # Errors
    /// When a value lies outside its limits, or the policy is not exponential and has no multiplier.
    pub fn new(
        policy: &RetryPolicy,
        max_attempts: Option<u32>,
        multiplier: Option<f64>,
    ) -> Result<Overrides, ConfigError> {
        if let Some(attempts) = max_attempts {
            check("maxAttempts", bounds::MAX_ATTEMPTS, attempts.into())?;
        }
        if let Some(multiplier) = multiplier {
            check("multiplier", bounds::MULTIPLIER, multiplier)?;
            if !matches!(policy.backoff(), Backoff::Exponential { .. }) {
                let message = "is for exponential policies; give the task a whole policy instead";
                return Err(ConfigError::new("multiplier", message));
            }
        }
        Ok(Overrides { max_attempts: max_attempts.and_then(NonZeroU32::new), multiplier })
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == Overrides::default()
    }

    /// Maximum attempts, if they differ.
    pub fn max_attempts(&self) -> Option<NonZeroU32> {
        self.max_attempts
    }

    /// The multiplier, if it differs.
    pub fn multiplier(&self) -> Option<f64> {
        self.multiplier
    }

    /// The whole policy of such a task, for its dead letter.
    pub fn apply(&self, policy: &RetryPolicy) -> RetryPolicy {
        let mut builder = policy.to_builder();
        builder.spec.limits.max_attempts = self.max_attempts.or(policy.max_attempts());
        if let Some(backoff) = self.backoff(policy) {
            builder = builder.backoff(backoff);
        }
        builder.assume_valid()
    }

    fn backoff(&self, policy: &RetryPolicy) -> Option<Backoff> {
        let multiplier = self.multiplier?;
        match *policy.backoff() {
            Backoff::Exponential { initial, multiplier: old } => {
                let is_classic = initial == first_delay(old);
                let initial = if is_classic { first_delay(multiplier) } else { initial };
                Some(Backoff::Exponential { initial, multiplier })
            }
            // Refused when the overrides were made.
            _ => None,
        }
    }

    /// The delays of failures of `class`, if they differ: those of the policy with another curve.
    pub(crate) fn delays(&self, policy: &RetryPolicy, class: Class) -> Option<Delays> {
        let rule = policy.rules().get(class.rule as usize);
        if rule.is_some_and(|rule| rule.backoff.is_some()) {
            return None;
        }
        Some(policy.terms(class).delays.with_backoff(&self.backoff(policy)?))
    }
}

/// The first delay of the policy whose delays are `multiplier^n` seconds.
pub(super) fn first_delay(multiplier: f64) -> Duration {
    Duration::from_nanos((multiplier * 1e9 + 0.5) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Task, Time, Verdict, policy::Jitter, random::Stream};

    #[test]
    fn a_task_with_overrides_is_told_what_its_whole_policy_would_tell_it() {
        let exponential = Backoff::Exponential { initial: Duration::from_secs(1), multiplier: 3.0 };
        let mut policies = alloc::vec::Vec::from([
            RetryPolicy::default(),
            RetryPolicy::recommended(),
            RetryPolicy::patient(),
        ]);
        let builder = RetryPolicy::builder().backoff(exponential).jitter(Jitter::Full);
        policies.push(builder.max_delay(Duration::from_secs(40)).build().unwrap());
        for policy in &policies {
            for (attempts, multiplier) in [(Some(7), None), (None, Some(1.5)), (Some(9), Some(2.5))]
            {
                let overrides = Overrides::new(policy, attempts, multiplier).unwrap();
                let whole = overrides.apply(policy);
                for class in ["timeout", "throttle", "auth"] {
                    let run = |context: Context<'_>, overrides: Option<&Overrides>| {
                        let (mut task, mut now) = (Task::new(), Time::ZERO);
                        let class = context.policy.classify(class, None);
                        let mut verdicts = alloc::vec::Vec::new();
                        while task.start(now).is_ok() {
                            let verdict = match overrides {
                                Some(o) => task.fail_with(now, &context, o, class, None, None),
                                None => task.fail(now, &context, class, None, None),
                            };
                            verdicts.push(verdict.unwrap());
                            if let Some(Verdict::Retry { at, .. }) = verdicts.last() {
                                now = *at;
                            }
                        }
                        verdicts
                    };
                    let stream = Stream::new(5);
                    let context = |policy| Context { policy, stream, key: 3 };
                    assert_eq!(run(context(policy), Some(&overrides)), run(context(&whole), None));
                }
            }
        }
    }

    #[test]
    fn what_no_policy_can_have_no_task_can() {
        let policy = RetryPolicy::default();
        assert!(Overrides::new(&policy, Some(0), None).is_err());
        assert!(Overrides::new(&policy, None, Some(0.5)).is_err());
        let constant = Backoff::Constant { delay: Duration::from_secs(1) };
        let constant = RetryPolicy::builder().backoff(constant).build().unwrap();
        assert!(Overrides::new(&constant, None, Some(2.0)).is_err());
        assert!(Overrides::new(&constant, Some(2), None).is_ok());
    }
}
