//! A redrive that watches what becomes of it: canaries first, and a stop when too much fails.
//!
//! # Why not send them all back?
//! A thousand letters died of three things. Two of them are fixed, the third is not, and
//! trying is the only way to find out which. So the first few of each group go alone; the rest of a group follows only
//! if enough of them succeed. And whatever the groups, when too many of the last ones failed again, what
//! is left stays where it is.
//!
//! A [`Rollout`] decides that and nothing else: it is told the time and the outcomes, and says which
//! letter goes next and when. The same calls give the same answers. A [`Machine`](crate::Machine) runs one
//! by itself; callers with a queue of their own ask it letter by letter.

use alloc::{
    collections::{BTreeMap, VecDeque},
    vec::Vec,
};
use core::fmt;

use crate::{
    dead_letter::{DeadLetter, DeadLetterQueue, RedrivePlan, Skip},
    exact,
    random::Stream,
    time::{Time, nanos},
    wire::{ConfigError, Fields, Value},
};

/// The first of each group go alone.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Canary {
    /// How many of each group go first.
    pub first: u32,
    /// The share of them that has to succeed before the rest of the group follows, from 0 to 1.
    ///
    /// Default 0.8: of five one may fail for a reason of its own.
    pub succeed: f64,
}

impl Canary {
    /// That many of each group go first.
    pub fn first(letters: u32) -> Canary {
        Canary { first: letters.max(1), succeed: 0.8 }
    }

    /// The share of them that has to succeed, from 0 to 1.
    #[must_use]
    pub fn succeed(mut self, share: f64) -> Canary {
        self.succeed = if share.is_nan() { 1.0 } else { share.clamp(0.0, 1.0) };
        self
    }

    /// How many have to succeed, out of `canaries`.
    fn needed(&self, canaries: u32) -> u32 {
        libm::ceil(f64::from(canaries) * self.succeed - 1e-9).max(0.0) as u32
    }
}

/// When a redrive stops.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct StopWhen {
    /// The share of failures that is too much, from 0 to 1.
    pub failed: f64,
    /// Out of the last so many outcomes; those that are not known yet count as no failures.
    ///
    /// Default 20: with 20 % a redrive stops at the fifth failure of the last twenty.
    pub of: u32,
}

impl StopWhen {
    /// Stops when more than this share of the last twenty outcomes failed.
    pub fn failed(share: f64) -> StopWhen {
        let failed = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        StopWhen { failed, of: 20 }
    }

    /// Out of the last so many.
    #[must_use]
    pub fn of(mut self, outcomes: u32) -> StopWhen {
        self.of = outcomes.max(1);
        self
    }

    /// Reads `failed > 20 %`, with ` of 50` after it if it is not out of the last twenty.
    ///
    /// # Errors
    /// When it is written differently.
    pub fn parse(text: &str) -> Result<StopWhen, ConfigError> {
        let wrong = || {
            let message = alloc::format!(
                "= \"{text}\" is not known; write it like \"failed > 20 %\" or \"failed > 20 % of 50\""
            );
            ConfigError::new("stopWhen", message)
        };
        let rest = text.trim().strip_prefix("failed").ok_or_else(wrong)?.trim_start();
        let rest = rest.strip_prefix('>').ok_or_else(wrong)?;
        let (share, of) = rest.split_once('%').ok_or_else(wrong)?;
        let share: f64 = share.trim().parse().map_err(|_| wrong())?;
        if !(0.0..=100.0).contains(&share) {
            return Err(wrong());
        }
        let stop = StopWhen::failed(share / 100.0);
        match of.trim() {
            "" => Ok(stop),
            of => {
                let of = of.strip_prefix("of").ok_or_else(wrong)?.trim();
                let of = of.strip_prefix("the last").unwrap_or(of).trim();
                let of: u32 = of.parse().map_err(|_| wrong())?;
                if of == 0 { Err(wrong()) } else { Ok(stop.of(of)) }
            }
        }
    }

    fn is_reached(&self, recent: &VecDeque<bool>) -> bool {
        let failed = recent.iter().filter(|failed| **failed).count();
        failed as f64 > self.failed * f64::from(self.of) + 1e-9
    }
}

impl fmt::Display for StopWhen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = crate::wire::Number(self.failed * 100.0);
        write!(f, "failed > {percent} % of {}", self.of)
    }
}

/// Reads `canary`: how many of each group, or `{"first": 5, "succeed": 0.8}`.
pub(super) fn read_canary(fields: &Fields<'_>) -> Result<Option<Canary>, ConfigError> {
    let first = |number: Option<u32>, fields: &Fields<'_>, name: &str| match number {
        Some(first) if first > 0 => Ok(Canary::first(first)),
        _ => Err(fields.error(name, "is missing or 0; write how many of each group go first")),
    };
    match fields.get("canary") {
        None => Ok(None),
        Some(group @ Value::Map(_)) => {
            let inner = Fields::read(group, &fields.path_of("canary"), &["first", "succeed"])?;
            let canary = first(exact::read_u32(&inner, "first")?, &inner, "first")?;
            match inner.number("succeed")? {
                None => Ok(Some(canary)),
                Some(share) if (0.0..=1.0).contains(&share) => Ok(Some(canary.succeed(share))),
                Some(_) => Err(inner.error("succeed", "is not a share from 0 to 1")),
            }
        }
        Some(_) => first(exact::read_u32(fields, "canary")?, fields, "canary").map(Some),
    }
}

/// Reads `stopWhen`: `failed > 20 %`, or `{"failed": 0.2, "of": 20}`.
pub(super) fn read_stop(fields: &Fields<'_>) -> Result<Option<StopWhen>, ConfigError> {
    match fields.get("stopWhen") {
        None => Ok(None),
        Some(group @ Value::Map(_)) => {
            let inner = Fields::read(group, &fields.path_of("stopWhen"), &["failed", "of"])?;
            let stop = match inner.number("failed")? {
                Some(share) if (0.0..=1.0).contains(&share) => StopWhen::failed(share),
                _ => return Err(inner.error("failed", "is missing or not a share from 0 to 1")),
            };
            match exact::read_u32(&inner, "of")? {
                None => Ok(Some(stop)),
                Some(0) => Err(inner.error("of", "is 0; write out of how many outcomes")),
                Some(of) => Ok(Some(stop.of(of))),
            }
        }
        Some(_) => StopWhen::parse(fields.required_text("stopWhen")?).map(Some),
    }
}

/// What became of a letter that was sent back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Its task succeeded.
    Succeeded,
    /// It died again, or ended in another way without success.
    Failed,
}

/// A redrive that is under way. See [`RedrivePlan::canary`](super::RedrivePlan::canary).
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    plan: RedrivePlan,
    stream: Stream,
    /// When the next slot of the pace is.
    free: Time,
    /// Letters by the time when they go.
    going: BTreeMap<(Time, u64), Item>,
    groups: BTreeMap<u64, Group>,
    /// Letters that were sent, and whose group each is.
    out: BTreeMap<u64, u64>,
    /// Whether each of the last ones failed.
    recent: VecDeque<bool>,
    report: RolloutReport,
    skipped: Vec<(u64, Skip)>,
    parked: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Item {
    letter: u64,
    key: u64,
    redrives: u32,
    group: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Group {
    canaries: u32,
    succeeded: u32,
    failed: u32,
    held: Vec<Item>,
}

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
    /// A rollout of the letters that `plan` chooses out of `queue`, from `now` on. They stay in the queue
    /// until they go; those that were redriven too often are [to be parked](Rollout::to_park).
    pub fn new(now: Time, plan: &RedrivePlan, stream: Stream, queue: &DeadLetterQueue) -> Rollout {
        let mut rollout = Rollout {
            plan: plan.clone(),
            stream,
            free: now,
            going: BTreeMap::new(),
            groups: BTreeMap::new(),
            out: BTreeMap::new(),
            recent: VecDeque::new(),
            report: RolloutReport::default(),
            skipped: Vec::new(),
            parked: Vec::new(),
        };
        let limit = plan.letters();
        let mut canaries = Vec::new();
        for (letter, group) in queue.eligible_with_groups(now, plan) {
            if rollout.report.selected - rollout.report.parked - rollout.report.skipped >= limit {
                break;
            }
            rollout.select(letter, group, &mut canaries);
        }
        canaries.into_iter().for_each(|item| rollout.send_on(now, item));
        rollout
    }

    fn select(&mut self, letter: &DeadLetter, group: u64, canaries: &mut Vec<Item>) {
        self.report.selected += 1;
        if letter.parked && !self.plan.filter().asks_for_parked() {
            self.report.skipped += 1;
            self.skipped.push((letter.id, Skip::Parked));
            return;
        }
        if !letter.parked && self.plan.is_redriven_too_often(letter) {
            self.report.parked += 1;
            self.parked.push(letter.id);
            return;
        }
        self.report.held_back += 1;
        let (key, redrives) = (letter.key.id(), letter.redrives);
        let item = Item { letter: letter.id, key, redrives, group };
        let first = self.plan.canaries().map_or(u32::MAX, |canary| canary.first);
        let group = self.groups.entry(group).or_default();
        if group.canaries < first {
            group.canaries += 1;
            canaries.push(item);
        } else {
            group.held.push(item);
        }
    }

    /// Gives `item` the next slot of the pace, at `now` or later.
    fn send_on(&mut self, now: Time, item: Item) {
        let slot = self.free.max(now);
        let at = self.plan.start(slot, self.stream, 0, item.key, item.redrives);
        self.free = slot.plus_nanos(nanos(self.plan.interval()));
        self.going.insert((at, item.letter), item);
    }

    /// The letters that are to be parked.
    pub fn to_park(&self) -> &[u64] {
        &self.parked
    }

    /// When the next letter goes; none when nothing goes unless an outcome is told.
    pub fn next_wakeup(&self) -> Option<Time> {
        self.going.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next letter that is to go back to work now, if one is.
    #[must_use = "the letter counts as sent"]
    pub fn poll(&mut self, now: Time) -> Option<u64> {
        let entry = self.going.first_entry().filter(|entry| entry.key().0 <= now)?;
        let item = entry.remove();
        self.report.held_back = self.report.held_back.saturating_sub(1);
        self.report.scheduled += 1;
        self.out.insert(item.letter, item.group);
        Some(item.letter)
    }

    /// A letter that [`poll`](Rollout::poll) gave could not be sent: a task with its key is live, or it
    /// is gone. It says nothing about its group, and another one of the group takes its place.
    pub fn skip(&mut self, now: Time, letter: u64, why: Skip) {
        let Some(group) = self.out.remove(&letter) else { return };
        self.report.scheduled = self.report.scheduled.saturating_sub(1);
        self.report.skipped += 1;
        self.skipped.push((letter, why));
        let Some(state) = self.groups.get_mut(&group) else { return };
        if let Some(next) = (!state.held.is_empty()).then(|| state.held.remove(0)) {
            self.send_on(now, next);
        } else {
            state.canaries = state.canaries.saturating_sub(1);
        }
    }

    /// What became of a letter that was sent.
    pub fn tell(&mut self, now: Time, letter: u64, outcome: Outcome) {
        let Some(group) = self.out.remove(&letter) else { return };
        let failed = outcome == Outcome::Failed;
        match outcome {
            Outcome::Succeeded => self.report.succeeded += 1,
            Outcome::Failed => self.report.failed += 1,
        }
        if let Some(stop) = self.plan.stops_when() {
            self.recent.push_back(failed);
            while self.recent.len() > stop.of as usize {
                self.recent.pop_front();
            }
            if stop.is_reached(&self.recent) {
                self.stop();
            }
        }
        self.judge(now, group, failed);
    }

    /// Whether the rest of a group follows, now that one of its first is known.
    fn judge(&mut self, now: Time, group: u64, failed: bool) {
        let Some(canary) = self.plan.canaries() else { return };
        let Some(state) = self.groups.get_mut(&group) else { return };
        state.failed += u32::from(failed);
        state.succeeded += u32::from(!failed);
        if self.report.stopped || state.succeeded < canary.needed(state.canaries) {
            return;
        }
        let held = core::mem::take(&mut state.held);
        held.into_iter().for_each(|item| self.send_on(now, item));
    }

    /// Ends it: what has not gone stays.
    pub fn stop(&mut self) {
        self.report.stopped = true;
        self.going.clear();
        self.groups.values_mut().for_each(|group| group.held.clear());
    }

    /// Whether nothing more goes, and the outcome of all that went is known.
    pub fn is_over(&self) -> bool {
        self.going.is_empty() && self.out.is_empty()
    }

    /// What it did so far.
    pub fn report(&self) -> RolloutReport {
        self.report
    }

    /// The letters that were left where they are, and why.
    pub fn skipped(&self) -> &[(u64, Skip)] {
        &self.skipped
    }

    pub(crate) fn plan(&self) -> &RedrivePlan {
        &self.plan
    }

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
