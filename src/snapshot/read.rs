//! A machine, read as a stream: each task goes to its place as soon as it is read.

use alloc::{boxed::Box, collections::BTreeSet, format, string::String, sync::Arc, vec::Vec};
use core::fmt;

use serde::{
    Deserializer,
    de::{self, DeserializeSeed, Error, MapAccess, SeqAccess},
};

use super::{
    letters::{ReadLetters, read_policy},
    queue::QueueRecord,
    record::{Carried, Count, Whole, read_history, read_payload, shared},
    write::{CountersRecord, PastRecord, STATES, TaskRecord},
};
use crate::{
    dead_letter::{DeadLetter, Failure, Rollout},
    machine::{Entry, Event, Extra, Machine, MachineConfig, Past, Slab},
    policy::Budget,
    task::{Parts, State, Task},
    time::{Duration, Time},
    wire::{ConfigError, Fields, Value, one_of},
};

/// What was found wrong with the parts, with the place, which an error of the format would lose.
pub(super) type Fault = Option<ConfigError>;

/// Notes what is wrong, and says it in the format's own way.
pub(super) fn refuse<E: Error>(fault: &mut Fault, error: ConfigError) -> E {
    let text = E::custom(&error);
    *fault = Some(error);
    text
}

macro_rules! fields {
    ($($field:ident: $type:ty = $name:literal,)*) => {
        /// Everything but the tasks, in whatever order it comes.
        #[derive(Default)]
        struct Header {
            $($field: Option<$type>,)*
        }

        const FIELDS: &[&str] = &["schema", "tasks", $($name,)*];

        impl Header {
            fn take<'de, A: MapAccess<'de>>(
                &mut self,
                name: &str,
                map: &mut A,
            ) -> Result<(), A::Error> {
                match name {
                    $($name => match &mut self.$field {
                        Some(_) => return Err(A::Error::duplicate_field($name)),
                        none => *none = Some(map.next_value()?),
                    },)*
                    other => return Err(A::Error::unknown_field(other, FIELDS)),
                }
                Ok(())
            }
        }
    };
}

fields! {
    now: Whole = "nowNs",
    behind: Option<Whole> = "behindNs",
    seed: Whole = "seed",
    history: u32 = "history",
    event_capacity: Whole = "eventCapacity",
    events_lost: Count = "eventsLost",
    runs: Count = "runs",
    incarnation: u32 = "incarnation",
    policy: Value = "policy",
    budgets: Vec<Value> = "budgets",
    policies: Vec<Value> = "policies",
    counters: CountersRecord = "counters",
    queue: QueueRecord = "queue",
    held: ReadLetters = "held",
    events: Vec<Carried> = "events",
    rollouts: Vec<Value> = "rollouts",
}

/// Reads a machine.
pub(super) struct Whose<'f>(pub(super) &'f mut Fault);

impl<'de> DeserializeSeed<'de> for Whose<'_> {
    type Value = Machine;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Machine, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> de::Visitor<'de> for Whose<'_> {
    type Value = Machine;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the snapshot of a machine")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Machine, A::Error> {
        let mut header = Header::default();
        let mut tasks: Option<Tasks> = None;
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "schema" => {
                    map.next_value::<de::IgnoredAny>()?;
                }
                "tasks" if tasks.is_some() => return Err(A::Error::duplicate_field("tasks")),
                "tasks" => {
                    // The salt of the index, if the seed was there.
                    let salt = header.seed.unwrap_or_default().0;
                    let seed = TasksSeed { fault: &mut *self.0, salt };
                    tasks = Some(map.next_value_seed(seed)?);
                }
                other => header.take(other, &mut map)?,
            }
        }
        let Some(tasks) = tasks else { return Err(A::Error::missing_field("tasks")) };
        header.finish(tasks).map_err(|error| refuse(self.0, error))
    }
}

/// The tasks, whose policies are still numbers.
struct Tasks {
    slab: Slab,
    salt: u64,
    runs: BTreeSet<(u64, u32)>,
}

struct TasksSeed<'f> {
    fault: &'f mut Fault,
    salt: u64,
}

impl<'de> DeserializeSeed<'de> for TasksSeed<'_> {
    type Value = Tasks;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tasks, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> de::Visitor<'de> for TasksSeed<'_> {
    type Value = Tasks;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of tasks")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tasks, A::Error> {
        let slab = Slab::new(crate::random::mix(self.salt));
        let mut tasks = Tasks { slab, salt: self.salt, runs: BTreeSet::new() };
        let (mut last_type, mut last_failure): (Arc<str>, Option<Failure>) = Default::default();
        let mut place = 0;
        while let Some(record) = items.next_element::<TaskRecord<'de>>()? {
            let entry = read_entry(record, &mut last_type, &mut last_failure);
            let placed = entry.and_then(|entry| tasks.put(entry));
            placed.map_err(|error| refuse(self.fault, error.inside(&format!("tasks[{place}]"))))?;
            place += 1;
        }
        Ok(tasks)
    }
}

impl Tasks {
    fn put(&mut self, entry: Entry) -> Result<(), ConfigError> {
        if self.slab.find(&entry.key).is_some() {
            return Err(ConfigError::new("key", "is given twice"));
        }
        if entry.is_running() && !self.runs.insert((entry.run, entry.incarnation)) {
            return Err(ConfigError::new("run", format!("= {} is given twice", entry.run)));
        }
        self.slab.insert(entry);
        Ok(())
    }
}

fn read_entry(
    record: TaskRecord<'_>,
    last_type: &mut Arc<str>,
    last_failure: &mut Option<Failure>,
) -> Result<Entry, ConfigError> {
    let wrong = |name: &str, message: &str| ConfigError::new(name, message);
    let state = one_of("state", &record.state, &STATES)?;
    let due = || record.due_ns.ok_or_else(|| wrong("dueNs", "is missing")).map(Time::from);
    let (state, at) = match state {
        "running" if record.due_ns.is_some() => {
            return Err(wrong("dueNs", "is there, and an attempt runs"));
        }
        "running" => (State::Running, record.deadline_ns.map_or(Time::MAX, Time::from)),
        _ if record.deadline_ns.is_some() => {
            return Err(wrong("deadlineNs", "is there, and no attempt runs"));
        }
        "waiting" => (State::Waiting { until: due()? }, due()?),
        _ => (State::Ready, due()?),
    };
    let small = |name, number: u32| {
        u16::try_from(number).map_err(|_| wrong(name, &format!("= {number} is too large")))
    };
    let parts = Parts {
        state,
        began: record.began_ns.into(),
        at: record.at_ns.into(),
        previous: Duration::from_nanos(record.previous_ns.0),
        attempts: record.attempts,
        free: small("free", record.free)?,
        paid: small("paid", record.paid)?,
    };
    let task = Task::from_parts(&parts).map_err(|why| ConfigError::new("", why))?;
    let past = record.past.map(read_past).transpose()?;
    let extra = Extra {
        expires_at: record.expires_at_ns.map(Into::into),
        first_failed_at: record.first_failed_at_ns.map(Into::into),
        last_failed_at: record.last_failed_at_ns.map(Into::into),
        past,
    };
    let history = read_history(record.history, record.forgotten, last_failure);
    let is_empty = history.is_empty() && history.forgotten() == 0;
    let payload = read_payload(record.payload, record.payload_text)?;
    let entry = Entry {
        task,
        key: record.key,
        task_type: shared(&record.task_type, last_type),
        payload: (!matches!(payload, Value::Null)).then(|| Box::new(payload)),
        at,
        run: record.run.0,
        waited: record.waited_ns.0,
        extra: (extra != Extra::default()).then(|| Box::new(extra)),
        history: (!is_empty).then(|| Box::new(history)),
        policy: record.policy.map_or(NO_NUMBER, |number| number),
        stamp: 0,
        incarnation: record.incarnation,
    };
    check(&entry)?;
    Ok(entry)
}

/// In the place of a slot: the machine's own policy.
const NO_NUMBER: u32 = u32::MAX;

fn read_past(past: PastRecord) -> Result<Past, ConfigError> {
    let policy = past.policy.as_ref().map(read_policy).transpose();
    Ok(Past {
        lineage: past.lineage.0,
        redrives: past.redrives,
        earlier_attempts: past.earlier_attempts.0,
        base: past.base,
        policy: policy.map_err(|error| error.inside("past.policy"))?,
        rollout: past.rollout.map(|(number, letter)| (number.0, letter.0)),
    })
}

/// What no sequence of calls can bring about. Times are what clocks said, and clocks say anything.
fn check(entry: &Entry) -> Result<(), ConfigError> {
    if entry.task.attempts() < entry.base() {
        return Err(ConfigError::new("past.base", "is more than the attempts of the task"));
    }
    if (entry.run == 0) == entry.was_started() {
        let message = "does not fit: it is from 1 to runs once the task was started, and 0 before";
        return Err(ConfigError::new("run", message));
    }
    Ok(())
}

impl Header {
    fn finish(self, tasks: Tasks) -> Result<Machine, ConfigError> {
        let policy = required(self.policy, "policy")?;
        let policy = read_policy(&policy).map_err(|error| error.inside("policy"))?;
        let seed = required(self.seed, "seed")?.0;
        let event_capacity = required(self.event_capacity, "eventCapacity")?.0;
        let mut machine = Machine::new(MachineConfig {
            policy,
            seed,
            history: required(self.history, "history")?,
            events: u32::try_from(event_capacity).unwrap_or(u32::MAX),
            ..MachineConfig::default()
        });
        machine.now = required(self.now, "nowNs")?.into();
        machine.behind = self.behind.flatten().map(Into::into);
        machine.runs = required(self.runs, "runs")?.0;
        machine.incarnation = required(self.incarnation, "incarnation")?;
        machine.counters =
            required(self.counters, "counters")?.read().map_err(|e| e.inside("counters"))?;
        machine.letters =
            required(self.queue, "queue")?.read().map_err(|error| error.inside("queue"))?;
        let slots = put_policies(&mut machine, &required(self.policies, "policies")?)?;
        put_tasks(&mut machine, tasks, &slots)?;
        machine.policies.drop_unused();
        // After the policies: a budget that no policy uses may be forgotten.
        put_budgets(&mut machine, &required(self.budgets, "budgets")?)?;
        put_held(&mut machine, required(self.held, "held")?.finish("held")?)?;
        for (i, Carried(value)) in required(self.events, "events")?.iter().enumerate() {
            let event = Event::from_value(value);
            machine.events.add(event.map_err(|error| error.inside(&format!("events[{i}]")))?);
        }
        machine.events.set_lost(required(self.events_lost, "eventsLost")?.0);
        for (i, value) in self.rollouts.unwrap_or_default().iter().enumerate() {
            let read = put_rollout(&mut machine, value);
            read.map_err(|error| error.inside(&format!("rollouts[{i}]")))?;
        }
        check_conservation(&machine)?;
        Ok(machine)
    }
}

fn required<T>(value: Option<T>, name: &str) -> Result<T, ConfigError> {
    value.ok_or_else(|| ConfigError::new(name, "is missing"))
}

fn put_budgets(machine: &mut Machine, budgets: &[Value]) -> Result<(), ConfigError> {
    for (i, value) in budgets.iter().enumerate() {
        let budget = Budget::from_value(value, &format!("budgets[{i}]"))?;
        machine.policies.put_back_budget(budget);
    }
    Ok(())
}

fn put_policies(machine: &mut Machine, list: &[Value]) -> Result<Vec<u32>, ConfigError> {
    let mut slots = Vec::with_capacity(list.len());
    for (i, value) in list.iter().enumerate() {
        let policy = read_policy(value).map_err(|e| e.inside(&format!("policies[{i}]")))?;
        slots.push(machine.policies.put_back(policy));
    }
    Ok(slots)
}

fn put_tasks(machine: &mut Machine, tasks: Tasks, slots: &[u32]) -> Result<(), ConfigError> {
    let Tasks { mut slab, salt, .. } = tasks;
    if salt != machine.seed {
        slab.salt(crate::random::mix(machine.seed));
    }
    for (i, entry) in slab.iter_mut().map(|(_, entry)| entry).enumerate() {
        let wrong = |name: &str, message: String| {
            Err(ConfigError::new(format!("tasks[{i}].{name}"), message))
        };
        entry.policy = match (entry.policy, slots.get(entry.policy as usize)) {
            (NO_NUMBER, _) => 0,
            (_, Some(slot)) => *slot,
            (number, None) => {
                let there = slots.len();
                return wrong("policy", format!("= {number}, and there are {there} policies"));
            }
        };
        machine.policies.add_user(entry.policy);
        if entry.run > machine.runs {
            return wrong("run", format!("= {} is above runs", entry.run));
        }
        machine.ready += u64::from(entry.task.state() == State::Ready);
        machine.running += u64::from(entry.is_running());
    }
    machine.tasks = slab;
    machine.rearm();
    Ok(())
}

fn put_held(machine: &mut Machine, held: Vec<DeadLetter>) -> Result<(), ConfigError> {
    for (i, letter) in held.into_iter().enumerate() {
        let live = machine.tasks.find(&letter.key).is_some();
        if live || !machine.held_keys.insert(letter.key.clone()) {
            return Err(ConfigError::new(format!("held.records[{i}].key"), "is given twice"));
        }
        machine.held.push_back(Box::new(letter));
    }
    Ok(())
}

fn put_rollout(machine: &mut Machine, value: &Value) -> Result<(), ConfigError> {
    let fields = Fields::read(value, "", &["number", "state"])?;
    let number = fields.unsigned("number")?.ok_or_else(|| fields.error("number", "is missing"))?;
    let state = fields.get("state").unwrap_or(&Value::Null);
    let rollout = Rollout::from_value(state, machine.stream).map_err(|e| e.inside("state"))?;
    machine.rollouts.push((number, rollout));
    Ok(())
}

fn check_conservation(machine: &Machine) -> Result<(), ConfigError> {
    let counters = &machine.counters;
    let present = machine.tasks.len() as u64 + machine.held.len() as u64;
    let accounted = counters.ended().saturating_add(present);
    if counters.came_in() == accounted {
        return Ok(());
    }
    let message = format!(
        "do not add up: submitted + redriven = {}, ended + live + held = {accounted}",
        counters.came_in()
    );
    Err(ConfigError::new("counters", message))
}
