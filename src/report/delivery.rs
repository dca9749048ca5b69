//! The words for a key that did not arrive everywhere.

use super::Reporter;
use crate::deliver::{DeliverError, Escrowed, Undelivered};

impl Reporter {
    /// Says why a destination cannot be used, before anything was minted.
    pub fn unreserved(&mut self, device: Option<&str>, error: &DeliverError) {
        let notes = ["nothing was minted".to_owned()];
        self.failure(device, error, &notes, error.hint().as_deref());
    }

    /// Says which destinations lack the key and where it is instead.
    pub fn undelivered(&mut self, device: &str, undelivered: &Undelivered) {
        undelivered.failures.iter().for_each(|failure| self.error(Some(device), failure));
        for stored in &undelivered.stored {
            self.note(&format!("{} has the key", stored.destination));
        }
        match &undelivered.escrowed {
            Escrowed::At(path) => {
                self.note(&format!("the key is safe in {} (0600)", path.display()));
                self.hint("take `record.key` from there, then delete the file");
            }
            Escrowed::Failed { error, .. } => {
                self.error(Some(device), error);
                self.note("the key is in no escrow");
            }
        }
    }
}
