//! `[report]`, `[redrive]` and `[limits]`: what is measured, the way back, and how far a run may go.
//!
//! | field | meaning |
//! |---|---|
//! | `report.bin` | width of the bins in which attempts are counted |
//! | `report.window` | how long the moving window is over which peaks are counted, beside the bins |
//! | `report.objective` | how soon a task should have succeeded: gives the share of all tasks that did |
//! | `report.windows` | named windows (`name`, `from`, `to`) that get figures of their own |
//! | `report.after` | from when on the figures "after the fault" count; left out: the end of the last fault, or of the last change of the arrival rate |
//! | `report.recoverFor` | how long goodput must hold 95 % of the baseline to count as recovered |
//! | `report.rasterRows` | tasks sampled for the raster |
//! | `redrive.at` | when the dead letters of that moment are sent back, with a fresh counter |
//! | `redrive.rate` | so many a second; all at once when left out |
//! | `redrive.spread` | or all of them, uniformly over this long |
//! | `limits.events`, `limits.memoryMb` | a run that would need more is refused or stopped |

use redrive::{
    Duration, Time,
    schema::{array, described, nullable, reference, row},
    time::nanos,
    wire::{ConfigError, Fields, Value},
};

use super::{
    field::{fields, group, text},
    read::{ByRow, default_duration},
};
use crate::bounds;

fields! {
    /// The fields of `report`.
    pub(super) FIELDS, ROWS {
        "bin": nullable(row(bounds::BIN)),
        "window": nullable(row(bounds::REPORT_WINDOW)),
        "objective": nullable(row(bounds::OBJECTIVE)),
        "windows": described(
            "Windows of time that get figures of their own.",
            array(group(WINDOW_ROWS, &["name", "to"]), 0),
        ),
        "after": described(
            "From when on the figures \"after the fault\" count. Default: the end of the last \
             fault, or of the last change of the arrival rate.",
            nullable(reference("duration")),
        ),
        "recoverFor": nullable(row(bounds::RECOVER_FOR)),
        "rasterRows": row(bounds::RASTER_ROWS),
    }
}
fields! {
    /// The fields of a window of `report.windows`.
    pub(super) WINDOW_FIELDS, WINDOW_ROWS {
        "name": text("The name of the window."),
        "from": nullable(row(bounds::FROM)),
        "to": described("When it is over (the end itself is outside).", reference("duration")),
    }
}
fields! {
    /// The fields of `redrive`.
    pub(super) REDRIVE_FIELDS, REDRIVE_ROWS {
        "at": nullable(row(bounds::AT)),
        "rate": nullable(row(bounds::REDRIVE_RATE)),
        "spread": nullable(row(bounds::SPREAD)),
    }
}
fields! {
    /// The fields of `limits`.
    pub(super) LIMITS_FIELDS, LIMITS_ROWS {
        "events": row(bounds::MAX_EVENTS),
        "memoryMb": row(bounds::MAX_MEMORY),
    }
}

/// What is measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Width of the bins.
    pub bin: Duration,
    /// How long the moving window of peaks is.
    pub window: Duration,
    /// How soon a task should have succeeded.
    pub objective: Option<Duration>,
    /// Named windows.
    pub windows: Vec<Window>,
    /// From when on "after the fault" counts.
    pub after: Option<Time>,
    /// How long goodput must hold.
    pub recover_for: Duration,
    /// Tasks sampled for the raster.
    pub raster_rows: u32,
}

/// A named window of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// What it is called.
    pub name: String,
    /// Its start.
    pub from: Time,
    /// Its end, which is outside.
    pub to: Time,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            bin: default_duration(bounds::BIN),
            window: default_duration(bounds::REPORT_WINDOW),
            objective: None,
            windows: Vec::new(),
            after: None,
            recover_for: default_duration(bounds::RECOVER_FOR),
            raster_rows: bounds::RASTER_ROWS.default.unwrap_or(0.0) as u32,
        }
    }
}

impl Report {
    pub(super) fn read(value: &Value, path: &str) -> Result<Self, ConfigError> {
        let fields = Fields::read(value, path, FIELDS)?;
        let mut windows = Vec::new();
        for (i, value) in fields.list("windows")?.unwrap_or_default().iter().enumerate() {
            let path = format!("{}[{i}]", fields.path_of("windows"));
            let window = Fields::read(value, &path, WINDOW_FIELDS)?;
            let from = window.time_of(bounds::FROM)?;
            let Some(to) = window.duration("to")? else {
                return Err(window.error("to", "is missing; write when the window ends"));
            };
            let to = Time::from_nanos(nanos(to));
            if to <= from {
                return Err(window.error("to", "is not after from; a window has to last"));
            }
            super::label(&window, "name")?;
            let name = window.required_text("name")?.to_owned();
            windows.push(Window { name, from, to });
        }
        let after = match fields.get("after") {
            None | Some(Value::Null) => None,
            Some(_) => fields.duration("after")?.map(|after| Time::from_nanos(nanos(after))),
        };
        Ok(Self {
            bin: fields.duration_of(bounds::BIN)?,
            window: fields.duration_of(bounds::REPORT_WINDOW)?,
            objective: fields.maybe_duration_of(bounds::OBJECTIVE)?,
            windows,
            after,
            recover_for: fields.duration_of(bounds::RECOVER_FOR)?,
            raster_rows: fields.count_of(bounds::RASTER_ROWS)? as u32,
        })
    }
}

/// Sending the dead letters back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Redrive {
    /// When.
    pub at: Time,
    /// So many a second.
    pub rate: Option<f64>,
    /// Uniformly over this long.
    pub spread: Duration,
}

impl Redrive {
    /// The time from one letter to the next; zero without a rate.
    #[must_use]
    pub fn every(&self) -> Duration {
        // Rounded up: the pace never exceeds what was asked for.
        let nanos = self.rate.map_or(0.0, |rate| libm::ceil(1e9 / rate));
        Duration::from_nanos(nanos as u64)
    }

    pub(super) fn read(value: &Value, path: &str) -> Result<Self, ConfigError> {
        let fields = Fields::read(value, path, REDRIVE_FIELDS)?;
        let rate = fields.maybe_number_of(bounds::REDRIVE_RATE)?;
        let spread = fields.duration_of(bounds::SPREAD)?;
        if rate.is_some() && spread > Duration::ZERO {
            return Err(fields.error("spread", "is given as well as rate; keep one of them"));
        }
        Ok(Self { at: fields.time_of(bounds::AT)?, rate, spread })
    }
}

/// How far a run may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Events.
    pub events: u64,
    /// Bytes.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            events: bounds::MAX_EVENTS.default.unwrap_or(0.0) as u64,
            memory: bounds::MAX_MEMORY.default.unwrap_or(0.0) as u64 * 1_000_000,
        }
    }
}

impl Limits {
    pub(super) fn read(value: &Value, path: &str) -> Result<Self, ConfigError> {
        let fields = Fields::read(value, path, LIMITS_FIELDS)?;
        Ok(Self {
            events: fields.count_of(bounds::MAX_EVENTS)?,
            memory: fields.count_of(bounds::MAX_MEMORY)?.saturating_mul(1_000_000),
        })
    }
}
