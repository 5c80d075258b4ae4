//! The ways of other systems that no policy of ours has: a first delay without a cap, a line that falls,
//! a jitter drawn once a task, in steps, or with whole ends.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use redrive::{
    Backoff, Duration, Jitter, PolicyBuilder, RetryPolicy,
    policy::{CapStage, End, Rounding, RoundingMode},
};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn doubling() -> PolicyBuilder {
    let initial = seconds(1_000);
    RetryPolicy::builder()
        .backoff(Backoff::Exponential { initial, multiplier: 2.0 })
        .jitter(Jitter::None)
        .max_attempts(5)
}

fn delays(policy: &RetryPolicy, key: u64) -> Vec<u64> {
    policy.schedule(7, key).map(|retry| retry.delay.as_secs()).collect()
}

fn ends(policy: &RetryPolicy, retry: usize) -> (u64, u64) {
    let band = policy.bands(7, None).nth(retry - 1).expect("a retry");
    (band.min.as_secs(), band.max.as_secs())
}

#[test]
fn an_uncapped_first_delay_is_jittered_and_not_capped() {
    let uncapped = doubling().max_delay(seconds(300)).uncapped_first(true);
    let policy = uncapped.clone().build().expect("it is right");
    assert_eq!(delays(&policy, 1), [1_000, 300, 300, 300]);
    for stage in [CapStage::Fit, CapStage::Before, CapStage::After, CapStage::Both, CapStage::Clip]
    {
        let full = uncapped.clone().jitter(Jitter::Full).cap_stage(stage);
        let full = full.build().expect("it is right");
        assert_eq!((ends(&full, 1), ends(&full, 2)), ((0, 1_000), (0, 300)), "{stage:?}");
        let firsts: Vec<u64> = (0..99).map(|key| delays(&full, key)[0]).collect();
        assert!(firsts.iter().any(|delay| *delay > 300), "{stage:?}");
        assert!(firsts.iter().any(|delay| *delay < 300), "{stage:?}");
    }
}

#[test]
fn a_falling_line_ends_at_zero() {
    let backoff = Backoff::Linear { initial: seconds(500), increment: seconds(200) };
    let policy = doubling().backoff(backoff).falling(true).build().expect("it is right");
    assert_eq!(delays(&policy, 1), [500, 300, 100, 0]);
    let error = doubling().falling(true).build().expect_err("it is not linear");
    assert_eq!(error.path(), "compat.falling");
}

#[test]
fn a_jitter_drawn_once_a_task_in_whole_steps_is_one_whole_factor() {
    let jitter = Jitter::Uniform { low: End::times(1.0), high: End::times(4.0) };
    let policy = doubling().jitter(jitter).jitter_once(true).jitter_steps(3);
    let policy = policy.build().expect("it is right");
    let mut seen = [0; 3];
    for key in 0..3_000 {
        let delays = delays(&policy, key);
        let factor = delays[0] / 1_000;
        assert_eq!(delays, [factor, 2 * factor, 4 * factor, 8 * factor].map(|n| n * 1_000));
        seen[factor as usize - 1] += 1;
    }
    // 4.5 standard errors about a thousand each.
    assert!(seen.iter().all(|count| (884..=1_116).contains(count)), "{seen:?}");
    assert_eq!((ends(&policy, 1), ends(&policy, 4)), ((1_000, 3_000), (8_000, 24_000)));
}

#[test]
fn steps_alone_are_drawn_for_each_retry() {
    let policy = doubling().jitter(Jitter::Equal).jitter_steps(2).build().expect("it is right");
    let mut shares = [[false; 2]; 2];
    for key in 0..100 {
        let delays = delays(&policy, key);
        assert!([500, 750].contains(&delays[0]) && [1_000, 1_500].contains(&delays[1]));
        shares[usize::from(delays[0] == 750)][usize::from(delays[1] == 1_500)] = true;
    }
    assert_eq!(shares, [[true; 2]; 2]);
}

#[test]
fn an_amplitude_is_rounded_to_the_unit() {
    let rounding = Rounding::new(seconds(100), RoundingMode::Floor, false).with_amplitude(true);
    let jitter = Jitter::Symmetric { factor: 0.25 };
    let policy = doubling().jitter(jitter).rounding(rounding).build().expect("it is right");
    // 25 % of 1,000 is 250, in whole hundreds 200; the high end itself is not drawn.
    assert_eq!((ends(&policy, 1), ends(&policy, 2)), ((800, 1_100), (1_500, 2_400)));
}
