//! The model: one run of one policy.
//!
//! Three models share one `floor`: the event queue, the arrivals, the tasks and their clients, what is
//! counted, the hash over all events, the limits, and the one loop (`drive`). On it is the `life` of a
//! task, the same in all of them. The models say what happens between an attempt and its answer:
//!
//! * `plain`: one server, and nothing between; the loop that is tuned for millions of tasks;
//! * `rich`: requests that travel, wait and are given up, through layers that call each other
//!   (`calls`);
//! * `contention`: rows that clients read and write.
//!
//! `tier` is a service with its queue and faults (`trouble`), `stub` the side of a caller: policy,
//! timeout, budget, throttle, breaker. Files know only what is below them: floor < life < models < run.
//!
//! The tasks themselves are the core's: [`redrive::Task`] says what is retried and when. Nothing
//! here computes a delay.

mod breaker;
mod calls;
mod codel;
pub(crate) mod contention;
mod control;
pub(crate) mod event;
pub(crate) mod failure;
pub(crate) mod floor;
pub(crate) mod gauge;
mod life;
pub(crate) mod meter;
mod owners;
pub(crate) mod plain;
pub(crate) mod rich;
mod slab;
mod source;
pub(crate) mod stub;
pub(crate) mod tasks;
mod throttle;
mod tier;
mod trouble;
