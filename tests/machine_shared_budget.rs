//! A budget belongs to its rule: no override, redrive or return refills it, and nothing leaks.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::sync::Arc;

use redrive::{
    BudgetRule, Failure, Machine, RedrivePlan, RetryPolicy, TaskSpec, Time, Verdict,
    dead_letter::Attempts, policy::TokenBucket,
};

fn bucket(capacity: u32) -> BudgetRule {
    let mut bucket = TokenBucket::default();
    (bucket.capacity, bucket.cost) = (capacity, 1);
    BudgetRule::TokenBucket(bucket)
}

fn fails(machine: &mut Machine) -> (usize, usize) {
    let (mut granted, mut refused) = (0, 0);
    while let Some(now) = machine.next_wakeup() {
        while let Some(dispatch) = machine.poll(now) {
            match machine.fail(now, &dispatch, &Failure::new("timeout", "")).unwrap() {
                Verdict::Retry { .. } => granted += 1,
                _ => refused += 1,
            }
        }
    }
    (granted, refused)
}

#[test]
fn overrides_of_attempts_and_multiplier_draw_from_the_policys_budget() {
    let policy: Arc<RetryPolicy> =
        RetryPolicy::builder().max_attempts(3).budget(bucket(2)).build().unwrap().into();
    let mut machine = Machine::default();
    for key in 0..10 {
        let spec = TaskSpec::new("t").policy(Arc::clone(&policy)).max_attempts(3 + key as u32);
        machine.submit(Time::ZERO, key, spec.multiplier(1.0 + key as f64)).unwrap();
    }
    assert_eq!(fails(&mut machine), (2, 10));
}

#[test]
fn a_redrive_with_more_attempts_does_not_refill_it() {
    let policy = RetryPolicy::builder().max_attempts(3).budget(bucket(2)).build().unwrap();
    let mut machine = Machine::default();
    machine.submit(Time::ZERO, 1, TaskSpec::new("t").policy(policy)).unwrap();
    assert_eq!(fails(&mut machine), (2, 1));
    for _ in 0..3 {
        let now = machine.now();
        let report = machine.redrive(now, &RedrivePlan::default().attempts(Attempts::Add(4)));
        assert_eq!(report.scheduled.len(), 1);
        assert_eq!(fails(&mut machine), (0, 1));
    }
}

#[cfg(feature = "serde")]
#[test]
fn policies_leave_with_their_tasks() {
    let base = RetryPolicy::builder().max_attempts(3).budget(bucket(2)).build().unwrap();
    let mut machine = Machine::default();
    for key in 0..1_000 {
        let spec = TaskSpec::new("t").policy(base.clone()).multiplier(1.0 + key as f64 / 1e4);
        machine.submit(Time::ZERO, key, spec).unwrap();
        machine.cancel(Time::ZERO, key).unwrap();
    }
    for key in 0..1_000 {
        let own = RetryPolicy::builder().budget(bucket(3 + key as u32)).build().unwrap();
        machine.submit(Time::ZERO, key, TaskSpec::new("t").policy(own)).unwrap();
        machine.cancel(Time::ZERO, key).unwrap();
    }
    let empty = serde_json::to_string(&Machine::default().snapshot()).unwrap();
    machine.set_event_capacity(0);
    let text = serde_json::to_string(&machine.snapshot()).unwrap();
    assert!(text.len() < empty.len() + 200, "{text}");
}

#[cfg(feature = "serde")]
#[test]
fn a_budget_that_was_drawn_on_outlives_its_tasks_and_its_process() {
    let policy = RetryPolicy::builder().max_attempts(3).budget(bucket(2)).build().unwrap();
    let mut machine = Machine::default();
    let spec = |attempts| TaskSpec::new("t").policy(policy.clone()).max_attempts(attempts);
    machine.submit(Time::ZERO, 1, spec(3)).unwrap();
    assert_eq!(fails(&mut machine), (2, 1));
    let mut machine = Machine::restore(&machine.snapshot()).unwrap();
    machine.submit(machine.now(), 2, spec(4)).unwrap();
    assert_eq!(fails(&mut machine), (0, 1));
}
