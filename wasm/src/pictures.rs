//! What the pictures of a run are drawn from: counts over time, sampled tasks, times to success.
//!
//! Long rows of numbers are typed arrays; times are in seconds, since all of this is drawn and none of
//! it compared.

use js_sys::{Array, BigInt, Float64Array, Uint32Array};
use redrive_sim::outcome::{LatencyCdf, Mark, PolicyOutcome, Raster, Row, Series};
use wasm_bindgen::JsValue;

use crate::write::{object, set};

/// Adds `series`, `raster` and `latency` to the written figures of a policy.
pub(crate) fn write(policy: &PolicyOutcome, js: &JsValue) -> Result<(), JsValue> {
    set(js, "series", &series(&policy.series)?)?;
    set(js, "raster", &raster(&policy.raster)?)?;
    set(js, "latency", &latency(&policy.latency)?)
}

/// `{ binSeconds, capacityPerBin, faults: [{ from, until, mode }], first, retries, ... }`, one count
/// a bin.
fn series(series: &Series) -> Result<JsValue, JsValue> {
    let faults = Array::new();
    for (from, until, mode) in &series.faults {
        let (from, until) = (from.as_secs_f64().into(), until.as_secs_f64().into());
        faults.push(&object(&[("from", from), ("until", until), ("mode", mode.into())])?);
    }
    let counts = |counts: &[u32]| JsValue::from(Uint32Array::from(counts));
    object(&[
        ("binSeconds", series.bin.as_secs_f64().into()),
        ("capacityPerBin", series.capacity_per_bin.map_or(JsValue::NULL, JsValue::from)),
        ("faults", faults.into()),
        ("first", counts(&series.first)),
        ("retries", counts(&series.retries)),
        ("rejected", counts(&series.rejected)),
        ("succeeded", counts(&series.succeeded)),
        ("failed", counts(&series.failed)),
        ("dead", counts(&series.dead)),
        ("queue", counts(&series.queue)),
    ])
}

/// `[{ key, seconds, marks }]`: when each attempt of a sampled task ended, and how.
fn raster(raster: &Raster) -> Result<JsValue, JsValue> {
    let rows = Array::new();
    for Row { key, marks, .. } in &raster.rows {
        let seconds: Vec<f64> = marks.iter().map(|(at, _)| at.as_secs_f64()).collect();
        let names: Array = marks.iter().map(|(_, mark)| JsValue::from(name(*mark))).collect();
        rows.push(&object(&[
            ("key", BigInt::from(*key).into()),
            ("seconds", Float64Array::from(&seconds[..]).into()),
            ("marks", names.into()),
        ])?);
    }
    Ok(rows.into())
}

fn name(mark: Mark) -> &'static str {
    match mark {
        Mark::Failed => "failed",
        Mark::Rejected => "rejected",
        Mark::TimedOut => "timedOut",
        Mark::Succeeded => "succeeded",
        Mark::Dead => "dead",
    }
}

/// `{ seconds, share }`: the share of successes that took no longer.
fn latency(latency: &LatencyCdf) -> Result<JsValue, JsValue> {
    let (seconds, share): (Vec<f64>, Vec<f64>) = latency.points.iter().copied().unzip();
    object(&[
        ("seconds", Float64Array::from(&seconds[..]).into()),
        ("share", Float64Array::from(&share[..]).into()),
    ])
}
