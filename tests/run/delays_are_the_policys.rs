use std::{cell::RefCell, num::NonZeroU32};

use redrive::{
    Duration, Jitter, RetryPolicy,
    run::{
        Retrying, Timer,
        testing::{VirtualTimer, script},
    },
};

fn policy() -> RetryPolicy {
    RetryPolicy::builder().jitter(Jitter::Full).max_attempts(6).build().unwrap()
}

fn expected(seed: u64, key: u64) -> Vec<Duration> {
    let retry = |n| policy().delay(seed, key, NonZeroU32::new(n).unwrap());
    (1..=5).map(retry).collect()
}

#[test]
fn a_blocking_call_waits_as_the_policy_says() {
    let delays = RefCell::new(Vec::new());
    let timer = VirtualTimer::new();
    let gave_up = policy()
        .retry(script::<(), _>([Err("503")]))
        .notify(|event: &Retrying<'_, &str>| delays.borrow_mut().push(event.delay))
        .seed(42)
        .key(17)
        .call_on(&timer)
        .unwrap_err();
    assert_eq!(*delays.borrow(), expected(42, 17));
    assert_eq!(timer.slept(), delays.borrow().iter().sum());
    assert_eq!((gave_up.attempts, gave_up.seed, gave_up.key.id()), (6, 42, 17));
}

#[tokio::test(start_paused = true)]
async fn tokios_paused_clock_goes_as_far_as_the_delays() {
    let before = tokio::time::Instant::now();
    let policy = policy();
    let call = policy.retry(|| async { Err::<(), _>("503") }).seed(42).key(17);
    let gave_up = call.await.unwrap_err();
    let waited: Duration = expected(42, 17).into_iter().sum();
    // tokio's timer has a resolution of a millisecond, and never fires early.
    let slept = before.elapsed();
    assert!(waited <= slept && slept <= waited + Duration::from_millis(10), "{slept:?} {waited:?}");
    assert_eq!(gave_up.attempts, 6);
}

#[tokio::test]
async fn both_forms_of_closure_give_the_same_delays() {
    let (timer, twin) = (VirtualTimer::new(), VirtualTimer::new());
    let policy = policy();
    let first = policy.retry(|| async { Err::<(), _>("503") }).seed(1).run_on(timer.clone()).await;
    let second =
        policy.retry_with(async |_| Err::<(), _>("503")).seed(1).run_on(twin.clone()).await;
    assert_eq!(first, second);
    assert_eq!(Timer::now(&timer), Timer::now(&twin));
}

#[test]
fn without_a_seed_two_calls_differ() {
    let slept = || {
        let timer = VirtualTimer::new();
        let _ = policy().retry(script::<(), _>([Err("503")])).call_on(&timer);
        timer.slept()
    };
    assert_ne!(slept(), slept());
}
