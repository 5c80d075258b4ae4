//! Simulates what a retry policy does to a service.

pub mod outcome;
pub mod time;
