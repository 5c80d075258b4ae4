//! A store in a folder: a snapshot, and a log with a line for everything that happened after it.
//!
//! `snapshot-3.json` and `log-3.ndjson` belong together. A checkpoint writes the pair 4 and erases the
//! pair 3 when both files are on the disk. The newest whole pair counts.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use fs4::{FileExt, TryLockError};

use crate::store::{Saved, Store, StoreError};

/// Jobs in a folder of their own, as JSON that people and programs can read.
///
/// Every change is on the disk before it is acknowledged. The folder is locked while a worker has it.
#[derive(Debug)]
pub struct FileStore {
    folder: PathBuf,
    lock: Option<File>,
    log: Option<Log>,
    generation: u64,
}

#[derive(Debug)]
struct Log {
    file: File,
    path: PathBuf,
    /// How much of it is whole and on the disk.
    len: u64,
}

impl FileStore {
    /// The store in `folder`, which is made if it is not there. Nothing is read or locked before a
    /// worker starts with it.
    pub fn new(folder: impl Into<PathBuf>) -> FileStore {
        FileStore { folder: folder.into(), lock: None, log: None, generation: 0 }
    }

    fn path(&self, name: &str, generation: u64, ending: &str) -> PathBuf {
        self.folder.join(format!("{name}-{generation}.{ending}"))
    }

    fn lock(&mut self) -> Result<(), StoreError> {
        if self.lock.is_some() {
            return Ok(());
        }
        let path = self.folder.join("lock");
        let wrong = |what: &str, error: io::Error| failed(what, &path, error);
        fs::create_dir_all(&self.folder).map_err(|e| failed("cannot make", &self.folder, e))?;
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|e| wrong("cannot open", e))?;
        match FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::new(format!(
                    "another worker has {}: stop it first, or give this one a folder of its own",
                    self.folder.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(wrong("cannot lock", error)),
        }
        self.lock = Some(file);
        Ok(())
    }

    /// The generations of which a snapshot is there, newest first.
    fn generations(&self) -> Result<Vec<u64>, StoreError> {
        let wrong = |error| failed("cannot read", &self.folder, error);
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(wrong)? {
            let name = entry.map_err(wrong)?.file_name();
            let number = name.to_str().and_then(|name| {
                name.strip_prefix("snapshot-")?.strip_suffix(".json")?.parse::<u64>().ok()
            });
            found.extend(number);
        }
        found.sort_unstable_by(|a, b| b.cmp(a));
        Ok(found)
    }

    /// Erases what older checkpoints and those that were cut off have left. What cannot be erased does
    /// no harm.
    fn tidy(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let number = |name: &str| -> Option<u64> {
                let (_, rest) = name.split_once('-')?;
                rest.split('.').next()?.parse().ok()
            };
            let ours = name.starts_with("snapshot-") || name.starts_with("log-");
            if ours && number(name).is_some_and(|n| n != self.generation) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn open_log(&mut self, len: u64) -> Result<(), StoreError> {
        let path = self.path("log", self.generation, "ndjson");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|e| failed("cannot open", &path, e))?;
        let mut log = Log { file, path, len };
        log.cut()?;
        self.log = Some(log);
        Ok(())
    }
}

impl Log {
    /// Cuts off what is not whole.
    fn cut(&mut self) -> Result<(), StoreError> {
        let cut = self.file.set_len(self.len).and_then(|()| self.file.seek(SeekFrom::End(0)));
        cut.map(drop).map_err(|e| failed("cannot write", &self.path, e))
    }

    fn append(&mut self, lines: &[String]) -> Result<(), StoreError> {
        let text = joined(lines);
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // What is there of it may be half a line: the next one must not follow it.
            let _ = self.cut();
            return Err(failed("cannot write", &self.path, error));
        }
        self.len += text.len() as u64;
        Ok(())
    }
}

impl Store for FileStore {
    fn load(&mut self) -> Result<Saved, StoreError> {
        self.lock()?;
        let Some(&generation) = self.generations()?.first() else {
            self.generation = 0;
            return Ok(Saved::default());
        };
        self.generation = generation;
        let path = self.path("snapshot", generation, "json");
        let snapshot = fs::read(&path).map_err(|e| failed("cannot read", &path, e))?;
        let path = self.path("log", generation, "ndjson");
        // It was on the disk before its snapshot: without it, what was acknowledged since is gone.
        let bytes = fs::read(&path).map_err(|e| failed("cannot read", &path, e))?;
        // A line without an end was cut off in the middle, and so was never acknowledged.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let text = std::str::from_utf8(&bytes[..whole]).map_err(|error| {
            StoreError::new(format!("{} is damaged: it is not UTF-8", path.display()))
                .because(error)
        })?;
        let lines = text.lines().map(str::to_owned).collect();
        self.open_log(whole as u64)?;
        self.tidy();
        Ok(Saved { snapshot: Some(snapshot), lines })
    }

    fn append(&mut self, lines: &[String]) -> Result<(), StoreError> {
        match &mut self.log {
            Some(log) => {
                // After an error the end may be unknown.
                log.cut()?;
                log.append(lines)
            }
            None => Err(StoreError::new("the store was not loaded")),
        }
    }

    fn checkpoint(&mut self, snapshot: &[u8], lines: &[String]) -> Result<(), StoreError> {
        let next = self.generation + 1;
        // The snapshot comes last: with it the new pair counts.
        let log = self.path("log", next, "ndjson");
        let text = joined(lines);
        write_whole(&log, text.as_bytes())?;
        let part = self.path("snapshot", next, "json.part");
        write_whole(&part, snapshot)?;
        let sync =
            || sync_folder(&self.folder).map_err(|e| failed("cannot write", &self.folder, e));
        sync()?;
        let path = self.path("snapshot", next, "json");
        fs::rename(&part, &path).map_err(|e| failed("cannot write", &path, e))?;
        // From here on it is what the next worker reads, whatever fails below.
        let synced = sync();
        self.generation = next;
        self.open_log(text.len() as u64)?;
        synced?;
        self.tidy();
        Ok(())
    }
}

fn joined(lines: &[String]) -> String {
    let mut text = String::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Writes a file so that it is whole on the disk; dead letters hold payloads, so only the owner reads it.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|e| failed("cannot write", path, e))
}

/// A name is on the disk when its folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn failed(what: &str, path: &Path, error: io::Error) -> StoreError {
    StoreError::new(format!("{what} {}", path.display())).because(error)
}
