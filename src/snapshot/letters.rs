//! Letters in a snapshot: records, and the policies that they name by number. Thousands of letters have
//! a few policies, and a record that repeats one is twice as long.

use alloc::{borrow::Cow, collections::BTreeMap, format, string::String, sync::Arc, vec::Vec};
use core::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, SeqAccess},
    ser::{SerializeSeq, SerializeStruct},
};

use super::record::{
    Attempt, Carried, Whole, attempts, is_empty, payload, read_history, read_payload, shared,
};
use crate::{
    Key,
    dead_letter::{DeadLetter, Failure, reason_word},
    policy::RetryPolicy,
    wire::{ConfigError, Value},
};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LetterRecord<'a> {
    #[serde(default, skip_serializing_if = "Whole::is_zero")]
    id: Whole,
    #[serde(default, skip_serializing_if = "Whole::is_zero")]
    lineage: Whole,
    key: Key,
    #[serde(borrow, default, rename = "type", skip_serializing_if = "is_empty")]
    task_type: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload: Option<Cow<'a, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload_text: Option<String>,
    #[serde(borrow)]
    reason: Cow<'a, str>,
    #[serde(default)]
    attempts: u32,
    #[serde(default, skip_serializing_if = "Whole::is_zero")]
    earlier_attempts: Whole,
    #[serde(default, skip_serializing_if = "is_zero")]
    redrives: u32,
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    parked: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_failed_at_ns: Option<Whole>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_failed_at_ns: Option<Whole>,
    died_at_ns: Whole,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    history: Vec<Attempt<'a>>,
    #[serde(default, skip_serializing_if = "Whole::is_zero")]
    forgotten: Whole,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy: Option<u32>,
    /// Of a policy that is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy_fingerprint: Option<String>,
    #[serde(default, skip_serializing_if = "Whole::is_zero")]
    seed: Whole,
    /// What a file said besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    other: Option<Carried>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "what serde hands over")]
pub(super) fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl<'a> LetterRecord<'a> {
    fn of(letter: &'a DeadLetter, policy: Option<u32>) -> LetterRecord<'a> {
        let (payload, payload_text) = payload(&letter.payload);
        let print = letter.policy_fingerprint;
        let print = (policy.is_none() && print != 0).then(|| format!("{print:016x}"));
        LetterRecord {
            id: Whole(letter.id),
            lineage: Whole(letter.lineage),
            key: letter.key.clone(),
            task_type: Cow::Borrowed(&letter.task_type),
            payload,
            payload_text,
            reason: letter.reason.as_str().into(),
            attempts: letter.attempts,
            earlier_attempts: Whole(letter.earlier_attempts),
            redrives: letter.redrives,
            parked: letter.parked,
            first_failed_at_ns: letter.first_failed_at.map(Whole::from),
            last_failed_at_ns: letter.last_failed_at.map(Whole::from),
            died_at_ns: letter.died_at.into(),
            history: attempts(&letter.history),
            forgotten: Whole(letter.history.forgotten()),
            policy,
            policy_fingerprint: print,
            seed: Whole(letter.seed),
            other: (!letter.other.is_empty()).then(|| Carried(Value::Map(letter.other.clone()))),
        }
    }

    /// The letter, whose policy is still a number.
    fn read(self, last: &mut Last) -> Result<Read, ConfigError> {
        let mut letter =
            DeadLetter::new(self.key, reason_word(&self.reason, "reason")?, self.died_at_ns.into());
        letter.id = self.id.0;
        letter.lineage = self.lineage.0;
        letter.task_type = shared(&self.task_type, &mut last.task_type);
        letter.payload = read_payload(self.payload, self.payload_text)?;
        letter.attempts = self.attempts;
        letter.earlier_attempts = self.earlier_attempts.0;
        letter.redrives = self.redrives;
        letter.parked = self.parked;
        letter.first_failed_at = self.first_failed_at_ns.map(Into::into);
        letter.last_failed_at = self.last_failed_at_ns.map(Into::into);
        letter.history = read_history(self.history, self.forgotten, &mut last.failure);
        letter.seed = self.seed.0;
        if let Some(Carried(Value::Map(other))) = self.other {
            letter.other = other;
        }
        if let Some(print) = self.policy_fingerprint {
            let bits = u64::from_str_radix(&print, 16).ok().filter(|_| print.len() == 16);
            let why = || {
                let message = format!("= \"{print}\" is not 16 hexadecimal digits");
                ConfigError::new("policyFingerprint", message)
            };
            letter.policy_fingerprint = bits.ok_or_else(why)?;
        }
        Ok(Read { letter, policy: self.policy })
    }
}

/// What records are likely to share with the one before.
#[derive(Default)]
struct Last {
    task_type: Arc<str>,
    failure: Option<Failure>,
}

struct Read {
    letter: DeadLetter,
    policy: Option<u32>,
}

/// Policies by number, in the order in which they were met.
#[derive(Default)]
pub(super) struct Numbers<'p> {
    known: BTreeMap<u64, Vec<(u32, &'p Arc<RetryPolicy>)>>,
    list: Vec<Value>,
}

impl<'p> Numbers<'p> {
    /// The number of `policy`, if it has one.
    pub(super) fn get(&self, fingerprint: u64, policy: &Arc<RetryPolicy>) -> Option<u32> {
        let same = |other: &Arc<RetryPolicy>| Arc::ptr_eq(other, policy) || other == policy;
        let known = self.known.get(&fingerprint)?;
        known.iter().find(|(_, other)| same(other)).map(|(number, _)| *number)
    }

    /// The number of `policy`, the next one if it had none.
    pub(super) fn give(&mut self, fingerprint: u64, policy: &'p Arc<RetryPolicy>) -> u32 {
        if let Some(number) = self.get(fingerprint, policy) {
            return number;
        }
        let number = self.list.len() as u32;
        self.known.entry(fingerprint).or_default().push((number, policy));
        self.list.push(policy.to_value());
        number
    }

    pub(super) fn list(&self) -> &[Value] {
        &self.list
    }
}

/// Letters to be written. They are read twice, first for their policies.
pub(super) struct Letters<I>(pub(super) I);

impl<'l, I: Iterator<Item = &'l DeadLetter> + Clone> Serialize for Letters<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut numbers = Numbers::default();
        for letter in self.0.clone() {
            if let Some(policy) = &letter.policy {
                numbers.give(letter.policy_fingerprint, policy);
            }
        }
        let mut fields = serializer.serialize_struct("Letters", 2)?;
        fields.serialize_field("policies", numbers.list())?;
        fields.serialize_field("records", &Records { letters: self.0.clone(), numbers })?;
        fields.end()
    }
}

struct Records<'p, I> {
    letters: I,
    numbers: Numbers<'p>,
}

impl<'l, I: Iterator<Item = &'l DeadLetter> + Clone> Serialize for Records<'_, I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for letter in self.letters.clone() {
            let number = letter.policy.as_ref();
            let number =
                number.and_then(|policy| self.numbers.get(letter.policy_fingerprint, policy));
            list.serialize_element(&LetterRecord::of(letter, number))?;
        }
        list.end()
    }
}

/// What a list of letters was read into.
#[derive(Default)]
pub(super) struct ReadLetters(Vec<Read>, Vec<(u64, Arc<RetryPolicy>)>);

impl ReadLetters {
    /// The letters, with their policies.
    pub(super) fn finish(self, path: &str) -> Result<Vec<DeadLetter>, ConfigError> {
        let ReadLetters(letters, policies) = self;
        let finish = |(i, read): (usize, Read)| {
            let Read { mut letter, policy } = read;
            if let Some(number) = policy {
                let Some((print, policy)) = policies.get(number as usize) else {
                    let message = format!("= {number}, and there are {} policies", policies.len());
                    let path = format!("{path}.records[{i}].policy");
                    return Err(ConfigError::new(path, message));
                };
                letter.policy_fingerprint = *print;
                letter.policy = Some(Arc::clone(policy));
            }
            Ok(letter)
        };
        letters.into_iter().enumerate().map(finish).collect()
    }
}

impl<'de> Deserialize<'de> for ReadLetters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ReadLetters, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Raw {
            policies: Policies,
            records: ReadRecords,
        }
        let raw = Raw::deserialize(deserializer)?;
        Ok(ReadLetters(raw.records.0, raw.policies.0))
    }
}

struct Policies(Vec<(u64, Arc<RetryPolicy>)>);

impl<'de> Deserialize<'de> for Policies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Policies, D::Error> {
        let values = Vec::<Value>::deserialize(deserializer)?;
        let mut policies = Vec::with_capacity(values.len());
        for (i, value) in values.iter().enumerate() {
            let policy = read_policy(value).map_err(|error| error.inside(&format!("[{i}]")));
            let policy = policy.map_err(de::Error::custom)?;
            policies.push((policy.fingerprint(), policy));
        }
        Ok(Policies(policies))
    }
}

pub(super) fn read_policy(value: &Value) -> Result<Arc<RetryPolicy>, ConfigError> {
    RetryPolicy::from_value_until_stopped(value).map(Arc::new)
}

struct ReadRecords(Vec<Read>);

impl<'de> Deserialize<'de> for ReadRecords {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ReadRecords, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = ReadRecords;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of letters")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ReadRecords, A::Error> {
                let (mut last, mut letters) = (Last::default(), Vec::new());
                while let Some(record) = items.next_element::<LetterRecord<'de>>()? {
                    let letter = record.read(&mut last).map_err(|error| {
                        de::Error::custom(error.inside(&format!("[{}]", letters.len())))
                    })?;
                    letters.push(letter);
                }
                Ok(ReadRecords(letters))
            }
        }

        deserializer.deserialize_seq(Visitor)
    }
}
