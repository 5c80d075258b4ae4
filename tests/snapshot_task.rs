//! The state of one task survives a snapshot, in every state that it can be in.
#![allow(clippy::unwrap_used, reason = "a test may")]

use proptest::prelude::*;
use redrive::{Context, Reason, RetryPolicy, Snapshot, State, Task, Time, random::Stream};

#[derive(Clone, Copy, Debug)]
enum Call {
    Start,
    Succeed,
    Fail,
    Cancel,
    Kill,
}

fn make(task: &mut Task, now: Time, call: Call) -> String {
    let policy = RetryPolicy::default();
    let ctx = Context { policy: &policy, stream: Stream::new(42), key: 7 };
    match call {
        Call::Start => format!("{:?}", task.start(now)),
        Call::Succeed => format!("{:?}", task.succeed(now)),
        Call::Fail => {
            format!("{:?}", task.fail(now, &ctx, policy.classify("timeout", None), None, None))
        }
        Call::Cancel => format!("{:?}", task.cancel(now)),
        Call::Kill => format!("{:?}", task.kill(now, Reason::Crashed)),
    }
}

proptest! {
    #[test]
    fn a_restored_task_goes_on_like_the_original(
        calls in proptest::collection::vec(
            (0..5_u64, proptest::sample::select(
                &[Call::Start, Call::Start, Call::Start, Call::Fail, Call::Fail, Call::Fail,
                  Call::Succeed, Call::Cancel, Call::Kill][..],
            )),
            0..20,
        ),
    ) {
        let mut task = Task::new();
        let mut now = Time::from_secs(1);
        for (seconds, call) in calls {
            now = Time::from_nanos(now.as_nanos() + seconds * 1_000_000_000);
            let mut restored = Task::restore(&task.snapshot()).unwrap();
            prop_assert_eq!(restored, task);
            prop_assert_eq!(make(&mut restored, now, call), make(&mut task, now, call));
            prop_assert_eq!(restored, task);
        }
    }
}

#[test]
fn a_dead_task_says_why() {
    let mut task = Task::new();
    task.kill(Time::ZERO, Reason::Expired).unwrap();
    let snapshot: Snapshot = task.snapshot();
    assert_eq!(snapshot.to_value().get("reason").unwrap().as_text(), Some("expired"));
    assert_eq!(Task::restore(&snapshot).unwrap().state(), State::Dead(Reason::Expired));
}
