//! What one row of the table of figures is, and what is made of it.
//!
//! A row of `figures!` declares a figure once. Of it come the field, its published name,
//! how several runs become one, its place among the metrics, its label and unit, the JSON Schemas of
//! results and the types of the npm package.

use std::collections::BTreeMap;

use redrive::wire::Value;

use super::{Figure, TraceHash};
use crate::merge::spread;

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Seconds.
    Seconds,
    /// Things a second.
    PerSecond,
    /// A share of one.
    Share,
    /// A plain number: a ratio.
    Factor,
    /// Not a number.
    Text,
}

/// Which of two values of a figure is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The lower.
    Lower,
    /// The higher.
    Higher,
    /// Neither: it only describes the run.
    Neither,
}

/// What a figure looks like in a result.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A number, its spread over several runs, or `null`.
    Figure,
    /// The quantiles of a distribution.
    Quantiles,
    /// A figure for each reason of dead letters.
    Reasons,
    /// A text.
    Text,
    /// A number that all runs share.
    Number,
    /// 16 hex digits.
    Hash,
    /// A list of groups of figures, the name of their type, and whether an empty list is left out.
    List(&'static str, fn() -> Vec<Property>, bool),
}

/// A row as its readers see it: schemas, types, tables.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// Its published name.
    pub name: &'static str,
    /// What it looks like.
    pub shape: Shape,
    about: &'static str,
}

impl Property {
    /// What it means.
    #[must_use]
    pub fn about(&self) -> &'static str {
        self.about.trim_start()
    }
}

/// One row of the table of figures of a `T`.
pub struct FigureRow<T: 'static> {
    /// Its published name.
    pub name: &'static str,
    /// What to call it in a table.
    pub label: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// Which of two values is better.
    pub better: Better,
    /// What it looks like.
    pub shape: Shape,
    /// The figure of a result; absent for what is not a single number.
    pub figure: fn(&T) -> Figure,
    pub(super) about: &'static str,
    pub(super) tree: fn(&T) -> Option<Value>,
}

impl<T> FigureRow<T> {
    /// What it means, in a sentence.
    #[must_use]
    pub fn about(&self) -> &'static str {
        self.about.trim_start()
    }

    const fn property(&self) -> Property {
        Property { name: self.name, about: self.about, shape: self.shape }
    }
}

/// A group of figures with its table.
pub(crate) trait Group: Sized + 'static {
    /// The name of its type in TypeScript.
    const NAME: &'static str;
    /// Whether a list of none of them is left out.
    const OPTIONAL: bool;
    /// Its rows.
    const ROWS: &'static [FigureRow<Self>];

    /// Several runs as one.
    fn merged(runs: &[&Self]) -> Self;

    /// Its entries as they are published.
    fn entries(&self) -> Vec<(String, Value)> {
        let entry = |row: &FigureRow<Self>| Some((row.name.to_owned(), (row.tree)(self)?));
        Self::ROWS.iter().filter_map(entry).collect()
    }

    /// What schemas and types are made of.
    fn properties() -> Vec<Property> {
        Self::ROWS.iter().map(FigureRow::property).collect()
    }
}

/// The type of a field of a group.
pub(super) trait Part: Sized {
    const SHAPE: Shape;

    /// As it is published; `None` where it is left out.
    fn tree(&self) -> Option<Value>;

    /// Several runs as one, in their order; there is at least one.
    fn merged(runs: &[&Self]) -> Self;

    /// The number, where it is one.
    fn figure(&self) -> Figure {
        Figure::Absent
    }
}

/// One field of several runs as one. By pointer: one piece of code for all fields of a type.
pub(super) fn field<T, P: Part>(runs: &[&T], of: fn(&T) -> &P) -> P {
    P::merged(&runs.iter().map(|run| of(run)).collect::<Vec<_>>())
}

impl Part for Figure {
    const SHAPE: Shape = Shape::Figure;

    fn tree(&self) -> Option<Value> {
        Some((*self).into())
    }

    fn merged(runs: &[&Self]) -> Self {
        spread(&runs.iter().map(|run| **run).collect::<Vec<_>>())
    }

    fn figure(&self) -> Figure {
        *self
    }
}

impl Part for super::Quantiles {
    const SHAPE: Shape = Shape::Quantiles;

    fn tree(&self) -> Option<Value> {
        Some(Value::Map(self.entries()))
    }

    fn merged(runs: &[&Self]) -> Self {
        Group::merged(runs)
    }
}

impl Part for BTreeMap<String, Figure> {
    const SHAPE: Shape = Shape::Reasons;

    fn tree(&self) -> Option<Value> {
        let reason = |(name, count): (&String, &Figure)| (name.clone(), (*count).into());
        Some(Value::Map(self.iter().map(reason).collect()))
    }

    fn merged(runs: &[&Self]) -> Self {
        let mut reasons = Self::new();
        for name in runs.iter().flat_map(|run| run.keys()) {
            if !reasons.contains_key(name) {
                let count = |run: &&Self| run.get(name).copied().unwrap_or(Figure::Count(0));
                let counts: Vec<Figure> = runs.iter().map(count).collect();
                reasons.insert(name.clone(), spread(&counts));
            }
        }
        reasons
    }
}

impl Part for String {
    const SHAPE: Shape = Shape::Text;

    fn tree(&self) -> Option<Value> {
        Some(self.as_str().into())
    }

    /// What only says what was measured is the same in all runs.
    fn merged(runs: &[&Self]) -> Self {
        runs.first().map_or_else(Self::new, |first| (*first).clone())
    }
}

impl Part for f64 {
    const SHAPE: Shape = Shape::Number;

    fn tree(&self) -> Option<Value> {
        Some(Value::Float(*self))
    }

    fn merged(runs: &[&Self]) -> Self {
        runs.first().map_or(0.0, |first| **first)
    }
}

impl Part for TraceHash {
    const SHAPE: Shape = Shape::Hash;

    fn tree(&self) -> Option<Value> {
        Some(self.0.as_str().into())
    }

    /// One hash over the hashes of the runs, in order.
    fn merged(runs: &[&Self]) -> Self {
        let text: String = runs.iter().map(|run| run.0.as_str()).collect();
        Self::new(redrive::random::hash(text.as_bytes()))
    }
}

impl<T: Group> Part for Vec<T> {
    const SHAPE: Shape = Shape::List(T::NAME, T::properties, T::OPTIONAL);

    fn tree(&self) -> Option<Value> {
        let group = |group: &T| Value::Map(group.entries());
        (!T::OPTIONAL || !self.is_empty()).then(|| Value::List(self.iter().map(group).collect()))
    }

    /// All runs have the same windows and layers.
    fn merged(runs: &[&Self]) -> Self {
        let count = runs.iter().map(|run| run.len()).min().unwrap_or(0);
        let place = |i| T::merged(&runs.iter().filter_map(|run| run.get(i)).collect::<Vec<_>>());
        (0..count).map(place).collect()
    }
}

/// Declares a group of figures, one row each:
///
/// ```text
/// /// What it means, in a sentence.
/// field: Type, "publishedName", "label", Unit, Better = value;
/// ```
///
/// `value` is worked out of the named source when a run is over.
macro_rules! figures {
    (
        $(#[$outer:meta])*
        pub struct $group:ident ($typescript:literal, optional: $optional:literal)
        from $source:ident: $counted:ty {
            $(
                $(#[doc = $doc:literal])+
                $(#[serde($how:ident)])?
                $field:ident: $type:ty, $name:literal, $label:literal, $unit:ident, $better:ident
                    = $value:expr;
            )*
        }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Debug, PartialEq, serde::Deserialize)]
        pub struct $group {
            $(
                $(#[doc = $doc])+
                #[serde(rename = $name $(, $how)?)]
                pub $field: $type,
            )*
        }

        impl $group {
            /// What a run has counted.
            pub(crate) fn of($source: $counted) -> Self {
                Self { $($field: <$type>::from($value)),* }
            }
        }

        impl $crate::outcome::row::Group for $group {
            const NAME: &'static str = $typescript;
            const OPTIONAL: bool = $optional;
            const ROWS: &'static [$crate::outcome::row::FigureRow<Self>] = &[
                $($crate::outcome::row::FigureRow {
                    name: $name,
                    label: redrive::bounds::prose($label),
                    about: redrive::bounds::prose(concat!($($doc),+)),
                    unit: $crate::outcome::row::Unit::$unit,
                    better: $crate::outcome::row::Better::$better,
                    shape: <$type as $crate::outcome::row::Part>::SHAPE,
                    figure: |group| $crate::outcome::row::Part::figure(&group.$field),
                    tree: |group| $crate::outcome::row::Part::tree(&group.$field),
                }),*
            ];

            fn merged(runs: &[&Self]) -> Self {
                Self { $($field: $crate::outcome::row::field(runs, |run| &run.$field)),* }
            }
        }
    };
}

pub(super) use figures;
