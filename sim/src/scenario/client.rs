//! `[network]`, `[client]` and `[contention]`: how clients reach the server and behave.
//!
//! | field | meaning |
//! |---|---|
//! | `network.latency` | one message's way, each way: a [distribution](crate::distribution) |
//! | `network.loss` | chance that a message is lost, each way; the client has to time out |
//! | `client.timeout` | how long a client waits for an answer |
//! | `client.patience` | a limit of its own for each attempt, drawn: a [distribution](crate::distribution); the shorter of it and `timeout` counts |
//! | `client.propagateDeadline` | whether a request carries the time until which it is waited for: a server drops abandoned requests instead of serving them, and a layer does not call for it |
//! | `client.cancelOnTimeout` | whether the server learns that a request is abandoned; by default it does the work in vain |
//! | `client.lateResponses` | `ignore` (default), or `accept`: a success that comes after the timeout still ends its task, even between two attempts |
//! | `client.permanentRate` | share of tasks that can never succeed (poison); they fail at the server, with the kind `poison` |
//! | `client.count`, `client.hosts` | clients that the tasks belong to in turn, and hosts that the clients belong to in turn; without `count`, each task of a herd is a client of its own, and all tasks of other arrivals are one client's |
//! | `client.budgetScope` | who shares a policy's budget, and a throttle: `client` (default), `host` or `all` |
//! | `client.breaker` | a circuit breaker for each client: `threshold`, `minCalls`, `window`, `openFor`, `stops` |
//! | `client.throttle` | adaptive throttling at the client: `k`, `window`; see below |
//! | `contention.rows` | optimistic concurrency: read a version, write it back, and fail if somebody else wrote first. Takes the server's place |
//!
//! # The throttle
//!
//! `client.throttle` is the client-side throttling of Google's book *Site Reliability Engineering*
//! ("Handling Overload"), with the book's values as defaults, `{"k": 2, "window": "2m"}`. Each client
//! has one, or each host, or all share one, as `client.budgetScope` says. Over the last `window` it
//! counts
//! - *requests*: the attempts that were wanted, retries and those that it refused itself included;
//! - *accepts*: the attempts that the backend accepted. All count that it answered in time, successes
//!   and failures, but for those that it refused: those that it has no room for (`overloaded`), 429
//!   (`throttle`), and refused connections (`connection`). What timed out, or was lost, was not
//!   accepted, whatever comes later;
//!
//! and it refuses an attempt with probability max(0, (requests - k accepts) / (requests + 1)). A
//! refused attempt never reaches the network and fails at once, with the kind `clientThrottle` and
//! the code `ETHROTTLE`; the policy decides about a retry, and the attempt counts for its limit, but
//! not in `attempts`: in `throttleDenied`. The throttle comes before the breaker, so an attempt that
//! an open breaker refuses was wanted and not accepted.
//!
//! A backend that accepts C requests a second, and to which refusing costs nothing (as to servers
//! here), then gets k C a second as soon as more than that is wanted. The window slides by sixteenths:
//! what is counted goes back between 15/16 of it and the whole.
//!
//! Throttles that compete for one backend are not fair: who was accepted more sends more. Where
//! tasks of one stream belong to `client.count` clients in turn, always the same client comes just
//! after the same other one and finds the room taken; some then send all that they want, the others
//! next to nothing, and the load stays below k C. Clients with arrivals of their own (`serial`, `cron`)
//! do not march in step.

use redrive::{
    Duration,
    schema::{described, nullable, row, words},
    wire::{ConfigError, Fields, Value, one_of},
};

use super::{
    field::{fields, flag, group, law},
    read::ByRow,
};
use crate::{bounds, distribution::Distribution, files::Loader};

fields! {
    /// The fields of `client`.
    pub(super) FIELDS, ROWS {
        "timeout": nullable(row(bounds::TIMEOUT)),
        "patience": nullable(law(
            "A limit of its own for each attempt; the shorter of it and timeout counts. Default: none.",
        )),
        "propagateDeadline": flag(
            "Whether requests carry their deadline, and servers drop them afterwards. Default: false.",
        ),
        "cancelOnTimeout": flag(
            "Whether the server learns that a request is abandoned. Default: false, it does the work \
             in vain.",
        ),
        "lateResponses": described(
            "A success that comes after the timeout is ignored (the default), or ends its task \
             (accept).",
            words(LATE_RESPONSES),
        ),
        "permanentRate": row(bounds::PERMANENT_RATE),
        "count": row(bounds::COUNT),
        "hosts": row(bounds::HOSTS),
        "budgetScope": described(
            "Who shares a policy's budget, and a throttle. Default: client.",
            words(SCOPES),
        ),
        "breaker": described("A circuit breaker for each client.", nullable(group(BREAKER_ROWS, &[]))),
        "throttle": described(
            "Adaptive throttling at the client, as in Google's book Site Reliability Engineering: it \
             sends no more than k times what the backend accepts.",
            nullable(group(THROTTLE_ROWS, &[])),
        ),
    }
}
pub(super) const LATE_RESPONSES: &[&str] = &["ignore", "accept"];
pub(super) const SCOPES: &[&str] = &["client", "host", "all"];
fields! {
    /// The fields of `client.breaker`.
    pub(super) BREAKER_FIELDS, BREAKER_ROWS {
        "threshold": row(bounds::BREAKER_THRESHOLD),
        "minCalls": row(bounds::BREAKER_MIN),
        "window": nullable(row(bounds::BREAKER_WINDOW)),
        "openFor": nullable(row(bounds::BREAKER_OPEN)),
        "stops": described(
            "Whether it refuses all attempts, which needs openFor, or only retries. Default: all.",
            words(BREAKER_STOPS),
        ),
    }
}
pub(super) const BREAKER_STOPS: &[&str] = &["all", "retries"];
fields! {
    /// The fields of `client.throttle`.
    pub(super) THROTTLE_FIELDS, THROTTLE_ROWS {
        "k": row(bounds::THROTTLE_K),
        "window": nullable(row(bounds::THROTTLE_WINDOW)),
    }
}
fields! {
    /// The fields of `network`.
    pub(super) NETWORK_FIELDS, NETWORK_ROWS {
        "latency": law("The latency of one message, each way. Default: no time."),
        "loss": row(bounds::LOSS),
    }
}
fields! {
    /// The fields of `contention`.
    pub(super) CONTENTION_FIELDS, CONTENTION_ROWS {
        "rows": row(bounds::ROWS),
    }
}

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
        let fields = Fields::read(value, path, NETWORK_FIELDS)?;
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
    /// A limit of its own for each attempt.
    pub patience: Option<Distribution>,
    /// Whether servers know until when a request is waited for.
    pub propagate_deadline: bool,
    /// Whether the server learns that a request is abandoned.
    pub cancel_on_timeout: bool,
    /// Whether a success that comes after the timeout counts.
    pub accept_late: bool,
    /// Share of tasks that can never succeed.
    pub permanent_rate: f64,
    /// How many there are.
    pub count: u32,
    /// How many hosts they run on.
    pub hosts: u32,
    /// Who shares a policy's budget, and a throttle.
    pub budget_scope: Scope,
    /// A circuit breaker for each client.
    pub breaker: Option<Breaker>,
    /// Adaptive throttling, one for each of `budget_scope`.
    pub throttle: Option<Throttle>,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            timeout: None,
            patience: None,
            propagate_deadline: false,
            cancel_on_timeout: false,
            accept_late: false,
            permanent_rate: 0.0,
            count: 1,
            hosts: 1,
            budget_scope: Scope::Client,
            breaker: None,
            throttle: None,
        }
    }
}

impl Client {
    /// The clients of a herd of so many tasks, or of other arrivals.
    pub(super) fn read(
        value: Option<&Value>,
        path: &str,
        herd: Option<u32>,
        files: &mut dyn Loader,
    ) -> Result<Self, ConfigError> {
        let alone = bounds::COUNT.default.unwrap_or(1.0) as u32;
        let own = herd.map_or(alone, |tasks| tasks.max(alone));
        let Some(value) = value else { return Ok(Self { count: own, ..Self::default() }) };
        let fields = Fields::read(value, path, FIELDS)?;
        let scope = fields.text("budgetScope")?.unwrap_or("client");
        let scope = one_of(&fields.path_of("budgetScope"), scope, SCOPES)?;
        let late = fields.text("lateResponses")?.unwrap_or("ignore");
        let late = one_of(&fields.path_of("lateResponses"), late, LATE_RESPONSES)?;
        Ok(Self {
            timeout: fields.maybe_duration_of(bounds::TIMEOUT)?,
            patience: match fields.get("patience").filter(|v| !matches!(v, Value::Null)) {
                Some(value) => Some(Distribution::read(value, &fields.path_of("patience"), files)?),
                None => None,
            },
            propagate_deadline: fields.boolean("propagateDeadline")?.unwrap_or(false),
            cancel_on_timeout: fields.boolean("cancelOnTimeout")?.unwrap_or(false),
            accept_late: late == "accept",
            permanent_rate: fields.number_of(bounds::PERMANENT_RATE)?,
            count: fields.maybe_count_of(bounds::COUNT)?.map_or(own, |count| count as u32),
            hosts: fields.count_of(bounds::HOSTS)? as u32,
            budget_scope: match scope {
                "client" => Scope::Client,
                "host" => Scope::Host,
                _ => Scope::All,
            },
            breaker: maybe(&fields, "breaker", Breaker::read)?,
            throttle: maybe(&fields, "throttle", Throttle::read)?,
        })
    }
}

/// A group that may be left out, or `null`.
pub(super) fn maybe<T>(
    fields: &Fields<'_>,
    name: &str,
    read: fn(&Value, &str) -> Result<T, ConfigError>,
) -> Result<Option<T>, ConfigError> {
    let given = fields.get(name).filter(|value| !matches!(value, Value::Null));
    given.map(|value| read(value, &fields.path_of(name))).transpose()
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
    pub(super) fn read(value: &Value, path: &str) -> Result<Self, ConfigError> {
        let fields = Fields::read(value, path, BREAKER_FIELDS)?;
        let stops = fields.text("stops")?.unwrap_or("all");
        let stops = one_of(&fields.path_of("stops"), stops, BREAKER_STOPS)?;
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

/// Client-side adaptive throttling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Throttle {
    /// How many times what the backend accepts may be sent to it.
    pub k: f64,
    /// Over how long requests and accepts are counted.
    pub window: Duration,
}

impl Throttle {
    pub(super) fn read(value: &Value, path: &str) -> Result<Self, ConfigError> {
        let fields = Fields::read(value, path, THROTTLE_FIELDS)?;
        Ok(Self {
            k: fields.number_of(bounds::THROTTLE_K)?,
            window: fields.duration_of(bounds::THROTTLE_WINDOW)?,
        })
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
        let fields = Fields::read(value, path, CONTENTION_FIELDS)?;
        Ok(Self { rows: fields.count_of(bounds::ROWS)? as u32 })
    }
}
