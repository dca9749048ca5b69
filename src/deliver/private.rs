//! Private files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// The largest file whose lines are edited, in bytes.
pub(super) const LARGEST: u64 = 1 << 20;

/// A file beside its future place, mode 0600, filled so that the room for the key is already taken on disk.
///
/// Dropped unused it is removed; nothing is left behind.
pub(super) struct PrivateFile {
    draft: NamedTempFile,
    directory: PathBuf,
}

impl PrivateFile {
    /// Creates the file in `directory` and fills it with `room` bytes, written through to the disk.
    ///
    /// Fails when the directory takes no new files, and when the disk or a quota is full.
    pub(super) fn reserve(directory: &Path, room: usize) -> io::Result<Self> {
        // `tempfile` creates with O_EXCL and mode 0600 whatever the umask.
        let mut draft = tempfile::Builder::new().prefix(".fgtkey-").tempfile_in(directory).map_err(without_path)?;
        draft.as_file_mut().write_all(&vec![b' '; room])?;
        draft.as_file().sync_all()?;
        Ok(PrivateFile { draft, directory: directory.to_owned() })
    }

    /// Writes `bytes` and moves the file to `path`, which must be in the same directory; an existing file is replaced and
    /// its owner kept.
    pub(super) fn replace(mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.fill(bytes)?;
        self.keep_owner(path);
        self.draft.persist(path).map_err(|error| error.error)?;
        sync_directory(&self.directory)
    }

    /// As [`PrivateFile::replace`], but fails when something is at `path` already.
    pub(super) fn create(mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.fill(bytes)?;
        self.draft.persist_noclobber(path).map_err(|error| error.error)?;
        sync_directory(&self.directory)
    }

    /// Gives the file to the owner of what it replaces: root in a container must not lock out the user outside it. Who may
    /// not do that keeps the file, private as it is.
    fn keep_owner(&self, path: &Path) {
        if let Ok(old) = fs::metadata(path) {
            let _ = fchown(self.draft.as_file(), Some(old.uid()), Some(old.gid()));
        }
    }

    /// Overwrites the filling first and cuts afterwards, so that the reserved blocks are the ones used.
    fn fill(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u64::try_from(bytes.len()).map_err(io::Error::other)?;
        let file = self.draft.as_file_mut();
        file.rewind()?;
        file.write_all(bytes)?;
        file.set_len(length)?;
        file.sync_all()
    }
}

/// `tempfile` puts the draft's own name into its errors, which says nothing to anybody.
fn without_path(error: io::Error) -> io::Error {
    io::Error::from(error.kind())
}

/// Makes a rename last: the directory is what holds the name.
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
