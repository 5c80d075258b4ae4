//! What the [kinds](super::kinds) of backoff and jitter are made of: their parameters, each read, written
//! and checked by its row of the [table of bounds](crate::bounds).

use alloc::{format, string::String, vec::Vec};

use super::jitter::End;
use crate::{
    bounds::{self, Bound},
    time::{Duration, nanos},
    wire::{ConfigError, Fields, Value, check, read_duration},
};

/// A kind of backoff, jitter or budget: one row of its table.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct KindRow {
    /// The name on the wire.
    pub name: &'static str,
    /// What a list of choices calls it.
    pub label: &'static str,
    /// What it does, in Markdown.
    pub doc: &'static str,
    /// It as part of a sentence, with its parameters in braces: `{initial}`, `{factor%}` in percent.
    pub phrase: &'static str,
    /// The variant's name in Rust.
    pub variant: &'static str,
    /// Whether it draws its own jitter, so that a jitter beside it has no meaning.
    pub draws_jitter: bool,
    /// What it is made of, in order.
    pub parameters: &'static [Parameter],
}

impl KindRow {
    /// The row called `name` in `table`.
    pub fn find(table: &'static [KindRow], name: &str) -> Option<&'static KindRow> {
        table.iter().find(|kind| kind.name == name)
    }

    /// The names of a table's kinds.
    pub fn names(table: &[KindRow]) -> Vec<&'static str> {
        table.iter().map(|kind| kind.name).collect()
    }

    /// The names of its parameters.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        self.parameters.iter().map(|parameter| parameter.name)
    }

    /// Whether it can be written as its bare name: nothing has to be given.
    pub fn is_bare(&self) -> bool {
        !self.parameters.iter().any(Parameter::is_required)
    }
}

/// What a parameter's value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A number or a duration, as the row's unit says.
    Scalar,
    /// A list of durations, at least one.
    Durations,
    /// One end of a range: factor, add, addPerRetry.
    End,
    /// What only budgets have, each in its own way.
    Special,
}

/// A parameter of a kind.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Parameter {
    /// The name on the wire.
    pub name: &'static str,
    /// The name in Rust.
    pub field: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Its row; for a list that of an item, for an end that of the factor.
    pub bound: &'static Bound,
    /// What its value looks like.
    pub shape: Shape,
}

impl Parameter {
    pub(super) const fn of(bound: &'static Bound) -> Parameter {
        let shape = Shape::Scalar;
        Parameter { name: bound.name, field: bound.name, doc: bound.doc, bound, shape }
    }

    pub(super) const fn special(
        name: &'static str,
        bound: &'static Bound,
        doc: &'static str,
    ) -> Parameter {
        Parameter { shape: Shape::Special, ..Parameter::named(name, bound, doc) }
    }

    pub(super) const fn named(
        name: &'static str,
        bound: &'static Bound,
        doc: &'static str,
    ) -> Parameter {
        Parameter { name, doc: bounds::prose(doc), ..Parameter::of(bound) }
    }

    /// Whether it has to be given.
    pub fn is_required(&self) -> bool {
        match self.shape {
            Shape::Scalar => self.bound.default.is_none(),
            Shape::Durations | Shape::End => true,
            Shape::Special => false,
        }
    }
}

/// The value of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Argument<'a> {
    /// A duration.
    Duration(Duration),
    /// A number.
    Number(f64),
    /// A list of durations.
    Durations(&'a [Duration]),
    /// One end of a range.
    End(End),
}

impl Argument<'_> {
    pub(super) fn to_value(self) -> Value {
        match self {
            Argument::Duration(duration) => Value::duration(duration),
            Argument::Number(number) => number.into(),
            Argument::Durations(list) => {
                Value::List(list.iter().map(|delay| Value::duration(*delay)).collect())
            }
            Argument::End(end) => Value::map([
                (bounds::END_FACTOR.name, end.factor.into()),
                (bounds::END_ADD.name, Value::duration(end.add)),
                (bounds::END_ADD_PER_RETRY.name, Value::duration(end.add_per_retry)),
            ]),
        }
    }

    /// Refuses what the parameter's row does not allow.
    pub(super) fn check(self, path: &str, parameter: &Parameter) -> Result<(), ConfigError> {
        let path = format!("{path}.{}", parameter.name);
        let bound = parameter.bound;
        match self {
            Argument::Duration(duration) => check_duration(&path, bound, duration),
            Argument::Number(number) => check(&path, bound, number).map(|_| ()),
            Argument::Durations([]) => {
                Err(ConfigError::new(path, "is empty; write at least one delay"))
            }
            Argument::Durations(list) => list.iter().enumerate().try_for_each(|(index, delay)| {
                check_duration(&format!("{path}[{index}]"), bound, *delay)
            }),
            Argument::End(end) => {
                let at = |bound: &Bound| format!("{path}.{}", bound.name);
                check(&at(bounds::END_FACTOR), bounds::END_FACTOR, end.factor)?;
                for (bound, added) in
                    [(bounds::END_ADD, end.add), (bounds::END_ADD_PER_RETRY, end.add_per_retry)]
                {
                    check_duration(&at(bound), bound, added)?;
                }
                Ok(())
            }
        }
    }
}

/// Refuses what `bound` does not allow, and what nanoseconds in 64 bits cannot hold: it would be read
/// back as another duration.
pub(super) fn check_duration(
    path: &str,
    bound: &Bound,
    value: Duration,
) -> Result<(), ConfigError> {
    if value.as_nanos() > u128::from(u64::MAX) {
        let message = "is longer than 584 years, the longest duration there is";
        return Err(ConfigError::new(path, message));
    }
    check(path, bound, nanos(value) as f64).map(|_| ())
}

/// A type that a parameter can have.
pub(super) trait Argue: Sized {
    const SHAPE: Shape;

    /// Reads the field of that parameter; its limits are checked later, with all others.
    fn read(fields: &Fields<'_>, parameter: &Parameter) -> Result<Self, ConfigError>;

    fn argument(&self) -> Argument<'_>;
}

impl Argue for Duration {
    const SHAPE: Shape = Shape::Scalar;

    fn read(fields: &Fields<'_>, parameter: &Parameter) -> Result<Duration, ConfigError> {
        match (fields.duration(parameter.name)?, parameter.bound.default) {
            (Some(duration), _) => Ok(duration),
            (None, Some(default)) => Ok(Duration::from_nanos(default as u64)),
            (None, None) => Err(missing(fields, parameter, "a duration like \"2s\"")),
        }
    }

    fn argument(&self) -> Argument<'_> {
        Argument::Duration(*self)
    }
}

impl Argue for f64 {
    const SHAPE: Shape = Shape::Scalar;

    fn read(fields: &Fields<'_>, parameter: &Parameter) -> Result<f64, ConfigError> {
        match fields.any_number(parameter.name)?.or(parameter.bound.default) {
            Some(number) => Ok(number),
            None => Err(missing(fields, parameter, "a number")),
        }
    }

    fn argument(&self) -> Argument<'_> {
        Argument::Number(*self)
    }
}

impl Argue for Vec<Duration> {
    const SHAPE: Shape = Shape::Durations;

    fn read(fields: &Fields<'_>, parameter: &Parameter) -> Result<Vec<Duration>, ConfigError> {
        let Some(items) = fields.list(parameter.name)? else {
            return Err(missing(fields, parameter, "a list like [\"1s\", \"5s\"]"));
        };
        let path = fields.path_of(parameter.name);
        let read = |(index, value)| read_duration(value, &format!("{path}[{index}]"));
        items.iter().enumerate().map(read).collect()
    }

    fn argument(&self) -> Argument<'_> {
        Argument::Durations(self)
    }
}

/// The rows of an end of a range.
pub(super) const END: [&Bound; 3] =
    [bounds::END_FACTOR, bounds::END_ADD, bounds::END_ADD_PER_RETRY];

impl Argue for End {
    const SHAPE: Shape = Shape::End;

    fn read(fields: &Fields<'_>, parameter: &Parameter) -> Result<End, ConfigError> {
        let Some(value) = fields.get(parameter.name) else {
            return Err(missing(fields, parameter, "a group like {\"factor\": 1}"));
        };
        let path = fields.path_of(parameter.name);
        let end = Fields::read(value, &path, &END.map(|bound| bound.name))?;
        Ok(End {
            factor: f64::read(&end, &Parameter::of(bounds::END_FACTOR))?,
            add: Duration::read(&end, &Parameter::of(bounds::END_ADD))?,
            add_per_retry: Duration::read(&end, &Parameter::of(bounds::END_ADD_PER_RETRY))?,
        })
    }

    fn argument(&self) -> Argument<'_> {
        Argument::End(*self)
    }
}

#[cold]
fn missing(fields: &Fields<'_>, parameter: &Parameter, what: &str) -> ConfigError {
    let message: String = format!("is missing; write {what}");
    fields.error(parameter.name, message)
}
