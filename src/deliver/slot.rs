//! Reserve, then store.

use std::fmt;
use std::path::{Path, PathBuf};

use super::destination::Destination;
use super::escrow::Escrow;
use super::file::{Content, FileSlot};
use super::record::Record;
use super::stdout::{self, StdoutSlot};
use super::{DeliverError, Device, Format, PathTemplate};
use crate::secret::Secret;

/// A destination that is ready to take one key.
enum Slot {
    Stdout(StdoutSlot),
    File(FileSlot),
}

/// Every destination of one device, and the escrow behind them, ready to take one key.
///
/// Dropped unused it leaves nothing behind: no file is created, none is altered.
#[must_use = "a reservation that is not stored delivers nothing"]
pub struct Reservation {
    slots: Vec<Slot>,
    escrow: Escrow,
}

/// A destination that has the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The destination as it is told and recorded: `stdout`, `dotenv:keys/fw1.env`.
    pub destination: String,
    /// The file (mode 0600, links resolved), where it is one.
    pub path: Option<PathBuf>,
}

/// The key exists and some destination does not have it.
#[derive(Debug)]
pub struct Undelivered {
    /// The destinations that have it.
    pub stored: Vec<Stored>,
    /// Why the others do not. Never empty.
    pub failures: Vec<DeliverError>,
    /// Where the key is now.
    pub escrowed: Escrowed,
}

/// Where an undelivered key is.
#[derive(Debug)]
pub enum Escrowed {
    /// In this file, mode 0600: the record with the key, and the destinations that lack it, as JSON.
    At(PathBuf),
    /// Nowhere but here: the escrow failed too.
    Failed {
        /// Why it failed.
        error: DeliverError,
        /// The key, for the caller to show or to void.
        key: Secret,
    },
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.escrowed {
            Escrowed::At(path) => write!(f, "the key was not delivered everywhere; it is safe in {}", path.display()),
            Escrowed::Failed { .. } => f.write_str("the key was not delivered, and the escrow could not keep it"),
        }
    }
}

impl std::error::Error for Undelivered {}

/// Proves that the key can be kept, before there is one: opens each of `destinations` (none means stdout) for `device`,
/// and a file in the directory `escrow`.
///
/// Fails, with nothing left behind, on the first destination that cannot be written or that is named twice.
pub fn reserve(
    destinations: &[Destination],
    device: &Device,
    format: Format,
    escrow: &Path,
) -> Result<Reservation, DeliverError> {
    let default = [Destination::Stdout];
    let destinations = if destinations.is_empty() { &default } else { destinations };
    let mut slots: Vec<Slot> = Vec::new();
    for destination in destinations {
        let slot = slot(destination, device, format)?;
        if let Some(first) = slots.iter().find(|other| other.same_as(&slot)) {
            return Err(DeliverError::Twice { first: first.label().into(), second: slot.label().into() });
        }
        slots.push(slot);
    }
    // Stdout comes last, so that the record it may carry names every destination that has the key.
    slots.sort_by_key(|slot| matches!(slot, Slot::Stdout(_)));
    Ok(Reservation { slots, escrow: Escrow::reserve(escrow)? })
}

fn slot(destination: &Destination, device: &Device, format: Format) -> Result<Slot, DeliverError> {
    match destination {
        Destination::Stdout => StdoutSlot::reserve(format).map(Slot::Stdout),
        Destination::File(path) => file(destination, path, device, Content::Key),
        Destination::Dotenv(path) => file(destination, path, device, Content::Dotenv),
        Destination::Tfvars(path) => file(destination, path, device, Content::Tfvars),
    }
}

fn file(
    destination: &Destination,
    template: &PathTemplate,
    device: &Device,
    content: Content,
) -> Result<Slot, DeliverError> {
    let path = template.path_for(device).map_err(|source| DeliverError::Path {
        destination: destination.to_string(),
        device: device.name.clone(),
        source,
    })?;
    let label = format!("{}:{}", destination.kind(), path.display());
    FileSlot::reserve(label, &path, content).map(Slot::File)
}

impl Slot {
    fn label(&self) -> &str {
        match self {
            Slot::Stdout(_) => stdout::LABEL,
            Slot::File(file) => file.label(),
        }
    }

    fn path(&self) -> Option<&Path> {
        match self {
            Slot::Stdout(_) => None,
            Slot::File(file) => Some(file.path()),
        }
    }

    fn same_as(&self, other: &Slot) -> bool {
        self.path() == other.path()
    }

    fn store(self, record: &Record, key: &Secret) -> Result<(), DeliverError> {
        match self {
            Slot::Stdout(slot) => slot.store(record, key),
            Slot::File(slot) => slot.store(record, key),
        }
    }
}

impl Reservation {
    /// The files that will be replaced, links resolved: what several devices must not share.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.slots.iter().filter_map(Slot::path)
    }

    /// Whether the key goes to stdout.
    pub fn uses_stdout(&self) -> bool {
        self.slots.iter().any(|slot| matches!(slot, Slot::Stdout(_)))
    }

    /// Writes the key to every destination, and names in `record.delivered_to` those that have it.
    ///
    /// One that fails does not keep the others from it; the key then also goes to the escrow, and [`Undelivered`] says
    /// where.
    pub fn store(self, record: &mut Record, key: Secret) -> Result<Vec<Stored>, Box<Undelivered>> {
        let (mut stored, mut failures, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        for slot in self.slots {
            let done = Stored { destination: slot.label().to_owned(), path: slot.path().map(Path::to_owned) };
            record.delivered_to.push(done.destination.clone());
            match slot.store(record, &key) {
                Ok(()) => stored.push(done),
                Err(error) => {
                    missing.extend(record.delivered_to.pop());
                    failures.push(error);
                }
            }
        }
        if failures.is_empty() {
            return Ok(stored);
        }
        let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
        let escrowed = match self.escrow.keep(record, &missing, &key) {
            Ok(path) => Escrowed::At(path),
            Err(error) => Escrowed::Failed { error, key },
        };
        Err(Box::new(Undelivered { stored, failures, escrowed }))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::os::fd::OwnedFd;

    use super::*;

    fn reservation(stdout: fs::File, format: Format, escrow: &Path) -> Reservation {
        let slots = vec![Slot::Stdout(StdoutSlot::on(stdout, format).unwrap())];
        Reservation { slots, escrow: Escrow::reserve(escrow).unwrap() }
    }

    #[test]
    fn a_closed_pipe_puts_the_key_into_the_escrow() {
        let directory = tempfile::tempdir().unwrap();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let reservation = reservation(OwnedFd::from(writer).into(), Format::Key, directory.path());
        let undelivered = reservation.store(&mut Record::new("fw1"), Secret::new("fccys3")).unwrap_err();
        let Escrowed::At(path) = undelivered.escrowed else { panic!("{undelivered:?}") };
        assert!(fs::read_to_string(path).unwrap().contains("\"key\":\"fccys3\""));
    }

    #[test]
    fn the_record_on_stdout_names_stdout_as_its_destination() {
        let directory = tempfile::tempdir().unwrap();
        let (mut reader, writer) = std::io::pipe().unwrap();
        let reservation = reservation(OwnedFd::from(writer).into(), Format::Json, directory.path());
        reservation.store(&mut Record::new("fw1"), Secret::new("fccys3")).unwrap();
        let mut json = String::new();
        reader.read_to_string(&mut json).unwrap();
        assert!(json.contains(r#""delivered_to":["stdout"]"#), "{json}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
