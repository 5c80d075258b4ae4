//! An expired task does not start again, and dies of `expired`.
#![allow(clippy::unwrap_used, reason = "a test may")]

use redrive::{Duration, Failure, Jitter, Machine, Reason, RetryPolicy, TaskSpec, Time, Verdict};

const TTL: Duration = Duration::from_secs(10);

fn reasons(machine: &Machine) -> Vec<Reason> {
    machine.dead_letters().iter().map(|letter| letter.reason).collect()
}

#[test]
fn a_task_that_was_not_started_in_time_expires_without_an_attempt() {
    let mut machine = Machine::default();
    machine.submit(Time::ZERO, 1, TaskSpec::new("t").time_to_live(TTL)).unwrap();
    assert!(machine.poll(Time::from_secs(10)).is_none());
    let letter = machine.dead_letters().iter().next().unwrap();
    assert_eq!((letter.reason, letter.attempts), (Reason::Expired, 0));
    assert_eq!((letter.first_failed_at, letter.last_error()), (None, None));
    assert_eq!(letter.died_at, Time::from_secs(10));
}

#[test]
fn a_retry_that_would_come_too_late_is_dead_at_once() {
    let mut machine = Machine::default();
    let spec = TaskSpec::new("t").expires_at(Time::from_secs(2)).time_to_live(TTL);
    machine.submit(Time::ZERO, 1, spec).unwrap();
    let dispatch = machine.poll(Time::ZERO).unwrap();
    // The first delay of the default policy is at least 2 s.
    let verdict = machine.fail(Time::ZERO, &dispatch, &Failure::new("timeout", "")).unwrap();
    assert_eq!(verdict, Verdict::DeadLetter(Reason::Expired));
    assert_eq!(reasons(&machine), [Reason::Expired]);
}

#[test]
fn a_running_attempt_may_end_after_the_expiry() {
    let mut machine = Machine::default();
    for key in [1, 2] {
        machine.submit(Time::ZERO, key, TaskSpec::new("t").time_to_live(TTL)).unwrap();
    }
    let (one, two) = (machine.poll(Time::ZERO).unwrap(), machine.poll(Time::ZERO).unwrap());
    let late = Time::from_secs(60);
    machine.advance(late);
    assert_eq!(machine.len(), 2);
    machine.succeed(late, &one).unwrap();
    let verdict = machine.fail(late, &two, &Failure::new("timeout", "")).unwrap();
    assert_eq!(verdict, Verdict::DeadLetter(Reason::Expired));
}

#[test]
fn a_waiting_task_expires_at_its_time() {
    let mut machine = Machine::default();
    let spec = TaskSpec::new("t").time_to_live(Duration::from_secs(3));
    machine.submit(Time::ZERO, 1, spec).unwrap();
    let dispatch = machine.poll(Time::ZERO).unwrap();
    let verdict = machine.fail(Time::ZERO, &dispatch, &Failure::new("timeout", "")).unwrap();
    assert!(matches!(verdict, Verdict::Retry { .. }));
    assert!(machine.poll(Time::from_secs(3)).is_none(), "it was not polled when it was due");
    assert_eq!(reasons(&machine), [Reason::Expired]);
    assert_eq!(machine.dead_letters().iter().next().unwrap().attempts, 1);
}

#[test]
fn a_retry_that_falls_on_the_expiry_is_too_late() {
    for (ttl, late) in [(2_000, true), (2_001, false)] {
        let policy = RetryPolicy::builder().jitter(Jitter::None).build().unwrap();
        let spec = TaskSpec::new("t").policy(policy).time_to_live(Duration::from_millis(ttl));
        let mut machine = Machine::default();
        machine.submit(Time::ZERO, 1, spec).unwrap();
        let dispatch = machine.poll(Time::ZERO).unwrap();
        let verdict = machine.fail(Time::ZERO, &dispatch, &Failure::new("timeout", "")).unwrap();
        assert_eq!(verdict == Verdict::DeadLetter(Reason::Expired), late, "{ttl} ms: {verdict:?}");
    }
}
