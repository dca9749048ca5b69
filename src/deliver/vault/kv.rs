//! A secret of a KV version 2 engine: read, check and set.
//!
//! A write names the version that it follows, and the engine refuses it when somebody was faster. So a write whose answer
//! was lost may be sent again: it is done once at most.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::client::{Client, Question};
use super::error::VaultError;
use super::place::Place;
use super::reply::Reply;
use crate::deliver::record::{Record, wiped_json};
use crate::secret::Secret;

/// The field with the key.
const KEY: &str = "access_token";
/// The host part of the device's URL.
const HOSTNAME: &str = "hostname";
/// The API user that the key belongs to.
const API_USER: &str = "api_user";
/// When the key was generated, in RFC 3339.
const GENERATED_AT: &str = "generated_at";

/// A version that no secret gets to: a write that asks to follow it changes nothing, whoever sends it.
const NEVER: u64 = u32::MAX as u64;

/// A secret and who asks for it.
pub(super) struct Kv {
    /// The server.
    pub(super) client: Client,
    /// Who asks.
    pub(super) token: Secret,
    /// The secret.
    pub(super) place: Place,
}

/// What is there now.
pub(super) struct Found {
    /// The version, deleted ones counted; 0 before the first.
    pub(super) version: u64,
    /// The answer that has its fields; none where there are none.
    reply: Option<Reply>,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// It is there.
    Done,
    /// Somebody else has written since; nothing was changed.
    Conflict,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Option<Version<'a>>,
}

#[derive(Deserialize)]
struct Version<'a> {
    #[serde(borrow)]
    data: Option<Fields<'a>>,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    version: u64,
}

type Fields<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

#[derive(Deserialize)]
struct Capable {
    data: Capabilities,
}

#[derive(Deserialize)]
struct Capabilities {
    capabilities: Vec<String>,
}

impl Kv {
    /// What is there now. Fails when it may not be read.
    pub(super) fn read(&self) -> Result<Found, VaultError> {
        let reply = self.client.get(&self.token, &self.place.url())?;
        // 404 is also the answer to a version that was deleted, which counts all the same.
        let version = match reply.json::<Answer>() {
            Ok(Answer { data: Some(version) }) if reply.is_good() || reply.status == 404 => version,
            Ok(_) if reply.status == 404 && reply.has_no_words() => return Ok(Found { version: 0, reply: None }),
            Err(error) if reply.is_good() => return Err(error),
            _ => return Err(reply.refusal("read", &self.place.data())),
        };
        let (number, has_fields) = (version.metadata.version, version.data.is_some());
        Ok(Found { version: number, reply: has_fields.then_some(reply) })
    }

    /// Proves that a version may be written behind `version`, without writing one.
    pub(super) fn prove(&self, version: u64) -> Result<(), VaultError> {
        let needed = if version == 0 { "create" } else { "update" };
        let body = wiped_json(&serde_json::json!({ "paths": [self.place.data()] }))?;
        let path = "sys/capabilities-self";
        let reply = self.client.ask(&Question { path, token: Some(&self.token), body: Some(&body), again: true })?;
        if !reply.is_good() {
            return self.prove_by_trying(needed);
        }
        let found = reply.json::<Capable>()?.data.capabilities;
        let may = found.iter().any(|word| word == needed || word == "root");
        if may { Ok(()) } else { Err(self.denied(needed)) }
    }

    /// For a token that may not ask what it may: permission is checked before the version is, and that is wrong.
    fn prove_by_trying(&self, needed: &'static str) -> Result<(), VaultError> {
        match self.send(NEVER, &BTreeMap::<&str, &str>::new()) {
            Ok(_) => Ok(()),
            Err(VaultError::Denied { .. }) => Err(self.denied(needed)),
            Err(error) => Err(error),
        }
    }

    fn denied(&self, action: &'static str) -> VaultError {
        VaultError::Denied { action, path: self.place.data() }
    }

    /// Writes the key behind what was found; the fields of others stay.
    pub(super) fn write(&self, found: &Found, record: &Record, key: &Secret) -> Result<Written, VaultError> {
        self.send(found.version, &Merged { others: found.fields(), record, key })
    }

    fn send(&self, version: u64, data: &impl Serialize) -> Result<Written, VaultError> {
        let body = wiped_json(&Write { options: Options { cas: version }, data })?;
        let (path, token) = (self.place.url(), Some(&self.token));
        let reply = self.client.ask(&Question { path: &path, token, body: Some(&body), again: false })?;
        match reply.status {
            _ if reply.is_good() => Ok(Written::Done),
            400 if reply.says("check-and-set parameter did not match") => Ok(Written::Conflict),
            _ => Err(reply.refusal("write", &self.place.data())),
        }
    }
}

impl Found {
    /// The key; none where there is none.
    pub(super) fn key(&self) -> Option<Secret> {
        self.text(KEY).map(Secret::new)
    }

    /// Whether it is this key that is there.
    pub(super) fn has(&self, key: Option<&Secret>) -> bool {
        self.key().as_ref().map(Secret::expose) == key.map(Secret::expose)
    }

    /// The host part of the device's URL.
    pub(super) fn hostname(&self) -> Option<String> {
        self.text(HOSTNAME)
    }

    /// The API user that the key belongs to.
    pub(super) fn api_user(&self) -> Option<String> {
        self.text(API_USER)
    }

    /// When the key was generated; unknown too where that is no point in time.
    pub(super) fn generated_at(&self) -> Option<Timestamp> {
        self.text(GENERATED_AT)?.parse().ok()
    }

    /// Whether there is anything.
    pub(super) fn is_empty(&self) -> bool {
        self.reply.is_none()
    }

    fn text(&self, field: &str) -> Option<String> {
        serde_json::from_str(self.fields().get(field)?.get()).ok()
    }

    fn fields(&self) -> Fields<'_> {
        let answer = self.reply.as_ref().and_then(|reply| reply.json::<Answer>().ok());
        answer.and_then(|answer| answer.data).and_then(|version| version.data).unwrap_or_default()
    }
}

#[derive(serde::Serialize)]
struct Write<'a, T> {
    options: Options,
    data: &'a T,
}

#[derive(serde::Serialize)]
struct Options {
    cas: u64,
}

/// Our fields among those of others.
struct Merged<'a> {
    others: Fields<'a>,
    record: &'a Record,
    key: &'a Secret,
}

impl Serialize for Merged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let host = self.record.url_host();
        // Where the address is unknown (a scraped key), the one that is there is still that of the device.
        let is_ours = |name: &str| [KEY, API_USER, GENERATED_AT].contains(&name) || name == HOSTNAME && host.is_some();
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.others.iter().filter(|(name, _)| !is_ours(name)) {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry(KEY, self.key.expose())?;
        for (name, text) in [(HOSTNAME, &host), (API_USER, &self.record.api_user)] {
            if let Some(text) = text {
                map.serialize_entry(name, text)?;
            }
        }
        map.serialize_entry(GENERATED_AT, &self.record.generated())?;
        map.end()
    }
}
