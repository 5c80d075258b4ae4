use std::{error::Error, io};

use redrive::{Reason, RetryPolicy, run::testing::VirtualTimer};

fn failing() -> impl FnMut() -> io::Result<()> {
    let mut calls = 0;
    move || {
        calls += 1;
        Err(io::Error::other(format!("failure {calls}")))
    }
}

#[test]
fn the_last_error_is_the_source_and_the_others_are_there() {
    let policy = RetryPolicy::classic(3, 2.0).unwrap();
    let gave_up = policy.retry(failing()).call_on(&VirtualTimer::new()).unwrap_err();
    assert_eq!(gave_up.to_string(), "gave up after 3 attempts (exhausted): failure 3");
    assert_eq!(gave_up.source().unwrap().to_string(), "failure 3");
    let earlier: Vec<_> = gave_up.earlier.iter().map(ToString::to_string).collect();
    assert_eq!(earlier, ["failure 1", "failure 2"]);
    assert_eq!(gave_up.reason, Some(Reason::Exhausted));
    assert!(gave_up.elapsed.as_secs() >= 6);
}

#[test]
fn unwrapped_it_is_the_last_error_itself() {
    let policy = RetryPolicy::classic(3, 2.0).unwrap();
    let error: io::Error =
        policy.retry(failing()).unwrap().call_on(&VirtualTimer::new()).unwrap_err();
    assert_eq!(error.to_string(), "failure 3");
}

#[test]
fn a_long_call_keeps_the_newest_errors() {
    let policy = RetryPolicy::classic(100, 1.0).unwrap();
    let gave_up = policy.retry(failing()).call_on(&VirtualTimer::new()).unwrap_err();
    assert_eq!((gave_up.attempts, gave_up.earlier.len()), (100, 31));
    assert_eq!(gave_up.earlier[30].to_string(), "failure 99");
}
