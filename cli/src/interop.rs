//! `redrive import` and `redrive export`: policies from and for the configuration of other systems.
//!
//! The result goes to the standard output, alone, so that it can become a file; what behaves
//! differently there and here is told beside it, on the standard error.

use std::path::Path;

use redrive::wire::{ConfigError, Value, did_you_mean, is_hidden};
use redrive_interop::{Imported, Syntax, System, find, systems, write_ini, write_properties};

use crate::{
    args::{Export, Import, PolicyFormat},
    error::CliError,
    input::{Document, NamedPolicy},
    output,
    paint::Style,
    read, tree,
};

const NOTE: Style = Style::Yellow;

/// `redrive import --from SYSTEM FILE`
pub(crate) fn import(typed: &Import) -> Result<(), CliError> {
    let (Some(from), Some(file)) = (&typed.from, &typed.file) else { return list() };
    let system = find(from)?;
    let policies = read(system, file)?;
    let imported = chosen(policies, typed.name.as_deref())?;
    let text = match typed.format {
        PolicyFormat::Toml => {
            origin(system, &imported)
                + &showable(
                    tree::toml(&imported.policy.to_value())?,
                    "TOML; write it with --format json",
                )?
        }
        PolicyFormat::Json => {
            let mut value = imported.policy.to_value();
            if let Value::Map(fields) = &mut value {
                fields.push(("imported".to_owned(), imported.origin(system)));
            }
            tree::json(&value)?
        }
    };
    output::print(&text)?;
    tell(&imported.notes);
    tell(&imported.remarks);
    Ok(())
}

/// Every system, what it is and what its files hold.
fn list() -> Result<(), CliError> {
    let longest = systems().iter().map(|system| system.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for System { name, title, holds, .. } in systems() {
        text += &format!("{name:longest$}  {title}: {holds}\n");
    }
    output::print(&text)
}

/// Where a policy came from and how exact it is, as comments: they stay when the output is saved.
fn origin(system: &System, imported: &Imported) -> String {
    let mut text = format!(
        "# Imported from {} ({}), policy {}.\n# Fidelity: {}",
        system.title,
        system.name,
        comment(&imported.name),
        imported.fidelity()
    );
    text += if imported.is_exact() { ".\n" } else { ", since:\n" };
    for note in &imported.notes {
        text += &format!("# - {}\n", comment(note));
    }
    text + "\n"
}

/// One line without control characters, whatever a file has in its names.
fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_hidden(c) { ' ' } else { c }).collect()
}

fn read(system: &System, file: &Path) -> Result<Vec<Imported>, CliError> {
    let is_toml = file.extension().is_some_and(|ending| ending == "toml");
    if is_toml && system.syntax != Syntax::Ini {
        let document = Document::read(file)?;
        return system.import(document.value()).map_err(|error| document.error(&error));
    }
    let (name, text) = read::text(file, read::DOCUMENT)?;
    let refused = |error: ConfigError| CliError::content(&name, error.to_string());
    match system.syntax {
        Syntax::Json | Syntax::Properties if text.trim_start().starts_with(['{', '[']) => {
            let document = Document::parse_json(name, text)?;
            system.import(document.value()).map_err(|error| document.error(&error))
        }
        Syntax::Json | Syntax::Ini | Syntax::Properties => {
            system.import(&system.read(&text).map_err(refused)?).map_err(refused)
        }
    }
}

/// The policy that is wanted, where there are several.
fn chosen(policies: Vec<Imported>, name: Option<&str>) -> Result<Imported, CliError> {
    let all = policies.iter().filter(|policy| name.is_some() || !policy.is_variant);
    let names: Vec<String> = all.map(|imported| imported.name.clone()).collect();
    let mut policies = policies.into_iter();
    let found = match (name, names.len()) {
        (Some(name), _) => policies.find(|imported| imported.is_called(name)),
        (None, 1) => policies.find(|imported| !imported.is_variant),
        (None, _) => None,
    };
    found.ok_or_else(|| match name {
        Some(name) => {
            let known: Vec<&str> = names.iter().map(String::as_str).collect();
            let guess = did_you_mean(name, &known);
            let guess = guess.map_or_else(String::new, |guess| format!("did you mean {guess}? "));
            let names = names.join(", ");
            CliError::Usage(format!("no policy is called \"{name}\"; {guess}known: {names}"))
        }
        None => {
            let names = names.join(", ");
            CliError::Usage(format!(
                "the file has several policies; choose one with --name: {names}"
            ))
        }
    })
}

/// `redrive export --to SYSTEM NAME|FILE`
pub(crate) fn export(typed: &Export) -> Result<(), CliError> {
    let system = find(&typed.to)?;
    let NamedPolicy { name, policy } = NamedPolicy::find(&typed.policy)?;
    let refused =
        |error| CliError::Form(format!("{name} has no form in {}: {error}", system.title));
    let exported = system.export(&policy).map_err(refused)?;
    let text = match system.syntax {
        Syntax::Json => tree::json(&exported.tree)?,
        Syntax::Properties => showable(write_properties(&exported.tree), "this format")?,
        Syntax::Ini => showable(write_ini(&exported.tree), "this format")?,
    };
    output::print(&text)?;
    tell(&exported.notes);
    Ok(())
}

/// What would not be the same once it can be seen is refused: only JSON has an escape for everything.
fn showable(text: String, form: &str) -> Result<String, CliError> {
    match text.chars().find(|c| is_hidden(*c) && *c != '\n' && *c != '\t') {
        None => Ok(text),
        Some(c) => {
            let c = c.escape_default();
            Err(CliError::Form(format!(
                "a name has the character {c}, which has no place in {form}"
            )))
        }
    }
}

fn tell(notes: &[String]) {
    for note in notes {
        output::tell(&format!("{NOTE}note:{NOTE:#} {note}\n"));
    }
}
