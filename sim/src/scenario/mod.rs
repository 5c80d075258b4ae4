//! The scenario: arrivals, server, faults, network, clients, and the policies to compare.
//!
//! A scenario is read from a tree ([`redrive::wire::Value`]), which is what JSON, TOML and a page's
//! form have in common. Reading checks everything: afterwards a run cannot fail for what the
//! scenario says, only for the limits of memory and events. Each part has its module, which is the
//! reference of its fields; [`crate::bounds`] has their limits and defaults.
//!
//! | field | meaning | module |
//! |---|---|---|
//! | `name`, `title`, `about` | what it is called, and what to look at | here |
//! | `seed` | number or text; the same seed gives the same run, bit for bit | here |
//! | `horizon` | when the run stops; without it, when nothing is left to do | here |
//! | `arrivals` | when tasks arrive | [`arrivals`] |
//! | `server` | what they are sent to | [`server`] |
//! | `layers` | services between the clients and the server, outermost first | [`server`] |
//! | `faults` | what goes wrong, and when | [`faults`] |
//! | `network` | what messages go through | [`client`] |
//! | `client` | how the clients behave, apart from the policy | [`client`] |
//! | `clients` | several classes of clients | [`classes`] |
//! | `changes` | what operators do while it runs | [`changes`] |
//! | `contention` | optimistic concurrency in place of the server | [`client`] |
//! | `redrive` | sending the dead letters back | [`report`] |
//! | `policies` | what is compared | [`policies`] |
//! | `report` | bins, windows, sampling | [`report`] |
//! | `limits` | of events and memory | [`report`] |
//! | `$schema` | where an editor finds the [`schema`] of all this; ignored | here |

pub mod arrivals;
mod builtin;
mod check;
pub(crate) mod field;
mod fit;
pub(crate) use check::MAX_BINS;
pub mod changes;
pub mod classes;
pub mod client;
pub mod faults;
pub mod policies;
mod read;
pub mod report;
mod scenes;
pub mod schema;
pub mod server;
mod set;

use redrive::{
    Duration,
    random::key_of,
    schema::{any, array, described, nullable, pointer, reference, row},
    wire::{ConfigError, Fields, Value},
};

use self::field::{fields, group, text};
pub use self::{
    arrivals::Arrivals,
    builtin::Builtin,
    changes::{Admission, Change},
    classes::Class,
    client::{Breaker, Client, Contention, Network, Scope, Throttle},
    faults::{Fault, Loses, Mode},
    policies::NamedPolicy,
    report::{Limits, Redrive, Report, Window},
    scenes::builtins,
    server::{Discipline, Layer, OnFull, Queue, Server},
};
use crate::{
    bounds,
    files::{Loader, NoFiles},
};

/// A scenario, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// One line: what happens.
    pub title: String,
    /// What to look at and why it happens.
    pub about: String,
    /// The seed of all its randomness.
    pub seed: u64,
    /// When the run stops.
    pub horizon: Option<Duration>,
    /// When tasks arrive.
    pub arrivals: Arrivals,
    /// What they are sent to.
    pub server: Server,
    /// Services between clients and server, outermost first.
    pub layers: Vec<Layer>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// What messages go through.
    pub network: Network,
    /// How the clients behave.
    pub client: Client,
    /// Classes of clients; empty: all are alike.
    pub clients: Vec<Class>,
    /// What operators do while it runs.
    pub changes: Vec<Change>,
    /// Optimistic concurrency in place of the server.
    pub contention: Option<Contention>,
    /// Sending the dead letters back.
    pub redrive: Option<Redrive>,
    /// What is compared.
    pub policies: Vec<NamedPolicy>,
    /// What is measured.
    pub report: Report,
    /// Of events and memory.
    pub limits: Limits,
    notes: Vec<String>,
    source: Value,
}

fields! {
    /// The fields of a scenario as a document: those of a scenario, and where an editor finds their
    /// schema.
    DOCUMENT, ROWS {
        "name": text("The name of the scenario."),
        "title": text("One line: what happens."),
        "about": text("What to look at, and why it happens."),
        "seed": schema::seed(),
        "horizon": nullable(row(bounds::HORIZON)),
        "arrivals": described("When tasks arrive. Default: a herd of 10000.", arrivals::schema()),
        "server": described("What they are sent to.", group(server::ROWS, &[])),
        "layers": described(
            "Services between the clients and the server, outermost first.",
            array(group(server::LAYER_ROWS, &[]), 0),
        ),
        "faults": described(
            "What goes wrong, and when.",
            array(schema::kinds("faults", "mode", faults::ROWS, faults::MODES, faults::FIELDS), 0),
        ),
        "network": described("What messages go through.", group(client::NETWORK_ROWS, &[])),
        "client": described(
            "How the clients behave, apart from the policy.",
            group(client::ROWS, &[]),
        ),
        "clients": described(
            "Several classes of clients: the same service, their own tasks or a share of them, their \
             own policy and priority.",
            array(group(classes::ROWS, &[]), 0),
        ),
        "changes": described(
            "What operators do while it runs.",
            array(group(changes::ROWS, &["at"]), 0),
        ),
        "contention": described(
            "Optimistic concurrency in place of the server: read a version, write it back, and fail \
             if somebody else wrote first.",
            group(client::CONTENTION_ROWS, &[]),
        ),
        "redrive": described("Sending the dead letters back.", group(report::REDRIVE_ROWS, &[])),
        "policies": described(
            "What is compared: each a preset's name, or a name with one of preset, file and policy.",
            array(any([reference("preset"), policies::schema()]), 1),
        ),
        "report": described("What is measured.", group(report::ROWS, &[])),
        "limits": described("How far a run may go.", group(report::LIMITS_ROWS, &[])),
        "$schema": pointer(),
    }
}

/// The fields of a scenario.
pub const FIELDS: &[&str] = DOCUMENT.split_at(DOCUMENT.len() - 1).0;

impl Scenario {
    /// Reads a scenario that names no files.
    ///
    /// # Errors
    /// The first field that is unknown, missing or out of its limits, by its path.
    pub fn from_value(value: &Value) -> Result<Self, ConfigError> {
        Self::read(value, &mut NoFiles)
    }

    /// Reads a scenario; `files` provides those that it names (traces, measured service times,
    /// policies).
    ///
    /// # Errors
    /// The first field that is unknown, missing or out of its limits, by its path; a file that
    /// cannot be read, with the row at fault.
    pub fn read(value: &Value, files: &mut dyn Loader) -> Result<Self, ConfigError> {
        let fields = Fields::read(value, "", DOCUMENT)?;
        fields.text("$schema")?;
        let server = match fields.get("server") {
            Some(value) => Server::read(value, "server", files)?,
            None => Server::default(),
        };
        for (name, most) in bounds::LISTS {
            let count = fields.list(name).ok().flatten().map_or(0, <[Value]>::len);
            if count > *most {
                let message = format!("has {count} entries, more than {most}: write fewer");
                return Err(fields.error(name, message));
            }
        }
        let mut layers = Vec::new();
        for (i, value) in fields.list("layers")?.unwrap_or_default().iter().enumerate() {
            layers.push(Layer::read(value, &format!("layers[{i}]"), files)?);
        }
        let mut faults = Vec::new();
        for (i, value) in fields.list("faults")?.unwrap_or_default().iter().enumerate() {
            faults.push(Fault::read(value, &format!("faults[{i}]"), &layers)?);
        }
        let arrivals = match fields.get("arrivals") {
            Some(value) => Arrivals::read(value, "arrivals", files)?,
            None => Arrivals::default(),
        };
        let clients = fields.list("clients")?.unwrap_or_default();
        let clients = classes::read(clients, fields.get("arrivals").is_some(), files)?;
        let mut changes = Vec::new();
        for (i, value) in fields.list("changes")?.unwrap_or_default().iter().enumerate() {
            changes.push(Change::read(value, &format!("changes[{i}]"), &layers)?);
        }
        let herd = match &arrivals {
            Arrivals::Herd { tasks, .. } => Some(*tasks),
            _ => None,
        };
        let mut scenario = Self {
            name: label(&fields, "name")?.unwrap_or("scenario").to_owned(),
            title: limited(&fields, "title", 1_000)?.unwrap_or_default().to_owned(),
            about: limited(&fields, "about", 20_000)?.unwrap_or_default().to_owned(),
            seed: match fields.get("seed") {
                Some(Value::Text(text)) => key_of(text),
                _ => fields.unsigned("seed")?.unwrap_or(42),
            },
            horizon: match fields.get("horizon") {
                Some(Value::Null) => None,
                _ => fields.bounded_duration("horizon", bounds::HORIZON)?,
            },
            arrivals,
            server,
            layers,
            faults,
            network: match fields.get("network") {
                Some(value) => Network::read(value, "network", files)?,
                None => Network::default(),
            },
            client: Client::read(fields.get("client"), "client", herd, files)?,
            clients,
            changes,
            contention: fields
                .get("contention")
                .map(|value| Contention::read(value, "contention"))
                .transpose()?,
            redrive: fields.get("redrive").map(|v| Redrive::read(v, "redrive")).transpose()?,
            policies: policies::read(
                fields.get("policies"),
                "policies",
                fields.get("horizon").is_some_and(|horizon| *horizon != Value::Null),
                files,
            )?,
            report: match fields.get("report") {
                Some(value) => Report::read(value, "report")?,
                None => Report::default(),
            },
            limits: match fields.get("limits") {
                Some(value) => Limits::read(value, "limits")?,
                None => Limits::default(),
            },
            notes: Vec::new(),
            source: without_schema(value),
        };
        let given = |group: &str, name: &str| {
            value.get(group).and_then(|group| group.get(name)).is_some_and(|v| *v != Value::Null)
        };
        if !given("report", "bin") {
            scenario.fit_bin();
        }
        scenario.notes = scenario.fit_notes();
        scenario.check()?;
        Ok(scenario)
    }

    /// A built-in scenario.
    ///
    /// # Errors
    /// When none has that name, with a guess at the one meant.
    pub fn builtin(name: &str) -> Result<Self, ConfigError> {
        Self::from_value(&Builtin::find(name)?.value())
    }

    /// What should be known before its results are believed: how a trace was read, and where the
    /// horizon or a fault does not fit it.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The tree that it was read from, without its `$schema`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.source.clone()
    }

    /// Sets a field of a scenario's tree: `server.queue.limit` to `100`, `faults[0].until` or
    /// `faults.0.until` to `40s`, `faults[0,2].until` or `faults[*].until` in several places. `policy.`
    /// in place of a policy's place means all of them. Where a `kind` becomes another one, the fields of
    /// the kind before go.
    ///
    /// # Errors
    /// When the path leads nowhere: through a text or number, or past the end of a list.
    pub fn set(tree: &mut Value, path: &str, text: &str) -> Result<(), ConfigError> {
        set::set(tree, path, text)
    }

    /// The same with a value that is not text: a list, a group.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn put(tree: &mut Value, path: &str, value: &Value) -> Result<(), ConfigError> {
        set::put(tree, path, value)
    }
}

/// The tree without the pointer that only an editor reads.
fn without_schema(tree: &Value) -> Value {
    let mut tree = tree.clone();
    if let Value::Map(entries) = &mut tree {
        entries.retain(|(name, _)| name != "$schema");
    }
    tree
}

/// Characters of a name at most: it is printed in tables and charts.
const LONGEST_NAME: usize = 200;

/// A name that is shown with every result.
fn label<'v>(fields: &Fields<'v>, name: &str) -> Result<Option<&'v str>, ConfigError> {
    limited(fields, name, LONGEST_NAME)
}

/// A text of at most `most` characters.
fn limited<'v>(
    fields: &Fields<'v>,
    name: &str,
    most: usize,
) -> Result<Option<&'v str>, ConfigError> {
    let text = fields.text(name)?;
    match text.map_or(0, |text| text.chars().count()) {
        count if count > most => {
            let message = format!("has {count} characters (allowed: up to {most}): shorten it");
            Err(fields.error(name, message))
        }
        _ => Ok(text),
    }
}
