//! One thing a profile may do, as `--grant` says it: `GROUP[.CHILD]=LEVEL`.

use std::fmt;
use std::str::FromStr;

use super::permissions::{Level, LevelError};

/// The end of FortiOS's name of a group's block of children: `config fwgrp-permission`.
const BLOCK: &str = "-permission";

/// A level for a permission group or for a child of one: `fwgrp=read`, `fwgrp.address=read-write`.
///
/// FortiOS's own spelling of the block, `fwgrp-permission.address`, means the same and reads to the same value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// `fwgrp`.
    pub group: String,
    /// `address`; `None` for the whole group.
    pub child: Option<String>,
    /// What is granted.
    pub level: Level,
}

/// Why a text is not a grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// Not of the form `GROUP[.CHILD]=LEVEL`.
    #[error("`{0}` is not GROUP[.CHILD]=none|read|read-write")]
    Form(String),
    /// What stands after `=` is no level.
    #[error(transparent)]
    Level(#[from] LevelError),
}

impl GrantError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            GrantError::Form(_) => Some("for example fwgrp=read, or fwgrp.address=read-write".to_owned()),
            GrantError::Level(error) => error.hint(),
        }
    }
}

impl Grant {
    /// The grant of `level` to the whole `group`, or to a `child` of it; `fwgrp-permission` is `fwgrp`.
    pub fn new(group: &str, child: Option<&str>, level: Level) -> Grant {
        let group = if child.is_some() { group.strip_suffix(BLOCK).unwrap_or(group) } else { group };
        Grant { group: group.to_owned(), child: child.map(str::to_owned), level }
    }

    /// What it is about: `fwgrp`, or `fwgrp.address`.
    pub fn subject(&self) -> String {
        match &self.child {
            Some(child) => format!("{}.{child}", self.group),
            None => self.group.clone(),
        }
    }
}

impl FromStr for Grant {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || GrantError::Form(text.to_owned());
        let (subject, level) = text.split_once('=').ok_or_else(form)?;
        let (group, child) = match subject.split_once('.') {
            Some((group, child)) => (group, Some(child)),
            None => (subject, None),
        };
        if !is_word(group) || child.is_some_and(|child| !is_word(child)) {
            return Err(form());
        }
        Ok(Grant::new(group, child, level.parse()?))
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.subject(), self.level)
    }
}

/// FortiOS's names of groups and children are of letters, digits and `-`; `_` is let through to earn a suggestion.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_or_a_child_is_granted_a_level() {
        assert_eq!("fwgrp=read".parse(), Ok(Grant::new("fwgrp", None, Level::Read)));
        let child = Grant::new("fwgrp", Some("address"), Level::ReadWrite);
        assert_eq!("fwgrp.address=read-write".parse().as_ref(), Ok(&child));
        assert_eq!("fwgrp-permission.address=read-write".parse().as_ref(), Ok(&child));
        assert_eq!(child.to_string(), "fwgrp.address=read-write");
    }

    #[test]
    fn what_is_no_grant_is_refused_with_an_example() {
        for text in
            ["", "fwgrp", "=read", "fwgrp.=read", ".address=read", "fwgrp.a.b=read", "fw grp=read", "fwgrp\n=read"]
        {
            let error = text.parse::<Grant>().unwrap_err();
            assert_eq!(error, GrantError::Form(text.to_owned()));
            assert!(error.hint().unwrap().contains("fwgrp=read"));
        }
        assert_eq!("fwgrp=rw".parse::<Grant>(), Err(GrantError::Level(LevelError("rw".to_owned()))));
    }
}
