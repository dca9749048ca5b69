//! The two objects that a key needs, as a device has them: an access profile and an API user.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use super::permissions::{Access, Level, Permissions};
use super::schema::Schema;
use super::show::{self, Block, Entry, Setting, ShowError};
use super::version::Version;

/// `config system accprofile` / `edit NAME`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Its permissions; `none` is not named. A group that is `custom` with nothing in it is, so that it can be told from one
    /// that was never touched.
    pub permissions: Permissions,
    /// Everything else that is set in it, by FortiOS's names: `scope`, `comments`, `system-diagnostics`, …
    pub settings: BTreeMap<String, String>,
}

/// `config system api-user` / `edit NAME`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its name.
    pub name: String,
    /// What is set in it, by FortiOS's names: `accprofile`, `comments`, `vdom`, `schedule`, …, but not its key and not its
    /// trusted hosts.
    pub settings: BTreeMap<String, Vec<String>>,
    /// Its trusted hosts by the number of their row. Empty: any host.
    #[serde(with = "rows")]
    pub trusted_hosts: BTreeMap<u32, IpNet>,
    /// Whether it has a key. (`show` prints a hash of the key, another one each time on some versions.)
    pub has_key: bool,
}

/// Rows as pairs: in JSON a key of an object is text, which serde does not take for a number where it has to look ahead, as
/// it does in the lines of the journal.
mod rows {
    use std::collections::BTreeMap;

    use ipnet::IpNet;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(rows: &BTreeMap<u32, IpNet>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(rows)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<u32, IpNet>, D::Error> {
        Ok(Vec::<(u32, IpNet)>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// Both, as they are on a device; `None`: it is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objects {
    /// The access profile.
    pub profile: Option<Profile>,
    /// The API user.
    pub user: Option<User>,
}

impl Profile {
    /// Reads the entry that `show system accprofile NAME` prints.
    pub fn from_show(entry: &Entry, version: Version) -> Profile {
        let schema = Schema::of(version);
        let is_group = |name: &str| schema.blocks().any(|group| group.name == name) || schema.group(name).is_some();
        let (groups, others): (Vec<_>, Vec<_>) = entry.settings.iter().partition(|setting| is_group(&setting.name));
        let access = groups.into_iter().map(|setting| (setting.name.clone(), access(entry, setting)));
        let settings = others.into_iter().map(|setting| (setting.name.clone(), setting.values.join(" ")));
        Profile {
            name: entry.name.clone(),
            permissions: Permissions(access.collect()).shown(),
            settings: settings.collect(),
        }
    }

    /// Whether what the device shows as `self` is what was wanted: the same permissions, and every setting that was asked
    /// for (`show` leaves out what is at its default).
    pub fn fulfils(&self, wanted: &Profile, version: Version) -> bool {
        let schema = Schema::of(version);
        let is_set = |(name, value): (&String, &String)| {
            let default = || schema.profile_field(name).and_then(|field| field.default.clone());
            self.settings.get(name).cloned().or_else(default).as_ref() == Some(value)
        };
        self.name == wanted.name
            && self.permissions.clone().minimal() == wanted.permissions.clone().minimal()
            && wanted.settings.iter().all(is_set)
    }
}

/// The access that one `set GROUP LEVEL` and its `config GROUP-permission` give. A level that is not known is none that
/// can be compared with: it counts as the whole group, so that it is never taken for less than it is.
fn access(entry: &Entry, setting: &Setting) -> Access {
    let word = setting.values.first().map(String::as_str).unwrap_or_default();
    if word != "custom" {
        return Access::Whole(word.parse().unwrap_or(Level::ReadWrite));
    }
    let block = entry.block(&format!("{}-permission", setting.name));
    let children = block.map(|block| block.settings.as_slice()).unwrap_or_default();
    let level =
        |setting: &Setting| setting.values.first().and_then(|word| word.parse().ok()).unwrap_or(Level::ReadWrite);
    Access::Custom(children.iter().map(|setting| (setting.name.clone(), level(setting))).collect())
}

impl User {
    /// Takes the user out of what `show system api-user NAME` printed; `None`: it is not there.
    ///
    /// # Errors
    /// When what was printed is not whole.
    pub fn find(name: &str, printed: &[String]) -> Result<Option<User>, ShowError> {
        let blocks = show::parse(printed.iter().map(String::as_str))?;
        Ok(blocks.iter().find_map(|block| block.entry(name)).map(User::from_show))
    }

    /// Reads the entry that `show system api-user NAME` prints. Nothing that is shown hashed or encrypted (`ENC`) is kept.
    pub fn from_show(entry: &Entry) -> User {
        let is_hidden = |setting: &Setting| setting.values.first().is_some_and(|value| value == "ENC");
        let has_key = entry.settings.iter().any(|setting| setting.name == "api-key");
        let others = entry.settings.iter().filter(|setting| setting.name != "api-key" && !is_hidden(setting));
        User {
            name: entry.name.clone(),
            settings: others.map(|setting| (setting.name.clone(), setting.values.clone())).collect(),
            trusted_hosts: entry.block("trusthost").map(trusted_hosts).unwrap_or_default(),
            has_key,
        }
    }

    /// The first value of a setting.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.settings.get(name)?.first().map(String::as_str)
    }

    /// Whether what the device shows as `self` is what was wanted: every setting that was asked for, and exactly these
    /// trusted hosts, in whatever rows.
    pub fn fulfils(&self, wanted: &User) -> bool {
        let is_set = |(name, values): (&String, &Vec<String>)| self.has(name, values);
        self.name == wanted.name && wanted.settings.iter().all(is_set) && self.hosts() == wanted.hosts()
    }

    /// Whether a setting has these values, be it that they are its default. The order of VDOMs means nothing.
    pub(super) fn has(&self, name: &str, values: &[String]) -> bool {
        match self.settings.get(name) {
            Some(shown) if name == "vdom" => sorted(shown) == sorted(values),
            Some(shown) => shown == values,
            None => is_default(name, values),
        }
    }

    /// The trusted hosts, sorted, each once.
    pub fn hosts(&self) -> Vec<IpNet> {
        let mut hosts: Vec<IpNet> = self.trusted_hosts.values().copied().collect();
        hosts.sort();
        hosts.dedup();
        hosts
    }
}

fn sorted(values: &[String]) -> Vec<&String> {
    let mut values: Vec<&String> = values.iter().collect();
    values.sort();
    values
}

/// `peer-auth disable` is the one default that we ever ask for.
fn is_default(name: &str, values: &[String]) -> bool {
    name == "peer-auth" && values.first().is_some_and(|value| value == "disable")
}

/// The rows of `config trusthost`. A row without its `set` is at its default, which lets everybody in.
fn trusted_hosts(block: &Block) -> BTreeMap<u32, IpNet> {
    let rows = block.entries.iter().filter_map(|entry| Some((entry.name.parse().ok()?, trusted_host(entry))));
    rows.collect()
}

fn trusted_host(row: &Entry) -> IpNet {
    let v6 = row.value("type") == Some("ipv6-trusthost");
    let shown = if v6 { row.value("ipv6-trusthost").and_then(|text| text.parse().ok()) } else { ipv4_host(row) };
    let everybody = if v6 { IpNet::V6(Ipv6Net::default()) } else { IpNet::V4(Ipv4Net::default()) };
    shown.unwrap_or(everybody)
}

/// `ADDRESS MASK`, or `ADDRESS/LENGTH`.
fn ipv4_host(row: &Entry) -> Option<IpNet> {
    match row.values("ipv4-trusthost") {
        [address, mask] => {
            let (address, mask): (Ipv4Addr, Ipv4Addr) = (address.parse().ok()?, mask.parse().ok()?);
            Ipv4Net::with_netmask(address, mask).ok().map(IpNet::V4)
        }
        [network] => network.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fortios::show;

    fn entry(text: &str) -> Entry {
        show::parse(text.lines()).unwrap().remove(0).entries.remove(0)
    }

    #[test]
    fn a_row_that_lost_its_address_lets_everybody_in() {
        let user = User::from_show(&entry(
            "config system api-user\nedit x\nset accprofile p\nconfig trusthost\nedit 1\nnext\nedit 2\nset type ipv6-trusthost\n\
             next\nedit 3\nset type ipv6-trusthost\nset ipv6-trusthost 2001:db8::/64\nnext\nedit 4\nset ipv4-trusthost 10.0.0.0 255.0.0.0\n\
             next\nend\nnext\nend",
        ));
        let hosts: Vec<String> = user.trusted_hosts.values().map(ToString::to_string).collect();
        assert_eq!(hosts, ["0.0.0.0/0", "::/0", "2001:db8::/64", "10.0.0.0/8"]);
        assert!(!user.has_key);
    }

    #[test]
    fn a_key_is_told_by_its_hash_and_never_kept() {
        let user = User::from_show(&entry(
            "config system api-user\nedit x\nset api-key ENC SH2abc\nset accprofile p\nnext\nend",
        ));
        assert!(user.has_key);
        assert!(!format!("{user:?}").contains("SH2abc"));
        assert!(!serde_json::to_string(&user).unwrap().contains("SH2abc"));
    }

    #[test]
    fn permissions_are_read_whole_and_child_by_child() {
        let profile = Profile::from_show(
            &entry(
                "config system accprofile\nedit p\nset scope global\nset sysgrp read\nset fwgrp custom\nset loggrp custom\nset wifi none\n\
                 config fwgrp-permission\nset address read-write\nend\nnext\nend",
            ),
            Version::new(7, 4, 8),
        );
        assert_eq!(profile.settings.get("scope").map(String::as_str), Some("global"));
        let groups: Vec<&str> = profile.permissions.0.keys().map(String::as_str).collect();
        assert_eq!(groups, ["fwgrp", "loggrp", "sysgrp"], "`custom` with nothing in it is told from never touched");
        assert_eq!(profile.permissions.0["fwgrp"].level_of("address"), Level::ReadWrite);
    }

    #[test]
    fn a_permission_that_is_not_understood_is_not_taken_for_none() {
        let profile = Profile::from_show(
            &entry("config system accprofile\nedit p\nset sysgrp all-of-it\nnext\nend"),
            Version::new(7, 4, 8),
        );
        assert_eq!(profile.permissions.0["sysgrp"], Access::Whole(Level::ReadWrite));
    }

    fn level() -> impl Strategy<Value = Level> {
        prop::sample::select(Level::ALL.to_vec())
    }

    fn access() -> impl Strategy<Value = Access> {
        let custom = prop::collection::btree_map("[a-z-]{1,8}", level(), 0..3).prop_map(Access::Custom);
        prop_oneof![level().prop_map(Access::Whole), custom]
    }

    fn host() -> impl Strategy<Value = IpNet> {
        (any::<std::net::IpAddr>(), 0_u8..=32).prop_map(|(address, length)| IpNet::new(address, length).unwrap())
    }

    fn profile() -> impl Strategy<Value = Profile> {
        let permissions = prop::collection::btree_map("[a-z]{1,8}grp", access(), 0..4).prop_map(Permissions);
        let settings = prop::collection::btree_map("[a-z-]{1,8}", any::<String>(), 0..3);
        (any::<String>(), permissions, settings).prop_map(|(name, permissions, settings)| Profile {
            name,
            permissions,
            settings,
        })
    }

    fn user() -> impl Strategy<Value = User> {
        let values = prop::collection::vec(any::<String>(), 0..3);
        let settings = prop::collection::btree_map("[a-z-]{1,8}", values, 0..3);
        let hosts = prop::collection::btree_map(any::<u32>(), host(), 0..4);
        (any::<String>(), settings, hosts, any::<bool>()).prop_map(|(name, settings, trusted_hosts, has_key)| User {
            name,
            settings,
            trusted_hosts,
            has_key,
        })
    }

    proptest! {
        #[test]
        fn what_was_there_before_reads_back_as_it_was_written(
            profile in prop::option::of(profile()),
            user in prop::option::of(user()),
        ) {
            let before = Objects { profile, user };
            let written = serde_json::to_string(&before).unwrap();
            prop_assert_eq!(serde_json::from_str::<Objects>(&written).unwrap(), before, "{}", written);
        }
    }
}
