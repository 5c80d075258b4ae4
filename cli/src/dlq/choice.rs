//! Which letters: the options of the command line as a [`Filter`].

use redrive::{
    Duration, Reason,
    dead_letter::Filter,
    time::parse_duration,
    wire::{ConfigError, one_of},
};

use super::when;
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
        filter = filter.older_than(age_of("--older-than", age, typed)?);
    }
    if let Some(age) = &typed.younger_than {
        filter = filter.younger_than(age_of("--younger-than", age, typed)?);
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

/// An age, or how long ago a time is.
fn age_of(option: &str, text: &str, typed: &Choice) -> Result<Duration, CliError> {
    let Some(time) = when::date(text) else { return duration(option, text) };
    let now = match &typed.now {
        Some(now) => when::read("--now", now)?,
        None => crate::clock::unix_time(),
    };
    match time.filter(|time| *time <= now) {
        Some(time) => Ok(now.saturating_since(time)),
        None => Err(CliError::Usage(format!(
            "{option} {text} is not a time before now, from 1970 on; letters die in the past"
        ))),
    }
}
