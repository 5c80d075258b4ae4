//! `dlq redrive` and `dlq purge`: letters leave the file, and never in silence.

use redrive::{
    RedrivePlan,
    dead_letter::Attempts,
    random::{Stream, key_of},
};

use super::{Letters, choice, line};
use crate::{
    args::{DlqPurge, DlqRedrive},
    error::CliError,
    output, text,
};

/// `dlq redrive FILE`
pub(super) fn redrive(typed: &DlqRedrive) -> Result<(), CliError> {
    let plan = plan(typed)?;
    if let Some(to) = typed.to.as_ref().filter(|to| to.exists()) {
        return Err(CliError::input(format!(
            "--to {} exists already and may hold tasks that nobody has taken yet; name another file",
            to.display()
        )));
    }
    let mut letters = Letters::read(&typed.file)?;
    let now = letters.now(typed.choice.now.as_deref())?;
    let stream = Stream::new(key_of(&typed.seed));
    if typed.dry_run {
        let report = letters.queue.plan(now, &plan, stream);
        return output::print(&format!("dry run, nothing changed: {report}\n"));
    }
    let (tasks, report) = letters.queue.redrive(now, &plan, stream);
    let mut lines = String::new();
    for task in &tasks {
        lines.push_str(&line(&task.to_value())?);
    }
    // The tasks first: if that fails they are still in the file.
    match &typed.to {
        Some(to) => output::write_whole(to, lines.as_bytes())?,
        None => {
            let handed_out = output::print(&lines);
            if matches!(handed_out, Err(CliError::PipeClosed)) {
                return Err(CliError::input(
                    "the output was closed before all tasks were handed out; nothing was changed",
                ));
            }
            handed_out?;
        }
    }
    if !report.is_nothing() || !report.parked.is_empty() {
        letters.write()?;
    }
    match &typed.to {
        Some(to) => output::print(&format!("{report}; the tasks are in {}\n", to.display())),
        None => {
            anstream::eprintln!("{report}");
            Ok(())
        }
    }
}

fn plan(typed: &DlqRedrive) -> Result<RedrivePlan, CliError> {
    let mut plan = RedrivePlan::new(choice::filter(&typed.choice)?);
    if let Some(limit) = typed.limit {
        plan = plan.limit(limit);
    }
    if let Some(rate) = typed.rate {
        plan = plan
            .per_second(rate)
            .map_err(|error| CliError::input(format!("--rate {rate}: {error}")))?;
    }
    if let Some(spread) = &typed.spread {
        plan = plan.spread(choice::duration("--spread", spread)?);
    }
    if let Some(most) = &typed.max_redrives {
        let most = match most.as_str() {
            "none" => None,
            number => Some(number.parse::<u32>().map_err(|_| {
                CliError::input(format!("--max-redrives {number} is no number; write one, or none"))
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
                return Err(CliError::input(format!(
                    "--attempts {number} is not known; write reset, keep, or how many more"
                )));
            }
        },
    };
    Ok(plan.attempts(attempts))
}

/// `dlq purge FILE`
pub(super) fn purge(typed: &DlqPurge) -> Result<(), CliError> {
    if choice::is_everything(&typed.choice) && !typed.all {
        return Err(CliError::input(
            "purge without a choice would delete every letter; choose some, or say --all",
        ));
    }
    let mut letters = Letters::read(&typed.file)?;
    let filter = choice::filter(&typed.choice)?;
    let now = letters.now(typed.choice.now.as_deref())?;
    let all = letters.queue.len();
    let purged = letters.queue.purge(now, &filter).len() as u64;
    let of = text::counted(all, "letter", "letters");
    let count = text::grouped(purged);
    if typed.dry_run {
        return output::print(&format!("dry run, nothing changed: {count} of {of} would go\n"));
    }
    if purged > 0 {
        letters.write()?;
    }
    output::print(&format!("{count} of {of} purged\n"))
}
