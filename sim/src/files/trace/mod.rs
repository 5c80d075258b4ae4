//! A file as arrivals: rows of counts, or a log with one row a request, placed by their times.
//!
//! **Time is time.** A row lies where its time says, not where its number says: gaps are gaps. A row
//! of counts lasts until the next one, but not longer than is usual in the file (or than
//! `arrivals.bin`, where that is given). A log is counted by bins. What is read in another way than a
//! first look suggests is said in a note.

#[cfg(not(feature = "csv"))]
use redrive::wire::ConfigError;

/// What the scenario says about its file.
#[cfg_attr(not(feature = "csv"), expect(dead_code, reason = "only a reader of files asks"))]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) file: &'a str,
    /// The column of counts.
    pub(crate) column: Option<&'a str>,
    /// The column of times.
    pub(crate) time_column: Option<&'a str>,
    /// How times are written.
    pub(crate) time_format: Option<&'a str>,
    /// Whether a row is a request (`true`) or a count.
    pub(crate) requests: Option<bool>,
    /// How long a row lasts, or the bins of a log, ns.
    pub(crate) bin: Option<u64>,
}

/// Tasks that arrive between two moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    /// From the first row on, ns.
    pub(crate) from: u64,
    /// How long, ns.
    pub(crate) length: u64,
    /// How many.
    pub(crate) count: f64,
}

/// What a file says about arrivals.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Trace {
    pub(crate) spans: Vec<Span>,
    pub(crate) notes: Vec<String>,
}

/// A build without the feature `csv` has no reader of such files.
#[cfg(not(feature = "csv"))]
pub(crate) fn read(_: &str, wanted: Wanted<'_>) -> Result<Trace, ConfigError> {
    let message = format!("cannot read {}: write its numbers into arrivals.counts", wanted.file);
    Err(ConfigError::new("arrivals.file", message))
}

#[cfg(feature = "csv")]
pub(crate) use reading::read;

#[cfg(feature = "csv")]
mod reading;
#[cfg(feature = "csv")]
mod spans;
