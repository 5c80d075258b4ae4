//! A machine, written as a stream: one task after the other, without a tree of them all.

use alloc::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

use serde::{
    Deserialize, Serialize, Serializer,
    ser::{SerializeSeq, SerializeStruct},
};

use super::{
    letters::{Letters, Numbers, is_zero},
    queue,
    record::{Attempt, Carried, Count, Whole, attempts, is_empty, payload},
};
use crate::{
    Key,
    machine::{Counters, Entry, Event, Machine},
    policy::Budget,
    task::{Reason, State, Task},
    time::{Time, nanos},
    wire::Value,
};

pub(super) const SCHEMA: &str = "redrive-machine/2";

/// A machine to be written.
pub(super) struct Written<'m>(pub(super) &'m Machine);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Written(machine) = self;
        let (numbers, by_slot) = policies(machine);
        let budgets = machine.policies.budgets();
        let mut budgets: Vec<(String, Value)> = budgets
            .map(Budget::to_value)
            .map(|budget| (budget.get("rule").map_or_else(String::new, Value::to_json), budget))
            .collect();
        budgets.sort_by(|a, b| a.0.cmp(&b.0));
        let budgets: Vec<Value> = budgets.into_iter().map(|(_, budget)| budget).collect();
        let events: Vec<Carried> =
            machine.events.iter().map(Event::to_value).map(Carried).collect();
        let mut fields = serializer.serialize_struct("Machine", 17)?;
        fields.serialize_field("schema", SCHEMA)?;
        fields.serialize_field("nowNs", &Whole::from(machine.now))?;
        fields.serialize_field("behindNs", &machine.behind.map(Whole::from))?;
        fields.serialize_field("seed", &Whole(machine.seed))?;
        fields.serialize_field("history", &machine.history)?;
        fields.serialize_field("eventCapacity", &Whole(machine.events.capacity() as u64))?;
        fields.serialize_field("eventsLost", &Count(machine.events.lost()))?;
        fields.serialize_field("runs", &Count(machine.runs))?;
        fields.serialize_field("incarnation", &machine.incarnation)?;
        fields.serialize_field("policy", &machine.policies.default().to_value())?;
        fields.serialize_field("budgets", &budgets)?;
        fields.serialize_field("policies", numbers.list())?;
        fields.serialize_field("counters", &CountersRecord::of(&machine.counters))?;
        fields.serialize_field("queue", &queue::Written(&machine.letters))?;
        fields.serialize_field("held", &Letters(machine.held.iter().map(|held| &**held)))?;
        fields.serialize_field("tasks", &Tasks { machine, by_slot })?;
        fields.serialize_field("events", &events)?;
        if !machine.rollouts.is_empty() {
            let rollouts = machine.rollouts.iter().map(|(number, rollout)| {
                Value::map([("number", (*number).into()), ("state", rollout.to_value())])
            });
            fields.serialize_field("rollouts", &rollouts.collect::<Vec<Value>>())?;
        }
        fields.end()
    }
}

/// The policies besides the machine's own, by number, and the number of each slot's. By fingerprint and
/// not by slot: slots tell who came first, and equal machines have equal snapshots.
fn policies(machine: &Machine) -> (Numbers<'_>, BTreeMap<u32, u32>) {
    let used: BTreeSet<u32> = machine.tasks.iter().map(|(_, entry)| entry.policy).collect();
    let slots = used.into_iter().filter(|slot| *slot != 0);
    let mut slots: Vec<_> = slots.map(|slot| machine.policies.named(slot)).collect();
    slots.sort_by_key(|(slot, fingerprint, _)| (*fingerprint, *slot));
    let own = machine.policies.default();
    let (mut numbers, mut by_slot) = (Numbers::default(), BTreeMap::new());
    for (slot, fingerprint, policy) in slots {
        if policy != own {
            by_slot.insert(slot, numbers.give(fingerprint, policy));
        }
    }
    (numbers, by_slot)
}

struct Tasks<'m> {
    machine: &'m Machine,
    by_slot: BTreeMap<u32, u32>,
}

impl Serialize for Tasks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // By key: equal machines have equal snapshots, whatever the order of the submissions was.
        let slots = self.machine.tasks.slots_by_key(|_| true);
        let mut list = serializer.serialize_seq(Some(slots.len()))?;
        for entry in slots.into_iter().filter_map(|slot| self.machine.tasks.get(slot)) {
            let policy = self.by_slot.get(&entry.policy).copied();
            list.serialize_element(&TaskRecord::of(entry, policy))?;
        }
        list.end()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TaskRecord<'a> {
    pub(super) key: Key,
    #[serde(borrow, default, rename = "type", skip_serializing_if = "is_empty")]
    pub(super) task_type: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) payload: Option<Cow<'a, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) payload_text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<u32>,
    #[serde(borrow)]
    pub(super) state: Cow<'a, str>,
    /// Of a task that began.
    #[serde(default, skip_serializing_if = "Whole::is_zero")]
    pub(super) began_ns: Whole,
    /// Running: when this attempt began.
    #[serde(default, skip_serializing_if = "Whole::is_zero")]
    pub(super) at_ns: Whole,
    #[serde(default, skip_serializing_if = "Whole::is_zero")]
    pub(super) previous_ns: Whole,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) attempts: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) free: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) paid: u32,
    /// Ready or waiting: when it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) due_ns: Option<Whole>,
    /// Running: when the attempt times out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) deadline_ns: Option<Whole>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expires_at_ns: Option<Whole>,
    #[serde(default, skip_serializing_if = "Whole::is_zero")]
    pub(super) run: Whole,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) incarnation: u32,
    #[serde(default, skip_serializing_if = "Whole::is_zero")]
    pub(super) waited_ns: Whole,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first_failed_at_ns: Option<Whole>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_failed_at_ns: Option<Whole>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub(super) history: Vec<Attempt<'a>>,
    #[serde(default, skip_serializing_if = "Whole::is_zero")]
    pub(super) forgotten: Whole,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) past: Option<PastRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PastRecord {
    pub(super) lineage: Whole,
    pub(super) redrives: u32,
    pub(super) earlier_attempts: Whole,
    pub(super) base: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<Value>,
    /// The rollout that sent it, and the letter that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rollout: Option<(Whole, Whole)>,
}

/// The states that a live task can be in.
pub(super) const STATES: [&str; 3] = ["ready", "running", "waiting"];

impl<'a> TaskRecord<'a> {
    fn of(entry: &'a Entry, policy: Option<u32>) -> TaskRecord<'a> {
        let parts = Task::parts(&entry.task);
        let (payload, payload_text) = payload(entry.payload());
        let running = entry.is_running();
        let state = match parts.state {
            State::Running => STATES[1],
            State::Waiting { .. } => STATES[2],
            _ => STATES[0],
        };
        let (extra, past) = (entry.extra.as_deref(), entry.past());
        let optional = |time: Option<Time>| time.map(Whole::from);
        TaskRecord {
            key: entry.key.clone(),
            task_type: Cow::Borrowed(&entry.task_type),
            payload,
            payload_text,
            policy,
            state: state.into(),
            began_ns: parts.began.into(),
            at_ns: if running { parts.at.into() } else { Whole(0) },
            previous_ns: Whole(nanos(parts.previous)),
            attempts: parts.attempts,
            free: parts.free.into(),
            paid: parts.paid.into(),
            due_ns: (!running).then_some(entry.at.into()),
            deadline_ns: optional(entry.deadline()),
            expires_at_ns: optional(entry.expires_at()),
            run: Whole(entry.run),
            // Which results are taken matters while one is awaited.
            incarnation: if running { entry.incarnation } else { 0 },
            waited_ns: Whole(entry.waited),
            first_failed_at_ns: optional(extra.and_then(|extra| extra.first_failed_at)),
            last_failed_at_ns: optional(extra.and_then(|extra| extra.last_failed_at)),
            history: attempts(entry.history()),
            forgotten: Whole(entry.history().forgotten()),
            past: past.map(|past| PastRecord {
                lineage: Whole(past.lineage),
                redrives: past.redrives,
                earlier_attempts: Whole(past.earlier_attempts),
                base: past.base,
                policy: past.policy.as_ref().map(|policy| policy.to_value()),
                rollout: past.rollout.map(|(number, letter)| (Whole(number), Whole(letter))),
            }),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CountersRecord {
    submitted: Count,
    redriven: Count,
    attempts: Count,
    retries: Count,
    succeeded: Count,
    dead_lettered: BTreeMap<String, Count>,
    cancelled: Count,
    discarded: Count,
    failed: Count,
    timed_out: Count,
    crashed: Count,
    stale_results: Count,
    time_reversals: Count,
}

impl CountersRecord {
    fn of(c: &Counters) -> CountersRecord {
        let reasons = Reason::ALL.iter().zip(c.dead_lettered);
        let reasons = reasons.map(|(reason, count)| (reason.as_str().into(), Count(count)));
        CountersRecord {
            submitted: Count(c.submitted),
            redriven: Count(c.redriven),
            attempts: Count(c.attempts),
            retries: Count(c.retries),
            succeeded: Count(c.succeeded),
            dead_lettered: reasons.collect(),
            cancelled: Count(c.cancelled),
            discarded: Count(c.discarded),
            failed: Count(c.failed),
            timed_out: Count(c.timed_out),
            crashed: Count(c.crashed),
            stale_results: Count(c.stale_results),
            time_reversals: Count(c.time_reversals),
        }
    }

    pub(super) fn read(self) -> Result<Counters, crate::wire::ConfigError> {
        let mut dead_lettered = [0; Reason::ALL.len()];
        for (word, count) in self.dead_lettered {
            let reason = crate::dead_letter::reason_word(&word, "deadLettered")?;
            dead_lettered[reason as usize] = count.0;
        }
        Ok(Counters {
            submitted: self.submitted.0,
            redriven: self.redriven.0,
            attempts: self.attempts.0,
            retries: self.retries.0,
            succeeded: self.succeeded.0,
            dead_lettered,
            cancelled: self.cancelled.0,
            discarded: self.discarded.0,
            failed: self.failed.0,
            timed_out: self.timed_out.0,
            crashed: self.crashed.0,
            stale_results: self.stale_results.0,
            time_reversals: self.time_reversals.0,
        })
    }
}
