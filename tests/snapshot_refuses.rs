//! What is not a snapshot that this version can restore is refused, and the field is named.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use redrive::{
    DeadLetterQueue, Duration, Failure, Machine, MachineConfig, RetryPolicy, Snapshot, Task,
    TaskSpec, Time, dead_letter::QueueConfig, wire::Value,
};

/// A machine with a task of each kind: 1 waits, 2 runs, 3 is ready, 4 is in the queue, 5 is held.
fn machine() -> Machine {
    let policy = RetryPolicy::builder().attempt_timeout(Duration::from_secs(60)).build().unwrap();
    let queue = QueueConfig::new().capacity(Some(1));
    let config = MachineConfig::default().policy(policy).queue(queue);
    let mut machine = Machine::new(config);
    let start = Time::from_secs(10);
    for key in [4, 5, 1, 2] {
        let spec = TaskSpec::new("t").max_attempts(if key > 3 { 1 } else { 3 });
        machine.submit(start, key, spec).unwrap();
        let dispatch = machine.poll(start).unwrap();
        if key != 2 {
            let _verdict = machine.fail(start, &dispatch, &Failure::new("timeout", "")).unwrap();
        }
    }
    machine.submit(start, 3, TaskSpec::new("t").delay(Duration::from_secs(5))).unwrap();
    machine
}

/// The value at `path` ("tasks.0.run").
fn at<'v>(value: &'v mut Value, path: &str) -> &'v mut Value {
    path.split('.').fold(value, |value, step| match value {
        Value::Map(entries) => &mut entries.iter_mut().find(|(name, _)| name == step).unwrap().1,
        Value::List(items) => &mut items[step.parse::<usize>().unwrap()],
        other => panic!("{step} in {other:?}"),
    })
}

fn error(change: impl FnOnce(&mut Value)) -> String {
    let mut value = machine().snapshot().to_value();
    change(&mut value);
    Machine::restore(&Snapshot::from_value(value)).unwrap_err().to_string()
}

#[test]
fn the_untouched_snapshot_is_restored() {
    let machine = machine();
    let restored = Machine::restore(&machine.snapshot()).unwrap();
    assert_eq!(restored.snapshot(), machine.snapshot());
    let stats = restored.stats();
    assert_eq!((stats.waiting, stats.running, stats.ready, stats.held), (1, 1, 1, 1));
}

#[test]
fn other_versions_and_other_things_are_refused_as_such() {
    let mut value = machine().snapshot().to_value();
    *at(&mut value, "schema") = "redrive-machine/3".into();
    // A field of the future does not hide that it is a version of the future.
    *at(&mut value, "seed") = Value::List(Vec::new());
    let error = Machine::restore(&Snapshot::from_value(value)).unwrap_err();
    assert!(error.is_other_schema());
    assert_eq!(
        error.to_string(),
        "the snapshot cannot be restored: schema = \"redrive-machine/3\" is not what this version \
         restores here: \"redrive-machine/2\""
    );
    let queue = DeadLetterQueue::default().snapshot();
    assert!(Machine::restore(&queue).unwrap_err().is_other_schema());
    assert!(Task::restore(&queue).unwrap_err().is_other_schema());
    for nothing in [Value::Null, Value::Map(Vec::new()), Value::from("redrive-machine/2")] {
        assert!(Machine::restore(&Snapshot::from_value(nothing)).unwrap_err().is_other_schema());
    }
}

#[test]
fn each_missing_field_is_named_and_each_unknown_one_refused() {
    let Value::Map(entries) = machine().snapshot().to_value() else { unreachable!() };
    for missing in (1..entries.len()).filter(|n| entries[*n].0 != "behindNs") {
        let mut entries = entries.clone();
        let (name, _) = entries.remove(missing);
        let snapshot = Snapshot::from_value(Value::Map(entries));
        let error = Machine::restore(&snapshot).unwrap_err();
        assert_eq!(error.path(), name, "{error}");
    }
    let mut entries = entries;
    entries.push(("later".into(), Value::Null));
    let error = Machine::restore(&Snapshot::from_value(Value::Map(entries))).unwrap_err();
    assert!(error.is_unknown_field() && error.path() == "later");
}

#[test]
fn states_that_no_calls_can_reach_are_refused() {
    let set = |path: &'static str, value: Value| {
        (path, error(move |snapshot| *at(snapshot, path) = value))
    };
    let put = |path: &'static str, name: &'static str, value: Value| {
        let change = move |snapshot: &mut Value| {
            let Value::Map(fields) = at(snapshot, path) else { panic!("{path}") };
            fields.push((name.into(), value));
        };
        (path, error(change))
    };
    for ((path, error), expected) in [
        (set("tasks.1.attempts", 0_u64.into()), "tasks[1] has a state that only an attempt"),
        (set("tasks.1.state", "succeeded".into()), "tasks[1].state = \"succeeded\" is not known"),
        (set("tasks.1.key", "1".into()), "tasks[1].key is given twice"),
        (set("tasks.1.run", 0_u64.into()), "tasks[1].run does not fit"),
        (set("tasks.1.run", 99_u64.into()), "tasks[1].run = 99 is above runs"),
        (put("tasks.1", "policy", 7_u64.into()), "tasks[1].policy = 7, and there are 0 policies"),
        (
            put("tasks.0", "deadlineNs", 5_u64.into()),
            "tasks[0].deadlineNs is there, and no attempt",
        ),
        (put("tasks.0", "free", 9_u64.into()), "tasks[0] has more free attempts"),
        (
            put("tasks.0", "runn", 9_u64.into()),
            "tasks[0].runn is not a field; did you mean \"run\"?",
        ),
        (set("held.records.0.key", "1".into()), "held.records[0].key is given twice"),
        (
            set("held.records.0.reason", "bored".into()),
            "held.records[0].reason = \"bored\" is not known",
        ),
        (
            set("queue.letters.records.0.id", 0_u64.into()),
            "queue.letters.records[0].id = 0 is not a number from 1",
        ),
        (set("queue.counters.entered", 5_u64.into()), "queue.counters do not add up"),
        (
            set("counters.submitted", 9_u64.into()),
            "counters do not add up: submitted + redriven = 9",
        ),
        (set("held.records.0.policy", 7_u64.into()), "held.records[0].policy = 7, and there are 1"),
        (set("policy.maxAttempts", 0_u64.into()), "policy.maxAttempts = 0 is below 1"),
        (set("budgets", Value::from("none")), "budgets is"),
        (set("nowNs", Value::Signed(-1)), "nowNs = -1 is negative"),
    ] {
        let expected = format!("the snapshot cannot be restored: {expected}");
        assert!(error.starts_with(&expected), "{path}: {error}");
    }
}
