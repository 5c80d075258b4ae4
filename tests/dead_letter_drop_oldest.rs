//! A queue that drops its oldest letter drops the one that died first, and every drop is told.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeSet;

use redrive::{
    DeadLetter, DeadLetterQueue, Failure, Machine, MachineConfig, Reason, RetryPolicy, TaskSpec,
    Time,
    dead_letter::{DropCause, FullPolicy, QueueConfig},
    machine::What,
};

const QUEUE: QueueConfig =
    QueueConfig::new().capacity(Some(1)).full(FullPolicy::DropOldest).retention(None);

#[test]
fn an_older_newcomer_is_the_oldest() {
    let mut queue = DeadLetterQueue::new(QUEUE);
    let letter = |key: u64, at| DeadLetter::new(key, Reason::Exhausted, Time::from_secs(at));
    assert_eq!(queue.push(Time::ZERO, letter(1, 100)).unwrap().id, Some(1));
    let pushed = queue.push(Time::ZERO, letter(2, 50)).unwrap();
    assert_eq!(pushed.id, None);
    assert_eq!(pushed.dropped.len(), 1);
    assert_eq!(pushed.dropped[0].cause, DropCause::Oldest);
    assert_eq!(pushed.dropped[0].letter.key, 2.into());
    assert_eq!(queue.iter().map(|letter| letter.key.id()).collect::<Vec<_>>(), [1]);
    let counters = queue.counters();
    assert_eq!((counters.entered, counters.dropped_oldest), (2, 1));
}

#[test]
fn without_polling_no_last_copy_is_forgotten() {
    let policy = RetryPolicy::classic(1, 2.0).unwrap();
    let mut machine = Machine::new(MachineConfig::default().policy(policy).queue(QUEUE));
    for key in 0..5_000 {
        machine.submit(Time::ZERO, key, TaskSpec::new("t")).unwrap();
        let dispatch = machine.poll(Time::ZERO).unwrap();
        let _verdict = machine.fail(Time::ZERO, &dispatch, &Failure::new("x", "")).unwrap();
    }
    #[cfg(feature = "serde")]
    let mut machine = Machine::restore(&machine.snapshot()).unwrap();
    let mut dropped = BTreeSet::new();
    while let Some(event) = machine.poll_event() {
        if let What::Dropped { letter, .. } = event.what {
            assert!(dropped.insert(letter.key));
        }
    }
    assert_eq!((dropped.len(), machine.dead_letters().len()), (4_999, 1));
    assert!(machine.stats().events_lost > 0, "other events were, and counted");
}
