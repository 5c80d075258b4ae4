//! A policy that neither attempts nor time end is made only where the caller says that it stops its tasks.

use redrive::{RetryPolicy, wire::Value};

#[test]
fn nothing_runs_for_ever_by_accident() {
    let forever = || RetryPolicy::builder().unlimited_attempts();
    assert_eq!(forever().build().unwrap_err().path(), "maxAttempts");
    let value = Value::map([("maxAttempts", Value::Null)]);
    assert_eq!(RetryPolicy::from_value(&value).unwrap_err().path(), "maxAttempts");

    let policy = forever().build_until_stopped().unwrap();
    assert!(policy.is_unbounded());
    assert_eq!(RetryPolicy::from_value_until_stopped(&value).as_ref(), Ok(&policy));
    assert!(policy.hints().iter().any(|hint| hint.code == "unbounded"));
    // A builder that starts from it asks again.
    assert!(policy.to_builder().build().is_err());
    assert!(!policy.to_builder().max_attempts(3).build().unwrap().is_unbounded());
}

#[test]
fn what_was_written_is_read_where_tasks_are_stopped() {
    let policy = RetryPolicy::builder().unlimited_attempts().build_until_stopped().unwrap();
    let again = RetryPolicy::from_value_until_stopped(&policy.to_value());
    assert_eq!(again.as_ref(), Ok(&policy));
    assert!(RetryPolicy::from_value(&policy.to_value()).is_err());
}
