//! A dead-letter queue, taken apart and put together.

use alloc::{collections::BTreeMap, format, sync::Arc, vec::Vec};

use super::{Snapshot, SnapshotError, required, required_list};
use crate::{
    dead_letter::{DeadLetter, DeadLetterQueue, QueueConfig, QueueCounters, QueueParts},
    exact,
    policy::RetryPolicy,
    wire::{ConfigError, Fields, Value},
};

const SCHEMA: &str = "redrive-dead-letter-queue/1";

impl DeadLetterQueue {
    /// The queue with its letters, its rule and its counters, to be stored.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(to_value(self))
    }

    /// The queue that [`snapshot`](DeadLetterQueue::snapshot) saved.
    ///
    /// # Errors
    /// When it is the snapshot of something else or of another version, or its parts contradict each
    /// other.
    pub fn restore(snapshot: &Snapshot) -> Result<DeadLetterQueue, SnapshotError> {
        snapshot.expect(SCHEMA)?;
        Ok(read(&snapshot.0)?)
    }
}

pub(super) fn to_value(queue: &DeadLetterQueue) -> Value {
    let parts = queue.parts();
    let c = parts.counters;
    Value::map([
        ("schema", SCHEMA.into()),
        ("config", parts.config.to_value()),
        ("lastId", exact::whole(parts.last_id)),
        (
            "counters",
            Value::map([
                ("entered", exact::whole(c.entered)),
                ("rejected", exact::whole(c.rejected)),
                ("droppedNew", exact::whole(c.dropped_new)),
                ("droppedOldest", exact::whole(c.dropped_oldest)),
                ("expired", exact::whole(c.expired)),
                ("removed", exact::whole(c.removed)),
                ("purged", exact::whole(c.purged)),
                ("redriven", exact::whole(c.redriven)),
            ]),
        ),
        ("letters", write_letters(queue.iter())),
    ])
}

pub(super) fn read(value: &Value) -> Result<DeadLetterQueue, ConfigError> {
    let fields = Fields::read(value, "", &["schema", "config", "lastId", "counters", "letters"])?;
    let config = QueueConfig::from_value(required(&fields, "config")?)
        .map_err(|error| error.inside("config"))?;
    let counters = read_counters(required(&fields, "counters")?)?;
    let last_id = exact::required_count(&fields, "lastId")?;
    let letters = read_letters(required(&fields, "letters")?, "letters")?;
    DeadLetterQueue::from_parts(QueueParts { config, last_id, counters }, letters)
}

fn read_counters(value: &Value) -> Result<QueueCounters, ConfigError> {
    const FIELDS: &[&str] = &[
        "entered",
        "rejected",
        "droppedNew",
        "droppedOldest",
        "expired",
        "removed",
        "purged",
        "redriven",
    ];
    let fields = Fields::read(value, "counters", FIELDS)?;
    let count = |name| exact::required_count(&fields, name);
    Ok(QueueCounters {
        entered: count("entered")?,
        rejected: count("rejected")?,
        dropped_new: count("droppedNew")?,
        dropped_oldest: count("droppedOldest")?,
        expired: count("expired")?,
        removed: count("removed")?,
        purged: count("purged")?,
        redriven: count("redriven")?,
    })
}

/// Letters as a list of records, and the policies that they name by number: thousands of letters have
/// a few policies, and a record that repeats one is twice as long.
pub(super) fn write_letters<'l>(letters: impl Iterator<Item = &'l DeadLetter>) -> Value {
    let mut policies = Vec::new();
    let mut numbers: BTreeMap<u64, Vec<(u64, &Arc<RetryPolicy>)>> = BTreeMap::new();
    let mut records = Vec::new();
    for letter in letters {
        let number = letter.policy.as_ref().map(|policy| {
            let known = numbers.entry(letter.policy_fingerprint).or_default();
            let same = |other: &Arc<RetryPolicy>| Arc::ptr_eq(other, policy) || other == policy;
            let found = known.iter().find(|(_, other)| same(other)).map(|(number, _)| *number);
            found.unwrap_or_else(|| {
                let number = policies.len() as u64;
                known.push((number, policy));
                policies.push(policy.to_value());
                number
            })
        });
        records.push(letter.to_value_with(number.map_or(Value::Null, exact::whole)));
    }
    Value::map([("policies", Value::List(policies)), ("records", Value::List(records))])
}

/// Reads what [`write_letters`] wrote.
pub(super) fn read_letters(value: &Value, path: &str) -> Result<Vec<DeadLetter>, ConfigError> {
    let fields = Fields::read(value, path, &["policies", "records"])?;
    let mut policies = Vec::new();
    for (i, value) in required_list(&fields, "policies")?.iter().enumerate() {
        let policy = RetryPolicy::from_value(value)
            .map_err(|error| error.inside(&format!("{path}.policies[{i}]")))?;
        policies.push((policy.fingerprint(), Arc::new(policy)));
    }
    let records = required_list(&fields, "records")?;
    let mut letters = Vec::with_capacity(records.len());
    for (i, value) in records.iter().enumerate() {
        let letter = DeadLetter::from_value_with(value, |fields| find_policy(fields, &policies))
            .map_err(|error| error.inside(&format!("{path}.records[{i}]")))?;
        letters.push(letter);
    }
    Ok(letters)
}

/// The policy that a record names by number.
fn find_policy(
    fields: &Fields<'_>,
    policies: &[(u64, Arc<RetryPolicy>)],
) -> Result<Option<(u64, Arc<RetryPolicy>)>, ConfigError> {
    if fields.is_null("policy") {
        return Ok(None);
    }
    let number = exact::required_whole(fields, "policy")?;
    let policy = usize::try_from(number).ok().and_then(|number| policies.get(number));
    policy.cloned().map(Some).ok_or_else(|| {
        let message = format!("= {number}, and there are {} policies", policies.len());
        fields.error("policy", message)
    })
}
