//! The policy engine as numbers: what `import { retry } from 'redrive'` carries inside.
//!
//! One module of a few kilobytes, so four things are left out on purpose. **No glue**: its functions
//! take and give plain numbers, everything longer goes through one buffer that JavaScript sees, and it
//! imports nothing at all. **No texts**: JavaScript knows the fields' names and limits from a table that
//! is made from the core's, and says what is wrong. **No state**: policy, task and budget are rows of
//! numbers that JavaScript keeps and sends along, which is also what a snapshot stores; nothing has to
//! be freed, so nothing can leak. **No allocator**, for the same reason.
//!
//! 64-bit numbers (seeds, keys, delays to the nanosecond) cross as two halves, high and low: an i64
//! would be a `BigInt` in JavaScript, and `wasm2js` cannot pass one.

#![cfg(target_family = "wasm")]
#![no_std]

mod allocator;
mod buffer;

use redrive::{
    Task, Time, Verdict,
    dead_letter::pace,
    policy::{numbers::NumericTerms, places},
    random::{Stream, key_of_bytes},
    task::Reason,
};

use crate::buffer::Buffer;

/// Verdicts as numbers; a dead letter is `DEAD` and the index of its reason.
const RETRY: u32 = 0;
const DISCARD: u32 = 1;
const FAIL: u32 = 2;
const DEAD: u32 = 8;

const MILLISECOND: f64 = 1e6;

/// The address of the buffer.
#[allow(unsafe_code, reason = "an exported name; there is one module, so nothing else bears it")]
#[unsafe(no_mangle)]
pub extern "C" fn io() -> *const f64 {
    buffer::with(|buffer| buffer.address())
}

/// Writes the key or seed denoted by a text of that many bytes at `place`.
#[allow(unsafe_code, reason = "as above")]
#[unsafe(no_mangle)]
pub extern "C" fn key(bytes: usize, place: usize) {
    buffer::with(|buffer| {
        let number = buffer.bytes(places::REST, bytes).map_or(0, key_of_bytes);
        buffer.put_halves(place, number);
    });
}

/// The verdict after the failure of the running attempt in the buffer, with the budget there
/// if `budget` is not 0. The attempt began at
/// `started`; `hint` is the server's Retry-After in milliseconds, negative for none; `cost`
/// is what a retry costs the budget.
#[allow(unsafe_code, reason = "as above")]
#[unsafe(no_mangle)]
pub extern "C" fn fail(now: f64, started: f64, hint: f64, cost: u32, budget: u32) -> u32 {
    buffer::with(|buffer| {
        let mut task = task(buffer, started);
        let hint = (hint >= 0.0).then(|| to_nanos(hint));
        let address = (Stream::new(buffer.halves(places::SEED)), buffer.halves(places::KEY));
        let terms = terms(buffer, task.counted_attempts().saturating_sub(1));
        let shared = if budget == 0 { None } else { Some(buffer.budget()) };
        let verdict = terms.judge(&mut task, time(now), address, hint, shared, cost as u16);
        let (began, previous, attempts, bits) = task.numbers();
        buffer.put(places::BEGAN, to_millis(began));
        buffer.put(places::ATTEMPTS, attempts.into());
        buffer.put(places::BITS, bits.into());
        buffer.put_halves(places::PREVIOUS, previous);
        match verdict {
            Ok(delay) => {
                buffer.put(places::DELAY, delay as f64 / MILLISECOND);
                buffer.put_halves(places::DELAY_NS, delay);
                buffer.put(places::DUE, to_millis(task.at()));
                RETRY
            }
            Err(Verdict::Discard) => DISCARD,
            Err(Verdict::DeadLetter(reason)) => DEAD + reason as u32,
            Err(_) => FAIL,
        }
    })
}

/// The p-quantile of the delay after `retries` retries over all keys, in milliseconds; negative where it
/// has no closed form.
#[allow(unsafe_code, reason = "as above")]
#[unsafe(no_mangle)]
pub extern "C" fn quantile(retries: u32, p: f64) -> f64 {
    buffer::with(|buffer| {
        let delay = terms(buffer, retries).quantile(retries, p);
        delay.map_or(-1.0, |delay| delay as f64 / MILLISECOND)
    })
}

/// When the letter in `slot` of a redrive starts, in milliseconds after it; the task in the buffer has
/// its seed and key. `every` and `spread` are milliseconds.
#[allow(unsafe_code, reason = "as above")]
#[unsafe(no_mangle)]
pub extern "C" fn start(slot: f64, redrives: u32, every: f64, spread: f64) -> f64 {
    buffer::with(|buffer| {
        let stream = Stream::new(buffer.halves(places::SEED));
        let (every, spread) = (to_nanos(every), to_nanos(spread));
        let at = pace(stream, slot as u64, buffer.halves(places::KEY), redrives, every, spread);
        at as f64 / MILLISECOND
    })
}

/// Tells the budget in the buffer what happened at `now`, and returns what is left of it: 0 nothing
/// (only asks), 1 a first attempt starts, 2 a retry starts, 3 a first attempt succeeded, 4 a retry
/// succeeded (the task in the buffer knows what it had cost), 5 a task is over whose last attempt was its
/// first, 6 one is over that was retried. 7 and 8 give the retries refused and granted so far instead.
#[allow(unsafe_code, reason = "as above")]
#[unsafe(no_mangle)]
pub extern "C" fn budget(event: u32, now: f64) -> f64 {
    buffer::with(|buffer| {
        let paid = task(buffer, 0.0).paid();
        let budget = buffer.budget();
        let (now, odd) = (time(now), event % 2 == 1);
        match event {
            1 | 2 => budget.on_attempt(now, !odd),
            3 | 4 => budget.on_success(now, !odd, paid),
            5 | 6 => budget.on_end(!odd),
            7 => return budget.denied() as f64,
            8 => return budget.granted() as f64,
            _ => {}
        }
        budget.balance()
    })
}

fn terms(buffer: &Buffer, retries: u32) -> NumericTerms {
    let delay = |last: usize| buffer.get(places::REST + (retries as usize).min(last));
    NumericTerms::read(&buffer.row(0), delay)
}

/// The task in the buffer: an attempt of it runs.
fn task(buffer: &Buffer, started: f64) -> Task {
    let (began, previous) = (time(buffer.get(places::BEGAN)), buffer.halves(places::PREVIOUS));
    let (attempts, bits) = (buffer.get(places::ATTEMPTS) as u32, buffer.get(places::BITS) as u32);
    Task::running(began, time(started), previous, attempts, bits)
}

fn time(millis: f64) -> Time {
    Time::from_nanos(to_nanos(millis))
}

fn to_millis(time: Time) -> f64 {
    time.as_nanos() as f64 / MILLISECOND
}

/// Saturating, and 0 for what is below.
fn to_nanos(millis: f64) -> u64 {
    (millis * MILLISECOND + 0.5) as u64
}

/// Reasons cross as their index.
const _: () = assert!(Reason::Exhausted as u32 == 0 && Reason::Crashed as u32 == 5);
