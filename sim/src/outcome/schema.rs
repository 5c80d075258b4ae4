//! What a result looks like, made of the table of figures: its JSON Schema.

use redrive::{
    schema::{DIALECT, array, described, object, of_type, reference},
    task::Reason,
    wire::Value,
};

use super::{
    Group, Quantiles, SCHEMA, Summary,
    row::{Property, Shape},
};

/// The rows of a policy's figures.
#[must_use]
pub fn figures() -> Vec<Property> {
    Summary::properties()
}

/// The rows of a distribution.
#[must_use]
pub fn quantiles() -> Vec<Property> {
    Quantiles::properties()
}

/// The JSON Schema (draft 2020-12) of `redrive-simulate/1`.
#[must_use]
pub fn outcome() -> Value {
    let seed = Value::map([
        ("type", "integer".into()),
        ("minimum", Value::Unsigned(0)),
        ("maximum", Value::Unsigned(u64::MAX)),
    ]);
    let runs = Value::map([("type", "integer".into()), ("minimum", Value::Unsigned(1))]);
    let fields = [
        ("schema", Value::map([("const", SCHEMA.into())])),
        ("scenario", of_type("string")),
        ("seed", seed),
        ("runs", runs),
        ("policies", array(reference("policy"), 0)),
    ];
    let properties: Vec<(String, Value)> =
        fields.map(|(name, schema)| (name.to_owned(), schema)).into();
    let required = ["schema", "scenario", "seed", "runs", "policies"];
    let Value::Map(mut schema) = object(properties, &required) else { return Value::Null };
    let head = [
        ("$schema", DIALECT),
        ("$id", SCHEMA),
        ("title", "What a simulation found"),
        ("description", "Output of `redrive simulate --format json` and summary.json."),
    ];
    schema.splice(0..0, head.map(|(name, text)| (name.to_owned(), text.into())));
    schema.push(("$defs".to_owned(), Value::Map(definitions())));
    Value::Map(schema)
}

/// What the schema of a result, or of several in one file, refers to: `policy`, `figure` and
/// `quantiles`.
#[must_use]
pub fn definitions() -> Vec<(String, Value)> {
    let mut policy = vec![("name".to_owned(), of_type("string"))];
    policy.extend(figures().iter().map(property));
    policy.push((
        "partial".to_owned(),
        described("The run was stopped before its end.", of_type("boolean")),
    ));
    let mut required = vec!["name"];
    required.extend(required_of(&figures()));
    vec![
        ("policy".to_owned(), object(policy, &required)),
        ("figure".to_owned(), figure()),
        ("quantiles".to_owned(), group(&quantiles())),
    ]
}

fn figure() -> Value {
    let number = || of_type("number");
    let whole =
        |least: u64| Value::map([("type", "integer".into()), ("minimum", Value::Unsigned(least))]);
    let half = Value::map([("type", "number".into()), ("minimum", Value::Unsigned(0))]);
    let fields = [
        ("mean", number()),
        ("ci95", half),
        ("min", number()),
        ("max", number()),
        ("missing", whole(0)),
    ];
    let fields = fields.map(|(name, schema)| (name.to_owned(), schema)).into();
    let spread = object(fields, &["mean", "ci95", "min", "max"]);
    let one = Value::map([("type", Value::List(vec!["number".into(), "null".into()]))]);
    described(
        "A number of one run (null: there is none), or its spread over several runs.",
        Value::map([("anyOf", Value::List(vec![one, spread]))]),
    )
}

fn group(rows: &[Property]) -> Value {
    object(rows.iter().map(property).collect(), &required_of(rows))
}

fn required_of(rows: &[Property]) -> Vec<&'static str> {
    let required = |row: &&Property| !matches!(row.shape, Shape::List(_, _, true));
    rows.iter().filter(required).map(|row| row.name).collect()
}

fn property(row: &Property) -> (String, Value) {
    let schema = match row.shape {
        Shape::Figure => reference("figure"),
        Shape::Quantiles => reference("quantiles"),
        Shape::Text => of_type("string"),
        Shape::Number => of_type("number"),
        Shape::Hash => {
            Value::map([("type", "string".into()), ("pattern", "^[0-9a-f]{16}$".into())])
        }
        Shape::Reasons => {
            let names = Reason::ALL.iter().map(|reason| reason.as_str().into()).collect();
            Value::map([
                ("type", "object".into()),
                ("propertyNames", Value::map([("enum", Value::List(names))])),
                ("additionalProperties", reference("figure")),
            ])
        }
        Shape::List(_, rows, _) => array(group(&rows()), 0),
    };
    (row.name.to_owned(), described(row.about(), schema))
}
