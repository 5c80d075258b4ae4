//! A queue without room: what rejects holds, what drops says so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use redrive::{
    Duration, Failure, Machine, MachineConfig, TaskSpec, Time,
    dead_letter::{DropCause, FullPolicy, QueueConfig},
    machine::What,
};

fn machine(capacity: u64, full: FullPolicy) -> Machine {
    let queue = QueueConfig::new().capacity(Some(capacity)).full(full);
    Machine::new(MachineConfig::default().queue(queue))
}

/// Lets tasks die, one a second from second `from` on, each at its first attempt.
fn kill(machine: &mut Machine, keys: std::ops::Range<u64>) {
    for key in keys {
        let now = Time::from_secs(key);
        machine.submit(now, key, TaskSpec::new("t").max_attempts(1)).unwrap();
        let dispatch = machine.poll(now).unwrap();
        let _verdict = machine.fail(now, &dispatch, &Failure::new("timeout", "")).unwrap();
    }
}

fn letters(machine: &Machine) -> Vec<u64> {
    machine.dead_letters().iter().map(|letter| letter.key.id()).collect()
}

fn events(machine: &mut Machine) -> Vec<String> {
    std::iter::from_fn(|| machine.poll_event())
        .map(|event| format!("{} {}", event.key, event.what.as_str()))
        .collect()
}

#[test]
fn reject_holds_dead_tasks_and_moves_them_in_order_when_there_is_room() {
    let mut machine = machine(2, FullPolicy::Reject);
    kill(&mut machine, 1..6);
    assert_eq!(letters(&machine), [1, 2]);
    assert_eq!(machine.held().map(|letter| letter.key.id()).collect::<Vec<_>>(), [3, 4, 5]);
    assert_eq!(machine.stats().held, 3);
    assert_eq!(machine.next_wakeup(), None, "nothing to do until somebody makes room");

    let error = machine.submit(Time::from_secs(9), 4, TaskSpec::new("t")).unwrap_err();
    assert!(error.is_key_in_use(), "the held task has its key");
    assert!(machine.cancel(Time::from_secs(9), 4).unwrap_err().is_key_in_use());

    machine.dead_letters_mut().remove(1).unwrap();
    assert_eq!(machine.next_wakeup(), Some(Time::from_secs(9)), "there is room: come now");
    assert!(machine.poll(Time::from_secs(9)).is_none());
    assert_eq!(letters(&machine), [2, 3]);
    let moved = machine.dead_letters().iter().last().unwrap();
    assert_eq!(moved.died_at, Time::from_secs(3), "it died when it died");
    assert_eq!(machine.stats().counters.dead_lettered_total(), 3);
}

#[test]
fn a_new_death_does_not_overtake_the_held_ones() {
    let mut machine = machine(1, FullPolicy::Reject);
    kill(&mut machine, 1..3);
    machine.dead_letters_mut().remove(1).unwrap();
    kill(&mut machine, 3..4);
    assert_eq!(letters(&machine), [2]);
    assert_eq!(machine.held().next().unwrap().key.id(), 3);
}

#[test]
fn a_held_letter_can_be_taken_and_kept_elsewhere() {
    let mut machine = machine(0, FullPolicy::Reject);
    kill(&mut machine, 1..3);
    assert_eq!(machine.take_held().unwrap().key.id(), 1);
    assert_eq!(machine.stats().counters.dead_lettered_total(), 1);
    machine.submit(Time::from_secs(3), 1, TaskSpec::new("t")).expect("its key is free again");
    assert_eq!(machine.held().len(), 1);
}

#[test]
fn a_redrive_makes_room_for_the_held() {
    let mut machine = machine(2, FullPolicy::Reject);
    kill(&mut machine, 1..5);
    let report = machine.redrive(Time::from_secs(9), &redrive::RedrivePlan::default().limit(1));
    assert_eq!(report.scheduled.len(), 1);
    assert_eq!((letters(&machine), machine.stats().held), (vec![2, 3], 1));
}

#[test]
fn drop_oldest_reports_the_letter_that_made_room() {
    let mut machine = machine(2, FullPolicy::DropOldest);
    kill(&mut machine, 1..4);
    assert_eq!(letters(&machine), [2, 3]);
    let events = events(&mut machine);
    assert_eq!(events, ["1 deadLettered", "2 deadLettered", "3 deadLettered", "1 dropped"]);
    assert_eq!(machine.dead_letters().counters().dropped_oldest, 1);
}

#[test]
fn drop_new_reports_the_letter_that_did_not_fit() {
    let mut machine = machine(1, FullPolicy::DropNew);
    kill(&mut machine, 1..3);
    assert_eq!(letters(&machine), [1]);
    let dropped = std::iter::from_fn(|| machine.poll_event()).last().unwrap();
    let What::Dropped { letter, cause: DropCause::New } = dropped.what else {
        panic!("{dropped:?}")
    };
    assert_eq!((letter.key.id(), letter.last_error().unwrap().kind()), (2, "timeout"));
    assert_eq!(machine.stats().counters.dead_lettered_total(), 2);
    assert_eq!(machine.dead_letters().counters().dropped_new, 1);
}

#[test]
fn the_end_of_the_retention_wakes_the_machine() {
    let queue = QueueConfig::new().retention(Some(Duration::from_secs(60)));
    let mut machine = Machine::new(MachineConfig::default().queue(queue));
    kill(&mut machine, 1..3);
    assert_eq!(machine.next_wakeup(), Some(Time::from_secs(61)));
    machine.advance(Time::from_secs(61));
    assert_eq!(letters(&machine), [2]);
    assert_eq!(events(&mut machine).last().unwrap(), "1 dropped");
    assert_eq!(machine.dead_letters().counters().expired, 1);
}
