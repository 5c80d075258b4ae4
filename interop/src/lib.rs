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
//! A new system is a file with two functions and a row in [`systems`].

mod aws;
mod celery;
pub mod code;
mod envoy;
mod fields;
mod grpc;
mod ini;
mod sidekiq;
mod step_functions;
mod temporal;
mod yaml;

use redrive::{
    RetryPolicy,
    wire::{ConfigError, Value, unknown},
};

pub use self::{
    ini::{read_ini, write_ini},
    yaml::read_yaml,
};

/// How a system's configuration is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// JSON, or YAML, which holds the same.
    Json,
    /// Sections of `key = value` lines.
    Ini,
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

static SYSTEMS: &[System] = &[
    System {
        name: "aws",
        title: "AWS SDKs and command line",
        holds: "an AWS config file: retry_mode and max_attempts of each profile",
        syntax: Syntax::Ini,
        import: aws::import,
        export: aws::export,
    },
    System {
        name: "celery",
        title: "Celery task options",
        holds: "an object: max_retries, retry_backoff, retry_backoff_max, retry_jitter, ...",
        syntax: Syntax::Json,
        import: celery::import,
        export: celery::export,
    },
    System {
        name: "envoy",
        title: "Envoy route retry policy",
        holds: "an object: retry_on, num_retries, retry_back_off, ...",
        syntax: Syntax::Json,
        import: envoy::import,
        export: envoy::export,
    },
    System {
        name: "grpc",
        title: "gRPC service config (gRFC A6)",
        holds: "an object: methodConfig with retryPolicy, retryThrottling",
        syntax: Syntax::Json,
        import: grpc::import,
        export: grpc::export,
    },
    System {
        name: "sidekiq",
        title: "Sidekiq job options",
        holds: "an object: retry, retry_for, dead",
        syntax: Syntax::Json,
        import: sidekiq::import,
        export: sidekiq::export,
    },
    System {
        name: "step-functions",
        title: "AWS Step Functions retriers",
        holds: "the list of a state's field Retry",
        syntax: Syntax::Json,
        import: step_functions::import,
        export: step_functions::export,
    },
    System {
        name: "temporal",
        title: "Temporal RetryPolicy",
        holds: "an object: initialInterval, backoffCoefficient, maximumInterval, ...",
        syntax: Syntax::Json,
        import: temporal::import,
        export: temporal::export,
    },
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
            notes.extend(differences(policy, &back.policy));
            notes.extend(back.notes);
        }
        Ok(Exported { tree, notes })
    }
}

/// The fields in which `after` is not `before`.
fn differences(before: &RetryPolicy, after: &RetryPolicy) -> Vec<String> {
    let (before, after) = (before.to_value(), after.to_value());
    redrive::policy::wire::FIELDS
        .iter()
        .filter_map(|field| {
            let of = |value: &Value| value.get(field).cloned().unwrap_or(Value::Null);
            let (ours, theirs) = (of(&before), of(&after));
            (ours != theirs).then(|| format!("{field} = {ours} becomes {theirs}"))
        })
        .collect()
}
