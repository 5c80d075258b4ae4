//! Redrives that watch what becomes of them.

use alloc::vec::Vec;

use crate::{
    dead_letter::{Outcome, RedrivePlan, Rollout, RolloutReport, Skip},
    machine::{Entry, Machine, What},
    time::Time,
};

/// How many rollouts that are over can still be asked for.
const REMEMBERED: usize = 16;

impl Machine {
    /// Sends dead letters back to work as `plan` says, and watches what becomes of them: its canaries go
    /// first, and it stops when too many fail. Letters leave the queue when it is their turn;
    /// [`next_wakeup`](Machine::next_wakeup) knows when that is. Returns the number by which to
    /// [ask](Machine::rollout) how it goes.
    pub fn start_rollout(&mut self, now: Time, plan: &RedrivePlan) -> u64 {
        let now = self.clock(now);
        let rollout = Rollout::new(now, plan, self.stream, &self.letters);
        for id in rollout.to_park() {
            self.letters.park(*id, true);
            if let Some(letter) = self.letters.get(*id) {
                self.events.push(now, &letter.key, || What::Parked { letter: *id });
            }
        }
        let number = self.rollouts.last().map_or(1, |(number, _)| number + 1);
        self.rollouts.push((number, rollout));
        self.release(now);
        let over: Vec<u64> = self.over().collect();
        let forgotten = over.len().saturating_sub(REMEMBERED);
        let forgotten = &over[..forgotten];
        self.rollouts.retain(|(number, _)| !forgotten.contains(number));
        number
    }

    fn over(&self) -> impl Iterator<Item = u64> {
        self.rollouts.iter().filter(|(_, rollout)| rollout.is_over()).map(|(number, _)| *number)
    }

    /// How a rollout goes; none if there is none with this number, or it has been over for long.
    pub fn rollout(&self, number: u64) -> Option<&Rollout> {
        self.rollouts.iter().find(|(other, _)| *other == number).map(|(_, rollout)| rollout)
    }

    /// Ends a rollout: what has not gone stays in the queue. Its report.
    pub fn stop_rollout(&mut self, number: u64) -> Option<RolloutReport> {
        let (_, rollout) = self.rollouts.iter_mut().find(|(other, _)| *other == number)?;
        rollout.stop();
        Some(rollout.report())
    }

    /// Sends the letters whose turn it is.
    pub(super) fn release(&mut self, now: Time) {
        for place in 0..self.rollouts.len() {
            while let Some(letter) = self.rollouts[place].1.poll(now) {
                self.release_letter(now, place, letter);
            }
        }
    }

    fn release_letter(&mut self, now: Time, place: usize, id: u64) {
        let key = self.letters.get(id).map(|letter| letter.key.clone());
        let (number, rollout) = &mut self.rollouts[place];
        match key {
            None => rollout.skip(now, id, Skip::Gone),
            Some(key) if self.tasks.find(&key).is_some() || self.held_keys.contains(&key) => {
                rollout.skip(now, id, Skip::KeyLive);
            }
            Some(_) => {
                let number = *number;
                if let Some(redriven) = self.letters.send(id, now, rollout.plan()) {
                    self.count_redriven(now, redriven, Some((number, id)));
                }
            }
        }
    }

    /// When the next letter of a rollout goes.
    pub(super) fn next_release(&self) -> Option<Time> {
        self.rollouts.iter().filter_map(|(_, rollout)| rollout.next_wakeup()).min()
    }

    /// A task ended: the rollout that sent it is told.
    pub(super) fn tell_rollout(&mut self, now: Time, entry: &Entry, outcome: Outcome) {
        let Some((number, letter)) = entry.past().and_then(|past| past.rollout) else { return };
        let rollout = self.rollouts.iter_mut().find(|(other, _)| *other == number);
        if let Some((_, rollout)) = rollout {
            rollout.tell(now, letter, outcome);
        }
    }
}
