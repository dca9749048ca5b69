//! The request file: YAML as the operator writes it, each value still text, with its line.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_saphyr::Spanned;

use super::request_text::{RequestFlags, RequestText};
use super::suggestion::nearest;

/// A request that was read out of a file, each value with its place; or several, one laid over the other.
///
/// It may be a part of a request: what must be there is asked when it becomes a
/// [`Request`](super::request::Request).
#[derive(Debug, Clone, Default)]
pub struct RequestFile(pub(super) RequestText);

/// A request that is a value inside another file: what an inventory has for a device. [`RequestPart::at`] makes it one.
#[derive(Debug, Default)]
pub struct RequestPart(Body);

impl<'de> Deserialize<'de> for RequestPart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Body::deserialize(deserializer).map(RequestPart)
    }
}

impl RequestPart {
    /// With its places: `file` is the file's name, and `above` the number of lines of it in front of the text that was
    /// read.
    pub fn at(self, file: &str, above: u64) -> RequestFile {
        RequestFile(RequestText::in_file(file, above, self.0))
    }
}

/// A value and its line.
pub(super) type Text = Spanned<String>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Body {
    pub(super) api_user: ApiUserPart,
    pub(super) profile: ProfilePart,
    pub(super) deliver: Vec<DeliverEntry>,
    pub(super) ssh: SshPart,
    pub(super) device: DevicePart,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ApiUserPart {
    pub(super) name: Option<Text>,
    pub(super) comments: Option<Text>,
    pub(super) trusted_hosts: Option<Vec<Text>>,
    pub(super) vdoms: Option<Vec<Text>>,
    pub(super) schedule: Option<Text>,
    pub(super) cors_origin: Option<Text>,
    pub(super) peer_group: Option<Text>,
    pub(super) expires: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ProfilePart {
    pub(super) name: Option<Text>,
    pub(super) preset: Option<Text>,
    pub(super) permissions: BTreeMap<String, Spanned<GroupPart>>,
    pub(super) comments: Option<Text>,
    pub(super) scope: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SshPart {
    pub(super) user: Option<String>,
}

/// Which device it is for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DevicePart {
    pub(super) serial: Option<String>,
}

/// `fwgrp: read`, or `fwgrp: { address: read }`.
#[derive(Debug)]
pub(super) enum GroupPart {
    Whole(String),
    Children(BTreeMap<String, Text>),
}

impl<'de> Deserialize<'de> for GroupPart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct GroupVisitor;
        impl<'de> Visitor<'de> for GroupVisitor {
            type Value = GroupPart;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("none, read, read-write, or a map of children to these")
            }

            fn visit_str<E>(self, text: &str) -> Result<GroupPart, E> {
                Ok(GroupPart::Whole(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<GroupPart, A::Error> {
                let mut children = BTreeMap::new();
                while let Some((child, level)) = map.next_entry()? {
                    children.insert(child, level);
                }
                Ok(GroupPart::Children(children))
            }
        }
        deserializer.deserialize_any(GroupVisitor)
    }
}

/// One destination for the key: `stdout`, `dotenv: keys/fw1.env`, `vault: { mount: secret, path: fortigate/fw1 }`.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliverEntry {
    /// The destination's kind, `dotenv`.
    pub kind: String,
    /// What it is given; null for a bare word.
    pub value: serde_json::Value,
}

impl<'de> Deserialize<'de> for DeliverEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryVisitor;
        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = DeliverEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a destination such as `stdout` or `dotenv: fw1.env`")
            }

            fn visit_str<E>(self, kind: &str) -> Result<DeliverEntry, E> {
                Ok(DeliverEntry { kind: kind.to_owned(), value: serde_json::Value::Null })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DeliverEntry, A::Error> {
                let one =
                    || A::Error::custom("a destination is one key and its value; write each as an item of its own");
                let (kind, value) = map.next_entry()?.ok_or_else(one)?;
                match map.next_key::<String>()? {
                    None => Ok(DeliverEntry { kind, value }),
                    Some(_) => Err(one()),
                }
            }
        }
        deserializer.deserialize_any(EntryVisitor)
    }
}

/// Why a request file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestFileError {
    /// Not YAML, or not of the shape of a request.
    #[error("{file}:{line}:{column}: {message}")]
    Shape {
        /// The file.
        file: String,
        /// From 1.
        line: u64,
        /// In characters, from 1.
        column: u64,
        /// What is wrong there.
        message: String,
    },
    /// A key that a request does not have there.
    #[error("{file}:{line}:{column}: a request has no `{key}` here")]
    UnknownKey {
        /// The file.
        file: String,
        /// From 1.
        line: u64,
        /// In characters, from 1.
        column: u64,
        /// The key.
        key: String,
        /// The keys that may stand there.
        known: Vec<&'static str>,
    },
}

impl RequestFileError {
    fn new(file: &str, error: &serde_saphyr::Error) -> Self {
        let file = file.to_owned();
        let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        match error.without_snippet() {
            serde_saphyr::Error::SerdeUnknownField { field, expected, .. } => {
                RequestFileError::UnknownKey { file, line, column, key: field.clone(), known: expected.clone() }
            }
            error => RequestFileError::Shape { file, line, column, message: in_words(error) },
        }
    }

    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            RequestFileError::Shape { .. } => None,
            RequestFileError::UnknownKey { key, known, .. } => Some(match nearest(key, known.iter().copied()) {
                Some(word) => format!("did you mean {word}?"),
                None => format!("it may have {}", known.join(", ")),
            }),
        }
    }
}

/// What is wrong, in the words of someone who writes YAML rather than of one who reads it by program.
pub(crate) fn in_words(error: &serde_saphyr::Error) -> String {
    match error {
        serde_saphyr::Error::DuplicateMappingKey { key: Some(key), .. } => format!("`{key}` is there twice"),
        serde_saphyr::Error::Unexpected { expected, .. } => match *expected {
            "mapping start" => "expected keys and values here".to_owned(),
            "sequence start" => "expected a list here".to_owned(),
            "string scalar" => "expected text here".to_owned(),
            other => format!("expected {other} here"),
        },
        error => bare(&error.to_string()),
    }
}

/// The library's message without the position behind it, which stands in front of ours.
fn bare(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let end = line.rfind(" at line ").unwrap_or(line.len());
    line.get(..end).unwrap_or(line).trim_end_matches('.').to_owned()
}

impl RequestFile {
    /// Reads a request file's text; `name` is only for errors.
    ///
    /// # Errors
    /// [`RequestFileError`] with line and column when it is not YAML or not of the shape of a request.
    pub fn parse(name: &str, text: &str) -> Result<RequestFile, RequestFileError> {
        let options = serde_saphyr::options! { with_snippet: false };
        match serde_saphyr::from_str_with_options(text, options) {
            Ok(body) => Ok(RequestPart(body).at(name, 0)),
            Err(error) => Err(RequestFileError::new(name, &error)),
        }
    }

    /// This with `flags` over it as the JSON of a request file, which [`RequestFile::parse`] reads like any other: without
    /// where the key goes, and without `--allow-weak`, which no file says.
    pub fn to_json(&self, flags: RequestFlags) -> serde_json::Value {
        // Text, lists and maps: nothing in it can fail.
        serde_json::to_value(RequestText::from(flags).over(self.0.clone())).unwrap_or_default()
    }

    /// This laid over `base`: the keys of both are merged, those of maps in maps too, and where both have a value, or a
    /// list, this one's replaces the other's.
    #[must_use]
    pub fn overlaid(self, base: RequestFile) -> RequestFile {
        RequestFile(self.0.laid_over(base.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fortios::request::{ProfileRequest, Request, RequestFlags};
    use crate::fortios::request_text::Value;
    use crate::fortios::version::NEWEST;

    const BASE: &str = "\
api_user: { name: terraform, comments: NET-1234, trusted_hosts: [10.0.0.1/32, 10.0.0.2/32], vdoms: [root] }
profile: { preset: firewall-address-read, permissions: { sysgrp: none, fwgrp: { address: read, policy: read } } }
deliver: [{ dotenv: base.env }]
ssh: { user: automation }
";

    fn file(name: &str, text: &str) -> RequestFile {
        RequestFile::parse(name, text).unwrap()
    }

    fn values(values: Option<&[Value]>) -> Vec<String> {
        values.unwrap_or_default().iter().map(|value| format!("{} at {}", value.value, value.place)).collect()
    }

    #[test]
    fn what_is_laid_over_replaces_values_and_lists_and_leaves_the_rest() {
        let over = "api_user: { vdoms: [edge], comments: edge only }\ndeliver: [stdout]\n";
        let RequestFile(text) = file("fw1.yaml", over).overlaid(file("base.yaml", BASE));
        assert_eq!(text.api_user.as_ref().unwrap().value, "terraform");
        assert_eq!(text.comments.as_ref().unwrap().value, "edge only");
        assert_eq!(text.trusted_hosts.as_ref().unwrap().len(), 2);
        assert_eq!(values(text.vdoms.as_deref()), ["edge at fw1.yaml:1:21: api_user.vdoms"]);
        assert_eq!(text.deliver.len(), 1);
        assert_eq!(text.deliver[0].kind, "stdout");
        assert_eq!(text.ssh_user.as_deref(), Some("automation"));
    }

    #[test]
    fn permissions_are_merged_down_to_the_child() {
        let over = "profile: { permissions: { fwgrp: { address: read-write }, netgrp: read } }\n";
        let merged = file("over", over).overlaid(file("base", BASE));
        let alone = "profile: { preset: firewall-address-read, permissions: { sysgrp: none, netgrp: read, \
                     fwgrp: { address: read-write, policy: read } } }\napi_user: { name: terraform, vdoms: [root], \
                     comments: NET-1234, trusted_hosts: [10.0.0.1/32, 10.0.0.2/32] }\n";
        let permissions = |file| match Request::from_parts(Some(file), RequestFlags::default()).unwrap().profile {
            ProfileRequest::Made { permissions, .. } => permissions.resolve(NEWEST).unwrap().permissions,
            profile @ ProfileRequest::Existing(_) => panic!("{profile:?}"),
        };
        assert_eq!(permissions(merged), permissions(file("alone", alone)));
    }

    #[test]
    fn a_request_reads_back_from_its_json() {
        let flags = || RequestFlags {
            grants: vec![
                "fwgrp.policy=none".into(),
                "netgrp=read".into(),
                "sysgrp.mnt=read".into(),
                "sysgrp=none".into(),
            ],
            expires: Some("12h".into()),
            ..RequestFlags::default()
        };
        let json = file("base", BASE).to_json(flags());
        let again = RequestFile::parse("json", &json.to_string()).unwrap();
        let mut meant = Request::from_parts(Some(file("base", BASE)), flags()).unwrap();
        meant.deliver.clear();
        let read = Request::from_parts(Some(again), RequestFlags::default()).unwrap();
        let resolved = |request: &Request| match &request.profile {
            ProfileRequest::Made { permissions, .. } => permissions.resolve(NEWEST).unwrap().permissions,
            profile @ ProfileRequest::Existing(_) => panic!("{profile:?}"),
        };
        assert_eq!(resolved(&read), resolved(&meant));
        assert_eq!(Request { profile: meant.profile.clone(), ..read }, meant);
    }

    #[test]
    fn a_whole_group_and_some_of_its_children_replace_each_other() {
        let grants = |over: &str, base: &str| {
            let part = |level: &str| format!("profile: {{ permissions: {{ fwgrp: {level}, sysgrp: read }} }}\n");
            let RequestFile(text) = file("over", &part(over)).overlaid(file("base", &part(base)));
            text.grants.into_iter().map(|grant| grant.value).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(grants("{ address: read }", "read-write"), "fwgrp.address=read sysgrp=read");
        assert_eq!(grants("none", "{ address: read, policy: read }"), "fwgrp=none sysgrp=read");
        assert_eq!(
            grants("{ address: read-write }", "{ address: read, policy: read }"),
            "fwgrp.policy=read fwgrp.address=read-write sysgrp=read"
        );
    }

    #[test]
    fn a_part_inside_another_file_has_the_lines_of_that_file() {
        let part: RequestPart = serde_saphyr::from_str("api_user:\n  name: terraform\n").unwrap();
        let RequestFile(text) = part.at("inventory.ndjson", 41);
        assert_eq!(text.api_user.unwrap().place.to_string(), "inventory.ndjson:43:9: api_user.name");
    }
}
