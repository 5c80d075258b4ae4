//! A budget with `onEmpty = "wait"`: a retry that finds it empty gets a later turn, first come first
//! served, at the pace of the rule, whatever becomes of those that wait.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use proptest::prelude::*;
use redrive::{
    Budget, BudgetRule, Context, Duration, Reason, RetryPolicy, Task, Time, Verdict,
    policy::{Jitter, OnEmpty},
    random::Stream,
    wire::Value,
};

fn policy(budget: BudgetRule) -> RetryPolicy {
    RetryPolicy::builder()
        .backoff(redrive::Backoff::Constant { delay: Duration::from_secs(1) })
        .jitter(Jitter::None)
        .max_attempts(9)
        .budget(budget)
        .build()
        .unwrap()
}

/// What one attempt that fails at `now` is told.
fn fail(policy: &RetryPolicy, budget: &mut Budget, key: u64, now: Time) -> Verdict {
    let mut task = Task::new();
    task.start(now).unwrap();
    budget.on_attempt(now, false);
    let context = Context { policy, stream: Stream::new(1), key };
    let class = policy.classify("timeout", None);
    task.fail(now, &context, class, None, Some(budget)).unwrap()
}

fn seconds(verdict: Verdict) -> u64 {
    match verdict {
        Verdict::Retry { delay, .. } => delay.as_secs(),
        other => panic!("it waits and does not die: {other:?}"),
    }
}

#[test]
fn a_herd_is_let_through_at_the_pace_after_its_burst() {
    let policy = policy(BudgetRule::rate(1.0, 3));
    let mut budget = Budget::new(policy.budget().unwrap());
    let delays: Vec<u64> =
        (0..6).map(|key| seconds(fail(&policy, &mut budget, key, Time::ZERO))).collect();
    // Three at once, then one a second; each has its own delay of a second on top.
    assert_eq!(delays, [1, 1, 1, 2, 3, 4]);
    assert_eq!((budget.granted(), budget.denied()), (6, 0));
    // Later ones are served after those that wait, and at once when all is quiet again.
    assert_eq!(seconds(fail(&policy, &mut budget, 6, Time::from_secs(1))), 4);
    assert_eq!(seconds(fail(&policy, &mut budget, 7, Time::from_secs(60))), 1);
}

#[test]
fn a_ratio_lets_those_that_wait_through_at_its_floor() {
    let budget = BudgetRule::Ratio {
        percent: 0.0,
        min_per_second: 0.5,
        window: Duration::from_secs(10),
        on_empty: OnEmpty::Wait,
    };
    let policy = policy(budget);
    let mut budget = Budget::new(policy.budget().unwrap());
    let delays: Vec<u64> =
        (0..8).map(|key| seconds(fail(&policy, &mut budget, key, Time::ZERO))).collect();
    assert_eq!(delays, [1, 1, 1, 1, 1, 3, 5, 7]);
}

#[test]
fn one_that_fails_dies_of_it_and_takes_no_turn() {
    let rule = BudgetRule::Rate { per_second: 1.0, burst: 1, on_empty: OnEmpty::Fail };
    let policy = policy(rule);
    let mut budget = Budget::new(policy.budget().unwrap());
    assert_eq!(seconds(fail(&policy, &mut budget, 0, Time::ZERO)), 1);
    let refused = Verdict::DeadLetter(Reason::BudgetExhausted);
    assert_eq!(fail(&policy, &mut budget, 1, Time::ZERO), refused);
    assert_eq!(seconds(fail(&policy, &mut budget, 2, Time::from_secs(1))), 1);
}

#[test]
fn a_turn_that_comes_after_the_deadline_is_left_to_others() {
    let limited = RetryPolicy::builder()
        .max_attempts(9)
        .max_elapsed(Duration::from_secs(5))
        .budget(BudgetRule::rate(0.1, 1))
        .build()
        .unwrap();
    let mut budget = Budget::new(limited.budget().unwrap());
    assert!(matches!(fail(&limited, &mut budget, 0, Time::ZERO), Verdict::Retry { .. }));
    let late = fail(&limited, &mut budget, 1, Time::ZERO);
    assert_eq!(late, Verdict::DeadLetter(Reason::DeadlineExceeded));
    assert_eq!(budget.granted(), 1);
}

#[test]
fn waiting_is_refused_where_nothing_would_end_it() {
    for (budget, path) in [
        (r#"{"kind": "tokenBucket", "onEmpty": "wait"}"#, "budget.onEmpty"),
        (r#"{"kind": "concurrency", "onEmpty": "wait"}"#, "budget.onEmpty"),
        (r#"{"kind": "ratio", "minPerSecond": 0, "onEmpty": "wait"}"#, "budget.minPerSecond"),
        (r#"{"kind": "rate", "perSecond": 0}"#, "budget.perSecond"),
        (r#"{"kind": "rate", "burst": 0}"#, "budget.burst"),
    ] {
        let budget: Value = serde_json::from_str(budget).unwrap();
        let policy = Value::map([("budget", budget)]);
        assert_eq!(RetryPolicy::from_value(&policy).unwrap_err().path(), path);
    }
}

fn waiting_rule() -> impl Strategy<Value = BudgetRule> {
    prop_oneof![
        (0.1..1_000.0, 1..50_u32).prop_map(|(rate, burst)| BudgetRule::rate(rate, burst)),
        (0.0..50.0, 0.1..100.0, 1..60_u64).prop_map(|(percent, min_per_second, window)| {
            let window = Duration::from_secs(window);
            BudgetRule::Ratio { percent, min_per_second, window, on_empty: OnEmpty::Wait }
        }),
    ]
}

proptest! {
    /// Every retry gets a turn; turns come in the order of asking; no window of time has more of them
    /// than the rule allows; and it is the same again.
    #[test]
    fn turns_are_fair_bounded_and_the_same_again(
        rule in waiting_rule(),
        gaps in prop::collection::vec(0..2_000_u64, 1..200),
    ) {
        let policy = policy(rule.clone());
        let run = || {
            let mut budget = Budget::new(&rule);
            let mut now = Time::from_secs(1_000);
            let mut turns = Vec::new();
            for (key, gap) in gaps.iter().enumerate() {
                now = now.saturating_add(Duration::from_millis(*gap));
                let Verdict::Retry { at, .. } = fail(&policy, &mut budget, key as u64, now) else {
                    panic!("it waits and does not die")
                };
                turns.push(at);
            }
            // Storing it changes nothing.
            assert_eq!(Budget::from_value(&budget.to_value(), "b").unwrap(), budget);
            turns
        };
        let turns = run();
        prop_assert!(turns.windows(2).all(|pair| pair[0] <= pair[1]), "{turns:?}");
        prop_assert_eq!(&turns, &run());
        if let BudgetRule::Rate { per_second, burst, .. } = rule {
            for (i, first) in turns.iter().enumerate() {
                for (k, last) in turns.iter().enumerate().skip(i) {
                    let span = last.as_nanos() - first.as_nanos();
                    let most = f64::from(burst) + span as f64 / 1e9 * per_second + 1.0;
                    prop_assert!((k - i) as f64 <= most, "{} turns in {} ns", k - i, span);
                }
            }
        }
    }
}
