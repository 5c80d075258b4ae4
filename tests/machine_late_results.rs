//! A result is taken once, for the attempt that it is of; any other is a typed error and changes
//! nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

use redrive::{
    Duration, Failure, Machine, MachineConfig, MachineError, Reason, RetryPolicy, State, TaskSpec,
    Time, Verdict, machine::What,
};

fn machine() -> Machine {
    let policy = RetryPolicy::builder().attempt_timeout(Duration::from_secs(5)).build().unwrap();
    Machine::new(MachineConfig::default().policy(policy))
}

fn timeout() -> Failure {
    Failure::new("timeout", "")
}

#[test]
fn a_result_given_twice_is_stale_the_second_time() {
    let mut machine = machine();
    machine.submit(Time::ZERO, 1, TaskSpec::new("t")).unwrap();
    let dispatch = machine.poll(Time::ZERO).unwrap();
    let _verdict = machine.fail(Time::ZERO, &dispatch, &timeout()).unwrap();
    let before = machine.snapshot();
    let error = machine.succeed(Time::ZERO, &dispatch).unwrap_err();
    assert_eq!(error, MachineError::StaleAttempt { key: 1.into(), attempt: 1 });
    assert_eq!(machine.stats().counters.stale_results, 1);
    assert_eq!(machine.task(1).unwrap().attempts(), 1);
    assert!(matches!(machine.task(1).unwrap().state(), State::Waiting { .. }));
    assert_ne!(machine.snapshot(), before, "it is counted");
}

#[test]
fn a_late_result_is_not_taken_for_the_attempt_that_runs_now() {
    let mut machine = machine();
    machine.submit(Time::ZERO, 1, TaskSpec::new("t")).unwrap();
    let first = machine.poll(Time::ZERO).unwrap();
    assert_eq!(first.deadline, Some(Time::from_secs(5)));
    let second = machine.poll(Time::from_secs(60));
    assert!(second.is_none(), "it timed out at 60 s and waits");
    let due = machine.next_wakeup().unwrap();
    let second = machine.poll(due).unwrap();
    assert_eq!((second.attempt, second.key.id()), (2, 1));
    assert!(machine.succeed(due, &first).unwrap_err().is_stale_attempt());
    assert_eq!(machine.task(1).unwrap().state(), State::Running);
    machine.succeed(due, &second).unwrap();
    assert!(machine.is_empty());
}

#[test]
fn a_result_after_the_deadline_is_late_even_without_a_poll_in_between() {
    let mut machine = machine();
    for key in [1, 2] {
        machine.submit(Time::ZERO, key, TaskSpec::new("t")).unwrap();
    }
    let (one, two) = (machine.poll(Time::ZERO).unwrap(), machine.poll(Time::ZERO).unwrap());
    machine.succeed(Time::from_secs(5), &one).expect("at the deadline is in time");
    let late = Time::from_nanos(Time::from_secs(5).as_nanos() + 1);
    assert!(machine.succeed(late, &two).unwrap_err().is_stale_attempt());
    let task = machine.task(2).unwrap();
    assert_eq!(task.last_error().unwrap().kind(), "timeout");
    assert_eq!(task.last_error().unwrap().message(), "the attempt ran for longer than 5s");
    assert_eq!(machine.stats().counters.timed_out, 1);
}

#[test]
fn a_timeout_is_told_so_that_the_attempt_can_be_stopped() {
    let mut machine = machine();
    machine.submit(Time::ZERO, 1, TaskSpec::new("t")).unwrap();
    let dispatch = machine.poll(Time::ZERO).unwrap();
    machine.advance(Time::from_secs(5));
    let event = machine.poll_event().unwrap();
    assert_eq!(event.what, What::TimedOut { attempt: 1, run: dispatch.run });
    assert!(matches!(machine.poll_event().unwrap().what, What::RetryScheduled { attempt: 1, .. }));
}

#[test]
fn a_result_for_a_task_that_ended_is_stale_and_the_task_is_unknown() {
    let mut machine = machine();
    machine.submit(Time::ZERO, 1, TaskSpec::new("t")).unwrap();
    let dispatch = machine.poll(Time::ZERO).unwrap();
    machine.cancel(Time::ZERO, 1).unwrap();
    assert!(machine.succeed(Time::ZERO, &dispatch).unwrap_err().is_stale_attempt());
    assert!(machine.cancel(Time::ZERO, 1).unwrap_err().is_unknown_task());
}

#[test]
fn a_result_of_an_earlier_life_is_stale_in_the_next_one() {
    let mut machine = machine();
    machine.submit(Time::ZERO, 1, TaskSpec::new("t").max_attempts(1)).unwrap();
    let old = machine.poll(Time::ZERO).unwrap();
    let verdict = machine.fail(Time::ZERO, &old, &timeout()).unwrap();
    assert_eq!(verdict, Verdict::DeadLetter(Reason::Exhausted));
    let report = machine.redrive(Time::ZERO, &redrive::RedrivePlan::default());
    assert_eq!(report.scheduled.len(), 1);
    let now = Time::from_secs(1);
    let new = machine.poll(now).unwrap();
    assert_eq!((&new.key, new.attempt), (&old.key, old.attempt));
    assert!(machine.succeed(now, &old).unwrap_err().is_stale_attempt());
    machine.succeed(now, &new).unwrap();
}

#[test]
fn a_key_is_taken_until_its_task_ends() {
    let mut machine = machine();
    machine.submit(Time::ZERO, "order-17", TaskSpec::new("t")).unwrap();
    let error = machine.submit(Time::ZERO, "order-17", TaskSpec::new("t")).unwrap_err();
    assert!(error.is_key_in_use());
    assert_eq!(
        error.to_string(),
        "a live task has the key order-17; wait for its end, cancel it, or use another key"
    );
    assert_eq!(machine.stats().counters.submitted, 1);
    machine.cancel(Time::ZERO, "order-17").unwrap();
    machine.submit(Time::ZERO, "order-17", TaskSpec::new("t")).unwrap();
}
