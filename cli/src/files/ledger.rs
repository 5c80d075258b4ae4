//! A file of lines that other programs append to, changed without losing one of theirs.
//!
//! Where the file is quiet it is replaced: what is left is written beside it, and takes its name in
//! one step. Lines that came just before that step are found in the old file and carried over.
//!
//! Where it is not (it grew while we worked, another process has it open, it has a second name, its
//! owner could not be kept, or nothing can be written beside it) the lines that go are overwritten
//! with blanks where they are. Blanks around a line mean nothing in JSON, and an appender, which
//! writes at the end only, cannot be in the way, even if it keeps the file open and knows no locks.
//! The next change in quiet takes the blanks out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::{Fresh, Lines, folder_of, journal::Journal, lock, resolved, whole};
use crate::{error::CliError, interrupt::Commit};

/// The lines of `path` that an interrupted redrive has taken already, for readers.
///
/// # Errors
/// When there is a journal that cannot be understood.
pub(crate) fn left(path: &Path, lines: &Lines) -> Result<Vec<usize>, CliError> {
    Journal::left(&resolved(path), lines)
}

/// A file of lines, read and locked. The lock goes with it.
#[derive(Debug)]
pub(crate) struct Ledger {
    file: File,
    /// Where it is, links followed.
    path: PathBuf,
    /// What the user calls it.
    shown: PathBuf,
    lines: Lines,
    /// Lines that an interrupted redrive has taken already.
    left: Vec<usize>,
}

/// What becomes of the lines.
#[derive(Debug, Default)]
pub(crate) struct Change {
    /// Lines that go.
    pub(crate) removed: BTreeSet<usize>,
    /// Lines that others take the place of, each with its end.
    pub(crate) replaced: BTreeMap<usize, String>,
}

impl Ledger {
    /// Opens and locks `path`, and reads it.
    ///
    /// # Errors
    /// When it cannot be read and written, or another program keeps it.
    pub(crate) fn open(path: &Path) -> Result<Self, CliError> {
        let place = resolved(path);
        let mut file = lock::open(&place, &path.display().to_string())?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| CliError::read(path, error))?;
        let lines = Lines::new(bytes);
        Journal::clear(&place)?;
        let left = Journal::left(&place, &lines)?;
        Ok(Self { file, path: place, shown: path.to_owned(), lines, left })
    }

    /// Its lines.
    pub(crate) fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Lines that are in it only because a redrive was interrupted.
    pub(crate) fn left(&self) -> &[usize] {
        &self.left
    }

    /// Makes everything ready for `change`, so that what can go wrong goes wrong now.
    ///
    /// # Errors
    /// When what is left cannot be written.
    pub(crate) fn prepare(self, mut change: Change) -> Result<Prepared, CliError> {
        change.removed.extend(&self.left);
        let nothing = change.removed.is_empty() && change.replaced.is_empty();
        let quiet = !nothing && !self.is_shared() && !self.has_grown();
        let successor = if quiet { self.successor(&change) } else { None };
        Ok(Prepared { ledger: self, change, successor })
    }

    /// What is left, beside the file; `None` where it cannot be there as it should.
    fn successor(&self, change: &Change) -> Option<NamedTempFile> {
        let mut file = whole::successor(&self.path, &self.file)?;
        let mut out = io::BufWriter::new(file.as_file_mut());
        for index in 0..self.lines.len() {
            let line = match change.replaced.get(&index) {
                _ if change.removed.contains(&index) => continue,
                Some(new) => new.as_bytes(),
                None => self.lines.line(index),
            };
            // The blanks of an earlier change go; a line without an end stays without one.
            let start = line.iter().position(|byte| *byte != b' ').unwrap_or(0);
            out.write_all(line.get(start..).unwrap_or_default()).ok()?;
        }
        out.flush().ok()?;
        drop(out);
        file.as_file().sync_all().ok()?;
        // A process that waits for the old file finds the new one locked until we are done.
        fs4::FileExt::try_lock(file.as_file()).ok()?;
        Some(file)
    }

    fn has_grown(&self) -> bool {
        !self.file.metadata().is_ok_and(|now| now.len() == self.lines.size())
    }

    /// Whether the file has another name, or another process could write to it.
    #[cfg(unix)]
    fn is_shared(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        match self.file.metadata() {
            Ok(known) => known.nlink() > 1 || is_open_elsewhere(known.dev(), known.ino()),
            Err(_) => true,
        }
    }

    #[cfg(not(unix))]
    fn is_shared(&self) -> bool {
        false
    }
}

/// Whether a process that we may look at has the file open to write it. Only Linux tells.
#[cfg(unix)]
fn is_open_elsewhere(device: u64, inode: u64) -> bool {
    use std::os::unix::fs::MetadataExt;
    let own = std::process::id().to_string();
    let entries = |path: &Path| std::fs::read_dir(path).into_iter().flatten().flatten();
    let processes = entries(Path::new("/proc")).filter(|process| {
        let name = process.file_name();
        let name = name.to_string_lossy();
        *name != *own && name.bytes().all(|byte| byte.is_ascii_digit())
    });
    processes.flat_map(|process| entries(&process.path().join("fd"))).any(|opened| {
        let same = |known: std::fs::Metadata| (known.dev(), known.ino()) == (device, inode);
        std::fs::metadata(opened.path()).is_ok_and(same)
    })
}

/// A change that is ready.
#[derive(Debug)]
pub(crate) struct Prepared {
    ledger: Ledger,
    change: Change,
    successor: Option<NamedTempFile>,
}

impl Prepared {
    /// Makes the change.
    ///
    /// # Errors
    /// When the file cannot be changed after all.
    pub(crate) fn apply(self) -> Result<(), CliError> {
        self.apply_in(&mut Commit::begin())
    }

    /// Gives `tasks` their name and makes the change, in one step for other runs of this
    /// program.
    ///
    /// # Errors
    /// When the name is taken: then nothing has changed. When the file cannot be changed after all.
    pub(crate) fn apply_with(self, tasks: Fresh) -> Result<(), CliError> {
        let mut commit = Commit::begin();
        let path = self.ledger.path.clone();
        // Where nothing can be written beside the file, a kill in the next moment leaves letters in both.
        let _ = Journal::write(&path, &tasks, &self.ledger.lines, &self.change.removed);
        let folder = folder_of(tasks.place()).to_owned();
        if let Err(error) = tasks.publish(&mut commit) {
            Journal::remove(&path);
            return Err(error);
        }
        let changed = self.apply_in(&mut commit);
        whole::sync_folder(&folder);
        changed
    }

    fn apply_in(mut self, commit: &mut Commit) -> Result<(), CliError> {
        if self.change.removed.is_empty() && self.change.replaced.is_empty() {
            // No line of it is left in the file: of a journal that an earlier program left, either.
            Journal::remove(&self.ledger.path);
            return Ok(());
        }
        let shown = self.ledger.shown.clone();
        let failed = |error| CliError::write(&shown, error);
        // The last look: from here on nothing but the new name is to be done.
        let quiet = !self.ledger.has_grown() && !self.ledger.is_shared();
        match self.successor.take().filter(|_| quiet) {
            Some(successor) => self.replace(successor, commit).map_err(failed)?,
            None => self.blank().map_err(failed)?,
        }
        Journal::remove(&self.ledger.path);
        Ok(())
    }

    /// The new file takes the name of the old one.
    fn replace(&self, successor: NamedTempFile, commit: &mut Commit) -> io::Result<()> {
        commit.keep(successor.path());
        // It is locked until this returns.
        let _new = successor.persist(&self.ledger.path).map_err(|error| error.error)?;
        // Another program may have had the old file open for the moment of an append.
        let mut old = &self.ledger.file;
        old.seek(SeekFrom::Start(self.ledger.lines.size()))?;
        self.carry_over(old)?;
        whole::sync_folder(folder_of(&self.ledger.path));
        self.carry_over(old)
    }

    /// Appends what the old file has got since to the new one.
    fn carry_over(&self, mut old: &File) -> io::Result<()> {
        let mut late = Vec::new();
        old.read_to_end(&mut late)?;
        if late.is_empty() { Ok(()) } else { append(&self.ledger.path, &late) }
    }

    /// Overwrites what goes with blanks.
    fn blank(&self) -> io::Result<()> {
        let lines = &self.ledger.lines;
        if !self.change.replaced.is_empty() {
            let new: String = self.change.replaced.values().map(String::as_str).collect();
            append(&self.ledger.path, new.as_bytes())?;
        }
        let gone = |index: usize| {
            self.change.removed.contains(&index) || self.change.replaced.contains_key(&index)
        };
        let kept = |index: &usize| !gone(*index);
        let last = (0..lines.len()).rev().find(kept);
        for index in (0..lines.len()).filter(|index| gone(*index)) {
            let Range { start, end } = lines.range(index);
            match last {
                // Its end goes, too: it becomes blanks before the next line that stays.
                Some(last) if index < last => self.overwrite(start..end)?,
                _ => self.overwrite(start..end - usize::from(ends(lines.line(index))))?,
            }
        }
        self.shorten(last)?;
        self.ledger.file.sync_all()
    }

    /// After the last line that stays there are only blanks and ends of lines: they go, unless they are
    /// no longer at the end, or another process could be about to append.
    fn shorten(&self, last: Option<usize>) -> io::Result<()> {
        let lines = &self.ledger.lines;
        let rest = last.map_or(0, |last| lines.range(last).end);
        if rest as u64 == lines.size() || !self.change.replaced.is_empty() {
            return Ok(());
        }
        let alone = !self.ledger.has_grown() && !self.is_open_elsewhere();
        if alone {
            return self.ledger.file.set_len(rest as u64);
        }
        // All of it becomes blanks at the end of the line that stays, and its end becomes theirs.
        let (size, ended) = (lines.bytes().len(), ends(lines.line(lines.len() - 1)));
        match (last, ended) {
            (_, false) => self.overwrite(rest..size),
            (None, true) => self.overwrite(0..size - 1),
            (Some(_), true) => self.overwrite(rest - 1..size - 1),
        }
    }

    #[cfg(unix)]
    fn is_open_elsewhere(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        let known = self.ledger.file.metadata();
        known.map_or(true, |known| is_open_elsewhere(known.dev(), known.ino()))
    }

    #[cfg(not(unix))]
    fn is_open_elsewhere(&self) -> bool {
        false
    }

    fn overwrite(&self, range: Range<usize>) -> io::Result<()> {
        let mut file = &self.ledger.file;
        file.seek(SeekFrom::Start(range.start as u64))?;
        file.write_all(&vec![b' '; range.len()])
    }
}

/// Whether a line has its end.
fn ends(line: &[u8]) -> bool {
    line.last() == Some(&b'\n')
}

/// Appends whole lines in one write, as every appender should.
fn append(path: &Path, lines: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).open(path)?;
    let mut bytes = Vec::with_capacity(lines.len() + 1);
    let torn = file.seek(SeekFrom::End(-1)).is_ok() && {
        let mut last = [0];
        file.read_exact(&mut last)?;
        last != *b"\n"
    };
    if torn {
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(lines);
    file.write_all(&bytes)
}
