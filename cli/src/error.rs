//! Why a command ended, and the exit code that says so.

use std::{fmt, io, process::ExitCode};

use redrive::wire::ConfigError;

use crate::chart::ChartError;

/// The end of a command that did not succeed.
#[derive(Debug)]
pub(crate) enum CliError {
    /// Usage or input that cannot be used: one line that names the remedy. Exit code 2.
    Input(String),
    /// A check failed: what it found. Exit code 1.
    CheckFailed(String),
    /// Whoever read our output has had enough (`| head`). Exit code 0.
    PipeClosed,
    /// Ctrl-C. Exit code 130.
    Interrupted,
}

impl CliError {
    /// Bad input, in one line.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        // One line, whatever a library put into its text.
        let message: String = message.into();
        Self::Input(message.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Tells the user, and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            Self::Input(message) => {
                anstream::eprintln!("{ERROR}error:{ERROR:#} {message}");
                ExitCode::from(2)
            }
            Self::CheckFailed(message) => {
                anstream::eprintln!("{ERROR}failed:{ERROR:#} {message}");
                ExitCode::from(1)
            }
            Self::PipeClosed => ExitCode::SUCCESS,
            Self::Interrupted => {
                anstream::eprintln!("interrupted");
                ExitCode::from(130)
            }
        }
    }
}

const ERROR: anstyle::Style = anstyle::AnsiColor::Red.on_default().bold();

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(message) | Self::CheckFailed(message) => f.write_str(message),
            Self::PipeClosed => f.write_str("the output was closed"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for CliError {}

/// An error of our own output; a closed pipe is none.
impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::PipeClosed,
            _ => Self::input(format!("cannot write the output: {}", plain(&error))),
        }
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        Self::input(error.to_string())
    }
}

impl From<ChartError> for CliError {
    fn from(error: ChartError) -> Self {
        Self::input(error.to_string())
    }
}

/// An I/O error in words, without the number of the operating system.
pub(crate) fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder, not a file".to_owned(),
        io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_lowercase()
        }
    }
}
