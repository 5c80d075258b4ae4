//! Which letters: filters, and groups of those that belong together.

use alloc::{
    borrow::ToOwned, collections::BTreeMap, format, string::String, string::ToString, sync::Arc,
    vec, vec::Vec,
};

use crate::{
    Key,
    dead_letter::{DeadLetter, Failure, pattern},
    exact,
    task::Reason,
    time::{Duration, Time},
    wire::{ConfigError, Fields, Value, one_of},
};

/// A choice of letters: those that meet every condition given. An empty filter chooses all.
///
/// ```
/// use redrive::{DeadLetter, Duration, Reason, Time, dead_letter::Filter};
///
/// let filter = Filter::new().reason(Reason::Exhausted).older_than(Duration::from_secs(60));
/// let letter = DeadLetter::new(17, Reason::Exhausted, Time::ZERO);
/// assert!(!filter.matches(Time::from_secs(59), &letter));
/// assert!(filter.matches(Time::from_secs(60), &letter));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Sorted, so that a long list of ids costs a logarithm a letter.
    ids: Option<Vec<u64>>,
    key: Option<Key>,
    reasons: Vec<Reason>,
    kind: Option<Arc<str>>,
    task_type: Option<Arc<str>>,
    fingerprint: Option<u64>,
    message: Option<Arc<str>>,
    older_than: Option<Duration>,
    younger_than: Option<Duration>,
    parked: Option<bool>,
}

const FIELDS: &[&str] = &[
    "ids",
    "key",
    "reason",
    "kind",
    "type",
    "fingerprint",
    "message",
    "olderThan",
    "youngerThan",
    "parked",
];

impl Filter {
    /// The filter that chooses every letter.
    pub fn new() -> Filter {
        Filter::default()
    }

    /// Only the letters with these numbers.
    #[must_use]
    pub fn ids(mut self, ids: impl IntoIterator<Item = u64>) -> Filter {
        let mut ids: Vec<u64> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        self.ids = Some(ids);
        self
    }

    /// Only letters of the task `key`.
    #[must_use]
    pub fn key(mut self, key: impl Into<Key>) -> Filter {
        self.key = Some(key.into());
        self
    }

    /// Only letters that died of `reason`; called again, of any of the reasons given.
    #[must_use]
    pub fn reason(mut self, reason: Reason) -> Filter {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
        self
    }

    /// Only letters whose last error is of the class `kind`.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<Arc<str>>) -> Filter {
        self.kind = Some(kind.into());
        self
    }

    /// Only tasks of the type `task_type`.
    #[must_use]
    pub fn task_type(mut self, task_type: impl Into<Arc<str>>) -> Filter {
        self.task_type = Some(task_type.into());
        self
    }

    /// Only letters whose last error has this [`fingerprint`](super::fingerprint).
    #[must_use]
    pub fn fingerprint(mut self, fingerprint: u64) -> Filter {
        self.fingerprint = Some(fingerprint);
        self
    }

    /// Only letters whose last error has `part` in its message.
    #[must_use]
    pub fn message(mut self, part: impl Into<Arc<str>>) -> Filter {
        self.message = Some(part.into());
        self
    }

    /// Only letters that died at least `age` ago.
    #[must_use]
    pub fn older_than(mut self, age: Duration) -> Filter {
        self.older_than = Some(age);
        self
    }

    /// Only letters that died less than `age` ago.
    #[must_use]
    pub fn younger_than(mut self, age: Duration) -> Filter {
        self.younger_than = Some(age);
        self
    }

    /// Only parked letters (true), or only those that are not (false).
    #[must_use]
    pub fn parked(mut self, parked: bool) -> Filter {
        self.parked = Some(parked);
        self
    }

    /// Whether `letter` is chosen at `now`.
    pub fn matches(&self, now: Time, letter: &DeadLetter) -> bool {
        let age = now.saturating_since(letter.died_at);
        let error = letter.last_error();
        self.ids.as_ref().is_none_or(|ids| ids.binary_search(&letter.id).is_ok())
            && self.key.as_ref().is_none_or(|key| *key == letter.key)
            && (self.reasons.is_empty() || self.reasons.contains(&letter.reason))
            && self.task_type.as_ref().is_none_or(|task_type| *task_type == letter.task_type)
            && self.parked.is_none_or(|parked| parked == letter.parked)
            && self.older_than.is_none_or(|limit| age >= limit)
            && self.younger_than.is_none_or(|limit| age < limit)
            && self.kind.as_deref().is_none_or(|kind| error.is_some_and(|e| e.kind() == kind))
            && self.message.as_deref().is_none_or(|m| error.is_some_and(|e| e.message().contains(m)))
            // Last, because it reads the whole message.
            && self.fingerprint.is_none_or(|print| print == letter.fingerprint())
    }

    /// The numbers that this filter names, if it does: what lets a queue look instead of search.
    pub(crate) fn named_ids(&self) -> Option<&[u64]> {
        self.ids.as_deref()
    }

    /// Whether the filter chooses parked letters by name, which is asking for them.
    pub(crate) fn asks_for_parked(&self) -> bool {
        self.parked == Some(true)
    }

    /// Reads a filter: `ids` (list), `key`, `reason` (text or list), `kind`, `type`, `fingerprint`
    /// (16 hexadecimal digits), `message` (a part of it), `olderThan`, `youngerThan`, `parked`.
    ///
    /// # Errors
    /// When a field is unknown or not what it should be.
    pub fn from_value(value: &Value) -> Result<Filter, ConfigError> {
        let fields = Fields::read(value, "", FIELDS)?;
        let ids = match fields.list("ids")? {
            None => None,
            Some(list) => Some(read_ids(list, &fields)?),
        };
        let mut filter = Filter {
            key: match fields.get("key") {
                Some(Value::Unsigned(id)) => Some(Key::from(*id)),
                _ => fields.text("key")?.map(Key::from),
            },
            reasons: read_reasons(&fields)?,
            kind: fields.text("kind")?.map(Arc::from),
            task_type: fields.text("type")?.map(Arc::from),
            fingerprint: exact::read_hex(&fields, "fingerprint")?,
            message: fields.text("message")?.map(Arc::from),
            older_than: fields.duration("olderThan")?,
            younger_than: fields.duration("youngerThan")?,
            parked: fields.boolean("parked")?,
            ids: None,
        };
        if let Some(ids) = ids {
            filter = filter.ids(ids);
        }
        Ok(filter)
    }
}

fn read_ids(list: &[Value], fields: &Fields<'_>) -> Result<Vec<u64>, ConfigError> {
    let mut ids = Vec::with_capacity(list.len());
    for (i, value) in list.iter().enumerate() {
        let Value::Unsigned(id) = value else {
            let message = "is not a letter's number; write a whole number from 1 up";
            return Err(fields.error(&format!("ids[{i}]"), message));
        };
        ids.push(*id);
    }
    Ok(ids)
}

fn read_reasons(fields: &Fields<'_>) -> Result<Vec<Reason>, ConfigError> {
    let path = fields.path_of("reason");
    match fields.get("reason") {
        None => Ok(Vec::new()),
        Some(Value::List(list)) => {
            let mut reasons = Vec::with_capacity(list.len());
            for (i, value) in list.iter().enumerate() {
                let Some(word) = value.as_text() else {
                    return Err(fields.error(&format!("reason[{i}]"), "is not a text"));
                };
                let reason = reason_word(word, &format!("{path}[{i}]"))?;
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
            Ok(reasons)
        }
        Some(_) => Ok(vec![reason_word(fields.required_text("reason")?, &path)?]),
    }
}

/// The reason that `word` names, or an error at `path` that guesses.
pub(crate) fn reason_word(word: &str, path: &str) -> Result<Reason, ConfigError> {
    let word = one_of(path, word, &Reason::NAMES)?;
    Reason::parse(word).ok_or_else(|| ConfigError::new(path, "is not a reason"))
}

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
    pub const ALL: [GroupBy; 5] =
        [GroupBy::Reason, GroupBy::Kind, GroupBy::Pattern, GroupBy::Type, GroupBy::Age];

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
    /// When it is none of them, with a guess.
    pub fn parse(word: &str) -> Result<GroupBy, ConfigError> {
        let words = GroupBy::ALL.map(GroupBy::as_str);
        let word = one_of("groupBy", word, &words)?;
        let found = GroupBy::ALL.into_iter().find(|by| by.as_str() == word);
        found.ok_or_else(|| ConfigError::new("groupBy", "is not known"))
    }

    /// The name of the letter's group, and a number that sorts ages by age.
    fn label(self, now: Time, letter: &DeadLetter) -> (u8, String) {
        let error = letter.last_error();
        match self {
            GroupBy::Reason => (0, letter.reason.as_str().to_owned()),
            GroupBy::Kind => (0, error.map_or(String::new(), |e| e.kind().to_owned())),
            GroupBy::Pattern => (0, error.map_or(String::new(), pattern_label)),
            GroupBy::Type => (0, letter.task_type.to_string()),
            GroupBy::Age => age_label(now.saturating_since(letter.died_at)),
        }
    }
}

fn pattern_label(failure: &Failure) -> String {
    let pattern = pattern(failure.message());
    match (failure.kind(), pattern.as_str()) {
        (kind, "") => kind.to_owned(),
        ("", pattern) => pattern.to_owned(),
        (kind, pattern) => format!("{kind}: {pattern}"),
    }
}

fn age_label(age: Duration) -> (u8, String) {
    const STEPS: [(u64, &str); 4] =
        [(60, "under 1m"), (3_600, "1m to 1h"), (86_400, "1h to 1d"), (604_800, "1d to 7d")];
    let step = STEPS.iter().position(|(limit, _)| age < Duration::from_secs(*limit));
    let name = step.map_or("7d and older", |step| STEPS[step].1);
    (step.unwrap_or(STEPS.len()) as u8, name.to_owned())
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
pub(crate) fn group<'q>(
    now: Time,
    by: GroupBy,
    letters: impl Iterator<Item = &'q DeadLetter>,
) -> Vec<Group> {
    let mut groups: BTreeMap<(u8, String), Group> = BTreeMap::new();
    for letter in letters {
        let label = by.label(now, letter);
        let group = groups.entry(label).or_insert_with_key(|(_, name)| Group {
            label: name.clone(),
            count: 0,
            oldest: letter.died_at,
            newest: letter.died_at,
            example: letter.id,
            fingerprint: (by == GroupBy::Pattern).then(|| letter.fingerprint()),
        });
        group.count += 1;
        group.newest = letter.died_at;
        group.example = letter.id;
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    if by != GroupBy::Age {
        groups.sort_by_key(|group| core::cmp::Reverse(group.count));
    }
    groups
}
