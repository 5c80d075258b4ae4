//! What a server does with a request: it lets it in, serves it, or refuses it.

use super::{Admission, Class, Failure, Place, Request, Rich, SimError};

impl Rich<'_> {
    /// A request reaches its server.
    pub(super) fn reach(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let request = self.requests.get(id);
        if request.cancelled {
            self.forget(id);
            return Ok(());
        }
        self.gauges[request.tier as usize].reached(now);
        self.requests.get_mut(id).reached = now;
        let lane = self.lanes[self.floor.owners.class(request.root)];
        let tier = self.tier(request.tier);
        match tier.admit(now, id, request.key, request.attempt, lane) {
            Admission::Begin(time) => self.serve(now, id, time),
            Admission::Wait => {
                self.requests.get_mut(id).place = Place::Waiting;
                self.note_queue(now, request.tier);
            }
            Admission::Refuse(failure) => {
                let retry_after = self.tier(request.tier).retry_after(failure);
                self.gauges[request.tier as usize].refused(now);
                return self.answer(now, id, Some(failure), retry_after);
            }
            Admission::Swallow => self.forget(id),
        }
        Ok(())
    }

    pub(super) fn serve(&mut self, now: u64, id: u32, time: u64) {
        let request = self.requests.get_mut(id);
        request.place = Place::Serving;
        request.began = now;
        self.floor.push(now.saturating_add(time), Class::Complete, id);
    }

    pub(super) fn note_queue(&mut self, now: u64, tier: u8) {
        let waiting = self.tiers[tier as usize].waits();
        self.gauges[tier as usize].queue(now, waiting);
        // The queue in the report is the server's.
        if usize::from(tier) + 1 == self.tiers.len() {
            self.floor.meter.queue(waiting);
        }
    }

    /// Free workers of a tier take what waits.
    pub(super) fn serve_next(&mut self, now: u64, number: u8) -> Result<(), SimError> {
        while self.tier(number).has_next() {
            let Some((id, dropped)) = self.tier(number).next(now) else { break };
            let request = self.requests.get(id);
            if request.cancelled {
                self.tier(number).passed_over();
                self.forget(id);
            } else if self.is_expired(now, &request) {
                self.gauges[number as usize].refused(now);
                self.answer(now, id, Some(Failure::Timeout), None)?;
            } else if dropped {
                self.gauges[number as usize].refused(now);
                self.answer(now, id, Some(Failure::Overloaded), None)?;
            } else {
                let time = self.tier(number).begin(request.key, request.attempt);
                self.serve(now, id, time);
            }
        }
        self.note_queue(now, number);
        Ok(())
    }

    /// A worker is done with a request, or ready to call the next layer for it.
    pub(super) fn request_served(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let request = self.requests.get(id);
        if request.cancelled {
            self.forget(id);
            return Ok(());
        }
        if usize::from(request.tier) + 1 < self.tiers.len() {
            if self.is_expired(now, &request) {
                return self.finish(now, id, Some(Failure::Timeout));
            }
            return self.start_call(now, id, &request);
        }
        let tier = self.tier(request.tier);
        let fails = tier.fails_served(request.key, request.attempt);
        let answer = if self.floor.is_poison(request.root) {
            Some(Failure::Poison)
        } else {
            fails.then_some(Failure::Error)
        };
        self.finish(now, id, answer)
    }

    /// Whether its server knows that a request is abandoned.
    pub(super) fn is_expired(&self, now: u64, request: &Request) -> bool {
        self.floor.scenario.client.propagate_deadline && now >= request.deadline
    }
}
