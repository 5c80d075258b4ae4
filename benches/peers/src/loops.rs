//! The least that the workload takes: one loop, one word an event, one byte a task, nothing general.
//! With `METRICS` it also counts what redrive counts.

use crate::{
    ATTEMPTS, OUTAGE, Outcome, ROOM, SERVICE, backoff,
    queue::{ID_BITS, Queue},
};

/// Bins of 100 ms, and what is counted in each: attempts, failures, successes, the queue.
const BIN: u64 = 100_000;
type Bins = [u32; 4];

/// What `metrics` counts: bins, times to success (64 steps an octave), attempts of each success.
#[derive(Default)]
struct Counts {
    bins: Vec<Bins>,
    latency: Vec<u32>,
    attempts: [u64; 16],
}

impl Counts {
    #[inline]
    fn bin(&mut self, now: u64) -> &mut Bins {
        let bin = (now / BIN) as usize;
        if bin >= self.bins.len() {
            self.bins.resize(bin + 1, [0; 4]);
        }
        &mut self.bins[bin]
    }

    #[inline]
    fn success(&mut self, time: u64, attempts: u8) {
        let bucket = if time < 64 {
            time as usize
        } else {
            let octave = time.ilog2() as usize;
            (octave - 5) * 64 + ((time >> (octave - 6)) & 63) as usize
        };
        if bucket >= self.latency.len() {
            self.latency.resize(bucket + 1, 0);
        }
        self.latency[bucket] += 1;
        self.attempts[attempts as usize % 16] += 1;
    }
}

/// Runs the workload.
pub fn run<Q: Queue, const METRICS: bool>(tasks: u32) -> Outcome {
    let mut queue = Q::new();
    let mut failures = vec![0_u8; tasks as usize + 1];
    let mut began = vec![0_u64; if METRICS { tasks as usize + 1 } else { 0 }];
    let mut waiting = vec![0_u32; 2_048];
    let (mut head, mut len) = (0_usize, 0_usize);
    let (mut outcome, mut counts) = (Outcome::default(), Counts::default());
    for task in 1..=u64::from(tasks) {
        queue.push(task);
    }
    while let Some(key) = queue.pop() {
        let (now, task) = (key >> ID_BITS, key & ((1 << ID_BITS) - 1));
        if task == 0 {
            let done = waiting[head % 2_048] as usize;
            (head, len) = (head + 1, len - 1);
            outcome.succeeded += 1;
            if METRICS {
                let row = counts.bin(now);
                (row[2], row[3]) = (row[2] + 1, len as u32);
                counts.success(now - began[done], failures[done]);
            }
            if len > 0 {
                queue.push((now + SERVICE) << ID_BITS);
            }
            continue;
        }
        outcome.attempts += 1;
        if METRICS {
            counts.bin(now)[0] += 1;
            if failures[task as usize] == 0 {
                began[task as usize] = now;
            }
        }
        if now >= OUTAGE && len < ROOM {
            waiting[(head + len) % 2_048] = task as u32;
            len += 1;
            if len == 1 {
                queue.push((now + SERVICE) << ID_BITS);
            }
            continue;
        }
        if METRICS {
            counts.bin(now)[1] += 1;
        }
        let failed = u32::from(failures[task as usize]) + 1;
        failures[task as usize] = failed as u8;
        if failed == ATTEMPTS {
            outcome.dead += 1;
        } else {
            queue.push((now + backoff(1, task, failed)) << ID_BITS | task);
        }
    }
    std::hint::black_box(counts);
    outcome
}

/// The events of one run, for the comparison of this loop with itself in WebAssembly.
#[unsafe(no_mangle)]
pub extern "C" fn hand_tuned(tasks: u32) -> f64 {
    let outcome = run::<crate::queue::Calendar, false>(tasks);
    (outcome.attempts + outcome.succeeded) as f64
}
