//! The reader: fields by name, with the path that an error names.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

use super::{
    ConfigError, Number, Value,
    check::{FIRST_ABOVE_U64, check, read_duration},
    error::join,
    suggest::{camel_case, unknown_field},
};
use crate::{
    bounds::Bound,
    time::{Duration, nanos},
};

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
    /// When it is not an object, a field is unknown (the closest known one is suggested), or a field is given twice.
    pub fn read(value: &'v Value, path: &str, known: &[&'static str]) -> Result<Self, ConfigError> {
        let Value::Map(given) = value else {
            let what = value.kind();
            let fields = known.join(", ");
            let message = format!("is {what}, not an object; expected fields: {fields}");
            return Err(ConfigError::new(path, message));
        };
        let mut entries: Vec<(&'static str, &'v Value)> = Vec::with_capacity(given.len());
        for (name, value) in given {
            let camel = camel_case(name);
            let Some(known_name) = known.iter().find(|k| **k == camel) else {
                return Err(unknown_field(path, name, known));
            };
            if entries.iter().any(|(n, _)| n == known_name) {
                return Err(ConfigError::new(join(path, known_name), "is given twice; keep one"));
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
            Some(other) => Err(self.error(name, format!("is {}; write a string", other.kind()))),
        }
    }

    /// The text `name`, which has to be there.
    ///
    /// # Errors
    /// When it is missing or not a text.
    pub fn required_text(&self, name: &str) -> Result<&'v str, ConfigError> {
        self.text(name)?.ok_or_else(|| self.error(name, "is missing; write a string"))
    }

    /// The boolean `name`.
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
            Some(Value::Signed(n)) if *n >= 0 => Ok(Some(n.unsigned_abs())),
            Some(Value::Float(n) | Value::Literal(_, n))
                if (0.0..FIRST_ABOVE_U64).contains(n) && *n as u64 as f64 == *n =>
            {
                Ok(Some(*n as u64))
            }
            Some(Value::Literal(text, _)) => {
                Err(self.error(name, format!("= {text} is not a whole number from 0 to 2^64 - 1")))
            }
            Some(Value::Signed(n)) => {
                Err(self.error(name, format!("= {n} is negative; write a whole number from 0 up")))
            }
            Some(Value::Float(n)) => Err(self
                .error(name, format!("= {} is not a whole number from 0 to 2^64 - 1", Number(*n)))),
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
            Some(number) => {
                Err(self.error(name, format!("= {} is not a finite number", Number(number))))
            }
            None => Err(self.error(name, format!("is {}; write a number", value.kind()))),
        }
    }

    /// The number `name`, whatever it is: NaN and infinities are for the check of its limits.
    ///
    /// # Errors
    /// When it is there and not a number.
    pub fn any_number(&self, name: &str) -> Result<Option<f64>, ConfigError> {
        match self.get(name).map(Value::as_f64) {
            Some(Some(number)) => Ok(Some(number)),
            _ => self.number(name),
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
