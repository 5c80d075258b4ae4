//! Random sequences of calls to a machine: right ones and misuse, with time that also goes back.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]
#![allow(dead_code, reason = "each property uses its part")]

use proptest::prelude::*;
use redrive::{
    Action, BudgetRule, Dispatch, Duration, Failure, Machine, MachineConfig, RedrivePlan,
    RetryPolicy, Rule, TaskSpec, Time,
    dead_letter::{Attempts, Filter, FullPolicy, QueueConfig},
    machine::Recovery,
    wire::Value,
};

/// One call, with the step of time (in ms, possibly back) that comes before it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) millis: i64,
    pub(crate) call: Call,
}

#[derive(Clone, Debug)]
pub(crate) enum Call {
    Submit {
        key: u64,
        spec: Box<TaskSpec>,
    },
    Poll,
    Advance,
    /// The result of the n-th dispatch so far, whether or not it still runs.
    Succeed(usize),
    Fail(usize, &'static str),
    /// A result of the n-th dispatch of another machine.
    Forge(usize),
    Cancel(u64),
    Crashed(u64, Recovery),
    Recover(Recovery),
    Redrive(Box<RedrivePlan>),
    RemoveLetter(u64),
    ParkLetter(u64, bool),
    Purge(&'static str),
    TakeHeld,
}

const KINDS: [&str; 6] = ["timeout", "bad", "drop", "soft", "free", "crashed"];

fn key() -> impl Strategy<Value = u64> {
    prop_oneof![0..6_u64, Just(u64::MAX)]
}

fn recovery() -> impl Strategy<Value = Recovery> {
    prop_oneof![Just(Recovery::Retry), Just(Recovery::DeadLetter)]
}

fn spec() -> impl Strategy<Value = TaskSpec> {
    let own = prop_oneof![
        6 => Just(None),
        1 => Just(Some(RetryPolicy::classic(2, 1.0).unwrap())),
        1 => Just(Some(with_budget())),
        1 => Just(Some(RetryPolicy::recommended())),
    ];
    let millis = |max: u64| proptest::option::of((0..max).prop_map(Duration::from_millis));
    let attempts = proptest::option::of(1..5_u32);
    (own, attempts, proptest::option::of(1.0..4.0), millis(5_000), millis(20_000)).prop_map(
        |(own, attempts, multiplier, delay, time_to_live)| {
            let mut spec = TaskSpec::new("t").payload(Value::from("data"));
            if let Some(policy) = own {
                spec = spec.policy(policy);
            }
            if let Some(attempts) = attempts {
                spec = spec.max_attempts(attempts);
            }
            if let Some(multiplier) = multiplier {
                spec = spec.multiplier(multiplier);
            }
            if let Some(delay) = delay {
                spec = spec.delay(delay);
            }
            if let Some(time) = time_to_live {
                spec = spec.time_to_live(time);
            }
            spec
        },
    )
}

fn with_budget() -> RetryPolicy {
    let rule = BudgetRule::Concurrency { percent: 50.0, min: 1 };
    RetryPolicy::builder().budget(rule).build().unwrap()
}

fn plan() -> impl Strategy<Value = RedrivePlan> {
    let attempts = prop_oneof![
        Just(Attempts::Reset),
        Just(Attempts::Keep),
        (1..4_u32).prop_map(Attempts::Add)
    ];
    (attempts, proptest::option::of(0..4_u64), proptest::option::of(0..3_u32), 0..2_000_u64)
        .prop_map(|(attempts, limit, max_redrives, every)| {
            let plan = RedrivePlan::new(Filter::new())
                .attempts(attempts)
                .max_redrives(max_redrives)
                .every(Duration::from_millis(every));
            match limit {
                Some(limit) => plan.limit(limit),
                None => plan,
            }
        })
}

pub(crate) fn call() -> impl Strategy<Value = Call> {
    let nth = 0..40_usize;
    prop_oneof![
        8 => (key(), spec()).prop_map(|(key, spec)| Call::Submit { key, spec: Box::new(spec) }),
        12 => Just(Call::Poll),
        2 => Just(Call::Advance),
        4 => nth.clone().prop_map(Call::Succeed),
        10 => (nth.clone(), proptest::sample::select(&KINDS[..])).prop_map(|(n, kind)| Call::Fail(n, kind)),
        1 => nth.clone().prop_map(Call::Forge),
        2 => key().prop_map(Call::Cancel),
        1 => (key(), recovery()).prop_map(|(key, choice)| Call::Crashed(key, choice)),
        1 => recovery().prop_map(Call::Recover),
        3 => plan().prop_map(|plan| Call::Redrive(Box::new(plan))),
        1 => (0..10_u64).prop_map(Call::RemoveLetter),
        1 => (0..10_u64, any::<bool>()).prop_map(|(id, parked)| Call::ParkLetter(id, parked)),
        1 => proptest::sample::select(&KINDS[..]).prop_map(Call::Purge),
        1 => Just(Call::TakeHeld),
    ]
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let millis = prop_oneof![4 => 0..3_000_i64, 4 => Just(0_i64), 1 => -2_000..0_i64];
    let step = (millis, call()).prop_map(|(millis, call)| Step { millis, call });
    proptest::collection::vec(step, 0..120)
}

/// Configurations that reach every rule: small queues, a budget, timeouts, classification.
pub(crate) fn config() -> impl Strategy<Value = MachineConfig> {
    let full = prop_oneof![
        Just(FullPolicy::Reject),
        Just(FullPolicy::DropOldest),
        Just(FullPolicy::DropNew)
    ];
    let retention = proptest::option::of((1_000..60_000_u64).prop_map(Duration::from_millis));
    (any::<u64>(), proptest::option::of(0..4_u64), full, retention, any::<bool>(), 1..4_u32)
        .prop_map(|(seed, capacity, full, retention, budget, history)| {
            MachineConfig::default()
                .policy(policy(budget))
                .seed(seed)
                .history(history)
                .events(1_000_000)
                .queue(QueueConfig::new().capacity(capacity).full(full).retention(retention))
        })
}

fn policy(budget: bool) -> RetryPolicy {
    let mut builder = RetryPolicy::builder()
        .attempt_timeout(Duration::from_secs(3))
        .max_elapsed(Duration::from_secs(30))
        .rule(Rule::new("bad", Action::DeadLetter))
        .rule(Rule::new("drop", Action::Discard))
        .rule(Rule::new("soft", Action::Fail))
        .rule(Rule::new("free", Action::RetryFree));
    if budget {
        builder = builder.budget(BudgetRule::ratio(50.0, 0.1, Duration::from_secs(10)));
    }
    builder.build().unwrap()
}

/// A machine with the dispatches that it gave, and the caller's clock.
#[derive(Clone)]
pub(crate) struct Driver {
    pub(crate) machine: Machine,
    pub(crate) dispatches: Vec<Dispatch>,
    pub(crate) millis: u64,
}

impl Driver {
    pub(crate) fn new(config: MachineConfig) -> Driver {
        Driver { machine: Machine::new(config), dispatches: Vec::new(), millis: 10_000 }
    }

    pub(crate) fn now(&self) -> Time {
        Time::from_millis(self.millis)
    }

    /// Makes the call; everything that it returned, as text.
    pub(crate) fn make(&mut self, step: &Step) -> String {
        self.millis = self.millis.saturating_add_signed(step.millis);
        let (now, machine) = (self.now(), &mut self.machine);
        let nth = |dispatches: &[Dispatch], n: usize| {
            (!dispatches.is_empty())
                .then(|| dispatches[dispatches.len() - 1 - n % dispatches.len()].clone())
        };
        match &step.call {
            Call::Submit { key, spec } => {
                format!("{:?}", machine.submit(now, *key, (**spec).clone()))
            }
            Call::Poll => {
                let dispatch = machine.poll(now);
                self.dispatches.extend(dispatch.clone());
                format!("{dispatch:?}")
            }
            Call::Advance => {
                machine.advance(now);
                String::new()
            }
            Call::Succeed(n) => match nth(&self.dispatches, *n) {
                Some(dispatch) => format!("{:?}", machine.succeed(now, &dispatch)),
                None => String::new(),
            },
            Call::Fail(n, kind) => match nth(&self.dispatches, *n) {
                Some(dispatch) => {
                    format!(
                        "{:?}",
                        machine.fail(now, &dispatch, &Failure::new(kind, "after 31 ms"))
                    )
                }
                None => String::new(),
            },
            Call::Forge(n) => match nth(&self.dispatches, *n) {
                Some(dispatch) => {
                    let mut data = dispatch.to_value();
                    if let Value::Map(fields) = &mut data {
                        fields.retain(|(name, _)| name != "incarnation");
                        fields.push(("incarnation".into(), 0_u32.into()));
                    }
                    let result = machine.succeed(now, &Dispatch::from_value(&data).unwrap());
                    format!("{:?}", result.expect_err("a forged result was taken"))
                }
                None => String::new(),
            },
            Call::Cancel(key) => format!("{:?}", machine.cancel(now, *key)),
            Call::Crashed(key, choice) => format!("{:?}", machine.crashed(now, *key, *choice)),
            Call::Recover(choice) => format!("{:?}", machine.recover(now, *choice)),
            Call::Redrive(plan) => {
                let planned = machine.plan_redrive(now, plan);
                let report = machine.redrive(now, plan);
                assert_eq!(planned, report, "a plan says what the redrive does");
                report.to_string()
            }
            Call::RemoveLetter(id) => format!("{:?}", machine.dead_letters_mut().remove(*id)),
            Call::ParkLetter(id, parked) => {
                format!("{:?}", machine.dead_letters_mut().park(*id, *parked))
            }
            Call::Purge(kind) => {
                let filter = Filter::new().kind(*kind);
                format!("{:?}", machine.dead_letters_mut().purge(now, &filter))
            }
            Call::TakeHeld => format!("{:?}", machine.take_held()),
        }
    }
}
