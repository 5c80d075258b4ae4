//! Policies from and for the configuration of other systems.
//!
//! # Why an import has notes, and an export reads itself back
//!
//! No two systems mean the same by a retry policy. What cannot be carried over is said: an
//! [`Imported`] policy is exact or has notes, one for each difference. An export is read back by the
//! importer of the same system, and every field that does not come back as it was is a note, so that
//! nothing is lost without being named, whatever the exporter left out. What a system cannot express
//! at all (a table of delays for gRPC) is refused, naming the field that prevents it.
//!
//! Both work on trees: the caller has the parsers. The one format without a parser of its own, the
//! ini file of the AWS tools, is read and written by [`read_ini`] and [`write_ini`].
//!
//! ```
//! use redrive::wire::Value;
//!
//! let temporal = redrive_interop::find("temporal")?;
//! let tree = Value::map([("initialInterval", "2s".into()), ("maximumAttempts", 4_u64.into())]);
//! let imported = temporal.import(&tree)?.remove(0);
//! assert!(imported.is_exact());
//! assert_eq!(imported.policy.max_attempts().map(|max| max.get()), Some(4));
//!
//! let exported = temporal.export(&redrive::RetryPolicy::recommended())?;
//! assert!(exported.notes.iter().any(|note| note.starts_with("jitter = \"full\" becomes \"none\"")));
//! # Ok::<(), redrive::wire::ConfigError>(())
//! ```
//!
//! A new system is a file with two functions and a row, which is in the list of [`systems`].

mod aws;
mod backon;
mod celery;
pub mod code;
mod dotnet;
mod durations;
mod envoy;
mod fields;
mod gax;
mod go_libraries;
mod grpc;
mod grpc_connection;
mod http_clients;
mod ini;
mod istio;
mod job_servers;
mod jvm;
mod kubernetes;
mod node_libraries;
mod node_queues;
mod node_retry;
mod options;
mod properties;
mod python_libraries;
mod python_queues;
mod rust_libraries;
mod sidekiq;
mod sqs;
mod step_functions;
mod temporal;
mod tenacity;
mod tokio_retry;
mod yaml;

use redrive::{
    Backoff, RetryPolicy,
    wire::{ConfigError, Value, unknown},
};

pub use self::{
    ini::{read_ini, write_ini},
    properties::{read_properties, write_properties},
    yaml::read_yaml,
};

/// How a system's configuration is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// JSON, or YAML or TOML, which hold the same.
    Json,
    /// Sections of `key = value` lines.
    Ini,
    /// YAML, or the lines of Java's properties.
    Properties,
}

/// A system whose configuration is understood.
#[derive(Clone, Copy, Debug)]
pub struct System {
    /// The name to ask for it by.
    pub name: &'static str,
    /// What it is.
    pub title: &'static str,
    /// What the file holds.
    pub holds: &'static str,
    /// How the file is written.
    pub syntax: Syntax,
    /// Where its law was read or measured: a version, and a file of it.
    pub source: &'static str,
    /// The smallest file that says little more than that there is a policy.
    pub sample: &'static str,
    import: fn(&Value) -> Result<Vec<Imported>, ConfigError>,
    export: fn(&RetryPolicy) -> Result<Value, ConfigError>,
}

/// A policy that came from another system.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// What it is called there: a method, a profile, a route; unique in its file.
    pub name: String,
    /// Other names that it goes by: each method of several.
    pub aliases: Vec<String>,
    /// Where it is in its file; empty if it is the file.
    pub path: String,
    /// Whether it is the policy of a special case, which has to be asked for by name.
    pub is_variant: bool,
    /// The policy.
    pub policy: RetryPolicy,
    /// Where it behaves differently here; none when it does not.
    pub notes: Vec<String>,
    /// What else is to be known about it.
    pub remarks: Vec<String>,
}

impl Imported {
    fn new(name: &str, policy: RetryPolicy) -> Imported {
        Imported {
            name: name.to_owned(),
            aliases: Vec::new(),
            path: String::new(),
            is_variant: false,
            policy,
            notes: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Whether it behaves here as it does there.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.notes.is_empty()
    }

    /// `exact` or `approximate`.
    #[must_use]
    pub fn fidelity(&self) -> &'static str {
        if self.is_exact() { "exact" } else { "approximate" }
    }

    /// Whether somebody who asks for the policy `name` means this one.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let mut names = [&self.name, &self.path].into_iter().chain(&self.aliases);
        names.any(|own| own == name)
    }

    /// Where the policy came from, as the field `imported` of its document says it.
    #[must_use]
    pub fn origin(&self, system: &System) -> Value {
        let reasons = self.notes.iter().map(|note| note.as_str().into()).collect();
        Value::map([
            ("from", system.name.into()),
            ("name", self.name.as_str().into()),
            ("fidelity", self.fidelity().into()),
            ("reasons", Value::List(reasons)),
        ])
    }
}

/// A policy as another system's configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    /// The configuration.
    pub tree: Value,
    /// Where it behaves differently there; none when it does not.
    pub notes: Vec<String>,
}

impl Exported {
    /// Whether it behaves there as it does here.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.notes.is_empty()
    }
}

/// Every system there is.
#[must_use]
pub fn systems() -> &'static [System] {
    SYSTEMS
}

/// In the order of their names.
static SYSTEMS: &[System] = &[
    node_retry::SYSTEMS[0],
    aws::SYSTEM,
    http_clients::SYSTEMS[0],
    python_libraries::SYSTEMS[0],
    rust_libraries::SYSTEMS[0],
    backon::SYSTEM,
    node_queues::SYSTEMS[0],
    celery::SYSTEM,
    go_libraries::SYSTEMS[0],
    node_libraries::SYSTEMS[0],
    python_queues::SYSTEMS[0],
    node_libraries::SYSTEMS[1],
    envoy::SYSTEM,
    node_libraries::SYSTEMS[2],
    jvm::SYSTEMS[0],
    job_servers::SYSTEMS[0],
    gax::SYSTEM,
    jvm::SYSTEMS[1],
    go_libraries::SYSTEMS[1],
    python_libraries::SYSTEMS[1],
    http_clients::SYSTEMS[1],
    node_queues::SYSTEMS[1],
    grpc::SYSTEM,
    grpc_connection::SYSTEM,
    job_servers::SYSTEMS[1],
    python_queues::SYSTEMS[1],
    istio::SYSTEM,
    python_queues::SYSTEMS[2],
    kubernetes::SYSTEMS[0],
    kubernetes::SYSTEMS[1],
    http_clients::SYSTEMS[2],
    dotnet::SYSTEMS[0],
    dotnet::SYSTEMS[1],
    job_servers::SYSTEMS[2],
    python_libraries::SYSTEMS[2],
    node_retry::SYSTEMS[1],
    node_queues::SYSTEMS[2],
    dotnet::SYSTEMS[2],
    jvm::SYSTEMS[2],
    node_retry::SYSTEMS[2],
    go_libraries::SYSTEMS[2],
    rust_libraries::SYSTEMS[1],
    python_queues::SYSTEMS[3],
    sidekiq::SYSTEM,
    jvm::SYSTEMS[3],
    sqs::SYSTEM,
    python_libraries::SYSTEMS[3],
    step_functions::SYSTEM,
    temporal::SYSTEM,
    tenacity::SYSTEM,
    tokio_retry::SYSTEMS[0],
    tokio_retry::SYSTEMS[1],
    rust_libraries::SYSTEMS[2],
    node_queues::SYSTEMS[3],
    python_libraries::SYSTEMS[4],
];

/// The system called `name`.
///
/// # Errors
/// When there is none; with a guess at the one meant.
pub fn find(name: &str) -> Result<&'static System, ConfigError> {
    if let Some(system) = SYSTEMS.iter().find(|system| system.name == name) {
        return Ok(system);
    }
    let names: Vec<&str> = SYSTEMS.iter().map(|system| system.name).collect();
    Err(unknown("system", name, &names))
}

impl System {
    /// The tree of a file of this system: YAML, which JSON is, ini or properties.
    ///
    /// # Errors
    /// Names the line that cannot be read.
    pub fn read(&self, text: &str) -> Result<Value, ConfigError> {
        match self.syntax {
            Syntax::Ini => read_ini(text),
            Syntax::Properties if properties::is_likely(text) => read_properties(text),
            Syntax::Json | Syntax::Properties => read_yaml(text),
        }
    }

    /// The policies in a configuration of this system: at least one.
    ///
    /// # Errors
    /// Names the field that is wrong, or that no policy can express.
    pub fn import(&self, tree: &Value) -> Result<Vec<Imported>, ConfigError> {
        let mut imported = (self.import)(tree)?;
        if imported.is_empty() {
            let message = format!("contains no retry policy; expected: {}", self.holds);
            return Err(ConfigError::new("", message));
        }
        // Policies of one name are told apart by their place.
        let names: Vec<String> = imported.iter().map(|policy| policy.name.clone()).collect();
        for policy in &mut imported {
            let twice = names.iter().filter(|name| **name == policy.name).count() > 1;
            if twice && !policy.path.is_empty() {
                policy.name.clone_from(&policy.path);
            }
        }
        Ok(imported)
    }

    /// `policy` as a configuration of this system.
    ///
    /// # Errors
    /// Names the field of the policy that the system cannot express.
    pub fn export(&self, policy: &RetryPolicy) -> Result<Exported, ConfigError> {
        let tree = (self.export)(policy)?;
        let mut notes = Vec::new();
        for back in self.import(&tree)?.into_iter().filter(|back| !back.is_variant) {
            if !grows_alike(policy.backoff(), back.policy.backoff()) {
                let shown = |policy: &RetryPolicy| {
                    policy.to_value().get("backoff").map_or_else(String::new, Value::to_string)
                };
                let (ours, theirs) = (shown(policy), shown(&back.policy));
                let title = self.title;
                let message = format!(
                    "= {ours} cannot be written for {title}; the nearest that can is {theirs}"
                );
                return Err(ConfigError::new("backoff", message));
            }
            notes.extend(differences(policy, &back.policy));
            notes.extend(back.notes);
        }
        Ok(Exported { tree, notes })
    }
}

/// Whether two backoffs are the same law; a growth of 1 is constant.
fn grows_alike(one: &Backoff, other: &Backoff) -> bool {
    let plain = |backoff: &Backoff| match backoff {
        Backoff::Exponential { initial, multiplier } => fields::growth(*initial, *multiplier),
        Backoff::Linear { initial, increment } if increment.is_zero() => {
            Backoff::Constant { delay: *initial }
        }
        other => other.clone(),
    };
    plain(one) == plain(other)
}

/// Whether two policies of one constant delay wait alike: a cap that is never reached, and when it would
/// act, say nothing.
fn waits_alike(one: &RetryPolicy, other: &RetryPolicy) -> bool {
    const RETRIES: usize = 64;
    let constant = |policy: &RetryPolicy| matches!(policy.backoff(), Backoff::Constant { .. });
    let bands = |policy: &RetryPolicy| {
        let bands = policy.bands(0, Some(64)).take(RETRIES);
        bands.map(|band| (band.min, band.max, band.mean)).collect::<Vec<_>>()
    };
    constant(one)
        && one.backoff() == other.backoff()
        && one.jitter() == other.jitter()
        && one.compat().rounding == other.compat().rounding
        && bands(one) == bands(other)
}

/// The fields in which `after` is not `before`.
fn differences(before: &RetryPolicy, after: &RetryPolicy) -> Vec<String> {
    let alike = waits_alike(before, after);
    let measured = before.compat().elapsed_measure == after.compat().elapsed_measure;
    let (before, after) = (before.to_value(), after.to_value());
    redrive::policy::wire::FIELDS
        .iter()
        .filter(|field| match **field {
            "minDelay" | "maxDelay" => !alike,
            "compat" => !(alike && measured),
            _ => true,
        })
        .filter_map(|field| {
            let of = |value: &Value| value.get(field).cloned().unwrap_or(Value::Null);
            let (ours, theirs) = (of(&before), of(&after));
            (ours != theirs).then(|| format!("{field} = {ours} becomes {theirs}"))
        })
        .collect()
}
