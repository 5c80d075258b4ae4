//! The model: one run of one policy.
//!
//! `world` is the loop and the life of a task; `rich` adds what only some scenarios have (requests
//! that travel, wait and are given up; layers; breakers; throttles), and is compiled out of the loop of those
//! that do not: the loop exists twice, from one text. `tasks` holds the tasks, `tier` is a service with its queue and
//! faults, `source` the arrivals, `meter` what is counted, `contention` the other model.
//!
//! The tasks themselves are the core's: [`redrive::Task`] says what is retried and when. Nothing
//! here computes a delay.

pub(crate) mod breaker;
pub(crate) mod calls;
pub(crate) mod codel;
pub(crate) mod contention;
pub(crate) mod control;
pub(crate) mod event;
pub(crate) mod meter;
pub(crate) mod owners;
pub(crate) mod rich;
pub(crate) mod slab;
pub(crate) mod source;
pub(crate) mod tasks;
pub(crate) mod throttle;
pub(crate) mod tier;
pub(crate) mod trouble;
pub(crate) mod world;
