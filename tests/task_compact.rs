//! A task in one byte does what a whole one does, under every policy that it says it holds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use proptest::prelude::*;
use redrive::{
    Action, Backoff, BudgetRule, Context, Duration, PolicyBuilder, RetryPolicy, Rule, State, Task,
    TaskError, Time, Verdict,
    policy::{ElapsedMeasure, TokenBucket},
    random::Stream,
    task::Compact,
};

use crate::common;

#[derive(Clone, Debug)]
enum Call {
    Start { late: u64 },
    Succeed,
    Fail { special: bool, after: u64, retry_after: Option<Duration> },
}

fn call() -> impl Strategy<Value = Call> {
    let later = || prop_oneof![3 => Just(0), 2 => 0..100_000_000_000_u64, 1 => any::<u64>()];
    prop_oneof![
        8 => later().prop_map(|late| Call::Start { late }),
        1 => Just(Call::Succeed),
        8 => (any::<bool>(), later(), prop::option::of(common::duration()))
            .prop_map(|(special, after, retry_after)| Call::Fail { special, after, retry_after }),
    ]
}

/// The policy with so few attempts and without what a byte cannot hold, if that is enough.
fn held(policy: &RetryPolicy, attempts: u32) -> Option<RetryPolicy> {
    let policy = policy.to_builder().max_attempts(attempts).budget(None).build().unwrap();
    Compact::holds(&policy).then_some(policy)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, max_global_rejects: 50_000, ..ProptestConfig::default() })]

    #[test]
    fn one_byte_gives_the_verdicts_of_a_whole_task(
        policy in common::policy(), attempts in prop_oneof![1..=15_u32, 1..=120_u32], key: u64,
        calls in prop::collection::vec(call(), 1..300),
    ) {
        let policy = held(&policy, attempts);
        prop_assume!(policy.is_some());
        let policy = policy.unwrap();
        let context = Context { policy: &policy, stream: Stream::new(3), key };
        let (mut whole, mut compact, mut now) = (Task::new(), Compact::new(), Time::ZERO);
        let later = |now: Time, by: u64| Time::from_nanos(now.as_nanos().saturating_add(by));
        for call in calls {
            let before = compact;
            let (expected, found) = match call {
                Call::Start { late } => {
                    if let State::Waiting { until } = whole.state() {
                        now = now.max(until);
                    }
                    now = later(now, late);
                    (whole.start(now).map(|_| None), compact.start().map(|_| None))
                }
                Call::Succeed => {
                    (whole.succeed(now).map(|()| None), compact.succeed().map(|()| None))
                }
                Call::Fail { special, after, retry_after } => {
                    now = later(now, after);
                    let class = policy.classify(if special { "special" } else { "" }, None);
                    let expected = whole.fail(now, &context, class, retry_after, None).map(Some);
                    let mut other = compact;
                    let found = compact.fail(whole.began(), now, &context, class, retry_after);
                    // The short way, where there is one, is the same way.
                    if retry_after.is_none() && let Some(at) = other.fail_plainly(now, &context, class) {
                        prop_assert_eq!(other, compact);
                        let Ok(Verdict::Retry { at: due, .. }) = found else {
                            return Err(TestCaseError::fail("a plain failure is retried"));
                        };
                        prop_assert_eq!(at, due);
                    }
                    (expected, found.map(Some))
                }
            };
            prop_assert_eq!(&expected, &found);
            prop_assert!(found.is_ok() || compact == before, "a refused call changes nothing");
            let attempts = if compact.is_over() { 0 } else { whole.attempts() };
            prop_assert_eq!(compact.attempts(), attempts);
            prop_assert_eq!(compact.state(whole.at()), whole.state());
        }
    }
}

#[test]
fn what_a_byte_cannot_hold_is_said() {
    let holds = |change: fn(PolicyBuilder) -> PolicyBuilder| {
        Compact::holds(&change(RetryPolicy::builder()).build().unwrap())
    };
    assert!(Compact::holds(&RetryPolicy::default()));
    assert!(holds(|policy| policy.max_attempts(120)));
    assert!(!holds(|policy| policy.max_attempts(121)));
    assert!(!holds(|policy| policy.unlimited_attempts().max_elapsed(Duration::from_secs(9))));
    assert!(!holds(|policy| policy.budget(BudgetRule::TokenBucket(TokenBucket::default()))));
    assert!(!holds(|policy| policy.rule(Rule::new("lock", Action::RetryFree))));
    assert!(!holds(|policy| policy.elapsed_measure(ElapsedMeasure::Sleeps)));
    assert!(!holds(|policy| {
        policy.backoff(Backoff::Decorrelated { initial: Duration::from_secs(1), multiplier: 3.0 })
    }));
    assert_eq!(Compact::new().succeed(), Err(TaskError::NotRunning));
}
