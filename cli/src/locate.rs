//! The line of a file that a field is on.
//!
//! What is read becomes a tree without positions. Only when something is wrong with it, the text is
//! parsed a second time by a parser that keeps them, and the path of the error is followed down as
//! far as it goes.

use std::{fmt, path::Path};

use jsonc_parser::{CollectOptions, ParseOptions, ast, common::Ranged, parse_to_ast};
use toml::de::{DeTable, DeValue};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// JSON.
    Json,
    /// TOML.
    Toml,
}

impl Format {
    /// By the ending of its name, or how it begins.
    pub(crate) fn of(path: &Path, text: &str) -> Self {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("toml") => Self::Toml,
            Some("json") => Self::Json,
            _ if text.trim_start().starts_with('{') => Self::Json,
            _ => Self::Toml,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "JSON",
            Self::Toml => "TOML",
        })
    }
}

/// The line (from 1) of the field `path` in `text`, or of the nearest group around it.
pub(crate) fn line_of(text: &str, format: Format, path: &str) -> Option<usize> {
    let steps: Vec<&str> = path.split(['.', '[', ']']).filter(|step| !step.is_empty()).collect();
    let offset = match format {
        Format::Toml => {
            let table = DeTable::parse(text).ok()?;
            in_toml(table.get_ref(), &steps)?
        }
        Format::Json => {
            let options = (CollectOptions::default(), ParseOptions::default());
            let parsed = parse_to_ast(text, &options.0, &options.1).ok()?;
            in_json(parsed.value.as_ref()?, &steps)?
        }
    };
    Some(line_at(text, offset))
}

/// The line (from 1) that holds the byte `offset`.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Names are the same in camelCase and `snake_case`.
fn same(a: &str, b: &str) -> bool {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    plain(a) == plain(b)
}

fn in_toml(table: &DeTable<'_>, steps: &[&str]) -> Option<usize> {
    let (step, rest) = steps.split_first()?;
    let (name, value) = table.iter().find(|(name, _)| same(name.get_ref(), step))?;
    Some(in_toml_value(value.get_ref(), rest).unwrap_or(name.span().start))
}

fn in_toml_value(value: &DeValue<'_>, steps: &[&str]) -> Option<usize> {
    match value {
        DeValue::Table(table) => in_toml(table, steps),
        DeValue::Array(items) => {
            let (step, rest) = steps.split_first()?;
            let item = items.get(step.parse::<usize>().ok()?)?;
            Some(in_toml_value(item.get_ref(), rest).unwrap_or(item.span().start))
        }
        _ => None,
    }
}

fn in_json(value: &ast::Value<'_>, steps: &[&str]) -> Option<usize> {
    let (step, rest) = steps.split_first()?;
    match value {
        ast::Value::Object(object) => {
            // The last of equal names: it is the one that is too many.
            let field = object.properties.iter().rev().find(|p| same(p.name.as_str(), step))?;
            Some(in_json(&field.value, rest).unwrap_or(field.range.start))
        }
        ast::Value::Array(items) => {
            let item = items.elements.get(step.parse::<usize>().ok()?)?;
            Some(in_json(item, rest).unwrap_or(item.range().start))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_in_toml() {
        let text = "name = \"x\"\n\n[server]\nworkers = 3\nqueue = { limit = 0 }\n\n\
                    [[faults]]\nfrom = 1\n[[faults]]\nfrom = 2\nmode = \"dwn\"\n";
        for (path, line) in [
            ("name", Some(1)),
            ("server.workers", Some(4)),
            ("server.queue.limit", Some(5)),
            ("server.queue.unknown", Some(5)),
            ("faults[1].mode", Some(11)),
            ("nothing", None),
        ] {
            assert_eq!(line_of(text, Format::Toml, path), line, "{path}");
        }
    }

    #[test]
    fn a_field_is_found_in_json() {
        let text = "{\n  \"max_delay\": \"1s\",\n  \"classify\": [\n    {\"match\": \"a\"},\n\
                    \x20   {\n      \"action\": \"x\"}\n  ]\n}";
        for (path, line) in
            [("maxDelay", Some(2)), ("classify[1].action", Some(6)), ("classify[0]", Some(4))]
        {
            assert_eq!(line_of(text, Format::Json, path), line, "{path}");
        }
    }
}
