//! The keys that the API accepts.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::secret::Secret;

/// The key of each API user that has one.
pub(super) type Keys = BTreeMap<String, Key>;

/// The key of an API user.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) secret: Arc<Secret>,
    /// When it stops to count; `None`: never.
    pub(super) until: Option<Timestamp>,
}

impl Key {
    pub(super) fn is(&self, text: &str) -> bool {
        self.secret.expose() == text
    }

    /// Its SHA-256 in hexadecimal digits: tells two keys apart without showing either.
    pub(super) fn sha256(&self) -> String {
        let digest = ring::digest::digest(&ring::digest::SHA256, self.secret.expose().as_bytes());
        digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| now >= until)
    }
}
