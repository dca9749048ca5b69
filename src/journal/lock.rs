//! Locks: who works on which API user of which device.
//!
//! All of them are ranges of one file, a byte each, whose place is the hash of what is locked. Thousands of devices make no
//! thousands of files, and a lock is gone with the program that holds it, however that ends.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};

/// Held as long as a run works on one API user of one device; gone with the program, however it ends.
#[derive(Debug)]
#[must_use = "the lock is gone when it is dropped"]
pub struct Lock(#[allow(dead_code, reason = "held for what its drop does")] File);

/// The name of the file.
const FILE: &str = "locks";

/// Takes the lock on `what`; none when somebody holds it, of this program or another.
pub(super) fn take(directory: &Path, what: &str) -> io::Result<Option<Lock>> {
    Ok(locked(directory, place(what))?.map(Lock))
}

/// An own opening each: two locks of one program stand against each other too.
fn open(path: PathBuf) -> io::Result<File> {
    File::options().create(true).truncate(false).write(true).mode(0o600).open(path)
}

/// Where the byte of `what` is: the same for every fgtkey on the machine. Two things of one place would be two in 2⁶².
fn place(what: &str) -> i64 {
    let hash = digest(&SHA256, what.as_bytes());
    let first = hash.as_ref().first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    i64::try_from(first >> 2).unwrap_or_default()
}

/// The lock of an open file description: POSIX's own is given up with the first descriptor of the file that is closed.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn locked(directory: &Path, place: i64) -> io::Result<Option<File>> {
    use nix::errno::Errno;
    use nix::fcntl::{FcntlArg, fcntl};
    use nix::libc;

    let file = open(directory.join(FILE))?;
    let range = libc::flock {
        l_type: libc::c_short::try_from(libc::F_WRLCK).unwrap_or_default(),
        l_whence: libc::c_short::try_from(libc::SEEK_SET).unwrap_or_default(),
        l_start: place,
        l_len: 1,
        l_pid: 0,
    };
    match fcntl(&file, FcntlArg::F_OFD_SETLK(&range)) {
        Ok(_) => Ok(Some(file)),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Where a range cannot be locked like that, a file each.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn locked(directory: &Path, place: i64) -> io::Result<Option<File>> {
    let file = open(directory.join(format!("{FILE}-{place:016x}")))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_stands_against_others_of_the_same_program_and_goes_with_its_holder() {
        let directory = tempfile::tempdir().unwrap();
        let held = take(directory.path(), "FG1 tf").unwrap().unwrap();
        let other = take(directory.path(), "FG2 tf").unwrap();
        assert!(other.is_some());
        assert!(take(directory.path(), "FG1 tf").unwrap().is_none());
        drop(other);
        assert!(take(directory.path(), "FG1 tf").unwrap().is_none());
        drop(held);
        assert!(take(directory.path(), "FG1 tf").unwrap().is_some());
    }
}
