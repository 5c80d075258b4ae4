//! `redrive schedule`: the retries of one task, each with the range that it is drawn from.
//!
//! Everything is written as it is computed, so that a policy with four billion attempts can be
//! looked at through `head`.

use std::io::Write;

use redrive::{
    Band, RetryPolicy, ScheduledRetry,
    random::key_of,
    schedule::Schedule,
    time::{Duration, nanos},
};
use serde::Serialize;

use crate::{
    args::{self, ScheduleFormat},
    error::CliError,
    input::NamedPolicy,
    output,
    paint::Style,
    script::{Ending, Script, Step},
    text, words,
};

/// Retries shown of a policy without a maximum.
const SHOWN: usize = 20;
/// Retries shown of any other, unless all are asked for.
const MOST: usize = 1_000;
/// Rows that the scale and the widths of the table are made for.
const MEASURED: usize = 200;

/// What is to be shown, checked.
struct Options {
    name: String,
    policy: RetryPolicy,
    seed: u64,
    key: u64,
    key_text: String,
    samples: Option<u32>,
    /// How the task fails, if that was said.
    script: Option<Script>,
    /// How many retries at most.
    limit: usize,
}

/// Of one retry: when it is, where it is drawn from, and what it follows in a script.
type Each<'e> = dyn FnMut(ScheduledRetry, &Band, Option<&Step>) -> Result<(), CliError> + 'e;

impl Options {
    fn from_args(typed: &args::Schedule) -> Result<Self, CliError> {
        let NamedPolicy { name, mut policy } = NamedPolicy::find(&typed.policy)?;
        if let Some(attempts) = typed.attempts {
            policy = policy.to_builder().max_attempts(attempts).build()?;
        }
        let limit = match policy.max_attempts() {
            None => SHOWN,
            Some(_) if typed.all => usize::MAX,
            Some(_) => MOST,
        };
        Ok(Self {
            name,
            policy,
            seed: key_of(&typed.seed),
            key: key_of(&typed.key),
            key_text: typed.key.clone(),
            samples: typed.samples,
            script: Script::read(&typed.failures, &typed.retry_after)?,
            limit,
        })
    }

    fn schedule(&self) -> Schedule<'_> {
        self.policy.schedule(self.seed, self.key)
    }

    fn bands(&self) -> impl Iterator<Item = Band> + '_ {
        self.policy.bands(self.seed, self.samples)
    }

    /// The longest delay of the first rows, which the scale of the table is made for.
    fn longest(&self) -> Result<Duration, CliError> {
        let Some(script) = &self.script else {
            let rows = self.schedule().take(self.limit.min(MEASURED)).count();
            return Ok(self.bands().take(rows).map(|band| band.max).max().unwrap_or_default());
        };
        let (steps, _) = self.play(script)?;
        Ok(steps.iter().map(|step| step.band.max).max().unwrap_or_default())
    }

    fn play(&self, script: &Script) -> Result<(Vec<Step>, Option<Ending>), CliError> {
        let played = script.play(&self.policy, (self.seed, self.key), self.samples, self.limit);
        played.map_err(|error| CliError::Form(error.to_string()))
    }

    /// Calls `each` with every retry and its band; gives how the task ended, if it did.
    fn walk(&self, each: &mut Each<'_>) -> Result<Option<Ending>, CliError> {
        if let Some(script) = &self.script {
            let (steps, ending) = self.play(script)?;
            for step in &steps {
                each(step.retry, &step.band, Some(step))?;
            }
            return Ok(ending);
        }
        let mut schedule = self.schedule();
        let mut bands = self.bands();
        for _ in 0..self.limit {
            let (Some(retry), Some(band)) = (schedule.next(), bands.next()) else { break };
            each(retry, &band, None)?;
        }
        Ok(schedule.end().map(Ending::Dead))
    }
}

/// Runs the verb.
pub(crate) fn run(typed: &args::Schedule) -> Result<(), CliError> {
    let options = Options::from_args(typed)?;
    match typed.format {
        ScheduleFormat::Text => print_text(&options),
        ScheduleFormat::Json => print_json(&options),
        ScheduleFormat::Csv => print_csv(&options),
    }
}

/// One retry as `redrive-schedule/1` has it.
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
    bands: &'static str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    measured: Option<Measured>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    scripted: Option<Scripted>,
}

/// What is told only of a script.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Scripted {
    failure: String,
    rule: Option<usize>,
    retry_after_ns: Option<u64>,
}

/// What is told only of measured bands that were asked for.
#[derive(Serialize)]
struct Measured {
    samples: u32,
    #[serde(rename = "sdNs")]
    sd: u64,
    #[serde(rename = "p0_1Ns")]
    p0_1: u64,
    #[serde(rename = "p1Ns")]
    p1: u64,
    #[serde(rename = "p99Ns")]
    p99: u64,
    #[serde(rename = "p99_9Ns")]
    p99_9: u64,
}

impl Row {
    fn new(retry: ScheduledRetry, band: &Band, step: Option<&Step>, asked: bool) -> Self {
        let at = |p: f64| nanos(band.quantile(p));
        let measured = band.samples.filter(|_| asked).map(|samples| Measured {
            samples,
            sd: nanos(band.sd),
            p0_1: at(0.001),
            p1: at(0.01),
            p99: at(0.99),
            p99_9: at(0.999),
        });
        Self {
            retry: retry.retry,
            delay_ns: nanos(retry.delay),
            at_ns: retry.at.as_nanos(),
            min_ns: nanos(band.min),
            max_ns: nanos(band.max),
            mean_ns: nanos(band.mean),
            p5_ns: at(0.05),
            p25_ns: at(0.25),
            p50_ns: at(0.5),
            p75_ns: at(0.75),
            p95_ns: at(0.95),
            bands: if band.samples.is_some() { "sampled" } else { "exact" },
            measured,
            scripted: step.map(|step| Scripted {
                failure: step.failure.clone(),
                rule: step.rule,
                retry_after_ns: step.retry_after.map(nanos),
            }),
        }
    }
}

fn print_json(options: &Options) -> Result<(), CliError> {
    let mut out = output::raw()?;
    let text = |value: &str| -> Result<String, CliError> {
        Ok(output::plain_json(serde_json::to_string(value).map_err(std::io::Error::from)?))
    };
    let (name, key) = (text(&options.name)?, text(&options.key_text)?);
    writeln!(out, "{{\"schema\":\"redrive-schedule/1\",\"policy\":{name},")?;
    write!(out, " \"seed\":{},\"key\":{key},\n \"retries\":[", options.seed)?;
    let (mut comma, mut exact) = ("", true);
    let end = options.walk(&mut |retry, band, step| {
        exact &= band.samples.is_none();
        let row = Row::new(retry, band, step, options.samples.is_some());
        write!(out, "{comma}\n  ")?;
        serde_json::to_writer(&mut out, &row).map_err(std::io::Error::from)?;
        comma = ",";
        Ok(())
    })?;
    let bands = if exact { "exact" } else { "sampled" };
    let end = end.map_or("null".to_owned(), Ending::json);
    writeln!(out, "\n ],\n \"bands\":\"{bands}\",\n \"end\":{end}}}")?;
    Ok(out.flush()?)
}

fn print_csv(options: &Options) -> Result<(), CliError> {
    let mut out = output::raw()?;
    write!(
        out,
        "retry,delay_ns,at_ns,min_ns,max_ns,mean_ns,p5_ns,p25_ns,p50_ns,p75_ns,p95_ns,bands"
    )?;
    let asked = options.samples.is_some();
    write!(out, "{}", if asked { ",samples,sd_ns,p0_1_ns,p1_ns,p99_ns,p99_9_ns" } else { "" })?;
    writeln!(
        out,
        "{}",
        if options.script.is_some() { ",failure,rule,retry_after_ns" } else { "" }
    )?;
    options.walk(&mut |retry, band, step| {
        let row = Row::new(retry, band, step, asked);
        let numbers = [
            row.retry.into(),
            row.delay_ns,
            row.at_ns,
            row.min_ns,
            row.max_ns,
            row.mean_ns,
            row.p5_ns,
            row.p25_ns,
            row.p50_ns,
            row.p75_ns,
            row.p95_ns,
        ];
        let numbers = numbers.map(|number| number.to_string()).join(",");
        write!(out, "{numbers},{}", row.bands)?;
        if let Some(measured) = row.measured {
            let Measured { samples, sd, p0_1, p1, p99, p99_9 } = measured;
            write!(out, ",{samples},{sd},{p0_1},{p1},{p99},{p99_9}")?;
        }
        if let Some(Scripted { failure, rule, retry_after_ns }) = row.scripted {
            let (rule, wait) = (rule.map(|n| n.to_string()), retry_after_ns.map(|n| n.to_string()));
            let failure = failure.replace('"', "\"\"");
            write!(
                out,
                ",\"{failure}\",{},{}",
                rule.unwrap_or_default(),
                wait.unwrap_or_default()
            )?;
        }
        Ok(writeln!(out)?)
    })?;
    Ok(out.flush()?)
}

const BOLD: Style = Style::Bold;
const DIM: Style = Style::Dim;
const BAR: Style = Style::Blue;
const HINT: Style = Style::Yellow;

fn print_text(options: &Options) -> Result<(), CliError> {
    let mut out = output::Printer::new()?;
    writeln!(out, "{BOLD}{}{BOLD:#}: {}", options.name, words::policy(&options.policy))?;
    writeln!(out, "{DIM}seed {}, key {}{DIM:#}\n", options.seed, options.key_text)?;
    let longest = options.longest()?;
    let bar = output::width().saturating_sub(58).clamp(10, 60);
    let scripted = options.script.is_some();
    writeln!(
        out,
        "{BOLD}{:>5}{}  {:>10}  {:>10}  {:>22}  {}{BOLD:#}",
        "retry",
        if scripted { format!("  {:<16}", "after") } else { String::new() },
        "delay",
        "at",
        "drawn from",
        "0 to ".to_owned() + &shown(longest)
    )?;
    let mut sampled = None;
    let (mut least, mut most, mut last) = (Duration::ZERO, Duration::ZERO, 0);
    let end = options.walk(&mut |retry, band, step| {
        sampled = sampled.or(band.samples);
        least = least.saturating_add(band.min);
        most = most.saturating_add(band.max);
        last = retry.retry;
        let range = match band.min == band.max {
            true => shown(band.min),
            false => format!("{} – {}", shown(band.min), shown(band.max)),
        };
        writeln!(
            out,
            "{:>5}{}  {:>10}  {:>10}  {:>22}  {BAR}{}{BAR:#}",
            retry.retry,
            step.map_or_else(String::new, |step| format!("  {:<16}", clean(&step.failure))),
            shown(retry.delay),
            text::seconds(retry.at.as_nanos() as f64 / 1e9),
            range,
            bar_of(&retry, band, longest, bar)
        )?;
        Ok(())
    })?;
    writeln!(out)?;
    match end {
        Some(end) => writeln!(
            out,
            "{}: after {}, {} to {} of waiting.",
            end.sentence(),
            text::counted(end.attempts().into(), "attempt", "attempts"),
            shown(least),
            shown(most)
        )?,
        None if options.policy.max_attempts().is_none() => {
            writeln!(out, "And so on: the policy has no maximum of attempts ({last} shown).")?;
        }
        None => writeln!(out, "And so on ({last} shown): --all shows every retry.")?,
    }
    if let (Some(samples), None) = (sampled, options.samples) {
        let keys = text::grouped(samples.into());
        writeln!(out, "{DIM}Ranges without a closed form are measured over {keys} keys.{DIM:#}")?;
    }
    for hint in options.policy.hints() {
        writeln!(out, "{HINT}hint:{HINT:#} {}", hint.message)?;
    }
    out.flush()
}

/// At most 16 characters, none of which moves the cursor.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(16).collect()
}

fn shown(duration: Duration) -> String {
    text::seconds(nanos(duration) as f64 / 1e9)
}

/// The range of a delay as a bar of shade, the delay itself as a block in it.
fn bar_of(retry: &ScheduledRetry, band: &Band, longest: Duration, width: usize) -> String {
    let cell = |delay: Duration| {
        let share = nanos(delay) as f64 / (nanos(longest).max(1) as f64);
        ((share * width as f64) as usize).min(width - 1)
    };
    let (from, to, own) = (cell(band.min), cell(band.max), cell(retry.delay));
    (0..=to.max(own).min(width - 1))
        .map(|place| match place {
            _ if place == own => '█',
            _ if place >= from => '░',
            _ => ' ',
        })
        .collect()
}
