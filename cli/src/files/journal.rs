//! A redrive that is killed between its two files.
//!
//! `dlq redrive F --to T` puts tasks into T and takes letters out of F, and no system does both at
//! once. So what is about to happen is written down beside F first. As long as the tasks have only
//! their temporary name, nothing has happened; once they have the name T, the letters are no longer
//! F's, and the next reader of F leaves them out. The next change of F removes them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use redrive::random::hash;
use serde::{Deserialize, Serialize};

use super::{Fresh, Lines, folder_of};
use crate::error::CliError;

const SCHEMA: &str = "redrive-journal/1";

/// What a redrive is about to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Journal {
    schema: String,
    /// The temporary name of the tasks.
    temporary: PathBuf,
    /// The name that they get.
    tasks: PathBuf,
    /// What tells that file from another one of the name.
    file: Option<u64>,
    /// The hash of every line that leaves the file.
    lines: Vec<u64>,
}

impl Journal {
    /// Where the journal of `path` is.
    fn place(path: &Path) -> PathBuf {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        folder_of(path).join(format!(".{}.redrive-journal", name.unwrap_or_default()))
    }

    /// Where it is until it is whole.
    fn unfinished(path: &Path) -> PathBuf {
        let mut name = Self::place(path).into_os_string();
        name.push(".tmp");
        name.into()
    }

    /// Writes down that `removed` leave `path` when `tasks` get their name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(
        path: &Path,
        tasks: &Fresh,
        lines: &Lines,
        removed: &BTreeSet<usize>,
    ) -> io::Result<()> {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let journal = Self {
            schema: SCHEMA.to_owned(),
            temporary: absolute(tasks.temporary()),
            tasks: absolute(tasks.place()),
            file: number(tasks.temporary()),
            lines: removed.iter().map(|index| of(lines.line(*index))).collect(),
        };
        let (place, unfinished) = (Self::place(path), Self::unfinished(path));
        let mut file = fs::File::create(&unfinished)?;
        serde_json::to_writer(&mut file, &journal)?;
        file.sync_all()?;
        fs::rename(&unfinished, &place)
    }

    /// The change is done, or nothing came of it.
    pub(super) fn remove(path: &Path) {
        // One that stays is true for as long as its lines are.
        let _ = fs::remove_file(Self::place(path));
    }

    /// What an interrupted redrive of `path` wrote down, if there was one.
    ///
    /// # Errors
    /// When there is a journal that cannot be understood.
    fn find(path: &Path) -> Result<Option<Self>, CliError> {
        let place = Self::place(path);
        let bytes = match fs::read(&place) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(CliError::read(&place, error)),
        };
        match serde_json::from_slice::<Self>(&bytes) {
            Ok(journal) if journal.schema == SCHEMA => Ok(Some(journal)),
            _ => {
                let why = "this is not the journal of a redrive; look at it, and move it away";
                Err(CliError::content(&place.display().to_string(), why))
            }
        }
    }

    /// Whether the tasks have got their name. If they are nowhere any more, the letters stay: a task
    /// that is executed twice is better than one that is lost.
    fn is_published(&self) -> bool {
        fs::symlink_metadata(&self.temporary).is_err()
            && fs::symlink_metadata(&self.tasks).is_ok()
            && number(&self.tasks) == self.file
    }

    /// The lines of `path` that have left it already, by an interrupted redrive.
    ///
    /// # Errors
    /// When there is a journal that cannot be understood.
    pub(super) fn left(path: &Path, lines: &Lines) -> Result<Vec<usize>, CliError> {
        let Some(journal) = Self::find(path)?.filter(Self::is_published) else {
            return Ok(Vec::new());
        };
        // Equal lines are told apart by their number only.
        let mut left: BTreeMap<u64, usize> = BTreeMap::new();
        journal.lines.iter().for_each(|line| *left.entry(*line).or_default() += 1);
        let taken = |index: &usize| match left.get_mut(&of(lines.line(*index))) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        };
        Ok((0..lines.len()).filter(taken).collect())
    }

    /// Clears away what a redrive left that was interrupted before anything had happened. Only for
    /// the holder of the lock.
    ///
    /// # Errors
    /// When there is a journal that cannot be understood.
    pub(super) fn clear(path: &Path) -> Result<(), CliError> {
        let _ = fs::remove_file(Self::unfinished(path));
        if let Some(journal) = Self::find(path)?.filter(|journal| !journal.is_published()) {
            let ours = journal.temporary.file_name().map(|name| name.to_string_lossy());
            if ours.is_some_and(|name| name.starts_with(".redrive-") && name.ends_with(".tmp")) {
                let _ = fs::remove_file(&journal.temporary);
            }
            Self::remove(path);
        }
        Ok(())
    }
}

/// The number of a file, which a change of its name does not change.
#[cfg(unix)]
fn number(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(path).ok().map(|known| known.ino())
}

#[cfg(not(unix))]
fn number(_: &Path) -> Option<u64> {
    None
}

/// Blanks around a line are not part of it.
fn of(line: &[u8]) -> u64 {
    hash(line.trim_ascii())
}
