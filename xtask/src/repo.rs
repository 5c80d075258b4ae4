//! Where things are. Every command works from any folder of the repository.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process;

/// The root of the repository: the folder above this crate.
pub(crate) fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// Cargo's target folder; what we build ourselves goes below it, so that one `cargo clean` and one
/// cache cover everything.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The files that git knows or would add, with one of these extensions, below one of these
/// folders. Folders that do not exist hold no files.
pub(crate) fn files(folders: &[&str], extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let mut git = process::command("git");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard", "--"]).args(folders);
    let listing = process::capture(&mut git).context("listing the files of the repository")?;
    Ok(listing
        .lines()
        .map(|line| root().join(line))
        .filter(|path| {
            let extension = path.extension().unwrap_or_default().to_string_lossy();
            extensions.contains(&&*extension) && path.is_file()
        })
        .collect())
}

/// A path as a person reads it: from the root of the repository where it lies below it.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
