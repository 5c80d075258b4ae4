//! `redrive import` and `redrive export`: policies from and for the configuration of other systems.
//!
//! The result goes to the standard output, alone, so that it can become a file; what behaves
//! differently there and here is told beside it, on the standard error.

use redrive::wire::{ConfigError, is_hidden};
use redrive_interop::{Imported, Syntax, System, find, read_ini, write_ini};

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
    let system = find(&typed.from)?;
    let policies = read(system, typed)?;
    let Imported { policy, notes, .. } = chosen(policies, typed.name.as_deref())?;
    let value = policy.to_value();
    let text = match typed.format {
        PolicyFormat::Toml => showable(tree::toml(&value)?, "TOML; write it with --format json")?,
        PolicyFormat::Json => tree::json(&value)?,
    };
    output::print(&text)?;
    tell(&notes);
    Ok(())
}

fn read(system: &System, typed: &Import) -> Result<Vec<Imported>, CliError> {
    match system.syntax {
        Syntax::Json => {
            let document = Document::read_json(&typed.file)?;
            system.import(document.value()).map_err(|error| document.error(&error))
        }
        Syntax::Ini => {
            let (name, text) = read::text(&typed.file, read::DOCUMENT)?;
            let refused = |error| CliError::content(&name, ConfigError::to_string(&error));
            let tree = read_ini(&text).map_err(refused)?;
            system.import(&tree).map_err(refused)
        }
    }
}

/// The policy that is wanted, where there are several.
fn chosen(policies: Vec<Imported>, name: Option<&str>) -> Result<Imported, CliError> {
    let names: Vec<String> = policies.iter().map(|imported| imported.name.clone()).collect();
    let mut policies = policies.into_iter();
    let found = match (name, names.len()) {
        (Some(name), _) => policies.find(|imported| imported.name == name),
        (None, 1) => policies.next(),
        (None, _) => None,
    };
    found.ok_or_else(|| {
        let names = names.join(", ");
        match name {
            Some(name) => {
                CliError::Usage(format!("there is no policy \"{name}\" in it, only: {names}"))
            }
            None => {
                CliError::Usage(format!("there are several policies; say --name, out of: {names}"))
            }
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
