//! What a worker says when it cannot do what it is asked.

use std::{error::Error, fmt};

use redrive::{MachineError, wire::ConfigError};

use crate::store::StoreError;

/// The worker has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the worker has ended")
    }
}

impl Error for Closed {}

/// Why a job was not taken.
#[derive(Debug)]
#[non_exhaustive]
pub enum SubmitError {
    /// The worker has no handler for its type.
    NoHandler {
        /// The type.
        task_type: String,
        /// The types that it has handlers for.
        known: String,
    },
    /// A live job has its key, for example.
    Refused(MachineError),
    /// Its payload or its policy cannot be used.
    Invalid(ConfigError),
    /// The worker has ended.
    Closed(Closed),
}

impl fmt::Display for SubmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SubmitError::NoHandler { task_type, known } => write!(
                f,
                "no handler for the type \"{task_type}\"; this worker has handlers for: {known}"
            ),
            SubmitError::Refused(error) => error.fmt(f),
            SubmitError::Invalid(error) => error.fmt(f),
            SubmitError::Closed(error) => error.fmt(f),
        }
    }
}

impl Error for SubmitError {}

/// Why a worker could not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The store could not be opened or written.
    Store(StoreError),
    /// A type was given two handlers.
    TwoHandlers {
        /// The type.
        task_type: String,
    },
    /// The store has jobs of types that no handler was given for.
    NoHandler {
        /// Those types.
        task_types: Vec<String>,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Store(error) => error.fmt(f),
            StartError::TwoHandlers { task_type } => {
                write!(f, "the type \"{task_type}\" has two handlers; give it one")
            }
            StartError::NoHandler { task_types } => write!(
                f,
                "the store has jobs of types without a handler: {}; add handlers, or start the worker \
                 that has them",
                task_types.join(", ")
            ),
        }
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            StartError::Store(error) => Some(error),
            StartError::NoHandler { .. } | StartError::TwoHandlers { .. } => None,
        }
    }
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> StartError {
        StartError::Store(error)
    }
}
