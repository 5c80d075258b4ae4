//! When each letter of a redrive starts.

use crate::random::Stream;

/// The stream's domain for spreads: what a redrive draws shifts no delay.
const SPREAD: u64 = 0x7265_6472_6976_6521;

/// Nanoseconds from the start of a redrive to that of the letter in `slot` (from 0): its slot of the
/// pace, and U[0, spread) more, drawn for its key and how often it was redriven before. Saturating.
pub fn pace(stream: Stream, slot: u64, key: u64, redrives: u32, every: u64, spread: u64) -> u64 {
    let life = redrives.saturating_add(1);
    let unit = stream.substream(SPREAD).draws(key, life).unit();
    every.saturating_mul(slot).saturating_add((unit * spread as f64) as u64)
}
