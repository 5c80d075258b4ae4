//! Reading files, not without end.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::error::CliError;

/// Bytes of a policy, a scenario or a result at most.
pub(crate) const DOCUMENT: u64 = 256 << 20;
/// Bytes at most of a file that a scenario names.
const DATA: u64 = 256 << 20;
/// Bytes at most of what has no size of its own (a pipe, the standard input).
const STREAM: u64 = 1 << 30;

/// What the standard input is called.
pub(crate) const STDIN: &str = "standard input";

/// The name and the text of a file of at most `most` bytes; `-` is the standard input.
///
/// # Errors
/// When it cannot be read, is too long, a device, or not UTF-8.
pub(crate) fn text(path: &Path, most: u64) -> Result<(String, String), CliError> {
    let (name, bytes) = bytes(path, most)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok((name, text)),
        Err(error) => {
            let source = io::Error::new(io::ErrorKind::InvalidData, error.utf8_error());
            Err(CliError::Read { name, source })
        }
    }
}

/// The name and the bytes of a file of at most `most` bytes; `-` is the standard input.
///
/// # Errors
/// When it cannot be read, is too long, or a device.
pub(crate) fn bytes(path: &Path, most: u64) -> Result<(String, Vec<u8>), CliError> {
    let (name, read) = match path == Path::new("-") {
        true => (STDIN.to_owned(), limited(io::stdin(), most.min(STREAM))),
        false => (path.display().to_string(), of_file(path, most)),
    };
    match read {
        Ok(bytes) => Ok((name, bytes)),
        Err(source) => Err(CliError::Read { name, source }),
    }
}

fn of_file(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // Before it is opened: some devices do something then.
    let most = match fs::metadata(path)? {
        known if known.is_file() => most,
        known if known.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        known if is_device(&known) => return Err(io::Error::other("it is a device, not a file")),
        _ => most.min(STREAM),
    };
    limited(File::open(path)?, most)
}

fn limited(file: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it has more than {} MB", most >> 20)));
    }
    Ok(bytes)
}

#[cfg(unix)]
fn is_device(known: &fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    known.file_type().is_char_device() || known.file_type().is_block_device()
}

#[cfg(not(unix))]
fn is_device(_: &fs::Metadata) -> bool {
    false
}

/// Which files a scenario may name.
///
/// A scenario can come from anywhere, so it reaches what lies in its own folder and below, and what the
/// user names on the command line; nothing else, by whatever links.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach {
    /// The scenario's folder; a scenario that is not a file has none.
    pub(crate) folder: Option<PathBuf>,
    /// Names typed as part of a setting: they start from where the user is.
    pub(crate) typed: Vec<String>,
    /// Files that `--allow-file` names.
    pub(crate) allowed: Vec<PathBuf>,
}

impl Reach {
    /// Of the scenario in the file `path`.
    pub(crate) fn of(path: &Path, allowed: &[PathBuf]) -> Self {
        let folder = (path != Path::new("-")).then(|| match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        });
        Self { folder, typed: Vec::new(), allowed: allowed.to_vec() }
    }

    /// The text of the file that a scenario calls `file`.
    ///
    /// # Errors
    /// Why it cannot be read, in words that go on from its name.
    pub(crate) fn text(&self, file: &str) -> Result<String, String> {
        let bytes = self.bytes(file)?;
        String::from_utf8(bytes).map_err(|_| "cannot be read: it is not UTF-8 text".to_owned())
    }

    /// The bytes of the file that a scenario calls `file`.
    ///
    /// # Errors
    /// Why it cannot be read, in words that go on from its name.
    pub(crate) fn bytes(&self, file: &str) -> Result<Vec<u8>, String> {
        let path = self.find(file)?;
        let plain = |error: &io::Error| format!("cannot be read: {}", crate::error::plain(error));
        let known = fs::metadata(&path).map_err(|error| plain(&error))?;
        if !known.is_file() {
            return Err("cannot be read: it is not a regular file".to_owned());
        }
        limited(File::open(&path).map_err(|error| plain(&error))?, DATA)
            .map_err(|error| plain(&error))
    }

    fn find(&self, file: &str) -> Result<PathBuf, String> {
        if self.typed.iter().any(|typed| typed == file) {
            return Ok(PathBuf::from(file));
        }
        let path = self.folder.as_deref().unwrap_or(Path::new(".")).join(file);
        let missing = |error: io::Error| {
            let path = path.display();
            format!("cannot be read from {path}: {}", crate::error::plain(&error))
        };
        let real = path.canonicalize();
        let allowed = |real: &Path| {
            self.allowed.iter().any(|known| known.canonicalize().is_ok_and(|known| known == real))
        };
        let below = |real: &Path| {
            let folder = self.folder.as_deref().and_then(|folder| folder.canonicalize().ok());
            folder.is_some_and(|folder| real.starts_with(folder))
        };
        match real {
            Ok(real) if below(&real) || allowed(&real) => Ok(real),
            // What is not there is told only of where the scenario may look.
            Err(error) if self.folder.is_some() && is_plain(Path::new(file)) => Err(missing(error)),
            Ok(_) | Err(_) => Err(format!(
                "is outside the scenario's own folder; if you want it to be read, say --allow-file {}",
                path.display()
            )),
        }
    }
}

/// Whether a path leads down only.
fn is_plain(path: &Path) -> bool {
    path.components().all(|part| matches!(part, std::path::Component::Normal(_)))
}
