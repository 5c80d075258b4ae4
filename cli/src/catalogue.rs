//! `redrive presets` and `redrive scenarios`: what there is, and each entry in full as a file to
//! start from.

use redrive::{presets, wire::Value};
use redrive_sim::scenario::{Builtin, builtins};

use crate::{
    args::{Catalogue, CatalogueFormat},
    error::CliError,
    output,
    paint::Style,
    table, tree,
};

const NAME: Style = Style::Cyan;

/// `redrive presets [NAME]`
pub(crate) fn presets(typed: &Catalogue) -> Result<(), CliError> {
    let Some(name) = &typed.name else {
        let entries = presets::all().iter().map(|preset| {
            let source = match preset.source {
                "redrive" => String::new(),
                source => format!(" ({source}, {})", preset.date),
            };
            let what = format!("{}{source}", preset.title);
            (preset.name, what, preset.policy().to_value())
        });
        return list(typed.format, "presets", "policy", entries.collect());
    };
    let preset = presets::find(name)?;
    one(typed.format, &preset.policy().to_value(), &[preset.title, preset.source, preset.date])
}

/// `redrive scenarios [NAME]`
pub(crate) fn scenarios(typed: &Catalogue) -> Result<(), CliError> {
    let Some(name) = &typed.name else {
        let entries = builtins().iter().map(|b| (b.name, b.title.to_owned(), b.value()));
        return list(typed.format, "scenarios", "scenario", entries.collect());
    };
    let builtin = Builtin::find(name)?;
    if typed.format == Some(CatalogueFormat::Text) {
        let width = output::width().min(100);
        let about = table::wrapped(builtin.about, width);
        return output::print(&format!("{}\n\n{about}", builtin.title));
    }
    one(typed.format, &builtin.value(), &[])
}

fn list(
    format: Option<CatalogueFormat>,
    plural: &str,
    single: &str,
    entries: Vec<(&'static str, String, Value)>,
) -> Result<(), CliError> {
    match format {
        None | Some(CatalogueFormat::Text) => {
            let mut text = String::new();
            let longest = entries.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
            let room = output::width().saturating_sub(longest + 2).max(20);
            let indent = format!("\n{}", " ".repeat(longest + 2));
            for (name, what, _) in &entries {
                let pad = " ".repeat(longest + 2 - name.len());
                let what = table::wrapped(what, room).trim_end().replace('\n', &indent);
                text.push_str(&format!("{NAME}{name}{NAME:#}{pad}{what}\n"));
            }
            output::print(&text)
        }
        Some(CatalogueFormat::Json) => {
            let entries = entries.into_iter().map(|(name, title, value)| {
                Value::Map(vec![
                    ("name".to_owned(), name.into()),
                    ("title".to_owned(), title.into()),
                    (single.to_owned(), value),
                ])
            });
            let list = Value::Map(vec![(plural.to_owned(), Value::List(entries.collect()))]);
            output::print(&tree::json(&list)?)
        }
        Some(CatalogueFormat::Toml) => Err(CliError::Usage(format!(
            "--format toml prints one entry: `redrive {plural} NAME --format toml`"
        ))),
    }
}

fn one(format: Option<CatalogueFormat>, value: &Value, about: &[&str]) -> Result<(), CliError> {
    if format == Some(CatalogueFormat::Json) {
        return output::print(&tree::json(value)?);
    }
    let head: String = about.iter().map(|line| format!("# {line}\n")).collect();
    let body = tree::toml(value)?;
    output::print(&format!("{head}{body}"))
}
