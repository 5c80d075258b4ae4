//! Dead letters go back to work: with their policy, history and lineage, and the attempts of the plan.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use redrive::{
    Duration, Failure, Machine, MachineConfig, Reason, RedrivePlan, RetryPolicy, TaskSpec, Time,
    Verdict,
    dead_letter::{Attempts, Filter, Redriven, Skip},
    machine::What,
    random::Stream,
    wire::Value,
};

/// Lets what is due fail until nothing is due any more; how many attempts that took.
fn fail_all(machine: &mut Machine) -> u32 {
    let mut attempts = 0;
    while let Some(at) = machine.next_wakeup() {
        let now = at.max(machine.now());
        while let Some(dispatch) = machine.poll(now) {
            attempts += 1;
            let failure = Failure::new("timeout", "after 31 ms");
            let _verdict = machine.fail(now, &dispatch, &failure).unwrap();
        }
    }
    attempts
}

/// A machine with one letter: "order-17", dead after its own two attempts.
fn with_one_letter() -> Machine {
    let mut machine = Machine::new(MachineConfig::default().seed(7));
    let spec = TaskSpec::new("charge").payload(Value::from("17 EUR")).max_attempts(2);
    machine.submit(Time::ZERO, "order-17", spec).unwrap();
    assert_eq!(fail_all(&mut machine), 2);
    machine
}

#[test]
fn a_letter_keeps_what_it_was() {
    let mut machine = with_one_letter();
    let first = machine.dead_letters().get(1).unwrap().clone();
    assert_eq!((first.lineage, first.redrives, first.attempts), (1, 0, 2));
    assert_eq!(first.seed, 7);

    let report = machine.redrive(Time::from_secs(100), &RedrivePlan::default());
    assert_eq!(report.to_string(), "1 letter selected: 1 scheduled within 20ms");
    assert!(machine.dead_letters().is_empty());
    let task = machine.task("order-17").unwrap();
    assert_eq!((&**task.task_type(), task.payload()), ("charge", &Value::from("17 EUR")));
    assert_eq!(task.policy().max_attempts().unwrap().get(), 2, "its own policy, not the machine's");
    assert_eq!((task.redrives(), task.attempts(), task.history().len()), (1, 0, 2));

    assert_eq!(fail_all(&mut machine), 2, "its attempts were reset");
    let second = machine.dead_letters().iter().next().unwrap();
    assert_eq!((second.id, second.lineage, second.redrives), (2, 1, 1));
    assert_eq!((second.attempts, second.earlier_attempts, second.total_attempts()), (2, 2, 4));
    assert_eq!(second.policy, first.policy);
    assert_eq!(second.first_failed_at, first.first_failed_at);
    assert_eq!(second.history.len(), 4);
    assert_eq!((&second.payload, &second.key), (&first.payload, &first.key));
}

#[test]
fn keep_gives_an_exhausted_task_one_more_try() {
    let mut machine = with_one_letter();
    let _report =
        machine.redrive(Time::from_secs(100), &RedrivePlan::default().attempts(Attempts::Keep));
    let now = machine.next_wakeup().unwrap();
    let dispatch = machine.poll(now).unwrap();
    assert_eq!(dispatch.attempt, 3, "it goes on counting");
    let verdict = machine.fail(now, &dispatch, &Failure::new("timeout", "")).unwrap();
    assert_eq!(verdict, Verdict::DeadLetter(Reason::Exhausted));
    assert_eq!(machine.dead_letters().iter().next().unwrap().attempts, 3);
}

#[test]
fn add_gives_more_tries_whose_delays_go_on_growing_and_does_not_creep() {
    let mut machine = with_one_letter();
    let plan = RedrivePlan::default().attempts(Attempts::Add(3)).max_redrives(None);
    let _report = machine.redrive(Time::from_secs(100), &plan);
    let now = machine.next_wakeup().unwrap();
    let dispatch = machine.poll(now).unwrap();
    let verdict = machine.fail(now, &dispatch, &Failure::new("timeout", "")).unwrap();
    let Verdict::Retry { delay, .. } = verdict else { panic!("{verdict:?}") };
    let third = Duration::from_secs(8)..=Duration::from_millis(8_800);
    assert!(third.contains(&delay), "the third delay of the policy, not the first: {delay:?}");
    assert_eq!(1 + fail_all(&mut machine), 3);
    let letter = machine.dead_letters().iter().next().unwrap();
    assert_eq!(letter.attempts, 5);
    let policy = letter.policy.as_ref().unwrap();
    assert_eq!(policy.max_attempts().unwrap().get(), 2, "the raise was for one life");
}

#[test]
fn time_as_a_dead_letter_is_not_time_spent_retrying() {
    let policy = RetryPolicy::builder().max_elapsed(Duration::from_secs(5)).build().unwrap();
    let config = MachineConfig::default().policy(policy);
    for attempts in [Attempts::Reset, Attempts::Keep] {
        let mut machine = Machine::new(config.clone());
        machine.submit(Time::ZERO, 1, TaskSpec::new("t")).unwrap();
        fail_all(&mut machine);
        let letter = machine.dead_letters().iter().next().unwrap();
        assert_eq!((letter.reason, letter.attempts), (Reason::DeadlineExceeded, 2));
        let hour = Time::from_secs(3_600);
        let _report = machine.redrive(hour, &RedrivePlan::default().attempts(attempts));
        let now = machine.next_wakeup().unwrap();
        let dispatch = machine.poll(now).unwrap();
        let verdict = machine.fail(now, &dispatch, &Failure::new("timeout", "")).unwrap();
        let expected = match attempts {
            // After attempt 3 of 3.
            Attempts::Keep => matches!(verdict, Verdict::DeadLetter(Reason::Exhausted)),
            _ => matches!(verdict, Verdict::Retry { .. }),
        };
        assert!(expected, "{attempts:?}: {verdict:?}");
    }
}

#[test]
fn a_letter_that_dies_again_and_again_is_parked() {
    let mut machine = with_one_letter();
    let plan = RedrivePlan::default().max_redrives(Some(2));
    for _ in 0..2 {
        let now = machine.now();
        assert_eq!(machine.redrive(now, &plan).scheduled.len(), 1);
        fail_all(&mut machine);
    }
    let now = machine.now();
    let report = machine.redrive(now, &plan);
    assert!(report.is_nothing());
    assert_eq!(report.parked, [3]);
    assert_eq!(
        report.to_string(),
        "1 letter selected: nothing redriven, 1 parked (redriven too often)"
    );
    let letter = machine.dead_letters().get(3).unwrap();
    assert!(letter.parked, "it stays listed, marked");
    assert!(
        std::iter::from_fn(|| machine.poll_event()).any(|e| e.what == What::Parked { letter: 3 })
    );

    let again = machine.redrive(now, &plan.clone().max_redrives(None));
    assert_eq!((again.selected, again.set_aside), (0, 1));
    assert_eq!(
        again.to_string(),
        "no letter out of 1 selected: nothing redriven; 1 parked, which are sent back only if asked for"
    );
    let named = RedrivePlan::new(Filter::new().ids([3])).max_redrives(None);
    assert_eq!(machine.redrive(now, &named).skipped, [(3, Skip::Parked)]);
    let asked = RedrivePlan::new(Filter::new().parked(true));
    assert_eq!(machine.redrive(now, &asked).scheduled.len(), 1, "unless it is asked for");
    assert_eq!(machine.task("order-17").unwrap().redrives(), 3);
}

#[test]
fn a_letter_whose_key_is_live_stays() {
    let mut machine = with_one_letter();
    let now = machine.now();
    let spec = TaskSpec::new("charge").max_attempts(1).delay(Duration::from_secs(1));
    machine.submit(now, "order-17", spec.clone()).unwrap();
    let report = machine.redrive(now, &RedrivePlan::default());
    assert_eq!((report.selected, report.skipped), (1, vec![(1, Skip::KeyLive)]));
    assert_eq!(machine.dead_letters().len(), 1);

    // Two letters of one key: one goes, the other waits for its end.
    fail_all(&mut machine);
    assert_eq!(machine.dead_letters().len(), 2);
    let report = machine.redrive(machine.now(), &RedrivePlan::default());
    assert_eq!((report.scheduled.len(), report.skipped), (1, vec![(2, Skip::KeyLive)]));
}

#[test]
fn a_redrive_of_nothing_says_so() {
    let mut machine = with_one_letter();
    let report = machine.redrive(Time::ZERO, &RedrivePlan::new(Filter::new().kind("validation")));
    assert!(report.is_nothing());
    assert_eq!(report.to_string(), "no letter out of 1 selected: nothing redriven");
}

#[test]
fn a_task_redriven_by_another_process_goes_on_here() {
    for attempts in [Attempts::Reset, Attempts::Keep, Attempts::Add(3)] {
        let mut queue = with_one_letter().dead_letters().clone();
        let plan = RedrivePlan::default().attempts(attempts);
        let (mut tasks, _) = queue.redrive(Time::from_secs(100), &plan, Stream::new(1));
        let task = tasks.remove(0);
        let read = Redriven::from_value(&task.to_value()).unwrap();
        assert_eq!(read, task, "it travels as a record");

        // The same as if the machine of the letter had redriven it itself.
        let mut here = Machine::new(MachineConfig::default().seed(7));
        here.submit_redriven(Time::from_secs(100), read.clone()).unwrap();
        let error = here.submit_redriven(Time::from_secs(100), read).unwrap_err();
        assert!(error.is_key_in_use());
        let mut there = with_one_letter();
        let _report = there.redrive(Time::from_secs(100), &plan);
        assert_eq!(fail_all(&mut here), fail_all(&mut there), "{attempts:?}");
        let (a, b) = (here.dead_letters().iter().next(), there.dead_letters().iter().next());
        let (a, b) = (a.unwrap(), b.unwrap());
        assert_eq!((a.lineage, a.redrives, a.total_attempts()), (1, 1, b.total_attempts()));
        assert_eq!((&a.policy, &a.key, a.history.len()), (&b.policy, &b.key, b.history.len()));
    }
}
