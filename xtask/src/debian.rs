//! Programs from Debian, where we may install them.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::process;

/// The first of these programs that is on PATH.
pub(crate) fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|candidate| candidate.is_file())
}

/// Whether this is a Debian (or a child of it) and we are root there.
pub(crate) fn may_install() -> bool {
    Path::new("/usr/bin/apt-get").is_file()
        && process::capture(process::command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Installs packages, without those that they only recommend.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let mut update = process::command("apt-get");
    process::quiet(update.arg("update")).context("updating Debian's package lists")?;
    let mut install = process::command("apt-get");
    install.args(["install", "--yes", "--no-install-recommends"]).args(packages);
    // A server that was installed for tests has no business running by itself.
    install.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    process::quiet(&mut install).with_context(|| format!("installing {}", packages.join(" ")))
}
