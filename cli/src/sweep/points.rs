//! The points that are done, one a line, written as they are done: what a killed sweep continues
//! from and what shards are merged from.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use redrive_sim::outcome::PolicyOutcome;
use serde::{Deserialize, Serialize};

use super::{axis::Axis, shard::Shard};
use crate::{error::CliError, output::plain_json, read};

/// What a sweep is: points of different sweeps are never mixed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Header {
    pub(crate) schema: String,
    pub(crate) scenario: String,
    pub(crate) seed: u64,
    pub(crate) runs: u32,
    pub(crate) vary: Vec<Axis>,
    /// Over the scenario in full.
    pub(crate) fingerprint: String,
}

/// The name and version of the file of points.
pub(crate) const SCHEMA: &str = "redrive-sweep-points/1";

/// One point of the grid, done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    pub(crate) point: usize,
    pub(crate) set: Vec<String>,
    pub(crate) policies: Vec<PolicyOutcome>,
}

/// Points by their number.
pub(crate) type Points = BTreeMap<usize, Point>;

/// The file of points of one process.
pub(crate) struct Log {
    path: PathBuf,
    file: Mutex<File>,
}

impl Log {
    /// Opens (or begins) the file in `folder`; gives the points that are done already.
    ///
    /// # Errors
    /// When the file is of another sweep, or cannot be used.
    pub(crate) fn open(
        folder: &Path,
        shard: Option<Shard>,
        header: &Header,
    ) -> Result<(Self, Points), CliError> {
        let name = shard.map_or("points.ndjson".to_owned(), |Shard { index, count }| {
            format!("points-{index}-of-{count}.ndjson")
        });
        let path = folder.join(name);
        let failed = |error| CliError::write(&path, error);
        fs::create_dir_all(folder).map_err(failed)?;
        let known = match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => fs::read(&path).map_err(failed)?,
            Ok(_) => return Err(foreign(&path, "it is not a file of its own")),
            Err(_) => Vec::new(),
        };
        // A kill may have torn the last line: it is not counted, and written anew.
        let whole = known.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let text = String::from_utf8_lossy(&known[..whole]);
        let points = match text.is_empty() {
            // A kill may have torn the first line, too.
            true if !line_of(header)?.starts_with(&known) => {
                return Err(foreign(&path, "it is not a file of points"));
            }
            true => Points::new(),
            false => {
                let (found, points) = parse(&path, &text)?;
                if found != *header {
                    return Err(foreign(&path, "it is of another sweep"));
                }
                points
            }
        };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(failed)?;
        if fs4::FileExt::try_lock(&file).is_err() {
            let why =
                "is being written by another sweep; name another --out, or wait for it".into();
            return Err(CliError::Conflict { name: path.display().to_string(), why });
        }
        file.set_len(whole as u64).map_err(failed)?;
        let log = Self { file: Mutex::new(file), path: path.clone() };
        if text.is_empty() {
            log.append(header)?;
        }
        Ok((log, points))
    }

    /// Adds one line.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn append(&self, record: &impl Serialize) -> Result<(), CliError> {
        let line = line_of(record)?;
        let failed = |error| CliError::write(&self.path, error);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        std::io::Seek::seek(&mut *file, std::io::SeekFrom::End(0)).map_err(failed)?;
        file.write_all(&line).map_err(failed)
    }

    /// The points that are in the file now, as a merge would read them.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn points(&self) -> Result<Points, CliError> {
        Ok(read(&self.path)?.1)
    }
}

/// A record as a line.
fn line_of(record: &impl Serialize) -> Result<Vec<u8>, CliError> {
    let mut line = serde_json::to_string(record).map_err(std::io::Error::from)?;
    line.push('\n');
    Ok(plain_json(line).into_bytes())
}

/// A file that is in the way of a sweep.
fn foreign(path: &Path, why: &str) -> CliError {
    let why = format!("{why}; name another --out, or remove it");
    CliError::content(&path.display().to_string(), why)
}

/// The header and the points of a file.
///
/// # Errors
/// When it cannot be read or holds something else.
pub(crate) fn read(path: &Path) -> Result<(Header, Points), CliError> {
    let (_, text) = read::text(path, u64::MAX)?;
    parse(path, &text)
}

fn parse(path: &Path, text: &str) -> Result<(Header, Points), CliError> {
    let refused = |line: usize, why: String| {
        CliError::line(
            &path.display().to_string(),
            line,
            format!("this is not a point of a sweep: {why}"),
        )
    };
    let mut lines = text.lines().enumerate();
    let first = lines.next().map_or("", |(_, line)| line);
    let header: Header =
        serde_json::from_str(first).map_err(|error| refused(1, error.to_string()))?;
    if header.schema != SCHEMA {
        return Err(refused(1, format!("its schema is \"{}\", not \"{SCHEMA}\"", header.schema)));
    }
    let mut points = Points::new();
    for (index, line) in lines {
        let point: Point =
            serde_json::from_str(line).map_err(|error| refused(index + 1, error.to_string()))?;
        points.insert(point.point, point);
    }
    Ok((header, points))
}
