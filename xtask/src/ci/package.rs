//! The crates can be published: what they would ship is complete, small, compiles by itself, and the
//! tests that the core ships pass.
//!
//! `cargo package` can compile what it packs, but it unpacks a crate once for each version and path,
//! into the home of cargo, and takes what it finds there from then on: the program was compiled
//! against the library of an earlier commit. So we unpack the crates ourselves, side by side.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use flate2::read::GzDecoder;
use tar::Archive;

use super::Note;
use crate::{
    process::{self, cargo},
    repo,
};

const PUBLISHED: [&str; 7] = [
    "redrive",
    "redrive-sim",
    "redrive-interop",
    "redrive-page",
    "redrive-cli",
    "redrive-worker",
    "redrive-sqlite",
];

/// Both licences ask to travel with the code; a registry shows the other.
const SHIPPED: [&str; 3] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// The version of all crates: they have that of the workspace, which is ours.
const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn check() -> Result<Note> {
    // A dirty tree is fine here: this asks whether the files are right, not whether to publish.
    let mut package = cargo();
    package.args(["package", "--locked", "--allow-dirty", "--no-verify"]);
    PUBLISHED.iter().for_each(|name| {
        package.args(["--package", name]);
    });
    process::quiet(&mut package)?;

    let target = repo::target();
    let place = target.join("published");
    if place.exists() {
        fs::remove_dir_all(&place).with_context(|| format!("cannot clear {}", place.display()))?;
    }
    let mut files = 0;
    for name in PUBLISHED {
        files += unpack(&target.join(format!("package/{name}-{VERSION}.crate")), &place)?;
        for wanted in SHIPPED {
            let shipped = place.join(format!("{name}-{VERSION}")).join(wanted);
            ensure!(shipped.is_file(), "{name} would ship no {wanted}");
        }
    }
    compile(&place)?;
    Ok(format!("{files} files in {} crates", PUBLISHED.len()))
}

/// Unpacks a crate with today's times, without which cargo would think an earlier one unchanged;
/// the number of its files.
fn unpack(packed: &Path, place: &Path) -> Result<usize> {
    let says = || format!("unpacking {}", packed.display());
    fs::create_dir_all(place)?;
    let mut archive = Archive::new(GzDecoder::new(fs::File::open(packed).with_context(says)?));
    archive.set_preserve_mtime(false);
    let mut files = 0;
    for entry in archive.entries().with_context(says)? {
        entry?.unpack_in(place).with_context(says)?;
        files += 1;
    }
    Ok(files)
}

/// Compiles what was unpacked as somebody else's dependency would be, with the published manifests and
/// the other crates out of their packages; and runs the core's tests there.
fn compile(place: &Path) -> Result<()> {
    let crates = PUBLISHED.map(|name| format!("{name}-{VERSION}"));
    let patches: String = PUBLISHED
        .iter()
        .zip(&crates)
        .map(|(name, folder)| format!("{name} = {{ path = {folder:?} }}\n"))
        .collect();
    let manifest = format!(
        "[workspace]\nmembers = {crates:?}\nresolver = \"3\"\n\n[patch.crates-io]\n{patches}"
    );
    fs::write(place.join("Cargo.toml"), manifest)?;
    fs::copy(repo::root().join("Cargo.lock"), place.join("Cargo.lock"))?;
    let mut check = cargo();
    // Offline: what the lock file names was fetched by whatever came before, and nothing else is due.
    check.args(["check", "--offline", "--workspace", "--manifest-path"]);
    check.arg(place.join("Cargo.toml")).arg("--target-dir").arg(place.join("target"));
    process::quiet(&mut check)?;
    // Every feature: the executors have a binary of tests of their own.
    let mut test = cargo();
    test.args(["test", "--offline", "--quiet", "--package", "redrive", "--tests"]);
    test.args(["--features", "blocking,tokio", "--manifest-path"]);
    test.arg(place.join("Cargo.toml")).arg("--target-dir").arg(place.join("target"));
    process::quiet(&mut test)
}
