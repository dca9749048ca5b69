//! The words for a key that did not arrive everywhere.

use std::path::Path;

use super::step::delivered;
use super::{Reporter, Verbosity};
use crate::deliver::{DeliverError, Escrowed, Undelivered};
use crate::verbs::resume::{NotResumed, Resumed};

impl Reporter {
    /// Says why a destination cannot be used, before anything was minted.
    pub fn unreserved(&mut self, device: Option<&str>, error: &DeliverError) {
        let notes = ["nothing was minted".to_owned()];
        self.failure(device, error, &notes, error.hint().as_deref());
    }

    /// Says what became of a key in the escrow.
    pub fn resumed(&mut self, resumed: &Resumed) {
        match &resumed.outcome {
            Ok(stored) => {
                self.told(Verbosity::Story, &resumed.key_of, "key", &format!("delivered to {}", delivered(stored)));
                self.old_one_stays(resumed.retires.as_deref());
            }
            Err(NotResumed::Escrow(error)) => self.failure(None, error, &[], error.hint().as_deref()),
            Err(NotResumed::Journal(error)) => self.failure(None, error, &[], error.hint().as_deref()),
            Err(NotResumed::Lent { device, api_user }) => {
                let left = "the access that was lent to a command is still there, with nobody who has its key";
                self.say_error(Some(&resumed.key_of), left);
                self.hint(&format!("`fgtkey exec {device} … --api-user {api_user}` takes it away before it goes on"));
            }
            Err(NotResumed::Undelivered(undelivered)) => self.undelivered(&resumed.key_of, undelivered),
        }
    }

    /// Says that a rotation is not at its end.
    fn old_one_stays(&mut self, old: Option<&str>) {
        if let Some(old) = old {
            self.note(&format!("{old} is still there, and its key still works"));
            self.hint("`fgtkey rotate --finish` retires it");
        }
    }

    /// Says that there is nothing to finish.
    pub fn nothing_in_escrow(&mut self, directory: &Path) {
        if self.verbosity >= Verbosity::Story {
            self.note(&format!("there is no key in {}", directory.display()));
        }
    }

    /// Says which destinations lack the key and where it is instead.
    pub fn undelivered(&mut self, device: &str, undelivered: &Undelivered) {
        undelivered.failures.iter().for_each(|failure| self.error(Some(device), failure));
        for stored in &undelivered.stored {
            self.note(&format!("{} has the key", stored.destination));
        }
        self.escrowed(&undelivered.escrowed);
    }

    /// Says where a key is that its destinations lack.
    pub(super) fn escrowed(&mut self, escrowed: &Escrowed) {
        match escrowed {
            Escrowed::At(path) => {
                self.note(&format!("the key is safe in {} (0600)", path.display()));
                self.hint("`fgtkey deliver --resume` delivers it from there, as soon as the destination takes it");
            }
            Escrowed::Failed { error, .. } => {
                self.failure(None, error, &["the key is in no escrow".into()], None);
            }
        }
    }
}
