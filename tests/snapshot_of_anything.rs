//! A machine's own snapshot always restores: whatever a call accepts, restoring accepts.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![cfg(feature = "serde")]

use proptest::prelude::*;
use redrive::{
    DeadLetter, Duration, Failure, Machine, MachineConfig, Reason, RedrivePlan, RetryPolicy,
    Snapshot, TaskSpec, Time,
    dead_letter::{Attempts, FullPolicy, MAX_ID, QueueConfig},
    machine::Recovery,
    wire::Value,
};

fn restored(machine: &Machine) -> Machine {
    let text = serde_json::to_string(&machine.snapshot()).unwrap();
    let snapshot: Snapshot =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let restored = Machine::restore(&snapshot).unwrap();
    let tree = Machine::restore(&Snapshot::from_value(machine.snapshot().to_value())).unwrap();
    let again = |machine: &Machine| serde_json::to_string(machine).unwrap();
    assert!(restored.snapshot() == machine.snapshot(), "{text}\n{}", again(&restored));
    assert!(tree.snapshot() == restored.snapshot(), "{text}\n{}", again(&tree));
    restored
}

#[test]
fn a_letter_from_a_host_whose_clock_is_ahead_goes_back_to_work() {
    let mut machine = Machine::default();
    let mut letter = DeadLetter::new(1, Reason::Exhausted, Time::from_secs(5_000));
    letter.first_failed_at = Some(Time::from_secs(9_000));
    letter.last_failed_at = Some(Time::from_secs(4_000));
    assert!(machine.dead_letters_mut().push(Time::ZERO, letter).is_ok());
    assert_eq!(machine.redrive(Time::ZERO, &RedrivePlan::default()).scheduled.len(), 1);
    let restored = restored(&machine);
    assert!(restored.task(1).is_some());
}

fn any_time() -> impl Strategy<Value = Time> {
    prop_oneof![
        Just(Time::ZERO),
        Just(Time::MAX),
        (0..100_u64).prop_map(Time::from_secs),
        any::<u64>().prop_map(Time::from_nanos),
    ]
}

fn letter() -> impl Strategy<Value = DeadLetter> {
    let id = prop_oneof![Just(0), Just(MAX_ID), 1..5_u64, any::<u64>()];
    let texts = ("\\PC{0,12}", "\\PC{0,8}", any::<f64>());
    let counts = (any::<u32>(), any::<u64>(), any::<u32>(), any::<u64>());
    let times = (any_time(), proptest::option::of(any_time()), proptest::option::of(any_time()));
    (id.clone(), id, texts, counts, times, any::<bool>(), any::<bool>()).prop_map(
        |(id, lineage, (key, task_type, number), counts, times, parked, policy)| {
            let mut letter = DeadLetter::new(key.as_str(), Reason::Permanent, times.0);
            (letter.id, letter.lineage, letter.task_type) = (id, lineage, task_type.into());
            letter.payload = Value::List(vec![Value::Float(number), Value::Signed(5)]);
            (letter.attempts, letter.earlier_attempts) = (counts.0, counts.1);
            (letter.redrives, letter.policy_fingerprint, letter.seed) =
                (counts.2, counts.3, counts.3);
            (letter.first_failed_at, letter.last_failed_at) = (times.1, times.2);
            letter.parked = parked;
            letter.policy = policy.then(|| RetryPolicy::recommended().into());
            letter
        },
    )
}

#[derive(Clone, Debug)]
enum Call {
    Insert(Box<DeadLetter>),
    Redrive(Attempts),
    Work(bool),
    Configure(Option<u64>),
    Remove(u64),
    Recover,
}

fn call() -> impl Strategy<Value = Call> {
    let attempts = prop_oneof![
        Just(Attempts::Reset),
        Just(Attempts::Keep),
        any::<u32>().prop_map(Attempts::Add)
    ];
    prop_oneof![
        4 => letter().prop_map(|letter| Call::Insert(Box::new(letter))),
        2 => attempts.prop_map(Call::Redrive),
        4 => any::<bool>().prop_map(Call::Work),
        1 => proptest::option::of(0..3_u64).prop_map(Call::Configure),
        1 => prop_oneof![Just(MAX_ID), 0..5_u64].prop_map(Call::Remove),
        1 => Just(Call::Recover),
    ]
}

fn make(machine: &mut Machine, now: Time, call: &Call) {
    match call {
        Call::Insert(letter) => {
            let _taken = machine.dead_letters_mut().insert(now, (**letter).clone());
        }
        Call::Redrive(attempts) => {
            let plan = RedrivePlan::default().attempts(*attempts).max_redrives(None);
            let _report = machine.redrive(now, &plan);
        }
        Call::Work(well) => {
            let Some(dispatch) = machine.poll(now) else { return };
            let failure = Failure::new("timeout", "").with_retry_after(Duration::MAX);
            match well {
                true => machine.succeed(now, &dispatch).unwrap(),
                false => drop(machine.fail(now, &dispatch, &failure)),
            }
            let _taken =
                machine.submit(now, now.as_nanos(), TaskSpec::new("t").delay(Duration::MAX));
            let _running = machine.poll(now);
        }
        Call::Configure(capacity) => {
            let full = FullPolicy::DropOldest;
            machine
                .set_queue(now, QueueConfig::new().capacity(*capacity).full(full).retention(None));
        }
        Call::Remove(id) => drop(machine.dead_letters_mut().remove(*id)),
        Call::Recover => drop(machine.recover(now, Recovery::Retry)),
    }
}

proptest! {
    #[test]
    fn whatever_came_in_comes_back(steps in proptest::collection::vec((any_time(), call()), 0..30)) {
        let config = MachineConfig::default().history(2).events(100);
        let mut machine = Machine::new(config);
        for (now, call) in &steps {
            make(&mut machine, *now, call);
            restored(&machine);
        }
        let _rebased = Machine::restore_at(&machine.snapshot(), Time::from_secs(1)).unwrap();
    }
}

#[test]
fn a_machine_is_written_and_read_as_a_stream() {
    let mut machine = Machine::default();
    for key in 0..100_u64 {
        let spec = TaskSpec::new("charge").payload(Value::map([("order", key.into())]));
        machine.submit(Time::ZERO, key, spec).unwrap();
    }
    let mut bytes = Vec::new();
    serde_json::to_writer(&mut bytes, &machine).unwrap();
    let read: Machine = serde_json::from_reader(bytes.as_slice()).unwrap();
    assert_eq!(read.snapshot(), machine.snapshot());
    // Fields in another order, as another tool may write them, are the same machine.
    let Value::Map(mut fields) = machine.snapshot().to_value() else { panic!("a map") };
    fields[1..].reverse();
    let read = Machine::restore(&Snapshot::from_value(Value::Map(fields))).unwrap();
    assert_eq!(read.snapshot(), machine.snapshot());
}
