//! Rows and their times as spans of arrivals.

use std::cmp::Reverse;

use redrive::{
    Duration,
    time::format_duration,
    wire::{ConfigError, Number},
};

use super::{Span, Trace, Wanted, reading::error};

const SECOND: u64 = 1_000_000_000;

/// Rows of counts without times: one bin after the other.
pub(super) fn by_number(counts: &[f64], wanted: &Wanted<'_>) -> Result<Trace, ConfigError> {
    let Some(bin) = wanted.bin else {
        let message =
            "is missing: the file has no times; write how long each row lasts, like \"5m\"";
        return Err(error("bin", message));
    };
    let span =
        |(i, count): (u64, &f64)| Span { from: i.saturating_mul(bin), length: bin, count: *count };
    Ok(Trace { spans: (0..).zip(counts).map(span).collect(), notes: Vec::new() })
}

/// A log: requests counted by bins.
pub(super) fn requests(
    (mut moments, passed): (Vec<i64>, usize),
    wanted: &Wanted<'_>,
) -> Result<Trace, ConfigError> {
    let mut notes = vec![format!(
        "{} is read as a log: {}{}",
        wanted.file,
        if moments.len() == 1 {
            "its row is a request".to_owned()
        } else {
            format!("its {} rows are a request each", Number(moments.len() as f64))
        },
        if wanted.requests.is_none() {
            " (arrivals.rows = \"counts\" if they are not)"
        } else {
            ""
        }
    )];
    notes.extend(midnight(passed, wanted));
    // Lines are written when requests end: a little out of order.
    moments.sort_unstable();
    let first = moments.first().copied().unwrap_or(0);
    let bin = wanted.bin.unwrap_or(SECOND);
    let mut spans: Vec<Span> = Vec::new();
    for moment in moments {
        let from = moment.abs_diff(first) / bin * bin;
        match spans.last_mut() {
            Some(span) if span.from == from => span.count += 1.0,
            _ => spans.push(Span { from, length: bin, count: 1.0 }),
        }
    }
    Ok(Trace { spans, notes })
}

fn midnight(passed: usize, wanted: &Wanted<'_>) -> Option<String> {
    (passed > 0).then(|| {
        let times = if passed == 1 { "once".to_owned() } else { format!("{passed} times") };
        format!(
            "the times of {} have no date or year; they pass into the next {times}",
            wanted.file
        )
    })
}

/// Rows of counts, each from its time on.
pub(super) fn counted(
    (moments, passed): &(Vec<i64>, usize),
    counts: &[f64],
    lines: &[u64],
    wanted: &Wanted<'_>,
) -> Result<Trace, ConfigError> {
    let mut rows: Vec<(i64, f64, u64)> = moments
        .iter()
        .zip(counts)
        .zip(lines)
        .map(|((moment, count), line)| (*moment, *count, *line))
        .collect();
    let mut notes: Vec<String> = midnight(*passed, wanted).into_iter().collect();
    if rows.len() > 2 && moments.is_sorted_by(|before, after| before > after) {
        rows.reverse();
        notes.push(format!(
            "the rows of {} run backwards in time: they are turned round",
            wanted.file
        ));
    }
    if let Some(pair) = rows.windows(2).find(|pair| pair[1].0 < pair[0].0) {
        return Err(error("file", earlier(pair[1].2, wanted)));
    }
    let rows = joined(rows, &mut notes, wanted);
    let steps: Vec<u64> = rows.windows(2).map(|pair| pair[0].0.abs_diff(pair[1].0)).collect();
    let given = wanted.bin.filter(|bin| steps.contains(bin));
    let Some(usual) = most_common(&steps, given).or(wanted.bin) else {
        let message =
            "is missing: one row alone does not say how long it lasts; write it, like \"5m\"";
        return Err(error("bin", message));
    };
    spacing(&rows, &steps, usual, &mut notes, wanted);
    let length = wanted.bin.unwrap_or(usual);
    let first = rows.first().map_or(0, |row| row.0);
    let span = |(i, (moment, count, _)): (usize, &(i64, f64, u64))| Span {
        from: moment.abs_diff(first),
        length: steps.get(i).map_or(length.min(usual), |step| length.min(*step)),
        count: *count,
    };
    Ok(Trace { spans: rows.iter().enumerate().map(span).collect(), notes })
}

fn earlier(line: u64, wanted: &Wanted<'_>) -> String {
    format!(
        "row {line} of {} lies before the row above it: sort the file by time; where clocks were \
         put back, write the times with their zones (+02:00) or in UTC",
        wanted.file
    )
}

/// Rows of one time as one.
fn joined(
    rows: Vec<(i64, f64, u64)>,
    notes: &mut Vec<String>,
    wanted: &Wanted<'_>,
) -> Vec<(i64, f64, u64)> {
    let mut distinct: Vec<(i64, f64, u64)> = Vec::new();
    let mut twice = Vec::new();
    for row in rows {
        match distinct.last_mut() {
            Some(last) if last.0 == row.0 => {
                last.1 += row.1;
                twice.push(row.2);
            }
            _ => distinct.push(row),
        }
    }
    if let Some(first) = twice.first() {
        notes.push(format!(
            "{} of {} {} the same time as the row before (the first is row {first}): their counts \
             are added",
            rows_of(twice.len()),
            wanted.file,
            if twice.len() == 1 { "has" } else { "have" }
        ));
    }
    distinct
}

fn rows_of(count: usize) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}

/// The most common of the steps; of several, what the scenario says, or the shortest.
fn most_common(steps: &[u64], given: Option<u64>) -> Option<u64> {
    let mut sorted = steps.to_vec();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|a, b| a == b);
    let ranked = runs.map(|run| (run.len(), Some(run[0]) == given, Reverse(run[0]), run[0]));
    ranked.max().map(|(.., step)| step)
}

/// What is said about rows that are not evenly spaced.
fn spacing(
    rows: &[(i64, f64, u64)],
    steps: &[u64],
    usual: u64,
    notes: &mut Vec<String>,
    wanted: &Wanted<'_>,
) {
    let said = |nanos: u64| format_duration(Duration::from_nanos(nanos));
    let line = |i: usize| rows.get(i + 1).map_or(0, |row| row.2);
    let of = |which: &dyn Fn(u64) -> bool| -> Vec<usize> {
        (0..steps.len()).filter(|i| steps.get(*i).is_some_and(|step| which(*step))).collect()
    };
    let gaps = of(&|step| step > usual);
    if let Some(longest) = gaps.iter().max_by_key(|i| (steps.get(**i), usize::MAX - **i)) {
        notes.push(format!(
            "{} has {} in its times, the longest {} before row {}: nothing arrives in {}",
            wanted.file,
            if gaps.len() == 1 { "a gap".to_owned() } else { format!("{} gaps", gaps.len()) },
            said(steps.get(*longest).copied().unwrap_or(0)),
            line(*longest),
            if gaps.len() == 1 { "it" } else { "them" }
        ));
    }
    let short = of(&|step| step < usual);
    if let Some(first) = short.first() {
        notes.push(format!(
            "the rows of {} are {} apart, but for {} that {} sooner (the first is row {}): a row \
             lasts until the next",
            wanted.file,
            said(usual),
            short.len(),
            if short.len() == 1 { "comes" } else { "come" },
            line(*first)
        ));
    }
    match wanted.bin {
        Some(bin) if bin != usual && !steps.is_empty() => notes.push(format!(
            "arrivals.bin = {} is not the {} between the rows of {}: each row {}",
            said(bin),
            said(usual),
            wanted.file,
            if bin > usual { "ends where the next begins" } else { "is followed by a pause" }
        )),
        _ => {}
    }
}
