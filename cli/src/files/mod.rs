//! Every file that the program writes, and how.
//!
//! # What is promised
//!
//! - A result ([`whole`]) is there whole or as it was before, whatever ends the program.
//! - A queue of dead letters ([`Ledger`]) is changed under an exclusive `flock`, which any program can
//!   take. What is not removed keeps every byte. The file that a link points to is changed, not the
//!   link; its owner, its mode and its other names stay.
//! - Lines that another program appends meanwhile are kept, whether it takes the lock or not and
//!   whether or not it keeps the file open: see [`ledger`].
//! - What carries payloads is for its owner alone (mode 0600), and never takes the place of a file
//!   that exists ([`Fresh`]).
//! - A redrive with `--to` moves letters in one step, also if it is killed: see [`journal`].

pub(crate) mod journal;
pub(crate) mod ledger;
mod lines;
mod lock;
mod whole;

pub(crate) use self::{
    ledger::{Change, Ledger},
    lines::Lines,
    whole::{Fresh, write_whole},
};

use std::path::{Path, PathBuf};

/// The folder of a file.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Where a file is, links followed. One that does not exist keeps its name.
pub(crate) fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
