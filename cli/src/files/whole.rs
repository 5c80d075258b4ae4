//! Files that are there whole or not at all.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::folder_of;
use crate::{
    error::CliError,
    interrupt::{self, Commit},
};

/// A file under a temporary name in `folder`; it goes if nothing comes of it.
fn temporary(folder: &Path, mode: u32) -> std::io::Result<NamedTempFile> {
    made(tempfile::Builder::new().prefix(".redrive-").suffix(".tmp"), folder, mode)
}

/// The same under the name `place`, where nothing may be.
fn named(place: &Path, mode: u32) -> std::io::Result<NamedTempFile> {
    let name = place.file_name().unwrap_or_default();
    made(tempfile::Builder::new().prefix(name).rand_bytes(0), folder_of(place), mode)
}

fn made(
    builder: &mut tempfile::Builder<'_, '_>,
    folder: &Path,
    mode: u32,
) -> std::io::Result<NamedTempFile> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = mode;
    let temporary = builder.tempfile_in(folder)?;
    interrupt::temporary(temporary.path());
    Ok(temporary)
}

/// The permission bits of a file; `usual` for one that is not there.
fn mode(path: &Path, usual: u32) -> u32 {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        match fs::symlink_metadata(path) {
            Ok(known) if known.is_file() => known.permissions().mode() & 0o777,
            _ => usual,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        usual
    }
}

/// Writes a file so that it is either there whole or as it was before. A link in its place is replaced:
/// what it points to is not ours.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let failed = |error| CliError::write(path, error);
    fs::create_dir_all(folder_of(path)).map_err(failed)?;
    // As any file that is made; a file that is replaced keeps its own.
    let mut file = temporary(folder_of(path), mode(path, 0o666)).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    let mut commit = Commit::begin();
    commit.keep(file.path());
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// A file with payloads that is written, and not yet there under its name: it never takes the place of
/// another.
#[derive(Debug)]
pub(crate) struct Fresh {
    file: NamedTempFile,
    place: PathBuf,
}

impl Fresh {
    /// Writes `bytes` beside `place`.
    ///
    /// # Errors
    /// When there is something at `place`, or nothing can be written there.
    pub(crate) fn write(place: &Path, bytes: &[u8]) -> Result<Self, CliError> {
        let failed = |error| CliError::write(place, error);
        if fs::symlink_metadata(place).is_ok() {
            return Err(exists(place));
        }
        let folder = folder_of(place);
        fs::create_dir_all(folder).map_err(failed)?;
        let mut file = temporary(folder, 0o600).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        Ok(Self { file, place: place.to_owned() })
    }

    /// The name that it gets.
    pub(super) fn place(&self) -> &Path {
        &self.place
    }

    /// Where it is until it has its name.
    pub(super) fn temporary(&self) -> &Path {
        self.file.path()
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// When another file has got it meanwhile: that one stays.
    pub(super) fn publish(self, commit: &mut Commit) -> Result<(), CliError> {
        commit.keep(self.file.path());
        match self.file.persist_noclobber(&self.place) {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(exists(&self.place))
            }
            Err(error) => Err(CliError::write(&self.place, error.error)),
        }
    }
}

fn exists(place: &Path) -> CliError {
    let why = "exists already and may hold tasks that were not taken yet; name another file";
    CliError::Conflict { name: format!("--to {}", place.display()), why: why.to_owned() }
}

/// Has the names in a folder written down. Not every system can, and none loses more than the last
/// change of names without it.
pub(super) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// A file that is to take the place of `path`: with its owner, its mode and what other programs
/// stored beside its content; `None` where those cannot be kept.
pub(super) fn successor(path: &Path, of: &File) -> Option<NamedTempFile> {
    // The name is always the same: what a kill left there goes now.
    let name = path.file_name()?.to_string_lossy().into_owned();
    let place = folder_of(path).join(format!(".{name}.redrive-next"));
    if fs::symlink_metadata(&place).is_ok() {
        fs::remove_file(&place).ok()?;
    }
    let file = named(&place, mode(path, 0o600)).ok()?;
    keeps_attributes(&file, of).then_some(file)
}

#[cfg(unix)]
fn keeps_attributes(file: &NamedTempFile, of: &File) -> bool {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let (Ok(own), Ok(known)) = (file.as_file().metadata(), of.metadata()) else { return false };
    let owned = (own.uid(), own.gid()) == (known.uid(), known.gid())
        || fchown(file.as_file(), Some(known.uid()), Some(known.gid())).is_ok();
    // After the owner: a change of owner takes bits away. A umask did, too.
    let permissions = fs::Permissions::from_mode(known.permissions().mode() & 0o7777);
    owned && file.as_file().set_permissions(permissions).is_ok()
}

#[cfg(not(unix))]
fn keeps_attributes(_: &NamedTempFile, _: &File) -> bool {
    true
}
