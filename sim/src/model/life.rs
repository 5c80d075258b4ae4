//! The life of a task, whatever model it lives in: it is tried, succeeds or fails, is tried again or
//! given up, and may be sent back to work.

use redrive::{
    Context, Duration, RedrivePlan, Time, Verdict,
    task::{Reason, State},
};

use super::{
    event::{Class, Purpose},
    failure::Failure,
    floor::{Floor, Round, pick},
};
use crate::{error::SimError, outcome::Mark};

/// In place of the start of an earlier life: there was none.
const ONE_LIFE: u64 = u64::MAX;

impl Floor<'_> {
    /// A client starts a task.
    #[cold]
    pub(super) fn start_client(&mut self, now: u64, client: u32) {
        let class = self.owners.class_of_client(client);
        if let Some(Round::Every { period, end }) = self.rounds[class] {
            self.start_client_at(now.saturating_add(period), client, end);
        }
        self.arrives_by(client);
    }

    /// An attempt of a task starts: its budget counts it, and so does its class.
    #[inline(always)]
    pub(super) fn count_attempt(&mut self, now: u64, id: u32, attempt: u32) {
        let class = self.owners.class(id);
        let stub = pick(&mut self.clients, &mut self.others, class);
        if stub.has_budgets()
            && let Some(budget) = stub.budget(self.owners.share(id))
        {
            budget.on_attempt(Time::from_nanos(now), attempt > 1);
        }
        if let Some(crowd) = self.crowds.get_mut(class) {
            crowd.tasks += u64::from(attempt == 1 && !is_redriven(&self.redriven, id));
        }
    }

    /// An attempt of a task is sent.
    pub(super) fn count_sent(&mut self, id: u32) {
        if let Some(crowd) = self.crowds.get_mut(self.owners.class(id)) {
            crowd.attempts += 1;
        }
    }

    /// Inlined: nearly every task of a run ends here once.
    #[inline(always)]
    pub(super) fn succeeded(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        let (attempts, paid) = self.tasks.attempts(id);
        self.tasks.hold(id).succeed(Time::from_nanos(now))?;
        let began = self.began(id);
        self.meter.succeeded(now, began, attempts);
        self.meter.mark(id, now, Mark::Succeeded, "");
        let class = self.owners.class(id);
        let stub = pick(&mut self.clients, &mut self.others, class);
        if stub.has_budgets()
            && let Some(budget) = stub.budget(self.owners.share(id))
        {
            budget.on_success(Time::from_nanos(now), attempts > 1, paid);
        }
        if let Some(crowd) = self.crowds.get_mut(class) {
            crowd.succeeded += 1;
            crowd.to_success.record(now - began);
        }
        self.task_ended(now, id, attempts, class);
        Ok(())
    }

    /// The running attempt of a task failed: the policy says what now.
    pub(super) fn failed(
        &mut self,
        now: u64,
        id: u32,
        failure: Failure,
        retry_after: Option<Duration>,
    ) -> Result<(), SimError> {
        self.meter.failed(failure.is_rejection());
        let clients = pick(&mut self.clients, &mut self.others, self.owners.class(id));
        let context = Context { policy: clients.policy, stream: self.stream, key: u64::from(id) };
        let class = clients.classes[failure as usize];
        let budget =
            if clients.has_budgets() { clients.budget(self.owners.share(id)) } else { None };
        let (attempts, _) = self.tasks.attempts(id);
        let task = self.tasks.hold(id);
        let verdict = task.fail(Time::from_nanos(now), context, class, retry_after, budget)?;
        self.carry_out(now, id, attempts, verdict, failure);
        Ok(())
    }

    #[inline(always)]
    pub(super) fn try_again(&mut self, now: u64, id: u32, at: Time, failure: Failure) {
        self.push_here(at.as_nanos(), Class::Attempt, id);
        if self.meter.is_sampled(id) {
            self.mark_failure(id, now, failure);
        }
    }

    pub(super) fn carry_out(
        &mut self,
        now: u64,
        id: u32,
        attempts: u32,
        verdict: Verdict,
        failure: Failure,
    ) {
        match verdict {
            Verdict::Retry { at, .. } => self.try_again(now, id, at, failure),
            verdict => self.given_up(now, id, attempts, verdict, failure),
        }
    }

    /// A retry of a task is refused by something other than its policy: it becomes a dead letter.
    pub(super) fn denied(
        &mut self,
        now: u64,
        id: u32,
        failure: Failure,
        reason: Reason,
    ) -> Result<(), SimError> {
        self.meter.failed(failure.is_rejection());
        self.tasks.whole(id).kill(Time::from_nanos(now), reason)?;
        let (attempts, _) = self.tasks.attempts(id);
        self.given_up(now, id, attempts, Verdict::DeadLetter(reason), failure);
        Ok(())
    }

    /// The policy gave a task up, after so many attempts.
    fn given_up(&mut self, now: u64, id: u32, attempts: u32, verdict: Verdict, failure: Failure) {
        let began = self.began(id);
        match verdict {
            Verdict::DeadLetter(reason) => {
                self.meter.dead_letter(now, began, attempts, reason);
                if let Some(crowd) = self.crowds.get_mut(self.owners.class(id)) {
                    crowd.dead += 1;
                }
                // Two marks: how the last attempt failed is what a dead letter is read for.
                self.mark_failure(id, now, failure);
                self.meter.mark(id, now, Mark::Dead, reason.as_str());
            }
            Verdict::Discard => {
                self.meter.discarded += 1;
                self.meter.ended(now, began, attempts);
                self.mark_failure(id, now, failure);
            }
            _ => {
                self.meter.failed_tasks += 1;
                self.meter.ended(now, began, attempts);
                self.mark_failure(id, now, failure);
            }
        }
        let class = self.owners.class(id);
        self.task_ended(now, id, attempts, class);
    }

    /// When a task was first tried: its caller has waited since then, redrive or not.
    #[inline]
    fn began(&self, id: u32) -> u64 {
        let first = self.redriven.get(id as usize).copied().filter(|began| *began != ONE_LIFE);
        first.unwrap_or_else(|| self.tasks.began(id).as_nanos())
    }

    fn mark_failure(&mut self, id: u32, now: u64, failure: Failure) {
        self.meter.mark(id, now, mark_of(failure), failure.name());
    }

    /// A task is over, however: its budget and its client hear of it.
    #[inline]
    fn task_ended(&mut self, now: u64, id: u32, attempts: u32, class: usize) {
        let stub = pick(&mut self.clients, &mut self.others, class);
        if stub.has_budgets()
            && let Some(budget) = stub.budget(self.owners.share(id))
        {
            budget.on_end(attempts > 1);
        }
        if let Some(Some(Round::Think { pause, stream, end })) = self.rounds.get(class).copied() {
            let pause = pause.sample(&mut stream.draws(u64::from(id), 0));
            let client = self.owners.first(class) + self.owners.of(id);
            self.start_client_at(now.saturating_add(pause), client, end);
        }
    }

    /// Sends the dead letters of this moment back, each with a fresh counter, at the pace of the core's
    /// own plan.
    pub(super) fn redrive(&mut self, now: u64) {
        let Some(rule) = &self.scenario.redrive else { return };
        // A pace is kept to the letter here: what a spread is worth is one of the things to find out.
        let plan = RedrivePlan::default().every(rule.every()).spread(rule.spread);
        let stream = self.stream.substream(Purpose::Redrive as u64);
        let mut redriven = std::mem::take(&mut self.redriven);
        redriven.resize(self.tasks.len(), ONE_LIFE);
        let mut slot = 0_u64;
        for (id, began) in (0..).zip(&mut redriven) {
            let task = self.tasks.get(id);
            let State::Dead(reason) = task.state() else { continue };
            let at = plan.start(Time::from_nanos(now), stream, slot, u64::from(id), 0);
            slot += 1;
            if *began == ONE_LIFE {
                *began = task.began().as_nanos();
            }
            self.tasks.renew(id);
            self.meter.undead(reason);
            if let Some(crowd) = self.crowds.get_mut(self.owners.class(id)) {
                crowd.dead -= 1;
            }
            self.push(at.as_nanos(), Class::Attempt, id);
        }
        self.redriven = redriven;
    }
}

/// Whether a task was dead and has been sent back.
#[inline]
pub(super) fn is_redriven(redriven: &[u64], id: u32) -> bool {
    redriven.get(id as usize).is_some_and(|began| *began != ONE_LIFE)
}

/// How a failure shows in the raster.
fn mark_of(failure: Failure) -> Mark {
    match failure {
        Failure::Timeout => Mark::TimedOut,
        failure if failure.is_rejection() => Mark::Rejected,
        _ => Mark::Failed,
    }
}
