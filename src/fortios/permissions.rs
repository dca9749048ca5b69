//! What an access profile may do, as the operator says it: groups, their children, and levels.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The level of access to a permission group or to a child of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `none`: not at all.
    None,
    /// `read`.
    Read,
    /// `read-write`.
    ReadWrite,
}

impl Level {
    /// FortiOS's own word.
    pub const fn word(self) -> &'static str {
        match self {
            Level::None => "none",
            Level::Read => "read",
            Level::ReadWrite => "read-write",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The access that a profile gives to one permission group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// The whole group: `set fwgrp read`.
    Whole(Level),
    /// Child by child: `set fwgrp custom`, then `config fwgrp-permission`. A child that is not named is `none`.
    Custom(BTreeMap<String, Level>),
}

/// Permission groups by FortiOS's names (`sysgrp`, `fwgrp`, …); a group that is not named is `none`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions(pub BTreeMap<String, Access>);
