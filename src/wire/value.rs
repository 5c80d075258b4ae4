//! The tree: what JSON, TOML and JavaScript have in common.

use alloc::{borrow::ToOwned, string::String, vec, vec::Vec};
use core::fmt;

use crate::time::{Duration, format_duration};

/// How deep a payload may be nested, wherever one comes in: submitted, imported or restored.
///
/// Real payloads are some ten levels deep; serde_json reads 127 and JavaScript some thousands. Deeper ones
/// are attacks on a stack.
pub const MAX_DEPTH: usize = 1_000;

/// A piece of data: what JSON, TOML and JavaScript have in common, integers kept exact.
///
/// Two whole numbers are equal when they are the same number, whichever kind holds them.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`: given, and given as nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number from 0 up.
    Unsigned(u64),
    /// A whole number below 0.
    Signed(i64),
    /// Any other number.
    Float(f64),
    /// A number as it was written, where the kinds above would write it differently: `1.0`, `1e2`,
    /// `12345678901234567890123`. Beside it the nearest double, from its reader: parsing decimals takes
    /// tables that are 12 kB of a WebAssembly module after compression.
    Literal(String, f64),
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

    /// The number, if this is one: the nearest that a double holds.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Unsigned(n) => Some(*n as f64),
            Value::Signed(n) => Some(*n as f64),
            Value::Float(n) => Some(*n),
            Value::Literal(_, number) => Some(*number),
            Value::Null | Value::Bool(_) | Value::Text(_) | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The whole number from 0 up, if this is one.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Value::Unsigned(n) => Some(*n),
            Value::Signed(n) => u64::try_from(*n).ok(),
            _ => None,
        }
    }

    /// The whole number, if this is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Unsigned(n) => i64::try_from(*n).ok(),
            Value::Signed(n) => Some(*n),
            _ => None,
        }
    }

    /// The boolean, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The names and values, if this is a map.
    pub fn as_map(&self) -> Option<&[(String, Value)]> {
        match self {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Why this cannot be a payload, if it cannot: every payload that is taken can be stored and read
    /// again. Without recursion, since payloads come from anywhere.
    pub fn fault(&self) -> Option<PayloadFault> {
        let mut rest = vec![(self, 0_usize)];
        while let Some((value, depth)) = rest.pop() {
            match value {
                Value::Float(number) if !number.is_finite() => {
                    return Some(PayloadFault::NotFinite);
                }
                Value::List(_) | Value::Map(_) if depth >= MAX_DEPTH => {
                    return Some(PayloadFault::TooDeep);
                }
                Value::List(items) => rest.extend(items.iter().map(|item| (item, depth + 1))),
                Value::Map(entries) => {
                    rest.extend(entries.iter().map(|(_, value)| (value, depth + 1)));
                }
                Value::Null
                | Value::Bool(_)
                | Value::Unsigned(_)
                | Value::Signed(_)
                | Value::Float(_)
                | Value::Literal(..)
                | Value::Text(_) => {}
            }
        }
        None
    }

    /// Lets go of it without recursion, however deep it is.
    pub fn dismantle(self) {
        let mut rest = vec![self];
        while let Some(value) = rest.pop() {
            match value {
                Value::List(items) => rest.extend(items),
                Value::Map(entries) => rest.extend(entries.into_iter().map(|(_, value)| value)),
                Value::Null
                | Value::Bool(_)
                | Value::Unsigned(_)
                | Value::Signed(_)
                | Value::Float(_)
                | Value::Literal(..)
                | Value::Text(_) => {}
            }
        }
    }

    /// What this is, for an error text: "a string", "a list".
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Unsigned(_) | Value::Signed(_) | Value::Float(_) | Value::Literal(..) => {
                "a number"
            }
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
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
            Value::Literal(text, _) => f.write_str(text),
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

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Unsigned(a), Value::Unsigned(b)) => a == b,
            (Value::Signed(a), Value::Signed(b)) => a == b,
            (Value::Unsigned(a), Value::Signed(b)) | (Value::Signed(b), Value::Unsigned(a)) => {
                u64::try_from(*b) == Ok(*a)
            }
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Literal(a, _), Value::Literal(b, _)) | (Value::Text(a), Value::Text(b)) => {
                a == b
            }
            (Value::List(a), Value::List(b)) => a == b,
            (Value::Map(a), Value::Map(b)) => a == b,
            _ => false,
        }
    }
}

/// Why a value cannot be a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadFault {
    /// It holds a number that is not finite, which no format can write.
    NotFinite,
    /// It is nested deeper than [`MAX_DEPTH`].
    TooDeep,
}

impl fmt::Display for PayloadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PayloadFault::NotFinite => {
                f.write_str("holds a number that is not finite; write it as text or null")
            }
            PayloadFault::TooDeep => write!(
                f,
                "is nested deeper than {MAX_DEPTH} levels; store it elsewhere and name the place, or \
                 write it as text"
            ),
        }
    }
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

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        u64::try_from(number).map_or(Value::Signed(number), Value::Unsigned)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Value {
        Value::from(i64::from(number))
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Value {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
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
