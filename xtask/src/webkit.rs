//! A WebKitGTK for the page, with the X server that it draws on: Debian's where we may install it.

use anyhow::{Context, Result, bail};

use crate::{debian, process};

const DRIVER: &str = "WebKitWebDriver";
const DISPLAY: &str = "xvfb-run";

/// Runs the page's behaviours in WebKitGTK, and prints each.
pub(crate) fn run() -> Result<()> {
    let missing = || [DRIVER, DISPLAY].into_iter().find(|name| debian::on_path(&[name]).is_none());
    if let Some(name) = missing() {
        if !debian::may_install() {
            bail!("no {name} on PATH: install webkit2gtk-driver and xvfb");
        }
        debian::install(&["webkit2gtk-driver", "xvfb", "xauth", "fonts-dejavu-core"])?;
        if let Some(name) = missing() {
            bail!("apt-get installed webkit2gtk-driver and xvfb, and yet {name} is not on PATH");
        }
    }
    let mut node = process::command(DISPLAY);
    node.args(["--auto-servernum", "node", "tests/webkit.mjs"]).current_dir(crate::www::folder());
    let status = node.status().context("running the page in WebKitGTK")?;
    if !status.success() {
        bail!("the page does not behave in WebKitGTK as it should; see above");
    }
    Ok(())
}
