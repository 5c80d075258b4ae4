//! Every decision is an event, and events that are not polled are dropped and counted.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use redrive::{
    Action, Failure, Machine, MachineConfig, RetryPolicy, Rule, TaskSpec, Time,
    machine::{Event, What},
};

fn failing(machine: &mut Machine, key: u64, kind: &str) {
    machine.submit(Time::ZERO, key, TaskSpec::new("t")).unwrap();
    let dispatch = machine.poll(Time::ZERO).unwrap();
    let failure = Failure::new(kind, "after 31 ms").with_code("504");
    let _verdict = machine.fail(Time::ZERO, &dispatch, &failure).unwrap();
}

fn machine(events: u32) -> Machine {
    let policy = RetryPolicy::builder()
        .rule(Rule::new("bad", Action::DeadLetter))
        .rule(Rule::new("drop", Action::Discard))
        .rule(Rule::new("soft", Action::Fail))
        .build()
        .unwrap();
    Machine::new(MachineConfig::default().policy(policy).events(events))
}

#[test]
fn each_verdict_is_told_with_its_cause() {
    let mut machine = machine(100);
    for (key, kind) in [(1, "timeout"), (2, "bad"), (3, "drop"), (4, "soft")] {
        failing(&mut machine, key, kind);
    }
    machine.cancel(Time::ZERO, 1).unwrap();
    let events: Vec<Event> = std::iter::from_fn(|| machine.poll_event()).collect();
    let words: Vec<&str> = events.iter().map(|event| event.what.as_str()).collect();
    assert_eq!(words, ["retryScheduled", "deadLettered", "discarded", "failed", "cancelled"]);
    let What::RetryScheduled { attempt: 1, due, delay, failure } = &events[0].what else {
        panic!("{:?}", events[0]);
    };
    assert_eq!((*due, failure.code()), (Time::ZERO.saturating_add(*delay), Some("504")));
    for event in events {
        assert_eq!(Event::from_value(&event.to_value()), Ok(event));
    }
}

#[test]
fn the_oldest_events_are_forgotten_and_counted_and_the_counters_stay_exact() {
    let mut machine = machine(3);
    for key in 0..10 {
        failing(&mut machine, key, "bad");
    }
    assert_eq!(machine.stats().events_lost, 7);
    assert_eq!(machine.stats().counters.dead_lettered_total(), 10);
    let keys: Vec<u64> = std::iter::from_fn(|| machine.poll_event()).map(|e| e.key.id()).collect();
    assert_eq!(keys, [7, 8, 9]);
}

#[test]
fn events_can_be_off() {
    let mut machine = machine(0);
    failing(&mut machine, 1, "bad");
    assert_eq!((machine.poll_event(), machine.stats().events_lost), (None, 0));
}

#[cfg(feature = "serde")]
#[test]
fn the_numbers_of_a_machine_are_data_that_is_read_back() {
    let mut machine = redrive::Machine::default();
    machine.submit(redrive::Time::ZERO, 1, redrive::TaskSpec::new("t")).unwrap();
    let dispatch = machine.poll(redrive::Time::ZERO).unwrap();
    let failure = redrive::Failure::new("e", "");
    let _verdict = machine.fail(redrive::Time::ZERO, &dispatch, &failure).unwrap();
    let stats = machine.stats();
    let text = serde_json::to_string(&stats).unwrap();
    assert!(text.contains("\"deadLettered\":{\"exhausted\":0"), "{text}");
    assert_eq!(serde_json::from_str::<redrive::machine::Stats>(&text).unwrap(), stats);
    let wrong = text.replace("\"held\"", "\"hold\"");
    let error = serde_json::from_str::<redrive::machine::Stats>(&wrong).unwrap_err();
    assert!(error.to_string().contains("held"), "{error}");
}
