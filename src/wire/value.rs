//! The tree: what JSON, TOML and JavaScript have in common.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;

use crate::time::{Duration, format_duration};

/// A piece of data: what JSON, TOML and JavaScript have in common, integers kept exact.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`: given, and given as nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number from 0 up.
    Unsigned(u64),
    /// A whole number below 0.
    Signed(i64),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(String),
    /// A sequence.
    List(Vec<Value>),
    /// Names and values, in the order written.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// A map of `entries`.
    pub fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
        Value::map_of(Vec::from(entries))
    }

    /// The same for all lengths: one piece of code.
    fn map_of(entries: Vec<(&str, Value)>) -> Value {
        Value::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// A duration as we write it: canonical text.
    pub fn duration(duration: Duration) -> Value {
        Value::Text(format_duration(duration))
    }

    /// The value of `name`, if this is a map that has it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Map(entries) => entries.iter().find(|(n, _)| n == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if this is one.
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Value::Unsigned(n) => Some(n as f64),
            Value::Signed(n) => Some(n as f64),
            Value::Float(n) => Some(n),
            _ => None,
        }
    }

    /// What this is, for an error text: "a text", "a list".
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a truth value",
            Value::Unsigned(_) | Value::Signed(_) | Value::Float(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a group of fields",
        }
    }
}

impl fmt::Display for Value {
    /// Compact JSON. Numbers that JSON cannot write (NaN, infinities) become `null`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(flag) => write!(f, "{flag}"),
            Value::Unsigned(number) => write!(f, "{number}"),
            Value::Signed(number) => write!(f, "{number}"),
            Value::Float(number) if number.is_finite() => write!(f, "{number}"),
            Value::Float(_) => f.write_str("null"),
            Value::Text(text) => write_text(f, text),
            Value::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma}{item}")?;
                }
                f.write_str("]")
            }
            Value::Map(entries) => {
                f.write_str("{")?;
                for (index, (name, value)) in entries.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    write_text(f, name)?;
                    write!(f, ":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            '\n' => f.write_str("\\n")?,
            c if (c as u32) < 0x20 => write!(f, "\\u{:04x}", c as u32)?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::Unsigned(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Value {
        Value::Unsigned(number.into())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Bool(flag)
    }
}

impl From<f64> for Value {
    /// Whole numbers become integers, so that 2 is written `2` and not `2.0`.
    fn from(number: f64) -> Value {
        if (0.0..9e15).contains(&number) && number as u64 as f64 == number {
            Value::Unsigned(number as u64)
        } else {
            Value::Float(number)
        }
    }
}
