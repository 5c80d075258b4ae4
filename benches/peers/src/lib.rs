//! Workload W1, as every engine here runs it, and how its time is taken.
//!
//! N tasks make their first attempt at time 0. The server is down for 30 s: an attempt fails at once.
//! Then it serves one request in 1 ms, first come, first served; with 2,000 in the system an attempt is
//! refused at once. After the a-th failure a task waits for U[0, min(60 s, 2^(a-1) s)), and after the
//! tenth it is a dead letter. Times are whole microseconds here (and nanoseconds in redrive). An event
//! is an attempt or a completion. At equal times completions go first, then attempts by task.
//!
//! The engines differ by rounding of draws and by ties, so their counts agree to a few in a thousand,
//! not exactly; the loops of [`queue`] agree with each other to the last event.

use std::time::Instant;

pub mod loops;
pub mod queue;

/// One second in ticks of a microsecond.
pub const SECOND: u64 = 1_000_000;
/// How long the server is down.
pub const OUTAGE: u64 = 30 * SECOND;
/// How long one request is served.
pub const SERVICE: u64 = 1_000;
/// Requests that wait or are served, at most.
pub const ROOM: usize = 2_000;
/// Attempts at most.
pub const ATTEMPTS: u32 = 10;

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64.
#[inline]
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The wait after the `attempt`-th failure of a task, in ticks: a pure function, as in redrive.
#[inline]
pub fn backoff(seed: u64, task: u64, attempt: u32) -> u64 {
    let key = mix(seed.wrapping_add(task.wrapping_mul(GOLDEN)));
    let draw = mix(key.wrapping_add(u64::from(attempt).wrapping_mul(GOLDEN)));
    let longest = (SECOND << (attempt - 1).min(20)).min(60 * SECOND);
    ((draw >> 32) * longest) >> 32
}

/// What became of the tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Attempts made.
    pub attempts: u64,
    /// Tasks that succeeded.
    pub succeeded: u64,
    /// Tasks that are dead letters.
    pub dead: u64,
}

/// Runs the workload as often as the command line says (`TASKS REPEATS`) and prints one JSON line.
#[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub fn measure(mut run: impl FnMut(u32) -> Outcome) {
    let mut numbers = std::env::args().skip(1).filter_map(|word| word.parse::<u32>().ok());
    let tasks = numbers.next().unwrap_or(100_000);
    let repeats = numbers.next().unwrap_or(1).max(1);
    let (mut seconds, mut outcome) = (Vec::new(), Outcome::default());
    for _ in 0..repeats {
        let began = Instant::now();
        outcome = run(tasks);
        seconds.push(began.elapsed().as_secs_f64());
    }
    seconds.sort_unstable_by(f64::total_cmp);
    let Outcome { attempts, succeeded, dead } = outcome;
    println!(
        "{{\"tasks\":{tasks},\"events\":{},\"attempts\":{attempts},\"succeeded\":{succeeded},\
         \"dead\":{dead},\"bestSeconds\":{:.5},\"medianSeconds\":{:.5}}}",
        attempts + succeeded,
        seconds[0],
        seconds[seconds.len() / 2]
    );
}
