//! The wire format of policies: reading, writing, and the one list of their fields.
//!
//! [`FIELDS`] and its sisters name every field once. Reading refuses what is not in them and the
//! [schema](super::schema) is made from them. Reading what was written gives the same policy.

mod read;
mod write;

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

pub(super) use self::{read::read_budget, write::write_budget};
use super::{Compat, RetryPolicy};
use crate::wire::{ConfigError, Fields, Value};

/// The version that is written; the only one that is read.
pub const VERSION: u64 = 1;

/// The fields of a policy as a document: those of a policy, and where an editor finds their schema.
pub(super) const DOCUMENT: &[&str] = &[
    "version",
    "backoff",
    "minDelay",
    "maxDelay",
    "jitter",
    "maxAttempts",
    "maxElapsed",
    "elapsedRule",
    "attemptTimeout",
    "retryAfter",
    "classify",
    "defaultAction",
    "budget",
    "compat",
    "$schema",
];
/// The fields of a policy.
pub const FIELDS: &[&str] = DOCUMENT.split_at(DOCUMENT.len() - 1).0;
/// Each kind of backoff with its fields, beside `kind` and `firstDelay`.
pub const BACKOFF_KINDS: &[(&str, &[&str])] = &[
    ("constant", &["delay"]),
    ("linear", &["initial", "increment"]),
    ("exponential", &["initial", "multiplier"]),
    ("polynomial", &["initial", "power", "offset"]),
    ("fibonacci", &["initial"]),
    ("table", &["delays"]),
    ("decorrelated", &["initial", "multiplier"]),
    ("decorrelatedV2", &["initial"]),
];
/// Each kind of jitter with its fields, beside `kind`.
pub const JITTER_KINDS: &[(&str, &[&str])] = &[
    ("none", &[]),
    ("full", &[]),
    ("equal", &[]),
    ("proportional", &["factor"]),
    ("symmetric", &["factor"]),
    ("subtractive", &["factor"]),
    ("uniform", &["low", "high"]),
];
/// Each kind of budget with its fields, beside `kind`.
pub const BUDGET_KINDS: &[(&str, &[&str])] = &[
    (
        "tokenBucket",
        &[
            "capacity",
            "cost",
            "costByClass",
            "refundOnSuccess",
            "refundOnRetrySuccess",
            "debitOn",
            "threshold",
        ],
    ),
    ("ratio", &["percent", "minPerSecond", "window"]),
    ("concurrency", &["percent", "min"]),
];
const END_FIELDS: &[&str] = &["factor", "add", "addPerRetry"];
const RULE_FIELDS: &[&str] = &["match", "action", "backoff", "jitter"];
const RETRY_AFTER_FIELDS: &[&str] = &["mode", "max", "whenLonger", "jitter"];
const COMPAT_FIELDS: &[&str] =
    &["capStage", "rounding", "elapsedMeasure", "feedback", "resampleAbove"];
const ROUNDING_FIELDS: &[&str] = &["unit", "mode", "eachStep"];
const RESAMPLE_FIELDS: &[&str] = &["low", "high"];
const MEASURES: [&str; 2] = ["wall", "sleeps"];

/// The kinds of a table, for a list of words.
pub(in crate::policy) fn kinds(table: &[(&'static str, &[&str])]) -> Vec<&'static str> {
    table.iter().map(|(kind, _)| *kind).collect()
}
impl RetryPolicy {
    /// Reads a policy from its wire format.
    ///
    /// # Errors
    /// Names the field, what is wrong with it and what to write instead.
    pub fn from_value(value: &Value) -> Result<RetryPolicy, ConfigError> {
        let fields = Fields::read(value, "", DOCUMENT)?;
        fields.text("$schema")?;
        if let Some(version) = fields.unsigned("version")?
            && version != VERSION
        {
            let message = format!("= {version} is not known; this redrive reads version {VERSION}");
            return Err(fields.error("version", message));
        }
        read::read_policy(&fields)?.build()
    }

    /// The policy's wire format: complete, so that a later default changes nothing.
    pub fn to_value(&self) -> Value {
        let mut map: Vec<(String, Value)> = Vec::new();
        let mut put = |name: &str, value: Value| map.push((name.to_string(), value));
        put("version", Value::Unsigned(VERSION));
        put("backoff", write::write_backoff(&self.backoff, self.first_delay));
        put("minDelay", Value::duration(self.min_delay));
        put("maxDelay", write::optional(self.max_delay));
        put("jitter", write::write_jitter(&self.jitter));
        put("maxAttempts", self.limits.max_attempts.map_or(Value::Null, |max| max.get().into()));
        put("maxElapsed", write::optional(self.limits.max_elapsed));
        put("elapsedRule", self.limits.elapsed_rule.as_str().into());
        put("attemptTimeout", write::optional(self.limits.attempt_timeout));
        put("retryAfter", write::write_retry_after(&self.retry_after));
        put("classify", Value::List(self.rules.iter().map(write::write_rule).collect()));
        put("defaultAction", self.default_action.as_str().into());
        put("budget", self.budget.as_ref().map_or(Value::Null, write_budget));
        if self.compat != Compat::default() {
            put("compat", write::write_compat(&self.compat));
        }
        Value::Map(map)
    }

    /// The wire format without `null`, which TOML does not have: fields that are `null` are left out,
    /// and no limit of attempts is written `"unlimited"`.
    pub fn to_toml_value(&self) -> Value {
        let mut value = self.to_value();
        if let Value::Map(fields) = &mut value {
            for (name, value) in fields.iter_mut() {
                if name == "maxAttempts" && *value == Value::Null {
                    *value = "unlimited".into();
                }
            }
        }
        without_nulls(value)
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Map(fields) => Value::Map(
            fields
                .into_iter()
                .filter(|(_, value)| *value != Value::Null)
                .map(|(name, value)| (name, without_nulls(value)))
                .collect(),
        ),
        other => other,
    }
}
#[cfg(feature = "serde")]
mod serde_impls {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::{RetryPolicy, Value};

    impl Serialize for RetryPolicy {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.to_value().serialize(serializer)
        }
    }

    impl<'de> Deserialize<'de> for RetryPolicy {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RetryPolicy, D::Error> {
            RetryPolicy::from_value(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
        }
    }
}
