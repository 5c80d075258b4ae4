//! The command line as typed: no side effects, nothing resolved. [`crate::options`] resolves it.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum, builder::styling, error::ErrorKind};
use clap_complete::Shell;

mod dlq;

pub(crate) use dlq::{
    Choice, Dlq, DlqExport, DlqList, DlqPurge, DlqRedrive, DlqShow, DlqStats, ExportFormat,
    LetterSource, ListFormat, Otherwise, Redaction,
};

use crate::error::CliError;

const STYLES: styling::Styles = styling::Styles::styled()
    .header(styling::AnsiColor::Green.on_default().bold())
    .usage(styling::AnsiColor::Green.on_default().bold())
    .literal(styling::AnsiColor::Cyan.on_default());

/// Rehearse a retry policy: see what it does to your server before your users do.
///
/// Without a command it simulates the built-in scenario `herd`: 10,000 tasks fail together while
/// their server is down for 30 s, under policies that differ in their jitter. It prints a
/// comparison and leaves charts and a report in ./redrive-out.
#[derive(Debug, Parser)]
#[command(name = "redrive", version, styles = STYLES, after_help = EXAMPLES,
          infer_long_args = false, disable_help_subcommand = false)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

const EXAMPLES: &str = "\
Examples:
  redrive                                             the thundering herd, with and without jitter
  redrive schedule --policy aws-standard              when a policy retries
  redrive simulate herd --policy full --policy my.toml
  redrive simulate herd --set server.queue.limit=50 --tasks 100000 --out results
  redrive scenarios herd > mine.toml; redrive simulate mine.toml
  redrive check my-policy.toml                        validate, with hints
  redrive dlq redrive dead-letters.ndjson --reason exhausted --rate 20 --dry-run

Exit codes: 0 success, 1 a check failed, 2 wrong usage or bad input, 130 and 143 ended by a signal.";

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Simulate a scenario under several policies and compare them
    Simulate(Simulate),
    /// Simulate a scenario over a grid of settings
    Sweep(Box<Sweep>),
    /// Search for the best policy under a scenario, and prove it on other seeds
    Tune(Box<Tune>),
    /// Show what changed between two results
    Compare(Compare),
    /// Show when a policy retries: each delay, and the range it is drawn from
    Schedule(Schedule),
    /// Validate a policy, a scenario or a dead-letter file, and give hints
    Check(Check),
    /// List the presets, or print one
    Presets(Catalogue),
    /// List the built-in scenarios, or print one as a file to start from
    Scenarios(Catalogue),
    /// Read the retry configuration of another system as a policy
    Import(Import),
    /// Write a policy as the retry configuration of another system
    Export(Export),
    /// Inspect a file of dead letters and send them back to work
    #[command(subcommand)]
    Dlq(Box<Dlq>),
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// The scenario, and what of it is set from the command line.
#[derive(Debug, Args)]
pub(crate) struct Base {
    /// A built-in scenario (see `redrive scenarios`), a file (TOML, JSON; - is standard input) or a
    /// link to the page
    #[arg(default_value = "herd")]
    pub(crate) scenario: String,
    /// A policy to compare instead of the scenario's: a preset or a file; can be repeated
    #[arg(long = "policy", short, value_name = "NAME|FILE")]
    pub(crate) policies: Vec<String>,
    /// Set a field of the scenario; `policy.…` sets it in every policy; can be repeated
    #[arg(long = "set", short, value_name = "PATH=VALUE")]
    pub(crate) sets: Vec<String>,
    /// The seed: a number or any text; the same seed gives the same result
    #[arg(long)]
    pub(crate) seed: Option<String>,
    /// A file that the scenario may read although it is outside its folder; can be repeated
    #[arg(long = "allow-file", value_name = "FILE")]
    pub(crate) allow_files: Vec<PathBuf>,
    /// How many tasks arrive (for arrivals of the kind herd)
    #[arg(long)]
    pub(crate) tasks: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    #[command(flatten)]
    pub(crate) base: Base,
    /// Replications, each with a seed of its own: figures become means with 95 % intervals
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) runs: u32,
    /// Maximum number of threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) threads: Option<usize>,
    /// Also write what happened to each task (records.csv)
    #[arg(long)]
    pub(crate) records: bool,
    /// The folder for report, charts and data [default: redrive-out with --format text, else none]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
    pub(crate) format: SummaryFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SummaryFormat {
    /// A table for people
    Text,
    /// The schema redrive-simulate/1
    Json,
    /// A table for a pull request
    Markdown,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = SWEEP_EXAMPLES)]
pub(crate) struct Sweep {
    #[command(subcommand)]
    pub(crate) verb: Option<SweepVerb>,
    #[command(flatten)]
    pub(crate) base: Base,
    /// What to vary: a list, or FROM..TO:COUNT, or FROM..TO:log:COUNT; can be repeated
    #[arg(long, value_name = "PATH=VALUES")]
    pub(crate) vary: Vec<String>,
    /// Replications of each point
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) runs: u32,
    /// A figure to show, and to draw a heatmap of; can be repeated
    #[arg(long = "metric", value_name = "NAME")]
    pub(crate) metrics: Vec<String>,
    /// The folder for the results; a sweep that was stopped goes on from what is there
    #[arg(long, value_name = "DIR", default_value = "redrive-sweep")]
    pub(crate) out: PathBuf,
    /// Only this part of the points, like 0/4
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<String>,
    /// The number of parts that an array job splits the points into; the part is taken from
    /// JOB_COMPLETION_INDEX, SLURM_ARRAY_TASK_ID or AWS_BATCH_JOB_ARRAY_INDEX
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) shards: Option<usize>,
    /// Maximum number of threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) threads: Option<usize>,
}

const SWEEP_EXAMPLES: &str = "\
Examples:
  redrive sweep herd --policy full --vary policy.maxDelay=5s..120s:log:8 --vary policy.maxAttempts=3,5,10
  redrive sweep herd --policy full --vary policy.jitter=none,equal,full --vary server.queue.limit=50..1000:5 --runs 20
  redrive sweep storm --vary 'arrivals.steps[0,2].perSecond=10..100:10' --vary policy.maxAttempts=1..10:10
  redrive sweep storm --vary 'arrivals.steps[2].perSecond=15..30:16' --shard 0/4 --out part0
  redrive sweep merge part0 part1 part2 part3 --out all

A load (arrivals.…perSecond) over policy.maxAttempts also gives the phase diagram, phase.svg: where the
service comes back, and where it stays down. docs/sweep has a Kubernetes Indexed Job and a Slurm array.";

#[derive(Debug, Subcommand)]
pub(crate) enum SweepVerb {
    /// Make one result of the points of all shards
    Merge {
        /// The folders (or files of points) of the shards
        #[arg(required = true)]
        folders: Vec<PathBuf>,
        /// The folder for the result
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// A figure to show, and to draw a heatmap of; can be repeated
        #[arg(long = "metric", value_name = "NAME")]
        metrics: Vec<String>,
    },
}

#[derive(Debug, Args)]
#[command(after_help = TUNE_EXAMPLES)]
pub(crate) struct Tune {
    #[command(flatten)]
    pub(crate) base: Base,
    /// The figure that should be small [default: p99]
    #[arg(long, value_name = "METRIC", conflicts_with = "maximize")]
    pub(crate) minimize: Option<String>,
    /// The figure that should be large
    #[arg(long, value_name = "METRIC")]
    pub(crate) maximize: Option<String>,
    /// A limit, like 'peakToCapacity <= 1.2'; can be repeated. Without a limit on successes, the
    /// best preset's successes are the minimum
    #[arg(long, value_name = "LIMIT")]
    pub(crate) subject_to: Vec<String>,
    /// How many policies to try
    #[arg(long, value_name = "N", default_value_t = 600,
          value_parser = clap::value_parser!(u32).range(4..=1_000_000))]
    pub(crate) trials: u32,
    /// Seeds per policy in the search
    #[arg(long, value_name = "N", default_value_t = 3,
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) search_runs: u32,
    /// Seeds for choosing the best policies, and as many others for the final proof
    #[arg(long, value_name = "N", default_value_t = 40,
          value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pub(crate) runs: u32,
    /// Maximum number of threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) threads: Option<usize>,
    /// The folder for the answer, the policy and the Pareto front [default: none]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = TuneFormat::Text)]
    pub(crate) format: TuneFormat,
}

const TUNE_EXAMPLES: &str = "\
Example:
  redrive tune herd --minimize p99 --subject-to 'peakToCapacity <= 1.2' \\
      --subject-to 'deadLetterShare <= 0.001' --out tuned";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TuneFormat {
    /// The policy, and how sure it is
    Text,
    /// The schema redrive-tune/1
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// The result before: summary.json, or the output of `simulate --format json`
    pub(crate) before: PathBuf,
    /// The result after
    pub(crate) after: PathBuf,
    /// Exit with 1 if a figure of a policy changed by this much ('p99 > +10 %', 'succeededShare < -0.01')
    /// or exceeds a limit ('peakToCapacity > 2'); can be repeated
    #[arg(long, value_name = "CHANGE")]
    pub(crate) fail_on: Vec<String>,
    /// What to print
    #[arg(long, value_enum, default_value_t = CompareFormat::Text)]
    pub(crate) format: CompareFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompareFormat {
    /// A table for people
    Text,
    /// A table for a pull request
    Markdown,
}

/// A number from 1 up.
fn positive(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("write a number from 1 up".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Schedule {
    /// A preset or a file (TOML, JSON; - is standard input)
    #[arg(long, short, value_name = "NAME|FILE", default_value = "classic")]
    pub(crate) policy: String,
    /// The seed: a number or any text
    #[arg(long, default_value = "42")]
    pub(crate) seed: String,
    /// The task's key: a number or any text
    #[arg(long, default_value = "0")]
    pub(crate) key: String,
    /// Show this many attempts instead of the policy's own maximum
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) attempts: Option<u32>,
    /// How the attempts fail, one after the other, by kind or code (throttle, 503, ECONNRESET; several
    /// words of one failure: ThrottlingException,400); the last repeats; can be repeated
    #[arg(long = "failure", value_name = "KIND|CODE")]
    pub(crate) failures: Vec<String>,
    /// What the server asks for at each of these failures: seconds, a duration, or none; the last
    /// repeats; can be repeated
    #[arg(long = "retry-after", value_name = "WAIT")]
    pub(crate) retry_after: Vec<String>,
    /// Measure the ranges over this many keys instead of computing them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) samples: Option<u32>,
    /// Show every retry, even more than 1,000
    #[arg(long)]
    pub(crate) all: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t = ScheduleFormat::Text)]
    pub(crate) format: ScheduleFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScheduleFormat {
    /// A table with a bar for each delay
    Text,
    /// The schema redrive-schedule/1
    Json,
    /// One line a retry
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// A policy or scenario (TOML, JSON) or dead letters (NDJSON)
    pub(crate) file: PathBuf,
    /// Try the hints on this scenario (a built-in name or a file) and report their effect
    #[arg(long, value_name = "SCENARIO")]
    pub(crate) scenario: Option<String>,
    /// The kind of file; detected from its fields when left out
    #[arg(long = "as", value_enum, value_name = "KIND")]
    pub(crate) kind: Option<CheckKind>,
    /// A file that the scenario may read although it is outside its folder; can be repeated
    #[arg(long = "allow-file", value_name = "FILE")]
    pub(crate) allow_files: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckKind {
    /// A retry policy
    Policy,
    /// A scenario
    Scenario,
    /// Dead letters, one a line
    DeadLetters,
}

#[derive(Debug, Args)]
pub(crate) struct Catalogue {
    /// Print this one in full
    pub(crate) name: Option<String>,
    /// What to print: a list by default; one entry as TOML
    #[arg(long, value_enum)]
    pub(crate) format: Option<CatalogueFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CatalogueFormat {
    /// For people
    Text,
    /// JSON
    Json,
    /// TOML (one entry)
    Toml,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The system, by its name in --list
    #[arg(long, value_name = "SYSTEM", required_unless_present = "list")]
    pub(crate) from: Option<String>,
    /// Its configuration (- is standard input)
    #[arg(required_unless_present = "list")]
    pub(crate) file: Option<PathBuf>,
    /// Lists the systems there are, and what their files hold
    #[arg(long, exclusive = true)]
    pub(crate) list: bool,
    /// Which policy, where the configuration has several
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// How to write the policy
    #[arg(long, value_enum, default_value_t = PolicyFormat::Toml)]
    pub(crate) format: PolicyFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyFormat {
    /// TOML
    Toml,
    /// JSON
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The system, by its name in `import --list`
    #[arg(long, value_name = "SYSTEM")]
    pub(crate) to: String,
    /// The policy: a preset or a file (TOML, JSON; - is standard input)
    #[arg(value_name = "NAME|FILE")]
    pub(crate) policy: String,
}

impl Arguments {
    /// What `redrive` without a command does: `redrive simulate herd`.
    ///
    /// # Errors
    /// Never: these words are right.
    pub(crate) fn main_job() -> Result<Simulate, CliError> {
        match Self::read(["redrive", "simulate"].map(OsString::from))? {
            Some(Self { verb: Some(Verb::Simulate(simulate)) }) => Ok(simulate),
            _ => Err(CliError::Usage("redrive simulate is not known".to_owned())),
        }
    }

    /// Reads the command line; `None` when help or the version was asked for, and printed.
    ///
    /// # Errors
    /// Wrong usage, in one line.
    pub(crate) fn read(args: impl IntoIterator<Item = OsString>) -> Result<Option<Self>, CliError> {
        match Self::try_parse_from(args) {
            Ok(arguments) => Ok(Some(arguments)),
            Err(error) => match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                    crate::output::help(&error.render().ansi().to_string())?;
                    Ok(None)
                }
                ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Err(CliError::Usage(
                    "a command is missing; `redrive dlq --help` lists the commands".to_owned(),
                )),
                _ => Err(CliError::Usage(one_line(&error.render().to_string()))),
            },
        }
    }
}

/// Clap tells an error in a paragraph, a tip and the usage: the error and the tip in one line.
fn one_line(rendered: &str) -> String {
    let mut paragraphs = rendered.split("\n\n").map(str::trim);
    let error = paragraphs.next().unwrap_or_default();
    let error = error.strip_prefix("error: ").unwrap_or(error);
    let error = error.split_whitespace().collect::<Vec<_>>().join(" ");
    let tips: Vec<&str> = paragraphs
        .flat_map(|paragraph| paragraph.lines())
        .filter_map(|line| line.trim().strip_prefix("tip: "))
        .collect();
    match tips.is_empty() {
        true => format!("{error}; see `redrive --help`"),
        false => format!("{error}; {}", tips.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    fn error_of(args: &[&str]) -> String {
        let args = ["redrive"].iter().chain(args).map(OsString::from);
        Arguments::read(args).map(|_| ()).expect_err("wrong usage").to_string()
    }

    #[test]
    fn wrong_usage_is_told_in_one_line_with_a_guess() {
        let verb = error_of(&["simulat"]);
        assert!(verb.contains("simulat") && verb.contains("'simulate'"), "{verb}");
        let flag = error_of(&["simulate", "--polcy", "x"]);
        assert!(flag.contains("'--policy'"), "{flag}");
        let value = error_of(&["simulate", "--format", "jsn"]);
        assert!(value.contains("'json'"), "{value}");
        for text in [verb, flag, value] {
            assert!(!text.contains('\n') && !text.contains("error:"), "{text}");
        }
    }
}
