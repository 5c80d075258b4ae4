use super::*;
use crate::policy::{Backoff, BudgetRule, DebitOn, Jitter, Rule, TokenBucket};

const SECOND: Duration = Duration::from_secs(1);

fn ctx(policy: &RetryPolicy) -> Context<'_> {
    Context { policy, stream: Stream::new(1), key: 1 }
}

fn constant() -> crate::policy::PolicyBuilder {
    RetryPolicy::builder().backoff(Backoff::Constant { delay: SECOND }).jitter(Jitter::None)
}

fn fail(
    task: &mut Task,
    now: Time,
    policy: &RetryPolicy,
    kind: &str,
) -> Result<Verdict, TaskError> {
    task.fail(now, &ctx(policy), policy.classify(kind, None), None, None)
}

#[test]
fn a_task_is_small_and_plain() {
    assert!(size_of::<Task>() <= 32);
    fn copy<T: Copy + Send + Sync + 'static>() {}
    copy::<Task>();
}

#[test]
fn calls_that_do_not_fit_are_errors_and_change_nothing() {
    let policy = RetryPolicy::default();
    let mut task = Task::new();
    assert_eq!(fail(&mut task, Time::ZERO, &policy, ""), Err(TaskError::NotRunning));
    assert_eq!(task.succeed(Time::ZERO), Err(TaskError::NotRunning));
    assert_eq!(task.start(Time::ZERO), Ok(1));
    assert_eq!(task.start(Time::ZERO), Err(TaskError::AlreadyRunning));
    let Ok(Verdict::Retry { at, .. }) = fail(&mut task, Time::ZERO, &policy, "") else {
        panic!("a first failure is retried")
    };
    let waiting = task;
    assert_eq!(task.start(Time::ZERO), Err(TaskError::TooEarly { until: at }));
    assert_eq!(task, waiting);
    assert_eq!(task.start(at), Ok(2));
    assert_eq!(task.succeed(at), Ok(()));
    for result in [task.start(at).err(), task.cancel(at).err(), task.succeed(at).err()] {
        assert_eq!(result, Some(TaskError::Finished));
    }
    assert_eq!(task.state(), State::Succeeded);
}

#[test]
fn rules_end_a_task_each_in_its_way() {
    let policy = constant()
        .rule(Rule::new("validation", Action::DeadLetter))
        .rule(Rule::new("gone", Action::Discard))
        .rule(Rule::new("refused", Action::Fail))
        .build()
        .unwrap();
    for (kind, verdict, state) in [
        ("validation", Verdict::DeadLetter(Reason::Permanent), State::Dead(Reason::Permanent)),
        ("gone", Verdict::Discard, State::Discarded),
        ("refused", Verdict::Fail, State::Failed),
    ] {
        let mut task = Task::new();
        task.start(Time::ZERO).unwrap();
        assert_eq!(fail(&mut task, Time::ZERO, &policy, kind), Ok(verdict));
        assert_eq!(task.state(), state);
    }
}

#[test]
fn free_retries_count_neither_as_attempts_nor_for_the_backoff() {
    let policy = RetryPolicy::builder()
        .backoff(Backoff::Linear { initial: SECOND, increment: SECOND })
        .jitter(Jitter::None)
        .max_attempts(2)
        .rule(Rule::new("snooze", Action::RetryFree))
        .build()
        .unwrap();
    let (mut task, mut now) = (Task::new(), Time::ZERO);
    for kind in ["snooze", "snooze", "boom"] {
        task.start(now).unwrap();
        let Ok(Verdict::Retry { at, delay }) = fail(&mut task, now, &policy, kind) else {
            panic!("{kind} is retried")
        };
        assert_eq!(delay, SECOND);
        now = at;
    }
    task.start(now).unwrap();
    assert_eq!(fail(&mut task, now, &policy, "boom"), Ok(Verdict::DeadLetter(Reason::Exhausted)));
    assert_eq!((task.attempts(), task.counted_attempts()), (4, 2));
}

#[test]
fn free_retries_leave_a_walk_where_it_is() {
    let policy = RetryPolicy::builder()
        .backoff(Backoff::Decorrelated { initial: SECOND, multiplier: 3.0 })
        .max_attempts(2)
        .rule(Rule::new("snooze", Action::RetryFree))
        .build()
        .unwrap();
    let (mut task, mut now) = (Task::new(), Time::ZERO);
    for _ in 0..200 {
        task.start(now).unwrap();
        let Ok(Verdict::Retry { at, delay }) = fail(&mut task, now, &policy, "snooze") else {
            panic!("a free retry is always granted")
        };
        assert!((SECOND..SECOND * 3).contains(&delay), "{delay:?}");
        now = at;
    }
}

#[test]
fn the_last_failure_costs_as_much_as_any_where_failures_cost() {
    // As in grpc-js 1.14.7: addCallFailed comes before the attempts are counted.
    let bucket =
        TokenBucket { capacity: 10, cost: 1, debit_on: DebitOn::Failure, ..TokenBucket::default() };
    let limited = constant().budget(BudgetRule::TokenBucket(bucket));
    for policy in [
        limited.clone().max_attempts(1),
        limited.max_attempts(5).max_elapsed(Duration::from_millis(1)),
    ] {
        let policy = policy.build().unwrap();
        let mut budget = Budget::new(policy.budget().unwrap());
        let mut task = Task::new();
        task.start(Time::ZERO).unwrap();
        let class = policy.classify("", None);
        let verdict = task.fail(Time::ZERO, &ctx(&policy), class, None, Some(&mut budget));
        assert!(matches!(verdict, Ok(Verdict::DeadLetter(_))));
        assert_eq!((budget.balance(), budget.denied()), (9.0, 0));
    }
}

#[test]
fn slept_time_and_wall_time_are_different_measures() {
    let run = |measure| {
        let policy = constant()
            .max_attempts(100)
            .max_elapsed(SECOND * 3)
            .elapsed_measure(measure)
            .build()
            .unwrap();
        let (mut task, mut now) = (Task::new(), Time::from_secs(1_000));
        loop {
            task.start(now).unwrap();
            now = now.saturating_add(SECOND);
            match fail(&mut task, now, &policy, "").unwrap() {
                Verdict::Retry { at, .. } => now = at,
                verdict => {
                    assert_eq!(verdict, Verdict::DeadLetter(Reason::DeadlineExceeded));
                    return task.attempts();
                }
            }
        }
    };
    assert_eq!(run(ElapsedMeasure::Wall), 2);
    assert_eq!(run(ElapsedMeasure::Sleeps), 4);
}

#[test]
fn an_empty_budget_ends_the_task_and_a_paid_retry_knows_its_price() {
    let bucket = TokenBucket { capacity: 14, ..TokenBucket::default() };
    let policy = constant().budget(BudgetRule::TokenBucket(bucket)).build().unwrap();
    let mut budget = Budget::new(policy.budget().unwrap());
    let class = policy.classify("", None);
    let (mut first, mut second) = (Task::new(), Task::new());
    first.start(Time::ZERO).unwrap();
    second.start(Time::ZERO).unwrap();
    let verdict = first.fail(Time::ZERO, &ctx(&policy), class, None, Some(&mut budget));
    assert!(matches!(verdict, Ok(Verdict::Retry { .. })));
    assert_eq!(first.paid(), 14);
    let verdict = second.fail(Time::ZERO, &ctx(&policy), class, None, Some(&mut budget));
    assert_eq!(verdict, Ok(Verdict::DeadLetter(Reason::BudgetExhausted)));
}

#[test]
fn parts_make_the_same_task_and_refuse_impossible_ones() {
    let policy = RetryPolicy::default();
    let mut task = Task::new();
    task.start(Time::from_secs(5)).unwrap();
    let _ = fail(&mut task, Time::from_secs(6), &policy, "").unwrap();
    assert_eq!(Task::from_parts(&task.parts()), Ok(task));
    let mut parts = task.parts();
    parts.attempts = 0;
    assert!(Task::from_parts(&parts).is_err());
    parts.state = State::Ready;
    assert!(Task::from_parts(&parts).is_ok());
    parts.free = 1;
    assert!(Task::from_parts(&parts).is_err());
}
