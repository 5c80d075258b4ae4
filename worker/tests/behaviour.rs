//! What a worker promises, one behaviour a file.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

mod a_job_is_tried_until_it_succeeds_or_is_dead;
mod a_kill_loses_no_job;
mod a_store_that_fails_stops_the_work_and_nothing_else;
mod a_worker_goes_on_where_it_ended;
mod files_say_what_is_wrong_with_them;
mod what_cannot_work_is_refused;
