//! `[server]` and `[[layers]]`: what tasks are sent to.
//!
//! | field | meaning |
//! |---|---|
//! | `workers` | requests in service at the same time; unlimited when left out |
//! | `service` | how long each takes: a [distribution](crate::distribution); nothing when left out |
//! | `capacityPerSecond` | shorthand for a fixed service time of `workers / capacityPerSecond` (one worker when left out) |
//! | `slowdownPerInFlight` | load-dependent service: x (1 + this x requests in service) |
//! | `crosstalkPerInFlight` | what each pair of requests in service costs beside that: with n in service, a new one takes x (1 + slowdown n + crosstalk n (n + 1)). With it throughput falls again beyond a load (Gunther's universal scalability law) |
//! | `queue.limit` | requests that may wait; unlimited when left out |
//! | `queue.discipline` | `fifo`, `lifo`, or `codel` (fifo that drops from the front while the wait stays above `target` for an `interval`) |
//! | `onFull` | `reject`: refused at once; `timeout`: swallowed, the client has to time out |
//!
//! A layer has these and a `name`, and calls the next layer (the last one the server) while it holds
//! its worker, retrying by its `policy`: a preset's name, an inline policy, or `"same"`, the policy
//! under comparison. That is how retries multiply. All that holds clients back holds layers back:
//!
//! | field of a layer | meaning |
//! |---|---|
//! | `policy` | how it retries its calls; the policy's budget is one, shared by all calls of the layer |
//! | `timeout` | how long it waits for an answer of the next; `client.timeout` when left out |
//! | `breaker`, `throttle` | as `client.breaker` and `client.throttle`, one for all calls of the layer |

use redrive::{
    Duration, RetryPolicy,
    schema::{any, constant, described, list, nullable, reference, row, words},
    time::nanos,
    wire::{ConfigError, Fields, Value, one_of, quoted, shortened, visible},
};

use super::{
    client::{self, Breaker, Throttle},
    field::{Field, fields, group, law, policy_or_same, text},
    policies,
    read::ByRow,
    schema,
};
use crate::{bounds, distribution::Distribution, files::Loader};

/// What tasks are sent to.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// Requests in service at the same time.
    pub workers: Option<u32>,
    /// How long each takes.
    pub service: Distribution,
    /// What each request in service adds to a new one's time.
    pub slowdown_per_in_flight: f64,
    /// What each pair of requests in service adds beside that.
    pub crosstalk_per_in_flight: f64,
    /// Where requests wait.
    pub queue: Queue,
    /// What happens when the queue is full.
    pub on_full: OnFull,
}

/// Where requests wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// How many may wait.
    pub limit: Option<u32>,
    /// Who is next.
    pub discipline: Discipline,
}

/// Who is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// First in, first out.
    Fifo,
    /// Last in, first out.
    Lifo,
    /// First in, first out, with drops while the wait stays too long (RFC 8289).
    Codel {
        /// The wait that is tolerated for good.
        target: Duration,
        /// How long it must stay above that.
        interval: Duration,
    },
}

/// What happens to a request that finds no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFull {
    /// It is refused at once.
    Reject,
    /// It is swallowed: the client has to time out.
    Timeout,
}

impl Default for Server {
    /// Unlimited and instant.
    fn default() -> Self {
        Self {
            workers: None,
            service: Distribution::ZERO,
            slowdown_per_in_flight: 0.0,
            crosstalk_per_in_flight: 0.0,
            queue: Queue { limit: None, discipline: Discipline::Fifo },
            on_full: OnFull::Reject,
        }
    }
}

fields! {
    /// The fields of a layer: those of a server, and its own five.
    pub(super) LAYER_FIELDS, LAYER_ROWS {
        "workers": nullable(row(bounds::WORKERS)),
        "service": law("How long each request takes. Default: no time."),
        "capacityPerSecond": nullable(row(bounds::CAPACITY)),
        "slowdownPerInFlight": row(bounds::SLOWDOWN),
        "crosstalkPerInFlight": row(bounds::CROSSTALK),
        "queue": described("Where requests wait.", queue_schema()),
        "onFull": described(
            "With a full queue: refused at once (reject, the default), or swallowed, so that the \
             client has to time out (timeout).",
            words(ON_FULL),
        ),
        "name": text("The name of the layer. Default: layer."),
        "policy": policy_or_same(
            "How the layer retries its calls to the next one: a preset's name, a policy, or same, \
             the policy under comparison. Default: same.",
        ),
        "timeout": described(
            "How long the layer waits for an answer of the next one. Default: client.timeout.",
            nullable(reference("duration")),
        ),
        "breaker": described(
            "A circuit breaker for the layer's calls.",
            nullable(group(client::BREAKER_ROWS, &[])),
        ),
        "throttle": described(
            "Adaptive throttling of the layer's calls.",
            nullable(group(client::THROTTLE_ROWS, &[])),
        ),
    }
}
/// The fields of a server.
pub(super) const FIELDS: &[&str] = LAYER_FIELDS.split_at(LAYER_FIELDS.len() - 5).0;
pub(super) const ROWS: &[Field] = LAYER_ROWS.split_at(LAYER_ROWS.len() - 5).0;
fields! {
    /// The fields of a queue.
    QUEUE_FIELDS, QUEUE_ROWS {
        "limit": nullable(row(bounds::QUEUE_LIMIT)),
        "discipline": described(
            "Who is next: first in, first out (fifo, the default), last in, first out (lifo), or \
             fifo that drops from the front while the wait stays above target for an interval \
             (codel).",
            words(DISCIPLINES),
        ),
        "target": nullable(row(bounds::CODEL_TARGET)),
        "interval": nullable(row(bounds::CODEL_INTERVAL)),
    }
}
const DISCIPLINES: &[&str] = &["fifo", "lifo", "codel"];
const ON_FULL: &[&str] = &["reject", "timeout"];
/// In place of a layer's policy: the one under comparison.
pub(super) const SAME: &str = "same";

/// A queue, where two fields belong to one discipline.
fn queue_schema() -> Value {
    let codel = Value::map([
        ("properties", Value::map([("discipline", constant("codel"))])),
        ("required", list(&["discipline"])),
    ]);
    let given = |name: &str| Value::map([("required", list(&[name]))]);
    let none = Value::map([("not", any([given("target"), given("interval")]))]);
    schema::with(schema::with(group(QUEUE_ROWS, &[]), "if", codel), "else", none)
}

impl Server {
    /// Requests a second that it can do; `None` without a limit.
    #[must_use]
    pub fn capacity_per_second(&self) -> Option<f64> {
        let mean = self.service.mean();
        match self.workers {
            Some(workers) if mean > 0.0 && mean.is_finite() => {
                Some(f64::from(workers) * 1e9 / mean)
            }
            _ => None,
        }
    }

    pub(super) fn read(
        value: &Value,
        path: &str,
        files: &mut dyn Loader,
    ) -> Result<Self, ConfigError> {
        Self::from_fields(&Fields::read(value, path, FIELDS)?, files)
    }

    fn from_fields(fields: &Fields<'_>, files: &mut dyn Loader) -> Result<Self, ConfigError> {
        let mut workers = fields.maybe_count_of(bounds::WORKERS)?.map(|n| n as u32);
        let capacity = fields.maybe_number_of(bounds::CAPACITY)?;
        let service = match (fields.get("service"), capacity) {
            (Some(_), Some(_)) => {
                let message = "is given as well as service; keep one of them";
                return Err(fields.error("capacityPerSecond", message));
            }
            (Some(value), None) => Distribution::read(value, &fields.path_of("service"), files)?,
            (None, Some(capacity)) => {
                let workers = *workers.get_or_insert(1);
                Distribution::Fixed((f64::from(workers) * 1e9 / capacity + 0.5) as u64)
            }
            (None, None) => Distribution::ZERO,
        };
        let on_full = match fields.text("onFull")? {
            Some(word) => match one_of(&fields.path_of("onFull"), word, ON_FULL)? {
                "timeout" => OnFull::Timeout,
                _ => OnFull::Reject,
            },
            None => OnFull::Reject,
        };
        let queue = match fields.get("queue") {
            Some(value) => Queue::read(value, &fields.path_of("queue"))?,
            None => Self::default().queue,
        };
        if workers.is_none() && queue.limit.is_some() {
            let message = "is missing: without a limit of workers nothing ever waits in the queue";
            return Err(fields.error("workers", message));
        }
        Ok(Self {
            workers,
            service,
            slowdown_per_in_flight: fields.number_of(bounds::SLOWDOWN)?,
            crosstalk_per_in_flight: fields.number_of(bounds::CROSSTALK)?,
            queue,
            on_full,
        })
    }
}

impl Queue {
    fn read(value: &Value, path: &str) -> Result<Self, ConfigError> {
        let fields = Fields::read(value, path, QUEUE_FIELDS)?;
        let word = fields.text("discipline")?.unwrap_or("fifo");
        let word = one_of(&fields.path_of("discipline"), word, DISCIPLINES)?;
        for name in ["target", "interval"] {
            if word != "codel" && fields.get(name).is_some() {
                return Err(fields.error(name, "belongs to the discipline codel; remove it"));
            }
        }
        let discipline = match word {
            "fifo" => Discipline::Fifo,
            "lifo" => Discipline::Lifo,
            _ => Discipline::Codel {
                target: fields.duration_of(bounds::CODEL_TARGET)?,
                interval: fields.duration_of(bounds::CODEL_INTERVAL)?,
            },
        };
        let limit = fields.maybe_count_of(bounds::QUEUE_LIMIT)?.map(|limit| limit as u32);
        Ok(Self { limit, discipline })
    }

    /// The wait tolerated and the interval, in nanoseconds, of a CoDel queue.
    #[must_use]
    pub fn codel(&self) -> Option<(u64, u64)> {
        match self.discipline {
            Discipline::Codel { target, interval } => Some((nanos(target), nanos(interval))),
            _ => None,
        }
    }
}

/// A service between the clients and the server.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// What it is called.
    pub name: String,
    /// Its workers, service time and queue.
    pub server: Server,
    /// How it retries its calls to the next; `None`: by the policy under comparison.
    pub policy: Option<RetryPolicy>,
    /// How long it waits for an answer of the next; `None`: as long as a client.
    pub timeout: Option<Duration>,
    /// A circuit breaker for its calls.
    pub breaker: Option<Breaker>,
    /// Adaptive throttling of its calls.
    pub throttle: Option<Throttle>,
}

impl Layer {
    pub(super) fn read(
        value: &Value,
        path: &str,
        files: &mut dyn Loader,
    ) -> Result<Self, ConfigError> {
        let fields = Fields::read(value, path, LAYER_FIELDS)?;
        let policy = match fields.get("policy") {
            None => None,
            Some(Value::Text(name)) if name == SAME => None,
            Some(value) => Some(policies::read_one(value, &fields.path_of("policy"))?),
        };
        Ok(Self {
            name: super::label(&fields, "name")?.unwrap_or("layer").to_owned(),
            server: Server::from_fields(&fields, files)?,
            policy,
            timeout: fields.maybe_duration_of(bounds::TIMEOUT)?,
            breaker: client::maybe(&fields, "breaker", Breaker::read)?,
            throttle: client::maybe(&fields, "throttle", Throttle::read)?,
        })
    }
}

/// The number of the layer that a field `layer` names.
pub(super) fn find_layer(
    fields: &Fields<'_>,
    name: &str,
    layers: &[Layer],
) -> Result<usize, ConfigError> {
    layers.iter().position(|layer| layer.name == name).ok_or_else(|| {
        let all: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
        let all = all.join(", ");
        let all = visible(&shortened(&all, 300)).into_owned();
        fields.error("layer", format!("= {} is not a layer; there are: {all}", quoted(name)))
    })
}
