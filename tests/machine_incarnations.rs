//! A result belongs to one machine and one life of it.
#![allow(clippy::unwrap_used, reason = "a test may")]
#![cfg(feature = "serde")]

use redrive::{Dispatch, Machine, Snapshot, TaskSpec, Time};

fn machine() -> Machine {
    let mut machine = Machine::default();
    machine.submit(Time::ZERO, "order-17", TaskSpec::new("charge")).unwrap();
    machine
}

#[test]
fn a_result_from_before_a_rollback_is_stale() {
    let mut machine = machine();
    let snapshot = machine.snapshot();
    let before = machine.poll(Time::ZERO).unwrap();
    // The process dies; the next one has the older snapshot, and starts the same task as run 1.
    let mut restored = Machine::restore(&snapshot).unwrap();
    let after = restored.poll(Time::ZERO).unwrap();
    assert_eq!(before, after, "all that is shown of them");
    assert!(restored.succeed(Time::ZERO, &before).unwrap_err().is_stale_attempt());
    restored.succeed(Time::ZERO, &after).unwrap();
}

#[test]
fn two_restores_of_one_snapshot_do_not_take_each_others_results() {
    let snapshot = machine().snapshot();
    let mut first = Machine::restore(&snapshot).unwrap();
    let mut second = Machine::restore(&snapshot).unwrap();
    let (one, two) = (first.poll(Time::ZERO).unwrap(), second.poll(Time::ZERO).unwrap());
    assert!(first.succeed(Time::ZERO, &two).unwrap_err().is_stale_attempt());
    assert!(second.succeed(Time::ZERO, &one).unwrap_err().is_stale_attempt());
}

#[test]
fn a_result_of_another_machine_is_stale() {
    let (mut first, mut second) = (machine(), machine());
    let (one, two) = (first.poll(Time::ZERO).unwrap(), second.poll(Time::ZERO).unwrap());
    let error = first.succeed(Time::ZERO, &two).unwrap_err();
    assert!(error.is_stale_attempt());
    assert_eq!(
        error.to_string(),
        "attempt 1 of task order-17 is over (timed out, cancelled, finished before, or of another \
         machine); drop this result"
    );
    first.succeed(Time::ZERO, &one).unwrap();
}

#[test]
fn a_worker_that_outlives_its_machine_may_still_report() {
    let mut machine = machine();
    let dispatch = machine.poll(Time::ZERO).unwrap();
    let text = serde_json::to_string(&(dispatch, machine.snapshot())).unwrap();
    let (dispatch, snapshot): (Dispatch, Snapshot) = serde_json::from_str(&text).unwrap();
    Machine::restore(&snapshot).unwrap().succeed(Time::ZERO, &dispatch).unwrap();
}

#[test]
fn a_snapshot_that_was_restored_is_the_same_to_the_byte() {
    let mut machine = machine();
    let _running = machine.poll(Time::ZERO).unwrap();
    let text = serde_json::to_string(&machine).unwrap();
    let restored: Machine = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&restored).unwrap(), text);
}
