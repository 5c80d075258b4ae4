//! Ctrl-C and requests to end.
//!
//! A signal ends every verb at once, also one that waits for a pipe: what is half-written goes, and
//! the exit code says which signal it was. Two kinds of work are not cut short: a [`Commit`], the
//! moment in which files change places, is waited for; a [`Stoppable`] run stops at its next event
//! and tells what it has. A second signal ends that, too.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
};

use crate::error::CliError;

/// What ended the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signal(u8);

impl Signal {
    /// Ctrl-C.
    #[cfg(not(unix))]
    const INTERRUPT: Self = Self(2);

    /// 130 for Ctrl-C, 143 for a request to end.
    pub(crate) fn exit_code(self) -> u8 {
        self.0.saturating_add(128)
    }
}

/// The signal that came; 0 for none.
static CAME: AtomicU8 = AtomicU8::new(0);
/// Whether a run goes on that stops by itself.
static STOPPABLE: AtomicBool = AtomicBool::new(false);
/// Files that are being written under a temporary name. Locked while files change places.
static TEMPORARY: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Listens for signals, in a thread of its own.
pub(crate) fn listen() {
    #[cfg(unix)]
    {
        use signal_hook::{
            consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ},
            flag,
            iterator::Signals,
        };
        // A file that would grow beyond its limit is an error of that write, and told as one.
        let _ = flag::register(SIGXFSZ, Arc::default());
        // Without a handler the default action ends the process: no reason to refuse to work.
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
        std::thread::spawn(move || {
            for signal in signals.forever() {
                came(Signal(u8::try_from(signal).unwrap_or_default()));
            }
        });
    }
    #[cfg(not(unix))]
    {
        // As above.
        let _ = ctrlc::set_handler(|| came(Signal::INTERRUPT));
    }
}

fn came(signal: Signal) {
    let first = CAME.swap(signal.0, Ordering::SeqCst) == 0;
    if first && STOPPABLE.load(Ordering::SeqCst) {
        return;
    }
    // Never ends between two steps of a change of files.
    let temporary = TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner);
    for path in temporary.iter() {
        // It may be gone already.
        let _ = std::fs::remove_file(path);
    }
    std::process::exit(CliError::Interrupted(signal).tell().into());
}

/// The signal that came, if one did.
fn signal() -> Option<Signal> {
    let number = CAME.load(Ordering::SeqCst);
    (number != 0).then_some(Signal(number))
}

/// Whether the user wants to stop.
pub(crate) fn requested() -> bool {
    signal().is_some()
}

/// An error if the user wants to stop.
pub(crate) fn check() -> Result<(), CliError> {
    signal().map_or(Ok(()), |signal| Err(CliError::Interrupted(signal)))
}

/// A run that looks at [`requested`] often. Until it is dropped, a first signal does not end the
/// program.
#[must_use]
pub(crate) struct Stoppable(());

impl Stoppable {
    /// Begins such a run.
    pub(crate) fn begin() -> Self {
        STOPPABLE.store(true, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for Stoppable {
    fn drop(&mut self) {
        STOPPABLE.store(false, Ordering::SeqCst);
    }
}

/// Files change places: no signal ends the program until this is dropped.
#[must_use]
pub(crate) struct Commit(MutexGuard<'static, BTreeSet<PathBuf>>);

impl Commit {
    /// Begins the change.
    pub(crate) fn begin() -> Self {
        Self(TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// `path` is a file like any other now.
    pub(crate) fn keep(&mut self, path: &Path) {
        self.0.remove(path);
    }
}

/// Has `path` removed if a signal ends the program before a [`Commit`] keeps it.
pub(crate) fn temporary(path: &Path) {
    TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
}
