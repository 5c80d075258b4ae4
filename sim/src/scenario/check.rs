//! What must hold between the parts of a scenario, so that a run makes sense and ends.

use redrive::{
    Time,
    time::nanos,
    wire::{ConfigError, Number},
};

use super::{Mode, OnFull, Scenario, Server};
use crate::bounds;

/// Bins beyond this are refused: their series alone would take a hundred megabytes.
pub(crate) const MAX_BINS: u64 = 1 << 21;

impl Scenario {
    /// The horizon as a time; the end of time without one.
    #[must_use]
    pub fn end(&self) -> Time {
        self.horizon.map_or(Time::MAX, |horizon| Time::from_nanos(nanos(horizon)))
    }

    /// From when on the figures "after the fault" count: `report.after`, or the end of the last
    /// fault, or of the last change of the arrival rate, or the start.
    #[must_use]
    pub fn after_fault(&self) -> Time {
        if let Some(after) = self.report.after {
            return after;
        }
        let last = self.faults.iter().filter_map(|fault| fault.until).max();
        let step = match &self.arrivals {
            super::Arrivals::Rate { steps, .. } if steps.len() > 1 => steps.last().map(|s| s.0),
            _ => None,
        };
        let end = self.end();
        last.filter(|until| *until < end).or(step).unwrap_or(Time::ZERO)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.check_contention()?;
        self.check_silence()?;
        self.check_end()?;
        let horizon = self.horizon.map(|_| self.end());
        let tasks = self.arrivals.expected(horizon);
        if tasks > bounds::TASKS.max {
            let message = format!(
                "bring about {} tasks, more than {}: lower the rate, the clients or the horizon",
                Number(libm::round(tasks)),
                Number(bounds::TASKS.max)
            );
            return Err(ConfigError::new("arrivals", message));
        }
        let bin = nanos(self.report.bin);
        if self.horizon.is_some() && self.end().as_nanos() / bin > MAX_BINS {
            let message = format!(
                "cuts the horizon into more than {MAX_BINS} bins: raise it, or lower the horizon"
            );
            return Err(ConfigError::new("report.bin", message));
        }
        if self.client.hosts > self.client.count {
            let message = format!("is above client.count = {}: lower it", self.client.count);
            return Err(ConfigError::new("client.hosts", message));
        }
        Ok(())
    }

    fn check_contention(&self) -> Result<(), ConfigError> {
        if self.contention.is_none() {
            return Ok(());
        }
        let unused = [
            ("server", self.server != Server::default()),
            ("layers", !self.layers.is_empty()),
            ("faults", !self.faults.is_empty()),
            ("redrive", self.redrive.is_some()),
            ("network.loss", self.network.loss > 0.0),
            ("client.timeout", self.client.timeout.is_some()),
            ("client.breaker", self.client.breaker.is_some()),
            ("client.throttle", self.client.throttle.is_some()),
            ("client.permanentRate", self.client.permanent_rate > 0.0),
        ];
        match unused.into_iter().find(|(_, given)| *given) {
            Some((path, _)) => {
                let message = "means nothing with contention, whose rows take the server's place: \
                               remove one of them";
                Err(ConfigError::new(path, message))
            }
            None => Ok(()),
        }
    }

    /// A message that gets no answer needs a timeout, or its task waits for ever.
    fn check_silence(&self) -> Result<(), ConfigError> {
        let silent = if self.faults.iter().any(|fault| fault.mode == Mode::Hang) {
            "a fault hangs"
        } else if self.network.loss > 0.0 {
            "the network loses messages"
        } else if self.servers().any(|server| server.on_full == OnFull::Timeout) {
            "a full queue swallows requests"
        } else {
            return Ok(());
        };
        let patient = self.policies.iter().any(|p| p.policy.attempt_timeout().is_none());
        if self.client.timeout.is_none() && patient {
            let message =
                format!("is missing: {silent}, and a client without a timeout would wait for ever");
            return Err(ConfigError::new("client.timeout", message));
        }
        Ok(())
    }

    /// The names of the layers, outermost first, and the server's.
    pub(crate) fn tier_names(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().map(|layer| layer.name.as_str()).chain(["server"])
    }

    pub(crate) fn servers(&self) -> impl Iterator<Item = &Server> {
        self.layers.iter().map(|layer| &layer.server).chain([&self.server])
    }

    /// Without a horizon, everything has to come to an end by itself.
    fn check_end(&self) -> Result<(), ConfigError> {
        if self.horizon.is_some() {
            return Ok(());
        }
        if self.arrivals.is_endless() {
            let message = "never end, and there is no horizon: set arrivals.for or horizon";
            return Err(ConfigError::new("arrivals", message));
        }
        let for_ever = |mode: &Mode| match mode {
            Mode::Down { .. } | Mode::Hang => true,
            Mode::Errors { rate, .. } => *rate >= 1.0,
            Mode::Bursts { good_rate, bad_rate, .. } => *good_rate >= 1.0 && *bad_rate >= 1.0,
            _ => false,
        };
        let dead = self.faults.iter().position(|f| f.until.is_none() && for_ever(&f.mode));
        let poison = self.client.permanent_rate > 0.0;
        let endless = self.policies.iter().find(|named| {
            named.policy.max_attempts().is_none() && named.policy.max_elapsed().is_none()
        });
        if let (Some(named), true) = (endless, dead.is_some() || poison) {
            let why = dead
                .map_or("client.permanentRate makes tasks fail for ever".to_owned(), |i| {
                    format!("faults[{i}] has no end")
                });
            let message = format!(
                "cannot end: policy \"{}\" has unlimited attempts, and {why}: set horizon, \
                 maxAttempts, maxElapsed or the fault's until",
                named.name
            );
            return Err(ConfigError::new("scenario", message));
        }
        Ok(())
    }
}
