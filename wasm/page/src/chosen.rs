//! A policy of the page, and what it was picked as.

use redrive::{RetryPolicy, presets, wire::ConfigError};
use redrive_sim::scenario::NamedPolicy;

use super::tree;

/// What a name of one of the scenario's own policies begins with; no preset's does.
const OWN: char = '~';

/// Which of the two policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The one that is tuned.
    A,
    /// The one that it is compared with.
    B,
}

impl Slot {
    /// Its name in the scenario and in every result.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }

    /// Its name in a query.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }

    /// The slot of a query's letter.
    #[must_use]
    pub fn of(letter: &str) -> Option<Self> {
        match letter {
            "a" | "A" => Some(Self::A),
            "b" | "B" => Some(Self::B),
            _ => None,
        }
    }
}

/// A policy and what it was picked as.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// A preset's name, or `~` and the name of a policy of the scenario.
    pub base: String,
    /// The policy.
    pub policy: RetryPolicy,
}

impl Chosen {
    /// The policy of a base.
    ///
    /// # Errors
    /// When no policy has that name.
    pub(super) fn of(base: &str, own: &[NamedPolicy]) -> Result<Self, ConfigError> {
        Ok(Self { base: base.to_owned(), policy: find(base, own)? })
    }

    /// What to call it.
    #[must_use]
    pub fn label(&self) -> &str {
        self.base.strip_prefix(OWN).unwrap_or(&self.base)
    }
}

/// The base of a policy of the scenario.
pub(super) fn own_name(name: &str) -> String {
    format!("{OWN}{name}")
}

/// The policy of a base.
pub(super) fn find(base: &str, own: &[NamedPolicy]) -> Result<RetryPolicy, ConfigError> {
    let Some(name) = base.strip_prefix(OWN) else {
        return presets::find(base).map(presets::Preset::policy);
    };
    let found = own.iter().find(|named| named.name == name).map(|named| named.policy.clone());
    found.ok_or_else(|| {
        let names: Vec<&str> = own.iter().map(|named| named.name.as_str()).collect();
        let message =
            format!("the scenario has no policy \"{name}\"; there are: {}", names.join(", "));
        ConfigError::new("", message)
    })
}

/// The base that differs least from a policy.
pub(super) fn nearest(policy: &RetryPolicy, own: &[NamedPolicy]) -> String {
    let wanted = policy.to_value();
    let presets = presets::all().iter().map(|preset| (preset.name.to_owned(), preset.policy()));
    let own = own.iter().map(|named| (own_name(&named.name), named.policy.clone()));
    let nearest =
        presets.chain(own).min_by_key(|(_, base)| tree::changes(&base.to_value(), &wanted).len());
    nearest.map_or_else(String::new, |(name, _)| name)
}
