//! Why a command ended. Each kind has its text here, and [`CliError::exit`] its exit code.

use std::{fmt, io, path::Path, process::ExitCode};

use redrive::wire::{ConfigError, shortened};
use redrive_sim::SimError;

use crate::{chart::ChartError, interrupt::Signal, output, paint::Style};

/// The end of a command that did not succeed.
#[derive(Debug)]
pub(crate) enum CliError {
    /// The words typed cannot be understood, or do not go together.
    Usage(String),
    /// The value of an option is refused: the option as typed, and why.
    Option { option: String, why: String },
    /// A name or a value that the libraries do not know.
    Config(ConfigError),
    /// A file cannot be opened or read.
    Read { name: String, source: io::Error },
    /// A file cannot be written.
    Write { name: String, source: io::Error },
    /// What a file holds is refused.
    Content { name: String, line: Option<usize>, why: String },
    /// Another program prevents a change to a file.
    Conflict { name: String, why: String },
    /// The scenario is too large to be run, or a run came to nothing.
    Simulation(SimError),
    /// A chart cannot be drawn.
    Chart(ChartError),
    /// A result has no form in the format asked for.
    Form(String),
    /// The standard output cannot be written to.
    Output(io::Error),
    /// The reader of our output has closed it (`| head`).
    PipeClosed,
    /// `check` found this.
    CheckFailed(Box<CliError>),
    /// Ctrl-C, or a request to end.
    Interrupted(Signal),
}

/// The exit codes of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Success,
    /// A check failed.
    CheckFailed,
    /// Wrong usage, bad input, or a file that could not be read or written.
    Refused,
    /// Ended by a signal.
    Signal(Signal),
}

impl Exit {
    /// The number that a shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::CheckFailed => 1,
            Self::Refused => 2,
            Self::Signal(signal) => signal.exit_code(),
        }
    }
}

impl CliError {
    /// `path` cannot be read.
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { name: path.display().to_string(), source }
    }

    /// `path` cannot be written.
    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { name: path.display().to_string(), source }
    }

    /// The value given to `option` is refused.
    pub(crate) fn option(option: impl Into<String>, why: impl fmt::Display) -> Self {
        Self::Option { option: option.into(), why: why.to_string() }
    }

    /// The content of line `line` (from 1) of a file is refused.
    pub(crate) fn line(name: &str, line: usize, why: impl Into<String>) -> Self {
        Self::Content { name: name.to_owned(), line: Some(line), why: why.into() }
    }

    /// What a file holds is refused.
    pub(crate) fn content(name: &str, why: impl Into<String>) -> Self {
        Self::Content { name: name.to_owned(), line: None, why: why.into() }
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_)
            | Self::Option { .. }
            | Self::Config(_)
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Content { .. }
            | Self::Conflict { .. }
            | Self::Simulation(_)
            | Self::Chart(_)
            | Self::Form(_)
            | Self::Output(_) => Exit::Refused,
            Self::CheckFailed(_) => Exit::CheckFailed,
            Self::PipeClosed => Exit::Success,
            Self::Interrupted(signal) => Exit::Signal(*signal),
        }
    }

    /// Tells the user, and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        ExitCode::from(self.tell())
    }

    /// Tells the user, and gives the number of the exit code.
    pub(crate) fn tell(&self) -> u8 {
        let exit = self.exit();
        let title = match exit {
            Exit::Success => None,
            Exit::CheckFailed => Some("failed:"),
            Exit::Refused => Some("error:"),
            Exit::Signal(_) => Some("interrupted"),
        };
        match (title, exit) {
            (None, _) => {}
            (Some(title), Exit::Signal(_)) => output::tell(&format!("{title}\n")),
            (Some(title), _) => {
                // One line, whatever a library put into its text.
                let text = self.to_string();
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                let text = shortened(&text, LONGEST);
                output::tell(&format!("{ERROR}{title}{ERROR:#} {text}\n"));
            }
        }
        exit.code()
    }
}

/// Characters of an error at most, whatever it repeats.
const LONGEST: usize = 2_000;

const ERROR: Style = Style::BoldRed;

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) | Self::Form(message) => f.write_str(message),
            Self::Option { option, why } => write!(f, "{option}: {why}"),
            Self::Config(error) => write!(f, "{error}"),
            Self::Read { name, source } => write!(f, "cannot read {name}: {}", plain(source)),
            Self::Write { name, source } => write!(f, "cannot write {name}: {}", plain(source)),
            Self::Content { name, line: Some(line), why } => write!(f, "{name}:{line}: {why}"),
            Self::Content { name, line: None, why } => write!(f, "{name}: {why}"),
            Self::Conflict { name, why } => write!(f, "{name} {why}"),
            Self::Simulation(error) => write!(f, "{error}"),
            Self::Chart(error) => write!(f, "{error}"),
            Self::Output(source) => write!(f, "cannot write the output: {}", plain(source)),
            Self::PipeClosed => f.write_str("the output was closed"),
            Self::CheckFailed(error) => write!(f, "{error}"),
            Self::Interrupted(_) => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for CliError {}

/// An error of our own output. A closed pipe is not an error.
impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::PipeClosed,
            _ => Self::Output(error),
        }
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<SimError> for CliError {
    fn from(error: SimError) -> Self {
        Self::Simulation(error)
    }
}

impl From<ChartError> for CliError {
    fn from(error: ChartError) -> Self {
        Self::Chart(error)
    }
}

/// CSV is written into memory: what can go wrong is the output.
impl From<csv::Error> for CliError {
    fn from(error: csv::Error) -> Self {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => Self::from(error),
            other => Self::Form(format!("this has no CSV form: {other:?}")),
        }
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
