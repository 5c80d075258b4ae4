use super::*;
use crate::policy::{Rule, TokenBucket, presets};

fn codes(policy: &RetryPolicy) -> Vec<&'static str> {
    policy.hints().iter().map(|hint| hint.code).collect()
}

#[test]
fn what_we_recommend_has_nothing_against_it() {
    assert!(RetryPolicy::recommended().hints().is_empty());
}

#[test]
fn known_traps_of_others_are_named() {
    let of = |name| codes(&presets::find(name).unwrap().policy());
    assert!(of("none").contains(&"noJitter"));
    assert!(of("stamina").contains(&"jitterDiesAtCap"));
    assert!(of("grpc").contains(&"retryAfterHerd"));
    assert!(of("p-retry").contains(&"noCap"));
    assert!(!of("full").contains(&"noJitter"));
}

#[test]
fn a_deadline_that_comes_first_is_seen() {
    let policy =
        RetryPolicy::builder().max_attempts(5).max_elapsed(Duration::from_secs(3)).build().unwrap();
    let hints = policy.hints();
    let hint = hints.iter().find(|hint| hint.code == "deadlineFirst").unwrap();
    assert_eq!(
        hint.message,
        "maxElapsed ends every task before attempt 3; attempts 3 to 5 never happen."
    );
}

#[test]
fn a_deadline_that_lets_the_last_attempt_start_gives_no_hint() {
    // 2 + 4 + 8 s: the third delay begins at 6 s and may pass the 7 s.
    let of = |rule| {
        let policy = RetryPolicy::builder().max_attempts(4).elapsed_rule(rule);
        codes(&policy.max_elapsed(Duration::from_secs(7)).build().unwrap())
    };
    assert!(of(ElapsedRule::StopIfWouldExceed).contains(&"deadlineFirst"));
    assert!(!of(ElapsedRule::StopIfReached).contains(&"deadlineFirst"));
    assert!(!of(ElapsedRule::Truncate).contains(&"deadlineFirst"));
}

#[test]
fn rules_that_can_retry_nothing_are_named() {
    let of = |matches, default| {
        let rule = Rule::new(matches, Action::Retry);
        let policy = RetryPolicy::builder().rule(rule).default_action(default);
        let hints = policy.build().unwrap().hints();
        hints.into_iter().find(|hint| hint.code.starts_with("retriesNothing"))
    };
    for known in ["timeout", "5xx", "14", "States.TaskFailed", "ECONN*", "*"] {
        assert_eq!(of(known, Action::DeadLetter), None, "{known}");
    }
    assert_eq!(of("timeot", Action::Retry), None);
    let hint = of("timeot", Action::DeadLetter).unwrap();
    assert!(hint.message.ends_with("Did you mean \"timeout\"?"), "{}", hint.message);
    let nothing = RetryPolicy::builder().default_action(Action::Fail).build().unwrap();
    assert!(codes(&nothing).contains(&"retriesNothing"));
}

#[test]
fn budgets_that_cannot_be_meant_are_named() {
    let of = |budget| codes(&RetryPolicy::builder().budget(budget).build().unwrap());
    let bucket = |capacity, cost, threshold, debit_on| {
        let bucket = TokenBucket { capacity, cost, threshold, debit_on, ..Default::default() };
        of(BudgetRule::TokenBucket(bucket)).contains(&"budgetGrantsNothing")
    };
    assert!(bucket(10, 14, None, DebitOn::Retry));
    assert!(!bucket(14, 14, None, DebitOn::Retry));
    assert!(bucket(14, 14, None, DebitOn::Failure));
    assert!(bucket(10, 1, Some(9.0), DebitOn::Failure));
    assert!(!bucket(10, 1, Some(5.0), DebitOn::Failure));
    let concurrency = |percent| of(BudgetRule::Concurrency { percent, min: 0 });
    assert!(concurrency(0.0).contains(&"budgetGrantsNothing"));
    assert!(concurrency(0.2).contains(&"percentBelowOne"));
    assert!(concurrency(20.0).is_empty());
}
