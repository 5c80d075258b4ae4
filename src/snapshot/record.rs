//! The records that snapshots are made of: the form of a task, a letter, a failure.
//!
//! What is nothing, zero or empty is left out: a million tasks are written and read as a stream, and most
//! of them have most of it not.

use alloc::{borrow::Cow, format, string::String, sync::Arc, vec::Vec};
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    dead_letter::{AttemptRecord, Failure, History},
    exact,
    time::{Duration, Time, nanos},
    wire::{ConfigError, Value},
};

/// A whole number, as decimal text above 2^53 - 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Whole(pub(super) u64);

impl Whole {
    pub(super) fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

impl From<Time> for Whole {
    fn from(time: Time) -> Whole {
        Whole(time.as_nanos())
    }
}

impl From<Whole> for Time {
    fn from(whole: Whole) -> Time {
        Time::from_nanos(whole.0)
    }
}

impl Serialize for Whole {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            number @ ..=exact::MAX_EXACT => serializer.serialize_u64(number),
            number => serializer.collect_str(&number),
        }
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Whole, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number from 0 to 2^64 - 1")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Whole, E> {
                Ok(Whole(number))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Whole, E> {
                match u64::try_from(number) {
                    Ok(number) => Ok(Whole(number)),
                    Err(_) => Err(E::custom(format_args!("= {number} is negative"))),
                }
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Whole, E> {
                let digits = text.bytes().all(|b| b.is_ascii_digit());
                let number = text.parse().ok().filter(|_| digits);
                let why = || E::custom(format_args!("= \"{text}\" is not a whole number"));
                number.map(Whole).ok_or_else(why)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// A count: at most 2^53 - 1, so that counting on cannot overflow.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count(pub(super) u64);

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Whole(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Count, D::Error> {
        match Whole::deserialize(deserializer)?.0 {
            count @ ..=exact::MAX_EXACT => Ok(Count(count)),
            count => Err(de::Error::custom(format_args!(
                "= {count} is above {}, the largest count",
                exact::MAX_EXACT
            ))),
        }
    }
}

/// Whether every format can carry `value` unchanged, at a place in a snapshot: not deeper than common
/// readers go, and without numbers that they would round.
fn is_plain(value: &Value) -> bool {
    const DEEP: usize = 64;
    let mut rest = Vec::from([(value, 0)]);
    while let Some((value, depth)) = rest.pop() {
        match value {
            Value::Literal(..) => return false,
            Value::List(_) | Value::Map(_) if depth >= DEEP => return false,
            Value::List(items) => rest.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Map(entries) => rest.extend(entries.iter().map(|(_, v)| (v, depth + 1))),
            Value::Null
            | Value::Bool(_)
            | Value::Unsigned(_)
            | Value::Signed(_)
            | Value::Float(_)
            | Value::Text(_) => {}
        }
    }
    true
}

/// A payload as `payload`, or as JSON in a text where formats differ: `payloadText`.
pub(super) fn payload(value: &Value) -> (Option<Cow<'_, Value>>, Option<String>) {
    match value {
        Value::Null => (None, None),
        plain if is_plain(plain) => (Some(Cow::Borrowed(plain)), None),
        other => (None, Some(other.to_json())),
    }
}

/// The payload that [`payload`] wrote.
pub(super) fn read_payload(
    value: Option<Cow<'_, Value>>,
    text: Option<String>,
) -> Result<Value, ConfigError> {
    match (value, text) {
        (value, None) => {
            let value = value.map_or(Value::Null, Cow::into_owned);
            match value.fault() {
                None => Ok(value),
                Some(fault) => {
                    value.dismantle();
                    Err(ConfigError::new("payload", format!("{fault}")))
                }
            }
        }
        (None, Some(text)) => {
            let wrong = |why: &dyn fmt::Display| ConfigError::new("payloadText", format!("{why}"));
            let value = Value::from_json(&text).map_err(|error| wrong(&error))?;
            match value.fault() {
                None => Ok(value),
                Some(fault) => Err(wrong(&fault)),
            }
        }
        (Some(_), Some(_)) => {
            Err(ConfigError::new("payloadText", "and payload are both there; keep one"))
        }
    }
}

#[allow(clippy::ptr_arg, reason = "what serde hands over")]
pub(super) fn is_empty(text: &Cow<'_, str>) -> bool {
    text.is_empty()
}

/// Something that is written as it is, or as JSON in a text where formats differ.
pub(super) struct Carried(pub(super) Value);

impl Serialize for Carried {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if is_plain(&self.0) {
            return self.0.serialize(serializer);
        }
        serializer.serialize_str(&self.0.to_json())
    }
}

impl<'de> Deserialize<'de> for Carried {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Carried, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Text(text) => Value::from_json(&text).map(Carried).map_err(de::Error::custom),
            value => Ok(Carried(value)),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FailureRecord<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "is_empty")]
    message: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    code: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after_ns: Option<Whole>,
}

impl<'a> FailureRecord<'a> {
    fn of(failure: &'a Failure) -> FailureRecord<'a> {
        FailureRecord {
            kind: failure.kind().into(),
            message: failure.message().into(),
            code: failure.code().map(Cow::from),
            retry_after_ns: failure.retry_after().map(|wait| Whole(nanos(wait))),
        }
    }

    /// The failure, shared with `last` if that is the same: often one thing fails many tasks.
    fn read(self, last: &mut Option<Failure>) -> Failure {
        let wait = self.retry_after_ns.map(|wait| Duration::from_nanos(wait.0));
        if let Some(last) = last
            && last.kind() == self.kind
            && last.message() == self.message
            && last.code() == self.code.as_deref()
            && last.retry_after() == wait
        {
            return last.clone();
        }
        let mut failure = Failure::new(&self.kind, &self.message);
        if let Some(code) = &self.code {
            failure = failure.with_code(code);
        }
        if let Some(wait) = wait {
            failure = failure.with_retry_after(wait);
        }
        *last = Some(failure.clone());
        failure
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Attempt<'a> {
    attempt: u32,
    #[serde(default, skip_serializing_if = "Whole::is_zero")]
    started_at_ns: Whole,
    #[serde(default, skip_serializing_if = "Whole::is_zero")]
    ended_at_ns: Whole,
    #[serde(default, skip_serializing_if = "Whole::is_zero")]
    delay_ns: Whole,
    #[serde(borrow)]
    error: FailureRecord<'a>,
}

/// The remembered attempts of `history`.
pub(super) fn attempts(history: &History) -> Vec<Attempt<'_>> {
    fn attempt(record: &AttemptRecord) -> Attempt<'_> {
        Attempt {
            attempt: record.attempt,
            started_at_ns: record.started.into(),
            ended_at_ns: record.ended.into(),
            delay_ns: Whole(nanos(record.delay)),
            error: FailureRecord::of(&record.failure),
        }
    }
    history.iter().map(attempt).collect()
}

/// The history that [`attempts`] wrote.
pub(super) fn read_history(
    attempts: Vec<Attempt<'_>>,
    forgotten: Whole,
    last: &mut Option<Failure>,
) -> History {
    let mut records = Vec::with_capacity(attempts.len());
    for attempt in attempts {
        records.push(AttemptRecord {
            attempt: attempt.attempt,
            started: attempt.started_at_ns.into(),
            ended: attempt.ended_at_ns.into(),
            delay: Duration::from_nanos(attempt.delay_ns.0),
            failure: attempt.error.read(last),
        });
    }
    History::from_parts(records, forgotten.0)
}

/// `text`, or `last` if that is the same.
pub(super) fn shared(text: &str, last: &mut Arc<str>) -> Arc<str> {
    if **last != *text {
        *last = text.into();
    }
    Arc::clone(last)
}
