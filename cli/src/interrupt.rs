//! Ctrl-C: work stops at the next safe place, so that temporary files are removed and no file is
//! half-written. A second Ctrl-C ends the process at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::CliError;

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Listens for Ctrl-C and termination.
pub(crate) fn listen() {
    // Without a handler the default action ends the process: no reason to refuse to work.
    let _ = ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
}

/// Whether the user wants to stop.
pub(crate) fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// An error if the user wants to stop.
pub(crate) fn check() -> Result<(), CliError> {
    if requested() { Err(CliError::Interrupted) } else { Ok(()) }
}
