//! What the core costs: one delay, one verdict, one step of a machine. `cargo bench --bench core`.
//!
//! The budget of the design: a delay, and a verdict with it, in at most 10 ns natively, without
//! allocation. Each row runs thousands of calls and divides.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench may")]

use std::num::NonZeroU32;

use divan::{AllocProfiler, Bencher, black_box, counter::ItemsCount};
use redrive::{
    Context, Failure, Machine, MachineConfig, RetryPolicy, Task, TaskSpec, Time, presets,
    random::Stream,
};

/// Shows allocations beside times: the first two groups must have none.
#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

const CALLS: u64 = 4_096;
const POLICIES: [&str; 7] =
    ["classic", "none", "full", "equal", "decorrelated", "polly", "recommended"];

fn main() {
    divan::main();
}

fn policy(name: &str) -> RetryPolicy {
    presets::find(name).unwrap().policy()
}

/// One delay by its address: the pure function.
#[divan::bench(args = POLICIES)]
fn delay(bencher: Bencher, name: &str) {
    let policy = policy(name);
    bencher.counter(ItemsCount::new(CALLS)).bench(|| {
        (0..CALLS).fold(0, |sum, key| {
            let retry = NonZeroU32::new(1 + key as u32 % 2).unwrap();
            sum ^ black_box(&policy).delay(42, key, retry).subsec_nanos()
        })
    });
}

/// One whole verdict: attempt started, failure in, next time out.
#[divan::bench(args = POLICIES)]
fn verdict(bencher: Bencher, name: &str) {
    let policy = policy(name);
    let class = policy.classify("timeout", None);
    let stream = Stream::new(42);
    bencher.counter(ItemsCount::new(CALLS)).bench(|| {
        (0..CALLS).fold(0, |sum, key| {
            let mut task = Task::new();
            let ctx = Context { policy: black_box(&policy), stream, key };
            let _ = task.start(Time::ZERO);
            let _verdict = task.fail(Time::ZERO, &ctx, class, None, None);
            sum ^ task.at().as_nanos()
        })
    });
}

/// A thousand tasks through a machine, three failures each: timers, events, dead letters and all.
#[divan::bench]
fn machine(bencher: Bencher) {
    const TASKS: u64 = 1_000;
    let failure = Failure::new("unavailable", "connection refused");
    bencher.counter(ItemsCount::new(TASKS * 3)).bench(|| {
        let mut machine = Machine::new(MachineConfig::default());
        for key in 0..TASKS {
            machine.submit(Time::ZERO, key, TaskSpec::new("job")).unwrap();
        }
        while let Some(now) = machine.next_wakeup() {
            while let Some(dispatch) = machine.poll(now) {
                let _verdict = machine.fail(now, &dispatch, &failure).unwrap();
            }
            while machine.poll_event().is_some() {}
        }
        assert_eq!(machine.dead_letters().len(), TASKS);
        machine
    });
}
