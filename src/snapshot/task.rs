//! The state of one task, taken apart and put together.

use alloc::{borrow::ToOwned, vec::Vec};

use crate::{
    dead_letter::reason_word,
    exact,
    task::{Parts, State, Task},
    time::{Duration, Time, nanos},
    wire::{ConfigError, Fields, Value, one_of},
};

pub(super) const SCHEMA: &str = "redrive-task/1";

const FIELDS: &[&str] =
    &["schema", "state", "reason", "beganNs", "atNs", "previousNs", "attempts", "free", "paid"];

const STATES: [&str; 8] =
    ["ready", "running", "waiting", "succeeded", "cancelled", "discarded", "failed", "dead"];

/// The task as an object.
pub(super) fn to_value(task: &Task) -> Value {
    let parts = task.parts();
    let (state, reason) = match parts.state {
        State::Ready => (0, None),
        State::Running => (1, None),
        State::Waiting { .. } => (2, None),
        State::Succeeded => (3, None),
        State::Cancelled => (4, None),
        State::Discarded => (5, None),
        State::Failed => (6, None),
        State::Dead(reason) => (7, Some(reason)),
    };
    let mut entries = Vec::with_capacity(FIELDS.len());
    let mut put = |name: &str, value: Value| entries.push((name.to_owned(), value));
    put("schema", SCHEMA.into());
    put("state", STATES[state].into());
    if let Some(reason) = reason {
        put("reason", reason.as_str().into());
    }
    put("beganNs", exact::time(parts.began));
    put("atNs", exact::time(parts.at));
    put("previousNs", exact::whole(nanos(parts.previous)));
    put("attempts", parts.attempts.into());
    put("free", u32::from(parts.free).into());
    put("paid", u32::from(parts.paid).into());
    Value::Map(entries)
}

/// Reads what [`to_value`] wrote.
pub(super) fn read(value: &Value, path: &str) -> Result<Task, ConfigError> {
    let fields = Fields::read(value, path, FIELDS)?;
    let at = Time::from_nanos(exact::required_whole(&fields, "atNs")?);
    let word = one_of(&fields.path_of("state"), fields.required_text("state")?, &STATES)?;
    let state = match word {
        "ready" => State::Ready,
        "running" => State::Running,
        "waiting" => State::Waiting { until: at },
        "succeeded" => State::Succeeded,
        "cancelled" => State::Cancelled,
        "discarded" => State::Discarded,
        "failed" => State::Failed,
        _ => State::Dead(reason_word(fields.required_text("reason")?, &fields.path_of("reason"))?),
    };
    if !matches!(state, State::Dead(_)) && fields.get("reason").is_some() {
        return Err(fields.error("reason", "is there, and the task is not dead"));
    }
    let parts = Parts {
        state,
        began: Time::from_nanos(exact::required_whole(&fields, "beganNs")?),
        at,
        previous: Duration::from_nanos(exact::required_whole(&fields, "previousNs")?),
        attempts: small(&fields, "attempts")?,
        free: small(&fields, "free")?,
        paid: small(&fields, "paid")?,
    };
    Task::from_parts(&parts).map_err(|why| ConfigError::new(path, why))
}

/// A whole number that has to be there and to fit.
fn small<N: TryFrom<u64>>(fields: &Fields<'_>, name: &str) -> Result<N, ConfigError> {
    let number = exact::required_whole(fields, name)?;
    N::try_from(number).map_err(|_| fields.error(name, alloc::format!("= {number} is too large")))
}
