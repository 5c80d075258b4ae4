use core::time::Duration;

use redrive::{Action, Backoff, BudgetRule, Jitter, RetryPolicy, Rule, wire::ConfigError};

pub fn policy() -> Result<RetryPolicy, ConfigError> {
    RetryPolicy::builder()
        .backoff(Backoff::Polynomial { initial: Duration::from_millis(1500), power: 2.5, offset: Duration::from_nanos(7) })
        .jitter(Jitter::Symmetric { factor: 0.25 })
        .first_delay(Duration::from_millis(25))
        .min_delay(Duration::from_millis(10))
        .max_delay(Duration::from_secs(90))
        .max_elapsed(Duration::from_secs(600))
        .attempt_timeout(Duration::from_secs(5))
        .unlimited_attempts()
        .budget(BudgetRule::Ratio { percent: 20.0, min_per_second: 10.0, window: Duration::from_secs(10) })
        .rule(Rule::new("throttle", Action::Retry).backoff(Backoff::Exponential { initial: Duration::from_secs(1), multiplier: 2.0 }))
        .build()
}
