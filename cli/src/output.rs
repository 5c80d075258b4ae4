//! Where results go: the standard output, and folders of files.
//!
//! Text for people is painted and made safe; data go out byte for byte. Both are written past the
//! standard library's handle, which takes a closed output for a success.

use std::{
    fmt::Arguments,
    fs,
    io::{self, BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
};

use redrive::wire::is_hidden;
use tempfile::NamedTempFile;

use crate::{
    error::{CliError, plain},
    files::write_whole,
    paint::painted,
};

/// A file to be written.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Its name inside the folder.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) bytes: Vec<u8>,
}

/// The standard output, for data.
///
/// # Errors
/// When it is closed.
pub(crate) fn raw() -> Result<BufWriter<fs::File>, CliError> {
    Ok(BufWriter::with_capacity(1 << 16, stdout()?))
}

#[cfg(unix)]
fn stdout() -> io::Result<fs::File> {
    use std::os::fd::AsFd;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
fn stdout() -> io::Result<fs::File> {
    use std::os::windows::io::AsHandle;
    Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
}

/// Writes data to the standard output, byte for byte.
///
/// # Errors
/// When the output is closed or full.
pub(crate) fn data(bytes: &[u8]) -> Result<(), CliError> {
    Ok(stdout()?.write_all(bytes)?)
}

/// Whether what is written to the standard output is gone: to the null device, which also replaces
/// an output that was closed before the program began.
#[cfg(unix)]
pub(crate) fn is_lost() -> bool {
    use std::os::unix::fs::MetadataExt;
    let null = fs::metadata("/dev/null");
    let own = stdout().and_then(|out| out.metadata());
    matches!((own, null), (Ok(own), Ok(null)) if own.rdev() == null.rdev() && own.rdev() != 0)
}

/// Whether what is written to the standard output is gone.
#[cfg(not(unix))]
pub(crate) fn is_lost() -> bool {
    false
}

/// Prints `text` for people, with colours where they are wanted.
///
/// # Errors
/// When the output is closed or full.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    data(painted(text, colours(&io::stdout())).as_bytes())
}

/// Prints our own help, which brings its styles along.
///
/// # Errors
/// When the output is closed or full.
pub(crate) fn help(text: &str) -> Result<(), CliError> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// What should be known of the input, to the standard error: results stay what they are.
pub(crate) fn notes(notes: &[String]) {
    for note in notes {
        tell(&format!("note: {note}\n"));
    }
}

/// Writes a message beside the result. Failing to write it changes nothing.
pub(crate) fn tell(text: &str) {
    let _ = io::stderr().write_all(painted(text, colours(&io::stderr())).as_bytes());
}

fn colours(stream: &impl anstream::stream::RawStream) -> bool {
    anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never
}

/// Prints for people piece by piece: `write!(printer, ...)?`.
pub(crate) struct Printer {
    out: BufWriter<fs::File>,
    colours: bool,
}

impl Printer {
    /// Prints to the standard output.
    ///
    /// # Errors
    /// When it is closed.
    pub(crate) fn new() -> Result<Self, CliError> {
        Ok(Self { out: raw()?, colours: colours(&io::stdout()) })
    }

    /// What `write!` calls.
    pub(crate) fn write_fmt(&mut self, text: Arguments<'_>) -> Result<(), CliError> {
        Ok(self.out.write_all(painted(&text.to_string(), self.colours).as_bytes())?)
    }

    /// Everything is out.
    pub(crate) fn flush(&mut self) -> Result<(), CliError> {
        Ok(self.out.flush()?)
    }
}

/// JSON with an escape in the place of every character that does not show itself: its value is the
/// same, and no terminal takes it for a command.
pub(crate) fn plain_json(json: String) -> String {
    let hidden = |c: char| is_hidden(c) && c != '\n';
    if !json.contains(hidden) {
        return json;
    }
    let mut plain = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        match c {
            c if hidden(c) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    plain.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => plain.push(c),
        }
    }
    plain
}

/// The columns to fill: of the terminal, of `COLUMNS`, or 100.
pub(crate) fn width() -> usize {
    let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    given
        .or_else(|| if io::stdout().is_terminal() { terminal() } else { None })
        .unwrap_or(100)
        .clamp(40, 1_000)
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
            let why = "is a file; name a folder, which is made if it does not exist";
            return Err(CliError::Usage(format!("--out {shown} {why}")));
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
            CliError::Usage(format!(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_json_has_the_same_value() {
        let json = serde_json::to_string("a\u{7f}\u{9b}\u{202e}\u{e0041}\u{1b}é").expect("JSON");
        let plain = plain_json(json);
        assert_eq!(plain, r#""a\u007f\u009b\u202e\udb40\udc41\u001bé""#);
        let read: String = serde_json::from_str(&plain).expect("JSON");
        assert_eq!(read, "a\u{7f}\u{9b}\u{202e}\u{e0041}\u{1b}é");
    }
}
