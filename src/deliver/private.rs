//! Private files that appear whole or not at all.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use tempfile::NamedTempFile;

/// The largest file whose lines are edited, in bytes.
pub(super) const LARGEST: u64 = 1 << 20;

/// How the names of drafts begin.
const PREFIX: &str = ".fgtkey-";
/// How they end.
const SUFFIX: &str = ".draft";

/// A file beside its future place, mode 0600, filled so that the room for the key is already taken on disk.
///
/// Dropped unused it is removed; nothing is left behind.
pub(super) struct PrivateFile {
    draft: NamedTempFile,
    directory: PathBuf,
}

impl PrivateFile {
    /// Creates the file in `directory` and takes room for `room` bytes on the disk.
    ///
    /// Fails when the directory takes no new files, and when the disk or a quota is full.
    pub(super) fn reserve(directory: &Path, room: usize) -> io::Result<Self> {
        sweep(directory);
        let draft = locked_draft(directory)?;
        take_room(draft.as_file(), 0, room)?;
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

    /// As [`PrivateFile::create`], but it is on the disk only when the file system is synced.
    pub(super) fn create_unsynced(mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes)?;
        self.draft.persist_noclobber(path).map(drop).map_err(|error| error.error)
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
        self.write(bytes)?;
        self.draft.as_file().sync_all()
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u64::try_from(bytes.len()).map_err(io::Error::other)?;
        let file = self.draft.as_file_mut();
        file.rewind()?;
        file.write_all(bytes)?;
        file.set_len(length)
    }
}

/// Takes the blocks without waiting for the disk, which thousands of devices would feel; where the file system cannot do
/// that, by writing them.
pub(super) fn take_room(file: &File, at: u64, room: usize) -> io::Result<()> {
    match allocated(file, at, room) {
        Err(Errno::EOPNOTSUPP | Errno::EINVAL | Errno::ENOSYS) => {
            file.write_all_at(&vec![b' '; room], at)?;
            file.sync_all()
        }
        allocated => Ok(allocated?),
    }
}

#[cfg(target_os = "linux")]
fn allocated(file: &File, at: u64, room: usize) -> Result<(), Errno> {
    let at = nix::libc::off_t::try_from(at).map_err(|_| Errno::EFBIG)?;
    let room = nix::libc::off_t::try_from(room).map_err(|_| Errno::EFBIG)?;
    nix::fcntl::posix_fallocate(file, at, room)
}

#[cfg(not(target_os = "linux"))]
fn allocated(_: &File, _: u64, _: usize) -> Result<(), Errno> {
    Err(Errno::ENOSYS)
}

/// A draft with a lock on it, by which other runs know that it is not abandoned as long as we live. One that another run swept
/// away before it was locked is made again.
fn locked_draft(directory: &Path) -> io::Result<NamedTempFile> {
    loop {
        // `tempfile` creates with O_EXCL and mode 0600 whatever the umask.
        let named = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempfile_in(directory);
        let draft = named.map_err(without_path)?;
        match draft.as_file().try_lock() {
            Ok(()) if draft.as_file().metadata()?.nlink() > 0 => return Ok(draft),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Removes drafts of runs that were killed: a key may be in one. A run that is alive holds a lock on its own. Each directory
/// is looked at once by a run: there may be thousands of keys in it.
pub(super) fn sweep(directory: &Path) {
    static SWEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let first = SWEPT.lock().is_ok_and(|mut swept| swept.insert(directory.to_owned()));
    if !first {
        return;
    }
    let Ok(entries) = fs::read_dir(directory) else { return };
    let is_draft = |entry: &fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with(PREFIX) && name.ends_with(SUFFIX)
    };
    for entry in entries.flatten().filter(is_draft) {
        // What cannot be opened or removed belongs to somebody else.
        let _ = remove_abandoned(&entry.path());
    }
}

fn remove_abandoned(path: &Path) -> io::Result<()> {
    let file = open_to_wipe(path)?;
    file.try_lock().map_err(io::Error::from)?;
    // Ours are private files of one name; nothing else is overwritten.
    let found = file.metadata()?;
    if !found.is_file() || found.nlink() != 1 || found.mode() & 0o077 != 0 || found.uid() != geteuid().as_raw() {
        return Ok(());
    }
    // Its run may have moved it to its place and ended before we had the lock: then it is no draft any more.
    let (opened, named) = (file.metadata()?, fs::symlink_metadata(path)?);
    if (opened.dev(), opened.ino()) != (named.dev(), named.ino()) {
        return Ok(());
    }
    wipe(file, path)
}

/// Overwrites the file at `path` and removes it. It is gone under its name at once, and what is left of it when we are killed
/// is an abandoned draft.
pub(super) fn discard(path: &Path) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!("{PREFIX}{name}{SUFFIX}"));
    let file = open_to_wipe(path)?;
    fs::rename(path, &draft)?;
    // Should the power fail now, what comes back is a draft without the key.
    wipe(file, &draft)
}

fn open_to_wipe(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits()).open(path)
}

fn wipe(mut file: File, path: &Path) -> io::Result<()> {
    let length = usize::try_from(file.metadata()?.len().min(LARGEST)).unwrap_or_default();
    let overwritten = file.write_all(&vec![0; length]).and_then(|()| file.sync_all());
    fs::remove_file(path).and(overwritten)
}

/// `tempfile` puts the draft's own name into its errors, which says nothing to anybody.
fn without_path(error: io::Error) -> io::Error {
    io::Error::from(error.kind())
}

/// Makes a rename last: the directory is what holds the name.
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
