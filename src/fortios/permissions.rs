//! What an access profile may do: permission groups, their children, and levels.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::schema::{Group, Schema};
use super::suggestion::nearest;
use super::version::Version;

/// The level of access to a permission group or to a child of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// `none`: not at all.
    None,
    /// `read`.
    Read,
    /// `read-write`.
    ReadWrite,
}

/// A word that is not a level of access.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a level of access: none, read or read-write")]
pub struct LevelError(pub String);

impl LevelError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self.0.as_str() {
            "custom" => Some("`custom` follows by itself when a child is named, as in fwgrp.address=read".to_owned()),
            "rw" | "write" | "readwrite" | "read_write" => Some("did you mean read-write?".to_owned()),
            "r" | "ro" | "read-only" => Some("did you mean read?".to_owned()),
            word => nearest(word, Level::ALL.map(Level::word)).map(|word| format!("did you mean {word}?")),
        }
    }
}

impl Level {
    /// All levels, from nothing to everything.
    pub const ALL: [Level; 3] = [Level::None, Level::Read, Level::ReadWrite];

    /// FortiOS's own word.
    pub const fn word(self) -> &'static str {
        match self {
            Level::None => "none",
            Level::Read => "read",
            Level::ReadWrite => "read-write",
        }
    }
}

impl FromStr for Level {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Level::ALL.into_iter().find(|level| level.word() == text).ok_or_else(|| LevelError(text.to_owned()))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The access that a profile gives to one permission group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Access {
    /// The whole group: `set fwgrp read`.
    Whole(Level),
    /// Child by child: `set fwgrp custom`, then `config fwgrp-permission`. A child that is not named is `none`.
    Custom(BTreeMap<String, Level>),
}

impl Access {
    /// Whether it lets nothing through.
    pub fn is_none(&self) -> bool {
        match self {
            Access::Whole(level) => *level == Level::None,
            Access::Custom(children) => children.values().all(|level| *level == Level::None),
        }
    }

    /// The level of one child of the group.
    pub fn level_of(&self, child: &str) -> Level {
        match self {
            Access::Whole(level) => *level,
            Access::Custom(children) => children.get(child).copied().unwrap_or(Level::None),
        }
    }
}

impl<'de> Deserialize<'de> for Access {
    /// A level for the whole group, or a map of child to level.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AccessVisitor;
        impl<'de> Visitor<'de> for AccessVisitor {
            type Value = Access;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("none, read, read-write, or a map of children to these")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Access, E> {
                text.parse().map(Access::Whole).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Access, A::Error> {
                let mut children = BTreeMap::new();
                while let Some((child, level)) = map.next_entry()? {
                    children.insert(child, level);
                }
                Ok(Access::Custom(children))
            }
        }
        deserializer.deserialize_any(AccessVisitor)
    }
}

/// Permission groups by FortiOS's names (`sysgrp`, `fwgrp`, …); a group that is not named is `none`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Permissions(pub BTreeMap<String, Access>);

impl Permissions {
    /// The same permissions said in the fewest words: groups and children that are `none` are not named.
    ///
    /// Two profiles give the same access if and only if their minimal forms are equal, but for `custom` groups all of
    /// whose children have one level: these stay `custom`, as a later FortiOS may add children.
    pub fn minimal(mut self) -> Self {
        self.0.retain(|_, access| !access.is_none());
        for access in self.0.values_mut() {
            if let Access::Custom(children) = access {
                children.retain(|_, level| *level != Level::None);
            }
        }
        self
    }

    /// The form in which `show` prints them: levels that are `none` are not named, a `custom` group without children is.
    pub fn shown(mut self) -> Self {
        self.0.retain(|_, access| *access != Access::Whole(Level::None));
        for access in self.0.values_mut() {
            if let Access::Custom(children) = access {
                children.retain(|_, level| *level != Level::None);
            }
        }
        self
    }

    /// Whether every group that every model of `version` has is `read-write`, whole or child by child.
    pub fn is_all_read_write(&self, version: Version) -> bool {
        let schema = Schema::of(version);
        schema.groups().filter(|group| !group.model_dependent).all(|group| self.is_read_write(schema, group))
    }

    fn is_read_write(&self, schema: Schema, group: &'static Group) -> bool {
        let Some(access) = self.0.get(&group.name) else { return false };
        match access {
            Access::Whole(level) => *level == Level::ReadWrite,
            Access::Custom(_) => schema
                .children(group)
                .filter(|child| !child.model_dependent)
                .all(|child| access.level_of(&child.name) == Level::ReadWrite),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn custom(children: &[(&str, Level)]) -> Access {
        Access::Custom(children.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect())
    }

    fn permissions(groups: &[(&str, Access)]) -> Permissions {
        Permissions(groups.iter().map(|(name, access)| ((*name).to_owned(), access.clone())).collect())
    }

    #[test]
    fn levels_are_ordered_from_nothing_to_everything() {
        assert!(Level::None < Level::Read && Level::Read < Level::ReadWrite);
        for level in Level::ALL {
            assert_eq!(level.word().parse(), Ok(level));
        }
    }

    #[test]
    fn a_word_that_is_no_level_says_which_are() {
        for (word, hint) in
            [("rw", "read-write"), ("read-only", "did you mean read?"), ("custom", "fwgrp.address=read")]
        {
            let error = word.parse::<Level>().unwrap_err();
            assert!(error.hint().unwrap().contains(hint), "{word}: {:?}", error.hint());
        }
        assert_eq!(
            "all".parse::<Level>().unwrap_err().to_string(),
            "`all` is not a level of access: none, read or read-write"
        );
    }

    #[test]
    fn the_minimal_form_leaves_out_what_is_none() {
        let said = permissions(&[
            ("sysgrp", Access::Whole(Level::None)),
            ("loggrp", custom(&[("config", Level::None)])),
            ("fwgrp", custom(&[("address", Level::Read), ("policy", Level::None)])),
            ("wifi", Access::Whole(Level::Read)),
        ]);
        let minimal =
            permissions(&[("fwgrp", custom(&[("address", Level::Read)])), ("wifi", Access::Whole(Level::Read))]);
        assert_eq!(said.minimal(), minimal);
    }

    #[test]
    fn all_read_write_is_seen_whole_and_child_by_child() {
        let version = Version::new(7, 4, 8);
        let whole = |group: &Group| (group.name.clone(), Access::Whole(Level::ReadWrite));
        let mut all = Permissions(Schema::of(version).groups().map(whole).collect());
        assert!(all.is_all_read_write(version));
        all.0.remove("wanoptgrp");
        assert!(all.is_all_read_write(version), "a group that only some models have does not count");
        let netgrp = [("cfg", Level::ReadWrite), ("packet-capture", Level::ReadWrite), ("route-cfg", Level::ReadWrite)];
        all.0.insert("netgrp".to_owned(), custom(&netgrp));
        assert!(all.is_all_read_write(version));
        all.0.insert("netgrp".to_owned(), custom(&netgrp[..2]));
        assert!(!all.is_all_read_write(version));
    }
}
