//! The built-in scenarios. Each teaches one thing, and its `about` says what to look at and why
//! it happens. They are data, like a user's: a text and a tree each, by what they are about.

mod crowds;
mod incidents;
mod letters;
mod overload;

use redrive::wire::{ConfigError, Value, unknown};

use super::builtin::Builtin;
use crate::tree::tree;

static BUILTINS: &[Builtin] = &[
    crowds::HERD,
    crowds::OCC,
    overload::STORM,
    overload::BUDGET,
    overload::LAYERS,
    crowds::RATE_LIMIT,
    overload::BROWNOUT,
    crowds::CRON,
    letters::POISON,
    letters::REDRIVE,
    incidents::CONTROL_PLANE,
    incidents::DASHBOARD,
    incidents::CHAIN,
];

/// All of them, the main one first.
#[must_use]
pub fn builtins() -> &'static [Builtin] {
    BUILTINS
}

impl Builtin {
    /// The scenario of that name.
    ///
    /// # Errors
    /// When there is none, with a guess at the one meant.
    pub fn find(name: &str) -> Result<&'static Self, ConfigError> {
        BUILTINS.iter().find(|builtin| builtin.name == name).ok_or_else(|| {
            let names: Vec<&str> = BUILTINS.iter().map(|builtin| builtin.name).collect();
            unknown("built-in scenario", name, &names)
        })
    }
}

/// An entry of `policies`.
fn named(name: &str, policy: Value) -> Value {
    tree!({ name: name, policy: (policy) })
}

/// A policy that does not retry.
fn once() -> Value {
    tree!({ version: 1_u32, maxAttempts: 1_u32 })
}

/// Full jitter below `initial` doubling.
fn jittered(initial: &str, cap: &str, attempts: u32) -> Value {
    tree!({
        version: 1_u32,
        backoff: { kind: "exponential", initial: initial, multiplier: 2_u32 },
        jitter: "full",
        maxDelay: cap,
        maxAttempts: attempts,
    })
}

/// A policy with one field more.
fn with(mut policy: Value, field: &str, value: Value) -> Value {
    if let Value::Map(fields) = &mut policy {
        fields.push((field.to_owned(), value));
    }
    policy
}

/// A budget of so many retries for a hundred requests.
fn ratio(percent: u32, least: u32) -> Value {
    tree!({ kind: "ratio", percent: percent, minPerSecond: least, window: "10s" })
}

/// Windows of the report: name, from, to.
fn windows(list: &[(&str, &str, &str)]) -> Value {
    let window =
        |(name, from, to): &(&str, &str, &str)| tree!({ name: (*name), from: (*from), to: (*to) });
    Value::List(list.iter().map(window).collect())
}
