//! After a crash: the caller says what becomes of the attempts that ran.
#![allow(clippy::unwrap_used, reason = "a test may")]

use redrive::{
    Action, Failure, Machine, MachineConfig, Reason, RetryPolicy, Rule, State, TaskSpec, Time,
    Verdict, machine::Recovery,
};

/// Two attempts run (tasks 1 and 2), task 3 waits for its retry; then the process dies.
fn after_a_crash(config: MachineConfig) -> Machine {
    let mut machine = Machine::new(config);
    for key in 1..=3 {
        machine.submit(Time::ZERO, key, TaskSpec::new("t")).unwrap();
    }
    let dispatches: Vec<_> = std::iter::from_fn(|| machine.poll(Time::ZERO)).collect();
    let _verdict = machine.fail(Time::ZERO, &dispatches[2], &Failure::new("timeout", "")).unwrap();
    Machine::restore(&machine.snapshot()).unwrap()
}

#[test]
fn without_a_choice_the_attempts_run_on_and_can_still_be_reported() {
    let mut machine = Machine::default();
    machine.submit(Time::ZERO, "order-17", TaskSpec::new("t")).unwrap();
    let dispatch = machine.poll(Time::ZERO).unwrap();
    let mut restored = Machine::restore(&machine.snapshot()).unwrap();
    assert_eq!(restored.stats().running, 1);
    // The worker lives in another process, and has the dispatch as data.
    let dispatch = redrive::Dispatch::from_value(&dispatch.to_value()).unwrap();
    restored.succeed(Time::from_secs(1), &dispatch).unwrap();
}

#[test]
fn retry_is_a_failure_of_the_kind_crashed() {
    let mut machine = after_a_crash(MachineConfig::default());
    assert_eq!(machine.recover(Time::from_secs(1), Recovery::Retry), 2);
    assert_eq!((machine.stats().running, machine.stats().waiting), (0, 3));
    let task = machine.task(1).unwrap();
    assert_eq!(task.last_error().unwrap().kind(), "crashed");
    assert!(matches!(task.state(), State::Waiting { .. }));
    assert_eq!(machine.task(3).unwrap().last_error().unwrap().kind(), "timeout");
}

#[test]
fn the_policys_rule_for_crashes_decides() {
    let rule = Rule::new("crashed", Action::DeadLetter);
    let policy = RetryPolicy::builder().rule(rule).build().unwrap();
    let mut machine = after_a_crash(MachineConfig::default().policy(policy));
    machine.recover(Time::from_secs(1), Recovery::Retry);
    let reasons: Vec<_> = machine.dead_letters().iter().map(|letter| letter.reason).collect();
    assert_eq!(reasons, [Reason::Permanent, Reason::Permanent]);
}

#[test]
fn dead_letter_is_for_work_that_may_be_half_done() {
    let mut machine = after_a_crash(MachineConfig::default());
    assert_eq!(machine.recover(Time::from_secs(1), Recovery::DeadLetter), 2);
    let letter = machine.dead_letters().iter().next().unwrap();
    assert_eq!((letter.reason, letter.attempts), (Reason::Crashed, 1));
    assert_eq!(letter.last_error().unwrap().kind(), "crashed");
    assert_eq!(letter.last_failed_at, Some(Time::from_secs(1)));
    assert_eq!(machine.stats().counters.crashed, 2);
}

#[test]
fn one_worker_can_die_alone() {
    let mut machine = after_a_crash(MachineConfig::default());
    let verdict = machine.crashed(Time::from_secs(1), 2, Recovery::Retry).unwrap();
    assert!(matches!(verdict, Verdict::Retry { .. }));
    assert!(
        machine.crashed(Time::from_secs(1), 2, Recovery::Retry).unwrap_err().is_stale_attempt()
    );
    assert!(machine.crashed(Time::from_secs(1), 9, Recovery::Retry).unwrap_err().is_unknown_task());
    assert_eq!(machine.stats().running, 1);
}
