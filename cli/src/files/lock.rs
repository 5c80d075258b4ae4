//! One program at a time changes a queue.
//!
//! The lock is `flock` on the file itself (`LockFileEx` on Windows): it goes with the process that
//! held it, also after a kill, and leaves nothing behind.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
    thread::sleep,
    time::Duration,
};

use fs4::{FileExt, TryLockError};

use crate::{clock::Stopwatch, error::CliError, output};

/// How long another program may keep us waiting.
const PATIENCE: Duration = Duration::from_secs(10);
/// When the user is told that we wait.
const SILENCE: Duration = Duration::from_secs(1);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(10);

/// Opens `path` to read and write it, and locks it; `shown` is what the user calls it.
///
/// # Errors
/// When it cannot be opened, or another program keeps it for longer than we wait.
pub(super) fn open(path: &Path, shown: &str) -> Result<File, CliError> {
    let started = Stopwatch::start();
    let mut told = false;
    loop {
        let file = OpenOptions::new().read(true).write(true).open(path);
        let file = file.map_err(|error| refused(shown, error))?;
        if !file.metadata().is_ok_and(|known| known.is_file()) {
            let why = "it is not a regular file, so it cannot be changed".to_owned();
            return Err(CliError::Content { name: shown.to_owned(), line: None, why });
        }
        match FileExt::try_lock(&file) {
            // The one that had the lock before may have put another file in this one's place.
            Ok(()) if is_at(&file, path) => return Ok(file),
            Ok(()) => continue,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(source)) => {
                return Err(CliError::Write { name: shown.to_owned(), source });
            }
        }
        if started.elapsed() > PATIENCE {
            let why = "is locked by another program; nothing was changed here: try again later";
            return Err(CliError::Conflict { name: shown.to_owned(), why: why.to_owned() });
        }
        if !told && started.elapsed() > SILENCE {
            told = true;
            output::tell(&format!("waiting for the program that has locked {shown}\n"));
        }
        // Not while we sleep: the other one would take us for an appender.
        drop(file);
        sleep(PAUSE);
    }
}

/// A file that is not there is one that cannot be read; the rest is about writing.
fn refused(shown: &str, source: io::Error) -> CliError {
    let name = shown.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::IsADirectory => CliError::Read { name, source },
        _ => CliError::Write { name, source },
    }
}

/// Whether `path` still names this file.
#[cfg(unix)]
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), path.metadata()) {
        (Ok(own), Ok(there)) => (own.dev(), own.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Whether `path` still names this file: what is open and locked cannot be replaced here.
#[cfg(not(unix))]
pub(super) fn is_at(_: &File, _: &Path) -> bool {
    true
}
