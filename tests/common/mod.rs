//! Policies for properties: every kind, every limit, extremes included.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::expect_used, reason = "a test may")]

use proptest::prelude::*;
use redrive::{
    Action, Backoff, BudgetRule, Duration, Jitter, PolicyBuilder, RetryPolicy, Rule,
    bounds::Unit,
    policy::{
        CapStage, ElapsedMeasure, ElapsedRule, End, KindRow, OnEmpty, Parameter, Resample,
        Rounding, RoundingMode, Shape, TokenBucket,
        kinds::{BACKOFFS, JITTERS},
    },
    wire::Value,
};

/// Durations of every size, the extremes often.
pub(crate) fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        1 => Just(Duration::ZERO),
        1 => Just(Duration::from_nanos(u64::MAX)),
        4 => (0..120_000_u64).prop_map(Duration::from_millis),
        2 => any::<u64>().prop_map(Duration::from_nanos),
        2 => (0..1_000_000_u64).prop_map(Duration::from_nanos),
    ]
}

/// Any value that the row of a parameter allows, as it is written.
fn argument(parameter: &'static Parameter) -> BoxedStrategy<Value> {
    let bound = parameter.bound;
    let durations = || duration().prop_map(Value::duration);
    match (parameter.shape, bound.unit) {
        (Shape::Durations, _) => {
            prop::collection::vec(durations(), 1..8).prop_map(Value::List).boxed()
        }
        (Shape::End, _) => unreachable!("the ends of a range depend on each other"),
        (_, Unit::Duration) => durations().boxed(),
        _ => {
            let any = (bound.min..bound.max).prop_map(Value::Float);
            prop_oneof![1 => Just(bound.default.unwrap_or(bound.min).into()), 4 => any].boxed()
        }
    }
}

/// Any group of the kinds of a table that have no ends of a range.
fn kind_of(table: &'static [KindRow]) -> BoxedStrategy<Value> {
    let has_ends = |kind: &&KindRow| kind.parameters.iter().any(|p| p.shape == Shape::End);
    let kinds = table.iter().filter(|kind| !has_ends(kind)).map(|kind| {
        let fields: Vec<_> = kind.parameters.iter().map(argument).collect();
        fields
            .prop_map(move |values| {
                let own = kind.fields().map(str::to_owned).zip(values);
                let name = core::iter::once(("kind".to_owned(), kind.name.into()));
                Value::Map(name.chain(own).collect())
            })
            .boxed()
    });
    proptest::strategy::Union::new(kinds).boxed()
}

fn read(field: &'static str, value: Value) -> RetryPolicy {
    let value = Value::map([(field, value)]);
    RetryPolicy::from_value(&value).expect("the rows allow what the table makes")
}

pub(crate) fn backoff() -> impl Strategy<Value = Backoff> {
    kind_of(BACKOFFS).prop_map(|value| read("backoff", value).backoff().clone())
}

pub(crate) fn jitter() -> impl Strategy<Value = Jitter> {
    let end = || (0.0..100.0, duration(), duration());
    let uniform = (end(), end()).prop_map(|(a, b)| Jitter::Uniform {
        low: End { factor: f64::min(a.0, b.0), add: a.1.min(b.1), add_per_retry: a.2.min(b.2) },
        high: End { factor: f64::max(a.0, b.0), add: a.1.max(b.1), add_per_retry: a.2.max(b.2) },
    });
    prop_oneof![
        6 => kind_of(JITTERS).prop_map(|value| *read("jitter", value).jitter()),
        1 => uniform,
    ]
}

fn rounding() -> impl Strategy<Value = Option<Rounding>> {
    let mode = prop_oneof![
        Just(RoundingMode::Floor),
        Just(RoundingMode::Nearest),
        Just(RoundingMode::Ceil)
    ];
    prop::option::of(
        (1..2_000_000_000_u64, mode, any::<bool>())
            .prop_map(|(unit, mode, each)| Rounding::new(Duration::from_nanos(unit), mode, each)),
    )
}

fn on_empty() -> impl Strategy<Value = OnEmpty> {
    prop_oneof![Just(OnEmpty::Fail), Just(OnEmpty::Wait)]
}

fn budget() -> impl Strategy<Value = Option<BudgetRule>> {
    prop::option::of(prop_oneof![
        (1..1_000_u32, 0..1_000_u32).prop_map(|(capacity, cost)| {
            let mut bucket = TokenBucket::default();
            bucket.capacity = capacity;
            bucket.cost = cost;
            BudgetRule::TokenBucket(bucket)
        }),
        (0.0..1_000.0, 1e-3..1e6, 1..3_600_u64, on_empty()).prop_map(
            |(percent, min_per_second, window, on_empty)| {
                let window = Duration::from_secs(window);
                BudgetRule::Ratio { percent, min_per_second, window, on_empty }
            }
        ),
        (1e-6..1e9, 1..1_000_u32, on_empty()).prop_map(|(per_second, burst, on_empty)| {
            BudgetRule::Rate { per_second, burst, on_empty }
        }),
        (0.0..1_000.0, 0..1_000_u32)
            .prop_map(|(percent, min)| BudgetRule::Concurrency { percent, min }),
    ])
}

fn stage() -> impl Strategy<Value = CapStage> {
    prop_oneof![
        4 => Just(CapStage::Fit),
        1 => Just(CapStage::Before),
        1 => Just(CapStage::After),
        1 => Just(CapStage::Both),
        1 => Just(CapStage::Clip),
    ]
}

fn limits(
    policy: PolicyBuilder,
    attempts: Option<u32>,
    elapsed: Option<Duration>,
    rule: ElapsedRule,
) -> PolicyBuilder {
    match (attempts, elapsed) {
        (Some(attempts), elapsed) => policy.max_attempts(attempts).max_elapsed(elapsed),
        (None, elapsed) => {
            policy.unlimited_attempts().max_elapsed(elapsed.unwrap_or(Duration::from_secs(60)))
        }
    }
    .elapsed_rule(rule)
}

/// Any valid policy.
pub(crate) fn policy() -> impl Strategy<Value = RetryPolicy> {
    let rule = prop_oneof![
        Just(ElapsedRule::StopIfWouldExceed),
        Just(ElapsedRule::StopIfReached),
        Just(ElapsedRule::Truncate)
    ];
    let bounds = (prop::option::of(1..=u32::MAX), prop::option::of(duration()), rule);
    let quirks = (stage(), rounding(), any::<bool>(), any::<bool>(), prop::option::of(0.0..1.0));
    let delays = (backoff(), jitter(), duration(), duration(), any::<bool>(), any::<bool>());
    (delays, bounds, quirks, budget(), prop::option::of((backoff(), 0..5_usize))).prop_map(
        |(delays, (attempts, elapsed, rule), quirks, budget, class)| {
            let (backoff, jitter, a, b, capped, first) = delays;
            let (min, max) = (a.min(b), a.max(b));
            let random = backoff.is_random();
            let mut policy = RetryPolicy::builder().backoff(backoff).min_delay(min);
            if !random {
                policy = policy.jitter(jitter);
            }
            if capped {
                policy = policy.max_delay(max);
            }
            if first {
                policy = policy.first_delay(max);
            }
            let (stage, rounding, feedback, sleeps, resample) = quirks;
            policy = policy.cap_stage(stage).feedback(feedback).budget(budget);
            if let Some(rounding) = rounding {
                policy = policy.rounding(rounding);
            }
            if sleeps {
                policy = policy.elapsed_measure(ElapsedMeasure::Sleeps);
            }
            if let (Some(low), true) = (resample, capped) {
                policy = policy.resample_above(Resample { low, high: 1.0 });
            }
            if let Some((backoff, action)) = class {
                let actions = [
                    Action::Retry,
                    Action::RetryFree,
                    Action::DeadLetter,
                    Action::Discard,
                    Action::Fail,
                ];
                policy = policy.rule(Rule::new("special", actions[action]).backoff(backoff));
            }
            limits(policy, attempts, elapsed, rule)
                .build()
                .expect("the generator makes valid policies")
        },
    )
}
