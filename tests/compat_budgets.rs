//! Budgets of real systems, step by step, through the tasks that share them.
//!
//! Measured on botocore 1.44.5 and 1.40.0, @smithy/util-retry 4.6.2, grpc-js 1.14.7 and tower 0.5.3.

#![allow(clippy::panic, clippy::expect_used, reason = "a test fails by panicking")]

use redrive::{
    Budget, BudgetRule, Context, Duration, RetryPolicy, Task, Time, Verdict, presets,
    random::Stream,
    task::{Reason, State},
};

fn preset(name: &str) -> RetryPolicy {
    presets::find(name).expect("a preset").policy()
}

fn budget_of(policy: &RetryPolicy) -> Budget {
    Budget::new(policy.budget().expect("a policy with a budget"))
}

/// A task that fails once, as `kind`; whether it may try again.
fn fail_once(policy: &RetryPolicy, budget: &mut Budget, kind: &str) -> Option<Task> {
    let ctx = Context { policy, stream: Stream::new(1), key: 1 };
    let mut task = Task::new();
    task.start(Time::ZERO).expect("a new task");
    budget.on_attempt(Time::ZERO, false);
    let class = policy.classify(kind, None);
    match task.fail(Time::ZERO, &ctx, class, None, Some(budget)).expect("it runs") {
        Verdict::Retry { .. } => Some(task),
        verdict => {
            assert_eq!(verdict, Verdict::DeadLetter(Reason::BudgetExhausted));
            None
        }
    }
}

/// The retries that a full budget grants to tasks that keep failing.
fn until_empty(policy: &RetryPolicy, kind: &str) -> (usize, f64) {
    let mut budget = budget_of(policy);
    let granted = (0..5_000).take_while(|_| fail_once(policy, &mut budget, kind).is_some()).count();
    (granted, budget.balance())
}

#[test]
fn the_aws_quota_holds_as_many_retries_as_measured() {
    let since_2026 = preset("aws-standard");
    assert_eq!(until_empty(&since_2026, "timeout"), (35, 10.0));
    assert_eq!(until_empty(&since_2026, "throttle"), (100, 0.0));
    let before = preset("aws-standard-2025");
    assert_eq!(until_empty(&before, "unavailable"), (100, 0.0));
    assert_eq!(until_empty(&before, "timeout"), (50, 0.0));
}

#[test]
fn the_aws_quota_is_refunded_as_measured() {
    let policy = preset("aws-standard");
    let mut budget = budget_of(&policy);
    let mut task = fail_once(&policy, &mut budget, "unavailable").expect("a full budget");
    assert_eq!(budget.balance(), 486.0);
    let State::Waiting { until } = task.state() else { panic!("it waits for its retry") };
    task.start(until).expect("it is due");
    task.succeed(until).expect("it runs");
    budget.on_success(until, true, task.paid());
    assert_eq!(budget.balance(), 500.0);
    for _ in 0..20 {
        assert!(fail_once(&policy, &mut budget, "throttle").is_some());
    }
    budget.on_success(until, false, 0);
    assert_eq!(budget.balance(), 401.0);
}

#[test]
fn grpc_throttles_and_opens_again_as_measured() {
    let policy = preset("grpc");
    let mut budget = budget_of(&policy);
    let trace: Vec<(f64, bool)> = (0..8)
        .map(|_| {
            let granted = fail_once(&policy, &mut budget, "unavailable").is_some();
            (budget.balance(), granted)
        })
        .collect();
    let measured = [9, 8, 7, 6, 5, 4, 3, 2].map(|tokens| (f64::from(tokens), tokens > 5));
    assert_eq!(trace, measured);
    for (success, tokens) in (1..=31).map(|n| (n, 2.0 + f64::from(n) / 10.0)) {
        budget.on_success(Time::ZERO, false, 0);
        assert!((budget.balance() - tokens).abs() < 1e-9, "success {success}");
    }
    // 5.1 tokens, more than half of 10: the next failure takes one first, and there are 4.1.
    assert!(fail_once(&policy, &mut budget, "unavailable").is_none());
    for _ in 0..20 {
        budget.on_success(Time::ZERO, false, 0);
    }
    assert!(fail_once(&policy, &mut budget, "unavailable").is_some());
}

/// A ratio budget after `requests` requests, and then `later`.
fn ratio(percent: f64, min_per_second: f64, requests: u32, later: Duration) -> usize {
    let window = Duration::from_secs(10);
    let mut budget = Budget::new(&BudgetRule::ratio(percent, min_per_second, window));
    let start = Time::from_secs(100);
    for _ in 0..requests {
        budget.on_attempt(start, false);
    }
    let now = start.saturating_add(later);
    (0..5_000).take_while(|_| budget.withdraw(now, 1, false)).count()
}

#[test]
fn a_ratio_is_towers_and_finagles() {
    // TpsBudget of tower 0.5.3; ttl 10 s.
    assert_eq!(ratio(20.0, 10.0, 0, Duration::ZERO), 100);
    assert_eq!(ratio(20.0, 10.0, 1_000, Duration::ZERO), 300);
    assert_eq!(ratio(10.0, 0.0, 1_000, Duration::ZERO), 100);
    // As there, a second's requests expire together: those that came at its start after ten seconds.
    assert_eq!(ratio(10.0, 0.0, 1_000, Duration::from_millis(9_500)), 100);
    assert_eq!(ratio(10.0, 0.0, 1_000, Duration::from_millis(11_500)), 0);
}

#[test]
fn a_ratio_is_not_truncated() {
    // tower counts a retry as 1 / 0.3 = 3 requests and 1 / 0.7 = 1 request, and grants 333 and 1000.
    // Finagle counts in thousandths, and so does this.
    assert_eq!(ratio(30.0, 0.0, 1_000, Duration::ZERO), 300);
    assert_eq!(ratio(70.0, 0.0, 1_000, Duration::ZERO), 700);
}

#[test]
fn envoy_grants_a_fifth_of_what_is_in_flight_and_three_at_least() {
    let policy = preset("envoy");
    let mut budget = budget_of(&policy);
    let granted = |budget: &mut Budget, tasks: usize| {
        (0..tasks).filter(|_| fail_once(&policy, budget, "503").is_some()).count()
    };
    assert_eq!(granted(&mut budget, 10), 3);
    for _ in 0..90 {
        budget.on_attempt(Time::ZERO, false);
    }
    // 100 in flight, 20 of them may be retries; 3 are. The failing tasks themselves come to it.
    assert_eq!(granted(&mut budget, 50), 17 + 50 / 5);
}
