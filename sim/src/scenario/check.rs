//! What must hold between the parts of a scenario, so that a run makes sense and ends.

use redrive::{
    RetryPolicy, Time,
    time::nanos,
    wire::{ConfigError, Number},
};

use super::{Arrivals, Mode, OnFull, Scenario, Server};
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

    /// Whether a fault ends before the run does, so that there is a time after it.
    #[must_use]
    pub fn fault_ends(&self) -> bool {
        let end = self.end();
        self.faults.iter().any(|fault| fault.until.is_some_and(|until| until < end))
    }

    /// The same scenario with other policies.
    ///
    /// # Errors
    /// When it cannot end with one of them.
    pub fn with_policies(&self, policies: Vec<super::NamedPolicy>) -> Result<Self, ConfigError> {
        let other = Self { policies, ..self.clone() };
        other.check()?;
        Ok(other)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.check_contention()?;
        self.check_silence()?;
        self.check_end()?;
        self.check_classes()?;
        let horizon = self.horizon.map(|_| self.end());
        let tasks = self.expected(horizon);
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
            ("clients", !self.clients.is_empty()),
            ("changes", !self.changes.is_empty()),
            ("client.patience", self.client.patience.is_some()),
            ("network.loss", self.network.loss > 0.0),
            ("client.timeout", self.client.timeout.is_some()),
            ("client.breaker", self.client.breaker.is_some()),
            ("client.throttle", self.client.throttle.is_some()),
            ("client.permanentRate", self.client.permanent_rate > 0.0),
        ];
        match unused.into_iter().find(|(_, given)| *given) {
            Some((path, _)) => {
                let message = "has no effect with contention, whose rows take the server's place: \
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
        let patient = self.all_policies().any(|policy| policy.attempt_timeout().is_none());
        if self.client.timeout.is_none() && self.client.patience.is_none() && patient {
            let message =
                format!("is missing: {silent}, and a client without a timeout would wait for ever");
            return Err(ConfigError::new("client.timeout", message));
        }
        Ok(())
    }

    /// The arrivals: the common ones, where a class takes a share of them, and those of classes. Each
    /// with the number of its class.
    pub(crate) fn streams(&self) -> impl Iterator<Item = (Option<usize>, &Arrivals)> {
        let common = self.clients.is_empty() || self.clients.iter().any(|c| c.arrivals.is_none());
        let own = self.clients.iter().enumerate();
        let own = own.filter_map(|(i, class)| Some((Some(i), class.arrivals.as_ref()?)));
        common.then_some((None, &self.arrivals)).into_iter().chain(own)
    }

    /// How many tasks to expect until `horizon`; infinite when they have no end.
    #[must_use]
    pub fn expected(&self, horizon: Option<Time>) -> f64 {
        self.streams().map(|(_, arrivals)| arrivals.expected(horizon)).sum()
    }

    /// Classes of clients need requests that know theirs.
    fn check_classes(&self) -> Result<(), ConfigError> {
        let closed = matches!(self.arrivals, Arrivals::Serial { .. } | Arrivals::Cron { .. });
        let shared = self.clients.iter().any(|class| class.arrivals.is_none());
        if closed && shared {
            let message = "have shares of arrivals that are clients' own (serial, cron): give each \
                           class arrivals";
            return Err(ConfigError::new("clients", message));
        }
        let by_priority =
            self.clients.iter().any(|class| class.priority != self.clients[0].priority);
        let codel = self.servers().any(|server| server.queue.codel().is_some());
        if by_priority && codel {
            let message =
                "have priorities, and a queue is codel, which knows none: use fifo or lifo";
            return Err(ConfigError::new("clients", message));
        }
        Ok(())
    }

    /// Every policy that clients may come to have.
    fn all_policies(&self) -> impl Iterator<Item = &RetryPolicy> {
        let changed = self.changes.iter().filter(|change| change.layer.is_none());
        let changed = changed.filter_map(|change| change.policy.as_ref());
        let of_class = self.clients.iter().filter_map(|class| class.policy.as_ref());
        self.policies.iter().map(|named| &named.policy).chain(of_class).chain(changed)
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
        if self.streams().any(|(_, arrivals)| arrivals.is_endless()) {
            let message = "never end, and horizon is not given: set arrivals.for or horizon";
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
        let of_class = self.clients.iter().filter_map(|c| Some((&c.name, c.policy.as_ref()?)));
        let all = self.policies.iter().map(|named| (&named.name, &named.policy)).chain(of_class);
        if let Some((name, _)) = all.into_iter().find(|(_, policy)| policy.is_unbounded()) {
            let why = match dead {
                Some(i) => format!("faults[{i}] has no end"),
                None if poison => "client.permanentRate makes tasks fail for ever".to_owned(),
                None => "nothing else is sure to end a task".to_owned(),
            };
            let message = format!(
                "cannot end: policy \"{name}\" has unlimited attempts, and {why}: set horizon, \
                 maxAttempts, maxElapsed or the fault's until"
            );
            return Err(ConfigError::new("scenario", message));
        }
        Ok(())
    }
}
