//! What a newcomer does first: the README's command, with the optimised program.
//!
//! It has to leave what it promises, and the program that is shipped has to give the traces that the
//! tests froze with another profile: optimisation must not change a bit.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::Note;
use crate::{
    process::{self, cargo},
    repo,
};

/// What the bare command leaves in its folder; the charts come on top.
const PROMISED: [&str; 3] = ["report.html", "summary.json", "timeline.csv"];

pub(super) fn check() -> Result<Note> {
    process::quiet(cargo().args(["build", "--release", "--locked"]))?;
    let program =
        repo::target().join("release").join(format!("redrive{}", std::env::consts::EXE_SUFFIX));
    let folder = repo::target().join("main-job");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| repo::shown(&folder))?;
    }
    fs::create_dir_all(&folder).with_context(|| repo::shown(&folder))?;
    let words = process::capture(process::command(&program).current_dir(&folder))?;
    let charts = look(&folder.join("redrive-out"))?;
    compare_readme(&words, &folder.join("redrive-out/attempts.png"))?;
    let mut herd = process::command(&program);
    herd.args(["simulate", "herd", "--seed", "42", "--format", "json"]).current_dir(&folder);
    let policies = compare(&process::capture(&mut herd)?)?;
    Ok(format!("{charts} charts, {policies} traces as frozen"))
}

/// How many charts there are, once everything promised is there and not empty.
fn look(folder: &Path) -> Result<usize> {
    let mut charts = [0, 0];
    for entry in fs::read_dir(folder).with_context(|| repo::shown(folder))? {
        let path = entry?.path();
        ensure!(fs::metadata(&path)?.len() > 0, "{} is empty", repo::shown(&path));
        let extension = path.extension().unwrap_or_default();
        charts[0] += usize::from(extension == "svg");
        charts[1] += usize::from(extension == "png");
    }
    for name in PROMISED {
        ensure!(folder.join(name).is_file(), "{} has no {name}", repo::shown(folder));
    }
    ensure!(!charts.contains(&0), "{} has {charts:?} charts in SVG, PNG", repo::shown(folder));
    Ok(charts.iter().sum())
}

/// The README shows what the program prints and draws today.
fn compare_readme(words: &str, picture: &Path) -> Result<()> {
    let readme = fs::read_to_string(repo::root().join("README.md"))?.replace("\r\n", "\n");
    ensure!(
        readme.contains(words.trim_end()),
        "README.md does not show what the program prints now:\n{words}"
    );
    let shown = repo::root().join("docs/herd.png");
    ensure!(
        fs::read(&shown)? == fs::read(picture)?,
        "{} is not what the program draws now: copy {} there and look at it",
        repo::shown(&shown),
        repo::shown(picture)
    );
    Ok(())
}

/// How many policies ran, once each has its frozen trace.
fn compare(json: &str) -> Result<usize> {
    let outcome: Value = serde_json::from_str(json).context("the program printed no JSON")?;
    let golden = repo::root().join("tests/golden/traces.json");
    let golden: Value = serde_json::from_str(&fs::read_to_string(&golden)?)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = golden["traces"].as_array().context("traces.json has no traces")?;
    let frozen: BTreeMap<String, String> = rows
        .iter()
        .filter(|row| row[0] == "herd" && row[1] == "42")
        .map(|row| (text(&row[2]), text(&row[3])))
        .collect();
    let policies = outcome["policies"].as_array().context("the outcome has no policies")?;
    let now: BTreeMap<String, String> =
        policies.iter().map(|policy| (text(&policy["name"]), text(&policy["traceHash"]))).collect();
    if now != frozen {
        bail!("the optimised program gives {now:?}, and frozen is {frozen:?}");
    }
    Ok(now.len())
}
