//! A redrive in several calls: what became of the letters that were sent before decides what follows.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::dead_letter::{Canary, DeadLetter, Outcome, StopWhen};

/// What became of letters that an earlier call of a redrive handed out.
///
/// [`Rollout`](super::Rollout) keeps this by itself. Tried letters are for those who hand tasks out in
/// files or through a broker, and begin a new process for each call:
/// [`DeadLetterQueue::redrive_after`](super::DeadLetterQueue::redrive_after) sends the rest of a group
/// only if enough of those that were tried succeeded, and nothing once too many failed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tried {
    groups: BTreeMap<u64, Group>,
    /// The chains of letters that were tried: one that died again does not go twice in a redrive.
    lineages: BTreeSet<u64>,
    /// Whether each one failed, in the order told.
    outcomes: VecDeque<bool>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Group {
    sent: u32,
    succeeded: u32,
}

/// What a group of letters may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GroupState {
    New,
    Follows,
    Waits,
}

impl Tried {
    /// None so far.
    pub fn new() -> Tried {
        Tried::default()
    }

    /// Takes down a letter as it was sent, and what became of it; no outcome if that is not known yet.
    /// Outcomes are told in the order in which the tasks ended.
    pub fn tell(&mut self, letter: &DeadLetter, outcome: Option<Outcome>) {
        let group = self.groups.entry(letter.fingerprint()).or_default();
        group.sent = group.sent.saturating_add(1);
        group.succeeded += u32::from(outcome == Some(Outcome::Succeeded));
        self.lineages.insert(if letter.lineage == 0 { letter.id } else { letter.lineage });
        self.outcomes.extend(outcome.map(|outcome| outcome == Outcome::Failed));
    }

    /// How many letters were tried.
    pub fn sent(&self) -> u64 {
        self.groups.values().map(|group| u64::from(group.sent)).sum()
    }

    /// How many of them have ended.
    pub fn known(&self) -> u64 {
        self.outcomes.len() as u64
    }

    /// How many of those failed.
    pub fn failed(&self) -> u64 {
        self.outcomes.iter().filter(|failed| **failed).count() as u64
    }

    pub(super) fn has(&self, letter: &DeadLetter) -> bool {
        self.lineages.contains(&letter.lineage)
    }

    /// Whether at some point too many of the last outcomes were failures.
    pub(super) fn stops(&self, stop: StopWhen) -> bool {
        let mut recent = VecDeque::new();
        self.outcomes.iter().any(|failed| {
            recent.push_back(*failed);
            while recent.len() > stop.of as usize {
                recent.pop_front();
            }
            stop.is_reached(&recent)
        })
    }

    pub(super) fn state(&self, group: u64, canary: Canary) -> GroupState {
        match self.groups.get(&group) {
            None => GroupState::New,
            Some(group) if group.succeeded >= canary.needed(group.sent) => GroupState::Follows,
            Some(_) => GroupState::Waits,
        }
    }
}
