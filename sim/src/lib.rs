//! Simulates what a retry policy does to a service: thundering herds, retry storms, dead letters.
//!
//! # Why a simulator
//!
//! What a retry policy does to one task is a formula. What it does to a server that ten thousand
//! tasks retry against is not: attempts meet in queues, time out, are made again, and the load that
//! they make decides how many of them fail. The usual way to find out is an outage. This crate runs
//! the outage beforehand, with the very code that runs in production: what is retried and when is
//! said by [`redrive::Task`] under a [`redrive::RetryPolicy`], and nothing in here computes a delay.
//!
//! # What can be relied on
//!
//! - **The same seed gives the same run**, event by event, natively and in WebAssembly; the trace
//!   hash says so. Time is integer nanoseconds, equal times have a fixed order, every draw has an
//!   address, and all transcendental functions come from `libm`.
//! - **Policies are compared under common random numbers**: the same arrivals, the same service
//!   times, the same failures.
//! - **No task is lost**: arrivals are successes, dead letters by reason, discarded, failed,
//!   cancelled and unfinished, in every run.
//! - No clock, no files, no threads in here: the caller has them ([`files::Loader`],
//!   [`Progress`], [`run::run_one`] and [`merge`](merge()) for replications on threads).
//!
//! ```
//! use redrive_sim::{Scenario, simulate};
//!
//! let mut tree = Scenario::builtin("herd")?.to_value();
//! Scenario::set(&mut tree, "arrivals.tasks", "1000")?;
//! Scenario::set(&mut tree, "server.queue.limit", "50")?;
//! let outcome = simulate(&Scenario::from_value(&tree)?, &mut ())?;
//! for policy in &outcome.policies {
//!     println!("{}: {:?}", policy.name, policy.summary.peak_after_fault_per_second);
//! }
//! # Ok::<(), redrive_sim::SimError>(())
//! ```
//!
//! The format of scenarios is in [`scenario`], the meaning of the figures in [`outcome`].

pub mod advice;
pub mod bounds;
mod calendar;
pub mod comparison;
pub mod distribution;
mod error;
pub mod files;
mod histogram;
pub mod merge;
pub mod metric;
mod model;
pub mod outcome;
pub mod progress;
mod publish;
pub mod run;
pub mod scenario;
mod summary;
pub mod text;
mod tree;
#[cfg(feature = "tune")]
pub mod tune;
pub mod words;

pub use self::{
    distribution::Distribution,
    error::SimError,
    files::Loader,
    merge::merge,
    outcome::Outcome,
    progress::Progress,
    run::{Estimate, Options, Run, estimate, run_one, simulate, simulate_runs},
    scenario::Scenario,
};
