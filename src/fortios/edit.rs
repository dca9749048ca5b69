//! The difference between an object as it is and as it should be, as the lines that make the one the other.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::Serialize;

use super::objects::{Objects, Profile, User};
use super::permissions::{Access, Level};
use super::schema::{Group, Schema};
use super::version::Version;

/// One object to be made, altered or removed: one block of CLI, one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// `config system accprofile` / `edit`.
    Profile(ProfileEdit),
    /// `config system api-user` / `edit`.
    User(UserEdit),
    /// `config system accprofile` / `delete`.
    DeleteProfile(String),
    /// `config system api-user` / `delete`.
    DeleteUser(String),
}

/// A `set NAME VALUE…` line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetLine {
    /// FortiOS's name of the parameter.
    pub name: String,
    /// Its values, unquoted.
    pub values: Vec<String>,
}

/// A `config GROUP-permission` block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PermissionBlock {
    /// `fwgrp-permission`.
    pub name: String,
    /// The children that change.
    pub set: Vec<SetLine>,
}

/// What changes in a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProfileEdit {
    /// Its name.
    pub name: String,
    /// Whether it is not there yet.
    pub create: bool,
    /// In FortiOS's order; `set GROUP custom` stands before its block.
    pub set: Vec<SetLine>,
    /// Parameters that go back to their defaults.
    pub unset: Vec<String>,
    /// The permission blocks.
    pub blocks: Vec<PermissionBlock>,
}

/// What changes in an API user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserEdit {
    /// Its name.
    pub name: String,
    /// Whether it is not there yet.
    pub create: bool,
    /// Parameters to set.
    pub set: Vec<SetLine>,
    /// Parameters that go back to their defaults.
    pub unset: Vec<String>,
    /// The rows of trusted hosts that go.
    pub delete_hosts: Vec<u32>,
    /// The rows of trusted hosts that come or change.
    pub hosts: Vec<HostRow>,
}

/// A row of `config trusthost`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostRow {
    /// The number of the row.
    pub id: u32,
    /// `ipv4-trusthost` or `ipv6-trusthost`, where it has to be said: for IPv6, and when the row was of the other family.
    #[serde(rename = "type")]
    pub family: Option<&'static str>,
    /// `set ipv4-trusthost ADDRESS MASK` or `set ipv6-trusthost PREFIX`.
    pub set: SetLine,
}

impl SetLine {
    fn new(name: &str, values: impl IntoIterator<Item = String>) -> SetLine {
        SetLine { name: name.to_owned(), values: values.into_iter().collect() }
    }
}

impl ProfileEdit {
    /// What makes `from` (`None`: it is not there) into `to`; `None` when it is that already.
    pub fn between(from: Option<&Profile>, to: &Profile, version: Version) -> Option<ProfileEdit> {
        let none = Profile::default();
        let old = from.unwrap_or(&none);
        let schema = Schema::of(version);
        let default = |name: &str| schema.profile_field(name).and_then(|field| field.default.clone());
        let is_so = |name: &str, value: &String| {
            old.settings.get(name).cloned().or_else(|| default(name)).as_ref() == Some(value)
        };
        let mut edit = ProfileEdit {
            name: to.name.clone(),
            create: from.is_none(),
            set: settings(
                &to.settings,
                |name, value| from.is_some() && is_so(name, value),
                |value| vec![value.clone()],
            ),
            unset: old.settings.keys().filter(|name| !to.settings.contains_key(*name)).cloned().collect(),
            blocks: Vec::new(),
        };
        for group in schema.groups() {
            edit.group(schema, group, old.permissions.0.get(&group.name), to.permissions.0.get(&group.name));
        }
        (edit.create || !edit.is_empty()).then_some(edit)
    }

    fn is_empty(&self) -> bool {
        self.set.is_empty() && self.unset.is_empty() && self.blocks.is_empty()
    }

    fn group(&mut self, schema: Schema, group: &'static Group, from: Option<&Access>, to: Option<&Access>) {
        let nothing = Access::Whole(Level::None);
        let (from, to) = (from.unwrap_or(&nothing), to.unwrap_or(&nothing));
        match (from, to) {
            (from, to) if from == to => {}
            (_, Access::Whole(level)) => self.set.push(SetLine::new(&group.name, [level.word().to_owned()])),
            (_, Access::Custom(_)) => {
                let was_custom = matches!(from, Access::Custom(_));
                if !was_custom {
                    self.set.push(SetLine::new(&group.name, ["custom".to_owned()]));
                }
                let level_before = |child: &str| if was_custom { from.level_of(child) } else { Level::None };
                let changed =
                    schema.children(group).filter(|child| level_before(&child.name) != to.level_of(&child.name));
                let set = changed.map(|child| SetLine::new(&child.name, [to.level_of(&child.name).word().to_owned()]));
                self.blocks.push(PermissionBlock { name: format!("{}-permission", group.name), set: set.collect() });
            }
        }
        self.blocks.retain(|block| !block.set.is_empty());
    }
}

impl UserEdit {
    /// What makes `from` (`None`: it is not there) into `to`; `None` when it is that already. Keys are not part of it.
    pub fn between(from: Option<&User>, to: &User) -> Option<UserEdit> {
        let none = User::default();
        let old = from.unwrap_or(&none);
        let mut set = settings(&to.settings, |name, values| old.has(name, values), Vec::clone);
        // The profile first, as every published example has it.
        set.sort_by_key(|line| line.name != "accprofile");
        let edit = UserEdit {
            name: to.name.clone(),
            create: from.is_none(),
            set,
            unset: old.settings.keys().filter(|name| !to.settings.contains_key(*name)).cloned().collect(),
            delete_hosts: old.trusted_hosts.keys().filter(|id| !to.trusted_hosts.contains_key(id)).copied().collect(),
            hosts: changed_rows(&old.trusted_hosts, &to.trusted_hosts),
        };
        (edit.create || !edit.is_empty()).then_some(edit)
    }

    fn is_empty(&self) -> bool {
        self.set.is_empty() && self.unset.is_empty() && self.delete_hosts.is_empty() && self.hosts.is_empty()
    }
}

/// The lines for what is not so already. What an object has at its default, `show` leaves out.
fn settings<V>(
    to: &BTreeMap<String, V>,
    is_so: impl Fn(&str, &V) -> bool,
    values: impl Fn(&V) -> Vec<String>,
) -> Vec<SetLine> {
    let changed = to.iter().filter(|(name, value)| !is_so(name, value));
    changed.map(|(name, value)| SetLine { name: name.clone(), values: values(value) }).collect()
}

fn changed_rows(from: &BTreeMap<u32, IpNet>, to: &BTreeMap<u32, IpNet>) -> Vec<HostRow> {
    let changed = to.iter().filter(|(id, host)| from.get(*id) != Some(*host));
    changed.map(|(id, host)| row(*id, from.get(id), host)).collect()
}

fn row(id: u32, from: Option<&IpNet>, to: &IpNet) -> HostRow {
    match to {
        IpNet::V4(network) => HostRow {
            id,
            family: matches!(from, Some(IpNet::V6(_))).then_some("ipv4-trusthost"),
            set: SetLine::new("ipv4-trusthost", [network.addr().to_string(), network.netmask().to_string()]),
        },
        IpNet::V6(network) => {
            HostRow { id, family: Some("ipv6-trusthost"), set: SetLine::new("ipv6-trusthost", [network.to_string()]) }
        }
    }
}

/// What takes a device from `now` back to `before`: the user first, since a profile in use cannot be removed; but a profile
/// that a restored user needs comes before it.
pub fn back(before: &Objects, now: &Objects, version: Version) -> Vec<Edit> {
    let profile = match (&before.profile, &now.profile) {
        (None, Some(made)) => Some(Edit::DeleteProfile(made.name.clone())),
        (Some(before), now) => ProfileEdit::between(now.as_ref(), before, version).map(Edit::Profile),
        (None, None) => None,
    };
    let user = match (&before.user, &now.user) {
        (None, Some(made)) => Some(Edit::DeleteUser(made.name.clone())),
        (Some(before), now) => UserEdit::between(now.as_ref(), before).map(Edit::User),
        (None, None) => None,
    };
    let removes = matches!(profile, Some(Edit::DeleteProfile(_)));
    let (first, second) = if removes { (user, profile) } else { (profile, user) };
    first.into_iter().chain(second).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fortios::permissions::Permissions;

    const V7_4: Version = Version::new(7, 4, 8);

    fn profile(groups: &[(&str, Access)]) -> Profile {
        let groups = groups.iter().map(|(name, access)| ((*name).to_owned(), access.clone()));
        Profile { name: "p".into(), permissions: Permissions(groups.collect()), settings: BTreeMap::new() }
    }

    fn custom(children: &[(&str, Level)]) -> Access {
        Access::Custom(children.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect())
    }

    fn user(hosts: &[(u32, &str)]) -> User {
        let settings = BTreeMap::from([("accprofile".to_owned(), vec!["p".to_owned()])]);
        let hosts = hosts.iter().map(|(id, host)| (*id, host.parse().unwrap()));
        User { name: "u".into(), settings, trusted_hosts: hosts.collect(), has_key: false }
    }

    #[test]
    fn what_is_right_already_is_no_edit() {
        let made = profile(&[("sysgrp", Access::Whole(Level::Read))]);
        assert_eq!(ProfileEdit::between(Some(&made), &made, V7_4), None);
        let made = user(&[(1, "10.0.0.1/32")]);
        assert_eq!(UserEdit::between(Some(&made), &made), None);
    }

    #[test]
    fn a_group_becomes_custom_before_its_block_and_only_changed_children_are_set() {
        let from = profile(&[("fwgrp", custom(&[("address", Level::Read)])), ("sysgrp", Access::Whole(Level::Read))]);
        let to = profile(&[
            ("fwgrp", custom(&[("address", Level::Read), ("policy", Level::Read)])),
            ("netgrp", custom(&[("cfg", Level::ReadWrite)])),
        ]);
        let edit = ProfileEdit::between(Some(&from), &to, V7_4).unwrap();
        let set: Vec<String> = edit.set.iter().map(|line| format!("{} {}", line.name, line.values.join(" "))).collect();
        assert_eq!(set, ["sysgrp none", "netgrp custom"]);
        let blocks: Vec<(&str, &str)> =
            edit.blocks.iter().map(|block| (block.name.as_str(), block.set[0].name.as_str())).collect();
        assert_eq!(blocks, [("netgrp-permission", "cfg"), ("fwgrp-permission", "policy")]);
    }

    #[test]
    fn rows_of_trusted_hosts_come_change_and_go_by_their_number() {
        let from = user(&[(1, "10.0.0.1/32"), (2, "2001:db8::/64"), (7, "10.9.0.0/16")]);
        let to = user(&[(1, "10.0.0.1/32"), (2, "10.2.0.0/16"), (3, "2001:db8::1/128")]);
        let edit = UserEdit::between(Some(&from), &to).unwrap();
        assert_eq!(edit.delete_hosts, [7]);
        let rows: Vec<(u32, Option<&str>, String)> =
            edit.hosts.iter().map(|row| (row.id, row.family, row.set.values.join(" "))).collect();
        assert_eq!(
            rows,
            [
                (2, Some("ipv4-trusthost"), "10.2.0.0 255.255.0.0".into()),
                (3, Some("ipv6-trusthost"), "2001:db8::1/128".into())
            ]
        );
    }

    #[test]
    fn the_way_back_removes_the_user_before_the_profile_it_uses() {
        let now = Objects { profile: Some(profile(&[])), user: Some(user(&[])) };
        assert_eq!(
            back(&Objects::default(), &now, V7_4),
            [Edit::DeleteUser("u".into()), Edit::DeleteProfile("p".into())]
        );
        assert_eq!(back(&now, &now, V7_4), []);
    }

    #[test]
    fn the_way_back_unsets_what_was_not_set() {
        let before = Objects { profile: None, user: Some(user(&[(1, "10.0.0.1/32")])) };
        let mut changed = user(&[(1, "10.0.0.1/32"), (2, "10.0.0.2/32")]);
        changed.settings.insert("comments".into(), vec!["new".into()]);
        let now = Objects { profile: None, user: Some(changed) };
        let edits = back(&before, &now, V7_4);
        let [Edit::User(edit)] = edits.as_slice() else { panic!("{edits:?}") };
        assert_eq!(
            (edit.unset.as_slice(), edit.delete_hosts.as_slice()),
            (["comments".to_owned()].as_slice(), [2].as_slice())
        );
    }
}
