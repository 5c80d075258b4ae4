//! What a layer does for a request: it calls the next one, again and again.

use super::{Caller, Duration, Failure, NONE, Next, Outgoing, Place, Request, Rich, SimError};

impl Rich<'_> {
    /// A layer has done its own part and calls the next for it.
    pub(super) fn start_call(
        &mut self,
        now: u64,
        id: u32,
        request: &Request,
    ) -> Result<(), SimError> {
        let Request { root, key, attempt, tier, deadline, .. } = *request;
        let call = self.calls.start(id, Outgoing { root, key, attempt, tier, deadline });
        let request = self.requests.get_mut(id);
        request.place = Place::Calling;
        request.call = call;
        self.call_attempt(now, call)
    }

    /// An attempt of a call starts.
    pub(super) fn call_attempt(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let next = self.calls.attempt(&mut self.floor, now, id)?;
        self.go_on(now, id, next)
    }

    /// An attempt of a call failed.
    pub(super) fn call_failed(
        &mut self,
        now: u64,
        id: u32,
        failure: Failure,
        retry_after: Option<Duration>,
    ) -> Result<(), SimError> {
        let next = self.calls.failed(&mut self.floor, now, id, failure, retry_after)?;
        self.go_on(now, id, next)
    }

    /// A call does what it does next.
    pub(super) fn go_on(&mut self, now: u64, id: u32, next: Next) -> Result<(), SimError> {
        match next {
            Next::Send(outgoing) => self.send(now, Caller::Call(id), outgoing),
            Next::Fail => {
                let parent = self.calls.end(id);
                self.finish(now, parent, Some(Failure::Downstream))
            }
            Next::Wait => Ok(()),
        }
    }

    /// The time of a call's timeout, or of one of its earlier attempts.
    pub(super) fn call_timeout(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        if !self.calls.is_overdue(&mut self.floor, now, id) {
            return Ok(());
        }
        let current = std::mem::replace(self.calls.current(id), NONE);
        if current != NONE {
            self.give_up(now, current)?;
        }
        self.call_failed(now, id, Failure::Timeout, None)
    }
}
