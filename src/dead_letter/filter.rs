//! Which letters: filters.

use alloc::{format, string::ToString, sync::Arc, vec, vec::Vec};

use crate::{
    Key,
    dead_letter::{DeadLetter, queue::Kept},
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
        self.fits(now, letter)
            // Last, because it reads the whole message.
            && self.fingerprint.is_none_or(|print| print == letter.fingerprint())
    }

    /// The same for a letter whose fingerprint is known.
    pub(crate) fn chooses(&self, now: Time, kept: &Kept) -> bool {
        self.fingerprint.is_none_or(|print| print == kept.fingerprint)
            && self.fits(now, &kept.letter)
    }

    fn fits(&self, now: Time, letter: &DeadLetter) -> bool {
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
            && self
                .message
                .as_deref()
                .is_none_or(|m| error.is_some_and(|e| e.message().contains(m)))
    }

    /// The numbers that this filter names, if it does: what lets a queue look instead of search.
    pub(crate) fn named_ids(&self) -> Option<&[u64]> {
        self.ids.as_deref()
    }

    /// Whether the filter chooses parked letters by name, which is asking for them.
    pub(crate) fn asks_for_parked(&self) -> bool {
        self.parked == Some(true)
    }

    /// Whether it chooses every letter.
    pub fn is_everything(&self) -> bool {
        *self == Filter::new()
    }

    /// The filter as data: the conditions that are given.
    pub fn to_value(&self) -> Value {
        let text = |text: &Arc<str>| Value::from(&**text);
        let age = |age: Duration| Value::duration(age);
        let number = |id: &u64| exact::whole(*id);
        let reasons = || self.reasons.iter().map(|reason| Value::from(reason.as_str())).collect();
        let entries = [
            ("ids", self.ids.as_ref().map(|ids| Value::List(ids.iter().map(number).collect()))),
            ("key", self.key.as_ref().map(|key| Value::from(key.to_string()))),
            ("reason", (!self.reasons.is_empty()).then(|| Value::List(reasons()))),
            ("kind", self.kind.as_ref().map(text)),
            ("type", self.task_type.as_ref().map(text)),
            ("fingerprint", self.fingerprint.map(exact::hex)),
            ("message", self.message.as_ref().map(text)),
            ("olderThan", self.older_than.map(age)),
            ("youngerThan", self.younger_than.map(age)),
            ("parked", self.parked.map(Value::Bool)),
        ];
        let given = entries.into_iter().filter_map(|(name, value)| Some((name.into(), value?)));
        Value::Map(given.collect())
    }

    /// Reads a filter: `ids` (list), `key`, `reason` (text or list), `kind`, `type`, `fingerprint`
    /// (16 hexadecimal digits), `message` (a part of it), `olderThan`, `youngerThan`, `parked`.
    ///
    /// # Errors
    /// When a field is unknown or not what it should be. A field that is `null` is one: left out it
    /// would choose everything, and purges and redrives go by what is chosen.
    pub fn from_value(value: &Value) -> Result<Filter, ConfigError> {
        let fields = Fields::read(value, "", FIELDS)?;
        for name in FIELDS {
            let empty = match fields.get(name) {
                Some(Value::Null) => "null",
                Some(Value::List(items)) if items.is_empty() && *name == "reason" => "empty",
                _ => continue,
            };
            let message = format!(
                "is {empty}; give it a value, or leave it out to choose letters whatever theirs is"
            );
            return Err(fields.error(name, message));
        }
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

crate::wire::through_value!(Filter);

fn read_ids(list: &[Value], fields: &Fields<'_>) -> Result<Vec<u64>, ConfigError> {
    let mut ids = Vec::with_capacity(list.len());
    for (i, value) in list.iter().enumerate() {
        let id = value.as_u64().or_else(|| value.as_text()?.parse().ok());
        let Some(id) = id else {
            let message = "is not a letter's number; write a whole number from 1 up";
            return Err(fields.error(&format!("ids[{i}]"), message));
        };
        ids.push(id);
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
                    return Err(fields.error(&format!("reason[{i}]"), "is not a string"));
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
