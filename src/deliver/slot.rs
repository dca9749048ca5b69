//! Reserve, then store: the key goes into the escrow first, then to its destinations, and out of the escrow at the end.

use std::fmt;
use std::path::{Path, PathBuf};

use super::destination::Destination;
use super::escrow::{Escrow, EscrowPlace, Escrowing, Kept};
use super::record::Record;
use super::{DeliverError, Device, Format, memory};
use crate::secret::Secret;

/// A destination that is ready to take one key.
pub(super) trait Slot: Send {
    /// The destination as it is told and recorded: `dotenv:keys/fw1.env`.
    fn label(&self) -> &str;

    /// The destination as another run finds it again, from whatever directory: paths absolute, options behind it.
    fn spec(&self) -> String {
        self.label().to_owned()
    }

    /// The file that will be replaced, links resolved, where it is one.
    fn path(&self) -> Option<&Path> {
        None
    }

    /// Whether it writes to standard output: there is one such at most.
    fn is_stdout(&self) -> bool {
        false
    }

    /// Whether it carries the record, which has to be complete then.
    fn comes_last(&self) -> bool {
        self.is_stdout()
    }

    /// Whether a person would see the key there.
    fn is_terminal(&self) -> bool {
        false
    }

    /// Puts the key there.
    fn store(self: Box<Self>, record: &Record, key: &Secret) -> Result<(), DeliverError>;
}

/// Every destination of one device, and the escrow behind them, ready to take one key.
///
/// Dropped unused it leaves nothing behind: no file is created, none is altered.
#[must_use = "a reservation that is not stored delivers nothing"]
pub struct Reservation {
    slots: Vec<Box<dyn Slot>>,
    escrow: Escrow,
}

/// A destination that has the key.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
    /// In this file, mode 0600: the record with the key, and the destinations that lack it, as JSON; sealed with age where
    /// the escrow has recipients.
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
/// and a file in the escrow.
///
/// Fails, with nothing left behind, on the first destination that cannot be written or that is named twice.
pub fn reserve(
    destinations: &[Destination],
    device: &Device,
    format: Format,
    escrow: &EscrowPlace,
) -> Result<Reservation, DeliverError> {
    let slots = if destinations.is_empty() {
        slots(&[Destination::stdout()], device, format)?
    } else {
        slots(destinations, device, format)?
    };
    Ok(Reservation { slots, escrow: Escrow::reserve(escrow)? })
}

pub(super) fn slots(
    destinations: &[Destination],
    device: &Device,
    format: Format,
) -> Result<Vec<Box<dyn Slot>>, DeliverError> {
    let mut slots: Vec<Box<dyn Slot>> = Vec::new();
    for destination in destinations {
        let slot = destination.reserve(device, format)?;
        if let Some(first) = slots.iter().find(|other| is_same(other.as_ref(), slot.as_ref())) {
            return Err(DeliverError::Twice { first: first.label().into(), second: slot.label().into() });
        }
        if slot.is_terminal() && destinations.len() > 1 && !destination.is_revealed() {
            return Err(DeliverError::Terminal { destination: slot.label().into() });
        }
        slots.push(slot);
    }
    // Stdout comes last, so that the record it may carry names every destination that has the key.
    slots.sort_by_key(|slot| slot.comes_last());
    Ok(slots)
}

fn is_same(one: &dyn Slot, other: &dyn Slot) -> bool {
    match (one.path(), other.path()) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one.is_stdout() && other.is_stdout() || one.spec() == other.spec(),
        _ => false,
    }
}

impl Reservation {
    /// The files that will be replaced, links resolved: what several devices must not share.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.slots.iter().filter_map(|slot| slot.path())
    }

    /// Whether the key goes to stdout.
    pub fn uses_stdout(&self) -> bool {
        self.slots.iter().any(|slot| slot.is_stdout())
    }

    /// The destinations as they are told.
    pub fn labels(&self) -> Vec<String> {
        self.slots.iter().map(|slot| slot.label().to_owned()).collect()
    }

    /// The destinations as another run finds them again: a command may have a secret of its own in it.
    pub fn specs(&self) -> Vec<String> {
        self.slots.iter().map(|slot| slot.spec()).collect()
    }

    /// The file in the escrow that will hold the key of `record`.
    pub fn escrow_path(&self, record: &Record) -> PathBuf {
        self.escrow.path(record)
    }

    /// Whether [`Reservation::secure`] waits for no disk.
    pub fn is_quick(&self) -> bool {
        self.escrow.is_quick()
    }

    /// Puts a new key into the escrow, on disk, before anything else can happen to it: into `escrow`, which
    /// [`Reservation::escrow_path`] has named.
    pub fn secure(self, escrow: PathBuf, record: &Record, key: Secret) -> Secured {
        let specs = self.specs();
        let escrowing = self.escrow.keep(escrow, record, &specs, &key);
        Secured { slots: self.slots, stored: Vec::new(), failed: Vec::new(), escrowing, key }
    }

    /// Takes a key that an earlier run left in the escrow instead of a new one. What that run had still to deliver is
    /// delivered too, but not to standard output unasked: who reads it now may be somebody else.
    pub fn take_over(self, kept: Kept, format: Format) -> Secured {
        Secured::of(self.slots, kept, format)
    }

    /// Writes the key to every destination, and names in `record.delivered_to` those that have it.
    ///
    /// One that fails does not keep the others from it; the key then stays in the escrow, and [`Undelivered`] says where.
    pub fn store(self, record: &mut Record, key: Secret) -> Result<Vec<Stored>, Box<Undelivered>> {
        let escrow = self.escrow_path(record);
        let mut secured = self.secure(escrow, record, key);
        secured.deliver(Part::All, record, &mut |_| ());
        Ok(secured.settle(record)?.finish())
    }
}

/// A key out of the escrow, and the destinations that lack it still. One that cannot be reserved is told as one that failed.
pub fn resume(kept: Kept, format: Format) -> Secured {
    Secured::of(Vec::new(), kept, format)
}

/// Which destinations are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of them.
    All,
    /// All but those that carry the record, as standard output does: they wait until that is complete.
    Stores,
}

impl Part {
    fn has(self, slot: &dyn Slot) -> bool {
        self == Part::All || !slot.comes_last()
    }
}

/// A key that is in the escrow, and the destinations that are to get it.
#[must_use = "a key that is only in the escrow is not delivered"]
pub struct Secured {
    slots: Vec<Box<dyn Slot>>,
    /// The destinations that have the key.
    stored: Vec<Stored>,
    /// The destinations that did not take it, or could not even be reserved.
    failed: Vec<(String, DeliverError)>,
    escrowing: Result<Escrowing, DeliverError>,
    key: Secret,
}

impl Secured {
    /// A key that was in the escrow already, for `slots` and for what else lacks it.
    fn of(mut slots: Vec<Box<dyn Slot>>, kept: Kept, format: Format) -> Secured {
        let device = kept.record.device_for_paths();
        let (mut failed, asked) = (Vec::new(), !slots.is_empty());
        // Who had it in memory is gone.
        for spec in kept.missing.into_iter().filter(|spec| spec != memory::LABEL) {
            match reserve_again(&spec, &device, format) {
                Ok(slot) if asked && slot.is_stdout() => {}
                Ok(slot) if slots.iter().any(|other| is_same(other.as_ref(), slot.as_ref())) => {}
                Ok(slot) => slots.push(slot),
                Err(error) => failed.push((spec, error)),
            }
        }
        slots.sort_by_key(|slot| slot.is_stdout());
        Secured { slots, stored: Vec::new(), failed, escrowing: Ok(kept.escrowing), key: kept.key }
    }

    /// The key, to be proven.
    pub fn key(&self) -> &Secret {
        &self.key
    }

    /// The file that holds it; none when the escrow failed, which is told only where a destination fails too.
    pub fn escrow(&self) -> Option<&Path> {
        self.escrowing.as_ref().ok().map(Escrowing::path)
    }

    /// Throws the key away: it is void.
    pub fn discard(self) {
        if let Ok(escrowing) = self.escrowing {
            escrowing.wipe();
        }
    }

    /// Whether some destination of this part lacks the key.
    pub fn has(&self, part: Part) -> bool {
        self.slots.iter().any(|slot| part.has(slot.as_ref()))
    }

    /// Writes the key to the destinations of this part, tells `stored` the label of each that has it, and names them
    /// in `record.delivered_to`. One that fails does not keep the others from it.
    pub fn deliver(&mut self, part: Part, record: &mut Record, stored: &mut (dyn FnMut(&str) + Send)) {
        let (now, later) = std::mem::take(&mut self.slots).into_iter().partition(|slot| part.has(slot.as_ref()));
        self.slots = later;
        for slot in now {
            let place = Stored { destination: slot.label().to_owned(), path: slot.path().map(Path::to_owned) };
            let spec = slot.spec();
            let known = record.delivered_to.clone();
            if !known.contains(&place.destination) {
                record.delivered_to.push(place.destination.clone());
            }
            match slot.store(record, &self.key) {
                Ok(()) => {
                    stored(&place.destination);
                    self.stored.push(place);
                }
                Err(error) => {
                    record.delivered_to = known;
                    self.failed.push((spec, error));
                }
            }
        }
    }

    /// Whether every destination has the key.
    pub fn is_everywhere(&self) -> bool {
        self.slots.is_empty() && self.failed.is_empty()
    }

    /// The destinations that have the key.
    pub fn stored(&self) -> &[Stored] {
        &self.stored
    }

    /// Leaves the key in the escrow, for all that lack it.
    pub fn keep(self, record: &Record) -> Escrowed {
        let failed = self.failed.iter().map(|(spec, _)| spec.clone());
        let missing = failed.chain(self.slots.iter().map(|slot| slot.spec())).collect();
        self.into_escrow(record, missing)
    }

    /// The end of the delivery: where every destination has the key, and otherwise where it is; it stays in the escrow for
    /// those that lack it.
    pub fn settle(mut self, record: &Record) -> Result<Delivered, Box<Undelivered>> {
        if self.failed.is_empty() && self.slots.is_empty() {
            return Ok(Delivered { stored: self.stored, escrowing: self.escrowing.ok() });
        }
        let stored = std::mem::take(&mut self.stored);
        let (specs, failures): (Vec<String>, Vec<DeliverError>) = std::mem::take(&mut self.failed).into_iter().unzip();
        let missing = specs.into_iter().chain(self.slots.iter().map(|slot| slot.spec())).collect();
        Err(Box::new(Undelivered { stored, failures, escrowed: self.into_escrow(record, missing) }))
    }

    fn into_escrow(self, record: &Record, missing: Vec<String>) -> Escrowed {
        match self.escrowing.and_then(|kept| kept.update(record, &missing, &self.key)) {
            Ok(path) => Escrowed::At(path),
            Err(error) => Escrowed::Failed { error, key: self.key },
        }
    }
}

fn reserve_again(spec: &str, device: &Device, format: Format) -> Result<Box<dyn Slot>, DeliverError> {
    let unnamed = |source| DeliverError::Unnamed { destination: spec.to_owned(), source };
    spec.parse::<Destination>().map_err(unnamed)?.reserve(device, format)
}

/// A key that every destination has; the escrow still has it too.
#[must_use = "the key stays in the escrow until this is finished"]
pub struct Delivered {
    /// The destinations that have it.
    pub stored: Vec<Stored>,
    escrowing: Option<Escrowing>,
}

impl Delivered {
    /// Wipes the key out of the escrow.
    pub fn finish(self) -> Vec<Stored> {
        if let Some(escrowing) = self.escrowing {
            escrowing.wipe();
        }
        self.stored
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::os::fd::OwnedFd;

    use super::*;
    use crate::deliver::stdout::StdoutSlot;

    fn reservation(stdout: fs::File, format: Format, escrow: &Path) -> Reservation {
        let slots: Vec<Box<dyn Slot>> =
            vec![Box::new(StdoutSlot::on("stdout".into(), stdout, Box::new(format)).unwrap())];
        Reservation { slots, escrow: Escrow::reserve(&EscrowPlace::open(escrow)).unwrap() }
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
