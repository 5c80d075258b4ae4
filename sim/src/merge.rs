//! Several runs of one policy as one result: means with confidence intervals.
//!
//! Runs are taken in the order of their replication numbers, whoever ran them and when, so that
//! sums of floats, and with them the whole result, do not depend on the number of threads.

use std::collections::BTreeMap;

use crate::outcome::{
    Figure, LayerSummary, PolicyOutcome, Quantiles, Spread, Summary, WindowSummary,
};

/// One result out of the runs of one policy, in the order of their replication numbers; `None` out
/// of none. A single run stays as it is. Series, raster, latencies and records are those of the
/// first run.
#[must_use]
pub fn merge(runs: Vec<PolicyOutcome>) -> Option<PolicyOutcome> {
    if runs.len() < 2 {
        return runs.into_iter().next();
    }
    let summaries: Vec<&Summary> = runs.iter().map(|run| &run.summary).collect();
    let summary = merge_summaries(&summaries)?;
    let partial = runs.iter().any(|run| run.partial);
    let mut first = runs.into_iter().next()?;
    first.summary = summary;
    first.partial = partial;
    Some(first)
}

/// The spread of one figure.
#[must_use]
pub fn spread(figures: &[Figure]) -> Figure {
    let values: Vec<f64> = figures.iter().filter_map(Figure::value).collect();
    if values.is_empty() {
        return Figure::Absent;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let ci95 = if values.len() > 1 {
        student_t95(values.len() as u32 - 1) * libm::sqrt(squares / (n - 1.0) / n)
    } else {
        0.0
    };
    Figure::Spread(Spread {
        mean,
        ci95,
        min: values.iter().copied().fold(f64::INFINITY, f64::min),
        max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        missing: (figures.len() - values.len()) as u32,
    })
}

/// The 97.5 % point of Student's law: the ends of a two-sided interval of 95 %.
#[must_use]
pub fn student_t95(freedom: u32) -> f64 {
    const FIRST: [f64; 10] = [
        12.706_205, 4.302_653, 3.182_446, 2.776_445, 2.570_582, 2.446_912, 2.364_624, 2.306_004,
        2.262_157, 2.228_139,
    ];
    if let Some(point) = FIRST.get(freedom.saturating_sub(1) as usize) {
        return *point;
    }
    // Cornish and Fisher's expansion about the normal point; good to five digits from here on.
    let (z, n) = (1.959_963_985, f64::from(freedom));
    let z3 = z * z * z;
    let z5 = z3 * z * z;
    let z7 = z5 * z * z;
    let z9 = z7 * z * z;
    z + (z3 + z) / (4.0 * n)
        + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * n * n)
        + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * n * n * n)
        + (79.0 * z9 + 776.0 * z7 + 1_482.0 * z5 - 1_920.0 * z3 - 945.0 * z)
            / (92_160.0 * n * n * n * n)
}

fn merge_summaries(runs: &[&Summary]) -> Option<Summary> {
    let first = *runs.first()?;
    let over = |field: &dyn Fn(&Summary) -> Figure| -> Figure {
        spread(&runs.iter().map(|run| field(run)).collect::<Vec<_>>())
    };
    macro_rules! merged {
        ($($field:ident),* ; quantiles $($quantiles:ident),*) => {
            Summary {
                $($field: over(&|run| run.$field),)*
                $($quantiles: merge_quantiles(&|f| over(&|run| f(&run.$quantiles))),)*
                dead_lettered: merge_reasons(first, &over),
                bin: first.bin.clone(),
                windows: merge_windows(first, &over),
                layers: merge_layers(first, &over),
                trace_hash: merge_hashes(runs),
            }
        };
    }
    Some(merged!(
        tasks, succeeded, discarded, failed, cancelled, unfinished, attempts, amplification,
        rejected_attempts, timed_out_attempts, wasted_server_seconds, peak_attempts_per_second,
        peak_after_fault_per_second, capacity_per_second, peak_to_capacity, completion_seconds,
        drain_seconds, goodput_per_first, recover_seconds, dead_letter_share, retry_share,
        peak_to_mean, max_queue, budget_denied, breaker_denied, throttle_denied, lost_messages, redriven,
        fairness, sustainable_per_second, collapsed, events, wall_seconds;
        quantiles time_to_success_seconds, time_to_dead_letter_seconds, time_to_end_seconds,
        attempts_per_task
    ))
}

type Over<'a> = dyn Fn(&dyn Fn(&Summary) -> Figure) -> Figure + 'a;

type OverQuantiles<'a> = dyn Fn(&dyn Fn(&Quantiles) -> Figure) -> Figure + 'a;

fn merge_quantiles(over: &OverQuantiles<'_>) -> Quantiles {
    Quantiles {
        mean: over(&|q| q.mean),
        p50: over(&|q| q.p50),
        p90: over(&|q| q.p90),
        p99: over(&|q| q.p99),
        p999: over(&|q| q.p999),
        max: over(&|q| q.max),
    }
}

fn merge_reasons(first: &Summary, over: &Over<'_>) -> BTreeMap<String, Figure> {
    let mut reasons = BTreeMap::new();
    for name in first.dead_lettered.keys() {
        let dead = over(&|run| run.dead_lettered.get(name).copied().unwrap_or(Figure::Count(0)));
        reasons.insert(name.clone(), dead);
    }
    reasons
}

fn merge_windows(first: &Summary, over: &Over<'_>) -> Vec<WindowSummary> {
    let window = |(i, window): (usize, &WindowSummary)| {
        let over = |field: &dyn Fn(&WindowSummary) -> Figure| {
            over(&|run| run.windows.get(i).map_or(Figure::Absent, field))
        };
        WindowSummary {
            name: window.name.clone(),
            from: window.from,
            to: window.to,
            tasks: over(&|w| w.tasks),
            succeeded: over(&|w| w.succeeded),
            attempts: over(&|w| w.attempts),
            goodput_per_first: over(&|w| w.goodput_per_first),
            amplification: over(&|w| w.amplification),
        }
    };
    first.windows.iter().enumerate().map(window).collect()
}

fn merge_layers(first: &Summary, over: &Over<'_>) -> Vec<LayerSummary> {
    let layer = |(i, layer): (usize, &LayerSummary)| {
        let over = |field: &dyn Fn(&LayerSummary) -> Figure| {
            over(&|run| run.layers.get(i).map_or(Figure::Absent, field))
        };
        LayerSummary {
            name: layer.name.clone(),
            attempts: over(&|l| l.attempts),
            amplification: over(&|l| l.amplification),
        }
    };
    first.layers.iter().enumerate().map(layer).collect()
}

/// One hash over the hashes of the runs, in order.
fn merge_hashes(runs: &[&Summary]) -> String {
    let text: String = runs.iter().map(|run| run.trace_hash.as_str()).collect();
    format!("{:016x}", redrive::random::hash(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_points_are_those_of_the_tables() {
        for (freedom, point) in
            [(1, 12.7062), (5, 2.5706), (10, 2.2281), (11, 2.2010), (30, 2.0423)]
        {
            assert!((student_t95(freedom) - point).abs() < 1e-4, "{freedom}");
        }
        assert!((student_t95(1_000_000) - 1.959_966).abs() < 1e-5);
    }

    #[test]
    fn a_spread_knows_what_is_missing() {
        let figures = [Figure::Count(1), Figure::Real(3.0), Figure::Absent];
        let Figure::Spread(spread) = spread(&figures) else { panic!() };
        assert_eq!((spread.mean, spread.min, spread.max, spread.missing), (2.0, 1.0, 3.0, 1));
        assert!((spread.ci95 - 12.706_205).abs() < 1e-6);
        assert_eq!(super::spread(&[Figure::Absent]), Figure::Absent);
    }
}
