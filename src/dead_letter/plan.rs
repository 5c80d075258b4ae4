//! Redrive plans: which letters go back to work, when, and with which attempts.
//!
//! # Why a plan and not a loop?
//! Ten thousand letters sent back at once are the thundering herd that killed them. A plan paces them
//! (`every`) and moves each within its slot by a draw of the addressed stream (`spread`), so that the
//! same plan over the same letters gives the same schedule, and two fleets do not redrive in step.
//!
//! The defaults, and why:
//! - *50 a second*: SQS moves at most 500 messages a second; a redrive competes with live traffic, so
//!   a tenth of that.
//! - *spread of one slot*: no two letters at one instant, no order changed by more than a place.
//! - *attempts reset*: a letter goes back because something changed. Stores that keep the counter
//!   give it one try and bury it again (Sidekiq, Oban, `BullMQ`).
//! - *parked after 3 redrives*: as many lives as the default policy has attempts. A letter that dies
//!   every time is poison; users of replay tools ask for exactly this limit and a place apart.

use alloc::{collections::BTreeMap, format};

use crate::{
    dead_letter::{
        Canary, DeadLetter, Filter, RedriveReport, Redriven, Scheduled, Skip, StopWhen, Tried,
        canary::{read_canary, read_stop},
        pace,
        queue::Kept,
        tried::GroupState,
    },
    exact,
    random::Stream,
    time::{Duration, Time, nanos},
    wire::{ConfigError, Fields, Value, quoted},
};

/// How a redriven task's attempts count in its next life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attempts {
    /// From zero: the policy's whole allowance, its delays from the first.
    #[default]
    Reset,
    /// On from where they were: an exhausted task gets one more try.
    Keep,
    /// On from where they were, with this many more tries (at least one).
    Add(u32),
}

/// Which letters are sent back to work, how fast, and with which attempts.
///
/// ```
/// use redrive::{RedrivePlan, dead_letter::{Attempts, Filter}};
///
/// let plan = RedrivePlan::new(Filter::new().kind("timeout"))
///     .limit(1_000)
///     .per_second(100.0)?
///     .attempts(Attempts::Add(2));
/// # Ok::<(), redrive::wire::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RedrivePlan {
    filter: Filter,
    limit: Option<u64>,
    every: Duration,
    spread: Option<Duration>,
    attempts: Attempts,
    max_redrives: Option<u32>,
    canary: Option<Canary>,
    stop_when: Option<StopWhen>,
}

impl Default for RedrivePlan {
    fn default() -> RedrivePlan {
        RedrivePlan {
            filter: Filter::new(),
            limit: None,
            every: Duration::from_millis(20),
            spread: None,
            attempts: Attempts::Reset,
            max_redrives: Some(3),
            canary: None,
            stop_when: None,
        }
    }
}

impl RedrivePlan {
    /// The plan that sends the letters chosen by `filter` back with the defaults above.
    pub fn new(filter: Filter) -> RedrivePlan {
        RedrivePlan { filter, ..RedrivePlan::default() }
    }

    /// At most this many letters, the oldest first.
    #[must_use]
    pub fn limit(mut self, letters: u64) -> RedrivePlan {
        self.limit = Some(letters);
        self
    }

    /// One letter each `interval`; zero sends them all at once (within the spread).
    #[must_use]
    pub fn every(mut self, interval: Duration) -> RedrivePlan {
        self.every = Duration::from_nanos(nanos(interval));
        self
    }

    /// This many letters a second.
    ///
    /// # Errors
    /// When it is not a number above 0 and at most a million.
    pub fn per_second(self, letters: f64) -> Result<RedrivePlan, ConfigError> {
        if !(letters > 0.0 && letters <= 1e6) {
            let message = format!("= {letters} is not a number above 0 and at most 1000000");
            return Err(ConfigError::new("perSecond", message));
        }
        // Rounded up: the pace never exceeds what was asked for. The conversion saturates.
        Ok(self.every(Duration::from_nanos(libm::ceil(1e9 / letters) as u64)))
    }

    /// Each letter waits up to this much more, by a draw; without it, up to one slot of the pace.
    #[must_use]
    pub fn spread(mut self, spread: Duration) -> RedrivePlan {
        self.spread = Some(Duration::from_nanos(nanos(spread)));
        self
    }

    /// How attempts count in the next life.
    #[must_use]
    pub fn attempts(mut self, attempts: Attempts) -> RedrivePlan {
        self.attempts = attempts;
        self
    }

    /// Letters that were redriven this often already are parked; `None` parks nothing.
    #[must_use]
    pub fn max_redrives(mut self, redrives: Option<u32>) -> RedrivePlan {
        self.max_redrives = redrives;
        self
    }

    /// Only the first of each group (letters with one [`fingerprint`](super::fingerprint)) go; the others
    /// are held back until enough of those succeeded. A [`Rollout`](super::Rollout) sees to that; a redrive
    /// that hands letters out at once leaves them in the queue, for a later call with what was
    /// [`Tried`].
    #[must_use]
    pub fn canary(mut self, canary: Canary) -> RedrivePlan {
        self.canary = Some(canary);
        self
    }

    /// Stops when too many failed again: what has not gone stays. For a [`Rollout`](super::Rollout), or a
    /// redrive in several calls ([`Tried`]): both learn what becomes of the letters.
    #[must_use]
    pub fn stop_when(mut self, stop: StopWhen) -> RedrivePlan {
        self.stop_when = Some(stop);
        self
    }

    /// The canaries.
    pub fn canaries(&self) -> Option<Canary> {
        self.canary
    }

    /// When it stops.
    pub fn stops_when(&self) -> Option<StopWhen> {
        self.stop_when
    }

    /// At most this many letters.
    pub(super) fn letters(&self) -> u64 {
        self.limit.unwrap_or(u64::MAX)
    }

    /// The time of one slot of the pace.
    pub(super) fn interval(&self) -> Duration {
        self.every
    }

    pub(super) fn is_redriven_too_often(&self, letter: &DeadLetter) -> bool {
        self.max_redrives.is_some_and(|max| letter.redrives >= max)
    }

    /// Reads a plan: `filter`, `limit`, `perSecond` or `every`, `spread`, `attempts` ("reset", "keep"
    /// or `{"add": 2}`), `maxRedrives` (`null`: park nothing), `canary` (5, or `{"first": 5, "succeed":
    /// 0.8}`), `stopWhen` ("failed > 20 %", or `{"failed": 0.2, "of": 20}`).
    ///
    /// # Errors
    /// When a field is unknown or not what it should be.
    pub fn from_value(value: &Value) -> Result<RedrivePlan, ConfigError> {
        const FIELDS: &[&str] = &[
            "filter",
            "limit",
            "perSecond",
            "every",
            "spread",
            "attempts",
            "maxRedrives",
            "canary",
            "stopWhen",
        ];
        let fields = Fields::read(value, "", FIELDS)?;
        let mut plan = RedrivePlan::default();
        if let Some(filter) = fields.get("filter") {
            plan.filter = Filter::from_value(filter).map_err(|error| error.inside("filter"))?;
        }
        plan.limit = fields.unsigned("limit")?;
        match (fields.number("perSecond")?, fields.duration("every")?) {
            (Some(_), Some(_)) => {
                return Err(fields.error("every", "and perSecond both set the pace; keep one"));
            }
            (Some(rate), None) => plan = plan.per_second(rate)?,
            (None, Some(interval)) => plan = plan.every(interval),
            (None, None) => {}
        }
        plan.spread = fields.duration("spread")?;
        plan.attempts = read_attempts(&fields)?;
        plan.canary = read_canary(&fields)?;
        plan.stop_when = read_stop(&fields)?;
        if fields.is_null("maxRedrives") {
            plan.max_redrives = None;
        } else if let Some(redrives) = exact::read_u32(&fields, "maxRedrives")? {
            plan.max_redrives = Some(redrives);
        }
        Ok(plan)
    }

    /// The plan as data: what [`from_value`](RedrivePlan::from_value) reads.
    pub fn to_value(&self) -> Value {
        let attempts = match self.attempts {
            Attempts::Reset => "reset".into(),
            Attempts::Keep => "keep".into(),
            Attempts::Add(more) => Value::map([("add", more.into())]),
        };
        let entries = [
            ("filter", Some(self.filter.to_value())),
            ("limit", self.limit.map(Value::Unsigned)),
            ("every", Some(Value::duration(self.every))),
            ("spread", self.spread.map(Value::duration)),
            ("attempts", Some(attempts)),
            ("maxRedrives", Some(self.max_redrives.into())),
            (
                "canary",
                self.canary.map(|canary| {
                    let succeed = Value::Float(canary.succeed);
                    Value::map([("first", canary.first.into()), ("succeed", succeed)])
                }),
            ),
            (
                "stopWhen",
                self.stop_when.map(|stop| {
                    let failed = Value::Float(stop.failed);
                    Value::map([("failed", failed), ("of", stop.of.into())])
                }),
            ),
        ];
        let given = entries.into_iter().filter_map(|(name, value)| Some((name.into(), value?)));
        Value::Map(given.collect())
    }

    /// Decides about `letters` (oldest first) without touching them, and looks at no more of them than
    /// it takes to reach the limit. `veto` may give a reason of the caller's to leave one where it is;
    /// `tried` is what became of those that went before.
    pub(crate) fn decide<'q>(
        &self,
        now: Time,
        stream: Stream,
        (queued, set_aside): (u64, u64),
        letters: impl Iterator<Item = &'q Kept>,
        tried: &Tried,
        mut veto: impl FnMut(&DeadLetter) -> Option<Skip>,
    ) -> RedriveReport {
        let mut report = RedriveReport { queued, set_aside, ..RedriveReport::default() };
        report.stopped = self.stop_when.is_some_and(|stop| tried.stops(stop));
        let limit = self.limit.unwrap_or(u64::MAX);
        let mut letters = letters.map(|kept| (&kept.letter, kept.fingerprint));
        let mut first = First { canary: self.canary, tried, sent: BTreeMap::new() };
        loop {
            if report.scheduled.len() as u64 >= limit {
                // One look further tells whether this was all.
                report.limited = letters.next().is_some();
                break;
            }
            let Some((letter, group)) = letters.next() else { break };
            report.selected += 1;
            if letter.parked && !self.filter.asks_for_parked() {
                report.skipped.push((letter.id, Skip::Parked));
            } else if tried.has(letter) {
                report.skipped.push((letter.id, Skip::Tried));
            } else if !letter.parked && self.is_redriven_too_often(letter) {
                report.parked.push(letter.id);
            } else if report.stopped || !first.may_go(group) {
                report.held_back += 1;
            } else if let Some(why) = veto(letter) {
                report.skipped.push((letter.id, why));
            } else {
                first.goes(group);
                let slot = report.scheduled.len() as u64;
                let at = self.start(now, stream, slot, letter.key.id(), letter.redrives);
                report.scheduled.push(Scheduled { letter: letter.id, at });
            }
        }
        let slots = (report.scheduled.len() as u64).saturating_sub(1);
        let span = nanos(self.every).saturating_mul(slots).saturating_add(self.spread_nanos());
        report.span = Duration::from_nanos(if report.scheduled.is_empty() { 0 } else { span });
        report
    }

    /// The filter.
    pub(crate) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// When the letter in `slot` (from 0) starts: its slot of the pace, and U[0, spread) more, drawn for
    /// its key and redrive count. For callers that store their letters themselves.
    pub fn start(&self, now: Time, stream: Stream, slot: u64, key: u64, redrives: u32) -> Time {
        let (every, spread) = (nanos(self.every), self.spread_nanos());
        now.plus_nanos(pace(stream, slot, key, redrives, every, spread))
    }

    fn spread_nanos(&self) -> u64 {
        nanos(self.spread.unwrap_or(self.every))
    }

    /// `letter` in its next life, from `at` on.
    pub(crate) fn revive(&self, mut letter: DeadLetter, at: Time) -> Redriven {
        letter.redrives = letter.redrives.saturating_add(1);
        letter.parked = false;
        let more = match self.attempts {
            Attempts::Reset => {
                letter.earlier_attempts = letter.total_attempts();
                letter.attempts = 0;
                None
            }
            Attempts::Keep => None,
            Attempts::Add(more) => Some(more.max(1)),
        };
        Redriven { at, letter, more, outcome: None }
    }
}

crate::wire::through_value!(RedrivePlan);

/// Which letters of a group may go in one call.
struct First<'t> {
    canary: Option<Canary>,
    tried: &'t Tried,
    /// How many of each group that was not tried before.
    sent: BTreeMap<u64, u32>,
}

impl First<'_> {
    fn may_go(&self, group: u64) -> bool {
        let Some(canary) = self.canary else { return true };
        match self.tried.state(group, canary) {
            GroupState::Follows => true,
            GroupState::Waits => false,
            GroupState::New => self.sent.get(&group).is_none_or(|sent| *sent < canary.first),
        }
    }

    fn goes(&mut self, group: u64) {
        if self.canary.is_some() {
            *self.sent.entry(group).or_insert(0) += 1;
        }
    }
}

fn read_attempts(fields: &Fields<'_>) -> Result<Attempts, ConfigError> {
    match fields.get("attempts") {
        None => Ok(Attempts::default()),
        Some(group @ Value::Map(_)) => {
            let inner = Fields::read(group, &fields.path_of("attempts"), &["add"])?;
            match exact::read_u32(&inner, "add")? {
                Some(more) if more > 0 => Ok(Attempts::Add(more)),
                _ => Err(inner.error("add", "is missing or 0; write how many more attempts")),
            }
        }
        Some(_) => match fields.required_text("attempts")? {
            "reset" => Ok(Attempts::Reset),
            "keep" => Ok(Attempts::Keep),
            other => {
                let message = format!(
                    "= {} is not known; write \"reset\", \"keep\" or {{\"add\": 2}}",
                    quoted(other)
                );
                Err(fields.error("attempts", message))
            }
        },
    }
}
