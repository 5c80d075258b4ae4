//! What a policy will do, before anything runs.

use std::num::NonZeroU32;

use redrive::{Backoff, Band, RetryPolicy, ScheduledRetry, time::nanos};
use serde::Serialize;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    error::argument,
    numbers::{seed_or_entropy, whole},
    read::policy,
    write,
};

/// Retries of a schedule at most; a policy without a limit would never end.
const LONGEST: u32 = 10_000;

/// A delay that depends on those before it is found by walking there; this many steps take seconds.
const FARTHEST_WALK: u32 = 10_000_000;

/// The delay before attempt `retry + 1`, in nanoseconds: the pure function behind everything.
///
/// # Errors
/// When an argument is not what it should be.
#[wasm_bindgen(js_name = delayNs)]
pub fn delay(value: &JsValue, seed: &JsValue, key: &JsValue, retry: u32) -> Result<u64, JsValue> {
    let policy = policy(value)?;
    let (seed, key) = (whole(seed, "seed")?, whole(key, "key")?);
    let Some(number) = NonZeroU32::new(retry) else {
        return Err(argument("retry", "= 0 is below 1: retry 1 comes before attempt 2"));
    };
    if retry > FARTHEST_WALK && walks(&policy) {
        let message =
            format!("= {retry} is above {FARTHEST_WALK}: here each delay follows from the last");
        return Err(argument("retry", &message));
    }
    Ok(nanos(policy.delay(seed, key, number)))
}

/// Whether a delay depends on the one before it.
fn walks(policy: &RetryPolicy) -> bool {
    policy.compat().feedback || matches!(policy.backoff(), Backoff::Decorrelated { .. })
}

/// The delays of a task that always fails, in nanoseconds, `count` at most.
///
/// # Errors
/// When an argument is not what it should be.
#[wasm_bindgen(js_name = delaysNs)]
pub fn delays(
    value: &JsValue,
    seed: &JsValue,
    key: &JsValue,
    count: Option<u32>,
) -> Result<Vec<u64>, JsValue> {
    let policy = policy(value)?;
    let schedule = policy.schedule(seed_or_entropy(seed)?, whole(key, "key")?);
    let count = count.unwrap_or(LONGEST) as usize;
    Ok(schedule.take(count).map(|retry| nanos(retry.delay)).collect())
}

/// One retry with its band over all keys.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    retry: u32,
    delay_ns: u64,
    at_ns: u64,
    min_ns: u64,
    max_ns: u64,
    mean_ns: u64,
    p5_ns: u64,
    p25_ns: u64,
    p50_ns: u64,
    p75_ns: u64,
    p95_ns: u64,
    /// Over how many keys the band was measured; null when it is exact.
    samples: Option<u32>,
}

/// How the task ends.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct End {
    dead_letter: &'static str,
    attempts: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    seed: u64,
    key: u64,
    retries: Vec<Row>,
    /// Null when the rows were cut short.
    end: Option<End>,
}

/// The schedule of a task that always fails, each delay with the band it is drawn from:
/// `{ seed, key, retries: [{ retry, delayNs, atNs, minNs, ..., p95Ns, samples }], end }`, all 64-bit
/// numbers as `bigint`. `retries` rows at most; with `samples` the bands are measured over that many
/// keys even where they are known exactly.
///
/// # Errors
/// When an argument is not what it should be.
#[wasm_bindgen]
pub fn schedule(
    value: &JsValue,
    seed: &JsValue,
    key: &JsValue,
    retries: Option<u32>,
    samples: Option<u32>,
) -> Result<JsValue, JsValue> {
    let policy = policy(value)?;
    let (seed, key) = (seed_or_entropy(seed)?, whole(key, "key")?);
    let most = retries.unwrap_or(LONGEST).min(LONGEST) as usize;
    let mut schedule = policy.schedule(seed, key);
    let drawn: Vec<_> = schedule.by_ref().take(most).collect();
    let bands = policy.bands(seed, samples);
    let rows = drawn.iter().zip(bands).map(|(retry, band)| row(retry, &band)).collect();
    // The schedule knows its end once it has been asked for a retry that is not there.
    schedule.next();
    let end =
        schedule.end().map(|end| End { dead_letter: end.reason.as_str(), attempts: end.attempts });
    write::exact(&Answer { seed, key, retries: rows, end })
}

fn row(retry: &ScheduledRetry, band: &Band) -> Row {
    let quantile = |p| nanos(band.quantile(p));
    Row {
        retry: retry.retry,
        delay_ns: nanos(retry.delay),
        at_ns: retry.at.as_nanos(),
        min_ns: nanos(band.min),
        max_ns: nanos(band.max),
        mean_ns: nanos(band.mean),
        p5_ns: quantile(0.05),
        p25_ns: quantile(0.25),
        p50_ns: quantile(0.5),
        p75_ns: quantile(0.75),
        p95_ns: quantile(0.95),
        samples: band.samples,
    }
}
