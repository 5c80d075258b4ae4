//! A preset that names a system behaves as that system was measured to.
//!
//! A preset is the system's default, a measurement is often of another configuration: what differs is
//! said here, in the system's own terms, and everything else comes from the preset.

#![cfg(feature = "serde")]
#![allow(clippy::panic, clippy::expect_used, reason = "a test fails by panicking")]

use redrive::{Backoff, Duration, PolicyBuilder, RetryPolicy, presets};

use crate::vectors;

/// What was configured when it was measured.
type Configure = fn(PolicyBuilder) -> PolicyBuilder;

const SECOND: Duration = Duration::from_secs(1);

fn exponential(initial: Duration) -> Backoff {
    Backoff::Exponential { initial, multiplier: 2.0 }
}

const MEASURED: &[(&str, &str, Configure)] = &[
    ("aws-standard", "AWS SDK (botocore) standard + legacy [1]", |policy| policy),
    ("aws-standard", "AWS SDK (botocore) standard + legacy [5]", |policy| policy),
    ("aws-standard", "AWS SDK (botocore) standard + legacy [6]", |policy| policy),
    ("aws-standard", "AWS SDK (botocore) standard + legacy [7]", |policy| policy),
    (
        "aws-standard-2025",
        "AWS SDK (botocore) standard mode BEFORE the 2026 change [0]",
        |policy| policy,
    ),
    ("grpc", "@grpc/grpc-js (gRFC A6) [0]", |policy| policy),
    ("polly", "cockatiel [5]", |policy| {
        policy.backoff(Backoff::DecorrelatedV2 { initial: SECOND })
    }),
    ("sidekiq", "Sidekiq [0]", |policy| policy),
    ("p-retry", "p-retry [0]", |policy| policy),
    ("tenacity", "tenacity [8]", |policy| policy.min_delay(SECOND * 3).max_delay(SECOND * 10)),
    ("stamina", "stamina [1]", |policy| policy),
    ("celery", "celery [3]", |policy| policy.backoff(exponential(SECOND * 5))),
    ("resilience4j", "resilience4j IntervalFunction [4]", |policy| {
        policy.backoff(exponential(SECOND / 2)).max_delay(SECOND * 2)
    }),
    ("google-api", "google-api-core (gax python) [0]", |policy| policy),
];

fn preset(name: &str) -> RetryPolicy {
    presets::find(name).expect("a preset").policy()
}

#[test]
fn presets_agree_with_what_was_measured() {
    let cases = vectors::all();
    for (name, measured, configure) in MEASURED {
        let found = cases.iter().find(|case| case.name.starts_with(measured));
        let case = found.unwrap_or_else(|| panic!("there is no case {measured}"));
        // The measurements went on after the last attempt.
        let policy = configure(preset(name).to_builder().max_attempts(100).max_elapsed(None));
        let judged = case.judge(&policy.build().expect("a valid policy"));
        assert_eq!(judged, Ok(()), "{name} against {}", case.name);
    }
}

#[test]
fn presets_make_as_many_attempts_as_the_systems_do() {
    // tests/compat_limits.rs has the measurements; these are the defaults of each.
    for (name, attempts) in [
        ("aws-standard", 3),
        ("aws-standard-2025", 3),
        ("polly", 4),
        ("sidekiq", 26),
        ("p-retry", 11),
        ("stamina", 10),
        ("celery", 4),
        ("resilience4j", 3),
        ("envoy", 2),
        ("kubernetes-job", 7),
    ] {
        let max = preset(name).max_attempts().map(core::num::NonZeroU32::get);
        assert_eq!(max, Some(attempts), "{name}");
    }
}

#[test]
fn sidekiq_takes_three_weeks() {
    // Measured: 20.43 days for one run to the dead set. 10 s x (n + 1) of jitter, halved, is 0.02 days
    // of that, give or take.
    let policy = preset("sidekiq");
    let last = policy.schedule(1, 1).last().expect("25 retries");
    assert!((last.at.as_secs_f64() / 86_400.0 - 20.43).abs() < 0.01, "{}", last.at);
}
