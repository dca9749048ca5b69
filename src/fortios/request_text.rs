//! A request while every value is still text with its place: what flags and file have in common, and who wins.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::json;

use super::place::{Place, Placed};
use super::request_file::{Body, DeliverEntry, GroupPart, Text};

/// The request's flags, as they were typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestFlags {
    /// `--api-user NAME`
    pub api_user: Option<String>,
    /// `--profile NAME`
    pub profile: Option<String>,
    /// `--preset NAME`
    pub preset: Option<String>,
    /// `--grant GROUP[.SUB]=LEVEL`, repeatable; on top of the file's permissions.
    pub grants: Vec<String>,
    /// `--trusted-host CIDR|auto`, repeatable; instead of the file's.
    pub trusted_hosts: Vec<String>,
    /// `--vdom NAME`, repeatable; instead of the file's.
    pub vdoms: Vec<String>,
    /// `--comments TEXT`
    pub comments: Option<String>,
    /// `--cors-origin ORIGIN`
    pub cors_origin: Option<String>,
    /// `--peer-group NAME`
    pub peer_group: Option<String>,
    /// `--schedule NAME`
    pub schedule: Option<String>,
    /// `--expires DURATION`
    pub expires: Option<String>,
    /// `--allow-weak`
    pub allow_weak: bool,
}

/// One value as text.
pub(super) type Value = Placed<String>;

/// A request as text.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestText {
    pub(super) api_user: Option<Value>,
    pub(super) comments: Option<Value>,
    pub(super) trusted_hosts: Option<Vec<Value>>,
    pub(super) vdoms: Option<Vec<Value>>,
    pub(super) schedule: Option<Value>,
    pub(super) cors_origin: Option<Value>,
    pub(super) peer_group: Option<Value>,
    pub(super) expires: Option<Value>,
    pub(super) profile: Option<Value>,
    pub(super) preset: Option<Value>,
    pub(super) grants: Vec<Value>,
    pub(super) profile_comments: Option<Value>,
    pub(super) scope: Option<Value>,
    pub(super) allow_weak: bool,
    pub(super) deliver: Vec<DeliverEntry>,
    pub(super) ssh_user: Option<String>,
    pub(super) serial: Option<String>,
}

impl RequestText {
    /// Nothing at all was asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.api_user.is_none() && self.profile.is_none() && self.preset.is_none() && self.grants.is_empty()
    }

    /// This over `base`: single values and lists replace, grants come on top.
    pub(super) fn over(self, base: RequestText) -> RequestText {
        RequestText {
            api_user: self.api_user.or(base.api_user),
            comments: self.comments.or(base.comments),
            trusted_hosts: self.trusted_hosts.or(base.trusted_hosts),
            vdoms: self.vdoms.or(base.vdoms),
            schedule: self.schedule.or(base.schedule),
            cors_origin: self.cors_origin.or(base.cors_origin),
            peer_group: self.peer_group.or(base.peer_group),
            expires: self.expires.or(base.expires),
            profile: self.profile.or(base.profile),
            preset: self.preset.or(base.preset),
            grants: base.grants.into_iter().chain(self.grants).collect(),
            profile_comments: self.profile_comments.or(base.profile_comments),
            scope: self.scope.or(base.scope),
            allow_weak: self.allow_weak || base.allow_weak,
            deliver: if self.deliver.is_empty() { base.deliver } else { self.deliver },
            ssh_user: self.ssh_user.or(base.ssh_user),
            serial: self.serial.or(base.serial),
        }
    }
}

impl RequestText {
    /// As [`RequestText::over`], but as files are laid over each other: a permission group that both speak of is as this
    /// one says, unless both say something of its children.
    pub(super) fn laid_over(self, mut base: RequestText) -> RequestText {
        base.grants.retain(|grant| !self.grants.iter().any(|own| is_instead(subject(own), subject(grant))));
        self.over(base)
    }
}

/// `fwgrp.address` out of `fwgrp.address=read`.
fn subject(grant: &Value) -> (&str, Option<&str>) {
    let subject = grant.value.split_once('=').map_or(grant.value.as_str(), |(subject, _)| subject);
    subject.split_once('.').map_or((subject, None), |(group, child)| (group, Some(child)))
}

/// Whether nothing is left of the second where the first is laid over it.
fn is_instead((group, child): (&str, Option<&str>), (below, child_below): (&str, Option<&str>)) -> bool {
    group == below && (child.is_none() || child_below.is_none() || child == child_below)
}

impl From<RequestFlags> for RequestText {
    fn from(flags: RequestFlags) -> Self {
        RequestText {
            api_user: flag("--api-user", flags.api_user),
            comments: flag("--comments", flags.comments),
            trusted_hosts: some(repeated("--trusted-host", flags.trusted_hosts)),
            vdoms: some(repeated("--vdom", flags.vdoms)),
            schedule: flag("--schedule", flags.schedule),
            cors_origin: flag("--cors-origin", flags.cors_origin),
            peer_group: flag("--peer-group", flags.peer_group),
            expires: flag("--expires", flags.expires),
            profile: flag("--profile", flags.profile),
            preset: flag("--preset", flags.preset),
            grants: repeated("--grant", flags.grants),
            allow_weak: flags.allow_weak,
            ..RequestText::default()
        }
    }
}

fn flag(name: &str, value: Option<String>) -> Option<Value> {
    value.map(|value| Placed::new(value, Place::Flag(name.to_owned())))
}

/// Of several flags of one name, the value says which one is meant; it is shown as text with escapes, if need be.
fn repeated(name: &str, values: Vec<String>) -> Vec<Value> {
    let place = |value: &str| Place::Flag(format!("{name} {}", value.escape_debug()));
    values.into_iter().map(|value| Placed { place: place(&value), value }).collect()
}

fn some(values: Vec<Value>) -> Option<Vec<Value>> {
    (!values.is_empty()).then_some(values)
}

/// As a request file has it, but for where the key goes and what only flags say.
impl Serialize for RequestText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let one = |value: &Option<Value>| value.as_ref().map(|value| json!(value.value));
        let list = |values: &Option<Vec<Value>>| {
            values.as_ref().map(|values| values.iter().map(|value| json!(value.value)).collect())
        };
        let api_user = part([
            ("name", one(&self.api_user)),
            ("comments", one(&self.comments)),
            ("trusted_hosts", list(&self.trusted_hosts)),
            ("vdoms", list(&self.vdoms)),
            ("schedule", one(&self.schedule)),
            ("cors_origin", one(&self.cors_origin)),
            ("peer_group", one(&self.peer_group)),
            ("expires", one(&self.expires)),
        ]);
        let profile = part([
            ("name", one(&self.profile)),
            ("preset", one(&self.preset)),
            ("permissions", Some(json!(self.permissions()))),
            ("comments", one(&self.profile_comments)),
            ("scope", one(&self.scope)),
        ]);
        let ssh = part([("user", self.ssh_user.as_ref().map(|user| json!(user)))]);
        let device = part([("serial", self.serial.as_ref().map(|serial| json!(serial)))]);
        json!({ "api_user": api_user, "profile": profile, "ssh": ssh, "device": device }).serialize(serializer)
    }
}

/// The keys that have a value.
fn part<const N: usize>(values: [(&str, Option<serde_json::Value>); N]) -> serde_json::Value {
    values.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

impl RequestText {
    /// The grants as a map in which the order says nothing: what a later one for a whole group replaces is gone.
    fn permissions(&self) -> BTreeMap<&str, &str> {
        let mut permissions = BTreeMap::new();
        for grant in &self.grants {
            let (subject, level) = grant.value.split_once('=').unwrap_or((&grant.value, ""));
            permissions.retain(|other: &&str, _| other.split_once('.').is_none_or(|(group, _)| group != subject));
            permissions.insert(subject, level);
        }
        permissions
    }

    /// A file's body; `above` is the number of lines in front of it.
    pub(super) fn in_file(name: &str, above: u64, body: Body) -> Self {
        let file = File { name, above };
        let (user, profile) = (body.api_user, body.profile);
        let one = |key: &str, text: Option<Text>| text.map(|text| file.placed(key, text));
        let many = |key: &str, texts: Option<Vec<Text>>| {
            texts.map(|texts| texts.into_iter().map(|text| file.placed(key, text)).collect())
        };
        RequestText {
            api_user: one("api_user.name", user.name),
            comments: one("api_user.comments", user.comments),
            trusted_hosts: many("api_user.trusted_hosts", user.trusted_hosts),
            vdoms: many("api_user.vdoms", user.vdoms),
            schedule: one("api_user.schedule", user.schedule),
            cors_origin: one("api_user.cors_origin", user.cors_origin),
            peer_group: one("api_user.peer_group", user.peer_group),
            expires: one("api_user.expires", user.expires),
            profile: one("profile.name", profile.name),
            preset: one("profile.preset", profile.preset),
            grants: profile.permissions.into_iter().flat_map(|(group, part)| file.grants(&group, part)).collect(),
            profile_comments: one("profile.comments", profile.comments),
            scope: one("profile.scope", profile.scope),
            allow_weak: false,
            deliver: body.deliver,
            ssh_user: body.ssh.user,
            serial: body.device.serial,
        }
    }
}

/// Where the values of a body stand.
struct File<'a> {
    name: &'a str,
    /// The number of lines in front of the body.
    above: u64,
}

impl File<'_> {
    fn placed(&self, key: &str, text: Text) -> Value {
        let (line, column) = (self.above + text.referenced.line(), text.referenced.column());
        Placed::new(text.value, Place::File { file: self.name.to_owned(), line, column, key: key.to_owned() })
    }

    /// The grants that one group of the file stands for, in the words of `--grant`.
    fn grants(&self, group: &str, part: serde_saphyr::Spanned<GroupPart>) -> Vec<Value> {
        let grant = |subject: String, level: Text| {
            let value = self.placed(&format!("profile.permissions.{subject}"), level);
            Placed { value: format!("{subject}={}", value.value), ..value }
        };
        match part.value {
            GroupPart::Whole(level) => {
                let level = Text { value: level, referenced: part.referenced, defined: part.defined };
                vec![grant(group.to_owned(), level)]
            }
            GroupPart::Children(children) => {
                children.into_iter().map(|(child, level)| grant(format!("{group}.{child}"), level)).collect()
            }
        }
    }
}
