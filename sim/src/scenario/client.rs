//! `[network]`, `[client]` and `[contention]`: how clients reach the server and behave.
//!
//! | field | meaning |
//! |---|---|
//! | `network.latency` | one message's way, each way: a [distribution](crate::distribution) |
//! | `network.loss` | chance that a message is lost, each way; the client has to time out |
//! | `client.timeout` | how long a client waits for an answer |
//! | `client.cancelOnTimeout` | whether the server learns that nobody waits any more; by default it does the work in vain |
//! | `client.lateResponses` | `ignore` (default), or `accept`: a success that comes after the timeout still ends its task, even between two attempts |
//! | `client.permanentRate` | share of tasks that can never succeed (poison); they fail at the server, with the kind `poison` |
//! | `client.count`, `client.hosts` | clients that the tasks belong to in turn, and hosts that the clients belong to in turn |
//! | `client.budgetScope` | who shares a policy's budget: `client`, `host` or `all` |
//! | `client.breaker` | a circuit breaker for each client: `threshold`, `minCalls`, `window`, `openFor`, `stops` |
//! | `contention.rows` | optimistic concurrency: read a version, write it back, and fail if somebody else wrote first. Takes the server's place |

use redrive::{
    Duration,
    wire::{ConfigError, Fields, Value, one_of},
};

use super::read::ByRow;
use crate::{bounds, distribution::Distribution, files::Loader};

/// What messages go through.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// One message's way.
    pub latency: Distribution,
    /// Chance that it is lost.
    pub loss: f64,
}

impl Default for Network {
    /// Instant and without loss.
    fn default() -> Self {
        Self { latency: Distribution::ZERO, loss: 0.0 }
    }
}

impl Network {
    pub(super) fn read(
        value: &Value,
        path: &str,
        files: &mut dyn Loader,
    ) -> Result<Self, ConfigError> {
        let fields = Fields::read(value, path, &["latency", "loss"])?;
        let latency = match fields.get("latency") {
            Some(value) => Distribution::read(value, &fields.path_of("latency"), files)?,
            None => Distribution::ZERO,
        };
        Ok(Self { latency, loss: fields.number_of(bounds::LOSS)? })
    }
}

/// Who shares a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Each client has one.
    Client,
    /// The clients of a host share one.
    Host,
    /// All share one.
    All,
}

/// How the clients behave, apart from the policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// How long one waits for an answer.
    pub timeout: Option<Duration>,
    /// Whether the server learns that nobody waits any more.
    pub cancel_on_timeout: bool,
    /// Whether a success that comes after the timeout counts.
    pub accept_late: bool,
    /// Share of tasks that can never succeed.
    pub permanent_rate: f64,
    /// How many there are.
    pub count: u32,
    /// How many hosts they run on.
    pub hosts: u32,
    /// Who shares a policy's budget.
    pub budget_scope: Scope,
    /// A circuit breaker for each client.
    pub breaker: Option<Breaker>,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            timeout: None,
            cancel_on_timeout: false,
            accept_late: false,
            permanent_rate: 0.0,
            count: 1,
            hosts: 1,
            budget_scope: Scope::All,
            breaker: None,
        }
    }
}

impl Client {
    pub(super) fn read(value: &Value, path: &str) -> Result<Self, ConfigError> {
        let known = [
            "timeout",
            "cancelOnTimeout",
            "lateResponses",
            "permanentRate",
            "count",
            "hosts",
            "budgetScope",
            "breaker",
        ];
        let fields = Fields::read(value, path, &known)?;
        let scope = fields.text("budgetScope")?.unwrap_or("all");
        let scope = one_of(&fields.path_of("budgetScope"), scope, &["client", "host", "all"])?;
        let late = fields.text("lateResponses")?.unwrap_or("ignore");
        let late = one_of(&fields.path_of("lateResponses"), late, &["ignore", "accept"])?;
        let breaker = match fields.get("breaker") {
            None | Some(Value::Null) => None,
            Some(value) => Some(Breaker::read(value, &fields.path_of("breaker"))?),
        };
        Ok(Self {
            timeout: fields.maybe_duration_of(bounds::TIMEOUT)?,
            cancel_on_timeout: fields.boolean("cancelOnTimeout")?.unwrap_or(false),
            accept_late: late == "accept",
            permanent_rate: fields.number_of(bounds::PERMANENT_RATE)?,
            count: fields.count_of(bounds::COUNT)? as u32,
            hosts: fields.count_of(bounds::HOSTS)? as u32,
            budget_scope: match scope {
                "client" => Scope::Client,
                "host" => Scope::Host,
                _ => Scope::All,
            },
            breaker,
        })
    }
}

/// A circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breaker {
    /// Share of failures above which it opens.
    pub threshold: f64,
    /// Attempts that must be counted first.
    pub min_calls: u32,
    /// Over how long they are counted (two halves, the older one falls out at once); `None`: from
    /// the start.
    pub window: Option<Duration>,
    /// How long it stays open before a probe; `None`: until the share allows it again.
    pub open_for: Option<Duration>,
    /// Whether it refuses only retries, or all attempts.
    pub retries_only: bool,
}

impl Breaker {
    fn read(value: &Value, path: &str) -> Result<Self, ConfigError> {
        let known = ["threshold", "minCalls", "window", "openFor", "stops"];
        let fields = Fields::read(value, path, &known)?;
        let stops = fields.text("stops")?.unwrap_or("all");
        let stops = one_of(&fields.path_of("stops"), stops, &["all", "retries"])?;
        let breaker = Self {
            threshold: fields.number_of(bounds::BREAKER_THRESHOLD)?,
            min_calls: fields.count_of(bounds::BREAKER_MIN)? as u32,
            window: fields.maybe_duration_of(bounds::BREAKER_WINDOW)?,
            open_for: fields.maybe_duration_of(bounds::BREAKER_OPEN)?,
            retries_only: stops == "retries",
        };
        if !breaker.retries_only && breaker.open_for.is_none() {
            let message = "is missing: a breaker that stops all attempts needs a time after which \
                           it lets one pass, or it never closes";
            return Err(fields.error("openFor", message));
        }
        Ok(breaker)
    }
}

/// Optimistic concurrency in place of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contention {
    /// Rows that the clients contend for, in turn.
    pub rows: u32,
}

impl Contention {
    pub(super) fn read(value: &Value, path: &str) -> Result<Self, ConfigError> {
        let fields = Fields::read(value, path, &["rows"])?;
        Ok(Self { rows: fields.count_of(bounds::ROWS)? as u32 })
    }
}
