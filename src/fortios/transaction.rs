//! Configuration transactions (workspace mode): whether a push runs inside one.
//!
//! Source: FortiOS administration guide 7.6.5 (530847) and CLI reference 7.6.6 (148302082). Untried on a real device so far,
//! so that it has to be asked for.

use std::str::FromStr;

use super::plan::PlanError;
use super::version::Version;

/// The first release that has them.
const SINCE: Version = Version::new(6, 2, 0);

/// `--transaction`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transaction {
    /// None: each object appears when it is complete.
    #[default]
    Off,
    /// One where the device has it and lets us open it; none otherwise.
    Auto,
    /// One, or nothing is sent.
    Require,
}

/// A word that does not say whether a transaction is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of off, auto, require")]
pub struct UnknownTransaction(String);

impl FromStr for Transaction {
    type Err = UnknownTransaction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Transaction::Off),
            "auto" => Ok(Transaction::Auto),
            "require" => Ok(Transaction::Require),
            other => Err(UnknownTransaction(other.to_owned())),
        }
    }
}

impl Transaction {
    /// Whether one is to be opened on this release.
    ///
    /// # Errors
    /// When it is required and the release has none.
    pub fn on(self, version: Version) -> Result<bool, PlanError> {
        match self {
            Transaction::Off => Ok(false),
            _ if version >= SINCE => Ok(true),
            Transaction::Auto => Ok(false),
            Transaction::Require => Err(PlanError::NoTransaction(version)),
        }
    }
}
