//! What a built-in scenario is; [`super::scenes`] has them.

use redrive::wire::Value;

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

impl Builtin {
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
