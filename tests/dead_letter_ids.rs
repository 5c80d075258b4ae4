//! Letter numbers: no letter that comes in leaves the queue without numbers for the next.
#![allow(clippy::unwrap_used, reason = "a test may")]

use redrive::{
    DeadLetter, DeadLetterQueue, Failure, Machine, MachineConfig, Reason, RetryPolicy, TaskSpec,
    Time,
    dead_letter::{FullPolicy, MAX_ID, QueueConfig},
};

fn letter(id: u64) -> DeadLetter {
    let mut letter = DeadLetter::new(1, Reason::Exhausted, Time::ZERO);
    letter.id = id;
    letter
}

#[test]
fn the_largest_number_there_is_does_not_brick_the_queue() {
    let mut queue = DeadLetterQueue::default();
    assert_eq!(queue.insert(Time::ZERO, letter(MAX_ID)).unwrap().id, Some(MAX_ID));
    for id in 1..=3 {
        assert!(queue.has_room());
        assert_eq!(queue.push(Time::ZERO, letter(0)).unwrap().id, Some(id));
    }
    queue.remove(MAX_ID);
    assert_eq!(queue.push(Time::ZERO, letter(0)).unwrap().id, Some(4));
    let refused = queue.insert(Time::ZERO, letter(MAX_ID + 1)).unwrap_err();
    assert!(refused.to_string().starts_with("the letter number 9007199254740992 is above"));
}

#[test]
fn a_machine_goes_on_burying_after_it() {
    let policy = RetryPolicy::classic(1, 2.0).unwrap();
    let queue = QueueConfig::new().full(FullPolicy::DropOldest);
    let mut machine = Machine::new(MachineConfig::default().policy(policy).queue(queue));
    assert!(machine.dead_letters_mut().insert(Time::ZERO, letter(MAX_ID)).is_ok());
    machine.dead_letters_mut().remove(MAX_ID);
    for key in 0..5 {
        machine.submit(Time::ZERO, key, TaskSpec::new("t")).unwrap();
        let dispatch = machine.poll(Time::ZERO).unwrap();
        let _verdict = machine.fail(Time::ZERO, &dispatch, &Failure::new("x", "")).unwrap();
    }
    assert_eq!((machine.stats().held, machine.stats().dead_letters), (0, 5));
    assert_eq!(machine.next_wakeup(), None);
}

#[test]
fn numbers_that_are_taken_far_above_are_passed_over() {
    let mut queue = DeadLetterQueue::default();
    let half = MAX_ID / 2;
    for id in [half, half + 1, half + 2] {
        assert!(queue.insert(Time::ZERO, letter(id)).is_ok());
    }
    assert_eq!(queue.push(Time::ZERO, letter(0)).unwrap().id, Some(half + 3));
}
