//! The cap and jitter traps that are published against respected libraries, each of which cannot
//! happen here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::num::NonZeroU32;

use redrive::{Backoff, Duration, Jitter, PolicyBuilder, RetryPolicy};

fn exponential(initial: Duration, multiplier: f64) -> PolicyBuilder {
    RetryPolicy::builder().backoff(Backoff::Exponential { initial, multiplier })
}

const JITTERS: [Jitter; 5] = [
    Jitter::Full,
    Jitter::Equal,
    Jitter::Proportional { factor: 0.1 },
    Jitter::Symmetric { factor: 0.5 },
    Jitter::Subtractive { factor: 0.3 },
];

fn delays(policy: &RetryPolicy, retry: u32) -> Vec<f64> {
    let retry = NonZeroU32::new(retry).unwrap();
    (0..5_000).map(|key| policy.delay(1, key, retry).as_secs_f64()).collect()
}

fn deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / values.len() as f64).sqrt()
}

/// backon adds its jitter after the cap: up to twice maxDelay.
#[test]
fn no_delay_is_above_the_cap() {
    for jitter in JITTERS {
        let policy = exponential(Duration::from_secs(1), 2.0)
            .jitter(jitter)
            .max_delay(Duration::from_secs(60))
            .max_attempts(100)
            .build()
            .unwrap();
        for retry in [1, 6, 7, 20, 99] {
            let worst = delays(&policy, retry).into_iter().fold(0.0, f64::max);
            assert!(worst <= 60.0, "{jitter:?}, retry {retry}: {worst}");
        }
    }
}

/// tenacity, stamina, p-retry, resilience4j, tower: every delay is the cap exactly, so all clients
/// retry in step in a long outage.
#[test]
fn jitter_lives_at_the_cap() {
    for jitter in JITTERS {
        let policy = exponential(Duration::from_secs(1), 2.0)
            .jitter(jitter)
            .max_delay(Duration::from_secs(60))
            .max_attempts(100)
            .build()
            .unwrap();
        let late = delays(&policy, 20);
        assert!(deviation(&late) > 1.0, "{jitter:?}: sd {}", deviation(&late));
    }
    let decorrelated = RetryPolicy::builder()
        .backoff(Backoff::Decorrelated { initial: Duration::from_secs(1), multiplier: 3.0 })
        .max_delay(Duration::from_secs(60))
        .max_attempts(100)
        .build()
        .unwrap();
    let late = delays(&decorrelated, 20);
    assert!(deviation(&late) > 1.0);
    assert!(late.iter().filter(|delay| **delay >= 60.0).count() < 5);
}

/// tower scales whole seconds and nanoseconds apart and truncates: 1 s with jitter 0.7 is 1 s.
#[test]
fn whole_seconds_are_not_truncated() {
    let policy = exponential(Duration::from_secs(1), 2.0)
        .jitter(Jitter::Proportional { factor: 0.7 })
        .build()
        .unwrap();
    let first = delays(&policy, 1);
    assert!((deviation(&first) - 0.7 / 12_f64.sqrt()).abs() < 0.01);
    let whole = first.iter().filter(|delay| delay.fract() == 0.0).count();
    assert!(whole < 3, "{whole} of 5,000 delays are whole seconds");
}

/// tower's maker clones its generator: every session gets the same "random" waits.
#[test]
fn clones_of_a_policy_are_not_correlated() {
    let policy = RetryPolicy::recommended();
    let sessions: Vec<RetryPolicy> = (0..1_000).map(|_| policy.clone()).collect();
    let retry = NonZeroU32::MIN;
    let mut waits: Vec<Duration> =
        sessions.iter().zip(0..).map(|(session, key)| session.delay(9, key, retry)).collect();
    waits.sort_unstable();
    waits.dedup();
    assert_eq!(waits.len(), 1_000);
}

/// backon takes a NaN factor for ever and a factor of 0.5 as one that shrinks.
#[test]
fn multipliers_that_do_not_grow_are_refused_by_name() {
    for (multiplier, text) in [
        (f64::NAN, "backoff.multiplier = NaN is not a finite number (allowed: 1 to 1000)"),
        (f64::INFINITY, "backoff.multiplier = inf is not a finite number (allowed: 1 to 1000)"),
        (0.5, "backoff.multiplier = 0.5 is below 1 (allowed: 1 to 1000)"),
        (-1.0, "backoff.multiplier = -1 is below 1 (allowed: 1 to 1000)"),
        (1001.0, "backoff.multiplier = 1001 is above 1000 (allowed: 1 to 1000)"),
    ] {
        let error = exponential(Duration::from_secs(1), multiplier).build().unwrap_err();
        assert_eq!(error.to_string(), text);
    }
}
