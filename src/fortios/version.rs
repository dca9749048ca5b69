//! FortiOS versions as ordered values.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A FortiOS release, `7.4.8`, with the build number when the device told it.
///
/// Ordering and equality are those of `(major, minor, patch)`: the build is information, not a rank, because special
/// builds of one release carry unrelated numbers.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
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
    #[error("there is no FortiOS {line}")]
    NoSuchLine {
        /// The line as asked for, `7.3`.
        line: String,
        /// The released lines next to it, `7.2` and `7.4`.
        neighbours: Vec<String>,
    },
}

impl VersionError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            VersionError::Form(_) => Some(format!("the newest surveyed release is {NEWEST}")),
            VersionError::TooOld(_) => None,
            VersionError::NoSuchLine { neighbours, .. } if neighbours.is_empty() => None,
            VersionError::NoSuchLine { neighbours, .. } => Some(format!("did you mean {}?", neighbours.join(" or "))),
        }
    }
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

    /// The release that `--fortios TEXT` means: `7.4` is the newest surveyed 7.4.x, `7.4.8` is itself.
    ///
    /// A release newer than [`NEWEST`] is accepted (see [`Version::is_newer_than_known`]).
    ///
    /// # Errors
    /// [`VersionError`] when the text is no version, is older than 6.0, or names a line that was never released.
    pub fn parse_target(text: &str) -> Result<Version, VersionError> {
        match short_form(text) {
            Some((major, minor)) => Version::new(major, minor, 0).newest_of_line(),
            None => text.parse::<Version>()?.known_line(),
        }
    }

    /// The version in a line that `get system status` prints: `Version: FortiGate-60F v7.4.8,build2795,250523 (GA.M)`.
    ///
    /// Source: captures of FortiOS 6.0 to 7.4; the model's name in front and the build's date behind are skipped.
    pub fn from_status_line(line: &str) -> Option<Version> {
        line.split_whitespace().find_map(|word| word.strip_prefix('v').and_then(|_| word.parse().ok()))
    }

    fn newest_of_line(self) -> Result<Version, VersionError> {
        let line = |v: &Version| v.line() == self.line();
        match Version::lines().find(line) {
            Some(version) => Ok(version),
            None => self.known_line(),
        }
    }

    /// This release, unless it is older than every one known or of a line that was never released.
    fn known_line(self) -> Result<Version, VersionError> {
        if self < OLDEST {
            return Err(VersionError::TooOld(self.to_string()));
        }
        if self.is_newer_than_known() || Version::lines().any(|v| v.line() == self.line()) {
            return Ok(self);
        }
        Err(VersionError::NoSuchLine { line: format!("{}.{}", self.major, self.minor), neighbours: self.neighbours() })
    }

    fn neighbours(self) -> Vec<String> {
        let below = Version::lines().filter(|v| *v < self).last();
        let above = Version::lines().find(|v| *v > self);
        below.into_iter().chain(above).map(|v| format!("{}.{}", v.major, v.minor)).collect()
    }

    fn line(self) -> (u16, u16) {
        (self.major, self.minor)
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

impl FromStr for Version {
    type Err = VersionError;

    /// Reads `7.4.8`, `v7.4.8`, `v7.4.8 build 2795`, `v7.4.8 build2795` and `v7.4.8,build2795,250523 (GA.M)`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || VersionError::Form(text.to_owned());
        let body = text.trim();
        let body = body.strip_prefix(['v', 'V']).unwrap_or(body);
        let (release, rest) = body.split_at(body.find([',', ' ']).unwrap_or(body.len()));
        let (major, minor, patch) = three_numbers(release).ok_or_else(form)?;
        let build = build_number(rest).ok_or_else(form)?;
        Ok(Version { major, minor, patch, build })
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl TryFrom<String> for Version {
    type Error = VersionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// `7.4` and `v7.4`, which leave the patch open.
fn short_form(text: &str) -> Option<(u16, u16)> {
    let body = text.trim();
    let (major, minor) = body.strip_prefix(['v', 'V']).unwrap_or(body).split_once('.')?;
    Some((number(major)?, number(minor)?))
}

fn three_numbers(release: &str) -> Option<(u16, u16, u16)> {
    let mut parts = release.split('.').map(number);
    let (major, minor, patch) = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some((major, minor, patch))
}

/// Digits only: `str::parse` would take `+7` as well.
fn number(text: &str) -> Option<u16> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// The build in what follows the release: `Some(None)` when nothing follows, `None` when it is something else.
fn build_number(rest: &str) -> Option<Option<u32>> {
    let rest = rest.trim_start_matches([',', ' ']);
    if rest.is_empty() {
        return Some(None);
    }
    let digits = rest.strip_prefix("build")?.trim_start();
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..end)?.parse().ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_spelling_of_a_release_is_read() {
        for (text, build) in [
            ("7.4.8", None),
            ("v7.4.8", None),
            (" 7.4.8 ", None),
            ("v7.4.8 build 2795", Some(2795)),
            ("v7.4.8 build2795", Some(2795)),
            ("v7.4.8,build2795,250523 (GA.M)", Some(2795)),
        ] {
            let version: Version = text.parse().unwrap();
            assert_eq!(version, Version::new(7, 4, 8), "{text}");
            assert_eq!(version.build, build, "{text}");
        }
    }

    #[test]
    fn what_is_no_release_is_refused() {
        for text in
            ["", "7", "7.4", "7.4.8.1", "7.4.x", "+7.4.8", "7.4.8 GA", "v7.4.8,build", "7..4", "-7.4.8", "99999.0.0"]
        {
            assert_eq!(text.parse::<Version>(), Err(VersionError::Form(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn the_status_line_yields_release_and_build() {
        let version = Version::from_status_line("Version: FortiGate-VM64-KVM v7.0.3,build0237,211207 (GA)").unwrap();
        assert_eq!((version, version.build), (Version::new(7, 0, 3), Some(237)));
        assert_eq!(Version::from_status_line("Version: FortiGate-VM64"), None);
    }

    #[test]
    fn a_line_means_its_newest_surveyed_release() {
        for (text, expected) in [("6.0", "6.0.11"), ("7.4", "7.4.12"), ("v7.6", "7.6.7"), ("8.0", "8.0.0")] {
            assert_eq!(Version::parse_target(text).unwrap().to_string(), expected);
        }
        assert_eq!(Version::parse_target("7.2.3").unwrap(), Version::new(7, 2, 3));
    }

    #[test]
    fn a_newer_release_than_any_known_is_accepted_and_says_so() {
        for text in ["8.0.1", "8.2", "9.0.0"] {
            let version = Version::parse_target(text).unwrap();
            assert!(version.is_newer_than_known());
            assert_eq!(version.surveyed(), NEWEST);
        }
    }

    #[test]
    fn a_line_that_was_never_released_names_its_neighbours() {
        for (text, hint) in [
            ("6.1", "did you mean 6.0 or 6.2?"),
            ("7.1.3", "did you mean 7.0 or 7.2?"),
            ("7.3", "did you mean 7.2 or 7.4?"),
            ("7.5.0", "did you mean 7.4 or 7.6?"),
        ] {
            let error = Version::parse_target(text).unwrap_err();
            assert_eq!(error.hint().as_deref(), Some(hint));
        }
        let error = Version::parse_target("5.6").unwrap_err();
        assert_eq!(error, VersionError::TooOld("5.6.0".to_owned()));
    }

    proptest! {
        #[test]
        fn versions_are_ordered_as_their_numbers(a: (u16, u16, u16), b: (u16, u16, u16), build: u32) {
            let left = Version { build: Some(build), ..Version::new(a.0, a.1, a.2) };
            prop_assert_eq!(left.cmp(&Version::new(b.0, b.1, b.2)), a.cmp(&b));
        }

        #[test]
        fn a_printed_version_reads_back(a: (u16, u16, u16)) {
            let version = Version::new(a.0, a.1, a.2);
            prop_assert_eq!(version.to_string().parse::<Version>().unwrap(), version);
        }
    }
}
