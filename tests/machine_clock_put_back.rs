//! One bad reading of a clock, and clocks that begin anew, do not stop the retries.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use redrive::{
    DeadLetter, Duration, Failure, Machine, MachineConfig, Reason, RetryPolicy, TaskSpec, Time,
    Verdict, dead_letter::QueueConfig,
};

const HOUR: Time = Time::from_secs(3_600);

fn fail(machine: &mut Machine, now: Time) -> (Time, Duration) {
    let dispatch = machine.poll(now).unwrap();
    match machine.fail(now, &dispatch, &Failure::new("timeout", "")).unwrap() {
        Verdict::Retry { at, delay } => (at, delay),
        other => panic!("{other}"),
    }
}

#[test]
fn a_reading_that_was_an_hour_ahead_costs_no_hour() {
    let mut machine = Machine::default();
    machine.advance(HOUR);
    for key in [1, 2, 3] {
        machine.submit(Time::from_secs(key), key, TaskSpec::new("t")).unwrap();
    }
    // The second reading that is behind is believed.
    assert_eq!(machine.now(), Time::from_secs(3));
    let now = Time::from_secs(4);
    let (at, delay) = fail(&mut machine, now);
    assert_eq!(at, now.saturating_add(delay));
    let counts = machine.stats().counters;
    assert_eq!((counts.time_reversals, counts.attempts), (2, 1));
}

#[test]
fn what_failed_at_the_bad_reading_waits_its_delay_and_what_was_due_before_stays_due() {
    let mut machine = Machine::default();
    machine.submit(Time::ZERO, 1, TaskSpec::new("t")).unwrap();
    machine.submit(Time::ZERO, 2, TaskSpec::new("t").delay(Duration::from_secs(1_000))).unwrap();
    let (_, delay) = fail(&mut machine, HOUR);
    assert_eq!(machine.task(1).unwrap().due(), Some(HOUR.saturating_add(delay)));
    machine.advance(Time::from_secs(5));
    let wake = machine.next_wakeup().unwrap();
    assert!(wake > Time::from_secs(5) && wake < Time::from_secs(10), "not in an hour: {wake}");
    machine.advance(Time::from_secs(6));
    let first = machine.task(1).unwrap().due().unwrap();
    assert_eq!(first, Time::from_secs(6).saturating_add(delay));
    assert_eq!(machine.task(2).unwrap().due(), Some(Time::from_secs(1_000)), "no herd");
    assert!(machine.poll(first).is_some());
}

#[test]
fn one_bad_reading_far_behind_changes_nothing() {
    let mut machine = Machine::default();
    machine.submit(HOUR, 1, TaskSpec::new("t")).unwrap();
    let (at, _) = fail(&mut machine, HOUR);
    machine.advance(Time::ZERO);
    machine.advance(Time::ZERO);
    assert_eq!(machine.now(), HOUR);
    machine.advance(HOUR.saturating_add(Duration::from_millis(1)));
    assert_eq!(machine.next_wakeup(), Some(at));
}

#[test]
fn the_end_of_time_as_a_reading_leaves_no_hot_loop() {
    let mut machine = Machine::default();
    machine.advance(Time::MAX);
    machine.submit(Time::from_secs(1), 1, TaskSpec::new("t")).unwrap();
    machine.advance(Time::from_millis(1_001));
    let (at, delay) = fail(&mut machine, Time::from_millis(1_001));
    assert_eq!(at, Time::from_millis(1_001).saturating_add(delay));
    assert!(machine.poll(Time::from_millis(1_002)).is_none());
}

#[test]
fn a_loop_in_virtual_time_gets_past_a_step_back() {
    let mut machine = Machine::default();
    machine.submit(HOUR, 1, TaskSpec::new("t")).unwrap();
    fail(&mut machine, HOUR);
    let mut now = Time::from_secs(10);
    machine.advance(now);
    for _ in 0..10 {
        let Some(at) = machine.next_wakeup() else { break };
        now = now.max(at);
        if let Some(dispatch) = machine.poll(now) {
            machine.succeed(now, &dispatch).unwrap();
        }
    }
    assert!(machine.is_empty() && now < Time::from_secs(60), "{now}");
}

#[test]
fn budgets_of_a_window_go_on_after_a_step_back() {
    let rule = redrive::BudgetRule::ratio(0.0, 1.0, Duration::from_secs(1));
    let policy = RetryPolicy::builder().budget(rule).build().unwrap();
    let config = MachineConfig::default().policy(policy);
    let mut machine = Machine::new(config);
    for key in 0..2 {
        machine.submit(HOUR, key, TaskSpec::new("t")).unwrap();
    }
    fail(&mut machine, HOUR);
    machine.advance(Time::from_secs(1));
    machine.advance(Time::from_secs(2));
    let after = Time::from_secs(4);
    fail(&mut machine, after);
}

#[cfg(feature = "serde")]
#[test]
fn a_process_whose_clock_begins_anew_takes_up_where_the_last_one_stopped() {
    let ten_days = Time::from_secs(864_000);
    let queue = QueueConfig::new().retention(Some(Duration::from_secs(60)));
    let mut machine = Machine::new(MachineConfig::default().queue(queue));
    machine.submit(ten_days, 1, TaskSpec::new("t")).unwrap();
    let (at, delay) = fail(&mut machine, ten_days);
    machine
        .submit(ten_days, 2, TaskSpec::new("t").time_to_live(Duration::from_secs(30)).delay(delay))
        .unwrap();
    let letter = DeadLetter::new(3, Reason::Exhausted, ten_days);
    assert!(machine.dead_letters_mut().push(ten_days, letter).is_ok());

    let boot = Time::from_secs(5);
    let restored = redrive::Machine::restore_at(&machine.snapshot(), boot).unwrap();
    assert_eq!(restored.now(), boot);
    let due = boot.saturating_add(at.saturating_since(ten_days));
    assert_eq!(restored.next_wakeup(), Some(due));
    let expires = restored.task(2).unwrap().expires_at();
    assert_eq!(expires, Some(boot.saturating_add(Duration::from_secs(30))));
    assert_eq!(restored.dead_letters().next_expiry(), Some(Time::from_secs(65)));

    // Without a word the machine finds out by itself, at the second reading.
    let mut restored = redrive::Machine::restore(&machine.snapshot()).unwrap();
    restored.advance(boot);
    restored.advance(Time::from_secs(6));
    let due = Time::from_secs(6).saturating_add(delay);
    assert_eq!(restored.task(1).unwrap().due(), Some(due));
}
