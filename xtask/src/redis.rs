//! A Redis for the tests of the npm package's storages: on PATH, or Debian's where we may install it.

use std::{env, path::PathBuf};

use anyhow::{Context, Result, bail};

use crate::debian;

const NAMES: [&str; 2] = ["redis-server", "valkey-server"];

/// A Redis server that can be started: `REDIS_SERVER`, else PATH, else Debian's; `None` where there is
/// none and none can be installed, and then the tests say that they left it out.
pub(crate) fn server() -> Result<Option<PathBuf>> {
    if let Some(named) = env::var_os("REDIS_SERVER").map(PathBuf::from) {
        if named.is_file() {
            return Ok(Some(named));
        }
        bail!("REDIS_SERVER = {} is not a file: unset it or correct it", named.display());
    }
    if let Some(found) = debian::on_path(&NAMES) {
        return Ok(Some(found));
    }
    if !debian::may_install() {
        return Ok(None);
    }
    debian::install(&["redis-server"])?;
    debian::on_path(&NAMES)
        .context("apt-get installed redis-server, and yet it is not on PATH")
        .map(Some)
}
