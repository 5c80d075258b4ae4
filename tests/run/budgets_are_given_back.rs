use std::panic::{AssertUnwindSafe, catch_unwind};

use redrive::{
    BudgetRule, Duration, Reason, RetryPolicy,
    run::{
        SharedBudget,
        testing::{VirtualTimer, script},
    },
};

/// One retry in flight at a time.
fn policy() -> RetryPolicy {
    RetryPolicy::builder()
        .max_attempts(3)
        .budget(BudgetRule::Concurrency { percent: 1.0, min: 1 })
        .build()
        .unwrap()
}

fn attempts(policy: &RetryPolicy, budget: &SharedBudget) -> u32 {
    let call = policy.retry(script::<(), _>([Err("no")])).budget(budget);
    call.call_on(&VirtualTimer::new()).unwrap_err().attempts
}

#[test]
fn a_call_that_ends_leaves_room_for_the_next() {
    let policy = policy();
    let budget = SharedBudget::of(&policy).unwrap();
    assert!((0..5).all(|_| attempts(&policy, &budget) == 3));
    assert_eq!(budget.balance(), 1.0);
}

#[test]
fn a_call_that_panics_gives_its_permit_back() {
    let policy = policy();
    let budget = SharedBudget::of(&policy).unwrap();
    for _ in 0..3 {
        let panics = || {
            let mut calls = 0;
            let call = policy.retry(|| {
                calls += 1;
                if calls == 2 { panic!("a bug in the caller's code") } else { Err::<(), _>("no") }
            });
            let _ = call.budget(&budget).call_on(&VirtualTimer::new());
        };
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    }
    assert_eq!(budget.balance(), 1.0);
}

#[tokio::test(start_paused = true)]
async fn calls_dropped_in_their_wait_give_their_permits_back() {
    let policy = policy();
    let budget = SharedBudget::of(&policy).unwrap();
    for _ in 0..5 {
        let call = policy.retry(|| async { Err::<(), _>("no") }).budget(&budget);
        let waited = tokio::time::timeout(Duration::from_millis(100), async { call.await }).await;
        assert!(waited.is_err(), "it waits for 2 s");
    }
    assert_eq!((budget.balance(), budget.denied()), (1.0, 0));
}

#[test]
fn calls_without_a_budget_of_their_own_share_that_of_their_rule() {
    let bucket = |percent| {
        RetryPolicy::builder()
            .max_attempts(2)
            .budget(BudgetRule::ratio(percent, 0.1, Duration::from_secs(30)))
            .build()
            .unwrap()
    };
    // 3 retries of reserve, and 12.5 % of the calls.
    let run = |percent| {
        let call = bucket(percent);
        call.retry(script::<(), _>([Err("no")])).call_on(&VirtualTimer::new()).unwrap_err()
    };
    let reasons: Vec<_> = (0..8).map(|_| run(12.5).reason).collect();
    let granted = reasons.iter().filter(|reason| **reason == Some(Reason::Exhausted)).count();
    assert!((3..=4).contains(&granted), "{reasons:?}");
    assert_eq!(run(13.5).reason, Some(Reason::Exhausted), "another rule, another budget");
}
