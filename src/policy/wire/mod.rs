//! The wire format of policies: reading, writing, and the one list of their fields.
//!
//! [`FIELDS`] and its sisters name every field once. Reading refuses what is not in them and the
//! [schema](super::schema) is made from them. Reading what was written gives the same policy.

mod read;
mod write;

use alloc::format;

pub(super) use self::{read::read_budget, write::write_budget};
use super::{
    Action, CapStage, DebitOn, ElapsedMeasure, ElapsedRule, HintMode, OnEmpty, PolicyBuilder,
    RetryPolicy, RoundingMode, WhenLonger, parameter::KindRow,
};
use crate::{
    task::Reason,
    wire::{ConfigError, Fields, Value},
};

/// The version that is written; the only one that is read.
pub const VERSION: u64 = 1;

/// The fields of a policy as a document: those of a policy, where it was imported from, and where an
/// editor finds their schema.
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
    "resetAfter",
    "retryAfter",
    "classify",
    "defaultAction",
    "budget",
    "compat",
    "imported",
    "$schema",
];
/// The fields of a policy.
pub const FIELDS: &[&str] = DOCUMENT.split_at(DOCUMENT.len() - 2).0;
/// What a document says of the system that its policy was imported from.
pub(super) const ORIGIN_FIELDS: &[&str] = &["from", "name", "fidelity", "reasons"];
/// How close an imported policy is to what it was.
pub(super) const FIDELITIES: [&str; 2] = ["exact", "approximate"];
const RULE_FIELDS: &[&str] = &["match", "action", "backoff", "jitter"];
const RETRY_AFTER_FIELDS: &[&str] = &["mode", "max", "whenLonger", "jitter"];
const COMPAT_FIELDS: &[&str] = &[
    "capStage",
    "rounding",
    "elapsedMeasure",
    "feedback",
    "resampleAbove",
    "uncappedFirst",
    "falling",
    "jitterOnce",
    "jitterSteps",
];
const ROUNDING_FIELDS: &[&str] = &["unit", "mode", "eachStep", "amplitude"];
const RESAMPLE_FIELDS: &[&str] = &["low", "high"];

/// The words that fields and reports use, by the names of their lists in the npm package.
#[doc(hidden)]
pub const WORDS: &[(&str, &[&str])] = &[
    ("ELAPSED_RULES", &ElapsedRule::NAMES),
    ("ACTIONS", &Action::NAMES),
    ("MODES", &HintMode::NAMES),
    ("WHEN_LONGER", &WhenLonger::NAMES),
    ("CAP_STAGES", &CapStage::NAMES),
    ("MEASURES", &ElapsedMeasure::NAMES),
    ("ROUNDING_MODES", &RoundingMode::NAMES),
    ("DEBITS", &DebitOn::NAMES),
    ("REASONS", &Reason::NAMES),
    ("ON_EMPTY", &OnEmpty::NAMES),
    ("POLICY", DOCUMENT),
];

/// An error that names the kinds there are.
#[cold]
pub(super) fn unknown_kind(path: &str, name: &str, table: &[KindRow]) -> ConfigError {
    let kinds = KindRow::names(table).join(", ");
    ConfigError::new(path, format!("= \"{name}\" is an unknown kind; the kinds are: {kinds}"))
}

impl RetryPolicy {
    /// Reads a policy from its wire format.
    ///
    /// # Errors
    /// Names the field, what is wrong with it and what to write instead.
    pub fn from_value(value: &Value) -> Result<RetryPolicy, ConfigError> {
        RetryPolicy::read(value)?.build()
    }

    /// Reads a policy for a caller that stops its tasks: it may have neither maximum attempts nor
    /// `maxElapsed`. See [`PolicyBuilder::build_until_stopped`].
    ///
    /// # Errors
    /// As for [`from_value`](RetryPolicy::from_value).
    pub fn from_value_until_stopped(value: &Value) -> Result<RetryPolicy, ConfigError> {
        RetryPolicy::read(value)?.build_until_stopped()
    }

    fn read(value: &Value) -> Result<PolicyBuilder, ConfigError> {
        let fields = Fields::read(value, "", DOCUMENT)?;
        fields.text("$schema")?;
        if let Some(origin) = fields.get("imported") {
            read::read_origin(origin)?;
        }
        if let Some(version) = fields.unsigned("version")?
            && version != VERSION
        {
            let message = format!("= {version} is not known; this redrive reads version {VERSION}");
            return Err(fields.error("version", message));
        }
        read::read_policy(&fields)
    }

    /// The policy's wire format: complete, so that a later default changes nothing.
    pub fn to_value(&self) -> Value {
        write::write_policy(&self.spec)
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
