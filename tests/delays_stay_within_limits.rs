//! For every policy, key and attempt: delays lie where the policy says, and bands hold them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::num::NonZeroU32;

use proptest::prelude::*;
use redrive::{Duration, RetryPolicy, policy::CapStage};

use crate::common;

fn retries() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 1..40_u32, 1 => 1..1_000_u32]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_delay_lies_between_minimum_and_cap(
        policy in common::policy(), seed: u64, key: u64, retry in retries(),
    ) {
        let delay = policy.delay(seed, key, NonZeroU32::new(retry).unwrap());
        if policy.compat().cap_stage != CapStage::Before {
            prop_assert!(delay <= policy.max_delay().unwrap_or(Duration::MAX), "{delay:?}");
            prop_assert!(delay >= policy.min_delay(), "{delay:?}");
        }
    }

    #[test]
    fn the_same_address_gives_the_same_delay(
        policy in common::policy(), seed: u64, key: u64, retry in 1..60_u32,
    ) {
        let retry = NonZeroU32::new(retry).unwrap();
        prop_assert_eq!(policy.delay(seed, key, retry), policy.clone().delay(seed, key, retry));
    }

    #[test]
    fn bands_hold_every_sample(policy in common::policy(), seed: u64, key: u64) {
        // Where there is no closed form a band is measured: two hundred keys show its shape.
        let exact = policy.bands(seed, None).next().is_some_and(|band| band.samples.is_none());
        let bands = policy.bands(seed, if exact { None } else { Some(200) }).take(4);
        for (band, retry) in bands.zip(policy.schedule(seed, key)) {
            if band.samples.is_none() {
                // A deadline may cut the last delay, a band knows nothing of it.
                prop_assert!(retry.delay <= band.max, "{retry:?} {band:?}");
                if policy.max_elapsed().is_none() {
                    prop_assert!(retry.delay >= band.min, "{retry:?} {band:?}");
                }
            }
            prop_assert!(band.min <= band.mean && band.mean <= band.max);
            prop_assert!(band.quantiles().is_sorted());
        }
    }

    #[test]
    fn the_last_possible_attempt_is_like_any_other(policy in common::policy(), seed: u64, key: u64) {
        // Kinds that walk would walk four thousand million steps.
        if !policy.backoff().is_random() && !policy.compat().feedback {
            let delay = policy.delay(seed, key, NonZeroU32::MAX);
            prop_assert!(policy.compat().cap_stage == CapStage::Before
                || delay <= policy.max_delay().unwrap_or(Duration::MAX));
        }
    }

    #[test]
    fn no_total_is_longer_than_the_worst_case(policy in common::policy(), seed: u64, key: u64) {
        let Some(worst) = policy.worst_case() else { return Ok(()) };
        if policy.compat().cap_stage == CapStage::Before {
            return Ok(());
        }
        let last = policy.schedule(seed, key).take(300).last();
        if let Some(last) = last {
            prop_assert!(Duration::from_nanos(last.at.as_nanos()) <= worst, "{last:?} {worst:?}");
        }
    }

    #[test]
    fn hints_can_be_given_for_every_policy(policy in common::policy()) {
        for hint in policy.hints() {
            prop_assert!(hint.message.ends_with('.'));
        }
    }
}

#[test]
fn extreme_delays_and_attempts_work() {
    use redrive::{Backoff, Jitter};
    let longest = Duration::from_nanos(u64::MAX);
    let policy = RetryPolicy::builder()
        .backoff(Backoff::Constant { delay: longest })
        .jitter(Jitter::None)
        .max_attempts(u32::MAX)
        .build()
        .unwrap();
    assert_eq!(policy.delay(0, 0, NonZeroU32::MAX), longest);
    assert_eq!(
        policy.schedule(0, 0).take(3).map(|retry| retry.at.as_nanos()).last(),
        Some(u64::MAX)
    );
}
