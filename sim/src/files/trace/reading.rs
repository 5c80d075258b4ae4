//! What a file is, and which of its columns are times and counts.

use std::fmt::Display;

use redrive::wire::{ConfigError, Number};

use super::{
    Trace, Wanted,
    spans::{by_number, counted, requests},
};
use crate::{
    bounds,
    files::{cell_number, log, no_column, table::Table, when},
};

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

pub(super) fn error(field: &str, message: impl Display) -> ConfigError {
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
        let message = format!("= \"{}\" has a header and no rows, so no arrivals", wanted.file);
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
        let known = |name: &str| TIMES.iter().any(|time| name.trim().eq_ignore_ascii_case(time));
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
            || first.is_some_and(|row| row.iter().all(|cell| cell.trim().parse::<f64>().is_err()))
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
        200.0, 201.0, 202.0, 204.0, 301.0, 302.0, 304.0, 400.0, 401.0, 403.0, 404.0, 429.0, 500.0,
        503.0,
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
