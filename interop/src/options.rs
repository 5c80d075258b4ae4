//! The options of a library, under its own names: one group of fields, wherever it is in a file.
//!
//! What the library hides, its defaults, is told: each reader says the default beside the field, and
//! those that counted become one remark.

use redrive::{
    PolicyBuilder,
    time::Duration,
    wire::{ConfigError, Value, one_of},
};

pub(super) use super::durations::{Unit, in_millis, in_unit, optional, span, time_span};
use super::{
    Imported,
    fields::{self, UNLIMITED, field, has_any, join, same},
};

/// How deep a file is searched for options.
const DEEPEST: usize = 100;
/// What attempts without an end become.
pub(super) const ENDLESS: &str = "attempts are unlimited there; here they end after 365 days";

/// A library, its options, and what they mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Library {
    pub(super) name: &'static str,
    /// The options that bear on retries.
    pub(super) fields: &'static [&'static str],
    /// Others that are read, and too common in files to find the group by.
    pub(super) beside: &'static [&'static str],
    /// Those beside them that do not.
    pub(super) ignored: &'static [&'static str],
    pub(super) read: fn(&mut Options) -> Result<PolicyBuilder, ConfigError>,
}

impl Library {
    /// Every group in `tree` that has an option of the library.
    pub(super) fn import(&self, tree: &Value) -> Result<Vec<Imported>, ConfigError> {
        let mut found = Vec::new();
        search(tree, self.fields, "", None, 0, &mut found);
        found.into_iter().map(|place| self.read_at(place)).collect()
    }

    fn read_at(&self, place: Place<'_>) -> Result<Imported, ConfigError> {
        let known = [self.fields, self.beside].concat();
        let picked = fields::pick(place.tree, &place.path, &known, self.ignored)?;
        let mut options = Options::new(picked, &place.path);
        let policy =
            (self.read)(&mut options)?.build().map_err(|error| within(error, &place.path))?;
        let name = place.owner.as_deref().unwrap_or(self.name);
        Ok(options.into_imported(Imported { path: place.path, ..Imported::new(name, policy) }))
    }
}

/// The same error, of the options at `path`.
fn within(error: ConfigError, path: &str) -> ConfigError {
    if path.is_empty() {
        error
    } else {
        ConfigError::new(path, format!("makes a policy that {error}"))
    }
}

/// A group with options in it.
struct Place<'v> {
    tree: &'v Value,
    path: String,
    owner: Option<String>,
}

fn search<'v>(
    tree: &'v Value,
    known: &[&str],
    path: &str,
    owner: Option<&str>,
    depth: usize,
    found: &mut Vec<Place<'v>>,
) {
    match tree {
        _ if depth > DEEPEST => {}
        Value::Map(_) if has_any(tree, known) => {
            found.push(Place { tree, path: path.to_owned(), owner: owner.map(ToOwned::to_owned) });
        }
        Value::Map(entries) => {
            let own = field(tree, "name").and_then(Value::as_text);
            for (key, value) in entries {
                let owner = own.unwrap_or(key);
                search(value, known, &join(path, key), Some(owner), depth + 1, found);
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                search(item, known, &format!("{path}[{index}]"), owner, depth + 1, found);
            }
        }
        _ => {}
    }
}

/// Options being read, and what is to be told about them.
#[derive(Debug)]
pub(super) struct Options {
    tree: Value,
    path: String,
    defaults: Vec<String>,
    pub(super) notes: Vec<String>,
    pub(super) remarks: Vec<String>,
}

impl Options {
    pub(super) fn new(tree: Value, path: &str) -> Options {
        let (defaults, notes, remarks) = (Vec::new(), Vec::new(), Vec::new());
        Options { tree, path: path.to_owned(), defaults, notes, remarks }
    }

    /// What came of them, with what is to be told.
    pub(super) fn into_imported(self, mut imported: Imported) -> Imported {
        imported.notes.extend(self.notes);
        if !self.defaults.is_empty() {
            let defaults = self.defaults.join(", ");
            imported.remarks.push(format!("not said there, so as by default: {defaults}"));
        }
        imported.remarks.extend(self.remarks);
        imported
    }

    /// The value of an option; `null` is none.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        field(&self.tree, name).filter(|value| **value != Value::Null)
    }

    /// Whether the option is there, if only as `null`.
    pub(super) fn says(&self, name: &str) -> bool {
        field(&self.tree, name).is_some()
    }

    /// Any other options than those that `names` lists are refused.
    pub(super) fn only(&self, names: &[&str], form: &str) -> Result<(), ConfigError> {
        let Value::Map(entries) = &self.tree else { return Ok(()) };
        let stranger =
            entries.iter().find(|(name, _)| !names.iter().any(|known| same(known, name)));
        stranger.map_or(Ok(()), |(name, _)| {
            let message = format!("has no place in {form}, which has: {}", names.join(", "));
            Err(self.error(name, message))
        })
    }

    pub(super) fn path_of(&self, name: &str) -> String {
        join(&self.path, name)
    }

    pub(super) fn error(&self, name: &str, message: impl Into<String>) -> ConfigError {
        ConfigError::new(self.path_of(name), message)
    }

    pub(super) fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }

    pub(super) fn remark(&mut self, text: &str) {
        self.remarks.push(text.to_owned());
    }

    /// Notes those of these options that are there: they choose what is retried by more than rules see.
    pub(super) fn unread(&mut self, names: &[&str]) {
        for name in names {
            if self.get(name).is_some() {
                self.notes
                    .push(format!("{name} chooses what is retried there; it is not read here"));
            }
        }
    }

    /// Tells that an option is as by default.
    pub(super) fn by_default(&mut self, name: &str, value: impl core::fmt::Display) {
        self.defaults.push(format!("{name} = {value}"));
    }

    pub(super) fn optional_number(&self, name: &str) -> Result<Option<f64>, ConfigError> {
        self.get(name).map(|value| fields::number(value, &self.path_of(name))).transpose()
    }

    pub(super) fn number(&mut self, name: &str, default: f64) -> Result<f64, ConfigError> {
        let number = self.optional_number(name)?;
        if number.is_none() {
            self.by_default(name, default);
        }
        Ok(number.unwrap_or(default))
    }

    /// A factor of growth, which no policy has below 1.
    pub(super) fn growth(&mut self, name: &str, default: f64) -> Result<f64, ConfigError> {
        let factor = self.number(name, default)?;
        if factor < 1.0 {
            let message =
                format!("= {factor} is below 1: no policy has delays that shrink by a factor");
            return Err(self.error(name, message));
        }
        Ok(factor)
    }

    /// A length of time; `None` where there is none, or no end to it.
    pub(super) fn optional_span(
        &self,
        name: &str,
        unit: Unit,
    ) -> Result<Option<Duration>, ConfigError> {
        let value = self.get(name).filter(|value| !is_endless(value));
        value.map(|value| span(value, &self.path_of(name), unit)).transpose()
    }

    /// A length of time; `default` counts in `unit`.
    pub(super) fn span(
        &mut self,
        name: &str,
        unit: Unit,
        default: u64,
    ) -> Result<Duration, ConfigError> {
        match self.get(name) {
            Some(value) => span(value, &self.path_of(name), unit),
            None => {
                self.by_default(name, format!("{default} {}", unit.word()));
                Ok(Duration::from_nanos(unit.nanos().saturating_mul(default)))
            }
        }
    }

    /// A cap: none by default, and none that has no end.
    pub(super) fn cap(
        &mut self,
        name: &str,
        unit: Unit,
        default: Option<u64>,
    ) -> Result<Option<Duration>, ConfigError> {
        if self.says(name) {
            return self.optional_span(name, unit);
        }
        match default {
            Some(default) => self.span(name, unit, default).map(Some),
            None => {
                self.by_default(name, "none");
                Ok(None)
            }
        }
    }

    /// Lengths of time: a list, or one.
    pub(super) fn spans(
        &self,
        name: &str,
        unit: Unit,
    ) -> Result<Option<Vec<Duration>>, ConfigError> {
        let path = self.path_of(name);
        match self.get(name) {
            None => Ok(None),
            Some(Value::List(items)) => {
                let read = |(index, item)| span(item, &format!("{path}[{index}]"), unit);
                items.iter().enumerate().map(read).collect::<Result<_, _>>().map(Some)
            }
            Some(value) => span(value, &path, unit).map(|span| Some(vec![span])),
        }
    }

    /// A whole number; `None` where it has no end.
    pub(super) fn count(&mut self, name: &str, default: u32) -> Result<Option<u32>, ConfigError> {
        match self.get(name) {
            Some(value) if is_endless(value) => Ok(None),
            Some(value) => fields::count(value, &self.path_of(name)).map(Some),
            None => {
                self.by_default(name, default);
                Ok(Some(default))
            }
        }
    }

    pub(super) fn optional_count(&self, name: &str) -> Result<Option<u32>, ConfigError> {
        let value = self.get(name).filter(|value| !is_endless(value));
        value.map(|value| fields::count(value, &self.path_of(name))).transpose()
    }

    pub(super) fn flag(&mut self, name: &str, default: bool) -> Result<bool, ConfigError> {
        match self.get(name) {
            Some(Value::Bool(flag)) => Ok(*flag),
            // In properties all values are texts.
            Some(Value::Text(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(Value::Text(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(other) => Err(self.error(name, format!("= {other} is neither true nor false"))),
            None => {
                self.by_default(name, default);
                Ok(default)
            }
        }
    }

    /// One of some words.
    pub(super) fn word(
        &mut self,
        name: &str,
        words: &[&'static str],
        default: &'static str,
    ) -> Result<&'static str, ConfigError> {
        let Some(value) = self.get(name) else {
            self.by_default(name, default);
            return Ok(default);
        };
        let text = value.as_text().unwrap_or_default();
        match words.iter().find(|word| same(word, text)) {
            Some(word) => Ok(word),
            None => {
                Err(one_of(&self.path_of(name), &value.to_string(), words).err().unwrap_or_else(
                    || self.error(name, format!("must be one of {}", words.join(", "))),
                ))
            }
        }
    }

    /// One of some words that has to be there.
    pub(super) fn kind(
        &mut self,
        name: &str,
        words: &[&'static str],
    ) -> Result<&'static str, ConfigError> {
        if !self.says(name) {
            let words = words.join(", ");
            return Err(self.error(name, format!("is missing; write one of {words}")));
        }
        self.word(name, words, "")
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, ConfigError> {
        let texts = self.get(name).map(|value| fields::texts(value, &self.path_of(name)));
        texts.unwrap_or(Ok(Vec::new()))
    }

    /// A group within.
    pub(super) fn group(
        &self,
        name: &str,
        known: &[&'static str],
    ) -> Result<Option<Options>, ConfigError> {
        let path = self.path_of(name);
        let Some(tree) = self.get(name) else { return Ok(None) };
        Ok(Some(Options::new(fields::pick(tree, &path, known, &[])?, &path)))
    }

    /// Takes over what a group within has to tell.
    pub(super) fn absorb(&mut self, group: Options) {
        self.defaults.extend(group.defaults);
        self.notes.extend(group.notes);
        self.remarks.extend(group.remarks);
    }

    /// So many attempts, or as many as there is time for.
    pub(super) fn attempts(
        &mut self,
        policy: PolicyBuilder,
        attempts: Option<u32>,
        elapsed: Option<Duration>,
    ) -> PolicyBuilder {
        match (attempts, elapsed) {
            (Some(attempts), elapsed) => policy.max_attempts(attempts).max_elapsed(elapsed),
            (None, Some(elapsed)) => policy.unlimited_attempts().max_elapsed(elapsed),
            (None, None) => {
                self.note(ENDLESS);
                policy.unlimited_attempts().max_elapsed(UNLIMITED)
            }
        }
    }

    /// The same for a number of retries.
    pub(super) fn retries(
        &mut self,
        policy: PolicyBuilder,
        retries: Option<u32>,
        elapsed: Option<Duration>,
    ) -> PolicyBuilder {
        self.attempts(policy, retries.map(|retries| retries.saturating_add(1)), elapsed)
    }
}

fn is_endless(value: &Value) -> bool {
    match value {
        Value::Text(text) => {
            let text = text.trim_start_matches(['.', '+']).to_ascii_lowercase();
            ["infinity", "inf", "unlimited", "never", "none"].contains(&text.as_str())
        }
        value => value.as_f64() == Some(f64::INFINITY),
    }
}
