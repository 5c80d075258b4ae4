//! `dlq list`, `show`, `stats` and `export`: looking changes nothing.

use std::{borrow::Cow, io::Write};

use redrive::{
    DeadLetter, Time,
    dead_letter::{AttemptRecord, GroupBy},
    wire::{Value, visible},
};

use super::{Letters, choice, line, redact, when};
use crate::{
    args::{DlqExport, DlqList, DlqShow, DlqStats, ExportFormat, ListFormat},
    error::CliError,
    output::{self, plain_json},
    paint::Style,
    table::{self, Cell, Column},
    text, tree, words,
};

const BOLD: Style = Style::Bold;
const DIM: Style = Style::Dim;

const fn left(title: &'static str, rank: u8) -> Column<'static> {
    Column { title, right: false, rank }
}

const fn right(title: &'static str, rank: u8) -> Column<'static> {
    Column { title, right: true, rank }
}

/// `dlq list FILE`
pub(super) fn list(typed: &DlqList) -> Result<(), CliError> {
    let letters = Letters::read(&typed.source)?;
    let filter = choice::filter(&typed.choice)?;
    let now = letters.now(typed.choice.now.as_deref())?;
    let limit = typed.limit.unwrap_or(usize::MAX);
    let chosen: Vec<&DeadLetter> = letters.queue.list(now, &filter).collect();
    let shown = &chosen[..chosen.len().min(limit)];
    if typed.format == ListFormat::Json {
        redact::check(shown.iter().copied(), &typed.redaction)?;
        let record = |letter: &&DeadLetter| redact::redacted(letter, &typed.redaction).to_value();
        let records = shown.iter().map(record).collect();
        return output::print(&tree::exact_json(&Value::map([
            ("schema", "redrive-dead-letters/1".into()),
            ("total", letters.queue.len().into()),
            ("selected", (chosen.len() as u64).into()),
            ("letters", Value::List(records)),
        ])));
    }
    let columns = [
        right("id", 0),
        left("key", 0),
        left("type", 2),
        left("reason", 0),
        right("attempts", 1),
        right("redrives", 4),
        right("age", 3),
        left("last error", 0),
    ];
    let room = output::width().saturating_sub(70).max(24);
    let rows: Vec<Vec<Cell>> = shown.iter().map(|letter| row(letter, now, room)).collect();
    let mut report = table::layout(&columns, &rows, output::width());
    let of = letters.queue.len();
    report.push_str(&format!(
        "{DIM}{} of {}{DIM:#}\n",
        text::grouped(shown.len() as u64),
        text::counted(of, "letter", "letters")
    ));
    output::print(&report)
}

fn row(letter: &DeadLetter, now: Time, room: usize) -> Vec<Cell> {
    let parked = if letter.parked { " (parked)" } else { "" };
    vec![
        letter.id.to_string().into(),
        clipped(&letter.key.to_string(), 24).into(),
        clipped(&letter.task_type, 20).into(),
        format!("{}{parked}", letter.reason.as_str()).into(),
        text::grouped(letter.total_attempts()).into(),
        letter.redrives.to_string().into(),
        text::seconds(now.saturating_since(letter.died_at).as_secs_f64()).into(),
        clipped(&error_of(letter), room).into(),
    ]
}

fn error_of(letter: &DeadLetter) -> String {
    letter.last_error().map_or_else(String::new, |error| match (error.kind(), error.message()) {
        (kind, "") => kind.to_owned(),
        ("", message) => message.to_owned(),
        (kind, message) => format!("{kind}: {message}"),
    })
}

/// One line of at most `room` letters, and how many there are if that is not all.
fn clipped(text: &str, room: usize) -> String {
    let text = visible(text);
    match text.chars().count() {
        all if all <= room => text.into_owned(),
        all => {
            let count = format!("… ({} characters)", text::grouped(all as u64));
            let start = text.chars().take(room.saturating_sub(count.chars().count()));
            start.collect::<String>() + &count
        }
    }
}

/// `dlq show FILE ID`
pub(super) fn show(typed: &DlqShow) -> Result<(), CliError> {
    let letters = Letters::read(&typed.source)?;
    let now = letters.now(None)?;
    let Some(letter) = letters.queue.get(typed.id) else {
        let (file, id) = (typed.source.file.display(), typed.id);
        return Err(CliError::Usage(format!(
            "{file} has no letter {id}; `redrive dlq list {file}` shows the ids"
        )));
    };
    redact::check(std::iter::once(letter), &typed.redaction)?;
    let letter = &*redact::redacted(letter, &typed.redaction);
    if typed.format == ListFormat::Json {
        return output::print(&tree::exact_json(&letter.to_value()));
    }
    let since = |time: Option<Time>| {
        time.map_or("–".to_owned(), |time| {
            format!("{} before its death", gap(time, letter.died_at))
        })
    };
    let policy = letter
        .policy
        .as_deref()
        .map_or_else(|| format!("fingerprint {:016x}", letter.policy_fingerprint), words::policy);
    let facts = [
        ("key", letter.key.to_string()),
        ("type", letter.task_type.to_string()),
        (
            "reason",
            format!("{} ({})", letter.reason.as_str(), words::reason(letter.reason.as_str())),
        ),
        ("attempts", text::grouped(letter.total_attempts())),
        ("redrives", format!("{}{}", letter.redrives, if letter.parked { ", parked" } else { "" })),
        ("lineage", letter.lineage.to_string()),
        ("died at", when::show(letter.died_at, now)),
        ("first failure", since(letter.first_failed_at)),
        ("last failure", since(letter.last_failed_at)),
        ("last error", error_of(letter)),
        ("policy", policy),
        ("seed", letter.seed.to_string()),
        (
            "payload",
            match typed.redaction.no_payload {
                true => "not shown".to_owned(),
                false => plain_json(letter.payload.to_json()),
            },
        ),
    ];
    let mut report = format!("{BOLD}dead letter {}{BOLD:#}\n", letter.id);
    for (name, fact) in facts {
        report.push_str(&format!("  {DIM}{name:<14}{DIM:#} {}\n", clipped(&fact, 400)));
    }
    report.push_str(&history(letter));
    output::print(&report)
}

fn history(letter: &DeadLetter) -> String {
    if letter.history.is_empty() {
        return String::new();
    }
    let columns = [right("attempt", 0), right("waited", 0), right("took", 1), left("error", 0)];
    let room = output::width().saturating_sub(34).max(24);
    let row = |record: &AttemptRecord| -> Vec<Cell> {
        let failure = &record.failure;
        let error = match failure.code() {
            Some(code) => format!("{} [{code}]: {}", failure.kind(), failure.message()),
            None => format!("{}: {}", failure.kind(), failure.message()),
        };
        vec![
            record.attempt.to_string().into(),
            text::seconds(record.delay.as_secs_f64()).into(),
            gap(record.started, record.ended).into(),
            clipped(&error, room).into(),
        ]
    };
    let rows: Vec<Vec<Cell>> = letter.history.iter().map(row).collect();
    let mut text = format!("\n{}", table::layout(&columns, &rows, output::width()));
    if letter.history.forgotten() > 0 {
        let earlier =
            text::counted(letter.history.forgotten(), "earlier attempt", "earlier attempts");
        text.push_str(&format!("{DIM}{earlier} not kept{DIM:#}\n"));
    }
    text
}

fn gap(from: Time, to: Time) -> String {
    text::seconds(to.saturating_since(from).as_secs_f64())
}

/// `dlq stats FILE`
pub(super) fn stats(typed: &DlqStats) -> Result<(), CliError> {
    let letters = Letters::read(&typed.source)?;
    let filter = choice::filter(&typed.choice)?;
    let now = letters.now(typed.choice.now.as_deref())?;
    let selected = letters.queue.list(now, &filter).count() as u64;
    let parked = letters.queue.list(now, &filter).filter(|letter| letter.parked).count() as u64;
    let groups: Vec<_> =
        GroupBy::ALL.iter().map(|by| (*by, letters.queue.group(now, &filter, *by))).collect();
    if typed.format == ListFormat::Json {
        let mut entries = vec![
            ("schema".to_owned(), "redrive-dead-letter-stats/1".into()),
            ("total".to_owned(), letters.queue.len().into()),
            ("selected".to_owned(), selected.into()),
            ("parked".to_owned(), parked.into()),
        ];
        for (by, groups) in &groups {
            let group = |group: &redrive::dead_letter::Group| {
                Value::map([
                    ("label", group.label.as_str().into()),
                    ("count", group.count.into()),
                    ("example", group.example.into()),
                ])
            };
            let groups = groups.iter().map(group).collect();
            entries.push((format!("by{}", capitalised(by.as_str())), Value::List(groups)));
        }
        return output::print(&tree::json(&Value::Map(entries))?);
    }
    let total = text::counted(letters.queue.len(), "letter", "letters");
    let mut report = format!(
        "{BOLD}{} of {total}{BOLD:#}, {} parked\n",
        text::grouped(selected),
        text::grouped(parked)
    );
    for (by, groups) in &groups {
        if groups.is_empty() {
            continue;
        }
        report.push_str(&format!("\n{BOLD}by {}{BOLD:#}\n", by.as_str()));
        for group in groups.iter().take(12) {
            let label = match group.label.as_str() {
                "" => "(none)".to_owned(),
                label => clipped(label, output::width().saturating_sub(30).max(24)),
            };
            let count = text::grouped(group.count);
            report
                .push_str(&format!("{count:>9}  {label}  {DIM}like id {}{DIM:#}\n", group.example));
        }
        if groups.len() > 12 {
            report.push_str(&format!("{:>9}  more groups\n", groups.len() - 12));
        }
    }
    output::print(&report)
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `dlq export FILE`
pub(super) fn export(typed: &DlqExport) -> Result<(), CliError> {
    let letters = Letters::read(&typed.source)?;
    let filter = choice::filter(&typed.choice)?;
    let now = letters.now(typed.choice.now.as_deref())?;
    let chosen: Vec<&DeadLetter> = letters.queue.list(now, &filter).collect();
    redact::check(chosen.iter().copied(), &typed.redaction)?;
    let seen = chosen.iter().map(|letter| redact::redacted(letter, &typed.redaction));
    let mut out = output::raw()?;
    match typed.format {
        ExportFormat::Ndjson => {
            for letter in seen {
                out.write_all(line(&letter.to_value()).as_bytes())?;
            }
        }
        ExportFormat::Csv => write_csv(&mut out, seen, typed.raw)?,
    }
    Ok(out.flush()?)
}

const COLUMNS: [&str; 13] = [
    "id",
    "lineage",
    "key",
    "type",
    "reason",
    "attempts",
    "redrives",
    "parked",
    "died_at_ns",
    "error_kind",
    "error_code",
    "error_message",
    "payload",
];

fn write_csv<'l>(
    out: &mut impl Write,
    letters: impl Iterator<Item = Cow<'l, DeadLetter>>,
    raw: bool,
) -> Result<(), CliError> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(COLUMNS)?;
    for letter in letters {
        let error = letter.last_error();
        let payload = letter.payload.to_json();
        let record = [
            letter.id.to_string(),
            letter.lineage.to_string(),
            letter.key.to_string(),
            letter.task_type.to_string(),
            letter.reason.as_str().to_owned(),
            letter.total_attempts().to_string(),
            letter.redrives.to_string(),
            letter.parked.to_string(),
            letter.died_at.as_nanos().to_string(),
            error.map_or_else(String::new, |error| error.kind().to_owned()),
            error.and_then(|error| error.code()).unwrap_or_default().to_owned(),
            error.map_or_else(String::new, |error| error.message().to_owned()),
            if raw { payload } else { plain_json(payload) },
        ];
        match raw {
            true => writer.write_record(&record)?,
            false => {
                writer.write_record(record.iter().map(|cell| text::csv_cell(cell).into_owned()))?;
            }
        }
    }
    Ok(writer.flush()?)
}
