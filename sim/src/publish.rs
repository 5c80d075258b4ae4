//! The published form of results: one tree, of which every format is written.
//!
//! Not derived: what serde makes of types with half a hundred fields each is, in WebAssembly, three
//! times the code of a tree that a loop can write.

use redrive::wire::Value;
use serde::{Serialize, Serializer};

use crate::outcome::{Figure, Group, Outcome, PolicyOutcome, Quantiles, Spread, Summary};

impl Outcome {
    /// The result as it is published (`redrive-simulate/1`).
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::map([
            ("schema", self.schema.as_str().into()),
            ("scenario", self.scenario.as_str().into()),
            ("seed", Value::Unsigned(self.seed)),
            ("runs", self.runs.into()),
            ("policies", list(&self.policies, PolicyOutcome::to_value)),
        ])
    }
}

impl PolicyOutcome {
    /// The figures under the policy's name.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut fields = vec![("name".to_owned(), self.name.as_str().into())];
        fields.extend(self.summary.entries());
        if self.partial {
            fields.push(("partial".to_owned(), true.into()));
        }
        Value::Map(fields)
    }
}

impl Summary {
    /// The figures by their published names.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::Map(self.entries())
    }
}

impl From<Figure> for Value {
    fn from(figure: Figure) -> Value {
        match figure {
            Figure::Absent => Value::Null,
            Figure::Count(count) => Value::Unsigned(count),
            Figure::Real(value) => Value::Float(value),
            Figure::Spread(spread) => spread.into(),
        }
    }
}

impl From<Spread> for Value {
    fn from(spread: Spread) -> Value {
        let mut fields = Value::map([
            ("mean", Value::Float(spread.mean)),
            ("ci95", Value::Float(spread.ci95)),
            ("min", Value::Float(spread.min)),
            ("max", Value::Float(spread.max)),
        ]);
        if let Value::Map(fields) = &mut fields
            && spread.missing > 0
        {
            fields.push(("missing".to_owned(), spread.missing.into()));
        }
        fields
    }
}

fn list<T>(items: &[T], each: fn(&T) -> Value) -> Value {
    Value::List(items.iter().map(each).collect())
}

macro_rules! published {
    ($($name:ty: $tree:expr),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $tree(self).serialize(serializer)
            }
        }
    )*};
}

published!(
    Outcome: Outcome::to_value,
    PolicyOutcome: PolicyOutcome::to_value,
    Summary: Summary::to_value,
    Quantiles: |quantiles: &Quantiles| Value::Map(quantiles.entries()),
    Figure: |figure: &Figure| Value::from(*figure)
);
