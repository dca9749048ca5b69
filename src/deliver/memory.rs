//! The destination that nobody can name: this program keeps the key, for a command that it runs.

use std::sync::{Arc, Mutex, PoisonError};

use super::destination::Target;
use super::record::Record;
use super::slot::Slot;
use super::{DeliverError, Device, Format};
use crate::secret::Secret;

/// How it is told and recorded. A run that finds it in the escrow knows that nobody waits for that key any more.
pub(super) const LABEL: &str = "memory";

/// Where the key is found once it is delivered.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Option<Secret>>>);

impl Memory {
    /// Takes the key out; none before it is delivered, and none a second time.
    pub fn take(&self) -> Option<Secret> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Target for Memory {
    fn reserve(&self, _: &Device, _: Format) -> Result<Box<dyn Slot>, DeliverError> {
        Ok(Box::new(self.clone()))
    }
}

impl Slot for Memory {
    fn label(&self) -> &str {
        LABEL
    }

    fn store(self: Box<Self>, _: &Record, key: &Secret) -> Result<(), DeliverError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Secret::new(key.expose()));
        Ok(())
    }
}
