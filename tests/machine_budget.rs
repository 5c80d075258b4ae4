//! Tasks share the budget of their machine, or that of their own policy.
#![allow(clippy::unwrap_used, reason = "a test may")]

use redrive::{
    BudgetRule, Failure, Machine, MachineConfig, RedrivePlan, RetryPolicy, TaskSpec, Time, Verdict,
};

fn policy(rule: BudgetRule) -> RetryPolicy {
    RetryPolicy::builder().max_attempts(5).budget(rule).build().unwrap()
}

/// At most `n` retries in flight at once.
fn in_flight(n: u32) -> BudgetRule {
    BudgetRule::Concurrency { percent: 0.0, min: n }
}

fn machine(rule: BudgetRule) -> Machine {
    Machine::new(MachineConfig::default().policy(policy(rule)))
}

/// Runs the first attempt of each key; how many of them get a retry.
fn granted(machine: &mut Machine, keys: std::ops::Range<u64>, spec: &TaskSpec) -> usize {
    for key in keys {
        machine.submit(Time::ZERO, key, spec.clone()).unwrap();
    }
    let dispatches: Vec<_> = std::iter::from_fn(|| machine.poll(Time::ZERO)).collect();
    let mut verdicts = dispatches
        .iter()
        .map(|d| machine.fail(Time::ZERO, d, &Failure::new("timeout", "")).unwrap());
    verdicts.by_ref().filter(|verdict| matches!(verdict, Verdict::Retry { .. })).count()
}

#[test]
fn all_tasks_of_a_machine_draw_from_one_budget() {
    let mut machine = machine(in_flight(3));
    assert_eq!(granted(&mut machine, 0..10, &TaskSpec::new("t")), 3);
    // An override that leaves the budget rule alone leaves the budget shared.
    assert_eq!(granted(&mut machine, 10..20, &TaskSpec::new("t").max_attempts(4)), 0);
    assert_eq!(machine.stats().budget_denied, 17);
    assert_eq!(machine.dead_letters().len(), 17);
}

#[test]
fn a_policy_with_another_rule_has_a_budget_of_its_own() {
    let mut machine = machine(in_flight(3));
    assert_eq!(granted(&mut machine, 0..10, &TaskSpec::new("t")), 3);
    let own = TaskSpec::new("t").policy(policy(in_flight(2)));
    assert_eq!(granted(&mut machine, 10..20, &own), 2, "shared by the tasks under that policy");
    let none = TaskSpec::new("t").policy(RetryPolicy::default());
    assert_eq!(granted(&mut machine, 20..30, &none), 10);
}

#[test]
fn a_budget_is_not_refilled_by_being_forgotten() {
    let mut machine = machine(in_flight(3));
    let bucket = redrive::policy::TokenBucket::default();
    let own = policy(BudgetRule::TokenBucket(bucket));
    let own = TaskSpec::new("t").policy(own).max_attempts(2);
    // 500 tokens pay for 35 retries of 14; then every task under the policy ends, and a new one comes.
    assert_eq!(granted(&mut machine, 0..35, &own), 35);
    for key in 0..35 {
        machine.cancel(Time::ZERO, key).unwrap();
    }
    assert_eq!(granted(&mut machine, 0..10, &own), 0);
}

#[test]
fn whatever_ends_a_task_gives_its_place_among_the_retries_back() {
    let mut machine = machine(in_flight(1));
    let retried = |machine: &mut Machine, key: u64| {
        assert_eq!(granted(machine, key..key + 1, &TaskSpec::new("t")), 1, "task {key}");
        machine.task(key).unwrap().due().unwrap()
    };
    retried(&mut machine, 1);
    machine.cancel(Time::ZERO, 1).unwrap();
    let due = retried(&mut machine, 2);
    let dispatch = machine.poll(due).unwrap();
    machine.succeed(due, &dispatch).unwrap();

    // The same for one that dies among its retries, and for its next life.
    let mut machine = self::machine(in_flight(1));
    let mut now = retried(&mut machine, 3);
    for _ in 2..=5 {
        let dispatch = machine.poll(now).unwrap();
        let _verdict = machine.fail(now, &dispatch, &Failure::new("timeout", "")).unwrap();
        now = machine.next_wakeup().unwrap_or(now);
    }
    assert_eq!(machine.dead_letters().len(), 1);
    let report = machine.redrive(now, &RedrivePlan::default());
    assert_eq!(report.scheduled.len(), 1);
    now = machine.next_wakeup().unwrap();
    let dispatch = machine.poll(now).unwrap();
    let verdict = machine.fail(now, &dispatch, &Failure::new("timeout", "")).unwrap();
    assert!(matches!(verdict, Verdict::Retry { .. }), "{verdict:?}");
}
