//! A file as arrivals: rows of counts, or a log with one row a request, placed by their times.
//!
//! **Time is time.** A row lies where its time says, not where its number says: gaps are gaps. A row
//! of counts lasts until the next one, but not longer than is usual in the file (or than
//! `arrivals.bin`, where that is given). A log is counted by bins. What is read in another way than a
//! first look suggests is said in a note.

#[cfg(not(feature = "csv"))]
use redrive::wire::ConfigError;

/// What the scenario says about its file.
#[cfg_attr(not(feature = "csv"), expect(dead_code, reason = "only a reader of files asks"))]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) file: &'a str,
    /// The column of counts.
    pub(crate) column: Option<&'a str>,
    /// The column of times.
    pub(crate) time_column: Option<&'a str>,
    /// How times are written.
    pub(crate) time_format: Option<&'a str>,
    /// Whether a row is a request (`true`) or a count.
    pub(crate) requests: Option<bool>,
    /// How long a row lasts, or the bins of a log, ns.
    pub(crate) bin: Option<u64>,
}

/// Tasks that arrive between two moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    /// From the first row on, ns.
    pub(crate) from: u64,
    /// How long, ns.
    pub(crate) length: u64,
    /// How many.
    pub(crate) count: f64,
}

/// What a file says about arrivals.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Trace {
    pub(crate) spans: Vec<Span>,
    pub(crate) notes: Vec<String>,
}

/// A build without the feature `csv` has no reader of such files.
#[cfg(not(feature = "csv"))]
pub(crate) fn read(_: &str, wanted: Wanted<'_>) -> Result<Trace, ConfigError> {
    let message = format!("cannot read {}: write its numbers into arrivals.counts", wanted.file);
    Err(ConfigError::new("arrivals.file", message))
}

#[cfg(feature = "csv")]
pub(crate) use reading::read;

#[cfg(feature = "csv")]
mod reading {
    use std::{cmp::Reverse, fmt::Display};

    use redrive::{
        Duration,
        time::format_duration,
        wire::{ConfigError, Number},
    };

    use super::{Span, Trace, Wanted};
    use crate::{
        bounds,
        files::{cell_number, log, no_column, table::Table, when},
    };

    const SECOND: u64 = 1_000_000_000;

    /// What columns of times are called.
    const TIMES: &[&str] = &[
        "timestamp",
        "time",
        "date",
        "datetime",
        "date_time",
        "at",
        "ts",
        "@timestamp",
        "_time",
        "when",
        "start",
        "period",
        "bucket",
        "interval",
        "minute",
        "hour",
        "day",
        "time_local",
        "time_iso8601",
        "timestamp_ms",
        "epoch",
        "zeit",
        "datum",
        "zeitstempel",
        "uhrzeit",
        "date/time",
        "time (utc)",
    ];
    /// What columns of counts are called.
    const COUNTS: &[&str] = &[
        "value",
        "count",
        "counts",
        "requests",
        "request_count",
        "requestcount",
        "hits",
        "total",
        "sum",
        "n",
        "arrivals",
        "calls",
        "events",
        "tasks",
        "jobs",
        "messages",
        "anzahl",
        "anfragen",
        "wert",
    ];
    /// What is told of a single request.
    const OF_A_REQUEST: &[&str] = &[
        "status",
        "status_code",
        "statuscode",
        "http_status",
        "response_code",
        "code",
        "method",
        "verb",
        "path",
        "url",
        "uri",
        "request",
        "duration",
        "duration_ms",
        "latency",
        "latency_ms",
        "elapsed",
        "elapsed_ms",
        "response_time",
        "took",
        "ms",
        "user",
        "user_agent",
        "ip",
        "client",
        "host",
        "level",
        "message",
        "request_id",
        "trace_id",
        "id",
        "bytes",
        "size",
        "referer",
        "route",
        "endpoint",
    ];

    fn error(field: &str, message: impl Display) -> ConfigError {
        ConfigError::new(format!("arrivals.{field}"), message.to_string())
    }

    /// Reads the arrivals in `text`.
    ///
    /// # Errors
    /// What is not understood, by its row, with the remedy.
    pub(crate) fn read(text: &str, wanted: Wanted<'_>) -> Result<Trace, ConfigError> {
        if text.trim().is_empty() {
            return Err(error("file", format!("= \"{}\" is empty: it has no rows", wanted.file)));
        }
        let tabular = wanted.column.is_some() || wanted.time_column.is_some() || is_table(text);
        let log = if tabular { None } else { log::read(text) };
        match log {
            Some(log) => of_log(&log.map_err(|why| of_file(&wanted, why))?, &wanted),
            None => of_table(&Table::read(text).map_err(|why| of_file(&wanted, why))?, &wanted),
        }
    }

    fn of_file(wanted: &Wanted<'_>, why: String) -> ConfigError {
        error("file", format!("= \"{}\" {why}", wanted.file))
    }

    /// Whether the first line is names, or a time beside a number.
    fn is_table(text: &str) -> bool {
        if !log::begins(text) {
            return true;
        }
        let Ok(table) = Table::read(text) else { return false };
        let first = table.header.as_ref().or(table.rows.first().map(|(_, row)| row));
        first.is_some_and(|row| {
            row.iter().any(when::is_time) && row.iter().any(|c| c.trim().parse::<f64>().is_ok())
        })
    }

    fn of_log(log: &log::Log<'_>, wanted: &Wanted<'_>) -> Result<Trace, ConfigError> {
        let moments = moments(&log.times, &log.lines, wanted)?;
        match (&log.numbers, wanted.requests) {
            (None, Some(false)) => {
                let message = "= \"counts\" does not fit: the rows of the file are requests, without \
                               a count in them";
                Err(error("rows", message))
            }
            (Some(numbers), requests) if requests != Some(true) => {
                let counts: Vec<f64> = numbers.iter().filter_map(|n| n.parse().ok()).collect();
                if requests.is_none() && like_statuses(&counts) {
                    return Err(statuses(wanted));
                }
                check_counts(&counts, &log.lines, wanted)?;
                counted(&moments, &counts, &log.lines, wanted)
            }
            _ => requests(moments, wanted),
        }
    }

    fn of_table(table: &Table, wanted: &Wanted<'_>) -> Result<Trace, ConfigError> {
        let lines: Vec<u64> = table.rows.iter().map(|(line, _)| *line).collect();
        if lines.is_empty() {
            let message = format!(
                "= \"{}\" has a header and no rows, so no arrivals",
                wanted.file
            );
            return Err(error("file", message));
        }
        let time = time_column(table, wanted)?;
        let column = count_column(table, time, wanted)?;
        let moments = match time {
            Some(place) => {
                let cells = cells(table, place, wanted)?;
                Some(moments(&cells, &lines, wanted)?)
            }
            None => None,
        };
        let (Some(column), _) = (column, wanted.requests) else {
            return match moments {
                Some(moments) => requests(moments, wanted),
                None => Err(error(
                    "rows",
                    "= \"requests\" needs a column of times: name it with \
                                           arrivals.timeColumn",
                )),
            };
        };
        let commas = table.separator == b',';
        let counts = table.rows.iter().map(|(line, row)| {
            cell_number(row, column, *line, wanted.file, commas).map_err(|why| error("file", why))
        });
        let counts = counts.collect::<Result<Vec<f64>, _>>()?;
        if table.header.is_none()
            && wanted.column.is_none()
            && wanted.requests.is_none()
            && like_statuses(&counts)
        {
            return Err(statuses(wanted));
        }
        check_counts(&counts, &lines, wanted)?;
        match moments {
            Some(moments) => counted(&moments, &counts, &lines, wanted),
            None => by_number(&counts, wanted),
        }
    }

    fn cells<'t>(
        table: &'t Table,
        place: usize,
        wanted: &Wanted<'_>,
    ) -> Result<Vec<&'t str>, ConfigError> {
        let clock = date_beside_time(table, place);
        if let Some(clock) = clock {
            let message = format!(
                "= \"{}\" has its dates and times in two columns, {} and {}: put them into one",
                wanted.file,
                table.name(place),
                table.name(clock)
            );
            return Err(error("file", message));
        }
        let cell = |(line, row): &'t (u64, csv::StringRecord)| {
            row.get(place).ok_or_else(|| {
                let message = format!(
                    "row {line} of {} has no column {}: fill it or leave it out",
                    wanted.file,
                    table.name(place)
                );
                error("file", message)
            })
        };
        table.rows.iter().map(cell).collect()
    }

    /// A column `time` beside a column of dates alone.
    fn date_beside_time(table: &Table, place: usize) -> Option<usize> {
        let other = match table.name(place).to_lowercase().as_str() {
            "date" | "datum" => table.place("time").or(table.place("uhrzeit"))?,
            "time" | "uhrzeit" => table.place("date").or(table.place("datum"))?,
            _ => return None,
        };
        (other != place).then_some(other)
    }

    fn time_column(table: &Table, wanted: &Wanted<'_>) -> Result<Option<usize>, ConfigError> {
        if let Some(name) = wanted.time_column {
            let place = table.place(name);
            let lacking = || no_column(table, wanted.file, name, "arrivals.timeColumn");
            return place.map(Some).ok_or_else(lacking);
        }
        let counts = wanted.column.and_then(|name| table.place(name));
        if let Some(header) = &table.header {
            let known =
                |name: &str| TIMES.iter().any(|time| name.trim().eq_ignore_ascii_case(time));
            let place = header.iter().position(known).filter(|place| Some(*place) != counts);
            if place.is_some() {
                return Ok(place);
            }
        }
        let first = table.rows.first().map(|(_, row)| row);
        let place = first.and_then(|row| row.iter().position(when::is_time));
        // A large count looks like seconds since 1970: a bare number is a time only beside another.
        Ok(place.filter(|place| Some(*place) != counts).filter(|_| {
            table.width() > 1
                || wanted.requests == Some(true)
                || first
                    .is_some_and(|row| row.iter().all(|cell| cell.trim().parse::<f64>().is_err()))
        }))
    }

    /// The column of counts; `None` where each row is a request.
    fn count_column(
        table: &Table,
        time: Option<usize>,
        wanted: &Wanted<'_>,
    ) -> Result<Option<usize>, ConfigError> {
        if wanted.requests == Some(true) {
            return Ok(None);
        }
        if let Some(name) = wanted.column {
            let place = table.place(name);
            let lacking = || no_column(table, wanted.file, name, "arrivals.column");
            return place.map(Some).ok_or_else(lacking);
        }
        let others: Vec<usize> = (0..table.width()).filter(|place| Some(*place) != time).collect();
        let is_in = |place: &&usize, names: &[&str]| {
            let name = table.name(**place);
            names.iter().any(|known| name.eq_ignore_ascii_case(known))
        };
        let counts: Vec<&usize> = others.iter().filter(|place| is_in(place, COUNTS)).collect();
        let of_requests = time.is_some()
            && wanted.requests.is_none()
            && table.header.is_some()
            && others.iter().any(|place| is_in(&place, OF_A_REQUEST));
        match (counts.as_slice(), others.as_slice()) {
            ([place, ..], _) => Ok(Some(**place)),
            (_, []) if wanted.requests.is_none() && time.is_some() => Ok(None),
            _ if of_requests => Ok(None),
            (_, [place]) => Ok(Some(*place)),
            _ => {
                let message = format!(
                    "is missing: {} has the columns {}; name that of the counts, or say \
                     arrivals.rows = \"requests\" where each row is a request",
                    wanted.file,
                    table.names()
                );
                Err(error("column", message))
            }
        }
    }

    fn like_statuses(counts: &[f64]) -> bool {
        const USUAL: [f64; 14] = [
            200.0, 201.0, 202.0, 204.0, 301.0, 302.0, 304.0, 400.0, 401.0, 403.0, 404.0, 429.0,
            500.0, 503.0,
        ];
        counts.iter().all(|n| (100.0..600.0).contains(n) && n.fract() == 0.0)
            && counts.iter().filter(|n| USUAL.contains(n)).count() * 2 > counts.len()
    }

    fn statuses(wanted: &Wanted<'_>) -> ConfigError {
        let message = format!(
            "is missing: the numbers in {} look like statuses; say \"requests\" if each row is a \
             request, \"counts\" if they are counts",
            wanted.file
        );
        error("rows", message)
    }

    fn check_counts(counts: &[f64], lines: &[u64], wanted: &Wanted<'_>) -> Result<(), ConfigError> {
        for (count, line) in counts.iter().zip(lines) {
            if !(0.0..=bounds::TASKS.max).contains(count) {
                let message = format!(
                    "row {line} of {} holds a number which is not a count: it must be from 0 to {}",
                    wanted.file,
                    Number(bounds::TASKS.max)
                );
                return Err(error("file", message));
            }
        }
        Ok(())
    }

    fn moments(
        cells: &[&str],
        lines: &[u64],
        wanted: &Wanted<'_>,
    ) -> Result<(Vec<i64>, usize), ConfigError> {
        match when::read(cells, wanted.time_format) {
            Ok(times) => Ok((times.moments, times.passed)),
            Err((i, why)) => {
                let line = lines.get(i).copied().unwrap_or(0);
                let message = format!("row {line} of {} holds a value, {why}", wanted.file);
                Err(error("file", message))
            }
        }
    }

    /// Rows of counts without times: one bin after the other.
    fn by_number(counts: &[f64], wanted: &Wanted<'_>) -> Result<Trace, ConfigError> {
        let Some(bin) = wanted.bin else {
            let message =
                "is missing: the file has no times; write how long each row lasts, like \"5m\"";
            return Err(error("bin", message));
        };
        let span = |(i, count): (u64, &f64)| Span {
            from: i.saturating_mul(bin),
            length: bin,
            count: *count,
        };
        Ok(Trace { spans: (0..).zip(counts).map(span).collect(), notes: Vec::new() })
    }

    /// A log: requests counted by bins.
    fn requests(
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
    fn counted(
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
}
