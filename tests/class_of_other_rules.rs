//! A class holds for the rules that it was made by; a policy with others refuses it.
#![allow(clippy::unwrap_used, reason = "a test may")]

use redrive::{
    Action, Context, RetryPolicy, Rule, Task, Time, Verdict,
    policy::{Budget, Overrides},
    random::Stream,
    task::{Compact, TaskError},
};

fn policy(rules: &[(&str, Action)]) -> RetryPolicy {
    let builder = RetryPolicy::builder();
    let rules = rules.iter().map(|(matches, action)| Rule::new(matches, *action));
    rules.fold(builder, redrive::PolicyBuilder::rule).build().unwrap()
}

fn fail(policy: &RetryPolicy, of: &RetryPolicy) -> [Result<Verdict, TaskError>; 3] {
    let ctx = Context { policy, stream: Stream::new(1), key: 7 };
    let class = of.classify("timeout", None);
    let running = || {
        let mut task = Task::new();
        task.start(Time::ZERO).unwrap();
        task
    };
    let mut compact = Compact::new();
    compact.start().unwrap();
    let overrides = Overrides::new(policy, Some(9), None).unwrap();
    [
        running().fail(Time::ZERO, &ctx, class, None, None),
        running().fail_with(Time::ZERO, &ctx, &overrides, class, None, None),
        compact.fail(Time::ZERO, Time::ZERO, &ctx, class, None),
    ]
}

#[test]
fn a_class_of_another_policy_is_refused() {
    let plain = policy(&[]);
    let one = policy(&[("timeout", Action::DeadLetter)]);
    let other = policy(&[("other", Action::Retry), ("timeout", Action::DeadLetter)]);
    for (policy, of) in [(&plain, &one), (&one, &plain), (&one, &other), (&other, &one)] {
        for refused in fail(policy, of) {
            assert_eq!(refused, Err(TaskError::ClassOfOtherRules));
        }
    }
    assert!(TaskError::ClassOfOtherRules.to_string().contains("classify"));
}

#[test]
fn a_class_of_the_same_rules_is_taken() {
    let longer = RetryPolicy::builder().max_attempts(9).build().unwrap();
    for (policy, of) in [
        (policy(&[]), longer),
        (policy(&[("timeout", Action::Retry)]), policy(&[("timeout", Action::Discard)])),
    ] {
        for taken in fail(&policy, &of) {
            assert!(matches!(taken, Ok(Verdict::Retry { .. })), "{taken:?}");
        }
    }
}

#[test]
fn a_refused_class_costs_the_task_nothing() {
    let (one, other) = (policy(&[("timeout", Action::DeadLetter)]), RetryPolicy::recommended());
    let ctx = Context { policy: &one, stream: Stream::new(1), key: 7 };
    let mut task = Task::new();
    task.start(Time::ZERO).unwrap();
    let before = task;
    let mut budget = other.budget().map(Budget::new).unwrap();
    let class = other.classify("timeout", None);
    assert!(task.fail(Time::ZERO, &ctx, class, None, Some(&mut budget)).is_err());
    assert_eq!(task, before);
    assert_eq!(budget.denied(), 0);
}

#[test]
fn a_fingerprint_is_that_of_what_is_written_however_often_it_is_asked_for() {
    let policy = RetryPolicy::recommended();
    let first = policy.fingerprint();
    assert_eq!(first, redrive::random::hash(policy.to_value().to_string().as_bytes()));
    assert_eq!((policy.fingerprint(), policy.clone().fingerprint()), (first, first));
    let other = policy.to_builder().max_attempts(7).build().unwrap();
    assert_ne!(other.fingerprint(), first);
}
