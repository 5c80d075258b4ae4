//! A rollout and its report as data.

use alloc::{
    collections::{BTreeMap, VecDeque},
    vec::Vec,
};
use core::fmt;

use super::{Group, Item, Rollout};
use crate::{
    dead_letter::RedrivePlan,
    exact,
    random::Stream,
    time::Time,
    wire::{ConfigError, Fields, Value},
};

/// What a rollout did so far. `selected` = scheduled + parked + skipped + held back, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RolloutReport {
    /// How many letters the filter and the limit chose.
    pub selected: u64,
    /// Those that were sent back to work.
    pub scheduled: u64,
    /// Those of them that succeeded.
    pub succeeded: u64,
    /// Those of them that did not.
    pub failed: u64,
    /// Those parked, because they were redriven too often.
    pub parked: u64,
    /// Those left where they are: parked before, or a task with their key is live.
    pub skipped: u64,
    /// Those that have not gone: they wait for their slot or for the canaries of their group, or the
    /// redrive was stopped.
    pub held_back: u64,
    /// Whether too many failed, so that it stopped.
    pub stopped: bool,
}

impl RolloutReport {
    /// The report as data.
    pub fn to_value(&self) -> Value {
        Value::map([
            ("selected", exact::whole(self.selected)),
            ("scheduled", exact::whole(self.scheduled)),
            ("succeeded", exact::whole(self.succeeded)),
            ("failed", exact::whole(self.failed)),
            ("parked", exact::whole(self.parked)),
            ("skipped", exact::whole(self.skipped)),
            ("heldBack", exact::whole(self.held_back)),
            ("stopped", self.stopped.into()),
        ])
    }
}

impl fmt::Display for RolloutReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.selected == 0 {
            return f.write_str("no letter selected: nothing redriven");
        }
        let letters = if self.selected == 1 { "letter" } else { "letters" };
        write!(f, "{} {letters} selected: ", self.selected)?;
        match self.scheduled {
            0 => f.write_str("nothing redriven")?,
            n => write!(f, "{n} scheduled, {} succeeded, {} failed", self.succeeded, self.failed)?,
        }
        for (count, what) in [
            (self.parked, "parked (redriven too often)"),
            (self.skipped, "skipped"),
            (self.held_back, "held back"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        if self.stopped {
            f.write_str("; stopped, since too many failed")?;
        }
        Ok(())
    }
}

impl Rollout {
    /// The rollout as it is, to be stored.
    pub fn to_value(&self) -> Value {
        let item = |item: &Item| {
            Value::map([
                ("letter", exact::whole(item.letter)),
                ("key", exact::whole(item.key)),
                ("redrives", item.redrives.into()),
                ("group", exact::hex(item.group)),
            ])
        };
        let going = self.going.iter().map(|((at, _), going)| {
            Value::map([("atNs", exact::time(*at)), ("item", item(going))])
        });
        let groups = self.groups.iter().map(|(group, state)| {
            Value::map([
                ("group", exact::hex(*group)),
                ("canaries", state.canaries.into()),
                ("succeeded", state.succeeded.into()),
                ("failed", state.failed.into()),
                ("held", Value::List(state.held.iter().map(item).collect())),
            ])
        });
        let out = self.out.iter().map(|(letter, group)| {
            Value::map([("letter", exact::whole(*letter)), ("group", exact::hex(*group))])
        });
        let recent = self.recent.iter().map(|failed| Value::Bool(*failed));
        Value::map([
            ("plan", self.plan.to_value()),
            ("freeNs", exact::time(self.free)),
            ("going", Value::List(going.collect())),
            ("groups", Value::List(groups.collect())),
            ("out", Value::List(out.collect())),
            ("recent", Value::List(recent.collect())),
            ("report", self.report.to_value()),
        ])
    }

    /// Reads what [`to_value`](Rollout::to_value) wrote; `stream` is that of the machine or queue.
    ///
    /// # Errors
    /// When a field is unknown, missing or not what it should be; the error names it.
    pub fn from_value(value: &Value, stream: Stream) -> Result<Rollout, ConfigError> {
        const FIELDS: &[&str] = &["plan", "freeNs", "going", "groups", "out", "recent", "report"];
        let fields = Fields::read(value, "", FIELDS)?;
        let plan = fields.get("plan").unwrap_or(&Value::Null);
        let mut rollout = Rollout {
            plan: RedrivePlan::from_value(plan).map_err(|error| error.inside("plan"))?,
            stream,
            free: Time::from_nanos(exact::required_whole(&fields, "freeNs")?),
            going: BTreeMap::new(),
            groups: BTreeMap::new(),
            out: BTreeMap::new(),
            recent: VecDeque::new(),
            report: read_report(fields.get("report").unwrap_or(&Value::Null))?,
            skipped: Vec::new(),
            parked: Vec::new(),
        };
        for value in fields.list("going")?.unwrap_or_default() {
            let fields = Fields::read(value, "going", &["atNs", "item"])?;
            let at = Time::from_nanos(exact::required_whole(&fields, "atNs")?);
            let item = read_item(fields.get("item").unwrap_or(&Value::Null))?;
            rollout.going.insert((at, item.letter), item);
        }
        for value in fields.list("groups")?.unwrap_or_default() {
            const GROUP: &[&str] = &["group", "canaries", "succeeded", "failed", "held"];
            let fields = Fields::read(value, "groups", GROUP)?;
            let held = fields.list("held")?.unwrap_or_default();
            let state = Group {
                canaries: exact::required_u32(&fields, "canaries")?,
                succeeded: exact::required_u32(&fields, "succeeded")?,
                failed: exact::required_u32(&fields, "failed")?,
                held: held.iter().map(read_item).collect::<Result<_, _>>()?,
            };
            rollout.groups.insert(read_group(&fields)?, state);
        }
        for value in fields.list("out")?.unwrap_or_default() {
            let fields = Fields::read(value, "out", &["letter", "group"])?;
            let letter = exact::required_whole(&fields, "letter")?;
            rollout.out.insert(letter, read_group(&fields)?);
        }
        for value in fields.list("recent")?.unwrap_or_default() {
            let failed = value.as_bool();
            let failed = failed.ok_or_else(|| fields.error("recent", "is not true or false"))?;
            rollout.recent.push_back(failed);
        }
        Ok(rollout)
    }
}

fn read_group(fields: &Fields<'_>) -> Result<u64, ConfigError> {
    exact::read_hex(fields, "group")?.ok_or_else(|| fields.error("group", "is missing"))
}

fn read_item(value: &Value) -> Result<Item, ConfigError> {
    let fields = Fields::read(value, "item", &["letter", "key", "redrives", "group"])?;
    Ok(Item {
        letter: exact::required_whole(&fields, "letter")?,
        key: exact::required_whole(&fields, "key")?,
        redrives: exact::required_u32(&fields, "redrives")?,
        group: read_group(&fields)?,
    })
}

fn read_report(value: &Value) -> Result<RolloutReport, ConfigError> {
    const FIELDS: &[&str] = &[
        "selected",
        "scheduled",
        "succeeded",
        "failed",
        "parked",
        "skipped",
        "heldBack",
        "stopped",
    ];
    let fields = Fields::read(value, "report", FIELDS)?;
    let count = |name| exact::required_whole(&fields, name);
    Ok(RolloutReport {
        selected: count("selected")?,
        scheduled: count("scheduled")?,
        succeeded: count("succeeded")?,
        failed: count("failed")?,
        parked: count("parked")?,
        skipped: count("skipped")?,
        held_back: count("heldBack")?,
        stopped: fields.boolean("stopped")?.unwrap_or(false),
    })
}
