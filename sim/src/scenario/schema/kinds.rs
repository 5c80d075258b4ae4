//! What each kind of a part needs, and what it means.

use redrive::{
    schema::{constant, described, list, object},
    wire::Value,
};

use super::with;
use crate::scenario::field::{Field, property};

/// One alternative for each kind, which its field `tag` names.
pub(crate) fn kinds(
    part: &str,
    tag: &'static str,
    rows: &[Field],
    table: &[(&'static str, &[&'static str])],
    shared: &[&'static str],
) -> Value {
    let alternative = |(kind, own): &(&'static str, &[&'static str])| {
        let fields = [&[tag][..], own, shared].concat();
        let mut properties: Vec<(String, Value)> = Vec::new();
        for name in fields {
            if properties.iter().any(|(other, _)| other == name) {
                continue;
            }
            let schema = if name == tag {
                described(meaning(part, kind), constant(*kind))
            } else {
                property(rows, name)
            };
            properties.push((name.to_owned(), schema));
        }
        let required = [&[tag], required(part, kind)].concat();
        let alternative = object(properties, &required);
        match choice(kind) {
            [] => alternative,
            names => {
                let one = names.iter().map(|names| Value::map([("required", list(names))]));
                // Values beside a file win; a mean beside a median is refused.
                let how = if *kind == "empirical" { "anyOf" } else { "oneOf" };
                with(alternative, how, Value::List(one.collect()))
            }
        }
    };
    Value::map([("anyOf", Value::List(table.iter().map(alternative).collect()))])
}

/// The fields of a kind that have no default.
fn required(part: &str, kind: &str) -> &'static [&'static str] {
    match (part, kind) {
        ("arrivals", "rate") => &["steps"],
        ("arrivals", "cron") => &["every"],
        (_, "fixed") => &["value"],
        (_, "exponential") => &["mean"],
        (_, "pareto") => &["min"],
        (_, "normal") => &["mean", "sd"],
        (_, "uniform") => &["high"],
        (_, "mixture") => &["parts"],
        _ => &[],
    }
}

/// The fields of a kind of which one set has to be there.
fn choice(kind: &str) -> &'static [&'static [&'static str]] {
    match kind {
        "lognormal" => &[&["median"], &["mean"]],
        "empirical" => &[&["values"], &["file"]],
        "trace" => &[&["counts", "bin"], &["file"]],
        _ => &[],
    }
}

/// What a kind is.
fn meaning(part: &str, kind: &str) -> &'static str {
    match (part, kind) {
        ("arrivals", "herd") => "All at once, or spread uniformly.",
        ("arrivals", "poisson") => "Independent users.",
        ("arrivals", "rate") => "Poisson with a rate that changes.",
        ("arrivals", "serial") => {
            "A closed system: each client starts its next task when the last one ended."
        }
        ("arrivals", "cron") => "Every client at the full period.",
        ("arrivals", "trace") => "What was counted or logged; uniform within a row.",
        ("faults", "down") => "Requests are refused at once, and what waits is not served.",
        ("faults", "hang") => "Requests are swallowed: the client has to time out.",
        ("faults", "errors") => "A share of the requests fails.",
        ("faults", "slow") => "Service takes longer.",
        ("faults", "brownout") => "Only a share of the capacity is there.",
        ("faults", "rateLimit") => "What is above the limit is refused at once, as throttled.",
        ("faults", "bursts") => "Errors that come in bursts (Gilbert-Elliott).",
        (_, "fixed") => "Always the same.",
        (_, "exponential") => "Memoryless.",
        (_, "lognormal") => "The usual shape of latencies, by its median or its mean.",
        (_, "pareto") => "Heavy tails: P(X > x) = (min / x)^shape.",
        (_, "normal") => "Normal, folded at zero.",
        (_, "uniform") => "Uniform from low to high.",
        (_, "empirical") => "One of given values, from a list or a file.",
        (_, "mixture") => "One of several distributions, by weight.",
        _ => "",
    }
}
