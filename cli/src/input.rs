//! Files that the user names: policies, scenarios, traces. JSON and TOML alike become a tree, and
//! what is wrong with one is told with the file's name and line.

use std::{io::Read as _, path::Path};

use flate2::read::MultiGzDecoder;
use redrive::{
    RetryPolicy, presets,
    wire::{ConfigError, Value},
};
use redrive_sim::files::Loader;

use crate::{
    error::{CliError, plain},
    locate::{self, Format},
    read::{self, Reach},
};

/// What a compressed file may hold.
const UNPACKED: u64 = 2_000_000_000;

/// A file with its tree.
#[derive(Debug)]
pub(crate) struct Document {
    name: String,
    text: String,
    format: Format,
    value: Value,
}

impl Document {
    /// Reads and parses `path`; `-` is the standard input.
    ///
    /// # Errors
    /// When it cannot be read, or is neither JSON nor TOML.
    pub(crate) fn read(path: &Path) -> Result<Self, CliError> {
        let (name, text) = read::text(path, read::DOCUMENT)?;
        let format = Format::of(path, &text);
        let value = parse(&name, &text, format)?;
        Ok(Self { name, text, format, value })
    }

    /// Parses the text of the file `name` as JSON, whatever it is called.
    ///
    /// # Errors
    /// When it is not JSON.
    pub(crate) fn parse_json(name: String, text: String) -> Result<Self, CliError> {
        let value = parse(&name, &text, Format::Json)?;
        Ok(Self { name, text, format: Format::Json, value })
    }

    /// Its name, as typed.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its tree.
    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    /// Its name without folders and ending.
    pub(crate) fn stem(&self) -> String {
        let stem = Path::new(&self.name).file_stem();
        stem.map_or_else(|| self.name.clone(), |stem| stem.to_string_lossy().into_owned())
    }

    /// `error` with the place in this file that it speaks of.
    pub(crate) fn error(&self, error: &ConfigError) -> CliError {
        match locate::line_of(&self.text, self.format, error.path()) {
            Some(line) => CliError::line(&self.name, line, error.to_string()),
            None => CliError::content(&self.name, error.to_string()),
        }
    }
}

fn parse(name: &str, text: &str, format: Format) -> Result<Value, CliError> {
    let at = |line: usize, why: &str| CliError::line(name, line, why);
    match format {
        Format::Json => serde_json::from_str(text).map_err(|error| {
            let why = error.to_string();
            let why = why.split(" at line ").next().unwrap_or(&why);
            at(error.line(), &format!("this is not JSON: {why} (column {})", error.column()))
        }),
        Format::Toml => toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| locate::line_at(text, span.start));
            at(line, &format!("this is not TOML: {}", error.message()))
        }),
    }
}

/// The files that a scenario names: see [`Reach`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Files(pub(crate) Reach);

impl Loader for Files {
    fn text(&mut self, file: &str) -> Result<String, String> {
        self.0.text(file)
    }

    fn bytes(&mut self, file: &str) -> Result<Vec<u8>, String> {
        let bytes = self.0.bytes(file)?;
        if !bytes.starts_with(&[0x1f, 0x8b]) {
            return Ok(bytes);
        }
        let mut unpacked = Vec::new();
        let mut reader = MultiGzDecoder::new(bytes.as_slice()).take(UNPACKED + 1);
        let read = reader.read_to_end(&mut unpacked);
        read.map_err(|error| format!("cannot be unpacked: {}", plain(&error)))?;
        if unpacked.len() as u64 > UNPACKED {
            return Err(format!("unpacks to more than {} MB: cut it", UNPACKED / 1_000_000));
        }
        Ok(unpacked)
    }

    fn tree(&mut self, file: &str) -> Result<Value, String> {
        let text = self.0.text(file)?;
        let format = Format::of(Path::new(file), &text);
        // Where it is wrong and not what it holds: the scenario's author may not be the file's reader.
        parse(file, &text, format).map_err(|error| match error {
            CliError::Content { line: Some(line), .. } => {
                format!("cannot be read: line {line} is not {format}")
            }
            _ => format!("cannot be read: it is not {format}"),
        })
    }
}

/// A policy that the user named: a preset or a file.
#[derive(Debug)]
pub(crate) struct NamedPolicy {
    /// What to call it.
    pub(crate) name: String,
    /// The policy.
    pub(crate) policy: RetryPolicy,
}

impl NamedPolicy {
    /// Finds `name` among the presets, or else reads the file of that name.
    ///
    /// # Errors
    /// When it is neither, or the file is not a policy.
    pub(crate) fn find(name: &str) -> Result<Self, CliError> {
        match presets::find(name) {
            Ok(preset) => Ok(Self { name: name.to_owned(), policy: preset.policy() }),
            Err(error) if !looks_like_a_file(name) => Err(CliError::Usage(format!(
                "{error} (no file has that name either; `redrive presets` lists the presets)"
            ))),
            Err(_) => {
                let document = Document::read(Path::new(name))?;
                let policy = RetryPolicy::from_value(document.value())
                    .map_err(|error| document.error(&error))?;
                Ok(Self { name: document.stem(), policy })
            }
        }
    }
}

/// Whether `name` can only mean a file.
pub(crate) fn looks_like_a_file(name: &str) -> bool {
    let path = Path::new(name);
    name == "-"
        || name.contains(['/', '\\'])
        || path.extension().is_some_and(|ending| ending == "toml" || ending == "json")
        || path.exists()
}
