//! The stream itself: units, further draws, text keys.

use redrive::{
    random::{Stream, draw, key_of},
    wire::Value,
};

const SEEDS: [u64; 5] = [0, 1, 42, 1 << 53, u64::MAX];
const KEYS: [u64; 4] = [0, 1, 17, u64::MAX];
const ATTEMPTS: [u32; 4] = [1, 2, 1_000_000_000, u32::MAX];
const TEXTS: [&str; 9] = [
    "",
    "0",
    "17",
    "017",
    "+17",
    "18446744073709551615",
    "18446744073709551616",
    "order-17",
    "ключ",
];

/// 2^53: a unit number times this is whole.
const UNITS: f64 = 9_007_199_254_740_992.0;

pub(crate) fn file() -> String {
    let mut draws = Vec::new();
    for seed in SEEDS {
        for key in KEYS {
            draws.extend(ATTEMPTS.map(|attempt| row(seed, key, attempt)));
        }
    }
    let keys = TEXTS.map(|text| Value::List(vec![text.into(), key_of(text).to_string().into()]));
    super::file(
        "draws: seed, key, attempt; the unit number times 2^53; the three draws of 64 bits there; \
         the first of substream 1. keys: a text and the number that it stands for.",
        &[("draws", draws), ("keys", keys.to_vec())],
    )
}

fn row(seed: u64, key: u64, attempt: u32) -> Value {
    let text = |number: u64| Value::from(number.to_string());
    let mut draws = Stream::new(seed).draws(key, attempt);
    let bits = [draws.next_u64(), draws.next_u64(), draws.next_u64()];
    let aside = Stream::new(seed).substream(1).draws(key, attempt).next_u64();
    let unit = (draw(seed, key, attempt) * UNITS) as u64;
    Value::List(vec![
        text(seed),
        text(key),
        attempt.into(),
        text(unit),
        Value::List(bits.map(text).to_vec()),
        text(aside),
    ])
}
