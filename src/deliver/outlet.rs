//! The destination of a worker: the key goes, sealed, to whoever asked for it, and is readable nowhere on its way.
//!
//! What goes through an [`Outlet`] is, byte for byte, what a sealed file of the escrow holds. So a key that a worker had in
//! its escrow when it died is passed on as it lies there ([`read`]), without anybody who could open it.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::destination::Target;
use super::escrow::{self, Content};
use super::record::Record;
use super::seal::{self, OpenSealError, Recipients};
use super::slot::Slot;
use super::{DeliverError, Destination, Device, EscrowPlace, Format, Stored, Undelivered, reserve};
use crate::secret::Secret;

/// How it is told and recorded. Nobody can name it.
pub const LABEL: &str = "submitter";

/// The way of sealed keys to whoever asked for them.
pub trait Outlet: Send + Sync {
    /// Passes on a key that was generated then; it is kept for good when this returns. The same key a second time is none
    /// too many.
    ///
    /// # Errors
    /// When it could not be passed on: it is still in the escrow.
    fn pass(&self, sealed: &[u8], generated_at: Timestamp) -> Result<(), Box<dyn Error + Send + Sync>>;
}

/// Keys for whoever holds the identity of these recipients.
#[derive(Clone)]
pub(super) struct Sealing {
    pub(super) recipients: Recipients,
    pub(super) outlet: Arc<dyn Outlet>,
}

impl Target for Sealing {
    fn reserve(&self, _: &Device, _: Format) -> Result<Box<dyn Slot>, DeliverError> {
        Ok(Box::new(self.clone()))
    }
}

impl Slot for Sealing {
    fn label(&self) -> &str {
        LABEL
    }

    /// The record goes with the key, and says whether it was proven.
    fn comes_last(&self) -> bool {
        true
    }

    fn store(self: Box<Self>, record: &Record, key: &Secret) -> Result<(), DeliverError> {
        let sealed = escrow::content(record, &[], key, &self.recipients);
        let sealed = sealed.map_err(|error| failed("seal the key", error.into()))?;
        self.outlet.pass(&sealed, record.generated_at).map_err(|source| failed("pass the key on", source))
    }
}

fn failed(doing: &str, source: Box<dyn Error + Send + Sync>) -> DeliverError {
    DeliverError::Service { destination: LABEL.into(), doing: doing.into(), source, hint: None }
}

/// A sealed file of the escrow as it is, and when it was named, which is just before its key was generated.
///
/// # Errors
/// When it cannot be read, or is none of ours.
pub fn read(path: &Path) -> io::Result<(Zeroizing<Vec<u8>>, Timestamp)> {
    let foreign = || io::Error::new(io::ErrorKind::InvalidData, "it is no sealed file of the escrow");
    let named_at = escrow::named_at(path).filter(|_| escrow::is_sealed(path)).ok_or_else(foreign)?;
    Ok((escrow::read(path)?, named_at))
}

/// A key that has arrived.
pub struct Arrived {
    /// Its record.
    pub record: Record,
    key: Secret,
}

/// Why what has arrived is no key.
#[derive(Debug, thiserror::Error)]
pub enum NotArrived {
    /// The identity does not open it.
    #[error("the key that came back cannot be opened")]
    Unopened(#[from] OpenSealError),
    /// It opens, and is no key.
    #[error("what came back is no key: {0}")]
    Foreign(String),
}

impl Arrived {
    /// Opens what went through an [`Outlet`], with the identities of a file.
    ///
    /// # Errors
    /// [`NotArrived`].
    pub fn open(sealed: &[u8], identity: &Path) -> Result<Arrived, NotArrived> {
        let bytes = seal::open(sealed, identity)?;
        let content: Content =
            serde_json::from_slice(&bytes).map_err(|error| NotArrived::Foreign(error.to_string()))?;
        let (record, key) = content.record.into_parts().map_err(NotArrived::Foreign)?;
        Ok(Arrived { record, key })
    }

    /// Delivers it, through the escrow of this machine; the record says who has it.
    ///
    /// # Errors
    /// [`DeliverError`] when a destination cannot be written: the key is only where it came from. [`Undelivered`] when one
    /// did not take it: then it is in the escrow.
    pub fn deliver(
        mut self,
        destinations: &[Destination],
        device: &Device,
        format: Format,
        place: &EscrowPlace,
    ) -> Result<(Record, Vec<Stored>), NotDelivered> {
        let reservation = reserve(destinations, device, format, place)?;
        self.record.delivered_to.clear();
        let stored = reservation.store(&mut self.record, self.key)?;
        Ok((self.record, stored))
    }
}

/// Why a key that has arrived is not where it should be.
#[derive(Debug, thiserror::Error)]
pub enum NotDelivered {
    /// It is only where it came from.
    #[error(transparent)]
    Unreserved(#[from] DeliverError),
    /// It is in the escrow.
    #[error(transparent)]
    Undelivered(#[from] Box<Undelivered>),
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::deliver::seal::Identity;

    #[derive(Default)]
    struct Pipe(Mutex<Vec<(Vec<u8>, Timestamp)>>);

    impl Outlet for Pipe {
        fn pass(&self, sealed: &[u8], generated_at: Timestamp) -> Result<(), Box<dyn Error + Send + Sync>> {
            self.0.lock().unwrap().push((sealed.to_vec(), generated_at));
            Ok(())
        }
    }

    #[test]
    fn a_key_arrives_readable_by_whoever_asked_for_it_alone() {
        let directory = tempfile::tempdir().unwrap();
        let identity = directory.path().join("identity");
        let recipient = Identity::create(&identity).unwrap();
        let recipients = Recipients::parse([recipient.as_str()]).unwrap();
        let place = EscrowPlace::sealed(directory.path().join("worker"), recipients.clone());
        let pipe = Arc::new(Pipe::default());
        let device = Device { name: "fw1".into(), address: "192.0.2.1".into() };
        let destination = Destination::outlet(recipients, pipe.clone());
        let reservation = reserve(&[destination], &device, Format::Key, &place).unwrap();
        let mut record = Record::new("fw1");
        let escrow = reservation.escrow_path(&record);
        let mut secured = reservation.secure(escrow.clone(), &record, Secret::new("fccys3"));
        let (left, generated_at) = read(&escrow).unwrap();
        secured.deliver(crate::deliver::Part::All, &mut record, &mut |_| ());
        let passed = pipe.0.lock().unwrap().pop().unwrap();
        assert_eq!((passed.1, generated_at), (record.generated_at, record.generated_at));
        for sealed in [&passed.0[..], &left[..]] {
            assert!(!sealed.windows(6).any(|window| window == b"fccys3"));
            let to = Destination::new("file", directory.path().join("key").to_str().unwrap()).unwrap();
            let arrived = Arrived::open(sealed, &identity).unwrap();
            let open = EscrowPlace::open(directory.path().join("own"));
            arrived.deliver(&[to], &device, Format::Key, &open).unwrap();
            assert_eq!(std::fs::read_to_string(directory.path().join("key")).unwrap(), "fccys3\n");
        }
    }
}
