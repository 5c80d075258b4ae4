//! The arguments of `redrive dlq`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum Dlq {
    /// List the dead letters, one a line
    List(DlqList),
    /// Show one dead letter with its history
    Show(DlqShow),
    /// Count the dead letters by reason, class, type and message
    Stats(DlqStats),
    /// Send dead letters back to work: they leave the file, paced over time
    Redrive(DlqRedrive),
    /// Delete dead letters from the file
    Purge(DlqPurge),
    /// Print the chosen dead letters as NDJSON or CSV
    Export(DlqExport),
}

/// The file that a command is about.
#[derive(Debug, Args)]
pub(crate) struct LetterSource {
    /// Dead letters (NDJSON; - is standard input, which cannot be changed)
    pub(crate) file: PathBuf,
    /// Move lines that are not dead letters into this file, unchanged
    #[arg(long, value_name = "FILE")]
    pub(crate) keep_damaged: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DlqShow {
    #[command(flatten)]
    pub(crate) source: LetterSource,
    /// The letter's id
    pub(crate) id: u64,
    #[command(flatten)]
    pub(crate) redaction: Redaction,
    /// What to print
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
}

/// Which parts of a payload are hidden.
#[derive(Debug, Args)]
pub(crate) struct Redaction {
    /// Leave payloads out
    #[arg(long)]
    pub(crate) no_payload: bool,
    /// Hide a field of payloads, like card.number or items[*].name; can be repeated
    #[arg(long, value_name = "PATH")]
    pub(crate) redact: Vec<String>,
}

/// Which dead letters.
#[derive(Debug, Args)]
pub(crate) struct Choice {
    /// Only those with this id; can be repeated
    #[arg(long = "id", value_name = "ID")]
    pub(crate) ids: Vec<u64>,
    /// Only those of this key
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// Only those that died of this reason; can be repeated
    #[arg(long = "reason", value_name = "REASON")]
    pub(crate) reasons: Vec<String>,
    /// Only those whose last error is of this class
    #[arg(long, visible_alias = "kind")]
    pub(crate) class: Option<String>,
    /// Only tasks of this type
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) task_type: Option<String>,
    /// Only those whose last error contains this text
    #[arg(long)]
    pub(crate) message: Option<String>,
    /// Only those that died at least this long ago, like 2h, or before a time, like 2026-11-28T10:00:00Z
    #[arg(long, allow_hyphen_values = true, value_name = "AGE")]
    pub(crate) older_than: Option<String>,
    /// Only those that died less than this long ago, or after a time
    #[arg(long, allow_hyphen_values = true, value_name = "AGE")]
    pub(crate) younger_than: Option<String>,
    /// Only parked letters (redriven too often)
    #[arg(long)]
    pub(crate) parked: bool,
    /// The time that ages count from, like 2026-11-28T10:00:00Z or 1764324000s
    #[arg(long, allow_hyphen_values = true, value_name = "TIME")]
    pub(crate) now: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DlqList {
    #[command(flatten)]
    pub(crate) source: LetterSource,
    #[command(flatten)]
    pub(crate) choice: Choice,
    #[command(flatten)]
    pub(crate) redaction: Redaction,
    /// At most this many
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// What to print
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// For people
    Text,
    /// JSON
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct DlqStats {
    #[command(flatten)]
    pub(crate) source: LetterSource,
    #[command(flatten)]
    pub(crate) choice: Choice,
    /// What to print
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct DlqRedrive {
    #[command(flatten)]
    pub(crate) source: LetterSource,
    #[command(flatten)]
    pub(crate) choice: Choice,
    /// At most this many
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Only the first N of each group (letters that died of one thing): the others are held back. With --after,
    /// the rest of each group whose first did well
    #[arg(long, value_name = "N")]
    pub(crate) canary: Option<u32>,
    /// The share of a group's first that has to succeed for its rest to follow
    #[arg(long, value_name = "SHARE", default_value = "80%", requires = "canary")]
    pub(crate) succeed: String,
    /// Go on after these tasks, which an earlier call handed out: each line with "outcome": "succeeded" or
    /// "failed" added by what ran it, or back in FILE; can be repeated
    #[arg(long, value_name = "TASKS")]
    pub(crate) after: Vec<PathBuf>,
    /// What a task of --after without an outcome counts as, unless it is back in FILE
    #[arg(long, value_enum, value_name = "OUTCOME", default_value_t = Otherwise::Unknown, requires = "after")]
    pub(crate) otherwise: Otherwise,
    /// Send nothing more once too many tasks of --after failed, like "failed > 20 %" (of the last 20) or
    /// "failed > 20 % of 50"
    #[arg(long, value_name = "RULE")]
    pub(crate) stop_when: Option<String>,
    /// Letters per second
    #[arg(long, allow_hyphen_values = true, value_name = "PER_SECOND")]
    pub(crate) rate: Option<f64>,
    /// Spread each start over this long, so that the letters do not become a herd
    #[arg(long, allow_hyphen_values = true, value_name = "DURATION")]
    pub(crate) spread: Option<String>,
    /// How attempts count after the redrive: reset, keep, or a number of additional attempts
    #[arg(long, value_name = "reset|keep|N", default_value = "reset")]
    pub(crate) attempts: String,
    /// Park letters that were already redriven this many times (or `none`)
    #[arg(long, allow_hyphen_values = true, value_name = "N|none")]
    pub(crate) max_redrives: Option<String>,
    /// The seed of the spread
    #[arg(long, default_value = "42")]
    pub(crate) seed: String,
    /// Where the redriven tasks go, as NDJSON, earliest first: a file that does not exist yet, readable by
    /// its owner alone; standard output when left out
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// Report what would happen, change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How to report what was done
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Otherwise {
    /// It still runs: the rest of its group waits
    Unknown,
    /// It succeeded
    Succeeded,
    /// It failed
    Failed,
}

#[derive(Debug, Args)]
pub(crate) struct DlqPurge {
    #[command(flatten)]
    pub(crate) source: LetterSource,
    #[command(flatten)]
    pub(crate) choice: Choice,
    /// Delete every letter: needed when no other choice is given
    #[arg(long)]
    pub(crate) all: bool,
    /// Report what would happen, change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DlqExport {
    #[command(flatten)]
    pub(crate) source: LetterSource,
    #[command(flatten)]
    pub(crate) choice: Choice,
    #[command(flatten)]
    pub(crate) redaction: Redaction,
    /// What to print
    #[arg(long, value_enum, default_value_t = ExportFormat::Ndjson)]
    pub(crate) format: ExportFormat,
    /// Write CSV cells as they are: without the ' that keeps a spreadsheet from running one as a formula,
    /// and with control characters
    #[arg(long)]
    pub(crate) raw: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One JSON object a line
    Ndjson,
    /// One line a letter, for a spreadsheet
    Csv,
}
