//! How a run over a fleet goes about it: how many at once, who goes first, when it stops.

use std::fmt;
use std::str::FromStr;

/// How many devices are worked on at once unless `-j` says otherwise.
pub const JOBS: usize = 64;

/// Up to so many devices nobody goes first unless `--canary` says so.
pub const SMALL: usize = 20;

/// The rules of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How many devices are worked on at once; at least 1.
    pub jobs: usize,
    /// Who goes first.
    pub canary: Canary,
    /// How many may fail before no more are started.
    pub max_failures: Option<Limit>,
}

impl Default for Rules {
    fn default() -> Self {
        Rules { jobs: JOBS, canary: Canary::None, max_failures: None }
    }
}

/// Who goes first, and has to succeed before others are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Canary {
    /// Nobody.
    None,
    /// So many, the first of the inventory.
    Count(usize),
    /// One of each model and release, as the devices say what they are.
    EachKind,
}

impl Canary {
    /// What holds for so many devices where nothing is said; `asked` is what is said: 0 is nobody.
    pub fn of(asked: Option<usize>, devices: usize) -> Canary {
        match asked {
            Some(0) => Canary::None,
            Some(count) => Canary::Count(count),
            None if devices > SMALL => Canary::EachKind,
            None => Canary::None,
        }
    }
}

/// How many failures are too many: `N`, or `P%` of all devices of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// More than so many.
    Count(usize),
    /// More than so many percent of the devices of the run, 0 to 100.
    Percent(u8),
}

impl Limit {
    /// Whether `failures` of `devices` are too many.
    pub const fn is_exceeded(self, failures: usize, devices: usize) -> bool {
        match self {
            Limit::Count(most) => failures > most,
            Limit::Percent(most) => failures * 100 > devices * most as usize,
        }
    }
}

/// Text that is no limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a number of devices nor a percentage: 5 or 10%")]
pub struct NoLimit(String);

impl FromStr for Limit {
    type Err = NoLimit;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let limit = match text.strip_suffix('%') {
            Some(percent) => percent.parse().ok().filter(|percent| *percent <= 100).map(Limit::Percent),
            None => text.parse().ok().map(Limit::Count),
        };
        limit.ok_or_else(|| NoLimit(text.to_owned()))
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::Count(most) => write!(f, "{most}"),
            Limit::Percent(most) => write!(f, "{most}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_one_of_all_devices_and_has_to_be_exceeded() {
        let limit: Limit = "10%".parse().unwrap();
        assert!(!limit.is_exceeded(10, 100));
        assert!(limit.is_exceeded(11, 100));
        assert!(limit.is_exceeded(1, 9));
        assert!(!limit.is_exceeded(0, 9));
    }

    #[test]
    fn no_failure_at_all_is_a_limit_too() {
        let limit: Limit = "0".parse().unwrap();
        assert!(!limit.is_exceeded(0, 5));
        assert!(limit.is_exceeded(1, 5));
    }

    #[test]
    fn other_text_is_refused_with_an_example() {
        for text in ["", "%", "101%", "-1", "many", "1.5%"] {
            assert!(text.parse::<Limit>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_a_larger_fleet_has_canaries_unasked() {
        assert_eq!(Canary::of(None, 20), Canary::None);
        assert_eq!(Canary::of(None, 21), Canary::EachKind);
        assert_eq!(Canary::of(Some(0), 1000), Canary::None);
        assert_eq!(Canary::of(Some(3), 5), Canary::Count(3));
    }
}
