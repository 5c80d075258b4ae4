//! Any sequence of calls to a machine, against a model that only reads its events: no panic, every
//! task in exactly one place, and a snapshot at the end that changes nothing.
#![no_main]

use std::collections::BTreeSet;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use redrive::{
    Action, BudgetRule, Dispatch, Duration, Failure, Machine, MachineConfig, RedrivePlan,
    RetryPolicy, Rule, TaskSpec, Time,
    dead_letter::{Attempts, Filter, FullPolicy, QueueConfig},
    machine::{Recovery, What},
    wire::Value,
};

#[derive(Arbitrary, Debug)]
struct Input {
    seed: u64,
    capacity: Option<u8>,
    full: u8,
    retention: Option<u16>,
    budget: bool,
    timeout: Option<u16>,
    steps: Vec<(i16, Call)>,
}

#[derive(Arbitrary, Debug)]
enum Call {
    Submit {
        key: u8,
        delay: Option<u16>,
        life: Option<u16>,
        attempts: Option<u8>,
        multiplier: Option<f64>,
    },
    Poll,
    Advance,
    Succeed(u8),
    Fail(u8, u8, Option<u32>),
    Forge {
        key: u8,
        attempt: u32,
        run: u8,
    },
    Cancel(u8),
    Crashed(u8, bool),
    Recover(bool),
    Redrive {
        limit: Option<u8>,
        every: u32,
        spread: Option<u32>,
        attempts: u8,
        max: Option<u8>,
    },
    Remove(u8),
    Park(u8, bool),
    Purge(u8),
    TakeHeld,
}

const KINDS: [&str; 6] = ["timeout", "bad", "drop", "soft", "free", "crashed"];

fn kind(n: u8) -> &'static str {
    KINDS[n as usize % KINDS.len()]
}

fn choice(retry: bool) -> Recovery {
    if retry { Recovery::Retry } else { Recovery::DeadLetter }
}

fn machine(input: &Input) -> Option<Machine> {
    let mut builder = RetryPolicy::builder()
        .attempt_timeout(input.timeout.map(|ms| Duration::from_millis(u64::from(ms) + 1)))
        .rule(Rule::new("bad", Action::DeadLetter))
        .rule(Rule::new("drop", Action::Discard))
        .rule(Rule::new("soft", Action::Fail))
        .rule(Rule::new("free", Action::RetryFree));
    if input.budget {
        builder = builder.budget(BudgetRule::Concurrency { percent: 50.0, min: 1 });
    }
    let full = [FullPolicy::Reject, FullPolicy::DropOldest, FullPolicy::DropNew];
    let queue = QueueConfig::new()
        .capacity(input.capacity.map(u64::from))
        .full(full[input.full as usize % full.len()])
        .retention(input.retention.map(|ms| Duration::from_millis(ms.into())));
    let policy = builder.build().ok()?;
    let config = MachineConfig::default().policy(policy).seed(input.seed).queue(queue);
    let config = config.events(u32::MAX).history(3);
    Some(Machine::new(config))
}

fn plan(
    limit: Option<u8>,
    every: u32,
    spread: Option<u32>,
    attempts: u8,
    max: Option<u8>,
) -> RedrivePlan {
    let mut plan = RedrivePlan::new(Filter::new())
        .every(Duration::from_micros(every.into()))
        .max_redrives(max.map(u32::from))
        .attempts(match attempts % 3 {
            0 => Attempts::Reset,
            1 => Attempts::Keep,
            _ => Attempts::Add((attempts / 3).into()),
        });
    if let Some(limit) = limit {
        plan = plan.limit(limit.into());
    }
    if let Some(spread) = spread {
        plan = plan.spread(Duration::from_micros(spread.into()));
    }
    plan
}

fn make(
    machine: &mut Machine,
    runs: &mut Vec<Dispatch>,
    present: &mut BTreeSet<u64>,
    now: Time,
    call: &Call,
) {
    let nth = |n: u8| runs.len().checked_sub(1 + n as usize).map(|i| runs[i].clone());
    match *call {
        Call::Submit { key, delay, life, attempts, multiplier } => {
            let mut spec = TaskSpec::new("t");
            if let Some(delay) = delay {
                spec = spec.delay(Duration::from_millis(delay.into()));
            }
            if let Some(life) = life {
                spec = spec.time_to_live(Duration::from_millis(life.into()));
            }
            if let Some(attempts) = attempts {
                spec = spec.max_attempts(attempts.into());
            }
            if let Some(multiplier) = multiplier {
                spec = spec.multiplier(multiplier);
            }
            if machine.submit(now, u64::from(key), spec).is_ok() {
                assert!(present.insert(key.into()));
            }
        }
        Call::Poll => runs.extend(machine.poll(now)),
        Call::Advance => machine.advance(now),
        Call::Succeed(n) => drop(nth(n).map(|run| machine.succeed(now, &run))),
        Call::Fail(n, k, wait) => {
            let mut failure = Failure::new(kind(k), "after 31 ms");
            if let Some(wait) = wait {
                failure = failure.with_retry_after(Duration::from_micros(wait.into()));
            }
            drop(nth(n).map(|run| machine.fail(now, &run, &failure)));
        }
        Call::Forge { key, attempt, run } => {
            let forged = Value::map([
                ("key", u64::from(key).to_string().into()),
                ("attempt", attempt.into()),
                ("deadlineNs", Value::Null),
                ("run", u64::from(run).into()),
                ("incarnation", 0_u32.into()),
            ]);
            let forged = Dispatch::from_value(&forged).expect("a dispatch");
            let known = runs.iter().any(|real| (&real.key, real.run) == (&forged.key, forged.run));
            assert!(machine.succeed(now, &forged).is_err() || known);
        }
        Call::Cancel(key) => drop(machine.cancel(now, u64::from(key))),
        Call::Crashed(key, retry) => drop(machine.crashed(now, u64::from(key), choice(retry))),
        Call::Recover(retry) => drop(machine.recover(now, choice(retry))),
        Call::Redrive { limit, every, spread, attempts, max } => {
            let plan = plan(limit, every, spread, attempts, max);
            let planned = machine.plan_redrive(now, &plan);
            assert_eq!(machine.redrive(now, &plan), planned);
        }
        Call::Remove(id) => drop(machine.dead_letters_mut().remove(id.into())),
        Call::Park(id, parked) => drop(machine.dead_letters_mut().park(id.into(), parked)),
        Call::Purge(k) => {
            drop(machine.dead_letters_mut().purge(now, &Filter::new().kind(kind(k))));
        }
        Call::TakeHeld => drop(machine.take_held()),
    }
}

fn read_events(machine: &mut Machine, present: &mut BTreeSet<u64>) {
    while let Some(event) = machine.poll_event() {
        let key = event.key.id();
        match event.what {
            What::Redriven { .. } => assert!(present.insert(key)),
            What::Succeeded { .. }
            | What::DeadLettered { .. }
            | What::Cancelled
            | What::Discarded { .. }
            | What::Failed { .. } => assert!(present.remove(&key)),
            _ => {}
        }
    }
}

fuzz_target!(|input: Input| {
    let Some(mut machine) = machine(&input) else { return };
    let (mut runs, mut present, mut now) = (Vec::new(), BTreeSet::new(), 0_u64);
    for (millis, call) in &input.steps {
        now = now.saturating_add_signed(i64::from(*millis) * 1_000_000);
        make(&mut machine, &mut runs, &mut present, Time::from_nanos(now), call);
        read_events(&mut machine, &mut present);
        let stats = machine.stats();
        let live = stats.ready + stats.waiting + stats.running;
        assert_eq!(live + stats.held, present.len() as u64);
        assert_eq!(stats.counters.came_in(), stats.counters.ended() + live + stats.held);
        let queue = machine.dead_letters();
        assert!(queue.config().capacity.is_none_or(|capacity| queue.len() <= capacity));
    }
    let restored = Machine::restore(&machine.snapshot()).expect("a snapshot can be restored");
    assert!(restored.snapshot() == machine.snapshot());
});
