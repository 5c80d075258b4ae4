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

mod record;

use alloc::{
    collections::{BTreeMap, VecDeque},
    vec::Vec,
};

pub use self::record::RolloutReport;
use crate::{
    dead_letter::{DeadLetter, DeadLetterQueue, RedrivePlan, Skip},
    random::Stream,
    time::{Time, nanos},
    wire::{ConfigError, one_of},
};

/// What became of a letter that was sent back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Its task succeeded.
    Succeeded,
    /// It died again, or ended in another way without success.
    Failed,
}

impl Outcome {
    /// The word for it: `succeeded`, `failed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Succeeded => "succeeded",
            Outcome::Failed => "failed",
        }
    }

    /// Reads that word, which is at `path`.
    pub(super) fn parse(path: &str, word: &str) -> Result<Outcome, ConfigError> {
        let all = [Outcome::Succeeded, Outcome::Failed];
        let word = one_of(path, word, &all.map(Outcome::as_str))?;
        let found = all.into_iter().find(|outcome| outcome.as_str() == word);
        found.ok_or_else(|| ConfigError::new(path, "is not an outcome"))
    }
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
}
