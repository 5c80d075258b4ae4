//! What a redrive did, or would do.

use alloc::{borrow::ToOwned, collections::BTreeMap, format, string::String, vec::Vec};
use core::fmt;

use crate::{
    exact,
    time::{Duration, Time, format_duration, nanos},
    wire::Value,
};

/// When a letter is to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scheduled {
    /// The letter's number.
    pub letter: u64,
    /// When.
    pub at: Time,
}

/// Why a letter that was selected stays where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Skip {
    /// It is parked, and the filter does not ask for parked letters.
    Parked,
    /// A task with its key is live in the machine.
    KeyLive,
    /// It was taken out of the queue before its turn.
    Gone,
    /// It went in an earlier call of this redrive, and died again.
    Tried,
}

impl Skip {
    /// The word for it: `parked`, `keyLive`, `gone`, `tried`.
    pub fn as_str(self) -> &'static str {
        match self {
            Skip::Parked => "parked",
            Skip::KeyLive => "keyLive",
            Skip::Gone => "gone",
            Skip::Tried => "tried",
        }
    }
}

/// What a redrive did, or would do. `selected` letters = scheduled + parked + skipped + held back, always; a redrive
/// that did nothing says so. Letters beyond the limit are not selected: a redrive of a hundred does not
/// read the other million.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct RedriveReport {
    /// How many letters there were.
    pub queued: u64,
    /// How many of them are parked, whether or not the filter would choose them.
    pub set_aside: u64,
    /// How many the filter and the limit chose.
    pub selected: u64,
    /// Those sent back, in the order of their slots.
    pub scheduled: Vec<Scheduled>,
    /// The numbers of those parked now, because they were redriven too often.
    pub parked: Vec<u64>,
    /// The numbers of those left where they are, and why.
    pub skipped: Vec<(u64, Skip)>,
    /// How many wait for the canaries of their group.
    pub held_back: u64,
    /// Whether too many of those that were tried before failed, so that nothing more goes.
    pub stopped: bool,
    /// Whether the plan's limit left letters for another time.
    pub limited: bool,
    /// The time from now in which all of the scheduled start.
    pub span: Duration,
}

impl RedriveReport {
    /// Whether nothing was sent back.
    pub fn is_nothing(&self) -> bool {
        self.scheduled.is_empty()
    }

    /// How many were skipped for each reason.
    pub fn skipped_by_reason(&self) -> BTreeMap<Skip, u64> {
        let mut counts = BTreeMap::new();
        for (_, why) in &self.skipped {
            *counts.entry(*why).or_insert(0) += 1;
        }
        counts
    }

    /// The report as data: counts, `scheduled` as a list of `letter` and `atNs`.
    pub fn to_value(&self) -> Value {
        let scheduled = |s: &Scheduled| {
            Value::map([("letter", exact::whole(s.letter)), ("atNs", exact::time(s.at))])
        };
        let skipped = |(letter, why): &(u64, Skip)| {
            Value::map([("letter", exact::whole(*letter)), ("why", why.as_str().into())])
        };
        Value::map([
            ("queued", exact::whole(self.queued)),
            ("selected", exact::whole(self.selected)),
            ("scheduled", Value::List(self.scheduled.iter().map(scheduled).collect())),
            ("parked", Value::List(self.parked.iter().map(|id| exact::whole(*id)).collect())),
            ("skipped", Value::List(self.skipped.iter().map(skipped).collect())),
            ("heldBack", exact::whole(self.held_back)),
            ("stopped", self.stopped.into()),
            ("limited", self.limited.into()),
            ("spanNs", exact::whole(nanos(self.span))),
        ])
    }
}

impl fmt::Display for RedriveReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.selected == 0 {
            write!(f, "no letter out of {} selected: nothing redriven", self.queued)?;
            if self.set_aside > 0 {
                write!(f, "; {} parked, which are sent back only if asked for", self.set_aside)?;
            }
            return Ok(());
        }
        let letters = if self.selected == 1 { "letter" } else { "letters" };
        let mut parts: Vec<String> = Vec::new();
        match self.scheduled.len() {
            0 => parts.push("nothing redriven".to_owned()),
            n => parts.push(format!("{n} scheduled within {}", format_duration(self.span))),
        }
        if !self.parked.is_empty() {
            parts.push(format!("{} parked (redriven too often)", self.parked.len()));
        }
        for (why, count) in self.skipped_by_reason() {
            let why = match why {
                Skip::Parked => "parked before",
                Skip::KeyLive => "a task with the key is live",
                Skip::Gone => "no longer there",
                Skip::Tried => "tried in this redrive before",
            };
            parts.push(format!("{count} skipped ({why})"));
        }
        if self.held_back > 0 && self.stopped {
            parts.push(format!("{} held back, since too many failed before", self.held_back));
        } else if self.held_back > 0 {
            parts.push(format!("{} held back behind the first of their group", self.held_back));
        }
        if self.limited {
            parts.push("more left by the limit".to_owned());
        }
        write!(f, "{} {letters} selected: {}", self.selected, parts.join(", "))
    }
}
