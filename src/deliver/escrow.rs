//! The escrow: where a key waits that could not be delivered.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::DeliverError;
use super::file::io_error;
use super::private::PrivateFile;
use super::record::Record;
use crate::secret::Secret;

/// How the escrow is called where a destination is named.
pub const LABEL: &str = "escrow";

/// Room for a record with its key, in bytes.
const ROOM: usize = 16 * 1024;

/// `$XDG_STATE_HOME/fgtkey/escrow`, by default `~/.local/state/fgtkey/escrow`; none without a home directory
/// ([`DeliverError::NoEscrow`] says so).
///
/// As the XDG base directory specification says, a relative `XDG_STATE_HOME` is ignored.
pub fn directory() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    state.map(|state| state.join("fgtkey").join(LABEL))
}

/// A reserved place in the escrow. Dropped unused, it leaves nothing behind.
pub(super) struct Escrow {
    directory: PathBuf,
    draft: PrivateFile,
}

impl Escrow {
    /// Creates the directory (0700) if need be, and a filled private file in it.
    pub(super) fn reserve(directory: &Path) -> Result<Self, DeliverError> {
        let doing = format!("create {}", directory.display());
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(io_error(LABEL, &doing))?;
        let doing = format!("create a file in {}", directory.display());
        let draft = PrivateFile::reserve(directory, ROOM).map_err(io_error(LABEL, &doing))?;
        Ok(Escrow { directory: directory.to_owned(), draft })
    }

    /// Keeps the key with its record and the destinations that still lack it. Returns the file.
    pub(super) fn keep(self, record: &Record, undelivered: &[&str], key: &Secret) -> Result<PathBuf, DeliverError> {
        let path = self.directory.join(file_name(record));
        let doing = format!("write {}", path.display());
        let bytes = content(record, undelivered, key).map_err(io_error(LABEL, &doing))?;
        self.draft.create(&path, &bytes).map_err(io_error(LABEL, &doing))?;
        Ok(path)
    }
}

/// `{"undelivered":[…],"record":{…}}` and a newline.
fn content(record: &Record, undelivered: &[&str], key: &Secret) -> io::Result<Zeroizing<Vec<u8>>> {
    let list = serde_json::to_string(undelivered)?;
    let record = record.to_json_with(key)?;
    let parts: [&[u8]; 5] = [b"{\"undelivered\":", list.as_bytes(), b",\"record\":", &record, b"}\n"];
    let mut bytes = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    Ok(bytes)
}

/// Device, API user and time, each reduced to what is safe in a file name.
fn file_name(record: &Record) -> String {
    let user = record.api_user.as_deref().unwrap_or("key");
    let safe = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(80).collect()
    };
    let time = record.generated_at.strftime("%Y%m%dT%H%M%S.%9f");
    format!("{}-{}-{time}.json", safe(&record.device), safe(user))
}
