//! What `simulate` is to do, resolved and checked, before anything is done.

use std::path::{Path, PathBuf};

use redrive::{
    random::key_of,
    wire::{ConfigError, Value, shortened},
};
use redrive_page::Page;
use redrive_sim::{Scenario, scenario::Builtin};

use crate::{
    args::{self, SummaryFormat},
    error::CliError,
    input::{self, Document, Files, NamedPolicy},
    output::{self, Folder},
    read::Reach,
    runner::Effort,
};

/// Where results go when nothing else is said.
const DEFAULT_OUT: &str = "redrive-out";

/// A simulation to be run.
#[derive(Debug)]
pub(crate) struct Simulation {
    /// The scenario with everything from the command line in it.
    pub(crate) scenario: Scenario,
    /// Where the files go, if anywhere.
    pub(crate) folder: Option<Folder>,
    /// What to print.
    pub(crate) format: SummaryFormat,
    /// The command that does all this again.
    pub(crate) command: String,
    /// How many runs, on how many threads.
    pub(crate) effort: Effort,
}

impl Simulation {
    /// Resolves what was typed.
    ///
    /// # Errors
    /// Bad input, with its remedy.
    pub(crate) fn from_args(typed: &args::Simulate) -> Result<Self, CliError> {
        let Setup { scenario, .. } = Setup::resolve(&typed.base)?;
        let out = match (&typed.out, typed.format) {
            (Some(out), _) => Some(out.as_path()),
            (None, SummaryFormat::Text) => Some(Path::new(DEFAULT_OUT)),
            (None, _) => None,
        };
        let folder = out.map(Folder::check).transpose()?;
        let command = command(typed, scenario.seed);
        let effort = Effort { runs: typed.runs, threads: typed.threads, records: typed.records };
        Ok(Self { scenario, folder, format: typed.format, command, effort })
    }
}

/// A scenario with everything from the command line in it.
#[derive(Debug)]
pub(crate) struct Setup {
    /// The tree that it was read from.
    pub(crate) tree: Value,
    /// The files that it names.
    pub(crate) files: Files,
    /// The scenario, checked.
    pub(crate) scenario: Scenario,
}

impl Setup {
    /// Finds the scenario and sets in it what was typed.
    ///
    /// # Errors
    /// Bad input, with its remedy.
    pub(crate) fn resolve(typed: &args::Base) -> Result<Self, CliError> {
        let mut source = Source::find(&typed.scenario)?;
        let mut files = Files(source.reach(&typed.allow_files));
        let tree = &mut source.tree;
        if let Some(seed) = &typed.seed {
            put(tree, "seed", Value::Unsigned(key_of(seed)));
        }
        if let Some(tasks) = typed.tasks {
            set_tasks(tree, tasks)?;
        }
        if !typed.policies.is_empty() {
            put(tree, "policies", policies(&typed.policies)?);
        }
        let mut set = Vec::new();
        for text in &typed.sets {
            let (path, value) = assignment(text)?;
            if path.ends_with("file") {
                files.0.typed.push(value.to_owned());
            }
            set.push((path, text.as_str(), value));
        }
        // A kind first: it takes the fields of the kind before away, not those that are set with it.
        let kind = |(path, ..): &&(&str, &str, &str)| path.ends_with(".kind");
        for (path, text, value) in set.iter().filter(kind).chain(set.iter().filter(|s| !kind(s))) {
            assign(tree, path, value)
                .map_err(|error| CliError::option(format!("--set {text}"), error))?;
        }
        if source.path.is_empty() {
            follow_trace(tree, &set);
        }
        retitle(tree, typed.tasks, &set);
        let scenario =
            Scenario::read(&source.tree, &mut files).map_err(|error| source.error(&error, &set))?;
        output::notes(scenario.notes());
        Ok(Self { tree: source.tree, files, scenario })
    }
}

/// A trace in place of a built-in scenario's arrivals lasts as long as its data, and is counted in bins
/// that suit it, where nothing else was typed.
fn follow_trace(tree: &mut Value, set: &[(&str, &str, &str)]) {
    let traced = set.iter().any(|(path, _, value)| *path == "arrivals.kind" && *value == "trace");
    let typed = |name: &str| set.iter().any(|(path, ..)| *path == name);
    if !traced {
        return;
    }
    if !typed("horizon") {
        put(tree, "horizon", Value::Null);
    }
    if let Value::Map(entries) = tree
        && let Some((_, report)) = entries.iter_mut().find(|(name, _)| name == "report")
        && !typed("report.bin")
        && report.get("bin").is_some()
    {
        put(report, "bin", Value::Null);
    }
}

/// A scenario that was changed is no longer what its title says: it says what was changed.
fn retitle(tree: &mut Value, tasks: Option<u64>, set: &[(&str, &str, &str)]) {
    let changes =
        |path: &str| !["policy", "report", "limits", "title"].iter().any(|p| path.starts_with(p));
    let sets = set.iter().filter(|(path, ..)| changes(path)).map(|(_, text, _)| (*text).to_owned());
    let changed: Vec<String> =
        tasks.map(|tasks| format!("arrivals.tasks={tasks}")).into_iter().chain(sets).collect();
    let titled = set.iter().any(|(path, ..)| *path == "title");
    if changed.is_empty() || titled || tree.get("title").is_none() {
        return;
    }
    let title = format!("with {}", changed.join(", "));
    put(tree, "title", Value::Text(shortened(&title, 300).into_owned()));
    put(tree, "about", Value::Text(String::new()));
}

/// A scenario by its built-in name, its file or its link, as it is.
///
/// # Errors
/// When there is none, or it is refused.
pub(crate) fn scenario(name: &str) -> Result<Scenario, CliError> {
    let source = Source::find(name)?;
    let mut files = Files(source.reach(&[]));
    Scenario::read(&source.tree, &mut files).map_err(|error| source.error(&error, &[]))
}

/// Where a scenario comes from.
struct Source {
    tree: Value,
    document: Option<Document>,
    path: String,
}

impl Source {
    fn find(name: &str) -> Result<Self, CliError> {
        if name.starts_with('?') || name.contains("://") {
            return Self::link(name);
        }
        match Builtin::find(name) {
            Ok(builtin) => Ok(Self { tree: builtin.value(), document: None, path: String::new() }),
            Err(error) if !input::looks_like_a_file(name) => {
                Err(CliError::Usage(format!("{error} (no file has that name either)")))
            }
            Err(_) => {
                let document = Document::read(Path::new(name))?;
                let tree = document.value().clone();
                Ok(Self { tree, document: Some(document), path: name.to_owned() })
            }
        }
    }

    /// The scenario of a link to the page, or of its query alone.
    fn link(url: &str) -> Result<Self, CliError> {
        if let Some((before, fragment)) = url.split_once('#')
            && fragment.contains('=')
            && !before.contains('?')
        {
            let message = format!(
                "The link says \"#{}\"; the page reads what follows a ?: write ? in place of #",
                shortened(fragment, 80)
            );
            return Err(CliError::Usage(message));
        }
        let page = Page::read(url).map_err(|error| CliError::Usage(error.to_string()))?;
        match page.notices().first() {
            None => Ok(Self { tree: page.scenario(), document: None, path: String::new() }),
            // A page may show its defaults and say so; a command would be taken at its word.
            Some(notice) => Err(CliError::Usage(notice.clone())),
        }
    }

    /// The files that the scenario may name.
    fn reach(&self, allowed: &[PathBuf]) -> Reach {
        match self.document {
            Some(_) => Reach::of(Path::new(&self.path), allowed),
            None => Reach { allowed: allowed.to_vec(), ..Reach::default() },
        }
    }

    /// `error` with its place: the option that brought it, or the line of the file.
    fn error(&self, error: &ConfigError, set: &[(&str, &str, &str)]) -> CliError {
        let plain = |path: &str| path.replace(['_', '[', ']', '.'], "").to_lowercase();
        let at = plain(error.path());
        let option = set.iter().rev().find(|(path, ..)| {
            let path = plain(path.trim_start_matches("policy."));
            !at.is_empty() && (at.ends_with(&path) || path.starts_with(&at))
        });
        match (option, &self.document) {
            (Some((_, text, _)), _) => CliError::option(format!("--set {text}"), error),
            (None, Some(document)) => document.error(error),
            (None, None) => CliError::Config(error.clone()),
        }
    }
}

/// Puts an entry into a map, in the place of one of that name.
fn put(tree: &mut Value, name: &str, value: Value) {
    if let Value::Map(entries) = tree {
        match entries.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => entries.push((name.to_owned(), value)),
        }
    }
}

/// Sets a field: to a text, or to a list or group in JSON.
///
/// # Errors
/// When the path leads nowhere, or the value begins like JSON and is none.
pub(crate) fn assign(tree: &mut Value, path: &str, value: &str) -> Result<(), ConfigError> {
    if !value.starts_with(['[', '{']) {
        return Scenario::set(tree, path, value);
    }
    let read: Value = serde_json::from_str(value).map_err(|error| {
        let message = format!(
            "is not JSON ({error}); write a list like '[\"full\", \"none\"]', a group like \
             '{{\"kind\": \"fixed\"}}'"
        );
        ConfigError::new(path, message)
    })?;
    Scenario::put(tree, path, &read)
}

fn set_tasks(tree: &mut Value, tasks: u64) -> Result<(), CliError> {
    let kind = tree.get("arrivals").and_then(|arrivals| arrivals.get("kind"));
    match kind.and_then(Value::as_text) {
        Some("herd") => Ok(Scenario::set(tree, "arrivals.tasks", &tasks.to_string())?),
        other => Err(CliError::Usage(format!(
            "--tasks sets the size of a herd, and the arrivals here are of the kind {}: use --set \
             arrivals.…=…",
            other.unwrap_or("serial or none")
        ))),
    }
}

/// The policies named on the command line, written out.
fn policies(names: &[String]) -> Result<Value, CliError> {
    let mut list: Vec<(String, Value)> = Vec::new();
    for name in names {
        let NamedPolicy { name, policy } = NamedPolicy::find(name)?;
        let twins = list.iter().filter(|(known, _)| {
            *known == name || known.strip_prefix(&format!("{name} (")).is_some()
        });
        let name = match twins.count() {
            0 => name,
            before => format!("{name} ({})", before + 1),
        };
        list.push((name, policy.to_value()));
    }
    let entry = |(name, policy)| Value::map([("name", Value::Text(name)), ("policy", policy)]);
    Ok(Value::List(list.into_iter().map(entry).collect()))
}

fn assignment(text: &str) -> Result<(&str, &str), CliError> {
    match text.split_once('=') {
        Some((path, value)) if !path.trim().is_empty() => Ok((path.trim(), value.trim())),
        _ => Err(CliError::Usage(format!(
            "--set {text} has no path=value; write --set server.queue.limit=50"
        ))),
    }
}

/// The command that does the same again, whatever the defaults of a later version.
fn command(typed: &args::Simulate, seed: u64) -> String {
    let base = &typed.base;
    let mut words = vec!["redrive".to_owned(), "simulate".to_owned(), base.scenario.clone()];
    words.extend(base.policies.iter().flat_map(|policy| ["--policy".to_owned(), policy.clone()]));
    words.extend(base.sets.iter().flat_map(|set| ["--set".to_owned(), set.clone()]));
    let allowed = base.allow_files.iter().map(|path| path.display().to_string());
    words.extend(allowed.flat_map(|path| ["--allow-file".to_owned(), path]));
    if let Some(tasks) = base.tasks {
        words.extend(["--tasks".to_owned(), tasks.to_string()]);
    }
    words.extend(["--seed".to_owned(), seed.to_string()]);
    if typed.runs > 1 {
        words.extend(["--runs".to_owned(), typed.runs.to_string()]);
    }
    let quoted: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
    quoted.join(" ")
}

/// A word as a POSIX shell takes it.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        assert_eq!(shell_word("server.queue.limit=50"), "server.queue.limit=50");
        assert_eq!(shell_word("it's"), "'it'\\''s'");
        assert_eq!(shell_word("a b"), "'a b'");
        assert_eq!(shell_word(""), "''");
    }
}
