//! Shorthands for reading: a field by its row of the table.

use redrive::{
    Duration, Time,
    bounds::Bound,
    time::nanos,
    wire::{ConfigError, Fields, Value, one_of},
};

/// What a row says when the field is left out.
pub(super) fn default_duration(bound: &Bound) -> Duration {
    Duration::from_nanos(bound.default.unwrap_or(0.0) as u64)
}

/// A kind with its fields.
pub(super) type Kind = (&'static str, &'static [&'static str]);

/// Which of `kinds` the group `value` is, which its field `name` says.
pub(super) fn kind(
    value: &Value,
    path: &str,
    name: &str,
    kinds: &[Kind],
) -> Result<Kind, ConfigError> {
    let path = format!("{path}.{name}");
    let names: Vec<&'static str> = kinds.iter().map(|(kind, _)| *kind).collect();
    let Some(Value::Text(word)) = value.get(name) else {
        let message = format!("is missing; write one of: {}", names.join(", "));
        return Err(ConfigError::new(path, message));
    };
    let word = one_of(&path, word, &names)?;
    // `one_of` answers with one of the names.
    Ok(kinds.iter().find(|(kind, _)| *kind == word).copied().unwrap_or((word, &[])))
}

/// The field of the row's name.
pub(super) trait ByRow {
    fn duration_of(&self, bound: &Bound) -> Result<Duration, ConfigError>;
    fn maybe_duration_of(&self, bound: &Bound) -> Result<Option<Duration>, ConfigError>;
    fn needed_duration_of(&self, bound: &Bound) -> Result<Duration, ConfigError>;
    fn time_of(&self, bound: &Bound) -> Result<Time, ConfigError>;
    fn number_of(&self, bound: &Bound) -> Result<f64, ConfigError>;
    fn maybe_number_of(&self, bound: &Bound) -> Result<Option<f64>, ConfigError>;
    fn count_of(&self, bound: &Bound) -> Result<u64, ConfigError>;
    fn maybe_count_of(&self, bound: &Bound) -> Result<Option<u64>, ConfigError>;
}

impl ByRow for Fields<'_> {
    fn duration_of(&self, bound: &Bound) -> Result<Duration, ConfigError> {
        Ok(self.maybe_duration_of(bound)?.unwrap_or_else(|| default_duration(bound)))
    }

    fn maybe_duration_of(&self, bound: &Bound) -> Result<Option<Duration>, ConfigError> {
        if self.is_null(bound.name) {
            return Ok(None);
        }
        self.bounded_duration(bound.name, bound)
    }

    fn needed_duration_of(&self, bound: &Bound) -> Result<Duration, ConfigError> {
        let found = self.maybe_duration_of(bound)?;
        found.ok_or_else(|| self.error(bound.name, "is missing; write a duration like \"2s\""))
    }

    fn time_of(&self, bound: &Bound) -> Result<Time, ConfigError> {
        Ok(Time::from_nanos(nanos(self.duration_of(bound)?)))
    }

    fn number_of(&self, bound: &Bound) -> Result<f64, ConfigError> {
        Ok(self.bounded(bound.name, bound)?.or(bound.default).unwrap_or(0.0))
    }

    fn maybe_number_of(&self, bound: &Bound) -> Result<Option<f64>, ConfigError> {
        if self.is_null(bound.name) {
            return Ok(None);
        }
        self.bounded(bound.name, bound)
    }

    fn count_of(&self, bound: &Bound) -> Result<u64, ConfigError> {
        let found = self.bounded_unsigned(bound.name, bound)?;
        Ok(found.unwrap_or(bound.default.unwrap_or(0.0) as u64))
    }

    fn maybe_count_of(&self, bound: &Bound) -> Result<Option<u64>, ConfigError> {
        if self.is_null(bound.name) {
            return Ok(None);
        }
        self.bounded_unsigned(bound.name, bound)
    }
}
