//! Simulates what a retry policy does to a service.

pub mod calendar;
pub mod outcome;
pub mod time;
