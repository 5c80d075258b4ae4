//! Delays as a pure function: (policy, seed, key, retry) to nanoseconds.

use std::num::NonZeroU32;

use redrive::{RetryPolicy, random::key_of, time::nanos, wire::Value};

use super::{json, policies};

/// Seeds and keys are texts, as a person may write them.
const SEEDS: [&str; 4] = ["42", "0", "18446744073709551615", "a seed in words"];
const KEYS: [&str; 5] = ["0", "order-17", "1", "18446744073709551615", "9007199254740993"];
const EARLY: [u32; 6] = [1, 2, 3, 5, 7, 12];
const LATE: [u32; 5] = [25, 40, 64, 1_000, u32::MAX];
const WALKED: [u32; 8] = [1, 2, 3, 4, 8, 25, 100, 1_000];

pub(crate) struct Case {
    policy: Value,
    pub(crate) addresses: Vec<(&'static str, &'static str, u32)>,
}

pub(crate) fn cases() -> Vec<Case> {
    let grid = policies::grid();
    let plain = grid.iter().enumerate().map(|(n, policy)| {
        let retries = [1, EARLY[1 + n % 5], EARLY[1 + (n / 5) % 5], LATE[n % 5]];
        case(policy, n, &retries)
    });
    let everywhere: Vec<u32> = EARLY.into_iter().chain(LATE).collect();
    let quirks =
        policies::QUIRKS.iter().enumerate().map(|(n, policy)| case(policy, n, &everywhere));
    let walks = policies::WALKS.iter().enumerate().map(|(n, policy)| case(policy, n, &WALKED));
    plain.chain(quirks).chain(walks).collect()
}

/// The n-th case, at addresses that vary with n.
fn case(policy: &str, n: usize, retries: &[u32]) -> Case {
    let address = |(i, &retry): (usize, &u32)| {
        (SEEDS[(n + i) % SEEDS.len()], KEYS[(n + 2 * i) % KEYS.len()], retry)
    };
    Case { policy: json(policy), addresses: retries.iter().enumerate().map(address).collect() }
}

pub(crate) fn file() -> String {
    super::file(
        "cases: a policy and its delays: seed, key, retry (before attempt retry + 1), nanoseconds.",
        &[("cases", cases().iter().map(line).collect())],
    )
}

fn line(case: &Case) -> Value {
    let policy = RetryPolicy::from_value(&case.policy).unwrap();
    let row = |&(seed, key, retry): &(&str, &str, u32)| {
        let number = NonZeroU32::new(retry).unwrap();
        let delay = nanos(policy.delay(key_of(seed), key_of(key), number));
        Value::List(vec![seed.into(), key.into(), retry.into(), delay.to_string().into()])
    };
    let delays = case.addresses.iter().map(row).collect();
    Value::map([("policy", case.policy.clone()), ("delays", Value::List(delays))])
}
