//! Reading a delivered key back, from destinations that allow it.

use jiff::Timestamp;

use super::DeliverError;
use crate::secret::Secret;

/// A key as its destination has it.
#[derive(Debug)]
pub struct Fetched {
    /// The destination as it is told: `vault:secret/fortigate/fw1`.
    pub destination: String,
    /// The key.
    pub key: Secret,
    /// The host part of the device's URL; unknown where the destination does not keep it.
    pub hostname: Option<String>,
    /// The API user that the key belongs to; unknown where the destination does not keep it.
    pub api_user: Option<String>,
    /// When the key was generated; unknown where the destination does not keep it.
    pub generated_at: Option<Timestamp>,
}

/// Why there is no key to be had from a destination.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The kind of destination takes keys and gives none; who asked names it.
    #[error("a key that was delivered there cannot be read back")]
    WriteOnly,
    /// Nothing was delivered yet, or it was deleted since.
    #[error("{destination}: there is nothing")]
    Nothing {
        /// The destination as it is told.
        destination: String,
    },
    /// There is something, and it is no key of ours.
    #[error("{destination}: there is no key in what is there: {problem}")]
    NoKey {
        /// The destination as it is told.
        destination: String,
        /// What is missing or wrong.
        problem: String,
    },
    /// The destination could not be had.
    #[error(transparent)]
    Unavailable(#[from] DeliverError),
}

impl FetchError {
    /// What to type or do next, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            FetchError::Unavailable(error) => error.hint(),
            _ => None,
        }
    }
}
