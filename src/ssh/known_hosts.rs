//! The `known_hosts` files on disk: reading them, and adding a line as OpenSSH does.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::keys::PublicKey;
use russh::keys::ssh_encoding::base64::{Base64, Encoding};

use super::hostkeys::{KnownHosts, Malformed, Place, Verdict, known_name};

/// Why the `known_hosts` files are of no use.
#[derive(Debug, thiserror::Error)]
pub enum KnownHostsError {
    /// A line is broken: what it was to protect is not known, so nothing is trusted.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// There is neither a home directory nor `--known-hosts` to add a host key to.
    #[error("there is no known_hosts file to add a host key to")]
    NoFile,
    /// The file is there, but cannot be read. A missing file is merely empty.
    #[error("{} cannot be read", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A new host key could not be added.
    #[error("the host key cannot be added to {}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Reads all of `files`; one that does not exist is empty.
pub(super) fn read(files: &[PathBuf]) -> Result<KnownHosts, KnownHostsError> {
    let mut hosts = KnownHosts::default();
    for file in files {
        match std::fs::read(file) {
            // Comments may be in any encoding; hosts and keys are ASCII.
            Ok(bytes) => hosts.add(file, &String::from_utf8_lossy(&bytes))?,
            Err(source) if source.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(KnownHostsError::Read { file: file.clone(), source }),
        }
    }
    Ok(hosts)
}

/// Adds `key` of `host` to `file`, which is made with its directory when missing (0600 in 0700). Under the file's lock
/// it is read again: a run beside this one may have added the host meanwhile, and then its verdict is returned.
/// With `hashed`, nobody can read from the file which host it is.
pub(super) fn append(
    file: &Path,
    host: &str,
    port: u16,
    key: &PublicKey,
    hashed: bool,
) -> Result<Verdict, KnownHostsError> {
    let failed = |source| KnownHostsError::Write { file: file.to_owned(), source };
    let mut open = open_locked(file).map_err(failed)?;
    let mut bytes = Vec::new();
    open.read_to_end(&mut bytes).map_err(failed)?;
    let mut hosts = KnownHosts::default();
    hosts.add(file, &String::from_utf8_lossy(&bytes))?;
    match hosts.judge(host, port, key) {
        Verdict::Unknown => {
            let name = written_name(host, port, hashed).map_err(failed)?;
            write_line(&mut open, &bytes, &name, key).map_err(failed)?;
        }
        verdict => return Ok(verdict),
    }
    Ok(Verdict::Known(Place { file: Arc::from(file), line: line_count(&bytes) + 1 }))
}

fn written_name(host: &str, port: u16, hashed: bool) -> io::Result<String> {
    let name = known_name(host, port);
    if !hashed {
        return Ok(name);
    }
    hashed_name(&name).ok_or_else(|| io::Error::other("there are no random numbers to hash its name with"))
}

/// A name as `known_hosts` hides it (`HashKnownHosts`): a salt and the HMAC-SHA-1 of the name. `None` without random
/// numbers.
fn hashed_name(name: &str) -> Option<String> {
    let salt: [u8; 20] = ring::rand::generate(&ring::rand::SystemRandom::new()).ok()?.expose();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &salt);
    let hash = ring::hmac::sign(&key, name.as_bytes());
    Some(format!("|1|{}|{}", Base64::encode_string(&salt), Base64::encode_string(hash.as_ref())))
}

fn open_locked(file: &Path) -> io::Result<File> {
    if let Some(directory) = file.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let open = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(file)?;
    open.lock()?;
    Ok(open)
}

fn line_count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| **b == b'\n').count() + usize::from(bytes.last().is_some_and(|b| *b != b'\n'))
}

/// One write, so that a reader without the lock sees the whole line or nothing of it.
fn write_line(open: &mut File, before: &[u8], name: &str, key: &PublicKey) -> io::Result<()> {
    let start = if before.last().is_some_and(|b| *b != b'\n') { "\n" } else { "" };
    open.seek(SeekFrom::End(0))?;
    open.write_all(format!("{start}{}", line(name, key)?).as_bytes())?;
    open.sync_all()
}

fn line(name: &str, key: &PublicKey) -> io::Result<String> {
    let mut key = key.clone();
    key.set_comment("");
    let key = key.to_openssh().map_err(io::Error::other)?;
    Ok(format!("{name} {key}\n"))
}
