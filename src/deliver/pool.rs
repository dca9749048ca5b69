//! The escrow of a run over a fleet: one file with a place for each device that is worked on, whose syncs they share.
//!
//! A key that is in a place when its run on the device is over, undelivered, moves to a file of its own, where
//! `fgtkey deliver --resume` finds it. What a program that is gone has left in its places is moved by the next one.

#[cfg(test)]
mod tests;

use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::private::{PrivateFile, take_room};
use crate::disk::{Disk, OnDisk, sync_all_beside};

/// The room of a place, in bytes: a record with its key, sealed to many recipients.
const ROOM: usize = 16 * 1024;

/// How the names of the files begin, and how they end.
const PREFIX: &str = ".fgtkey-";
const SUFFIX: &str = ".pool";

/// Whoever moves the keys of programs that are gone holds this one's lock.
const MENDING: &str = ".fgtkey-mending";

/// How the names of files begin that could not be read.
const DAMAGED: &str = "damaged-";

/// Places for keys.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    directory: PathBuf,
    disk: Disk,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Made with the first place.
    file: Option<(NamedTempFile, OnDisk)>,
    /// The places that nobody has, of the first `count`.
    free: Vec<u64>,
    count: u64,
}

/// A place with room for a key. Dropped with a key in it, that moves to its own file.
#[derive(Debug)]
pub(super) struct Place {
    pool: Pool,
    file: OnDisk,
    number: u64,
    /// How many bytes of it are written.
    written: usize,
    /// Its own file cannot be made: the key stays, for the next program.
    stays: bool,
}

/// What stands in front of a key: what is cut off or overwritten does not fit.
#[derive(Serialize, Deserialize)]
struct Heading {
    /// The file that the key belongs to.
    name: String,
    bytes: usize,
    sha256: String,
}

impl Pool {
    /// Whether somebody else's file of places is there, alive or not.
    pub(super) fn has_others(directory: &Path, own: Option<&Pool>) -> bool {
        let own = own.and_then(Pool::path);
        pools(directory).into_iter().any(|path| own.as_ref() != Some(&path))
    }

    /// Places in the escrow `directory`, synced with what else is on `disk`.
    pub fn new(directory: &Path, disk: &Disk) -> Pool {
        Pool(Arc::new(Inner { directory: directory.to_owned(), disk: disk.clone(), state: Mutex::default() }))
    }

    /// A place, its room taken on the disk.
    pub(super) fn reserve(&self) -> io::Result<Place> {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let file = self.0.file(&mut state)?;
        let number = match state.free.pop() {
            Some(number) => number,
            None => {
                take_room(file.file(), offset(state.count), ROOM)?;
                state.count += 1;
                state.count - 1
            }
        };
        Ok(Place { pool: self.clone(), file, number, written: 0, stays: false })
    }

    fn path(&self) -> Option<PathBuf> {
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.file.as_ref().map(|(named, _)| named.path().to_owned())
    }
}

impl Inner {
    fn file(&self, state: &mut State) -> io::Result<OnDisk> {
        if let Some((_, file)) = &state.file {
            return Ok(file.clone());
        }
        let named = locked(&self.directory)?;
        File::open(&self.directory)?.sync_all()?;
        let file = self.disk.takes(named.as_file().try_clone()?);
        state.file = Some((named, file.clone()));
        Ok(file)
    }
}

/// A new file with our lock on it. Between the two somebody may have taken it for one whose program is gone.
fn locked(directory: &Path) -> io::Result<NamedTempFile> {
    loop {
        // Created with O_EXCL and mode 0600 whatever the umask.
        let named = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempfile_in(directory)?;
        named.as_file().lock()?;
        if named.as_file().metadata()?.nlink() > 0 {
            return Ok(named);
        }
    }
}

impl Drop for Inner {
    /// All places are empty by now, overwritten on the disk before the file goes; or it stays, for what is still in it.
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some((named, file)) = state.file.take() {
            let _ = file.file().sync_data();
            drop(named);
        }
    }
}

impl Place {
    /// Whether so many bytes fit, with a name.
    pub(super) const fn has_room(bytes: usize) -> bool {
        bytes + 1024 <= ROOM
    }

    /// Keeps what belongs into the file `name` of the escrow. It is on the disk with what the run writes next.
    pub(super) fn keep(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let heading = Heading { name: name.to_owned(), bytes: bytes.len(), sha256: sha256(bytes) };
        let mut text = Zeroizing::new(Vec::with_capacity(ROOM));
        serde_json::to_writer(&mut *text, &heading)?;
        text.push(b'\n');
        text.extend_from_slice(bytes);
        self.written = text.len();
        self.file.write_at(&text, offset(self.number))
    }

    /// Overwrites what is in it.
    pub(super) fn wipe(&mut self) -> io::Result<()> {
        self.file.write_at(&vec![0; self.written], offset(self.number))?;
        self.written = 0;
        Ok(())
    }

    /// Overwrites the key: nobody needs it any more. Where that fails it moves to its file.
    pub(super) fn empty(mut self) {
        let _ = self.wipe();
    }

    /// Leaves the key where it is, on the disk, for the next program; where that is.
    pub(super) fn stay(mut self) -> io::Result<PathBuf> {
        self.file.file().sync_data()?;
        self.stays = true;
        self.pool.path().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// A key in it goes to its own file.
    fn moves_out(&mut self) -> io::Result<()> {
        let mut place = Zeroizing::new(vec![0; self.written]);
        self.file.file().read_exact_at(&mut place, offset(self.number))?;
        move_out(&self.pool.0.directory, &place)?;
        sync_all_beside(self.file.file())?;
        self.wipe()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // One that could not be emptied is left as it is, for the next program.
        if self.stays || (self.written > 0 && self.moves_out().is_err()) {
            return self.pool.0.abandon();
        }
        self.pool.0.state.lock().unwrap_or_else(PoisonError::into_inner).free.push(self.number);
    }
}

impl Inner {
    /// The file stays when this goes.
    fn abandon(&self) {
        if let Some((named, _)) = &mut self.state.lock().unwrap_or_else(PoisonError::into_inner).file {
            named.disable_cleanup(true);
        }
    }
}

/// Moves what programs that are gone have left in their places to the files where it belongs; `own` is our own pool.
pub(super) fn mend(directory: &Path, own: Option<&Pool>) -> io::Result<()> {
    if !Pool::has_others(directory, own) {
        return Ok(());
    }
    let own = own.and_then(Pool::path);
    let guard = File::options().create(true).truncate(false).write(true).mode(0o600).open(directory.join(MENDING))?;
    // Who comes second waits, and finds everything done.
    guard.lock()?;
    let others = pools(directory).into_iter().filter(|path| own.as_ref() != Some(path));
    others.into_iter().try_for_each(|path| mend_one(directory, &path))
}

fn mend_one(directory: &Path, path: &Path) -> io::Result<()> {
    // The end of a program that is alive comes at any time.
    let gone = |error: io::Error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) };
    let file = match File::options().read(true).write(true).custom_flags(OFlag::O_NOFOLLOW.bits()).open(path) {
        Ok(file) => file,
        Err(error) => return gone(error),
    };
    match file.try_lock() {
        Ok(()) => {}
        // Its program is at work, and holds its devices.
        Err(TryLockError::WouldBlock) => return Ok(()),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let found = file.metadata()?;
    if found.nlink() != 1 || found.mode() & 0o077 != 0 || found.uid() != geteuid().as_raw() {
        return Ok(());
    }
    let mut read = File::open(path)?;
    let mut is_damaged = false;
    let mut place = Zeroizing::new(vec![0; ROOM]);
    while fill(&mut read, &mut place)? > 0 {
        is_damaged |= move_out(directory, &place)? == Moved::Damaged;
    }
    sync_all_beside(&file)?;
    if is_damaged {
        return fs::rename(path, damaged(path));
    }
    overwrite(&file, found.len())?;
    fs::remove_file(path).or_else(gone)
}

/// Where what cannot be read is kept, for a person to look at.
fn damaged(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{DAMAGED}{}", name.trim_start_matches('.')))
}

/// What was put aside because a key in it cannot be read.
pub(super) fn put_aside(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let is_damaged = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(DAMAGED);
    entries.filter(is_damaged).map(|entry| entry.path())
}

fn overwrite(file: &File, length: u64) -> io::Result<()> {
    // Zeros for each place; what is a hole has no block to be taken for them.
    for at in (0..length).step_by(ROOM) {
        let mut place = [0; 64];
        if file.read_at(&mut place, at)? > 0 && place.iter().any(|byte| *byte != 0) {
            file.write_all_at(&[0; ROOM], at)?;
        }
    }
    file.sync_data()
}

/// Reads a place; the rest is zeros at the end of the file.
fn fill(file: &mut File, place: &mut [u8]) -> io::Result<usize> {
    place.fill(0);
    let mut length = 0;
    while let Some(rest) = place.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

/// The files of places in the escrow.
fn pools(directory: &Path) -> Vec<PathBuf> {
    let is_pool = |entry: &fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        is_file && name.starts_with(PREFIX) && name.ends_with(SUFFIX)
    };
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter(is_pool).map(|entry| entry.path()).collect()
}

/// What became of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moved {
    /// It was empty.
    Nothing,
    /// The key is in its own file, and there when the file system is synced.
    Out,
    /// There is something in it that is not whole.
    Damaged,
}

/// Writes the key in a place into its own file, if there is one. That may be there already: then it is as new.
fn move_out(directory: &Path, place: &[u8]) -> io::Result<Moved> {
    let Some((name, bytes)) = content(place) else {
        let is_empty = place.iter().all(|byte| *byte == 0);
        return Ok(if is_empty { Moved::Nothing } else { Moved::Damaged });
    };
    let path = directory.join(name);
    if !path.exists() {
        PrivateFile::reserve(directory, bytes.len())?.create_unsynced(&path, bytes)?;
    }
    Ok(Moved::Out)
}

/// The name and the bytes in a place that holds a key, whole.
fn content(place: &[u8]) -> Option<(String, &[u8])> {
    let end = place.iter().position(|byte| *byte == b'\n')?;
    let (heading, rest) = place.split_at_checked(end + 1)?;
    let heading: Heading = serde_json::from_slice(heading).ok()?;
    let bytes = rest.get(..heading.bytes)?;
    let plain = Path::new(&heading.name).file_name() == Some(heading.name.as_ref());
    (plain && sha256(bytes) == heading.sha256).then_some((heading.name, bytes))
}

fn sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

const fn offset(number: u64) -> u64 {
    number * ROOM as u64
}
