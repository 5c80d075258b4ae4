//! A Firefox for the page's tests: on PATH, or Debian's where we may install it.

use std::{env, path::PathBuf};

use anyhow::{Context, Result, bail};

use crate::debian;

const NAMES: [&str; 2] = ["firefox-esr", "firefox"];

/// A Firefox that can be started: `FIREFOX`, else PATH, else Debian's.
pub(crate) fn firefox() -> Result<PathBuf> {
    if let Some(named) = env::var_os("FIREFOX").map(PathBuf::from) {
        if named.is_file() {
            return Ok(named);
        }
        bail!("FIREFOX = {} is not a file: unset it or correct it", named.display());
    }
    if let Some(found) = debian::on_path(&NAMES) {
        return Ok(found);
    }
    if !debian::may_install() {
        bail!("no Firefox on PATH: install firefox, or name one in FIREFOX");
    }
    debian::install(&["firefox-esr", "fonts-dejavu-core"])?;
    debian::on_path(&NAMES).context("apt-get installed firefox-esr, and yet it is not on PATH")
}
