//! What is wrong with a document, where, and how to put it right.

use alloc::{borrow::ToOwned, boxed::Box, format, string::String};
use core::fmt;

use super::{shortened, visible};

/// What kind of mistake a [`ConfigError`] reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    UnknownField,
    OutOfRange,
    Other,
}

/// Something that is not a policy, scenario, dead letter or snapshot as written: where, and how to
/// put it right.
///
/// Introspection is limited on purpose: the text is for people, [`path`](ConfigError::path) is for
/// programs that mark the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(Box<Parts>);

/// Boxed: an error is rare, and every result that may be one is moved by all who pass it on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    path: String,
    message: String,
    fault: Fault,
}

impl ConfigError {
    /// An error at `path` whose `message` reads on from it ("is missing").
    #[cold]
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> ConfigError {
        ConfigError::with(path.into(), message.into(), Fault::Other)
    }

    #[cold]
    pub(super) fn unknown_field(path: String, message: String) -> ConfigError {
        ConfigError::with(path, message, Fault::UnknownField)
    }

    #[cold]
    pub(super) fn out_of_range(path: String, message: String) -> ConfigError {
        ConfigError::with(path, message, Fault::OutOfRange)
    }

    #[cold]
    #[inline(never)]
    fn with(path: String, message: String, fault: Fault) -> ConfigError {
        ConfigError(Box::new(Parts { path, message, fault }))
    }

    /// The field, with those that it is in: `backoff.multiplier`; empty for the whole.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What is wrong and what to do, without the path.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether a field is not known.
    pub fn is_unknown_field(&self) -> bool {
        self.0.fault == Fault::UnknownField
    }

    /// Whether a value lies outside its limits.
    pub fn is_out_of_range(&self) -> bool {
        self.0.fault == Fault::OutOfRange
    }

    /// The same error, seen from outside the field `path`.
    #[must_use]
    pub fn inside(mut self, path: &str) -> ConfigError {
        self.0.path = join(path, &self.0.path);
        self
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.path.as_str() {
            "" => f.write_str(&self.0.message),
            path => write!(f, "{} {}", visible(&shortened(path, 200)), self.0.message),
        }
    }
}

impl core::error::Error for ConfigError {}

pub(super) fn join(outer: &str, inner: &str) -> String {
    match (outer, inner) {
        ("", path) | (path, "") => path.to_owned(),
        (outer, inner) if inner.starts_with('[') => format!("{outer}{inner}"),
        _ => format!("{outer}.{inner}"),
    }
}
