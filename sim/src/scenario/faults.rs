//! `[[faults]]`: what goes wrong, and when. Each has `from`, `until` (left out: for ever), `mode`,
//! and `layer` when it hits a layer and not the server.
//!
//! | mode | fields | what a request sees that arrives in [from, until) |
//! |---|---|---|
//! | `down` | `loses` | refused at once: connection refused. What waits is not served until it is over; `loses` says what is lost when it begins: `nothing` (default; what is in service is finished), `running` (what is in service), or `all` (the queue too: a crash); their callers see the connection break (`reset`) |
//! | `hang` | | swallowed: the client has to time out |
//! | `errors` | `rate`, `served` | fails with this chance: at once, or after its service with `served = true` |
//! | `slow` | `factor` | its service takes this much longer |
//! | `brownout` | `capacityFactor` | only this share of the capacity is there: fewer workers, down to one, then slower ones |
//! | `rateLimit` | `perSecond`, `burst`, `retryAfter` | above the limit: refused at once as throttled, told when to come back |
//! | `bursts` | `enter`, `exit`, `goodRate`, `badRate` | Gilbert-Elliott: errors that come in bursts, a step at each request |
//!
//! What is in service when a fault begins is finished as if nothing had happened, unless `loses` says
//! otherwise. Faults may
//! overlap: `down` goes before all others, of which the first in the list that refuses a request
//! decides.

use redrive::{
    Duration, Time,
    schema::{described, nullable, row, words},
    time::nanos,
    wire::{ConfigError, Fields, Value, one_of},
};

use super::{
    changes::Admission,
    field::{fields, flag, text},
    read::{self, ByRow, Kind},
    server::{self, Layer},
};
use crate::bounds;

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault {
    /// When it begins.
    pub from: Time,
    /// When it is over.
    pub until: Option<Time>,
    /// The layer that it hits; `None`: the server.
    pub layer: Option<usize>,
    /// What it does.
    pub mode: Mode,
}

/// What a fault does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// Refused at once; what waits is not served.
    Down {
        /// What is lost when it begins.
        loses: Loses,
    },
    /// Swallowed.
    Hang,
    /// Some fail.
    Errors {
        /// Which share.
        rate: f64,
        /// Only after having been served.
        served: bool,
    },
    /// Service takes longer.
    Slow {
        /// By this factor.
        factor: f64,
    },
    /// Less capacity.
    Brownout {
        /// The share that is left.
        capacity_factor: f64,
    },
    /// Refused above a rate.
    RateLimit {
        /// Requests a second that pass.
        per_second: f64,
        /// Requests that pass at once after a pause.
        burst: u32,
        /// What the refused are told.
        retry_after: Option<Duration>,
    },
    /// Gilbert-Elliott.
    Bursts {
        /// Chance of going from good to bad at each request.
        enter: f64,
        /// Chance of going from bad to good.
        exit: f64,
        /// Share of failures in the good state.
        good_rate: f64,
        /// Share of failures in the bad state.
        bad_rate: f64,
    },
}

/// What a server that goes down takes with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loses {
    /// Nothing: what is in service is finished, and what waits is served afterwards.
    #[default]
    Nothing,
    /// What is in service; what waits is served afterwards.
    Running,
    /// What is in service, and what waits.
    All,
}

/// The words of `loses`, in the order of [`Loses`].
const LOSES: &[&str] = &["nothing", "running", "all"];

/// Each mode with its fields, beside those that all have.
pub(super) const MODES: &[Kind] = &[
    ("down", &["loses"]),
    ("hang", &[]),
    ("errors", &["rate", "served"]),
    ("slow", &["factor"]),
    ("brownout", &["capacityFactor"]),
    ("rateLimit", &["perSecond", "burst", "retryAfter"]),
    ("bursts", &["enter", "exit", "goodRate", "badRate"]),
];
/// The fields of every mode.
pub(super) const FIELDS: &[&str] = &["mode", "from", "until", "layer"];

fields! {
    /// The fields of faults, but for `mode`.
    pub(super) ROWS {
        "from": nullable(row(bounds::FROM)),
        "until": nullable(row(bounds::UNTIL)),
        "layer": text("The layer that it hits, by its name. Default: the server."),
        "loses": described(
            "What is lost when it begins: nothing (the default), what is in service (running), or \
             what waits as well (all, a crash). Their callers see the connection break.",
            words(LOSES),
        ),
        "rate": row(bounds::ERROR_RATE),
        "served": flag("Whether an attempt fails only after having been served. Default: false."),
        "factor": row(bounds::SLOW_FACTOR),
        "capacityFactor": row(bounds::CAPACITY_FACTOR),
        "perSecond": row(bounds::LIMIT_PER_SECOND),
        "burst": nullable(row(bounds::LIMIT_BURST)),
        "retryAfter": nullable(row(bounds::RETRY_AFTER)),
        "enter": row(bounds::BURST_ENTER),
        "exit": row(bounds::BURST_EXIT),
        "goodRate": row(bounds::BURST_GOOD),
        "badRate": row(bounds::BURST_BAD),
    }
}

impl Fault {
    /// When it begins and ends, in nanoseconds.
    pub(crate) fn span(&self) -> (u64, u64) {
        (self.from.as_nanos(), self.until.map_or(u64::MAX, Time::as_nanos))
    }

    /// Whether requests are lost when it begins.
    pub(crate) fn loses_requests(&self) -> bool {
        matches!(self.mode, Mode::Down { loses: Loses::Running | Loses::All })
    }

    /// The mode's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.mode {
            Mode::Down { .. } => "down",
            Mode::Hang => "hang",
            Mode::Errors { .. } => "errors",
            Mode::Slow { .. } => "slow",
            Mode::Brownout { .. } => "brownout",
            Mode::RateLimit { .. } => "rateLimit",
            Mode::Bursts { .. } => "bursts",
        }
    }

    pub(super) fn read(value: &Value, path: &str, layers: &[Layer]) -> Result<Self, ConfigError> {
        let (mode, own) = read::kind(value, path, "mode", MODES)?;
        let fields = Fields::read(value, path, &[FIELDS, own].concat())?;
        let from = fields.time_of(bounds::FROM)?;
        let until = fields.maybe_duration_of(bounds::UNTIL)?;
        let until = until.map(|until| Time::from_nanos(nanos(until)));
        if until.is_some_and(|until| until <= from) {
            return Err(fields.error("until", "is not after from; a fault has to last"));
        }
        let layer = match fields.text("layer")? {
            None => None,
            Some(name) => Some(server::find_layer(&fields, name, layers)?),
        };
        let mode = match mode {
            "down" => Mode::Down { loses: read_loses(&fields)? },
            "hang" => Mode::Hang,
            "errors" => Mode::Errors {
                rate: fields.number_of(bounds::ERROR_RATE)?,
                served: fields.boolean("served")?.unwrap_or(false),
            },
            "slow" => Mode::Slow { factor: fields.number_of(bounds::SLOW_FACTOR)? },
            "brownout" => {
                Mode::Brownout { capacity_factor: fields.number_of(bounds::CAPACITY_FACTOR)? }
            }
            "rateLimit" => {
                let Admission { per_second, burst, retry_after } = Admission::from_fields(&fields)?;
                Mode::RateLimit { per_second, burst, retry_after }
            }
            _ => Mode::Bursts {
                enter: fields.number_of(bounds::BURST_ENTER)?,
                exit: fields.number_of(bounds::BURST_EXIT)?,
                good_rate: fields.number_of(bounds::BURST_GOOD)?,
                bad_rate: fields.number_of(bounds::BURST_BAD)?,
            },
        };
        Ok(Self { from, until, layer, mode })
    }
}

fn read_loses(fields: &Fields<'_>) -> Result<Loses, ConfigError> {
    let Some(word) = fields.text("loses")? else { return Ok(Loses::default()) };
    Ok(match one_of(&fields.path_of("loses"), word, LOSES)? {
        "running" => Loses::Running,
        "all" => Loses::All,
        _ => Loses::Nothing,
    })
}
