//! One row a field: its name, which reading goes by, and its schema, from which the JSON Schema of
//! scenarios and TypeScript's types are made. The rows are beside the readers of their groups.

use redrive::{
    schema::{any, constant, described, object, of_type, reference},
    wire::Value,
};

use super::server::SAME;

/// A field of a group.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) schema: fn() -> Value,
}

/// The rows of a group's fields, and before them their names where reading needs them.
macro_rules! fields {
    ($(#[$about:meta])* $vis:vis $rows:ident {
        $($name:literal: $schema:expr,)*
    }) => {
        $(#[$about])*
        $vis const $rows: &[$crate::scenario::field::Field] =
            &[$($crate::scenario::field::Field { name: $name, schema: || $schema }),*];
    };
    ($(#[$about:meta])* $vis:vis $names:ident, $rows:ident {
        $($name:literal: $schema:expr,)*
    }) => {
        $(#[$about])*
        $vis const $names: &[&str] = &[$($name),*];
        $crate::scenario::field::fields! {
            $(#[$about])* $vis $rows { $($name: $schema,)* }
        }
    };
}
pub(crate) use fields;

/// The schema of the field `name`; everything is allowed if no row describes it, which a test finds.
pub(super) fn property(rows: &[Field], name: &str) -> Value {
    let found = rows.iter().find(|row| row.name == name);
    found.map_or(Value::Bool(true), |row| (row.schema)())
}

/// A group of these fields, some of them required.
pub(super) fn group(rows: &[Field], required: &[&str]) -> Value {
    let properties = rows.iter().map(|row| (row.name.to_owned(), (row.schema)()));
    object(properties.collect(), required)
}

pub(crate) fn text(what: &str) -> Value {
    described(what, of_type("string"))
}

pub(crate) fn flag(what: &str) -> Value {
    described(what, of_type("boolean"))
}

/// A distribution of times.
pub(crate) fn law(what: &str) -> Value {
    described(what, reference("distribution"))
}

/// A column, by its name or number.
pub(crate) fn column(what: &str) -> Value {
    let number = Value::map([("type", "integer".into()), ("minimum", Value::Unsigned(1))]);
    let what = format!("{what}, by its name or number. Default: detected from the file.");
    described(&what, any([of_type("string"), number]))
}

/// A preset's name, a policy, or `same`.
pub(super) fn policy_or_same(what: &str) -> Value {
    described(what, any([reference("policy"), reference("preset"), constant(SAME)]))
}
