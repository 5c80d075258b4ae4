//! What the core costs: one delay, one verdict, one step of a machine. `cargo bench --bench core`.
//!
//! The budget of the design: a delay, and a verdict with it, in at most 10 ns natively, without
//! allocation. Each row runs thousands of calls and divides.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench may")]
#![allow(clippy::disallowed_types, reason = "the peer is the usual hash map")]

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    num::NonZeroU32,
    sync::Arc,
};

use divan::{AllocProfiler, Bencher, black_box, counter::ItemsCount};
use redrive::{
    Context, DeadLetter, DeadLetterQueue, Dispatch, Failure, Machine, MachineConfig, Reason,
    RedrivePlan, RetryPolicy, Task, TaskSpec, Time,
    dead_letter::{Filter, GroupBy, QueueConfig},
    presets,
    random::Stream,
};

/// Shows allocations beside times: the first two groups must have none.
#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

const CALLS: u64 = 4_096;
const POLICIES: [&str; 7] =
    ["classic", "none", "full", "equal", "decorrelated", "polly", "recommended"];

fn main() {
    divan::main();
}

fn policy(name: &str) -> RetryPolicy {
    presets::find(name).unwrap().policy()
}

/// One delay by its address: the pure function.
#[divan::bench(args = POLICIES)]
fn delay(bencher: Bencher, name: &str) {
    let policy = policy(name);
    bencher.counter(ItemsCount::new(CALLS)).bench(|| {
        (0..CALLS).fold(0, |sum, key| {
            let retry = NonZeroU32::new(1 + key as u32 % 2).unwrap();
            sum ^ black_box(&policy).delay(42, key, retry).subsec_nanos()
        })
    });
}

/// One whole verdict: attempt started, failure in, next time out.
#[divan::bench(args = POLICIES)]
fn verdict(bencher: Bencher, name: &str) {
    let policy = policy(name);
    let class = policy.classify("timeout", None);
    let stream = Stream::new(42);
    bencher.counter(ItemsCount::new(CALLS)).bench(|| {
        (0..CALLS).fold(0, |sum, key| {
            let mut task = Task::new();
            let ctx = Context { policy: black_box(&policy), stream, key };
            let _ = task.start(Time::ZERO);
            let _verdict = task.fail(Time::ZERO, &ctx, class, None, None);
            sum ^ task.at().as_nanos()
        })
    });
}

/// A thousand tasks through a machine, three failures each: timers, events, dead letters and all.
#[divan::bench]
fn machine(bencher: Bencher) {
    const TASKS: u64 = 1_000;
    let failure = Failure::new("unavailable", "connection refused");
    bencher.counter(ItemsCount::new(TASKS * 3)).bench(|| {
        let mut machine = Machine::new(MachineConfig::default());
        for key in 0..TASKS {
            machine.submit(Time::ZERO, key, TaskSpec::new("job")).unwrap();
        }
        while let Some(now) = machine.next_wakeup() {
            while let Some(dispatch) = machine.poll(now) {
                let _verdict = machine.fail(now, &dispatch, &failure).unwrap();
            }
            while machine.poll_event().is_some() {}
        }
        assert_eq!(machine.dead_letters().len(), TASKS);
        machine
    });
}

/// A machine, and what one would write by hand instead, with that many live tasks: the design allows the
/// machine twice the time.
const LIVE: [u64; 2] = [100_000, 1_000_000];

fn key(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn submitted(tasks: u64, spec: impl Fn(u64) -> TaskSpec) -> Machine {
    let queue = QueueConfig::new().capacity(None);
    let mut machine = Machine::new(MachineConfig::default().events(0).queue(queue));
    for n in 0..tasks {
        machine.submit(Time::ZERO, key(n), spec(n)).unwrap();
    }
    machine
}

fn plain(tasks: u64) -> Machine {
    let charge: Arc<str> = "charge".into();
    submitted(tasks, |_| TaskSpec::new(Arc::clone(&charge)))
}

fn polled(mut machine: Machine) -> (Machine, Vec<Dispatch>) {
    let mut dispatches = Vec::with_capacity(machine.len());
    while let Some(dispatch) = machine.poll(Time::ZERO) {
        dispatches.push(dispatch);
    }
    (machine, dispatches)
}

fn failed((mut machine, dispatches): (Machine, Vec<Dispatch>)) -> Machine {
    let failure = Failure::new("timeout", "no answer from 10.1.2.3:8080").with_code("504");
    for dispatch in &dispatches {
        let _verdict = machine.fail(Time::ZERO, dispatch, &failure).unwrap();
    }
    machine
}

/// By hand: jobs in a map, times in a heap.
struct ByHand {
    jobs: HashMap<u64, Job>,
    due: BinaryHeap<Reverse<(u64, u64)>>,
}

struct Job {
    attempts: u32,
    failures: Vec<String>,
    _task_type: Arc<str>,
}

fn submitted_by_hand(tasks: u64) -> ByHand {
    let charge: Arc<str> = "charge".into();
    let mut hand = ByHand { jobs: HashMap::new(), due: BinaryHeap::new() };
    for n in 0..tasks {
        let job = Job { attempts: 0, failures: Vec::new(), _task_type: Arc::clone(&charge) };
        hand.jobs.insert(key(n), job);
        hand.due.push(Reverse((0, key(n))));
    }
    hand
}

fn polled_by_hand(mut hand: ByHand) -> (ByHand, Vec<u64>) {
    let mut keys = Vec::with_capacity(hand.jobs.len());
    while let Some(Reverse((_, key))) = hand.due.pop() {
        hand.jobs.get_mut(&key).unwrap().attempts += 1;
        keys.push(key);
    }
    (hand, keys)
}

fn failed_by_hand((mut hand, keys): (ByHand, Vec<u64>)) -> ByHand {
    for key in &keys {
        let job = hand.jobs.get_mut(key).unwrap();
        job.failures.push("no answer from 10.1.2.3:8080".into());
        let delay = (2_000_000_000 << (job.attempts - 1)) + key % 200_000_000;
        hand.due.push(Reverse((delay, *key)));
    }
    hand
}

#[divan::bench(args = LIVE, sample_count = 5, sample_size = 1)]
fn submit(bencher: Bencher, tasks: u64) {
    bencher.counter(ItemsCount::new(tasks)).bench(|| plain(tasks));
}

#[divan::bench(args = LIVE, sample_count = 5, sample_size = 1)]
fn submit_by_hand(bencher: Bencher, tasks: u64) {
    bencher.counter(ItemsCount::new(tasks)).bench(|| submitted_by_hand(tasks));
}

#[divan::bench(args = LIVE, sample_count = 5, sample_size = 1)]
fn submit_with_attempts_and_multiplier(bencher: Bencher, tasks: u64) {
    let charge: Arc<str> = "charge".into();
    bencher.counter(ItemsCount::new(tasks)).bench(|| {
        submitted(tasks, |_| TaskSpec::new(Arc::clone(&charge)).max_attempts(5).multiplier(1.5))
    });
}

#[divan::bench(args = LIVE, sample_count = 5, sample_size = 1)]
fn poll(bencher: Bencher, tasks: u64) {
    let bencher = bencher.counter(ItemsCount::new(tasks));
    bencher.with_inputs(|| plain(tasks)).bench_values(polled);
}

#[divan::bench(args = LIVE, sample_count = 5, sample_size = 1)]
fn poll_by_hand(bencher: Bencher, tasks: u64) {
    let bencher = bencher.counter(ItemsCount::new(tasks));
    bencher.with_inputs(|| submitted_by_hand(tasks)).bench_values(polled_by_hand);
}

#[divan::bench(args = LIVE, sample_count = 5, sample_size = 1)]
fn fail(bencher: Bencher, tasks: u64) {
    let bencher = bencher.counter(ItemsCount::new(tasks));
    bencher.with_inputs(|| polled(plain(tasks))).bench_values(failed);
}

#[divan::bench(args = LIVE, sample_count = 5, sample_size = 1)]
fn fail_by_hand(bencher: Bencher, tasks: u64) {
    let bencher = bencher.counter(ItemsCount::new(tasks));
    bencher.with_inputs(|| polled_by_hand(submitted_by_hand(tasks))).bench_values(failed_by_hand);
}

fn letters(count: u64) -> DeadLetterQueue {
    let config = QueueConfig::new().capacity(None);
    let mut queue = DeadLetterQueue::new(config);
    let mut machine = plain(count);
    machine.set_policy(Time::ZERO, RetryPolicy::classic(1, 2.0).unwrap());
    let machine = failed(polled(machine));
    for letter in machine.dead_letters().iter() {
        let letter: DeadLetter = letter.clone();
        assert_eq!(letter.reason, Reason::Exhausted);
        let _pushed = queue.push(Time::ZERO, letter).unwrap();
    }
    queue
}

#[divan::bench(args = LIVE, sample_count = 5, sample_size = 1)]
fn list_by_kind(bencher: Bencher, count: u64) {
    let queue = letters(count);
    let filter = Filter::new().kind("timeout");
    bencher
        .counter(ItemsCount::new(count))
        .bench_local(|| black_box(&queue).list(Time::ZERO, &filter).count());
}

#[divan::bench(args = LIVE, sample_count = 5, sample_size = 1)]
fn group_by_pattern(bencher: Bencher, count: u64) {
    let queue = letters(count);
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        black_box(&queue).group(Time::ZERO, &Filter::new(), GroupBy::Pattern).len()
    });
}

/// A hundred letters, however many there are.
#[divan::bench(args = LIVE, sample_count = 5, sample_size = 1)]
fn redrive_a_hundred(bencher: Bencher, count: u64) {
    let queue = std::cell::RefCell::new(letters(count));
    let plan = RedrivePlan::default().limit(100);
    bencher.bench_local(|| {
        queue.borrow_mut().redrive(Time::ZERO, black_box(&plan), Stream::new(1)).0.len()
    });
}

#[divan::bench(args = LIVE, sample_count = 3, sample_size = 1)]
fn snapshot_written(bencher: Bencher, tasks: u64) {
    let machine = failed(polled(plain(tasks)));
    bencher
        .counter(ItemsCount::new(tasks))
        .bench_local(|| serde_json::to_writer(std::io::sink(), black_box(&machine)).unwrap());
}

#[divan::bench(args = LIVE, sample_count = 3, sample_size = 1)]
fn snapshot_read(bencher: Bencher, tasks: u64) {
    let text = serde_json::to_vec(&failed(polled(plain(tasks)))).unwrap();
    bencher
        .counter(ItemsCount::new(tasks))
        .bench_local(|| serde_json::from_slice::<Machine>(black_box(&text)).unwrap());
}

/// The fingerprint of a policy that was just built: written once, hashed while it is written.
#[divan::bench]
fn fingerprint_first(bencher: Bencher) {
    let policy = RetryPolicy::recommended();
    bencher
        .with_inputs(|| policy.to_builder().build().unwrap())
        .bench_values(|policy| black_box(policy).fingerprint());
}

/// And every time after that.
#[divan::bench]
fn fingerprint_again(bencher: Bencher) {
    let policy = RetryPolicy::recommended();
    bencher.bench(|| black_box(&policy).fingerprint());
}
