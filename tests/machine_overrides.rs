//! A task may bring its own number of attempts, multiplier, or whole policy.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

use redrive::{
    Backoff, Duration, Failure, Jitter, Machine, MachineConfig, Reason, RetryPolicy, TaskSpec,
    Time, Verdict, wire::Value,
};

/// The delays of task 1 until it is dead.
fn delays(machine: &mut Machine, spec: TaskSpec) -> Vec<Duration> {
    machine.submit(Time::ZERO, 1, spec).unwrap();
    let (mut now, mut delays) = (machine.now(), Vec::new());
    loop {
        let dispatch = machine.poll(now).expect("due");
        match machine.fail(now, &dispatch, &Failure::new("timeout", "")).unwrap() {
            Verdict::Retry { at, delay } => {
                delays.push(delay);
                now = at;
            }
            verdict => {
                assert_eq!(verdict, Verdict::DeadLetter(Reason::Exhausted));
                return delays;
            }
        }
    }
}

fn assert_about(delays: &[Duration], seconds: &[f64]) {
    assert_eq!(delays.len(), seconds.len(), "{delays:?}");
    for (delay, seconds) in delays.iter().zip(seconds) {
        let band = *seconds..=seconds * 1.1;
        assert!(band.contains(&delay.as_secs_f64()), "{delay:?} is not in {band:?}");
    }
}

#[test]
fn the_specifications_task_is_its_own_default() {
    let spec = TaskSpec::new("cleanup_runs").payload(Value::Map(Vec::new()));
    let own = spec.clone().max_attempts(3).multiplier(2.0);
    assert_about(&delays(&mut Machine::default(), spec.clone()), &[2.0, 4.0]);
    assert_eq!(delays(&mut Machine::default(), own), delays(&mut Machine::default(), spec));
}

#[test]
fn a_multiplier_of_its_own_keeps_delays_of_multiplier_to_the_n_seconds() {
    let spec = TaskSpec::new("t").max_attempts(4).multiplier(3.0);
    assert_about(&delays(&mut Machine::default(), spec), &[3.0, 9.0, 27.0]);
}

#[test]
fn other_exponential_policies_keep_their_first_delay() {
    let initial = Duration::from_millis(500);
    let policy = RetryPolicy::builder()
        .backoff(Backoff::Exponential { initial, multiplier: 2.0 })
        .jitter(Jitter::None)
        .build()
        .unwrap();
    let config = MachineConfig::default().policy(policy);
    let mut machine = Machine::new(config);
    let millis: Vec<u128> =
        delays(&mut machine, TaskSpec::new("t").max_attempts(4).multiplier(3.0))
            .iter()
            .map(Duration::as_millis)
            .collect();
    assert_eq!(millis, [500, 1_500, 4_500]);
}

#[test]
fn a_bad_override_is_refused_by_name_and_nothing_is_submitted() {
    let mut machine = Machine::default();
    let constant = RetryPolicy::builder()
        .backoff(Backoff::Constant { delay: Duration::from_secs(1) })
        .build()
        .unwrap();
    for (spec, text) in [
        (TaskSpec::new("t").multiplier(0.5), "the task's policy: multiplier = 0.5 is below 1"),
        (TaskSpec::new("t").multiplier(f64::NAN), "the task's policy: multiplier = NaN"),
        (TaskSpec::new("t").max_attempts(0), "the task's policy: maxAttempts = 0 is below 1"),
        (
            TaskSpec::new("t").policy(constant).multiplier(2.0),
            "the task's policy: multiplier is for",
        ),
    ] {
        let error = machine.submit(Time::ZERO, 1, spec).unwrap_err();
        assert!(error.is_bad_task());
        assert!(error.to_string().starts_with(text), "{error}");
    }
    assert!(machine.is_empty());
}

#[test]
fn a_payload_that_no_format_can_write_is_refused() {
    let nested = Value::List(vec![Value::map([("x", Value::Float(f64::INFINITY))])]);
    let error = Machine::default().submit(Time::ZERO, 1, TaskSpec::new("t").payload(nested));
    assert!(error.unwrap_err().is_bad_task());
}
