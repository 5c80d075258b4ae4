//! Which letters: the options of the command line as a [`Filter`].

use redrive::{
    Duration, Reason, Time,
    dead_letter::Filter,
    time::parse_duration,
    wire::{ConfigError, one_of},
};

use crate::{args::Choice, error::CliError};

/// The filter that `typed` describes.
///
/// # Errors
/// When a reason or an age is none.
pub(super) fn filter(typed: &Choice) -> Result<Filter, CliError> {
    let mut filter = Filter::new();
    if !typed.ids.is_empty() {
        filter = filter.ids(typed.ids.iter().copied());
    }
    for word in &typed.reasons {
        filter = filter.reason(reason(word)?);
    }
    if let Some(key) = &typed.key {
        filter = filter.key(key.as_str());
    }
    if let Some(class) = &typed.class {
        filter = filter.kind(class.as_str());
    }
    if let Some(task_type) = &typed.task_type {
        filter = filter.task_type(task_type.as_str());
    }
    if let Some(part) = &typed.message {
        filter = filter.message(part.as_str());
    }
    if let Some(age) = &typed.older_than {
        filter = filter.older_than(duration("--older-than", age)?);
    }
    if let Some(age) = &typed.younger_than {
        filter = filter.younger_than(duration("--younger-than", age)?);
    }
    if typed.parked {
        filter = filter.parked(true);
    }
    Ok(filter)
}

/// Whether nothing was chosen: then the filter lets every letter through.
pub(super) fn is_everything(typed: &Choice) -> bool {
    let texts = [&typed.key, &typed.class, &typed.task_type, &typed.message];
    let ages = [&typed.older_than, &typed.younger_than];
    typed.ids.is_empty()
        && typed.reasons.is_empty()
        && !typed.parked
        && texts.into_iter().chain(ages).all(Option::is_none)
}

fn reason(word: &str) -> Result<Reason, CliError> {
    let words: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    let word = one_of("--reason", word, &words)?;
    Reason::parse(word).ok_or_else(|| CliError::Usage(format!("--reason {word} is not known")))
}

/// A duration given to `option`.
pub(super) fn duration(option: &str, text: &str) -> Result<Duration, CliError> {
    let refused = |why| CliError::from(ConfigError::new(format!("{option} {text}"), why));
    parse_duration(text).map_err(|error| refused(error.to_string()))
}

/// A time as letters count it: nanoseconds, or a duration since the start.
pub(super) fn time(text: &str) -> Result<Time, CliError> {
    match text.parse::<u64>() {
        Ok(nanos) => Ok(Time::from_nanos(nanos)),
        Err(_) => Ok(Time::ZERO.saturating_add(duration("--now", text)?)),
    }
}
