//! How long a key is to live, in the whole minutes FortiOS counts in.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::duration::{self, DurationError};
use super::schema::{Expiry, Schema};
use super::version::Version;

/// A lifetime of at least one minute. What a version allows is for [`Expires::check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expires(u32);

/// Why a key cannot be given that lifetime.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpiresError {
    /// Not a number with a unit.
    #[error("{0:?} is not a duration such as 90m, 12h or 7d")]
    Form(String),
    /// `90`: of what?
    #[error("{0:?} has no unit")]
    NoUnit(String),
    /// FortiOS counts whole minutes.
    #[error("{0:?} is in seconds, and FortiOS counts in whole minutes")]
    Seconds(String),
    /// No time at all.
    #[error("{0:?} is no time at all")]
    Zero(String),
    /// The version gives no key an expiry yet.
    #[error("FortiOS {version} gives keys no expiry (it came with {since})")]
    NotYet {
        /// The version.
        version: Version,
        /// The first release that can.
        since: Version,
    },
    /// The version gives only the support tool's key an expiry.
    #[error("FortiOS {version} takes an expiry for the Fortinet Support Tool's own user only (since {since})")]
    SupportToolOnly {
        /// The version.
        version: Version,
        /// The first release with that restriction.
        since: Version,
    },
    /// Outside what the version takes.
    #[error("{minutes} minutes is outside the {min} to {max} minutes that FortiOS {version} takes")]
    Range {
        /// As asked for.
        minutes: u32,
        /// The least.
        min: u32,
        /// The most.
        max: u32,
        /// The version.
        version: Version,
    },
}

impl ExpiresError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            ExpiresError::Form(_) | ExpiresError::Zero(_) => Some("for example 90m, 12h, 7d or 1d12h".to_owned()),
            ExpiresError::NoUnit(text) => Some(format!("did you mean {text}m?")),
            ExpiresError::Seconds(_) => Some("the shortest is 1m".to_owned()),
            ExpiresError::NotYet { .. } | ExpiresError::SupportToolOnly { .. } => {
                Some("leave it out, and replace the key with `fgtkey rotate` when its time has come".to_owned())
            }
            ExpiresError::Range { max, .. } => Some(format!("the longest is {}", Expires(*max))),
        }
    }
}

impl Expires {
    /// The lifetime in minutes, as `execute api-user generate-key NAME MINUTES` takes it.
    pub fn minutes(self) -> u32 {
        self.0
    }

    /// The least lifetime in whole minutes that is longer than `time`.
    pub fn beyond(time: Duration) -> Expires {
        Expires(u32::try_from(time.as_secs() / 60 + 1).unwrap_or(u32::MAX))
    }

    /// Refuses a lifetime that `version` does not give to an ordinary API user's key.
    ///
    /// # Errors
    /// [`ExpiresError::NotYet`] before 7.6.3, [`ExpiresError::SupportToolOnly`] from 7.6.5 on, [`ExpiresError::Range`]
    /// between them when it is longer than the longest.
    pub fn check(self, version: Version) -> Result<(), ExpiresError> {
        match Schema::of(version).expiry() {
            Expiry::NotYet { since } => Err(ExpiresError::NotYet { version, since }),
            Expiry::SupportToolOnly { since } => Err(ExpiresError::SupportToolOnly { version, since }),
            Expiry::Minutes { min, max } if (min..=max).contains(&self.0) => Ok(()),
            Expiry::Minutes { min, max } => Err(ExpiresError::Range { minutes: self.0, min, max, version }),
        }
    }
}

impl FromStr for Expires {
    type Err = ExpiresError;

    /// Reads `90m`, `12h`, `7d` and sums of them, the greater unit first or not: `1d12h`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lasts = duration::parse(text).map_err(|error| match error {
            DurationError::Form(text) => ExpiresError::Form(text),
            DurationError::NoUnit(text) => ExpiresError::NoUnit(text),
        })?;
        match u32::try_from(lasts.as_secs() / 60) {
            _ if text.contains('s') => Err(ExpiresError::Seconds(text.to_owned())),
            Ok(0) => Err(ExpiresError::Zero(text.to_owned())),
            Ok(minutes) => Ok(Expires(minutes)),
            Err(_) => Err(ExpiresError::Form(text.to_owned())),
        }
    }
}

impl fmt::Display for Expires {
    /// In the greatest unit that leaves no rest: `7d`, `12h`, `90m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            minutes if minutes % (24 * 60) == 0 => write!(f, "{}d", minutes / (24 * 60)),
            minutes if minutes % 60 == 0 => write!(f, "{}h", minutes / 60),
            minutes => write!(f, "{minutes}m"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_minutes() {
        for (text, minutes) in [("90m", 90), ("12h", 720), ("7d", 10080), ("1d12h", 2160), (" 1h30m ", 90)] {
            assert_eq!(text.parse::<Expires>().map(Expires::minutes), Ok(minutes), "{text}");
        }
        for (text, printed) in [("1440m", "1d"), ("120m", "2h"), ("90m", "90m")] {
            assert_eq!(text.parse::<Expires>().unwrap().to_string(), printed);
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        let form = |text: &str| ExpiresError::Form(text.to_owned());
        for text in ["", " ", "m", "7w", "7d5", "-7d", "1é", "99999999999d", "4294967295d", "tomorrow"] {
            assert_eq!(text.parse::<Expires>(), Err(form(text)), "{text}");
        }
        assert_eq!("90".parse::<Expires>().unwrap_err().hint().as_deref(), Some("did you mean 90m?"));
        assert_eq!("90s".parse::<Expires>(), Err(ExpiresError::Seconds("90s".to_owned())));
        assert_eq!("0d".parse::<Expires>(), Err(ExpiresError::Zero("0d".to_owned())));
    }

    #[test]
    fn only_7_6_3_and_7_6_4_give_an_ordinary_key_an_expiry() {
        let week: Expires = "7d".parse().unwrap();
        let since = Version::new(7, 6, 3);
        for version in ["6.0.0", "7.4.12", "7.6.2"].map(|text| text.parse().unwrap()) {
            assert_eq!(week.check(version), Err(ExpiresError::NotYet { version, since }));
        }
        for version in ["7.6.3", "7.6.4"].map(|text| text.parse().unwrap()) {
            assert_eq!(week.check(version), Ok(()));
            let longer: Expires = "10081m".parse().unwrap();
            assert_eq!(longer.check(version).unwrap_err().hint().as_deref(), Some("the longest is 7d"));
        }
        let since = Version::new(7, 6, 5);
        for version in ["7.6.5", "8.0.0", "8.0.3"].map(|text| text.parse().unwrap()) {
            assert_eq!(week.check(version), Err(ExpiresError::SupportToolOnly { version, since }));
        }
    }
}
