//! `redrive sweep`: the same scenario over a grid of settings, on all cores or many machines.
//!
//! Each point is written down as soon as it is done, so a sweep that was killed goes on where it
//! stopped, and shards that ran elsewhere are merged. What a sweep leaves behind is made of those
//! points alone and does not depend on who did them, and when.

mod axis;
mod fit;
mod planes;
mod points;
mod rename;
mod result;
mod shard;

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use redrive::{random::hash, wire::Value};
use redrive_sim::{Scenario, metric::Metric};

use self::{
    axis::{Axis, grid},
    points::{Header, Log, Point, Points},
    shard::Shard,
};
use crate::{
    args::{self, SweepVerb},
    error::CliError,
    input::Files,
    interrupt::{self, Stoppable},
    options::{self, Setup},
    output::{self, Folder},
    paint::Style,
    progress::Board,
    runner, text,
};

const DIM: Style = Style::Dim;

/// Points at most in one grid.
const MOST: usize = 1_000_000;

/// Runs the verb.
pub(crate) fn run(typed: &args::Sweep) -> Result<(), CliError> {
    match &typed.verb {
        Some(SweepVerb::Merge { folders, out, metrics }) => merge(folders, out, metrics),
        None => sweep(typed),
    }
}

/// A sweep, checked before anything is done.
struct Sweep {
    header: Header,
    tree: Value,
    files: Files,
    grid: Vec<Vec<String>>,
    shard: Option<Shard>,
    metrics: Vec<Metric>,
    threads: Option<usize>,
    folder: Folder,
}

impl Sweep {
    fn from_args(typed: &args::Sweep) -> Result<Self, CliError> {
        let axes: Vec<Axis> =
            typed.vary.iter().map(|text| Axis::parse(text)).collect::<Result<_, _>>()?;
        if axes.is_empty() {
            return Err(CliError::Usage(
                "sweep needs something to vary; write --vary policy.maxDelay=5s..120s:log:8"
                    .to_owned(),
            ));
        }
        let size = axes.iter().fold(1_usize, |size, axis| size.saturating_mul(axis.values.len()));
        if size > MOST {
            return Err(CliError::Usage(format!(
                "--vary makes {} points, more than {}: vary less, or in coarser steps",
                text::grouped(size as u64),
                text::grouped(MOST as u64)
            )));
        }
        let mut setup = Setup::resolve(&typed.base)?;
        let files = axes.iter().filter(|axis| axis.path.ends_with("file"));
        setup.files.0.typed.extend(files.flat_map(|axis| axis.values.clone()));
        fit::leave_out(&mut setup, &axes)?;
        rename::rename(&mut setup, &axes)?;
        let metrics = metrics(&typed.metrics)?;
        let shard =
            Shard::find(typed.shard.as_deref(), typed.shards, |name| std::env::var(name).ok())?;
        let folder = Folder::check(&typed.out)?;
        let written = serde_json::to_vec(&setup.tree).map_err(std::io::Error::from)?;
        let header = Header {
            schema: points::SCHEMA.to_owned(),
            scenario: setup.scenario.name.clone(),
            seed: setup.scenario.seed,
            runs: typed.runs,
            vary: axes,
            fingerprint: format!("{:016x}", hash(&written)),
        };
        let (tree, files, grid) = (setup.tree, setup.files, grid(&header.vary));
        let threads = typed.threads;
        Ok(Self { header, tree, files, grid, shard, metrics, threads, folder })
    }

    /// The scenario of one point.
    fn scenario(&self, set: &[String]) -> Result<Scenario, CliError> {
        let mut tree = self.tree.clone();
        for (axis, value) in self.header.vary.iter().zip(set) {
            let refused = |error| CliError::option(format!("--vary {}={value}", axis.path), error);
            options::assign(&mut tree, &axis.path, value).map_err(refused)?;
        }
        let settings: Vec<String> = self
            .header
            .vary
            .iter()
            .zip(set)
            .map(|(axis, value)| format!("{}={value}", axis.path))
            .collect();
        let refused = |error| CliError::option(format!("--vary {}", settings.join(" ")), error);
        Scenario::read(&tree, &mut self.files.clone()).map_err(refused)
    }

    /// The numbers of the points that are this process's.
    fn own(&self) -> Vec<usize> {
        let own = |number: &usize| self.shard.is_none_or(|shard| shard.has(*number));
        (0..self.grid.len()).filter(own).collect()
    }
}

fn metrics(names: &[String]) -> Result<Vec<Metric>, CliError> {
    const USUAL: [&str; 4] = ["p99", "peakToCapacity", "deadLetterShare", "amplification"];
    if names.is_empty() {
        return USUAL.iter().map(|name| Ok(Metric::find(name)?)).collect();
    }
    names.iter().map(|name| Ok(Metric::find(name)?)).collect()
}

fn sweep(typed: &args::Sweep) -> Result<(), CliError> {
    let sweep = Sweep::from_args(typed)?;
    let own = sweep.own();
    // Every point is read before the first is run: a mistake in the last one costs nothing.
    let scenarios: Vec<(usize, Scenario)> = own
        .iter()
        .map(|number| Ok((*number, sweep.scenario(&sweep.grid[*number])?)))
        .collect::<Result<_, CliError>>()?;
    let (log, done) = Log::open(sweep.folder.path(), sweep.shard, &sweep.header)?;
    let open: Vec<_> = scenarios.iter().filter(|(n, _)| !done.contains_key(n)).collect();
    let runs = open.iter().map(|(_, s)| s.policies.len()).sum::<usize>() * typed.runs as usize;
    let (board, _stoppable) = (Board::new(runs), Stoppable::begin());
    let one = |(number, scenario): &&(usize, Scenario)| -> Result<(), CliError> {
        let policies = runner::figures(scenario, typed.runs, &board)?;
        let Some(policies) = policies.filter(|_| !interrupt::requested()) else { return Ok(()) };
        let set = sweep.grid[*number].clone();
        log.append(&Point { point: *number, set, policies })
    };
    if let Some((_, heaviest)) = open.first() {
        let pool = runner::pool(heaviest, sweep.threads)?;
        pool.install(|| open.par_iter().try_for_each(one))?;
    }
    drop(board);
    let points = log.points()?;
    if points.len() < own.len() {
        let (have, all) = (points.len(), own.len());
        output::tell(&format!(
            "{have} of {all} points are done; the same command goes on from there\n"
        ));
        interrupt::check()?;
        return Err(CliError::Usage("some points failed".to_owned()));
    }
    if let Some(Shard { index, count }) = sweep.shard {
        let folder = sweep.folder.path().display();
        return output::print(&format!(
            "Shard {index} of {count} is done: {} in {folder}.\nWhen all are: redrive sweep merge \
             {folder} --out {folder}\n",
            text::counted(points.len() as u64, "point", "points")
        ));
    }
    finish(&sweep.folder, &sweep.header, &points, &sweep.metrics)
}

/// Writes the result and tells it.
fn finish(
    folder: &Folder,
    header: &Header,
    points: &Points,
    metrics: &[Metric],
) -> Result<(), CliError> {
    let files = result::files(header, points, metrics)?;
    folder.write(&files)?;
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    output::print(&format!(
        "{}: {}, {} each, seed {}\n\n{}\n{DIM}in {}: {}{DIM:#}\n",
        header.scenario,
        text::counted(points.len() as u64, "point", "points"),
        text::counted(header.runs.into(), "run", "runs"),
        header.seed,
        result::table(header, points, metrics, output::width()),
        folder.path().display(),
        names.join("  ")
    ))
}

/// `sweep merge`: the points of all shards as one result.
fn merge(folders: &[PathBuf], out: &Path, names: &[String]) -> Result<(), CliError> {
    let (metrics, folder) = (metrics(names)?, Folder::check(out)?);
    let mut merged: Option<(Header, Points)> = None;
    for file in files(folders)? {
        let (header, points) = points::read(&file)?;
        match &mut merged {
            None => merged = Some((header, points)),
            Some((known, _)) if *known != header => {
                return Err(CliError::content(
                    &file.display().to_string(),
                    "it is of another sweep than the files before it",
                ));
            }
            Some((_, all)) => all.extend(points),
        }
    }
    let Some((header, points)) = merged else {
        return Err(CliError::Usage(
            "merge needs a file of points; give the --out of a sweep".to_owned(),
        ));
    };
    let missing: Vec<String> = (0..grid(&header.vary).len())
        .filter(|number| !points.contains_key(number))
        .map(|number| number.to_string())
        .collect();
    if !missing.is_empty() {
        let few = missing.len().min(8);
        return Err(CliError::Usage(format!(
            "{} are missing ({}{}): a shard has not finished; run it again and merge then",
            text::counted(missing.len() as u64, "point", "points"),
            missing[..few].join(", "),
            if few < missing.len() { ", …" } else { "" }
        )));
    }
    finish(&folder, &header, &points, &metrics)
}

/// The files of points in `folders`, in order; a file may be named itself.
fn files(folders: &[PathBuf]) -> Result<Vec<PathBuf>, CliError> {
    let mut files = Vec::new();
    for folder in folders {
        if !folder.is_dir() {
            files.push(folder.clone());
            continue;
        }
        let entries = std::fs::read_dir(folder).map_err(|error| CliError::read(folder, error))?;
        let mut found: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                name.is_some_and(|n| n.starts_with("points") && n.ends_with(".ndjson"))
            })
            .collect();
        found.sort();
        files.extend(found);
    }
    Ok(files)
}
