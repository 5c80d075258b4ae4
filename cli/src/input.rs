//! Files that the user names: policies, scenarios, traces. JSON and TOML alike become a tree, and
//! what is wrong with one is told with the file's name and line.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use redrive::{
    RetryPolicy, presets,
    wire::{ConfigError, Value},
};
use redrive_sim::files::Loader;

use crate::{
    error::{CliError, plain},
    locate,
};

/// What a compressed file may hold.
const UNPACKED: u64 = 2_000_000_000;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// JSON.
    Json,
    /// TOML.
    Toml,
}

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
        let (name, text) = read_text(path)?;
        let format = match path.extension().and_then(|ending| ending.to_str()) {
            Some("toml") => Format::Toml,
            Some("json") => Format::Json,
            _ if text.trim_start().starts_with('{') => Format::Json,
            _ => Format::Toml,
        };
        let value = parse(&name, &text, format)?;
        Ok(Self { name, text, format, value })
    }

    /// Reads and parses `path` as JSON, whatever it is called.
    ///
    /// # Errors
    /// When it cannot be read, or is not JSON.
    pub(crate) fn read_json(path: &Path) -> Result<Self, CliError> {
        let (name, text) = read_text(path)?;
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
            Some(line) => CliError::input(format!("{}:{line}: {error}", self.name)),
            None => CliError::input(format!("{}: {error}", self.name)),
        }
    }
}

/// The name and the text of a file.
pub(crate) fn read_text(path: &Path) -> Result<(String, String), CliError> {
    if path == Path::new("-") {
        let text = io::read_to_string(io::stdin()).map_err(|e| {
            CliError::input(format!("cannot read the standard input: {}", plain(&e)))
        })?;
        return Ok(("standard input".to_owned(), text));
    }
    let name = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => Ok((name, text)),
        Err(error) => Err(CliError::input(format!("cannot read {name}: {}", plain(&error)))),
    }
}

fn parse(name: &str, text: &str, format: Format) -> Result<Value, CliError> {
    let at = |line: usize, why: &str| CliError::input(format!("{name}:{line}: {why}"));
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

/// Files beside a scenario, and files named on the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    /// Where names in the scenario start from.
    pub(crate) base: PathBuf,
    /// Names typed on the command line: they start from where the user stands.
    pub(crate) typed: BTreeSet<String>,
}

impl Files {
    fn path(&self, file: &str) -> PathBuf {
        if self.typed.contains(file) { PathBuf::from(file) } else { self.base.join(file) }
    }
}

impl Loader for Files {
    fn text(&mut self, file: &str) -> Result<String, String> {
        fs::read_to_string(self.path(file)).map_err(|error| {
            format!("cannot be read from {}: {}", self.path(file).display(), plain(&error))
        })
    }

    fn bytes(&mut self, file: &str) -> Result<Vec<u8>, String> {
        let path = self.path(file);
        let failed =
            |error: io::Error| format!("cannot be read from {}: {}", path.display(), plain(&error));
        let bytes = fs::read(&path).map_err(failed)?;
        if !bytes.starts_with(&[0x1f, 0x8b]) {
            return Ok(bytes);
        }
        let mut unpacked = Vec::new();
        let mut reader = MultiGzDecoder::new(bytes.as_slice()).take(UNPACKED + 1);
        reader.read_to_end(&mut unpacked).map_err(failed)?;
        if unpacked.len() as u64 > UNPACKED {
            return Err(format!("unpacks to more than {} MB: cut it", UNPACKED / 1_000_000));
        }
        Ok(unpacked)
    }

    fn tree(&mut self, file: &str) -> Result<Value, String> {
        let document = Document::read(&self.path(file)).map_err(|error| error.to_string())?;
        Ok(document.value)
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
            Err(error) if !looks_like_a_file(name) => Err(CliError::input(format!(
                "{error} (and there is no file of that name; `redrive presets` lists the presets)"
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
