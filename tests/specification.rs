//! The default policy is the specification's `RetryStrategy(max_attempts=3, backoff_multiplier=2.0)`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use redrive::{
    Context, Duration, Reason, RetryPolicy, Task, Time, Verdict, random::Stream, task::State,
};

/// Runs a task that always fails and returns the start of each attempt and the reason it died for.
fn run(policy: &RetryPolicy, key: u64) -> (Vec<Time>, Reason) {
    let ctx = Context { policy, stream: Stream::new(42), key };
    let class = policy.classify("transient", None);
    let (mut task, mut now, mut starts) = (Task::new(), Time::ZERO, Vec::new());
    loop {
        task.start(now).unwrap();
        starts.push(now);
        match task.fail(now, &ctx, class, None, None).unwrap() {
            Verdict::Retry { at, .. } => now = at,
            Verdict::DeadLetter(reason) => {
                assert_eq!(task.state(), State::Dead(reason));
                return (starts, reason);
            }
            other => panic!("{other:?} is not a verdict of this policy"),
        }
    }
}

#[test]
fn attempts_two_and_four_seconds_apart_plus_a_tenth_then_the_dead_letter() {
    let policy = RetryPolicy::default();
    let mut waits = Vec::new();
    for key in 0..2_000 {
        let (starts, reason) = run(&policy, key);
        assert_eq!((starts.len(), starts[0], reason), (3, Time::ZERO, Reason::Exhausted));
        let second = starts[1].saturating_since(starts[0]);
        let third = starts[2].saturating_since(starts[1]);
        assert!((Duration::from_secs(2)..Duration::from_millis(2_200)).contains(&second));
        assert!((Duration::from_secs(4)..Duration::from_millis(4_400)).contains(&third));
        waits.push(second.as_secs_f64());
    }
    let mean = waits.iter().sum::<f64>() / waits.len() as f64;
    // U[2, 2.2] has a standard deviation of 0.0577: three standard errors of 2,000 draws.
    assert!((mean - 2.1).abs() < 3.0 * 0.0577 / 2_000_f64.sqrt(), "{mean}");
}

#[test]
fn attempts_and_multiplier_are_configurable() {
    for (attempts, multiplier) in [(1, 2.0), (2, 1.0), (5, 3.0), (10, 1.5)] {
        let policy = RetryPolicy::classic(attempts, multiplier).unwrap();
        let (starts, _) = run(&policy, 7);
        assert_eq!(starts.len() as u32, attempts);
        let mut base = 1.0;
        for pair in starts.windows(2) {
            base *= multiplier;
            let wait = pair[1].saturating_since(pair[0]).as_secs_f64();
            assert!((base - 1e-6..=base * 1.1 + 1e-6).contains(&wait), "{wait} for {base}");
        }
    }
}

#[test]
fn classic_refuses_what_is_not_a_strategy_by_name() {
    for (attempts, multiplier, field) in [
        (0, 2.0, "maxAttempts"),
        (3, 0.5, "multiplier"),
        (3, f64::NAN, "multiplier"),
        (3, f64::INFINITY, "multiplier"),
        (3, -2.0, "multiplier"),
    ] {
        let error = RetryPolicy::classic(attempts, multiplier).unwrap_err();
        assert!(error.is_out_of_range() && error.path().ends_with(field), "{error}");
    }
}
