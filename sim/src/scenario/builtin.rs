//! The built-in scenarios: how they are found. They are data, like a user's; [`super::scenes`] has
//! them.

use redrive::wire::{ConfigError, Value, did_you_mean};

use super::scenes::BUILTINS;

/// A built-in scenario.
#[derive(Clone, Copy)]
pub struct Builtin {
    /// What it is called.
    pub name: &'static str,
    /// One line: what happens.
    pub title: &'static str,
    /// What to look at and why it happens.
    pub about: &'static str,
    pub(super) body: fn() -> Value,
}

impl std::fmt::Debug for Builtin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builtin").field("name", &self.name).finish_non_exhaustive()
    }
}

/// All of them, the main one first.
#[must_use]
pub fn builtins() -> &'static [Builtin] {
    BUILTINS
}

impl Builtin {
    /// The scenario of that name.
    ///
    /// # Errors
    /// When there is none, with a guess at the one meant.
    pub fn find(name: &str) -> Result<&'static Self, ConfigError> {
        BUILTINS.iter().find(|builtin| builtin.name == name).ok_or_else(|| {
            let names: Vec<&str> = BUILTINS.iter().map(|builtin| builtin.name).collect();
            let guess = match did_you_mean(name, &names) {
                Some(guess) => format!("did you mean \"{guess}\"? "),
                None => String::new(),
            };
            let message = format!(
                "\"{name}\" is no built-in scenario; {guess}There are: {}",
                names.join(", ")
            );
            ConfigError::new("", message)
        })
    }

    /// The scenario's tree, as a file would hold it.
    #[must_use]
    pub fn value(&self) -> Value {
        let mut entries = vec![
            ("name".to_owned(), Value::from(self.name)),
            ("title".to_owned(), Value::from(self.title)),
            ("about".to_owned(), Value::from(self.about)),
        ];
        if let Value::Map(body) = (self.body)() {
            entries.extend(body);
        }
        Value::Map(entries)
    }
}
