//! One limit of depth, wherever a payload comes in, and nothing below it is lost.
#![allow(clippy::unwrap_used, reason = "a test may")]

use redrive::{
    DeadLetter, DeadLetterQueue, Machine, MachineError, Reason, TaskSpec, Time,
    wire::{MAX_DEPTH, PayloadFault, Value},
};

fn nested(depth: usize) -> Value {
    (0..depth).fold(Value::Unsigned(17), |inner, level| match level % 2 {
        0 => Value::List(vec![inner]),
        _ => Value::map([("a", inner)]),
    })
}

#[test]
fn a_deep_payload_is_refused_without_overflowing_a_stack() {
    let mut machine = Machine::default();
    for depth in [MAX_DEPTH + 1, 10_000, 100_000] {
        let spec = TaskSpec::new("t").payload(nested(depth));
        let error = machine.submit(Time::ZERO, 1, spec).unwrap_err();
        assert_eq!(error, MachineError::Payload(PayloadFault::TooDeep));
        assert!(error.is_bad_task());
    }
    assert!(machine.is_empty());
    let mut queue = DeadLetterQueue::default();
    let mut letter = DeadLetter::new(1, Reason::Exhausted, Time::ZERO);
    letter.payload = nested(MAX_DEPTH + 1);
    let refused = queue.push(Time::ZERO, letter).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the letter's payload is nested deeper than 1000 levels; store it elsewhere and name the \
         place, or write it as text"
    );
}

#[cfg(feature = "serde")]
#[test]
fn what_is_submitted_can_be_stored_as_common_readers_read_it() {
    for depth in [0, 1, 60, 64, 65, 100, 122, 124, 127, 128, 500, MAX_DEPTH] {
        let mut machine = Machine::default();
        let payload = nested(depth);
        machine.submit(Time::ZERO, 1, TaskSpec::new("t").payload(payload.clone())).unwrap();
        machine.submit(Time::ZERO, 2, TaskSpec::new("t").payload(payload.clone())).unwrap();
        let mut letter = DeadLetter::new(3, Reason::Exhausted, Time::ZERO);
        letter.payload = payload.clone();
        assert!(machine.dead_letters_mut().push(Time::ZERO, letter).is_ok());
        // serde_json stops at 128 levels.
        let text = serde_json::to_string(&machine.snapshot()).unwrap();
        let snapshot = serde_json::from_str(&text).unwrap();
        let restored = Machine::restore(&snapshot).unwrap();
        assert_eq!(*restored.task(1).unwrap().payload(), payload, "{depth}");
        assert_eq!(restored.dead_letters().get(1).unwrap().payload, payload, "{depth}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn digits_survive_a_snapshot() {
    let payload = Value::from_json(r#"{"big":12345678901234567890123,"f":1.0,"e":1e400}"#).unwrap();
    let mut machine = Machine::default();
    machine.submit(Time::ZERO, 1, TaskSpec::new("t").payload(payload.clone())).unwrap();
    let text = serde_json::to_string(&machine.snapshot()).unwrap();
    let restored: Machine = serde_json::from_str(&text).unwrap();
    assert_eq!(restored.task(1).unwrap().payload().to_json(), payload.to_json());
}
