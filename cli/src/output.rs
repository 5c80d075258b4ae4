//! Where results go: the standard output, and files that are whole or not there.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::error::{CliError, plain};

/// A file to be written.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Its name inside the folder.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) bytes: Vec<u8>,
}

/// Prints `text`, with colours where they are wanted.
///
/// # Errors
/// When the output is closed or full.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// What should be known of the input, to the standard error: results stay what they are.
pub(crate) fn notes(notes: &[String]) {
    for note in notes {
        anstream::eprintln!("note: {note}");
    }
}

/// The columns to fill: of the terminal, of `COLUMNS`, or 100.
pub(crate) fn width() -> usize {
    let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    given
        .or_else(|| if io::stdout().is_terminal() { terminal() } else { None })
        .unwrap_or(100)
        .max(40)
}

/// A folder to write into, checked before any work is done.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes sure that files can be written to `path`, without leaving anything there.
    ///
    /// # Errors
    /// When it is a file, or cannot be written to.
    pub(crate) fn check(path: &Path) -> Result<Self, CliError> {
        let shown = path.display();
        if path.exists() && !path.is_dir() {
            return Err(CliError::input(format!(
                "--out {shown} is a file; name a folder, which is made if it does not exist"
            )));
        }
        // The folder itself, or the nearest one above that exists.
        let mut place = path;
        while !place.exists() {
            place = match place.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                _ => Path::new("."),
            };
        }
        let refused = |why: String| {
            CliError::input(format!(
                "--out {shown} cannot be written to ({why}); name another folder"
            ))
        };
        if !place.is_dir() {
            return Err(refused(format!("{} is a file", place.display())));
        }
        NamedTempFile::new_in(place).map_err(|error| refused(plain(&error)))?;
        Ok(Self(path.to_owned()))
    }

    /// Writes all `files`, each under a temporary name first.
    ///
    /// # Errors
    /// When one cannot be written.
    pub(crate) fn write(&self, files: &[File]) -> Result<(), CliError> {
        for file in files {
            write_whole(&self.0.join(&file.name), &file.bytes)?;
        }
        Ok(())
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

/// Writes a file so that it is either there whole or as it was before.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let failed = |error: &io::Error| {
        CliError::input(format!("cannot write {}: {}", path.display(), plain(error)))
    };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".redrive-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any file that is made; a file that is replaced keeps its own.
        let mode = fs::metadata(path).map_or(0o666, |known| known.permissions().mode() & 0o777);
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    let mut temporary = builder.tempfile_in(folder).map_err(|error| failed(&error))?;
    temporary.write_all(bytes).map_err(|error| failed(&error))?;
    temporary.as_file().sync_all().map_err(|error| failed(&error))?;
    temporary.persist(path).map_err(|error| failed(&error.error))?;
    Ok(())
}
