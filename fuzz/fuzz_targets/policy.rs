//! Any JSON as a policy.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| redrive_fuzz::checks::policy(data));
