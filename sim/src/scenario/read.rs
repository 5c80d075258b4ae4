//! Shorthands for reading: a field by its row of the table.

use redrive::{
    Duration, Time,
    bounds::Bound,
    time::nanos,
    wire::{ConfigError, Fields},
};

/// What a row says when the field is left out.
pub(super) fn default_duration(bound: &Bound) -> Duration {
    Duration::from_nanos(bound.default.unwrap_or(0.0) as u64)
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
