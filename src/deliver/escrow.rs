//! The escrow: where a key waits that could not be delivered.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::DeliverError;
use super::file::io_error;
use super::pool::{self, Pool};
use super::private::{self, LARGEST, PrivateFile};
use super::record::{Record, StoredRecord};
use super::seal::{self, OpenSealError, Recipients};
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

/// Where undelivered keys are kept, and for whom.
#[derive(Debug, Clone)]
pub struct EscrowPlace {
    /// The directory; it is made (0700) where it is missing.
    pub directory: PathBuf,
    /// Whom the keys are sealed to; nobody: they lie open in private files (0600).
    pub recipients: Recipients,
    /// Where the keys of a run over a fleet are as long as it works on their devices; without it each is in its file.
    pub pool: Option<Pool>,
}

impl EscrowPlace {
    /// A directory whose files are not sealed.
    pub fn open(directory: impl Into<PathBuf>) -> EscrowPlace {
        EscrowPlace::sealed(directory, Recipients::default())
    }

    /// A directory whose files are sealed to these.
    pub fn sealed(directory: impl Into<PathBuf>, recipients: Recipients) -> EscrowPlace {
        EscrowPlace { directory: directory.into(), recipients, pool: None }
    }
}

/// A reserved place in the escrow. Dropped unused, it leaves nothing behind.
pub(super) struct Escrow {
    place: EscrowPlace,
    room: Room,
}

/// Where the key will be first.
enum Room {
    /// In its own file.
    Draft(PrivateFile),
    /// Among those of the fleet.
    Pool(pool::Place),
}

impl Escrow {
    /// Creates the directory (0700) if need be, and takes room in it.
    pub(super) fn reserve(place: &EscrowPlace) -> Result<Self, DeliverError> {
        let room = match &place.pool {
            None => Room::Draft(draft(made(&place.directory)?)?),
            Some(pool) => Room::Pool(pool_place(pool, &place.directory)?),
        };
        Ok(Escrow { place: place.clone(), room })
    }

    /// Where the key of `record` will be.
    pub(super) fn path(&self, record: &Record) -> PathBuf {
        self.place.directory.join(file_name(record, !self.place.recipients.is_empty()))
    }

    /// Keeps the key with its record and the destinations that still lack it, at [`Escrow::path`].
    pub(super) fn keep(
        self,
        path: PathBuf,
        record: &Record,
        missing: &[String],
        key: &Secret,
    ) -> Result<Escrowing, DeliverError> {
        let doing = format!("write {}", path.display());
        let bytes = content(record, missing, key, &self.place.recipients).map_err(io_error(LABEL, &doing))?;
        let place = match self.room {
            Room::Draft(draft) => draft.create(&path, &bytes).map(|()| None),
            Room::Pool(place) => kept(place, &path, &bytes),
        };
        Ok(Escrowing { pool: place.map_err(io_error(LABEL, &doing))?, place: self.place, path })
    }

    /// Whether this waits for no disk.
    pub(super) fn is_quick(&self) -> bool {
        matches!(self.room, Room::Pool(_)) && self.place.recipients.is_empty()
    }
}

/// A key in the escrow.
pub(super) struct Escrowing {
    place: EscrowPlace,
    path: PathBuf,
    /// Its place among those of the fleet, from which it moves to the file when it is not delivered.
    pool: Option<pool::Place>,
}

impl Escrowing {
    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes down which destinations still lack the key. The file is replaced as a whole.
    pub(super) fn update(self, record: &Record, missing: &[String], key: &Secret) -> Result<PathBuf, DeliverError> {
        let doing = format!("write {}", self.path.display());
        let bytes = content(record, missing, key, &self.place.recipients).map_err(io_error(LABEL, &doing))?;
        let replaced = draft(&self.place.directory)
            .and_then(|draft| draft.replace(&self.path, &bytes).map_err(io_error(LABEL, &doing)));
        match replaced {
            // What was there before names destinations that have the key by now: more than is missing, and the key is safe.
            Err(_) if self.path.exists() => Ok(self.path),
            Err(error) => match self.pool {
                // There it is as safe, and the next run finds it there.
                Some(place) => place.stay().map_err(|_| error),
                None => Err(error),
            },
            Ok(()) => {
                self.pool.into_iter().for_each(pool::Place::empty);
                Ok(self.path)
            }
        }
    }

    /// Overwrites the key and removes the file. One that is gone already is as good.
    pub(super) fn wipe(self) {
        match self.pool {
            Some(place) => place.empty(),
            None => wipe(&self.path),
        }
    }
}

/// Overwrites a key that nobody needs any more, and removes its file. One that is gone already is as good.
pub fn wipe(path: &Path) {
    // What cannot be overwritten is removed all the same.
    if private::discard(path).is_err() {
        let _ = fs::remove_file(path);
    }
}

/// The directory, made (0700) if need be.
fn made(directory: &Path) -> Result<&Path, DeliverError> {
    let doing = format!("create {}", directory.display());
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(io_error(LABEL, &doing))?;
    Ok(directory)
}

fn pool_place(pool: &Pool, directory: &Path) -> Result<pool::Place, DeliverError> {
    let doing = format!("create a file in {}", directory.display());
    match pool.reserve() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            made(directory)?;
            pool.reserve().map_err(io_error(LABEL, &doing))
        }
        reserved => reserved.map_err(io_error(LABEL, &doing)),
    }
}

/// Keeps the key among those of the fleet, or in its own file when it is sealed to so many that it has no room there.
fn kept(mut place: pool::Place, path: &Path, bytes: &[u8]) -> io::Result<Option<pool::Place>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if pool::Place::has_room(bytes.len()) {
        place.keep(&name, bytes)?;
        return Ok(Some(place));
    }
    let directory = path.parent().unwrap_or(Path::new("."));
    PrivateFile::reserve(directory, ROOM)?.create(path, bytes).map(|()| None)
}

fn draft(directory: &Path) -> Result<PrivateFile, DeliverError> {
    let doing = format!("create a file in {}", directory.display());
    PrivateFile::reserve(directory, ROOM).map_err(io_error(LABEL, &doing))
}

/// `{"undelivered":[…],"record":{…}}` and a newline, sealed where there is somebody to seal it to.
pub(super) fn content(
    record: &Record,
    undelivered: &[String],
    key: &Secret,
    recipients: &Recipients,
) -> io::Result<Zeroizing<Vec<u8>>> {
    let list = serde_json::to_string(undelivered)?;
    let record = record.to_json_with(key)?;
    let parts: [&[u8]; 5] = [b"{\"undelivered\":", list.as_bytes(), b",\"record\":", &record, b"}\n"];
    let mut bytes = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    if recipients.is_empty() { Ok(bytes) } else { recipients.seal(&bytes).map(Zeroizing::new) }
}

/// A key out of the escrow.
pub struct Kept {
    /// Its record.
    pub record: Record,
    /// The destinations that lack the key, as far as is known.
    pub missing: Vec<String>,
    pub(super) key: Secret,
    pub(super) escrowing: Escrowing,
}

impl Kept {
    /// Wipes it out of the escrow: every destination has the key, or it is void.
    pub fn discard(self) {
        self.escrowing.wipe();
    }
}

/// Why a key cannot be taken out of the escrow.
#[derive(Debug, thiserror::Error)]
pub enum EscrowError {
    /// It is sealed, and nobody said with which identity it opens.
    #[error("the key in {} is sealed", .0.display())]
    Sealed(PathBuf),
    /// The identity does not open it.
    #[error("the key in {} cannot be opened", path.display())]
    Unopened {
        /// The file.
        path: PathBuf,
        /// Why.
        source: OpenSealError,
    },
    /// The file cannot be read.
    #[error("the key in {} cannot be read", path.display())]
    Unread {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not one of ours.
    #[error("{} is no escrowed key: {problem}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        problem: String,
    },
}

impl EscrowError {
    /// What to type next.
    pub fn hint(&self) -> Option<String> {
        match self {
            EscrowError::Sealed(_) => Some("--escrow-identity FILE names the age identity that opens it".into()),
            EscrowError::Unopened { path, .. } => Some(format!("try `age -d -i IDENTITY {}`", path.display())),
            _ => None,
        }
    }
}

impl EscrowPlace {
    /// The files that hold keys, the oldest names first. None when there is no escrow yet.
    pub fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(&self.directory) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| is_key(path)).collect();
        files.sort();
        files
    }

    /// Removes what runs that were killed left behind: no keys that are still needed, but a key may be in it.
    pub fn sweep(&self) {
        private::sweep(&self.directory);
    }

    /// The same place, with the keys of a fleet in `pool` first.
    pub fn in_pool(self, pool: Pool) -> EscrowPlace {
        EscrowPlace { pool: Some(pool), ..self }
    }

    /// Whether other programs have files of places here, so that [`EscrowPlace::mend`] may take its time.
    pub fn needs_mending(&self) -> bool {
        Pool::has_others(&self.directory, self.pool.as_ref())
    }

    /// What was put aside because a key in it cannot be read.
    pub fn damaged(&self) -> Vec<PathBuf> {
        pool::put_aside(&self.directory).collect()
    }

    /// Puts the keys of a fleet's run that was killed into their files.
    ///
    /// # Errors
    /// [`EscrowError::Unread`]: then it is not known which keys there are.
    pub fn mend(&self) -> Result<(), EscrowError> {
        let unread = |source| EscrowError::Unread { path: self.directory.clone(), source };
        pool::mend(&self.directory, self.pool.as_ref()).map_err(unread)
    }

    /// Takes a key out of the escrow; the file stays until the key is delivered.
    ///
    /// # Errors
    /// [`EscrowError`].
    pub fn take(&self, path: &Path, identity: Option<&Path>) -> Result<Kept, EscrowError> {
        let bytes = read(path).map_err(|source| EscrowError::Unread { path: path.into(), source })?;
        let bytes = match (is_sealed(path), identity) {
            (false, _) => bytes,
            (true, None) => return Err(EscrowError::Sealed(path.to_owned())),
            (true, Some(identity)) => seal::open(&bytes, identity)
                .map_err(|source| EscrowError::Unopened { path: path.to_owned(), source })?,
        };
        let foreign = |problem: String| EscrowError::Foreign { path: path.to_owned(), problem };
        let content: Content = serde_json::from_slice(&bytes).map_err(|error| foreign(error.to_string()))?;
        let escrowing = Escrowing { place: self.clone(), path: path.to_owned(), pool: None };
        let (record, key) = content.record.into_parts().map_err(foreign)?;
        Ok(Kept { record, missing: content.undelivered, key, escrowing })
    }
}

/// What a file of the escrow holds.
#[derive(serde::Deserialize)]
pub(super) struct Content {
    undelivered: Vec<String>,
    pub(super) record: StoredRecord,
}

fn is_key(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    !name.starts_with('.') && (name.ends_with(".json") || name.ends_with(".json.age"))
}

/// A file of the escrow: regular, and not larger than any of ours. A pipe of that name would hold us up for ever.
pub(super) fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let found = fs::metadata(path)?;
    if !found.is_file() || found.len() > LARGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no file of the escrow"));
    }
    fs::read(path).map(Zeroizing::new)
}

pub(super) fn is_sealed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "age")
}

/// How the time stands in a file name.
const TIME: &str = "%Y%m%dT%H%M%S.%9f";

/// Whether a file of the escrow may be one of that device, as its name says; names that differ in odd characters look alike.
#[cfg(feature = "nats")]
pub fn is_of(path: &Path, device: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with(&format!("{}-", safe(device)))
}

/// When a file of the escrow was named, just before its key was generated.
#[cfg(feature = "nats")]
pub(super) fn named_at(path: &Path) -> Option<jiff::Timestamp> {
    let stem = path.file_name()?.to_str()?.trim_end_matches(".age").trim_end_matches(".json");
    let time = jiff::civil::DateTime::strptime(TIME, stem.rsplit_once('-')?.1).ok()?;
    jiff::tz::Offset::UTC.to_timestamp(time).ok()
}

fn safe(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(80).collect()
}

/// Device, API user and time, each reduced to what is safe in a file name.
fn file_name(record: &Record, sealed: bool) -> String {
    let user = record.api_user.as_deref().unwrap_or("key");
    let time = record.generated_at.strftime(TIME);
    let ending = if sealed { "json.age" } else { "json" };
    format!("{}-{}-{time}.{ending}", safe(&record.device), safe(user))
}
