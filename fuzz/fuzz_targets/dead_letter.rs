//! Any line as a dead letter.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| redrive_fuzz::checks::dead_letter(data));
