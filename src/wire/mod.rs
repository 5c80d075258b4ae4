//! The tree that every format is read into and written from, and the reader that checks it.
//!
//! Policies, scenarios, dead letters and snapshots come as JSON, TOML or JavaScript objects. All of
//! them become a [`Value`] first, and [`Fields`] reads it: unknown fields are refused with a suggestion,
//! numbers are checked against the [bounds table](crate::bounds), and every error names
//! the field by its path. `snake_case` names are accepted on reading; writing is always `camelCase`.

mod check;
mod error;
mod fields;
#[cfg(feature = "serde")]
mod from_value;
mod json;
mod number;
#[cfg(feature = "serde")]
mod serde;
mod shown;
mod suggest;
#[cfg(feature = "serde")]
mod to_value;
mod value;

#[cfg(feature = "serde")]
pub(crate) use self::from_value::Reader;
#[doc(hidden)]
pub use self::{
    check::{check, read_duration},
    fields::Fields,
    number::Number,
    shown::{is_hidden, quoted, shortened, visible},
    suggest::{did_you_mean, one_of, unknown},
};
pub use self::{
    error::ConfigError,
    json::JsonError,
    value::{MAX_DEPTH, PayloadFault, Value},
};
#[cfg(feature = "serde")]
pub use self::{from_value::from_value, to_value::to_value};

/// Lets a type that is written by `to_value` and read by `from_value` go through serde as that.
macro_rules! through_value {
    ($type:ty) => {
        #[cfg(feature = "serde")]
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.to_value().serialize(serializer)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = $crate::wire::Value::deserialize(deserializer)?;
                Self::from_value(&value).map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use self::suggest::camel_case;
pub(crate) use through_value;

#[cfg(test)]
mod tests {
    use alloc::{string::ToString, vec::Vec};

    use super::*;
    use crate::{bounds, time::Duration};

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
            "policy.maxDelay is given twice; keep one"
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
