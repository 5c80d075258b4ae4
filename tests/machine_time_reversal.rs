//! Time that goes back is taken at the latest time seen, and counted; nothing is corrupted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use redrive::{Duration, Failure, Machine, TaskSpec, Time, Verdict};

#[test]
fn an_earlier_time_is_the_latest_time_seen() {
    let mut machine = Machine::default();
    machine.submit(Time::from_secs(100), 1, TaskSpec::new("t")).unwrap();
    let dispatch = machine.poll(Time::from_millis(99_500)).expect("it is due since 100 s");
    let late = Time::from_millis(99_000);
    let verdict = machine.fail(late, &dispatch, &Failure::new("timeout", "")).unwrap();
    let Verdict::Retry { at, delay } = verdict else { panic!("{verdict:?}") };
    assert_eq!(at, Time::from_secs(100).saturating_add(delay));
    assert_eq!(machine.stats().counters.time_reversals, 2);
    assert_eq!(machine.now(), Time::from_secs(100));
}

#[test]
fn the_end_of_time_is_reached_without_harm() {
    let mut machine = Machine::default();
    machine.submit(Time::MAX, 1, TaskSpec::new("t").delay(Duration::MAX)).unwrap();
    for attempt in 1..=3 {
        let dispatch = machine.poll(Time::MAX).unwrap();
        assert_eq!(dispatch.attempt, attempt);
        let _verdict = machine.fail(Time::MAX, &dispatch, &Failure::new("timeout", "")).unwrap();
    }
    assert_eq!(machine.dead_letters().len(), 1);
}
