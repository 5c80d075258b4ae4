//! `dlq redrive` and `dlq purge`: letters leave the file, and never in silence.

use std::path::Path;

use redrive::{
    RedrivePlan,
    dead_letter::{Attempts, Canary, Filter, StopWhen},
    random::{Stream, key_of},
};

use super::{Letters, choice, line, tried};
use crate::{
    args::{DlqPurge, DlqRedrive},
    error::CliError,
    files::Fresh,
    output, text,
};

/// `dlq redrive FILE`
pub(super) fn redrive(typed: &DlqRedrive) -> Result<(), CliError> {
    let (plan, stream) = (plan(typed)?, Stream::new(key_of(&typed.seed)));
    if typed.dry_run {
        let letters = Letters::read(&typed.source)?;
        let tried = tried::read(typed, &letters.queue)?;
        let now = letters.now(typed.choice.now.as_deref())?;
        let report = letters.queue.plan_after(now, &plan, stream, &tried.letters);
        return output::print(&tried.report(typed, &report)?);
    }
    let to = typed.to.as_deref().filter(|to| *to != Path::new("-"));
    if to.is_none() && output::is_lost() {
        return Err(CliError::Usage(
            "the output is closed or goes to the null device, where tasks would be lost; name a file \
             with --to, or delete letters with `redrive dlq purge`"
                .to_owned(),
        ));
    }
    let (mut letters, ledger) = Letters::open(&typed.source)?;
    let tried = tried::read(typed, &letters.queue)?;
    let now = letters.now(typed.choice.now.as_deref())?;
    let (tasks, report) = letters.queue.redrive_after(now, &plan, stream, &tried.letters);
    let mut lines = String::new();
    for task in &tasks {
        lines.push_str(&line(&task.to_value()));
    }
    let change = letters.change(&report.parked)?;
    // Everything that can fail fails before a task has left: all is written, and only names are left
    // to be given.
    let told = tried.report(typed, &report)?;
    let fresh = to.map(|to| Fresh::write(to, lines.as_bytes())).transpose()?;
    let ready = ledger.prepare(change)?;
    match fresh {
        Some(fresh) => {
            ready.apply_with(fresh)?;
            output::print(&told)
        }
        None => {
            output::data(lines.as_bytes()).map_err(unchanged)?;
            ready.apply()?;
            output::tell(&told);
            Ok(())
        }
    }
}

/// The tasks could not be handed out.
fn unchanged(error: CliError) -> CliError {
    let why = match error {
        CliError::PipeClosed => "the output was closed".to_owned(),
        other => other.to_string(),
    };
    CliError::Usage(format!("{why} before all tasks were handed out; nothing was changed"))
}

fn plan(typed: &DlqRedrive) -> Result<RedrivePlan, CliError> {
    let mut plan = RedrivePlan::new(choice::filter(&typed.choice)?);
    if let Some(limit) = typed.limit {
        plan = plan.limit(limit);
    }
    plan = rollout(plan, typed)?;
    if let Some(rate) = typed.rate {
        plan = plan
            .per_second(rate)
            .map_err(|error| CliError::option(format!("--rate {rate}"), error))?;
    }
    if let Some(spread) = &typed.spread {
        plan = plan.spread(choice::duration("--spread", spread)?);
    }
    if let Some(most) = &typed.max_redrives {
        let most = match most.as_str() {
            "none" => None,
            number => Some(number.parse::<u32>().map_err(|_| {
                CliError::Usage(format!(
                    "--max-redrives {number} is not a number; write a whole number, or none"
                ))
            })?),
        };
        plan = plan.max_redrives(most);
    }
    let attempts = match typed.attempts.as_str() {
        "reset" => Attempts::Reset,
        "keep" => Attempts::Keep,
        number => match number.parse::<u32>() {
            Ok(more) if more > 0 => Attempts::Add(more),
            _ => {
                return Err(CliError::Usage(format!(
                    "--attempts {number} is not known; write reset, keep, or how many more"
                )));
            }
        },
    };
    Ok(plan.attempts(attempts))
}

/// The plan with its canaries and when it stops.
fn rollout(mut plan: RedrivePlan, typed: &DlqRedrive) -> Result<RedrivePlan, CliError> {
    let usage = |why: String| Err(CliError::Usage(why));
    match typed.canary {
        Some(0) => {
            return usage("--canary 0 sends nothing; write how many of each group go first".into());
        }
        Some(first) => {
            let share = share(&typed.succeed)?;
            plan = plan.canary(Canary::first(first).succeed(share));
        }
        None if !typed.after.is_empty() && typed.stop_when.is_none() => {
            return usage(
                "--after alone changes nothing; add --canary N, so that the rest of a group follows \
                 only if its first succeeded, or --stop-when"
                    .to_owned(),
            );
        }
        None => {}
    }
    let Some(rule) = &typed.stop_when else { return Ok(plan) };
    if typed.after.is_empty() {
        return usage(
            "--stop-when needs to know what became of tasks: send some first with --canary or --limit, \
             then name their file with --after"
                .to_owned(),
        );
    }
    let stop = StopWhen::parse(rule);
    Ok(plan
        .stop_when(stop.map_err(|error| CliError::option(format!("--stop-when {rule}"), error))?))
}

/// A share: 80 %, or 0.8.
fn share(text: &str) -> Result<f64, CliError> {
    let trimmed = text.trim();
    let (number, unit) = match trimmed.strip_suffix('%') {
        Some(number) => (number.trim_end(), 100.0),
        None => (trimmed, 1.0),
    };
    let share = number.parse::<f64>().ok().map(|number| number / unit);
    share.filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| {
        CliError::Usage(format!("--succeed {text} is not a share; write one like 80%, or 0.8"))
    })
}

/// `dlq purge FILE`
pub(super) fn purge(typed: &DlqPurge) -> Result<(), CliError> {
    if choice::is_everything(&typed.choice) && !typed.all {
        return Err(CliError::Usage(
            "purge without a choice would delete every letter; choose some, or say --all"
                .to_owned(),
        ));
    }
    let filter = choice::filter(&typed.choice)?;
    if typed.dry_run {
        let mut letters = Letters::read(&typed.source)?;
        let (count, of) = purged(&mut letters, typed, &filter)?;
        return output::print(&format!("dry run, nothing changed: {count} of {of} would go\n"));
    }
    let (mut letters, ledger) = Letters::open(&typed.source)?;
    let (count, of) = purged(&mut letters, typed, &filter)?;
    ledger.prepare(letters.change(&[])?)?.apply()?;
    output::print(&format!("{count} of {of} purged\n"))
}

/// Takes the letters out of the queue: how many, of how many.
fn purged(
    letters: &mut Letters,
    typed: &DlqPurge,
    filter: &Filter,
) -> Result<(String, String), CliError> {
    let now = letters.now(typed.choice.now.as_deref())?;
    let of = text::counted(letters.queue.len(), "letter", "letters");
    Ok((text::grouped(letters.queue.purge(now, filter).len() as u64), of))
}
