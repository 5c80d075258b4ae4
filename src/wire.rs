//! The tree that every format is read into and written from, and the reader that checks it.
//!
//! Policies, scenarios, dead letters and snapshots come as JSON, TOML or JavaScript objects. All of
//! them become a [`Value`] first, and [`Fields`] reads it: unknown fields are refused with a guess at
//! what was meant, numbers are held against the [bounds table](crate::bounds), and every error names
//! the field by its path. `snake_case` names are accepted on reading; writing is always `camelCase`.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use crate::{
    bounds::{Bound, Unit},
    time::{Duration, format_duration, nanos, parse_duration},
};

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
    fn kind(&self) -> &'static str {
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
pub struct ConfigError {
    path: String,
    message: String,
    fault: Fault,
}

impl ConfigError {
    /// An error at `path` whose `message` reads on from it ("is missing").
    #[cold]
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> ConfigError {
        ConfigError { path: path.into(), message: message.into(), fault: Fault::Other }
    }

    #[cold]
    fn unknown_field(path: String, message: String) -> ConfigError {
        ConfigError { path, message, fault: Fault::UnknownField }
    }

    #[cold]
    fn out_of_range(path: String, message: String) -> ConfigError {
        ConfigError { path, message, fault: Fault::OutOfRange }
    }

    /// The field, with those that it is in: `backoff.multiplier`; empty for the whole.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong and what to do, without the path.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether a field is not known.
    pub fn is_unknown_field(&self) -> bool {
        self.fault == Fault::UnknownField
    }

    /// Whether a value lies outside its limits.
    pub fn is_out_of_range(&self) -> bool {
        self.fault == Fault::OutOfRange
    }

    /// The same error, seen from outside the field `path`.
    #[must_use]
    pub fn inside(mut self, path: &str) -> ConfigError {
        self.path = join(path, &self.path);
        self
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "{path} {}", self.message),
        }
    }
}

impl core::error::Error for ConfigError {}

fn join(outer: &str, inner: &str) -> String {
    match (outer, inner) {
        ("", path) | (path, "") => path.to_owned(),
        (outer, inner) if inner.starts_with('[') => format!("{outer}{inner}"),
        _ => format!("{outer}.{inner}"),
    }
}

/// A map being read, with the path that errors name.
#[derive(Clone, Debug)]
pub struct Fields<'v> {
    path: String,
    entries: Vec<(&'static str, &'v Value)>,
}

impl<'v> Fields<'v> {
    /// Reads `value` as a map that has only `known` fields (camelCase; `snake_case` is read too).
    ///
    /// # Errors
    /// When it is not a map, a field is unknown (with a guess at the one meant), or one stands twice.
    pub fn read(value: &'v Value, path: &str, known: &[&'static str]) -> Result<Self, ConfigError> {
        let Value::Map(given) = value else {
            let what = value.kind();
            let fields = known.join(", ");
            let message = format!("is {what}; write a group of fields, out of: {fields}");
            return Err(ConfigError::new(path, message));
        };
        let mut entries: Vec<(&'static str, &'v Value)> = Vec::with_capacity(given.len());
        for (name, value) in given {
            let camel = camel_case(name);
            let Some(known_name) = known.iter().find(|k| **k == camel) else {
                return Err(unknown_field(path, name, known));
            };
            if entries.iter().any(|(n, _)| n == known_name) {
                return Err(ConfigError::new(
                    join(path, known_name),
                    "stands there twice; keep one",
                ));
            }
            entries.push((known_name, value));
        }
        Ok(Fields { path: path.to_owned(), entries })
    }

    /// The value of the field `name`, if it is there. `null` is there.
    pub fn get(&self, name: &str) -> Option<&'v Value> {
        self.entries.iter().find(|(n, _)| *n == name).map(|(_, value)| *value)
    }

    /// The path of the field `name`.
    pub fn path_of(&self, name: &str) -> String {
        join(&self.path, name)
    }

    /// The path of this map.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// An error about the field `name`.
    #[cold]
    pub fn error(&self, name: &str, message: impl Into<String>) -> ConfigError {
        ConfigError::new(self.path_of(name), message)
    }

    /// The text `name`.
    ///
    /// # Errors
    /// When it is there and not a text.
    pub fn text(&self, name: &str) -> Result<Option<&'v str>, ConfigError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(other) => Err(self.error(name, format!("is {}; write a text", other.kind()))),
        }
    }

    /// The text `name`, which has to be there.
    ///
    /// # Errors
    /// When it is missing or not a text.
    pub fn required_text(&self, name: &str) -> Result<&'v str, ConfigError> {
        self.text(name)?.ok_or_else(|| self.error(name, "is missing; write a text"))
    }

    /// The truth value `name`.
    ///
    /// # Errors
    /// When it is there and neither true nor false.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>, ConfigError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => {
                Err(self.error(name, format!("is {}; write true or false", other.kind())))
            }
        }
    }

    /// The whole number `name`.
    ///
    /// # Errors
    /// When it is there and not a whole number from 0 to 2^64 - 1.
    pub fn unsigned(&self, name: &str) -> Result<Option<u64>, ConfigError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Unsigned(number)) => Ok(Some(*number)),
            Some(Value::Float(n))
                if *n >= 0.0 && *n < FIRST_ABOVE_U64 && *n as u64 as f64 == *n =>
            {
                Ok(Some(*n as u64))
            }
            Some(Value::Signed(n)) => {
                Err(self.error(name, format!("= {n} is negative; write a whole number from 0 up")))
            }
            Some(Value::Float(n)) => {
                Err(self.error(name, format!("= {n} is not a whole number from 0 to 2^64 - 1")))
            }
            Some(other) => {
                Err(self.error(name, format!("is {}; write a whole number", other.kind())))
            }
        }
    }

    /// The number `name`, finite.
    ///
    /// # Errors
    /// When it is there and not a number, or NaN or infinite.
    pub fn number(&self, name: &str) -> Result<Option<f64>, ConfigError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match value.as_f64() {
            Some(number) if number.is_finite() => Ok(Some(number)),
            Some(number) => Err(self.error(name, format!("= {number} is not a finite number"))),
            None => Err(self.error(name, format!("is {}; write a number", value.kind()))),
        }
    }

    /// The duration `name`: text ("2s") or a number of milliseconds.
    ///
    /// # Errors
    /// When it is there and not a duration.
    pub fn duration(&self, name: &str) -> Result<Option<Duration>, ConfigError> {
        self.get(name).map(|value| read_duration(value, &self.path_of(name))).transpose()
    }

    /// The number `bound.name`, within its limits.
    ///
    /// # Errors
    /// When it is there and not a number within the limits.
    pub fn bounded(&self, name: &str, bound: &Bound) -> Result<Option<f64>, ConfigError> {
        let Some(number) = self.get(name) else { return Ok(None) };
        match number.as_f64() {
            Some(number) => check(&self.path_of(name), bound, number).map(Some),
            None => self.number(name),
        }
    }

    /// The whole number `name`, within the limits of `bound`.
    ///
    /// # Errors
    /// When it is there and not a whole number within the limits.
    pub fn bounded_unsigned(&self, name: &str, bound: &Bound) -> Result<Option<u64>, ConfigError> {
        if let Some(Value::Signed(number)) = self.get(name) {
            check(&self.path_of(name), bound, *number as f64)?;
        }
        let Some(number) = self.unsigned(name)? else { return Ok(None) };
        check(&self.path_of(name), bound, number as f64)?;
        Ok(Some(number))
    }

    /// The duration `name`, within the limits of `bound`.
    ///
    /// # Errors
    /// When it is there and not a duration within the limits.
    pub fn bounded_duration(
        &self,
        name: &str,
        bound: &Bound,
    ) -> Result<Option<Duration>, ConfigError> {
        let Some(duration) = self.duration(name)? else { return Ok(None) };
        check(&self.path_of(name), bound, nanos(duration) as f64)?;
        Ok(Some(duration))
    }

    /// The list `name`.
    ///
    /// # Errors
    /// When it is there and not a list.
    pub fn list(&self, name: &str) -> Result<Option<&'v [Value]>, ConfigError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::List(items)) => Ok(Some(items)),
            Some(other) => Err(self.error(name, format!("is {}; write a list", other.kind()))),
        }
    }

    /// Whether the field is there and is `null`.
    pub fn is_null(&self, name: &str) -> bool {
        self.get(name) == Some(&Value::Null)
    }
}

/// 2^64: the first number that a u64 cannot hold.
const FIRST_ABOVE_U64: f64 = 18_446_744_073_709_551_616.0;

/// Reads a duration: text ("2s") or a number of milliseconds.
///
/// # Errors
/// When it is neither, negative, not finite or longer than 2^64 - 1 ns.
pub fn read_duration(value: &Value, path: &str) -> Result<Duration, ConfigError> {
    match value {
        Value::Text(text) => parse_duration(text)
            .map_err(|error| ConfigError::new(path, format!("= \"{text}\" {error}"))),
        Value::Unsigned(millis) => match millis.checked_mul(1_000_000) {
            Some(nanos) => Ok(Duration::from_nanos(nanos)),
            None => Err(ConfigError::out_of_range(
                path.to_owned(),
                format!("= {millis} ms is longer than 584 years, the longest duration there is"),
            )),
        },
        Value::Signed(millis) => {
            Err(ConfigError::out_of_range(path.to_owned(), format!("= {millis} ms is negative")))
        }
        Value::Float(millis) if !millis.is_finite() => Err(ConfigError::out_of_range(
            path.to_owned(),
            format!("= {millis} is not a finite number of milliseconds"),
        )),
        Value::Float(millis) if *millis < 0.0 => {
            Err(ConfigError::out_of_range(path.to_owned(), format!("= {millis} ms is negative")))
        }
        Value::Float(millis) if millis * 1e6 >= FIRST_ABOVE_U64 => Err(ConfigError::out_of_range(
            path.to_owned(),
            format!("= {millis} ms is longer than 584 years, the longest duration there is"),
        )),
        Value::Float(millis) => Ok(Duration::from_nanos((millis * 1e6 + 0.5) as u64)),
        other => Err(ConfigError::new(
            path,
            format!(
                "is {}; write a duration like \"2s\", or a number of milliseconds",
                other.kind()
            ),
        )),
    }
}

/// Holds `value` against `bound`; the error names the field, the value and the limit.
///
/// # Errors
/// When it is NaN, infinite or outside the limits.
pub fn check(path: &str, bound: &Bound, value: f64) -> Result<f64, ConfigError> {
    let why = if value.is_nan() || value.is_infinite() {
        "is not a finite number".to_owned()
    } else if value < bound.min {
        format!("is below {}", show(bound, bound.min))
    } else if value > bound.max {
        format!("is above {}", show(bound, bound.max))
    } else {
        return Ok(value);
    };
    let (low, high) = (show(bound, bound.min), show(bound, bound.max));
    let value = show(bound, value);
    Err(ConfigError::out_of_range(
        path.to_owned(),
        format!("= {value} {why} (allowed: {low} to {high})"),
    ))
}

fn show(bound: &Bound, value: f64) -> String {
    match bound.unit {
        Unit::Duration if value >= 0.0 => format_duration(Duration::from_nanos(value as u64)),
        _ => value.to_string(),
    }
}

/// The word out of `words` that `value` is, or an error that lists them and guesses.
///
/// # Errors
/// When it is none of them.
pub fn one_of(
    path: &str,
    value: &str,
    words: &[&'static str],
) -> Result<&'static str, ConfigError> {
    let camel = camel_case(value);
    if let Some(word) = words.iter().find(|word| **word == camel || **word == value) {
        return Ok(word);
    }
    let guess = match did_you_mean(value, words) {
        Some(word) => format!("did you mean \"{word}\"? "),
        None => String::new(),
    };
    let all = words.join(", ");
    Err(ConfigError::new(path, format!("= \"{value}\" is not known; {guess}There are: {all}")))
}

#[cold]
fn unknown_field(path: &str, name: &str, known: &[&'static str]) -> ConfigError {
    let guess = match did_you_mean(&camel_case(name), known) {
        Some(word) => format!("did you mean \"{word}\"? "),
        None => String::new(),
    };
    let fields = known.join(", ");
    let message = format!("is not a field; {guess}The fields here are: {fields}");
    ConfigError::unknown_field(join(path, name), message)
}

/// `snake_case` as `camelCase`; other names stay as they are.
fn camel_case(name: &str) -> String {
    if name.starts_with('_') || !name.contains('_') {
        return name.to_owned();
    }
    let mut camel = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                camel.extend(c.to_uppercase());
                upper = false;
            }
            c => camel.push(c),
        }
    }
    camel
}

/// The word out of `words` that somebody who wrote `word` probably meant: the nearest by edit
/// distance (a swap of neighbours counts once), if at most a third of its letters differ.
pub fn did_you_mean<'w>(word: &str, words: &[&'w str]) -> Option<&'w str> {
    let word = word.to_lowercase();
    // A word of thousands of letters is no slip of the keyboard.
    if word.len() > 64 {
        return None;
    }
    words
        .iter()
        .map(|known| (distance(&word, &known.to_lowercase()), *known))
        .filter(|(distance, known)| distance * 3 <= known.len().max(word.len()).max(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Edit distance with transposition of neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: [Vec<usize>; 3] = [Vec::new(), Vec::new(), (0..=b.len()).collect()];
    for i in 1..=a.len() {
        rows.rotate_left(1);
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i);
        for j in 1..=b.len() {
            let mut best = (row[j - 1] + 1)
                .min(rows[1][j] + 1)
                .min(rows[1][j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[0][j - 2] + 1);
            }
            row.push(best);
        }
        rows[2] = row;
    }
    rows[2][b.len()]
}

#[cfg(feature = "serde")]
mod serde_impls {
    use alloc::{string::String, vec::Vec};
    use core::fmt;

    use serde::{
        Deserialize, Deserializer, Serialize, Serializer,
        de::{Error, MapAccess, SeqAccess, Visitor},
        ser::{SerializeMap, SerializeSeq},
    };

    use super::Value;

    impl Serialize for Value {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self {
                Value::Null => serializer.serialize_unit(),
                Value::Bool(flag) => serializer.serialize_bool(*flag),
                Value::Unsigned(number) => serializer.serialize_u64(*number),
                Value::Signed(number) => serializer.serialize_i64(*number),
                Value::Float(number) => serializer.serialize_f64(*number),
                Value::Text(text) => serializer.serialize_str(text),
                Value::List(items) => {
                    let mut list = serializer.serialize_seq(Some(items.len()))?;
                    for item in items {
                        list.serialize_element(item)?;
                    }
                    list.end()
                }
                Value::Map(entries) => {
                    let mut map = serializer.serialize_map(Some(entries.len()))?;
                    for (name, value) in entries {
                        map.serialize_entry(name, value)?;
                    }
                    map.end()
                }
            }
        }
    }

    impl<'de> Deserialize<'de> for Value {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
            deserializer.deserialize_any(Tree)
        }
    }

    struct Tree;

    impl<'de> Visitor<'de> for Tree {
        type Value = Value;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("null, a truth value, a number, a text, a list or a group of fields")
        }

        fn visit_unit<E: Error>(self) -> Result<Value, E> {
            Ok(Value::Null)
        }

        fn visit_none<E: Error>(self) -> Result<Value, E> {
            Ok(Value::Null)
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
            Value::deserialize(deserializer)
        }

        fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
            Ok(Value::Bool(flag))
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
            Ok(Value::Unsigned(number))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
            Ok(u64::try_from(number).map_or(Value::Signed(number), Value::Unsigned))
        }

        fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
            Ok(Value::Float(number))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
            Ok(Value::Text(text.into()))
        }

        fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
            Ok(Value::Text(text))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
            let mut list = Vec::new();
            while let Some(item) = items.next_element()? {
                list.push(item);
            }
            Ok(Value::List(list))
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
            let mut map = Vec::new();
            while let Some(entry) = entries.next_entry()? {
                map.push(entry);
            }
            Ok(Value::Map(map))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds;

    fn fields(value: &Value) -> Result<Fields<'_>, ConfigError> {
        Fields::read(value, "policy", &["maxDelay", "maxAttempts", "jitter"])
    }

    #[test]
    fn guesses_what_was_meant() {
        let words = ["exponential", "linear", "maxDelay", "maxAttempts"];
        assert_eq!(did_you_mean("exponental", &words), Some("exponential"));
        assert_eq!(did_you_mean("maxdelay", &words), Some("maxDelay"));
        assert_eq!(did_you_mean("lienar", &words), Some("linear"));
        assert_eq!(did_you_mean("retries", &words), None);
        assert_eq!(did_you_mean("", &words), None);
    }

    #[test]
    fn refuses_unknown_double_and_prototype_fields_by_path() {
        let value = Value::map([("maxDely", Value::from("1s"))]);
        let error = fields(&value).unwrap_err();
        assert!(error.is_unknown_field());
        assert_eq!(
            error.to_string(),
            "policy.maxDely is not a field; did you mean \"maxDelay\"? \
             The fields here are: maxDelay, maxAttempts, jitter"
        );
        let twice = Value::map([("maxDelay", Value::Null), ("max_delay", Value::Null)]);
        assert_eq!(
            fields(&twice).unwrap_err().to_string(),
            "policy.maxDelay stands there twice; keep one"
        );
        for name in ["__proto__", "constructor", "prototype"] {
            assert!(fields(&Value::map([(name, Value::Null)])).unwrap_err().is_unknown_field());
        }
    }

    #[test]
    fn names_field_value_and_limit() {
        let value =
            Value::map([("maxAttempts", Value::Unsigned(0)), ("jitter", Value::Float(f64::NAN))]);
        let fields = fields(&value).unwrap();
        let error = fields.bounded_unsigned("maxAttempts", bounds::MAX_ATTEMPTS).unwrap_err();
        assert_eq!(
            error.to_string(),
            "policy.maxAttempts = 0 is below 1 (allowed: 1 to 4294967295)"
        );
        assert!(error.is_out_of_range());
        let error = fields.bounded("jitter", bounds::MULTIPLIER).unwrap_err();
        assert_eq!(
            error.to_string(),
            "policy.jitter = NaN is not a finite number (allowed: 1 to 1000)"
        );
    }

    #[test]
    fn durations_are_texts_or_milliseconds() {
        assert_eq!(read_duration(&Value::Unsigned(250), ""), Ok(Duration::from_millis(250)));
        assert_eq!(read_duration(&Value::Float(0.5), ""), Ok(Duration::from_micros(500)));
        assert_eq!(read_duration(&Value::from("1m"), ""), Ok(Duration::from_secs(60)));
        for bad in [
            Value::Signed(-1),
            Value::Float(-0.5),
            Value::Float(f64::NAN),
            Value::Float(f64::INFINITY),
            Value::Float(1e30),
            Value::Unsigned(u64::MAX),
            Value::from("-2s"),
            Value::Null,
            Value::List(Vec::new()),
        ] {
            assert!(read_duration(&bad, "x").is_err(), "{bad:?}");
        }
    }
}
