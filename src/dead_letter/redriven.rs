//! A letter on its way back to work, and its record.

use alloc::{format, string::String};

use crate::{
    dead_letter::{DeadLetter, Outcome, record::schema},
    exact,
    time::Time,
    wire::{ConfigError, Fields, Value, quoted},
};

/// A letter on its way back to work.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Redriven {
    /// When it is to start.
    pub at: Time,
    /// The letter, out of the queue: redrives counted, attempts where the next life goes on.
    pub letter: DeadLetter,
    /// How many more attempts it may make at least, whatever its policy's limit ([`Attempts::Add`](super::Attempts::Add)).
    pub more: Option<u32>,
    /// What became of it, where that was written into its record: see [`Tried`](super::Tried).
    pub outcome: Option<Outcome>,
}

impl Redriven {
    /// The name and version of the record of a redriven task.
    pub const SCHEMA: &'static str = "redrive-redriven/1";

    /// One line of NDJSON, its end included.
    pub fn to_line(&self) -> String {
        let mut line = self.to_value().to_json();
        line.push('\n');
        line
    }

    /// The record of this task on its way: one line of NDJSON, for the worker that runs it.
    pub fn to_value(&self) -> Value {
        let entries = [
            ("schema", Some(Redriven::SCHEMA.into())),
            ("atNs", Some(exact::time(self.at))),
            ("moreAttempts", Some(self.more.map_or(Value::Null, Value::from))),
            ("letter", Some(self.letter.to_value())),
            ("outcome", self.outcome.map(|outcome| outcome.as_str().into())),
        ];
        let given = entries.into_iter().filter_map(|(name, value)| Some((name.into(), value?)));
        Value::Map(given.collect())
    }

    /// Reads what [`to_value`](Redriven::to_value) wrote.
    ///
    /// # Errors
    /// When it is of another schema, or a field is not what it should be; the error names the field.
    pub fn from_value(value: &Value) -> Result<Redriven, ConfigError> {
        const FIELDS: &[&str] = &["schema", "atNs", "moreAttempts", "letter", "outcome"];
        // What something else is called says more than which of its fields are not known here.
        if let Value::Map(entries) = value
            && let Some((_, Value::Text(given))) = entries.iter().find(|(name, _)| name == "schema")
            && given != Redriven::SCHEMA
        {
            let message = format!("= {} is not \"{}\"", quoted(given), Redriven::SCHEMA);
            return Err(ConfigError::new("schema", message));
        }
        let fields = Fields::read(value, "", FIELDS)?;
        schema(&fields, Redriven::SCHEMA)?;
        let letter = fields.get("letter").unwrap_or(&Value::Null);
        Ok(Redriven {
            at: Time::from_nanos(exact::required_whole(&fields, "atNs")?),
            more: match fields.is_null("moreAttempts") {
                true => None,
                false => exact::read_u32(&fields, "moreAttempts")?,
            },
            letter: DeadLetter::from_carried(letter).map_err(|error| error.inside("letter"))?,
            outcome: match fields.text("outcome")? {
                None => None,
                Some(word) => Some(Outcome::parse(&fields.path_of("outcome"), word)?),
            },
        })
    }
}

crate::wire::through_value!(Redriven);
