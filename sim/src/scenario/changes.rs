//! `[[changes]]`: what operators do while it runs. Each has `at`, `layer` when it is done to a layer
//! and not to the server, and at least one of these:
//!
//! | field | meaning |
//! |---|---|
//! | `capacityFactor` | from then on, this share of the capacity that the scenario gives it; 2 is twice the workers, 1 as at the beginning |
//! | `admission` | from then on, at most `perSecond` requests are let in (`burst` at once); the others are refused at once as throttled, and told `retryAfter`. `null` lets all in again |
//! | `flush` | what waits is lost: its callers see the connection break (`reset`) |
//! | `policy` | from then on the clients retry by this one, a preset's name or an inline policy, whichever is compared; with `layer`, that layer does. Its budgets begin anew |
//!
//! At equal times changes come after faults, in the order in which they are written.

use redrive::{
    Duration, RetryPolicy, Time,
    schema::{any, described, nullable, reference, row},
    wire::{ConfigError, Fields, Value},
};

use super::{
    field::{fields, flag, group, text},
    policies,
    read::ByRow,
    server::{Layer, find_layer},
};
use crate::bounds;

fields! {
    /// The fields of a change.
    pub(super) FIELDS, ROWS {
        "at": row(bounds::AT),
        "layer": text("The layer that it is done to, by its name. Default: the server."),
        "capacityFactor": nullable(row(bounds::CHANGED_CAPACITY)),
        "admission": described(
            "How much is let in from then on; null: all.",
            nullable(group(ADMISSION_ROWS, &["perSecond"])),
        ),
        "flush": flag("Whether what waits is lost. Default: false."),
        "policy": described(
            "How the clients, or the layer, retry from then on.",
            nullable(any([reference("policy"), reference("preset")])),
        ),
    }
}
fields! {
    /// The fields of `admission`.
    ADMISSION_FIELDS, ADMISSION_ROWS {
        "perSecond": row(bounds::LIMIT_PER_SECOND),
        "burst": nullable(row(bounds::LIMIT_BURST)),
        "retryAfter": nullable(row(bounds::RETRY_AFTER)),
    }
}

/// What operators do at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// When.
    pub at: Time,
    /// To which layer; `None`: to the server.
    pub layer: Option<usize>,
    /// The share of the capacity that there is from then on.
    pub capacity_factor: Option<f64>,
    /// What is let in from then on; `Some(None)`: all.
    pub admission: Option<Option<Admission>>,
    /// Whether what waits is lost.
    pub flush: bool,
    /// How the clients, or the layer, retry from then on.
    pub policy: Option<RetryPolicy>,
}

/// How much is let in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Admission {
    /// Requests a second.
    pub per_second: f64,
    /// Requests at once after a pause.
    pub burst: u32,
    /// What the refused are told.
    pub retry_after: Option<Duration>,
}

impl Admission {
    /// Reads the three fields that a rate limit has, wherever it is.
    pub(super) fn from_fields(fields: &Fields<'_>) -> Result<Self, ConfigError> {
        let per_second = fields.number_of(bounds::LIMIT_PER_SECOND)?;
        let burst = fields.maybe_count_of(bounds::LIMIT_BURST)?;
        Ok(Self {
            per_second,
            burst: burst.map_or(per_second.max(1.0) as u32, |burst| burst as u32),
            retry_after: fields.maybe_duration_of(bounds::RETRY_AFTER)?,
        })
    }
}

impl Change {
    pub(super) fn read(value: &Value, path: &str, layers: &[Layer]) -> Result<Self, ConfigError> {
        let fields = Fields::read(value, path, FIELDS)?;
        let admission = match fields.get("admission") {
            None => None,
            Some(Value::Null) => Some(None),
            Some(group) => {
                let group = Fields::read(group, &fields.path_of("admission"), ADMISSION_FIELDS)?;
                Some(Some(Admission::from_fields(&group)?))
            }
        };
        let policy = fields.get("policy").filter(|value| !matches!(value, Value::Null));
        let change = Self {
            at: fields.time_of(bounds::AT)?,
            layer: match fields.text("layer")? {
                None => None,
                Some(name) => Some(find_layer(&fields, name, layers)?),
            },
            capacity_factor: fields.maybe_number_of(bounds::CHANGED_CAPACITY)?,
            admission,
            flush: fields.boolean("flush")?.unwrap_or(false),
            policy: policy
                .map(|value| policies::read_one(value, &fields.path_of("policy")))
                .transpose()?,
        };
        let nothing = change.capacity_factor.is_none()
            && change.admission.is_none()
            && !change.flush
            && change.policy.is_none();
        if nothing {
            let message = "changes nothing: give capacityFactor, admission, flush or policy";
            return Err(ConfigError::new(path, message));
        }
        Ok(change)
    }
}
