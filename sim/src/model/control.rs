//! What happens at moments that are known beforehand: faults begin and end, dead letters go back.

use redrive::{
    RedrivePlan, Time,
    task::{Reason, State},
};

use super::{
    event::{Class, Purpose},
    meter::Meter,
    tier::span,
    world::{ONE_LIFE, World},
};
use crate::error::SimError;

/// What happens at a moment that is known beforehand.
#[derive(Clone, Copy)]
pub(super) enum Control {
    /// A fault of the tier begins or ends.
    Fault(usize),
    /// From here on is "after the fault".
    After,
    /// The dead letters are sent back.
    Redrive,
}

impl<const RICH: bool> World<'_, RICH> {
    /// Faults, the end of the last one, and the redrive are known beforehand.
    pub(super) fn plan_controls(&mut self) {
        let mut plan: Vec<(u64, Control)> = Vec::new();
        for fault in &self.scenario.faults {
            let tier = fault.layer.unwrap_or(self.scenario.layers.len());
            let (from, until) = span(fault);
            plan.push((from, Control::Fault(tier)));
            plan.push((until, Control::Fault(tier)));
        }
        plan.push((self.scenario.after_fault().as_nanos(), Control::After));
        if let Some(redrive) = &self.scenario.redrive {
            plan.push((redrive.at.as_nanos(), Control::Redrive));
        }
        for (time, control) in plan {
            if time <= self.last {
                self.queue.push(time, Class::Control.of(self.controls.len() as u32));
                self.controls.push(control);
            }
        }
    }

    #[cold]
    pub(super) fn control(&mut self, now: u64, id: u32) -> Result<(), SimError> {
        match self.controls[id as usize] {
            Control::Fault(tier) if RICH && tier < self.rich.layers.len() => {
                self.rich.layers[tier].turn(now);
                self.serve_tier(now, tier)
            }
            Control::Fault(tier) => {
                self.server.turn(now);
                if RICH { self.serve_tier(now, tier) } else { self.serve_next(now) }
            }
            Control::After => {
                self.meter.after_begins();
                Ok(())
            }
            Control::Redrive => {
                self.redrive(now);
                Ok(())
            }
        }
    }

    /// Sends the dead letters of this moment back, each with a fresh counter, at the pace of the core's
    /// own plan.
    fn redrive(&mut self, now: u64) {
        let Some(rule) = &self.scenario.redrive else { return };
        // A pace is kept to the letter here: what a spread is worth is one of the things to find out.
        let plan = RedrivePlan::default().every(rule.every()).spread(rule.spread);
        let stream = self.stream.substream(Purpose::Redrive as u64);
        self.redriven.resize(self.tasks.len(), ONE_LIFE);
        let mut slot = 0_u64;
        for (id, began) in (0..).zip(&mut self.redriven) {
            let task = self.tasks.get(id);
            let State::Dead(reason) = task.state() else { continue };
            let at = plan.start(Time::from_nanos(now), stream, slot, u64::from(id), 0);
            slot += 1;
            if *began == ONE_LIFE {
                *began = task.began().as_nanos();
            }
            self.tasks.renew(id);
            self.meter.undead(reason);
            self.queue.push(at.as_nanos().min(1 << 62), Class::Attempt.of(id));
        }
    }
}

impl Meter {
    /// A dead letter is sent back: it is not dead any more.
    fn undead(&mut self, reason: Reason) {
        self.dead[reason as usize % Reason::ALL.len()] -= 1;
        self.redriven += 1;
    }
}
