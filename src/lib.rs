//! A retry policy that you can run, prove and rehearse.
//!
//! redrive is one deterministic retry and dead-letter state machine. It compiles to native code and to
//! WebAssembly, it is what the npm package runs, and it is what the simulator and the page run, so that
//! what you rehearse is what you ship.
//!
//! # The contract
//!
//! - **Time is an argument.** There is no clock, timer, thread, file or socket in here. You say what
//!   time it is, you are told when to come back.
//! - **Same seed, same bytes, everywhere.** The delay after an attempt is a pure function of (policy,
//!   seed, key, attempt), to the nanosecond, on every target and in every order of calls. Durations are
//!   integers and every transcendental function comes from `libm`. A changed stream is a breaking change.
//! - **No silent loss.** A task ends in exactly one of: succeeded, dead-lettered, cancelled, discarded
//!   or failed by an explicit rule. A dead letter says why, with its history; every drop is counted.
//! - **The cap is a cap, and jitter lives at the cap.** No delay passes `maxDelay`, and no default
//!   collapses to one value there.
//! - **Wrong input is refused once, by name.** After [`PolicyBuilder::build`] nothing can fail, and no
//!   input makes anything panic.
//!
//! # The rooms
//!
//! | room | what it holds |
//! |---|---|
//! | [`failure`] | what went wrong: the vocabulary of kinds and codes, Retry-After as text |
//! | [`policy`] | the rules: backoff, jitter, limits, classification, budgets, presets, wire format |
//! | [`schedule`] | the delays of a task ahead of time, with exact bands |
//! | [`hints`] | what is legal in a policy and probably not meant |
//! | [`task`] | the retry state of one task: 32 bytes, failure in, verdict out |
//! | [`machine`] | many tasks: timers, dispatch, verdicts, dead letters; for a worker loop |
//! | [`dead_letter`] | why a task died, the bounded queue, the redrive |
//! | [`snapshot`] | everything in flight, saved and restored |
//! | [`random`] | addressed randomness: (seed, key, attempt) to numbers |
//! | [`time`] | integer time and durations as text |
//! | [`policy::kinds`] | the table of kinds of backoff and jitter: everything but their law |
//! | [`wire`] | the data tree behind every format, and the reader that checks it |
//!
//! # One task
//!
//! ```
//! use redrive::{Context, RetryPolicy, Task, Time, Verdict, random::Stream};
//!
//! // 1. A policy, validated once. This one is the default: 3 attempts, 2 s and 4 s apart, + 10 %.
//! let policy = RetryPolicy::classic(3, 2.0)?;
//! // 2. Where its randomness comes from.
//! let ctx = Context { policy: &policy, stream: Stream::new(42), key: 17 };
//! // 3. Run attempts; time is yours.
//! let (mut task, mut now) = (Task::new(), Time::ZERO);
//! task.start(now)?;
//! let class = policy.classify("timeout", None);
//! match task.fail(now, &ctx, class, None, None)? {
//!     Verdict::Retry { at, delay } => {
//!         assert!((2_000..=2_200).contains(&delay.as_millis()));
//!         now = at;
//!     }
//!     other => panic!("a first failure is retried, not {other:?}"),
//! }
//! task.start(now)?;
//! task.succeed(now)?;
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

#![no_std]
#![cfg_attr(
    not(feature = "serde"),
    allow(dead_code, unused_imports, reason = "what snapshots read and write")
)]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

#[doc(hidden)]
pub mod bounds;
pub mod dead_letter;
mod exact;
pub mod failure;
pub mod hints;
mod key;
pub mod machine;
pub mod policy;
pub mod random;
#[cfg(feature = "std")]
pub mod run;
pub mod schedule;
#[doc(hidden)]
pub mod schema;
#[cfg(feature = "serde")]
pub mod snapshot;
pub mod task;
pub mod time;
pub mod wire;

#[cfg(feature = "std")]
pub use crate::run::{GaveUp, Retry, retry};
#[cfg(feature = "serde")]
pub use crate::snapshot::{Snapshot, SnapshotError};
pub use crate::{
    dead_letter::{DeadLetter, DeadLetterQueue, Failure, RedrivePlan},
    hints::Hint,
    key::Key,
    machine::{Dispatch, Machine, MachineConfig, MachineError, TaskSpec},
    policy::{
        Action, Backoff, Budget, BudgetRule, Jitter, PolicyBuilder, RetryPolicy, Rule, presets,
    },
    schedule::{Band, Schedule, ScheduledRetry},
    task::{Context, Reason, State, Task, TaskError, Verdict},
    time::{Duration, Time},
};
