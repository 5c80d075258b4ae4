//! The record of a dead letter: what one line of NDJSON holds.

use alloc::{borrow::ToOwned, format, string::String, string::ToString, sync::Arc, vec::Vec};

use crate::{
    Key,
    dead_letter::{AttemptRecord, DeadLetter, Failure, History, MAX_ID, filter::reason_word},
    exact,
    policy::RetryPolicy,
    task::Reason,
    time::{Time, nanos},
    wire::{ConfigError, Fields, Value, camel_case, quoted},
};

/// The name and version of the record format.
pub const SCHEMA: &str = "redrive-dead-letter/1";

pub(super) const FIELDS: &[&str] = &[
    "schema",
    "id",
    "lineage",
    "key",
    "type",
    "payload",
    "reason",
    "attempts",
    "earlierAttempts",
    "redrives",
    "parked",
    "firstFailedAtNs",
    "lastFailedAtNs",
    "diedAtNs",
    "lastError",
    "history",
    "forgotten",
    "policy",
    "policyFingerprint",
    "seed",
];

impl DeadLetter {
    /// The record of this letter: one line of NDJSON.
    pub fn to_value(&self) -> Value {
        self.to_value_with(self.policy.as_ref().map_or(Value::Null, |policy| policy.to_value()))
    }

    /// The record with `policy` in the place of the policy's own.
    pub(crate) fn to_value_with(&self, policy: Value) -> Value {
        let optional_time = |time: Option<Time>| time.map_or(Value::Null, exact::time);
        let mut record = Value::map([
            ("schema", SCHEMA.into()),
            ("id", exact::whole(self.id)),
            ("lineage", exact::whole(self.lineage)),
            ("key", self.key.to_string().into()),
            ("type", (*self.task_type).into()),
            ("payload", self.payload.clone()),
            ("reason", self.reason.as_str().into()),
            ("attempts", self.attempts.into()),
            ("earlierAttempts", exact::whole(self.earlier_attempts)),
            ("redrives", self.redrives.into()),
            ("parked", self.parked.into()),
            ("firstFailedAtNs", optional_time(self.first_failed_at)),
            ("lastFailedAtNs", optional_time(self.last_failed_at)),
            ("diedAtNs", exact::time(self.died_at)),
            ("lastError", self.last_error().map_or(Value::Null, failure_to_value)),
            ("history", history_to_list(&self.history)),
            ("forgotten", exact::whole(self.history.forgotten())),
            ("policy", policy),
            ("policyFingerprint", exact::hex(self.current_fingerprint())),
            ("seed", exact::whole(self.seed)),
        ]);
        if let Value::Map(fields) = &mut record {
            fields.extend(self.other.iter().cloned());
        }
        record
    }

    /// One line of NDJSON, its end included: payloads as they were written, to the last digit.
    pub fn to_line(&self) -> String {
        let mut line = self.to_value().to_json();
        line.push('\n');
        line
    }

    /// Reads a record. Only `schema`, `key`, `reason` and `diedAtNs` have to be there; what is absent
    /// is empty, zero or unknown.
    ///
    /// # Errors
    /// When the schema is not [`SCHEMA`], a field is unknown, missing or not what it should be, or
    /// the fields contradict each other. The error names the field.
    pub fn from_value(value: &Value) -> Result<DeadLetter, ConfigError> {
        DeadLetter::from_value_with(value, |fields| match fields.get("policy") {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match RetryPolicy::from_value_until_stopped(value) {
                Ok(policy) => Ok(Some((policy.fingerprint(), Arc::new(policy)))),
                Err(error) => Err(error.inside(&fields.path_of("policy"))),
            },
        })
    }

    /// The same of a letter on its way: fields that this version does not know are kept, as a file keeps
    /// them.
    pub(super) fn from_carried(value: &Value) -> Result<DeadLetter, ConfigError> {
        let Value::Map(entries) = value else { return DeadLetter::from_value(value) };
        let is_known = |(name, _): &(String, Value)| FIELDS.contains(&camel_case(name).as_str());
        let (known, other): (Vec<_>, Vec<_>) = entries.iter().cloned().partition(is_known);
        let mut letter = DeadLetter::from_value(&Value::Map(known))?;
        letter.other = other;
        Ok(letter)
    }

    /// Reads a record whose policy, and the fingerprint of that, `read_policy` finds.
    pub(crate) fn from_value_with(
        value: &Value,
        read_policy: impl FnOnce(&Fields<'_>) -> Result<Option<(u64, Arc<RetryPolicy>)>, ConfigError>,
    ) -> Result<DeadLetter, ConfigError> {
        let fields = Fields::read(value, "", FIELDS)?;
        schema(&fields, SCHEMA)?;
        let history = read_history(&fields)?;
        let given = exact::read_hex(&fields, "policyFingerprint")?;
        let (policy_fingerprint, policy) = match read_policy(&fields)? {
            None => (given.unwrap_or(0), None),
            Some((fingerprint, policy)) if given.is_none_or(|given| given == fingerprint) => {
                (fingerprint, Some(policy))
            }
            Some(_) => {
                let message = "is not that of policy; leave it out and it is computed";
                return Err(fields.error("policyFingerprint", message));
            }
        };
        let letter = DeadLetter {
            id: exact::read_whole(&fields, "id")?.unwrap_or(0),
            lineage: exact::read_whole(&fields, "lineage")?.unwrap_or(0),
            key: read_key(&fields)?,
            task_type: fields.text("type")?.unwrap_or("").into(),
            payload: fields.get("payload").cloned().unwrap_or(Value::Null),
            reason: read_reason(&fields, "reason")?,
            attempts: exact::read_u32(&fields, "attempts")?.unwrap_or(0),
            earlier_attempts: exact::read_whole(&fields, "earlierAttempts")?.unwrap_or(0),
            redrives: exact::read_u32(&fields, "redrives")?.unwrap_or(0),
            first_failed_at: exact::read_time(&fields, "firstFailedAtNs")?,
            last_failed_at: exact::read_time(&fields, "lastFailedAtNs")?,
            died_at: Time::from_nanos(exact::required_whole(&fields, "diedAtNs")?),
            policy_fingerprint,
            policy,
            seed: exact::read_whole(&fields, "seed")?.unwrap_or(0),
            parked: fields.boolean("parked")?.unwrap_or(false),
            history,
            other: Vec::new(),
        };
        letter.agrees_with_itself(&fields)?;
        Ok(letter)
    }

    fn current_fingerprint(&self) -> u64 {
        match &self.policy {
            Some(policy) if self.policy_fingerprint == 0 => policy.fingerprint(),
            _ => self.policy_fingerprint,
        }
    }

    /// The contradictions that a damaged or badly edited record can hold. Times and counts are taken
    /// as they are: the letters of other engines, with clocks of their own, have to be readable too.
    fn agrees_with_itself(&self, fields: &Fields<'_>) -> Result<(), ConfigError> {
        for (name, number) in [("id", self.id), ("lineage", self.lineage)] {
            if number > MAX_ID {
                let message = format!("= {number} is above {MAX_ID}, the largest letter number");
                return Err(fields.error(name, message));
            }
        }
        match fields.get("lastError") {
            None | Some(Value::Null) => Ok(()),
            Some(error) => {
                let error = failure_from_value(error, &fields.path_of("lastError"))?;
                if self.last_error() == Some(&error) {
                    return Ok(());
                }
                let message = "is not the last error in history; it is a copy, leave it out";
                Err(fields.error("lastError", message))
            }
        }
    }
}

/// Checks the field `schema` against the one format that this version reads.
pub(crate) fn schema(fields: &Fields<'_>, expected: &str) -> Result<(), ConfigError> {
    let given = fields.required_text("schema")?;
    if given == expected {
        return Ok(());
    }
    let message =
        format!("= {} is not a format that this version reads: \"{expected}\"", quoted(given));
    Err(fields.error("schema", message))
}

/// A key is text; a plain number is read too, as long as it is whole.
fn read_key(fields: &Fields<'_>) -> Result<Key, ConfigError> {
    match fields.get("key") {
        Some(Value::Unsigned(id)) => Ok(Key::from(*id)),
        _ => fields.required_text("key").map(Key::from),
    }
}

pub(crate) fn read_reason(fields: &Fields<'_>, name: &str) -> Result<Reason, ConfigError> {
    reason_word(fields.required_text(name)?, &fields.path_of(name))
}

fn read_history(fields: &Fields<'_>) -> Result<History, ConfigError> {
    let records = fields.list("history")?.unwrap_or_default();
    let forgotten = exact::read_whole(fields, "forgotten")?.unwrap_or(0);
    history_from_list(records, forgotten, &fields.path_of("history"))
}

/// The remembered attempts of `history` as a list.
pub(crate) fn history_to_list(history: &History) -> Value {
    let record = |record: &AttemptRecord| {
        Value::map([
            ("attempt", record.attempt.into()),
            ("startedAtNs", exact::time(record.started)),
            ("endedAtNs", exact::time(record.ended)),
            ("delayNs", exact::whole(nanos(record.delay))),
            ("error", failure_to_value(&record.failure)),
        ])
    };
    Value::List(history.iter().map(record).collect::<Vec<_>>())
}

/// Reads what [`history_to_list`] wrote.
pub(crate) fn history_from_list(
    list: &[Value],
    forgotten: u64,
    path: &str,
) -> Result<History, ConfigError> {
    const FIELDS: &[&str] = &["attempt", "startedAtNs", "endedAtNs", "delayNs", "error"];
    let mut records = Vec::with_capacity(list.len());
    for (i, value) in list.iter().enumerate() {
        let fields = Fields::read(value, &format!("{path}[{i}]"), FIELDS)?;
        let error = fields.get("error").unwrap_or(&Value::Null);
        records.push(AttemptRecord {
            attempt: exact::required_u32(&fields, "attempt")?,
            started: Time::from_nanos(exact::required_whole(&fields, "startedAtNs")?),
            ended: Time::from_nanos(exact::required_whole(&fields, "endedAtNs")?),
            delay: exact::read_nanos(&fields, "delayNs")?.unwrap_or_default(),
            failure: failure_from_value(error, &fields.path_of("error"))?,
        });
    }
    Ok(History::from_parts(records, forgotten))
}

/// A failure as an object; what it does not have is left out.
pub(crate) fn failure_to_value(failure: &Failure) -> Value {
    let mut entries = Vec::with_capacity(4);
    entries.push(("kind".to_owned(), failure.kind().into()));
    entries.push(("message".to_owned(), failure.message().into()));
    if let Some(code) = failure.code() {
        entries.push(("code".to_owned(), code.into()));
    }
    if let Some(wait) = failure.retry_after() {
        entries.push(("retryAfterNs".to_owned(), exact::whole(nanos(wait))));
    }
    Value::Map(entries)
}

/// Reads what [`failure_to_value`] wrote.
pub(crate) fn failure_from_value(value: &Value, path: &str) -> Result<Failure, ConfigError> {
    let fields = Fields::read(value, path, &["kind", "message", "code", "retryAfterNs"])?;
    let kind = fields.required_text("kind")?;
    let mut failure = Failure::new(kind, fields.text("message")?.unwrap_or(""));
    if let Some(code) = fields.text("code")? {
        failure = failure.with_code(code);
    }
    if let Some(wait) = exact::read_nanos(&fields, "retryAfterNs")? {
        failure = failure.with_retry_after(wait);
    }
    Ok(failure)
}

crate::wire::through_value!(DeadLetter);
