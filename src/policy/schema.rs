//! The JSON Schema of the wire format, made from the same field lists and bounds that reading uses.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use super::{
    Action, CapStage, DebitOn, ElapsedMeasure, ElapsedRule, HintMode, OnEmpty, RoundingMode,
    WhenLonger,
    kinds::{BACKOFFS, BUDGETS, JITTERS},
    parameter::{END, KindRow, Parameter, Shape},
    wire::{DOCUMENT, FIDELITIES, VERSION},
};
use crate::{
    bounds::{self, Bound, TABLE},
    schema::{
        DIALECT, any, array, at_most, constant, described, duration, either, list, nullable,
        of_type, pointer, reference, row, words,
    },
    wire::Value,
};

/// The JSON Schema (draft 2020-12) of a policy.
pub fn policy() -> Value {
    let properties = DOCUMENT.iter().map(|name| (name.to_string(), property(name))).collect();
    Value::map([
        ("$schema", DIALECT.into()),
        ("title", "redrive retry policy".into()),
        ("type", "object".into()),
        ("additionalProperties", false.into()),
        ("properties", Value::Map(properties)),
        (
            "$defs",
            Value::map([
                ("duration", duration()),
                (
                    "backoff",
                    kinds_schema(BACKOFFS, &[("firstDelay", nullable(row(bounds::FIRST_DELAY)))]),
                ),
                ("jitter", kinds_schema(JITTERS, &[])),
                ("budget", kinds_schema(BUDGETS, &[])),
                ("end", end()),
                ("rule", rule()),
            ]),
        ),
    ])
}

fn property(name: &str) -> Value {
    match name {
        "$schema" => pointer(),
        "imported" => described(
            "Where the policy was imported from, and how faithful the import is.",
            object([
                ("from", described("The system.", of_type("string"))),
                ("name", described("Its name there.", of_type("string"))),
                ("fidelity", described("Whether it behaves exactly as there.", words(&FIDELITIES))),
                ("reasons", described("Each difference.", array(of_type("string"), 0))),
            ]),
        ),
        "version" => described("The version of this format.", constant(VERSION)),
        "backoff" => described(BACKOFF, reference(name)),
        "jitter" => described(JITTER, reference(name)),
        "budget" => described(BUDGET, nullable(reference(name))),
        "minDelay" => row(bounds::MIN_DELAY),
        "maxAttempts" => {
            either([row(bounds::MAX_ATTEMPTS), of_type("null"), words(&["unlimited"])])
        }
        "elapsedRule" => described(ELAPSED_RULE, words(&ElapsedRule::NAMES)),
        "defaultAction" => described(DEFAULT_ACTION, words(&Action::NAMES)),
        "retryAfter" => described(
            "How a server's Retry-After is used.",
            object([
                ("mode", described(HINT_MODE, words(&HintMode::NAMES))),
                ("max", row(bounds::RETRY_AFTER_MAX)),
                (
                    "whenLonger",
                    described(
                        "What a longer Retry-After does: it counts as max (cap), or ends the task (giveUp).",
                        words(&WhenLonger::NAMES),
                    ),
                ),
                ("jitter", described("The jitter of Retry-After.", reference("jitter"))),
            ]),
        ),
        "classify" => described(
            "Rules for kinds of failures; the first that matches wins.",
            at_most(array(reference("rule"), 0), bounds::longest("classify")),
        ),
        "compat" => described(
            "Behaviour of other systems, for policies imported from them.",
            nullable(compat()),
        ),
        name => match TABLE.iter().find(|row| row.name == name) {
            Some(found) => nullable(row(found)),
            None => Value::Bool(true),
        },
    }
}

const BACKOFF: &str = "How the delay grows: a kind's name, or a kind with its fields. Default: \
                       exponential from 2 s, doubled from retry to retry.";
const JITTER: &str = "How delays are spread: a kind's name, or a kind with its fields. Default: \
                      proportional, up to 10 % more; for many clients of one server full is better.";
const BUDGET: &str = "An allowance of retries that all users of this policy share. Default: none.";
const ELAPSED_RULE: &str = "What maxElapsed ends: a wait that would end too late \
                            (stopIfWouldExceed, the default), only one that begins too late \
                            (stopIfReached), or none: waits are cut to fit (truncate).";
const DEFAULT_ACTION: &str = "The action for failures that no rule matches. Default: retry.";
const HINT_MODE: &str = "As the minimum delay (atLeast, the default), instead of the delay (replace), \
                         at most max more than the delay (clamp), or not (ignore).";

/// One alternative for each kind, and the bare names of those that need no field.
fn kinds_schema(table: &[KindRow], shared: &[(&str, Value)]) -> Value {
    let bare: Vec<&str> =
        table.iter().filter(|kind| kind.is_bare()).map(|kind| kind.name).collect();
    let mut alternatives = Vec::from([words(&bare)]);
    for kind in table {
        let mut properties = Vec::from([("kind".to_string(), constant(kind.name))]);
        properties.extend(kind.parameters.iter().map(|p| (p.name.to_string(), parameter(p))));
        properties.extend(shared.iter().map(|(name, schema)| (name.to_string(), schema.clone())));
        let own = kind.parameters.iter().filter(|parameter| parameter.is_required());
        let required: Vec<&str> = core::iter::once("kind").chain(own.map(|p| p.name)).collect();
        alternatives.push(crate::schema::object(properties, &required));
    }
    Value::map([("anyOf", Value::List(alternatives))])
}

fn parameter(parameter: &Parameter) -> Value {
    match (parameter.shape, parameter.name) {
        (Shape::Scalar, _) => row(parameter.bound),
        (Shape::Durations, name) => {
            let most = bounds::longest(name);
            described(parameter.doc, at_most(array(row(parameter.bound), 1), most))
        }
        (Shape::End, _) => described(parameter.doc, reference("end")),
        (Shape::Special, "debitOn") => described(parameter.doc, words(&DebitOn::NAMES)),
        (Shape::Special, "onEmpty") => described(parameter.doc, words(&OnEmpty::NAMES)),
        (Shape::Special, "refundOnRetrySuccess") => {
            described(parameter.doc, any([words(&["cost"]), row(&needed(bounds::REFUND))]))
        }
        (Shape::Special, "costByClass") => {
            let costs = Value::map([
                ("type", "object".into()),
                ("additionalProperties", row(&needed(bounds::COST))),
            ]);
            described(parameter.doc, at_most(costs, bounds::longest("costByClass")))
        }
        (Shape::Special, _) => nullable(row(parameter.bound)),
    }
}

/// A row where nothing is taken for a value that is left out.
fn needed(row: &Bound) -> Bound {
    Bound { default: None, ..*row }
}

fn end() -> Value {
    object(END.map(|bound| (bound.name, row(bound))))
}

fn rule() -> Value {
    let text = Value::map([("type", "string".into()), ("minLength", Value::Unsigned(1))]);
    let texts = at_most(array(text.clone(), 1), bounds::longest("match"));
    let matched = "The failures it applies to: a kind, a family like 5xx, a code, a name, or a list of these.";
    let mut rule = object([
        ("match", described(matched, any([text, texts]))),
        ("action", described("The action. Default: retry.", words(&Action::NAMES))),
        ("backoff", described("The backoff for these failures.", reference("backoff"))),
        ("jitter", described("The jitter for these failures.", reference("jitter"))),
    ]);
    if let Value::Map(entries) = &mut rule {
        entries.push(("required".to_string(), list(&["match"])));
    }
    rule
}

fn compat() -> Value {
    let boolean = |what: &str| described(what, of_type("boolean"));
    object([
        (
            "capStage",
            described("Where the cap applies: before or after jitter.", words(&CapStage::NAMES)),
        ),
        (
            "rounding",
            described(
                "Delays are whole multiples of a unit.",
                nullable(object([
                    ("unit", row(bounds::ROUNDING_UNIT)),
                    ("mode", described("How to round.", words(&RoundingMode::NAMES))),
                    ("eachStep", boolean("Whether each step of the curve is rounded as well.")),
                ])),
            ),
        ),
        (
            "elapsedMeasure",
            described(
                "What maxElapsed measures: all the time, or only the waits.",
                words(&ElapsedMeasure::NAMES),
            ),
        ),
        ("feedback", boolean("Whether the next delay grows from the jittered one.")),
        (
            "resampleAbove",
            described(
                "A delay above the cap is redrawn between these fractions of the cap.",
                nullable(object([
                    ("low", row(bounds::RESAMPLE_LOW)),
                    ("high", row(bounds::RESAMPLE_HIGH)),
                ])),
            ),
        ),
    ])
}

fn object<const N: usize>(properties: [(&str, Value); N]) -> Value {
    let named: Vec<(String, Value)> =
        properties.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
    crate::schema::object(named, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RetryPolicy;

    /// The bare names that the definition `name` allows.
    fn bare_names(name: &str) -> Vec<String> {
        let schema = policy();
        let definition = schema.get("$defs").and_then(|defs| defs.get(name)).cloned();
        let Some(Value::List(alternatives)) = definition.and_then(|d| d.get("anyOf").cloned())
        else {
            panic!("{name} has alternatives")
        };
        let Some(Value::List(names)) = alternatives[0].get("enum") else { panic!("names first") };
        names.iter().filter_map(Value::as_text).map(ToString::to_string).collect()
    }

    #[test]
    fn a_bare_name_is_in_the_schema_if_and_only_if_it_is_read() {
        for (field, table) in [("backoff", BACKOFFS), ("jitter", JITTERS), ("budget", BUDGETS)] {
            let allowed = bare_names(field);
            for kind in KindRow::names(table) {
                let read = RetryPolicy::from_value(&Value::map([(field, kind.into())])).is_ok();
                assert_eq!(allowed.iter().any(|name| name == kind), read, "{field} {kind}");
            }
        }
    }
}
