//! A task does what its schedule says, and no call on it panics, whatever the policy, the times, the
//! hints and the order of calls.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use proptest::prelude::*;
use redrive::{
    Budget, Context, Duration, Reason, RetryPolicy, State, Task, TaskError, Time, Verdict,
    policy::Class, random::Stream,
};

use crate::common;

/// One call, misuse included.
#[derive(Clone, Debug)]
enum Call {
    Start,
    Succeed,
    Fail { special: bool, retry_after: Option<Duration> },
    Cancel,
    Kill(usize),
    Store,
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        8 => Just(Call::Start),
        1 => Just(Call::Succeed),
        8 => (any::<bool>(), prop::option::of(common::duration()))
            .prop_map(|(special, retry_after)| Call::Fail { special, retry_after }),
        1 => Just(Call::Cancel),
        1 => (0..Reason::ALL.len()).prop_map(Call::Kill),
        2 => Just(Call::Store),
    ]
}

/// Times of every size, going back included, and often the wake-up time itself.
fn times() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![4 => Just(None), 1 => any::<u64>().prop_map(Some), 1 => Just(Some(u64::MAX))]
}

struct Run<'a> {
    policy: &'a RetryPolicy,
    task: Task,
    budget: Option<Budget>,
}

impl Run<'_> {
    /// Makes the call and says what came of it.
    fn make(&mut self, now: Time, key: u64, call: &Call) -> Result<Option<Verdict>, TaskError> {
        let context = Context { policy: self.policy, stream: Stream::new(3), key };
        match call {
            Call::Start => self.task.start(now).map(|_| None),
            Call::Succeed => self.task.succeed(now).map(|()| None),
            Call::Cancel => self.task.cancel(now).map(|()| None),
            Call::Kill(reason) => self.task.kill(now, Reason::ALL[*reason]).map(|()| None),
            Call::Store => {
                assert_eq!(Task::from_parts(&self.task.parts()), Ok(self.task));
                Ok(None)
            }
            Call::Fail { special, retry_after } => {
                let class = self.class(*special);
                let budget = self.budget.as_mut();
                self.task.fail(now, &context, class, *retry_after, budget).map(Some)
            }
        }
    }

    fn class(&self, special: bool) -> Class {
        self.policy.classify(if special { "special" } else { "" }, None)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn calls_in_any_order_are_taken_or_refused(
        policy in common::policy(), key: u64,
        calls in prop::collection::vec((call(), times()), 1..60),
    ) {
        let budget = policy.budget().map(Budget::new);
        let mut run = Run { policy: &policy, task: Task::new(), budget };
        for (call, at) in calls {
            let due = match run.task.state() {
                State::Waiting { until } => until,
                _ => run.task.at(),
            };
            let now = at.map_or(due, Time::from_nanos);
            let before = run.task;
            let counted = before.counted_attempts();
            match run.make(now, key, &call) {
                Err(_) => prop_assert_eq!(run.task, before, "a refused call changes nothing"),
                Ok(Some(Verdict::Retry { at, .. })) => {
                    prop_assert_eq!(run.task.state(), State::Waiting { until: at });
                    prop_assert!(at >= now);
                }
                Ok(Some(Verdict::DeadLetter(reason))) => {
                    prop_assert_eq!(run.task.state(), State::Dead(reason));
                }
                Ok(_) => {}
            }
            prop_assert!(run.task.counted_attempts() <= run.task.attempts());
            prop_assert!(run.task.counted_attempts() + 1 >= counted);
            let max = policy.max_attempts().map_or(u32::MAX, core::num::NonZeroU32::get);
            prop_assert!(run.task.counted_attempts() <= max);
            prop_assert!(!before.state().is_final() || run.task == before, "over is over");
        }
    }

    #[test]
    fn a_task_does_what_its_schedule_says(policy in common::policy(), seed: u64, key: u64) {
        const RETRIES: usize = 50;
        let mut schedule = policy.schedule(seed, key);
        let context = Context { policy: &policy, stream: Stream::new(seed), key };
        let class = policy.classify("", None);
        let (mut task, mut now) = (Task::new(), Time::ZERO);
        for _ in 0..RETRIES {
            task.start(now).unwrap();
            match (task.fail(now, &context, class, None, None).unwrap(), schedule.next()) {
                (Verdict::Retry { at, delay }, Some(planned)) => {
                    prop_assert_eq!((at, delay), (planned.at, planned.delay));
                    prop_assert_eq!(planned.retry, task.attempts());
                    now = at;
                }
                (Verdict::DeadLetter(reason), None) => {
                    let end = schedule.end().unwrap();
                    prop_assert_eq!((end.reason, end.attempts), (reason, task.attempts()));
                    return Ok(());
                }
                (verdict, planned) => prop_assert!(false, "{verdict:?}, planned {planned:?}"),
            }
        }
    }
}
