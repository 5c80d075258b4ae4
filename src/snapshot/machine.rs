//! A machine, taken apart and put together.

use alloc::{
    borrow::ToOwned,
    boxed::Box,
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};

use super::{Snapshot, SnapshotError, queue, required, required_list, task};
use crate::{
    Key,
    dead_letter::{DeadLetter, history_from_list, history_to_list},
    exact,
    machine::{BudgetOf, Counters, Entry, Event, Limit, Machine, MachineConfig, Past, Policies},
    policy::{Budget, RetryPolicy},
    task::{Reason, State},
    time::{Duration, Time, nanos},
    wire::{ConfigError, Fields, Value},
};

const SCHEMA: &str = "redrive-machine/1";

impl Machine {
    /// Everything in flight, to be stored: tasks, timers, budgets, letters, counters, and the events
    /// that nobody polled yet. Reads every task and letter once.
    pub fn snapshot(&self) -> Snapshot {
        let (policies, numbers) = write_policies(&self.policies);
        let tasks = self.tasks.values().map(|entry| write_entry(entry, &numbers));
        Snapshot(Value::map([
            ("schema", SCHEMA.into()),
            ("nowNs", exact::time(self.now)),
            ("seed", exact::whole(self.seed)),
            ("history", self.history.into()),
            ("eventCapacity", exact::whole(self.events.capacity as u64)),
            ("eventsLost", exact::whole(self.events.lost)),
            ("runs", exact::whole(self.runs)),
            ("policy", self.policies.default().to_value()),
            ("budget", self.policies.shared().map_or(Value::Null, Budget::to_value)),
            ("policies", policies),
            ("counters", write_counters(&self.counters)),
            ("tasks", Value::List(tasks.collect())),
            ("held", queue::write_letters(self.held())),
            ("queue", queue::to_value(&self.letters)),
            ("events", Value::List(self.events.queue.iter().map(Event::to_value).collect())),
        ]))
    }

    /// The machine that [`snapshot`](Machine::snapshot) saved. Attempts that ran then run still; see
    /// [`recover`](Machine::recover).
    ///
    /// # Errors
    /// When it is the snapshot of something else or of another version, or of a state that no sequence
    /// of calls can reach.
    pub fn restore(snapshot: &Snapshot) -> Result<Machine, SnapshotError> {
        snapshot.expect(SCHEMA)?;
        Ok(read(&snapshot.0)?)
    }
}

fn read(value: &Value) -> Result<Machine, ConfigError> {
    const FIELDS: &[&str] = &[
        "schema",
        "nowNs",
        "seed",
        "history",
        "eventCapacity",
        "eventsLost",
        "runs",
        "policy",
        "budget",
        "policies",
        "counters",
        "tasks",
        "held",
        "queue",
        "events",
    ];
    let fields = Fields::read(value, "", FIELDS)?;
    let count = |name| exact::required_whole(&fields, name);
    let mut machine = Machine::new(MachineConfig {
        policy: read_policy(required(&fields, "policy")?, "policy")?,
        seed: count("seed")?,
        history: exact::required_u32(&fields, "history")?,
        events: exact::required_u32(&fields, "eventCapacity")?,
        ..MachineConfig::default()
    });
    machine.now = Time::from_nanos(count("nowNs")?);
    machine.runs = exact::required_count(&fields, "runs")?;
    machine.letters =
        queue::read(required(&fields, "queue")?).map_err(|error| error.inside("queue"))?;
    machine.counters = read_counters(required(&fields, "counters")?)?;
    read_shared_budget(&fields, &mut machine)?;
    let slots = read_policies(required_list(&fields, "policies")?, &mut machine.policies)?;
    let mut runs = BTreeSet::new();
    for (i, value) in required_list(&fields, "tasks")?.iter().enumerate() {
        let path = format!("tasks[{i}]");
        let entry = read_entry(value, &path, &slots)?;
        check_entry(&entry, &machine, &path)?;
        if entry.run > 0 && !runs.insert(entry.run) {
            let message = format!("= {} stands there twice", entry.run);
            return Err(ConfigError::new(format!("{path}.run"), message));
        }
        put_back(&mut machine, entry);
    }
    read_held(&fields, &mut machine)?;
    machine.events.lost = count("eventsLost")?;
    for (i, value) in required_list(&fields, "events")?.iter().enumerate() {
        let event = Event::from_value(value);
        let event = event.map_err(|error| error.inside(&format!("events[{i}]")))?;
        machine.events.queue.push_back(event);
    }
    if machine.events.queue.len() > machine.events.capacity {
        return Err(fields.error("events", "are more than eventCapacity"));
    }
    check_conservation(&machine)?;
    Ok(machine)
}

/// The policies besides the machine's own, and at which place in the list each slot's stands. By
/// fingerprint and not by slot: slots tell who came first, and equal machines have equal snapshots.
fn write_policies(policies: &Policies) -> (Value, BTreeMap<u32, u64>) {
    let mut list = Vec::new();
    let mut numbers = BTreeMap::new();
    let mut slots: Vec<_> = policies.in_use().collect();
    slots.sort_by_key(|(slot, held)| (held.fingerprint, *slot));
    for (slot, held) in slots {
        numbers.insert(slot, list.len() as u64);
        let budget = match &held.budget {
            BudgetOf::Own(budget) => budget.to_value(),
            _ => Value::Null,
        };
        list.push(Value::map([("policy", held.policy.to_value()), ("budget", budget)]));
    }
    (Value::List(list), numbers)
}

fn read_policy(value: &Value, path: &str) -> Result<Arc<RetryPolicy>, ConfigError> {
    RetryPolicy::from_value(value).map(Arc::new).map_err(|error| error.inside(path))
}

fn read_policies(list: &[Value], policies: &mut Policies) -> Result<Vec<u32>, ConfigError> {
    let mut slots = Vec::with_capacity(list.len());
    for (i, value) in list.iter().enumerate() {
        let path = format!("policies[{i}]");
        let fields = Fields::read(value, &path, &["policy", "budget"])?;
        let policy = read_policy(required(&fields, "policy")?, &fields.path_of("policy"))?;
        let budget = read_budget(required(&fields, "budget")?, &fields.path_of("budget"))?;
        if budget.as_ref().is_some_and(|budget| Some(budget.rule()) != policy.budget()) {
            return Err(fields.error("budget", "is of another rule than that of its policy"));
        }
        let slot = policies.put_back(policy, budget);
        if slots.contains(&slot) || slot == 0 {
            return Err(ConfigError::new(path, "is a policy that stands there already"));
        }
        slots.push(slot);
    }
    Ok(slots)
}

fn read_budget(value: &Value, path: &str) -> Result<Option<Budget>, ConfigError> {
    if *value == Value::Null {
        return Ok(None);
    }
    Budget::from_value(value, path).map(Some)
}

fn read_shared_budget(fields: &Fields<'_>, machine: &mut Machine) -> Result<(), ConfigError> {
    let saved = read_budget(required(fields, "budget")?, "budget")?;
    match (machine.policies.shared_mut(), saved) {
        (None, None) => Ok(()),
        (Some(budget), Some(saved)) if budget.rule() == saved.rule() => {
            *budget = saved;
            Ok(())
        }
        _ => Err(fields.error("budget", "is of another rule than that of the policy")),
    }
}

fn write_counters(c: &Counters) -> Value {
    let reasons = Reason::ALL.iter().zip(c.dead_lettered);
    let reasons = reasons.map(|(reason, count)| (reason.as_str().into(), exact::whole(count)));
    Value::map([
        ("submitted", exact::whole(c.submitted)),
        ("redriven", exact::whole(c.redriven)),
        ("attempts", exact::whole(c.attempts)),
        ("retries", exact::whole(c.retries)),
        ("succeeded", exact::whole(c.succeeded)),
        ("deadLettered", Value::Map(reasons.collect())),
        ("cancelled", exact::whole(c.cancelled)),
        ("discarded", exact::whole(c.discarded)),
        ("failed", exact::whole(c.failed)),
        ("timedOut", exact::whole(c.timed_out)),
        ("crashed", exact::whole(c.crashed)),
        ("staleResults", exact::whole(c.stale_results)),
        ("timeReversals", exact::whole(c.time_reversals)),
    ])
}

fn read_counters(value: &Value) -> Result<Counters, ConfigError> {
    const FIELDS: &[&str] = &[
        "submitted",
        "redriven",
        "attempts",
        "retries",
        "succeeded",
        "deadLettered",
        "cancelled",
        "discarded",
        "failed",
        "timedOut",
        "crashed",
        "staleResults",
        "timeReversals",
    ];
    let fields = Fields::read(value, "counters", FIELDS)?;
    let count = |name| exact::required_count(&fields, name);
    let path = fields.path_of("deadLettered");
    let words = Reason::NAMES;
    let reasons = Fields::read(required(&fields, "deadLettered")?, &path, &words)?;
    let mut dead_lettered = [0; Reason::ALL.len()];
    for (count, word) in dead_lettered.iter_mut().zip(words) {
        *count = exact::required_count(&reasons, word)?;
    }
    Ok(Counters {
        submitted: count("submitted")?,
        redriven: count("redriven")?,
        attempts: count("attempts")?,
        retries: count("retries")?,
        succeeded: count("succeeded")?,
        dead_lettered,
        cancelled: count("cancelled")?,
        discarded: count("discarded")?,
        failed: count("failed")?,
        timed_out: count("timedOut")?,
        crashed: count("crashed")?,
        stale_results: count("staleResults")?,
        time_reversals: count("timeReversals")?,
    })
}

fn write_entry(entry: &Entry, numbers: &BTreeMap<u32, u64>) -> Value {
    let time = |time: Option<Time>| time.map_or(Value::Null, exact::time);
    let policy = numbers.get(&entry.slot).map_or(Value::Null, |number| exact::whole(*number));
    let mut entries: Vec<(String, Value)> = Vec::with_capacity(14);
    let mut put = |name: &str, value: Value| entries.push((name.to_owned(), value));
    put("key", entry.key.to_string().into());
    put("type", (*entry.task_type).into());
    put("payload", entry.payload.clone());
    put("policy", policy);
    put("task", task::to_value(&entry.task));
    put("dueNs", exact::time(entry.due));
    put("deadlineNs", time(entry.deadline));
    put("expiresAtNs", time(entry.expires_at));
    put("run", exact::whole(entry.run));
    put("waitedNs", exact::whole(nanos(entry.waited)));
    put("firstFailedAtNs", time(entry.first_failed_at));
    put("lastFailedAtNs", time(entry.last_failed_at));
    put("history", history_to_list(&entry.history));
    put("forgotten", exact::whole(entry.history.forgotten()));
    put("past", entry.past.as_deref().map_or(Value::Null, write_past));
    Value::Map(entries)
}

fn read_entry(value: &Value, path: &str, slots: &[u32]) -> Result<Entry, ConfigError> {
    const FIELDS: &[&str] = &[
        "key",
        "type",
        "payload",
        "policy",
        "task",
        "dueNs",
        "deadlineNs",
        "expiresAtNs",
        "run",
        "waitedNs",
        "firstFailedAtNs",
        "lastFailedAtNs",
        "history",
        "forgotten",
        "past",
    ];
    let fields = Fields::read(value, path, FIELDS)?;
    let count = |name| exact::required_whole(&fields, name);
    let slot = match required(&fields, "policy")? {
        Value::Null => 0,
        _ => {
            let number = count("policy")?;
            let slot = usize::try_from(number).ok().and_then(|number| slots.get(number));
            let message = || format!("= {number}, and there are {} policies", slots.len());
            *slot.ok_or_else(|| fields.error("policy", message()))?
        }
    };
    let history = required_list(&fields, "history")?;
    Ok(Entry {
        task: task::read(required(&fields, "task")?, &fields.path_of("task"))?,
        key: Key::from(fields.required_text("key")?),
        task_type: fields.required_text("type")?.into(),
        payload: required(&fields, "payload")?.clone(),
        slot,
        expires_at: exact::read_time(&fields, "expiresAtNs")?,
        due: Time::from_nanos(count("dueNs")?),
        deadline: exact::read_time(&fields, "deadlineNs")?,
        run: count("run")?,
        waited: Duration::from_nanos(count("waitedNs")?),
        first_failed_at: exact::read_time(&fields, "firstFailedAtNs")?,
        last_failed_at: exact::read_time(&fields, "lastFailedAtNs")?,
        history: history_from_list(history, count("forgotten")?, &fields.path_of("history"))?,
        past: read_past(required(&fields, "past")?, &fields.path_of("past"))?,
    })
}

fn write_past(past: &Past) -> Value {
    Value::map([
        ("lineage", exact::whole(past.lineage)),
        ("redrives", past.redrives.into()),
        ("earlierAttempts", exact::whole(past.earlier_attempts)),
        ("base", past.base.into()),
        ("policy", past.policy.as_ref().map_or(Value::Null, |policy| policy.to_value())),
    ])
}

fn read_past(value: &Value, path: &str) -> Result<Option<Box<Past>>, ConfigError> {
    if *value == Value::Null {
        return Ok(None);
    }
    let known = &["lineage", "redrives", "earlierAttempts", "base", "policy"];
    let fields = Fields::read(value, path, known)?;
    let policy = match required(&fields, "policy")? {
        Value::Null => None,
        policy => Some(read_policy(policy, &fields.path_of("policy"))?),
    };
    Ok(Some(Box::new(Past {
        lineage: exact::required_whole(&fields, "lineage")?,
        redrives: exact::required_u32(&fields, "redrives")?,
        earlier_attempts: exact::required_whole(&fields, "earlierAttempts")?,
        base: exact::required_u32(&fields, "base")?,
        policy,
    })))
}

/// What no sequence of calls can bring about.
fn check_entry(entry: &Entry, machine: &Machine, path: &str) -> Result<(), ConfigError> {
    let wrong =
        |name: &str, message: &str| Err(ConfigError::new(format!("{path}.{name}"), message));
    let state = entry.task.state();
    let base = entry.past.as_ref().map_or(0, |past| past.base);
    if machine.tasks.contains_key(&entry.key.id()) {
        return wrong("key", "stands there twice");
    }
    if state.is_final() {
        return wrong("task.state", "is final; a task that is over is not live");
    }
    if entry.task.attempts() < base {
        return wrong("past.base", "is more than the attempts of the task");
    }
    if (entry.run == 0) == entry.was_started() || entry.run > machine.runs {
        return wrong(
            "run",
            "does not fit: it is from 1 to runs once the task was started, and 0 before",
        );
    }
    if state == State::Running {
        if entry.task.at() > machine.now {
            return wrong("task.atNs", "is after nowNs, and the attempt runs");
        }
        if entry.deadline.is_some_and(|deadline| deadline < entry.task.at()) {
            return wrong("deadlineNs", "is before the attempt began");
        }
    } else if entry.deadline.is_some() {
        return wrong("deadlineNs", "is there, and no attempt runs");
    }
    if let State::Waiting { until } = state {
        if until != entry.due {
            return wrong("dueNs", "is not the time until which the task waits");
        }
        if entry.last_failed_at.is_some_and(|failed| until < failed) {
            return wrong("task.atNs", "is before the failure that the task waits after");
        }
    }
    let failed = (entry.first_failed_at, entry.last_failed_at);
    if failed.0 > failed.1 || failed.1 > Some(machine.now) {
        return wrong("lastFailedAtNs", "does not lie between firstFailedAtNs and nowNs");
    }
    Ok(())
}

/// Puts a task that was live back in its places.
fn put_back(machine: &mut Machine, entry: Entry) {
    let id = entry.key.id();
    machine.policies.add_user(entry.slot);
    if entry.is_running() {
        machine.running.insert(id);
        if let Some(at) = entry.deadline {
            machine.limits.insert((at, Limit::Timeout, id));
        }
        machine.tasks.insert(id, Box::new(entry));
    } else {
        machine.add(entry);
    }
}

fn read_held(fields: &Fields<'_>, machine: &mut Machine) -> Result<(), ConfigError> {
    let held: Vec<DeadLetter> = queue::read_letters(required(fields, "held")?, "held")?;
    for (i, letter) in held.into_iter().enumerate() {
        let id = letter.key.id();
        if machine.tasks.contains_key(&id) || !machine.held_keys.insert(id) {
            return Err(ConfigError::new(format!("held.records[{i}].key"), "stands there twice"));
        }
        if letter.died_at > machine.now {
            return Err(ConfigError::new(format!("held.records[{i}].diedAtNs"), "is after nowNs"));
        }
        machine.held.push_back(Box::new(letter));
    }
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
