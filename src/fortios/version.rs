//! FortiOS versions as ordered values.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A FortiOS release, `7.4.8`, with the build number when the device told it.
///
/// Ordering and equality are those of `(major, minor, patch)`: the build is information, not a rank, because special
/// builds of one release carry unrelated numbers.
#[derive(Debug, Clone, Copy)]
pub struct Version {
    /// `7` in `7.4.8`.
    pub major: u16,
    /// `4` in `7.4.8`.
    pub minor: u16,
    /// `8` in `7.4.8`.
    pub patch: u16,
    /// `2795` in `v7.4.8,build2795,250523 (GA.M)`.
    pub build: Option<u32>,
}

/// The oldest release whose schema is known; older ones are refused.
pub const OLDEST: Version = Version::new(6, 0, 0);

/// The newest surveyed release; a newer one is handled as this one, with a warning.
pub const NEWEST: Version = Version::new(8, 0, 0);

/// The newest surveyed release of each line, oldest line first.
///
/// Source: the patches that occur in the Ansible collection fortinet.fortios 2.6.0 and in the Terraform provider
/// 1.25.0, which lists support up to these.
const LINES: [Version; 7] = [
    Version::new(6, 0, 11),
    Version::new(6, 2, 7),
    Version::new(6, 4, 4),
    Version::new(7, 0, 19),
    Version::new(7, 2, 13),
    Version::new(7, 4, 12),
    Version::new(7, 6, 7),
];

/// Why a text is not a version that can be handled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// Neither `7.4` nor `7.4.8` nor the form `get system status` prints.
    #[error("`{0}` is not a FortiOS version such as 7.4 or 7.4.8")]
    Form(String),
    /// A release before 6.0.
    #[error("FortiOS {0} is older than 6.0, the oldest release that fgtkey knows")]
    TooOld(String),
    /// A line that was never released, such as 7.3.
    #[error("there is no FortiOS {0}")]
    NoSuchLine(String),
}

impl Version {
    /// The release `major.minor.patch`, its build unknown.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Version { major, minor, patch, build: None }
    }

    /// The lines that were surveyed, each by its newest surveyed release, oldest first.
    pub fn lines() -> impl Iterator<Item = Version> {
        LINES.into_iter().chain([NEWEST])
    }

    /// The release whose schema stands for this one: itself, or [`NEWEST`] for a release newer than that.
    pub fn surveyed(self) -> Version {
        if self > NEWEST { NEWEST } else { self }
    }

    /// Whether this release is newer than every surveyed one.
    pub fn is_newer_than_known(self) -> bool {
        self > NEWEST
    }

    fn key(self) -> (u16, u16, u16) {
        (self.major, self.minor, self.patch)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}
