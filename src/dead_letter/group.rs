//! Groups of letters that belong together.

use alloc::{borrow::ToOwned, collections::BTreeMap, format, string::String, vec::Vec};

use crate::{
    dead_letter::{DeadLetter, Failure, pattern, queue::Kept},
    time::{Duration, Time},
    wire::{ConfigError, one_of},
};

/// What letters are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GroupBy {
    /// Why they died.
    Reason,
    /// The class of the last error.
    Kind,
    /// The [`pattern`] of the last error's message, with its class: one group a problem.
    Pattern,
    /// The task type.
    Type,
    /// How long ago they died: under a minute, an hour, a day, a week, or longer.
    Age,
}

impl GroupBy {
    /// All of them, in a telling order.
    pub const ALL: &[GroupBy] =
        &[GroupBy::Reason, GroupBy::Kind, GroupBy::Pattern, GroupBy::Type, GroupBy::Age];

    /// The word for it: `reason`, `kind`, `pattern`, `type`, `age`.
    pub fn as_str(self) -> &'static str {
        match self {
            GroupBy::Reason => "reason",
            GroupBy::Kind => "kind",
            GroupBy::Pattern => "pattern",
            GroupBy::Type => "type",
            GroupBy::Age => "age",
        }
    }

    /// Reads that word.
    ///
    /// # Errors
    /// When it is not one of them; the error suggests the closest.
    pub fn parse(word: &str) -> Result<GroupBy, ConfigError> {
        let words = GroupBy::ALL.iter().map(|by| by.as_str()).collect::<Vec<_>>();
        let word = one_of("groupBy", word, &words)?;
        let found = GroupBy::ALL.iter().copied().find(|by| by.as_str() == word);
        found.ok_or_else(|| ConfigError::new("groupBy", "is not known"))
    }

    /// What all letters of the letter's group have in common, and no other has.
    fn lane<'k>(self, now: Time, kept: &'k Kept) -> Lane<'k> {
        let letter = &kept.letter;
        match self {
            GroupBy::Reason => Lane::Text(letter.reason.as_str()),
            GroupBy::Kind => Lane::Text(letter.last_error().map_or("", Failure::kind)),
            GroupBy::Pattern => Lane::Fingerprint(kept.fingerprint),
            GroupBy::Type => Lane::Text(&letter.task_type),
            GroupBy::Age => Lane::Age(age_step(now.saturating_since(letter.died_at))),
        }
    }

    /// The name of the letter's group.
    fn label(self, lane: &Lane<'_>, letter: &DeadLetter) -> String {
        match lane {
            Lane::Text(text) => (*text).to_owned(),
            Lane::Fingerprint(_) => letter.last_error().map_or(String::new(), pattern_label),
            Lane::Age(step) => age_label(*step).to_owned(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lane<'k> {
    Text(&'k str),
    Fingerprint(u64),
    Age(usize),
}

fn pattern_label(failure: &Failure) -> String {
    let pattern = pattern(failure.message());
    match (failure.kind(), pattern.as_str()) {
        (kind, "") => kind.to_owned(),
        ("", pattern) => pattern.to_owned(),
        (kind, pattern) => format!("{kind}: {pattern}"),
    }
}

const AGES: [(u64, &str); 4] =
    [(60, "under 1m"), (3_600, "1m to 1h"), (86_400, "1h to 1d"), (604_800, "1d to 7d")];

fn age_step(age: Duration) -> usize {
    AGES.iter().position(|(limit, _)| age < Duration::from_secs(*limit)).unwrap_or(AGES.len())
}

fn age_label(step: usize) -> &'static str {
    AGES.get(step).map_or("7d and older", |(_, label)| label)
}

/// Letters that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Group {
    /// What they have in common; empty for letters that have no such thing.
    pub label: String,
    /// How many they are.
    pub count: u64,
    /// When the first of them died.
    pub oldest: Time,
    /// When the last of them died.
    pub newest: Time,
    /// The number of the newest, to look at.
    pub example: u64,
    /// The fingerprint to filter by, in groups by [`GroupBy::Pattern`].
    pub fingerprint: Option<u64>,
}

/// Groups `letters`, which come oldest first: the largest group first, then by name (ages: youngest
/// first).
pub(crate) fn group<'k>(
    now: Time,
    by: GroupBy,
    letters: impl Iterator<Item = &'k Kept>,
) -> Vec<Group> {
    let mut groups: BTreeMap<Lane<'k>, Group> = BTreeMap::new();
    for kept in letters {
        let letter = &kept.letter;
        let group = groups.entry(by.lane(now, kept)).or_insert_with_key(|lane| Group {
            label: by.label(lane, letter),
            count: 0,
            oldest: letter.died_at,
            newest: letter.died_at,
            example: letter.id,
            fingerprint: (by == GroupBy::Pattern).then_some(kept.fingerprint),
        });
        group.count += 1;
        group.newest = letter.died_at;
        group.example = letter.id;
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    if by != GroupBy::Age {
        groups.sort_by(|a, b| (b.count, &a.label).cmp(&(a.count, &b.label)));
    }
    groups
}
