//! Delays follow the law that their band states: Kolmogorov-Smirnov against the exact quantiles.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::num::NonZeroU32;

use redrive::{Backoff, Duration, Jitter, RetryPolicy};

const N: u64 = 20_000;

/// The largest distance between the draws' distribution and U[low, high], times sqrt(N).
fn distance(policy: &RetryPolicy, retry: u32, low: f64, high: f64) -> f64 {
    let retry = NonZeroU32::new(retry).unwrap();
    let mut delays: Vec<f64> =
        (0..N).map(|key| policy.delay(5, key, retry).as_secs_f64()).collect();
    delays.sort_unstable_by(f64::total_cmp);
    let n = N as f64;
    let worst = delays.iter().enumerate().fold(0.0_f64, |worst, (i, delay)| {
        let law = (delay - low) / (high - low);
        worst.max((law - i as f64 / n).abs()).max((law - (i + 1) as f64 / n).abs())
    });
    worst * n.sqrt()
}

#[test]
fn every_jitter_is_uniform_over_its_range_below_and_at_the_cap() {
    // Exponential 1 s x 2, cap 60 s: retry 3 is 4 s, retry 20 is at the cap.
    for (jitter, early, late) in [
        (Jitter::Full, (0.0, 4.0), (0.0, 60.0)),
        (Jitter::Equal, (2.0, 4.0), (30.0, 60.0)),
        (Jitter::Proportional { factor: 0.1 }, (4.0, 4.4), (60.0 / 1.1, 60.0)),
        (Jitter::Symmetric { factor: 0.2 }, (3.2, 4.8), (40.0, 60.0)),
        (Jitter::Subtractive { factor: 0.5 }, (2.0, 4.0), (30.0, 60.0)),
    ] {
        let policy = RetryPolicy::builder()
            .backoff(Backoff::Exponential { initial: Duration::from_secs(1), multiplier: 2.0 })
            .jitter(jitter)
            .max_delay(Duration::from_secs(60))
            .max_attempts(30)
            .build()
            .unwrap();
        for (retry, (low, high)) in [(3, early), (20, late)] {
            let distance = distance(&policy, retry, low, high);
            // The KS statistic passes 1.95 once in a thousand; the seed is fixed.
            assert!(distance < 1.95, "{jitter:?}, retry {retry}: {distance}");
        }
    }
}

#[test]
fn first_decorrelated_delay_is_uniform_from_initial_to_three_times_it() {
    let policy = RetryPolicy::builder()
        .backoff(Backoff::Decorrelated { initial: Duration::from_secs(1), multiplier: 3.0 })
        .max_delay(Duration::from_secs(60))
        .build()
        .unwrap();
    assert!(distance(&policy, 1, 1.0, 3.0) < 1.95);
}

#[test]
fn uncapped_decorrelated_means_follow_the_published_recursion() {
    // E[s_n] = 2 * 1.5^n - 1 for base 1 (n = 1 for the first).
    let policy = RetryPolicy::builder()
        .backoff(Backoff::Decorrelated { initial: Duration::from_secs(1), multiplier: 3.0 })
        .max_attempts(10)
        .build()
        .unwrap();
    let mut expected = 1.0;
    for (band, _) in policy.bands(11, Some(40_000)).zip(0..5) {
        expected = (1.0 + 3.0 * expected) / 2.0;
        let error = 3.0 * band.sd.as_secs_f64() / 40_000_f64.sqrt();
        let mean = band.mean.as_secs_f64();
        assert!((mean - expected).abs() < error, "{mean} for {expected}");
    }
}

#[test]
fn polly_jitter_has_its_measured_shape() {
    // Measured on cockatiel's port: medians .90, 1.14, 2.02, 4.01 times the initial delay.
    let policy = RetryPolicy::builder()
        .backoff(Backoff::DecorrelatedV2 { initial: Duration::from_secs(1) })
        .max_attempts(10)
        .build()
        .unwrap();
    for (band, median) in policy.bands(3, Some(40_000)).zip([0.90, 1.14, 2.02, 4.01]) {
        let measured = band.quantile(0.5).as_secs_f64();
        assert!((measured - median).abs() < 0.03 * median, "{measured} for {median}");
    }
}
