//! The crates can be published: what they would ship is complete, small, and builds by itself.

use anyhow::{Result, ensure};

use super::Note;
use crate::process::{self, cargo};

const PUBLISHED: [&str; 2] = ["redrive", "redrive-sim"];

/// Both licences ask to travel with the code; a registry shows the other.
const SHIPPED: [&str; 3] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md"];

pub(super) fn check() -> Result<Note> {
    let mut files = 0;
    for name in PUBLISHED {
        let mut list = cargo();
        list.args(["package", "--list", "--locked", "--allow-dirty", "--package", name]);
        let listing = process::capture(&mut list)?;
        for wanted in SHIPPED {
            ensure!(listing.lines().any(|file| file == wanted), "{name} would ship no {wanted}");
        }
        files += listing.lines().count();
    }
    // A dirty tree is no fault here: this asks whether the files are right, not whether to publish.
    let mut package = cargo();
    package.args(["package", "--locked", "--allow-dirty"]);
    PUBLISHED.iter().for_each(|name| {
        package.args(["--package", name]);
    });
    process::quiet(&mut package)?;
    Ok(format!("{files} files in {} crates", PUBLISHED.len()))
}
