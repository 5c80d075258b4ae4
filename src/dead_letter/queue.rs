//! The store of dead letters: bounded by a rule, counted to the letter.
//!
//! Invariants, each with a test (`tests/dead_letter_*.rs`):
//! - *capacity*: the queue never holds more letters than its capacity;
//! - *conservation*: entered = held + removed + purged + redriven + expired + dropped as the oldest;
//! - *nothing silent*: a letter that the queue gives up is handed to the caller and counted, and one
//!   that it refuses is handed back;
//! - *order*: letters are listed oldest first, by time of death, then number.

mod parts;

use alloc::{boxed::Box, collections::BTreeMap, sync::Arc, vec::Vec};
use core::ops::Bound;

pub(crate) use self::parts::QueueParts;
use crate::{
    dead_letter::{
        DeadLetter, DropCause, Dropped, Filter, FullPolicy, Group, GroupBy, Pushed, QueueConfig,
        QueueCounters, QueueStats, RedrivePlan, RedriveReport, Redriven, Refused, Skip, Tried,
        dropped::Refusal,
    },
    exact,
    policy::RetryPolicy,
    random::Stream,
    task::Reason,
    time::Time,
};

/// The largest number that a letter can have: what every JSON reader holds exactly.
pub const MAX_ID: u64 = exact::MAX_EXACT;

/// Dead letters, bounded, in order of death.
///
/// Every operation costs at most a logarithm of the letters held, but those that choose letters by a
/// filter, which read each letter once (each *named* letter, if the filter names ids). A redrive of a
/// limited number reads no more than it needs to find them.
#[derive(Clone, Debug, Default)]
pub struct DeadLetterQueue {
    config: QueueConfig,
    /// Those that redrives may choose, and those that are set aside, each in order of death.
    open: Shelf,
    parked: Shelf,
    /// Where each letter is.
    places: BTreeMap<u64, Time>,
    last_id: u64,
    counters: QueueCounters,
    /// The last policy whose fingerprint was computed here: letters come in with the same one.
    known: Option<(Arc<RetryPolicy>, u64)>,
}

impl PartialEq for DeadLetterQueue {
    /// The same letters under the same rule, counted alike.
    fn eq(&self, other: &DeadLetterQueue) -> bool {
        let rest = |q: &DeadLetterQueue| (q.config, q.last_id, q.counters);
        rest(self) == rest(other) && self.open == other.open && self.parked == other.parked
    }
}

/// When a letter died, and its number.
type Place = (Time, u64);
type Shelf = BTreeMap<Place, Box<Kept>>;

/// A letter, and what it is grouped by: worked out once, since a message is long.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept {
    pub(crate) letter: DeadLetter,
    pub(crate) fingerprint: u64,
}

/// Ids above this are kept but not counted on from: one letter with the last id there is would leave no
/// number for the next.
const COUNTED_ON: u64 = MAX_ID / 2;

impl DeadLetterQueue {
    /// An empty queue.
    pub fn new(config: QueueConfig) -> DeadLetterQueue {
        DeadLetterQueue { config, ..DeadLetterQueue::default() }
    }

    /// How much it holds, for how long, and what happens when it is full.
    pub fn config(&self) -> QueueConfig {
        self.config
    }

    /// Gives the queue another capacity, rule or retention. A queue that holds more than its new
    /// capacity keeps them ([`Reject`](FullPolicy::Reject), [`DropNew`](FullPolicy::DropNew)) and takes
    /// none in until there is room, or gives up the oldest ([`DropOldest`](FullPolicy::DropOldest)).
    #[must_use = "these are the last copies"]
    pub fn set_config(&mut self, now: Time, config: QueueConfig) -> Vec<Dropped> {
        self.config = config;
        let mut dropped = self.expire(now);
        if let (FullPolicy::DropOldest, Some(capacity)) = (config.full, config.capacity) {
            while self.len() > capacity {
                dropped.extend(self.drop_oldest());
            }
        }
        dropped
    }

    /// How many letters it holds.
    pub fn len(&self) -> u64 {
        self.places.len() as u64
    }

    /// How many of them are parked.
    pub fn parked(&self) -> u64 {
        self.parked.len() as u64
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether there is room for another letter.
    pub fn has_room(&self) -> bool {
        self.config.capacity.is_none_or(|capacity| self.len() < capacity)
    }

    /// Where letters went, since the queue was made.
    pub fn counters(&self) -> QueueCounters {
        self.counters
    }

    /// The letter `id`.
    pub fn get(&self, id: u64) -> Option<&DeadLetter> {
        self.kept(id).map(|kept| &kept.letter)
    }

    fn kept(&self, id: u64) -> Option<&Kept> {
        let place = (*self.places.get(&id)?, id);
        self.open.get(&place).or_else(|| self.parked.get(&place)).map(Box::as_ref)
    }

    /// Takes in a letter under a new number (and as the first of its lineage, if it has none). What
    /// the retention ended is dropped first.
    ///
    /// # Errors
    /// When the queue is full and its policy is [`FullPolicy::Reject`], or the payload cannot be stored:
    /// the letter is in the error.
    pub fn push(&mut self, now: Time, mut letter: DeadLetter) -> Result<Pushed, Refused> {
        letter.id = 0;
        self.insert(now, letter)
    }

    /// Takes in a letter under the number that it has, as a file gave it; 0 asks for a new one.
    ///
    /// # Errors
    /// When another letter has the number, the queue is full and its policy is
    /// [`FullPolicy::Reject`], or the payload cannot be stored: the letter is in the error.
    pub fn insert(&mut self, now: Time, mut letter: DeadLetter) -> Result<Pushed, Refused> {
        if let Some(cause) = self.refusal(&letter) {
            return Err(Refused::new(letter, cause));
        }
        let mut dropped = self.expire(now);
        let full = !self.has_room();
        if full {
            match (self.config.full, self.config.capacity) {
                (FullPolicy::DropOldest, Some(1..)) => {}
                // An empty queue has no oldest letter to drop.
                (FullPolicy::DropOldest | FullPolicy::DropNew, _) => {
                    self.counters.dropped_new += 1;
                    dropped.push(Dropped { letter, cause: DropCause::New });
                    return Ok(Pushed { id: None, dropped });
                }
                (FullPolicy::Reject, capacity) => {
                    self.counters.rejected += 1;
                    let cause = Refusal::Full { capacity: capacity.unwrap_or(u64::MAX) };
                    return Err(Refused::new(letter, cause));
                }
            }
        }
        if letter.id == 0 {
            letter.id = self.next_id();
        }
        if letter.lineage == 0 || letter.lineage > MAX_ID {
            letter.lineage = letter.id;
        }
        letter.policy_fingerprint = self.policy_fingerprint(&letter);
        let id = letter.id;
        if id <= COUNTED_ON {
            self.last_id = self.last_id.max(id);
        }
        self.counters.entered += 1;
        self.place(letter);
        // The oldest makes room, which may be the one that came.
        while full && self.config.capacity.is_some_and(|capacity| self.len() > capacity) {
            dropped.extend(self.drop_oldest());
        }
        let id = self.places.contains_key(&id).then_some(id);
        Ok(Pushed { id, dropped })
    }

    fn place(&mut self, letter: DeadLetter) {
        let place = (letter.died_at, letter.id);
        self.places.insert(letter.id, letter.died_at);
        let shelf = if letter.parked { &mut self.parked } else { &mut self.open };
        let fingerprint = letter.fingerprint();
        shelf.insert(place, Box::new(Kept { letter, fingerprint }));
    }

    /// A number that no letter has.
    fn next_id(&mut self) -> u64 {
        let mut id = self.last_id + 1;
        while self.places.contains_key(&id) {
            id += 1;
        }
        self.last_id = id;
        id
    }

    /// The fingerprint of the letter's policy, whether or not it was known where the letter was filled.
    fn policy_fingerprint(&mut self, letter: &DeadLetter) -> u64 {
        let Some(policy) = &letter.policy else { return letter.policy_fingerprint };
        match &self.known {
            Some((known, fingerprint)) if Arc::ptr_eq(known, policy) => *fingerprint,
            _ => {
                let fingerprint = policy.fingerprint();
                self.known = Some((Arc::clone(policy), fingerprint));
                fingerprint
            }
        }
    }

    fn refusal(&self, letter: &DeadLetter) -> Option<Refusal> {
        if let Some(fault) = letter.payload.fault() {
            return Some(Refusal::Payload(fault));
        }
        if self.places.contains_key(&letter.id) {
            return Some(Refusal::IdTaken);
        }
        (letter.id > MAX_ID).then_some(Refusal::IdTooLarge)
    }

    /// The place of the letter that died first.
    fn oldest(&self) -> Option<(Time, u64)> {
        let first = |shelf: &Shelf| shelf.first_key_value().map(|(place, _)| *place);
        [first(&self.open), first(&self.parked)].into_iter().flatten().min()
    }

    fn drop_oldest(&mut self) -> Option<Dropped> {
        let (_, id) = self.oldest()?;
        let letter = self.take(id)?;
        self.counters.dropped_oldest += 1;
        Some(Dropped { letter, cause: DropCause::Oldest })
    }

    /// Drops what the retention ended by `now`, oldest first.
    #[must_use = "these are the last copies"]
    pub fn expire(&mut self, now: Time) -> Vec<Dropped> {
        let mut dropped = Vec::new();
        while self.next_expiry().is_some_and(|at| at <= now) {
            let Some((_, id)) = self.oldest() else { break };
            let Some(letter) = self.take(id) else { break };
            self.counters.expired += 1;
            dropped.push(Dropped { letter, cause: DropCause::Expired });
        }
        dropped
    }

    /// When the retention of the next letter ends: call [`expire`](DeadLetterQueue::expire) then.
    /// Changes with every letter that enters or leaves.
    pub fn next_expiry(&self) -> Option<Time> {
        let retention = self.config.retention?;
        let (died_at, _) = self.oldest()?;
        let at = died_at.saturating_add(retention);
        // The end of time never comes: a retention that reaches it is for ever.
        (at < Time::MAX).then_some(at)
    }

    /// Takes the letter `id` out.
    pub fn remove(&mut self, id: u64) -> Option<DeadLetter> {
        let letter = self.take(id)?;
        self.counters.removed += 1;
        Some(letter)
    }

    /// Takes every letter out that `filter` chooses, and hands them over, oldest first.
    #[must_use = "these are the last copies"]
    pub fn purge(&mut self, now: Time, filter: &Filter) -> Vec<DeadLetter> {
        let ids: Vec<u64> = self.list(now, filter).map(|letter| letter.id).collect();
        let purged: Vec<DeadLetter> = ids.into_iter().filter_map(|id| self.take(id)).collect();
        self.counters.purged += purged.len() as u64;
        purged
    }

    /// Sets the letter `id` aside (or back): parked letters stay listed, and redrives leave them out
    /// unless asked for. Returns false if the letter does not exist.
    pub fn park(&mut self, id: u64, parked: bool) -> bool {
        let Some(died_at) = self.places.get(&id) else { return false };
        let place = (*died_at, id);
        let (from, to) = match parked {
            true => (&mut self.open, &mut self.parked),
            false => (&mut self.parked, &mut self.open),
        };
        if let Some(mut kept) = from.remove(&place) {
            kept.letter.parked = parked;
            to.insert(place, kept);
        }
        true
    }

    /// The letters that `filter` chooses, oldest first.
    pub fn list<'q>(
        &'q self,
        now: Time,
        filter: &'q Filter,
    ) -> impl Iterator<Item = &'q DeadLetter> {
        self.chosen(now, filter).map(|kept| &kept.letter)
    }

    fn chosen<'q>(&'q self, now: Time, filter: &'q Filter) -> impl Iterator<Item = &'q Kept> {
        let named = filter.named_ids().map(|ids| {
            let mut named: Vec<&Kept> = ids.iter().filter_map(|id| self.kept(*id)).collect();
            named.sort_by_key(|kept| (kept.letter.died_at, kept.letter.id));
            named
        });
        let all = named.is_none().then(|| self.in_order((Bound::Unbounded, Bound::Unbounded)));
        let named = named.into_iter().flatten();
        named.chain(all.into_iter().flatten()).filter(move |kept| filter.chooses(now, kept))
    }

    /// Those that a redrive looks at: parked ones only if they are asked for or named.
    fn eligible<'q>(&'q self, now: Time, filter: &'q Filter) -> impl Iterator<Item = &'q Kept> {
        let (all, shelf) = match (filter.named_ids(), filter.asks_for_parked()) {
            (Some(_), _) => (Some(self.chosen(now, filter)), None),
            (None, true) => (None, Some(&self.parked)),
            (None, false) => (None, Some(&self.open)),
        };
        let shelf = shelf.into_iter().flat_map(BTreeMap::values).map(Box::as_ref);
        let shelf = shelf.filter(move |kept| filter.chooses(now, kept));
        all.into_iter().flatten().chain(shelf)
    }

    /// The letters that a redrive by `plan` looks at, each with its fingerprint.
    pub(super) fn eligible_with_groups<'q>(
        &'q self,
        now: Time,
        plan: &'q RedrivePlan,
    ) -> impl Iterator<Item = (&'q DeadLetter, u64)> {
        self.eligible(now, plan.filter()).map(|kept| (&kept.letter, kept.fingerprint))
    }

    /// Takes the letter `id` out, to go back to work at `at` by `plan`.
    pub(crate) fn send(&mut self, id: u64, at: Time, plan: &RedrivePlan) -> Option<Redriven> {
        let letter = self.take(id)?;
        self.counters.redriven += 1;
        Some(plan.revive(letter, at))
    }

    /// Both shelves as one, oldest first.
    fn in_order(&self, range: (Bound<Place>, Bound<Place>)) -> impl Iterator<Item = &Kept> + Clone {
        let mut open = self.open.range(range).peekable();
        let mut parked = self.parked.range(range).peekable();
        core::iter::from_fn(move || {
            let next = match (open.peek(), parked.peek()) {
                (Some((a, _)), Some((b, _))) if b < a => parked.next(),
                (Some(_), _) => open.next(),
                (None, _) => parked.next(),
            };
            next.map(|(_, kept)| kept.as_ref())
        })
    }

    /// All letters, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &DeadLetter> + Clone {
        self.in_order((Bound::Unbounded, Bound::Unbounded)).map(|kept| &kept.letter)
    }

    /// Up to `count` letters after the letter `after` in the order of [`iter`](DeadLetterQueue::iter)
    /// (from the first, without it): a page, at the cost of the page.
    pub fn page(&self, after: Option<u64>, count: usize) -> Vec<&DeadLetter> {
        let from = match after.and_then(|id| Some((*self.places.get(&id)?, id))) {
            Some(place) => Bound::Excluded(place),
            None => Bound::Unbounded,
        };
        self.in_order((from, Bound::Unbounded)).map(|kept| &kept.letter).take(count).collect()
    }

    /// The letters that `filter` chooses in groups, the largest first.
    pub fn group(&self, now: Time, filter: &Filter, by: GroupBy) -> Vec<Group> {
        super::group::group(now, by, self.chosen(now, filter))
    }

    /// The state of the queue in numbers. Reads every letter once.
    pub fn stats(&self) -> QueueStats {
        let mut by_reason: Vec<_> = Reason::ALL.iter().map(|reason| (*reason, 0)).collect();
        for letter in self.iter() {
            by_reason[letter.reason as usize].1 += 1;
        }
        let last = |shelf: &Shelf| shelf.last_key_value().map(|((at, _), _)| *at);
        QueueStats {
            letters: self.len(),
            parked: self.parked(),
            by_reason: by_reason.into_iter().filter(|(_, count)| *count > 0).collect(),
            oldest: self.oldest().map(|(at, _)| at),
            newest: last(&self.open).max(last(&self.parked)),
            counters: self.counters,
        }
    }

    /// What `plan` would do now; nothing changes. The same stream gives the same schedule to
    /// [`redrive`](DeadLetterQueue::redrive).
    pub fn plan(&self, now: Time, plan: &RedrivePlan, stream: Stream) -> RedriveReport {
        self.plan_after(now, plan, stream, &Tried::new())
    }

    /// What `plan` would do now, after the letters that were `tried`; nothing changes.
    pub fn plan_after(
        &self,
        now: Time,
        plan: &RedrivePlan,
        stream: Stream,
        tried: &Tried,
    ) -> RedriveReport {
        self.decide(now, plan, stream, tried, |_| None)
    }

    /// Takes the letters that `plan` sends back to work out of the queue and hands them over, each
    /// with its time, in the order of their slots; parks those that were redriven too often.
    ///
    /// From here on the caller holds them: run each at its time, and push it again if it dies again.
    /// (A [`Machine`](crate::Machine) does all of that itself.)
    pub fn redrive(
        &mut self,
        now: Time,
        plan: &RedrivePlan,
        stream: Stream,
    ) -> (Vec<Redriven>, RedriveReport) {
        self.redrive_unless(now, plan, stream, |_| None)
    }

    /// The same as the next call of a redrive whose letters go in several: after those that were `tried`.
    pub fn redrive_after(
        &mut self,
        now: Time,
        plan: &RedrivePlan,
        stream: Stream,
        tried: &Tried,
    ) -> (Vec<Redriven>, RedriveReport) {
        let report = self.plan_after(now, plan, stream, tried);
        self.hand_out(plan, report)
    }

    /// The same, leaving out the letters that `veto` has a reason against.
    pub(crate) fn redrive_unless(
        &mut self,
        now: Time,
        plan: &RedrivePlan,
        stream: Stream,
        veto: impl FnMut(&DeadLetter) -> Option<Skip>,
    ) -> (Vec<Redriven>, RedriveReport) {
        let report = self.decide(now, plan, stream, &Tried::new(), veto);
        self.hand_out(plan, report)
    }

    /// What [`redrive_unless`](DeadLetterQueue::redrive_unless) would do.
    pub(crate) fn plan_unless(
        &self,
        now: Time,
        plan: &RedrivePlan,
        stream: Stream,
        veto: impl FnMut(&DeadLetter) -> Option<Skip>,
    ) -> RedriveReport {
        self.decide(now, plan, stream, &Tried::new(), veto)
    }

    fn hand_out(
        &mut self,
        plan: &RedrivePlan,
        report: RedriveReport,
    ) -> (Vec<Redriven>, RedriveReport) {
        for id in &report.parked {
            self.park(*id, true);
        }
        let sent = report.scheduled.iter();
        let tasks = sent.filter_map(|sent| self.send(sent.letter, sent.at, plan)).collect();
        (tasks, report)
    }

    fn decide(
        &self,
        now: Time,
        plan: &RedrivePlan,
        stream: Stream,
        tried: &Tried,
        veto: impl FnMut(&DeadLetter) -> Option<Skip>,
    ) -> RedriveReport {
        let eligible = self.eligible(now, plan.filter());
        plan.decide(now, stream, (self.len(), self.parked()), eligible, tried, veto)
    }

    fn take(&mut self, id: u64) -> Option<DeadLetter> {
        let place = (self.places.remove(&id)?, id);
        let kept = self.open.remove(&place).or_else(|| self.parked.remove(&place))?;
        Some(kept.letter)
    }

    /// Moves all times by as much as `move_time` does.
    pub(crate) fn rebase(&mut self, move_time: impl Fn(Time) -> Time) {
        let shelves = [&mut self.open, &mut self.parked].map(core::mem::take);
        for mut kept in shelves.into_iter().flat_map(BTreeMap::into_values) {
            kept.letter.rebase(&move_time);
            self.place(kept.letter);
        }
    }
}
