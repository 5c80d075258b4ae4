use std::{
    cell::Cell,
    io::{self, ErrorKind},
};

use redrive::{
    Action, Duration, Reason, RetryPolicy, Rule,
    failure::Kind,
    run::{
        Attempt, Fault,
        testing::{VirtualTimer, script},
    },
};

fn calls_of(policy: &RetryPolicy, kind: ErrorKind) -> u32 {
    let calls = Cell::new(0);
    let _ = policy
        .retry(|| {
            calls.set(calls.get() + 1);
            Err::<(), _>(io::Error::from(kind))
        })
        .classify(Fault::io)
        .call_on(&VirtualTimer::new());
    calls.get()
}

#[test]
fn rules_match_what_the_classifier_says() {
    let policy = RetryPolicy::builder()
        .max_attempts(3)
        .rule(Rule::new("missing", Action::DeadLetter))
        .build()
        .unwrap();
    assert_eq!(calls_of(&policy, ErrorKind::NotFound), 1);
    assert_eq!(calls_of(&policy, ErrorKind::ConnectionRefused), 3);
}

#[test]
fn a_status_is_enough_for_rules_by_kind() {
    let policy = RetryPolicy::builder()
        .max_attempts(4)
        .rule(Rule::new("unavailable", Action::Retry))
        .default_action(Action::Fail)
        .build()
        .unwrap();
    let attempts = |status: u16| {
        let call = policy.retry(script::<(), _>([Err(status)]));
        let call = call.classify(|status: &u16| Fault::code(*status));
        call.call_on(&VirtualTimer::new()).unwrap_err().attempts
    };
    assert_eq!((attempts(503), attempts(400)), (4, 1));
}

#[test]
fn when_says_no_for_good() {
    let policy = RetryPolicy::classic(5, 2.0).unwrap();
    let gave_up = policy
        .retry(script::<(), _>([Err("bad gateway"), Err("bad request")]))
        .when(|error: &&str| *error == "bad gateway")
        .call_on(&VirtualTimer::new())
        .unwrap_err();
    assert_eq!((gave_up.attempts, gave_up.reason), (2, Some(Reason::Permanent)));
}

#[test]
fn a_retry_after_is_waited_for() {
    let policy = RetryPolicy::classic(2, 2.0).unwrap();
    let timer = VirtualTimer::new();
    let answer = policy
        .retry(script([Err(429), Ok("done")]))
        .classify(|status: &u16| Fault::http(*status, [("Retry-After", "40")], None))
        .call_on(&timer);
    assert_eq!(answer, Ok("done"));
    assert!(timer.slept() >= Duration::from_secs(40), "{:?}", timer.slept());
}

#[test]
fn a_value_can_count_as_a_failure() {
    let policy = RetryPolicy::classic(3, 2.0).unwrap();
    let run = |values: Vec<Result<&'static str, &'static str>>| {
        let timer = VirtualTimer::new();
        let call = policy.retry(script(values));
        let call = call.retry_ok(|value: &&str| (*value == "pending").then_some(Kind::Unavailable));
        (call.call_on(&timer), timer.slept() > Duration::ZERO)
    };
    assert_eq!(run(vec![Ok("pending"), Ok("done")]), (Ok("done"), true));
    assert_eq!(run(vec![Ok("done")]), (Ok("done"), false));
    assert_eq!(run(vec![Ok("pending")]), (Ok("pending"), true), "the last value is the result");
}

#[test]
fn the_attempt_is_told_its_number_and_its_limit() {
    let limit = Duration::from_secs(5);
    let policy = RetryPolicy::builder().max_attempts(3).attempt_timeout(limit).build().unwrap();
    let mut seen = Vec::new();
    let answer = policy
        .retry_with(|attempt: Attempt| {
            seen.push((attempt.number, attempt.timeout));
            if attempt.number < 3 { Err("no") } else { Ok(()) }
        })
        .call_on(&VirtualTimer::new());
    assert_eq!(answer, Ok(()));
    assert_eq!(seen, [(1, Some(limit)), (2, Some(limit)), (3, Some(limit))]);
}
