//! Capacity, retention, policy and the rest can be changed while the machine runs.
#![allow(clippy::unwrap_used, reason = "a test may")]

use redrive::{
    Backoff, BudgetRule, DeadLetter, Duration, Failure, Machine, MachineConfig, Reason,
    RetryPolicy, TaskSpec, Time, Verdict,
    dead_letter::{DropCause, FullPolicy, QueueConfig},
    machine::What,
};

fn fail(machine: &mut Machine, now: Time) -> Verdict {
    let dispatch = machine.poll(now).unwrap();
    machine.fail(now, &dispatch, &Failure::new("timeout", "")).unwrap()
}

#[test]
fn a_larger_capacity_lets_the_held_letters_in() {
    let queue = QueueConfig::new().capacity(Some(1));
    let policy = RetryPolicy::classic(1, 2.0).unwrap();
    let mut machine = Machine::new(MachineConfig::default().policy(policy).queue(queue));
    for key in 0..3 {
        machine.submit(Time::ZERO, key, TaskSpec::new("t")).unwrap();
        let _verdict = fail(&mut machine, Time::ZERO);
    }
    assert_eq!((machine.stats().held, machine.dead_letters().len()), (2, 1));
    machine.set_queue(Time::ZERO, queue.capacity(Some(10)));
    assert_eq!((machine.stats().held, machine.dead_letters().len()), (0, 3));
    // A smaller one loses nothing: it waits until there is room.
    machine.set_queue(Time::ZERO, queue.capacity(Some(1)));
    assert_eq!(machine.dead_letters().len(), 3);
    #[cfg(feature = "serde")]
    assert!(Machine::restore(&machine.snapshot()).is_ok(), "more than its capacity, and restored");
}

#[test]
fn a_shorter_retention_and_a_rule_that_drops_say_what_they_gave_up() {
    let mut machine = Machine::default();
    for at in [1, 2, 3] {
        let letter = DeadLetter::new(at, Reason::Exhausted, Time::from_secs(at));
        assert!(machine.dead_letters_mut().push(Time::from_secs(at), letter).is_ok());
    }
    let now = Time::from_secs(61);
    let queue = QueueConfig::new()
        .capacity(Some(1))
        .full(FullPolicy::DropOldest)
        .retention(Some(Duration::from_secs(60)));
    machine.set_queue(now, queue);
    let causes: Vec<DropCause> = std::iter::from_fn(|| machine.poll_event())
        .filter_map(|event| match event.what {
            What::Dropped { cause, .. } => Some(cause),
            _ => None,
        })
        .collect();
    assert_eq!(causes, [DropCause::Expired, DropCause::Oldest]);
    assert_eq!(machine.dead_letters().len(), 1);
}

#[test]
fn another_policy_holds_from_the_next_failure_on() {
    let mut machine = Machine::default();
    for key in 0..2 {
        machine.submit(Time::ZERO, key, TaskSpec::new("t")).unwrap();
    }
    let own = TaskSpec::new("t").policy(RetryPolicy::classic(9, 2.0).unwrap());
    machine.submit(Time::ZERO, 7, own).unwrap();
    let before = fail(&mut machine, Time::ZERO);
    assert!(matches!(before, Verdict::Retry { delay, .. } if delay >= Duration::from_secs(2)));
    let fixed = RetryPolicy::builder()
        .backoff(Backoff::Constant { delay: Duration::from_secs(9) })
        .jitter(redrive::Jitter::None)
        .max_attempts(2)
        .build()
        .unwrap();
    machine.set_policy(Time::ZERO, fixed);
    let after = fail(&mut machine, Time::ZERO);
    assert!(matches!(after, Verdict::Retry { delay, .. } if delay == Duration::from_secs(9)));
    let other = fail(&mut machine, Time::ZERO);
    assert!(matches!(other, Verdict::Retry { delay, .. } if delay < Duration::from_secs(3)));
    machine.cancel(Time::ZERO, 7).unwrap();
    let due = machine.next_wakeup().unwrap();
    assert_eq!(fail(&mut machine, due), Verdict::DeadLetter(Reason::Exhausted));
}

#[test]
fn a_new_budget_counts_the_tasks_that_are_in_flight() {
    let mut machine = Machine::default();
    for key in 0..10 {
        machine.submit(Time::ZERO, key, TaskSpec::new("t")).unwrap();
    }
    let dispatches: Vec<_> = std::iter::from_fn(|| machine.poll(Time::ZERO)).collect();
    let rule = BudgetRule::Concurrency { percent: 20.0, min: 1 };
    machine.set_policy(Time::ZERO, RetryPolicy::builder().budget(rule).build().unwrap());
    let granted = dispatches.iter().filter(|dispatch| {
        let verdict = machine.fail(Time::ZERO, dispatch, &Failure::new("timeout", "")).unwrap();
        matches!(verdict, Verdict::Retry { .. })
    });
    assert_eq!(granted.count(), 2);
    for key in 0..10 {
        let _live = machine.cancel(Time::ZERO, key);
    }
    assert_eq!(machine.stats().budget, Some(1.0), "all places were given back");
}
