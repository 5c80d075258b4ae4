//! Why a run was refused or stopped.

use std::fmt;

use redrive::{Time, task::TaskError, time::format_duration, wire::ConfigError};

/// Why a run was refused or stopped.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SimError {
    /// The scenario is wrong.
    Config(ConfigError),
    /// It needs, or came to need, more than a limit allows; the text says which number to lower.
    Limit {
        /// What was exceeded and what to do.
        message: String,
    },
    /// A task was used in a way that its state forbids: a fault of the simulator.
    Engine(TaskError),
}

impl SimError {
    /// Whether a limit of memory or events was the reason.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(self, Self::Limit { .. })
    }

    #[cold]
    pub(crate) fn too_many_bins(now: Time) -> Self {
        let at = format_duration(now.saturating_since(Time::ZERO));
        let most = crate::scenario::MAX_BINS;
        let message = format!(
            "at {at} of simulated time the series would have more than {most} bins: raise \
             report.bin, or set a horizon"
        );
        Self::Limit { message }
    }
}

impl fmt::Display for SimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Limit { message } => f.write_str(message),
            Self::Engine(error) => write!(f, "the simulator misused a task: {error}"),
        }
    }
}

impl std::error::Error for SimError {}

impl From<ConfigError> for SimError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<TaskError> for SimError {
    fn from(error: TaskError) -> Self {
        Self::Engine(error)
    }
}
