//! A key is its text: texts that share a hash are different tasks.
#![allow(clippy::unwrap_used, reason = "a test may")]

use redrive::{
    DeadLetter, Failure, Key, Machine, MachineConfig, MachineError, Reason, RedrivePlan,
    RetryPolicy, TaskSpec, Time, dead_letter::Filter,
};

/// FNV-1a gives both of these, and two more, the hash 0.
const ALICE: &str = "!0IC=VloaY";
const BOB: &str = "77kepQFQ8Kl";
const ALL: [&str; 4] = [ALICE, BOB, "QvXtM>@Fp%", "0"];

#[test]
fn texts_with_one_hash_are_tasks_of_their_own() {
    let mut machine = Machine::default();
    for key in ALL {
        machine.submit(Time::ZERO, key, TaskSpec::new(key)).unwrap();
    }
    for key in ALL {
        assert_eq!(&**machine.task(key).unwrap().task_type(), key);
    }
    machine.cancel(Time::ZERO, BOB).unwrap();
    assert!(machine.task(BOB).is_none());
    assert_eq!(machine.task(ALICE).unwrap().key(), &Key::from(ALICE));
    assert_eq!(machine.len(), 3);
    let taken = machine.submit(Time::ZERO, ALICE, TaskSpec::new("t")).unwrap_err();
    assert_eq!(taken, MachineError::KeyTaken { key: ALICE.into() });
}

#[test]
fn those_that_are_due_at_one_instant_come_in_the_order_of_their_texts() {
    let mut machine = Machine::default();
    for key in ALL.iter().rev() {
        machine.submit(Time::ZERO, *key, TaskSpec::new("t")).unwrap();
    }
    let mut restored = Machine::restore(&machine.snapshot()).unwrap();
    for machine in [&mut machine, &mut restored] {
        let keys: Vec<String> =
            std::iter::from_fn(|| machine.poll(Time::ZERO)).map(|d| d.key.to_string()).collect();
        assert_eq!(keys, ["0", ALICE, BOB, "QvXtM>@Fp%"]);
    }
}

#[test]
fn a_result_and_a_crash_go_to_the_text_that_they_name() {
    let mut machine = Machine::default();
    for key in [ALICE, BOB] {
        machine.submit(Time::ZERO, key, TaskSpec::new("t")).unwrap();
    }
    let (alice, bob) = (machine.poll(Time::ZERO).unwrap(), machine.poll(Time::ZERO).unwrap());
    assert_eq!((alice.key.to_string(), bob.key.to_string()), (ALICE.into(), BOB.into()));
    machine.succeed(Time::ZERO, &bob).unwrap();
    assert!(machine.task(BOB).is_none() && machine.task(ALICE).is_some());
    let late = machine.succeed(Time::ZERO, &bob).unwrap_err();
    assert_eq!(late, MachineError::StaleAttempt { key: BOB.into(), attempt: 1 });
    let crashed = machine.crashed(Time::ZERO, BOB, redrive::machine::Recovery::Retry);
    assert_eq!(crashed, Err(MachineError::UnknownTask { key: BOB.into() }));
    assert_eq!(
        crashed.unwrap_err().to_string(),
        "no live task has the key 77kepQFQ8Kl; it ended, or was never submitted"
    );
    machine.succeed(Time::ZERO, &alice).unwrap();
}

#[test]
fn letters_with_one_hash_go_back_to_work_together() {
    let policy = RetryPolicy::classic(1, 2.0).unwrap();
    let config = MachineConfig::default().policy(policy);
    let mut machine = Machine::new(config);
    for key in [ALICE, BOB] {
        machine.submit(Time::ZERO, key, TaskSpec::new("t")).unwrap();
        let dispatch = machine.poll(Time::ZERO).unwrap();
        let _verdict = machine.fail(Time::ZERO, &dispatch, &Failure::new("x", "")).unwrap();
    }
    let filter = Filter::new().key(BOB);
    assert_eq!(machine.dead_letters().list(Time::ZERO, &filter).count(), 1);
    let report = machine.redrive(Time::ZERO, &RedrivePlan::default());
    assert_eq!((report.scheduled.len(), report.skipped.len()), (2, 0));
    // Their letters are told apart on the way out, too.
    let mut held = DeadLetter::new(ALICE, Reason::Exhausted, Time::ZERO);
    held.task_type = "t".into();
    assert!(machine.dead_letters_mut().push(Time::ZERO, held).is_ok());
    let report = machine.redrive(Time::ZERO, &RedrivePlan::default());
    assert_eq!(report.skipped.len(), 1, "a task with the key is live");
}

#[test]
fn ten_thousand_keys_with_one_hash_cost_no_more_than_others() {
    // Blocks of text that leave FNV-1a's state as it was would make any number of them; a handful is
    // enough to see that the index goes by the whole text: it finds each in one step or two.
    let mut machine = Machine::default();
    let keys: Vec<String> = (0..10_000).map(|n| format!("order-{n}")).collect();
    for key in &keys {
        machine.submit(Time::ZERO, key, TaskSpec::new("t")).unwrap();
    }
    for key in keys.iter().step_by(2) {
        machine.cancel(Time::ZERO, key).unwrap();
    }
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(machine.task(key).is_some(), n % 2 == 1, "{key}");
    }
    assert_eq!(machine.len(), 5_000);
}
