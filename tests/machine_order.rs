//! Due tasks are handed out by time, then by the id of the key, whatever the order of submission.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use redrive::{Dispatch, Duration, Failure, Machine, TaskSpec, Time, Verdict};

fn keys_due(machine: &mut Machine, now: Time) -> Vec<u64> {
    std::iter::from_fn(|| machine.poll(now)).map(|dispatch: Dispatch| dispatch.key.id()).collect()
}

#[test]
fn equal_times_are_ordered_by_key_and_not_by_submission() {
    for order in [[3, 1, 2], [2, 3, 1], [1, 2, 3]] {
        let mut machine = Machine::default();
        for key in order {
            machine.submit(Time::ZERO, key, TaskSpec::new("t")).unwrap();
        }
        assert_eq!(keys_due(&mut machine, Time::ZERO), [1, 2, 3]);
    }
}

#[test]
fn an_earlier_time_comes_before_a_smaller_key() {
    let mut machine = Machine::default();
    let second = Duration::from_secs(1);
    machine.submit(Time::ZERO, 1, TaskSpec::new("t").delay(second * 2)).unwrap();
    machine.submit(Time::ZERO, 9, TaskSpec::new("t").delay(second)).unwrap();
    assert_eq!(machine.next_wakeup(), Some(Time::from_secs(1)));
    assert!(machine.poll(Time::from_millis(999)).is_none());
    assert_eq!(keys_due(&mut machine, Time::from_secs(5)), [9, 1]);
}

#[test]
fn retries_and_first_attempts_share_one_order() {
    let mut machine = Machine::default();
    machine.submit(Time::ZERO, 5, TaskSpec::new("t")).unwrap();
    let dispatch = machine.poll(Time::ZERO).unwrap();
    let verdict = machine.fail(Time::ZERO, &dispatch, &Failure::new("timeout", "")).unwrap();
    let Verdict::Retry { at, .. } = verdict else { panic!("{verdict:?}") };
    let wait = at.saturating_since(Time::ZERO);
    machine.submit(Time::ZERO, 7, TaskSpec::new("t").delay(wait)).unwrap();
    machine.submit(Time::ZERO, 3, TaskSpec::new("t").delay(wait)).unwrap();
    assert_eq!(keys_due(&mut machine, at), [3, 5, 7]);
}

#[test]
fn what_else_falls_on_one_instant_comes_before_a_dispatch() {
    let mut machine = Machine::default();
    let second = Duration::from_secs(1);
    let spec = TaskSpec::new("t").delay(second).expires_at(Time::from_secs(1));
    machine.submit(Time::ZERO, 1, spec).unwrap();
    assert!(machine.poll(Time::from_secs(1)).is_none(), "it expired at the instant it was due");
    assert_eq!(machine.dead_letters().len(), 1);
}
