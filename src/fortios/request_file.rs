//! The request file: YAML as the operator writes it, each value still text, with its line.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_saphyr::Spanned;

use super::suggestion::nearest;

/// A request file that was read, and its name.
#[derive(Debug)]
pub struct RequestFile {
    /// As the operator gave it, for errors.
    pub(super) name: String,
    pub(super) body: Body,
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
            error => RequestFileError::Shape { file, line, column, message: message(error) },
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
fn message(error: &serde_saphyr::Error) -> String {
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
            Ok(body) => Ok(RequestFile { name: name.to_owned(), body }),
            Err(error) => Err(RequestFileError::new(name, &error)),
        }
    }
}
