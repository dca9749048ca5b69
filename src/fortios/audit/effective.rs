//! What a profile permits, spelled out: every group that the release has, every child of it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::fortios::objects::Profile;
use crate::fortios::permissions::{Access, Level};
use crate::fortios::schema::{Group, Schema};
use crate::fortios::show::{Block, Entry, Setting};
use crate::fortios::version::Version;

/// One permission group of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupAccess {
    /// `fwgrp`.
    pub group: String,
    /// `none`, `read`, `read-write` or `custom`; the device's own word where it is another one.
    pub level: String,
    /// Whether fgtkey knows the group on this release.
    pub known: bool,
    /// What the children get: with `custom` what is set for each, otherwise the group's own level.
    pub children: Vec<ChildAccess>,
}

/// One child of a permission group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChildAccess {
    /// `address`.
    pub name: String,
    /// As for the group, without `custom`.
    pub level: String,
    /// Whether fgtkey knows the child on this release.
    pub known: bool,
}

/// The words that a permission group may be set to.
const LEVELS: [&str; 4] = ["none", "read", "read-write", "custom"];

const NONE: &str = "none";

/// The level that a built-in profile has throughout; `None`: it is none of those.
///
/// Source: FortiOS administration guide 7.0.1 (294491), CLI reference 6.0.6 (900762), administration guide 6.4.14 (399023).
pub fn built_in(profile: &str) -> Option<Level> {
    match profile {
        "super_admin" => Some(Level::ReadWrite),
        "super_admin_readonly" => Some(Level::Read),
        "admin_no_access" => Some(Level::None),
        _ => None,
    }
}

/// Everything at one level: a built-in profile.
pub fn throughout(level: Level, version: Version) -> Vec<GroupAccess> {
    let schema = Schema::of(version);
    schema.groups().map(|group| whole(schema, group, level.word())).collect()
}

/// What the entry of a profile permits. Groups and children that the schema lacks are kept as they are.
pub fn of(entry: &Entry, version: Version) -> Vec<GroupAccess> {
    let schema = Schema::of(version);
    let known = schema.groups().map(|group| known(schema, group, entry));
    known.chain(entry.settings.iter().filter_map(|setting| unknown(schema, setting, entry))).collect()
}

fn known(schema: Schema, group: &'static Group, entry: &Entry) -> GroupAccess {
    match entry.value(&group.name).unwrap_or(NONE) {
        "custom" => {
            let children = schema.children(group).map(|child| child.name.as_str()).collect();
            custom(&group.name, true, children, entry)
        }
        level => whole(schema, group, level),
    }
}

fn whole(schema: Schema, group: &'static Group, level: &str) -> GroupAccess {
    let children = schema.children(group);
    let child = |name: &str| ChildAccess { name: name.to_owned(), level: level.to_owned(), known: true };
    GroupAccess {
        group: group.name.clone(),
        level: level.to_owned(),
        known: true,
        children: children.map(|found| child(&found.name)).collect(),
    }
}

/// The known children first, in FortiOS's order, then what else is set.
fn custom(group: &str, known: bool, names: Vec<&str>, entry: &Entry) -> GroupAccess {
    let block = entry.block(&format!("{group}-permission"));
    let level = |name: &str| block.and_then(|block| block.value(name)).unwrap_or(NONE).to_owned();
    let of_schema = names.iter().map(|name| ChildAccess { name: (*name).to_owned(), level: level(name), known: true });
    let others = settings(block).iter().filter(|setting| !names.contains(&setting.name.as_str()));
    let others =
        others.map(|setting| ChildAccess { name: setting.name.clone(), level: setting.values.join(" "), known: false });
    GroupAccess {
        group: group.to_owned(),
        level: "custom".to_owned(),
        known,
        children: of_schema.chain(others).collect(),
    }
}

fn settings(block: Option<&Block>) -> &[Setting] {
    block.map(|block| block.settings.as_slice()).unwrap_or_default()
}

/// A setting that takes a level and is neither a group nor a parameter that this release is known to have.
fn unknown(schema: Schema, setting: &Setting, entry: &Entry) -> Option<GroupAccess> {
    let level = setting.values.first().filter(|value| LEVELS.contains(&value.as_str()))?;
    if schema.group(&setting.name).is_some() || schema.has(&setting.name) {
        return None;
    }
    if level == "custom" {
        return Some(custom(&setting.name, false, Vec::new(), entry));
    }
    Some(GroupAccess { group: setting.name.clone(), level: level.clone(), known: false, children: Vec::new() })
}

/// Whether every group that fgtkey knows on this release is read-write.
pub fn is_all_read_write(entry: &Entry, version: Version) -> bool {
    Profile::from_show(entry, version).permissions.is_all_read_write(version)
}

/// Whether the profile may change administrators and API users: `sysgrp.admin` is read-write.
pub fn may_administer(entry: &Entry, version: Version) -> bool {
    let permissions = Profile::from_show(entry, version).permissions.0;
    permissions.get("sysgrp").is_some_and(|access| access.level_of("admin") == Level::ReadWrite)
}

/// Whether `sysgrp` is read-write as a whole, rather than child by child.
pub(super) fn is_whole_sysgrp(entry: &Entry, version: Version) -> bool {
    let permissions: BTreeMap<String, Access> = Profile::from_show(entry, version).permissions.0;
    matches!(permissions.get("sysgrp"), Some(Access::Whole(_)))
}

/// The permissions in the fewest words: `fwgrp.address read, sysgrp read-write`; empty: nothing is permitted.
pub fn summary(groups: &[GroupAccess]) -> Vec<String> {
    let uniform = groups.first().map(|first| first.level.as_str()).filter(|level| *level != "custom");
    if let Some(level) = uniform.filter(|level| groups.iter().all(|group| group.level == *level)) {
        return if level == NONE { Vec::new() } else { vec![format!("everything {level}")] };
    }
    groups.iter().filter(|group| group.level != NONE).flat_map(words).collect()
}

fn words(group: &GroupAccess) -> Vec<String> {
    if group.level != "custom" {
        return vec![format!("{} {}", group.group, group.level)];
    }
    let children = group.children.iter().filter(|child| child.level != NONE);
    children.map(|child| format!("{}.{} {}", group.group, child.name, child.level)).collect()
}
