//! The executors, as a service uses them: one behaviour a file, all in one binary.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod attempts_that_take_too_long;
mod budgets_are_given_back;
mod call_sites;
mod dead_letters;
mod delays_are_the_policys;
mod dropped_futures_leave_nothing;
mod errors_tell_the_whole_story;
mod success_allocates_nothing;
mod what_is_retried;
