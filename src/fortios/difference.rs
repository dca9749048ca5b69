//! The difference between two states of the two objects, as an engineer reads it: object, attribute, from, to.
//!
//! Compared is what the objects do, not how they are printed: a default that is shown equals one that is left out, and the
//! order of VDOMs and the numbers of rows count for nothing. Keys are no part of an object, and nothing hashed is compared.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use serde::Serialize;

use super::objects::{Objects, Profile, User};
use super::permissions::{Access, Level};
use super::schema::{Group, Schema};
use super::version::Version;

/// The table of access profiles.
const PROFILES: &str = "system accprofile";
/// The table of API users.
const USERS: &str = "system api-user";

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The table: `system accprofile`, `system api-user`.
    pub object: &'static str,
    /// The entry of it.
    pub name: String,
    /// FortiOS's name of what differs: `comments`, `fwgrp`, `fwgrp.address`, `trusthost`, `key`; `None`: the object itself,
    /// which comes or goes.
    pub attribute: Option<String>,
    /// What it is; `None`: it is not there, or permits nothing.
    pub from: Option<String>,
    /// What it becomes; `None`: it goes.
    pub to: Option<String>,
}

/// What happens to a thing that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It comes.
    Added,
    /// It goes.
    Removed,
    /// It is another.
    Changed,
}

impl Difference {
    /// A key that the API user gets; `replaced`: in place of one that it has.
    pub fn key(user: &str, replaced: bool) -> Difference {
        let from = replaced.then(|| "in use".to_owned());
        let attribute = Some("key".to_owned());
        Difference { object: USERS, name: user.to_owned(), attribute, from, to: Some("generated".into()) }
    }

    /// What happens to it.
    pub fn sign(&self) -> Sign {
        match (&self.attribute, &self.from, &self.to) {
            (_, Some(_), Some(_)) => Sign::Changed,
            (_, Some(_), None) => Sign::Removed,
            (_, None, _) => Sign::Added,
        }
    }

    /// All that differs, the profile first. An object that comes is named with all that it has.
    pub fn between(from: &Objects, to: &Objects, version: Version) -> Vec<Difference> {
        let mut found = Found::default();
        found.profile(from.profile.as_ref(), to.profile.as_ref(), Schema::of(version));
        found.user(from.user.as_ref(), to.user.as_ref(), Schema::of(version));
        found.differences
    }
}

impl std::fmt::Display for Difference {
    /// `system api-user tf: trusthost 10.0.0.1/32 -> 10.0.0.2/32`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.object, self.name)?;
        let Some(attribute) = &self.attribute else { return Ok(()) };
        write!(f, ": {attribute}")?;
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => write!(f, " {from} -> {to}"),
            (None, Some(value)) | (Some(value), None) => write!(f, " {value}"),
            (None, None) => Ok(()),
        }
    }
}

/// The differences of one object after the other.
#[derive(Default)]
struct Found {
    object: &'static str,
    name: String,
    differences: Vec<Difference>,
}

impl Found {
    fn add(&mut self, attribute: Option<&str>, from: Option<String>, to: Option<String>) {
        let attribute = attribute.map(str::to_owned);
        self.differences.push(Difference { object: self.object, name: self.name.clone(), attribute, from, to });
    }

    /// The object itself; false when that says all, or there is none.
    fn begin(&mut self, object: &'static str, from: Option<&str>, to: Option<&str>) -> bool {
        self.object = object;
        self.name = to.or(from).unwrap_or_default().to_owned();
        let there = |name: Option<&str>| name.map(|_| "there".to_owned());
        if from.is_some() != to.is_some() {
            self.add(None, there(from), there(to));
        }
        to.is_some()
    }

    fn profile(&mut self, from: Option<&Profile>, to: Option<&Profile>, schema: Schema) {
        let name = |profile: &'_ Profile| profile.name.clone();
        if !self.begin(PROFILES, from.map(name).as_deref(), to.map(name).as_deref()) {
            return;
        }
        let none = Profile::default();
        let (from, to) = (from.unwrap_or(&none), to.unwrap_or(&none));
        let default = |name: &str| schema.profile_field(name).and_then(|field| field.default.clone());
        let values = |settings: &BTreeMap<String, String>| settings.clone();
        self.settings(&values(&from.settings), &values(&to.settings), default);
        for group in schema.groups() {
            self.group(schema, group, from.permissions.0.get(&group.name), to.permissions.0.get(&group.name));
        }
    }

    fn user(&mut self, from: Option<&User>, to: Option<&User>, schema: Schema) {
        let name = |user: &'_ User| user.name.clone();
        if !self.begin(USERS, from.map(name).as_deref(), to.map(name).as_deref()) {
            return;
        }
        let none = User::default();
        let (from, to) = (from.unwrap_or(&none), to.unwrap_or(&none));
        let default = |name: &str| schema.api_user_field(name).and_then(|field| field.default.clone());
        self.settings(&joined(&from.settings), &joined(&to.settings), default);
        self.hosts(from, to);
    }

    fn settings(
        &mut self,
        from: &BTreeMap<String, String>,
        to: &BTreeMap<String, String>,
        default: impl Fn(&str) -> Option<String>,
    ) {
        let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        for name in names {
            let value = |settings: &BTreeMap<String, String>| {
                let value = settings.get(name).filter(|value| !value.is_empty());
                value.filter(|value| default(name).as_ref() != Some(value)).cloned()
            };
            let (from, to) = (value(from), value(to));
            if from != to {
                self.add(Some(name), from.or_else(|| default(name)), to.or_else(|| default(name)));
            }
        }
    }

    /// A group that becomes `custom`, or ceases to be, is named as a whole and child by child: what a child may do is what
    /// counts.
    fn group(&mut self, schema: Schema, group: &'static Group, from: Option<&Access>, to: Option<&Access>) {
        let nothing = Access::Whole(Level::None);
        let (from, to) = (from.unwrap_or(&nothing), to.unwrap_or(&nothing));
        let by_child = [from, to].iter().any(|access| matches!(access, Access::Custom(_)) && !access.is_none());
        if !by_child {
            let (from, to) = (level(whole(from)), level(whole(to)));
            if from != to {
                self.add(Some(&group.name), from, to);
            }
            return;
        }
        let shape = |access: &Access| match access {
            Access::Custom(_) => Some("custom".to_owned()),
            Access::Whole(whole) => level(*whole),
        };
        if let (Some(from), Some(to)) = (shape(from), shape(to))
            && from != to
        {
            self.add(Some(&group.name), Some(from), Some(to));
        }
        for child in schema.children(group) {
            let (from, to) = (level(from.level_of(&child.name)), level(to.level_of(&child.name)));
            if from != to {
                self.add(Some(&format!("{}.{}", group.name, child.name)), from, to);
            }
        }
    }

    /// Hosts that go and hosts that come are told in pairs: one that is changed is one line.
    fn hosts(&mut self, from: &User, to: &User) {
        let gone = without(from, to);
        let come = without(to, from);
        let text = |host: Option<&IpNet>| host.map(ToString::to_string);
        for at in 0..gone.len().max(come.len()) {
            self.add(Some("trusthost"), text(gone.get(at)), text(come.get(at)));
        }
    }
}

/// The values of each setting as one text; the order of VDOMs means nothing.
fn joined(settings: &BTreeMap<String, Vec<String>>) -> BTreeMap<String, String> {
    let text = |name: &str, values: &[String]| {
        let mut values = values.to_vec();
        if name == "vdom" {
            values.sort();
        }
        values.join(" ")
    };
    settings.iter().map(|(name, values)| (name.clone(), text(name, values))).collect()
}

fn whole(access: &Access) -> Level {
    match access {
        Access::Whole(level) => *level,
        Access::Custom(_) => Level::None,
    }
}

fn level(level: Level) -> Option<String> {
    (level != Level::None).then(|| level.word().to_owned())
}

/// The hosts of `user` that `other` does not have, one that stands in two rows twice.
fn without(user: &User, other: &User) -> Vec<IpNet> {
    let mut theirs: Vec<IpNet> = other.trusted_hosts.values().copied().collect();
    let mut ours: Vec<IpNet> = user.trusted_hosts.values().copied().collect();
    ours.sort();
    ours.retain(|host| match theirs.iter().position(|their| their == host) {
        Some(at) => {
            theirs.swap_remove(at);
            false
        }
        None => true,
    });
    ours
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fortios::show;

    const V7_4: Version = Version::new(7, 4, 8);

    fn objects(text: &str) -> Objects {
        let blocks = show::parse(text.lines()).unwrap();
        let mut objects = Objects::default();
        for block in &blocks {
            let entry = &block.entries[0];
            match block.path[1].as_str() {
                "accprofile" => objects.profile = Some(Profile::from_show(entry, V7_4)),
                _ => objects.user = Some(User::from_show(entry)),
            }
        }
        objects
    }

    fn told(from: &str, to: &str) -> Vec<String> {
        Difference::between(&objects(from), &objects(to), V7_4).iter().map(ToString::to_string).collect()
    }

    fn user(inside: &str) -> String {
        format!("config system api-user\nedit tf\nset accprofile p\n{inside}next\nend\n")
    }

    fn profile(inside: &str) -> String {
        format!("config system accprofile\nedit p\n{inside}next\nend\n")
    }

    fn hosts(rows: &[(u32, &str)]) -> String {
        let row = |(id, host): &(u32, &str)| format!("edit {id}\nset ipv4-trusthost {host}/32\nnext\n");
        user(&format!("config trusthost\n{}end\n", rows.iter().map(row).collect::<String>()))
    }

    #[test]
    fn a_changed_trusted_host_is_one_line_and_its_row_does_not_matter() {
        let from = hosts(&[(1, "10.0.0.1"), (2, "10.0.0.2")]);
        assert_eq!(told(&from, &hosts(&[(7, "10.0.0.2"), (9, "10.0.0.1")])), [""; 0]);
        let to = hosts(&[(2, "10.0.0.2"), (3, "10.0.0.3")]);
        assert_eq!(told(&from, &to), ["system api-user tf: trusthost 10.0.0.1/32 -> 10.0.0.3/32"]);
    }

    #[test]
    fn how_it_is_printed_does_not_matter() {
        let terse = user("set vdom root edge\nset api-key ENC SH2abc\n");
        let full = user("set comments ''\nset vdom \"edge\" \"root\"\nset peer-auth disable\nset api-key ENC SH2xyz\n");
        assert_eq!(told(&terse, &full), [""; 0]);
        let terse = profile("set sysgrp read\nset netgrp custom\n");
        let full = profile("set sysgrp read\nset scope vdom\nset loggrp none\nset system-execute-ssh enable\n");
        assert_eq!(told(&terse, &full), [""; 0]);
    }

    #[test]
    fn groups_and_children_are_told_by_name_and_by_what_they_permit() {
        let custom = |children: &str| profile(&format!("set fwgrp custom\nconfig fwgrp-permission\n{children}end\n"));
        assert_eq!(
            told(&custom("set address read\n"), &custom("set address read-write\nset policy read\n")),
            ["system accprofile p: fwgrp.policy read", "system accprofile p: fwgrp.address read -> read-write"]
        );
        let lines = told(&profile("set fwgrp read\n"), &custom("set address read\n"));
        assert_eq!(lines[0], "system accprofile p: fwgrp read -> custom");
        assert!(lines.contains(&"system accprofile p: fwgrp.policy read".to_owned()), "{lines:?}");
        assert!(!lines.iter().any(|line| line.contains("address")), "{lines:?}");
        assert_eq!(told(&profile(""), &profile("set sysgrp read\n")), ["system accprofile p: sysgrp read"]);
    }

    #[test]
    fn an_object_that_comes_or_goes_is_named_itself() {
        let both = format!("{}{}", profile("set sysgrp read\n"), user(""));
        let come = [
            "system accprofile p",
            "system accprofile p: sysgrp read",
            "system api-user tf",
            "system api-user tf: accprofile p",
        ];
        assert_eq!(told("", &both), come);
        let gone = Difference::between(&objects(&both), &Objects::default(), V7_4);
        assert!(gone.len() == 2 && gone.iter().all(|one| one.sign() == Sign::Removed), "{gone:?}");
    }
}
