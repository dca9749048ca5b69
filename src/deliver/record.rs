//! The record of a mint: what was made, on what, for whom. Its JSON is stable.

use std::fmt;
use std::io::{self, Write};
use std::net::Ipv6Addr;

use jiff::{Timestamp, ToSpan, Unit};
use serde::ser::{Serialize, SerializeMap, Serializer};
use zeroize::Zeroizing;

use super::Device;
use crate::fortios::https;
use crate::secret::Secret;

/// What happened to an object of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It did not exist before.
    Created,
    /// It existed and was altered.
    Changed,
    /// It was already as asked; nothing was sent.
    Unchanged,
    /// It existed and is gone.
    Removed,
}

impl Action {
    /// The word in the JSON record and in the story.
    pub const fn word(self) -> &'static str {
        match self {
            Action::Created => "created",
            Action::Changed => "changed",
            Action::Unchanged => "unchanged",
            Action::Removed => "removed",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// One object of the configuration and what happened to it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Change {
    /// The table, in FortiOS's words: `system accprofile`, `system api-user`.
    pub object: String,
    /// The entry's name.
    pub name: String,
    /// What happened to it.
    pub action: Action,
}

/// What a key's consumer needs to know about it, without the key.
///
/// In JSON every field up to `verify_detail` is present, in the order of this struct and `null` when unknown. The key stands
/// behind `trusted_hosts` and is present only where it is delivered; `https_port` and `transaction` are present only where
/// they say something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The device as the operator calls it.
    pub device: String,
    /// The address that was dialled, a host name or an IP address without brackets, as `HostName` of `ssh_config` makes it of
    /// an alias; unknown to `scrape`.
    pub address: Option<String>,
    /// The device's own name, in full.
    pub hostname: Option<String>,
    /// The serial number.
    pub serial: Option<String>,
    /// The model, as in `get system status`: `FortiGate-100F`.
    pub model: Option<String>,
    /// The release: `7.4.8`.
    pub fortios: Option<String>,
    /// `Virtual domain configuration` of `get system status`: `disable`, `multiple`, `split-task`.
    pub vdom_mode: Option<String>,
    /// The API user that the key belongs to.
    pub api_user: Option<String>,
    /// Its access profile.
    pub profile: Option<String>,
    /// Its trusted hosts, in CIDR notation.
    pub trusted_hosts: Vec<String>,
    /// When the key was generated: RFC 3339, UTC, whole seconds.
    pub generated_at: Timestamp,
    /// When the key ends, if the device was told so.
    pub expires_at: Option<Timestamp>,
    /// What was done to the configuration.
    pub changes: Vec<Change>,
    /// The destinations that have the key: `dotenv:fw1.env`.
    pub delivered_to: Vec<String>,
    /// Whether the key was seen to work over REST; unknown when nobody tried.
    pub verified: Option<bool>,
    /// How that was found, or why it was not.
    pub verify_detail: Option<String>,
    /// The TCP port of HTTPS administration, where the device or the operator told it.
    pub https_port: Option<u16>,
    /// Whether the objects appeared at one instant, in a configuration transaction, or one after the other; `None` where no
    /// transaction was asked for, or nothing had to be sent.
    pub transaction: Option<bool>,
}

impl Record {
    /// A record of a key of `device` that was generated now; everything else is unknown.
    pub fn new(device: impl Into<String>) -> Self {
        Record {
            device: device.into(),
            address: None,
            hostname: None,
            serial: None,
            model: None,
            fortios: None,
            vdom_mode: None,
            api_user: None,
            profile: None,
            trusted_hosts: Vec::new(),
            generated_at: Timestamp::now(),
            expires_at: None,
            changes: Vec::new(),
            delivered_to: Vec::new(),
            verified: None,
            verify_detail: None,
            https_port: None,
            transaction: None,
        }
    }

    /// Takes down that the key was generated now, and lives for so many minutes where that was told to the device.
    pub fn born(&mut self, minutes: Option<u32>) {
        self.generated_at = Timestamp::now();
        self.expires_at = minutes.and_then(|minutes| self.generated_at.checked_add(i64::from(minutes).minutes()).ok());
    }

    /// Host and port as a URL has them: an IPv6 address in brackets, and the port unless it is 443. Consumers put it behind
    /// `https://` as it is. Source: fortinetdev/terraform-provider-fortios issue 71 (`hostname = "192.168.52.177:9443"`).
    pub fn url_host(&self) -> Option<String> {
        self.address.as_deref().map(|address| with_port(&url_host(address), self.https_port))
    }

    /// The device, for the paths of destinations.
    pub(super) fn device_for_paths(&self) -> Device {
        Device { name: self.device.clone(), address: self.address.clone().unwrap_or_else(|| self.device.clone()) }
    }

    /// The JSON of the record without the key, one line, no line end.
    pub fn to_json(&self) -> String {
        // Strings, lists, booleans and null into memory: nothing in it can fail.
        serde_json::to_string(&Entry { record: self, key: None }).unwrap_or_default()
    }

    /// The JSON of the record with the key in it, one line, no line end; its memory is wiped.
    pub(super) fn to_json_with(&self, key: &Secret) -> io::Result<Zeroizing<Vec<u8>>> {
        wiped_json(&Entry { record: self, key: Some(key) })
    }

    /// When the key was generated, as it is written: RFC 3339 in UTC, whole seconds.
    pub(super) fn generated(&self) -> String {
        seconds(self.generated_at)
    }
}

/// `address` (no brackets) as the host part of a URL: an IPv6 address in brackets.
pub fn url_host(address: &str) -> String {
    if address.parse::<Ipv6Addr>().is_ok() { format!("[{address}]") } else { address.to_owned() }
}

/// The host part of a URL with its port, unless that is HTTPS's own.
pub(super) fn with_port(host: &str, port: Option<u16>) -> String {
    match port {
        None | Some(https::DEFAULT_PORT) => host.to_owned(),
        Some(port) => format!("{host}:{port}"),
    }
}

/// What [`Record::url_host`] made of an address and a port: both again.
pub(super) fn split_host(text: &str) -> (String, Option<u16>) {
    let split = text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    // `2001:db8::1` without brackets is all address.
    let (host, port) = match split {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    (bare.to_owned(), port)
}

/// JSON with a secret in it; its memory is wiped.
///
/// It serialises twice: first to know the size, so that the buffer never moves and leaves no copy of the secret behind.
pub(super) fn wiped_json(value: &impl Serialize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut size = Count(0);
    serde_json::to_writer(&mut size, value)?;
    let mut json = Zeroizing::new(Vec::with_capacity(size.0 + ROOM));
    serde_json::to_writer(&mut *json, value)?;
    Ok(json)
}

/// A record with its key, as the escrow holds it.
#[derive(serde::Deserialize)]
pub(super) struct StoredRecord {
    device: String,
    address: Option<String>,
    hostname: Option<String>,
    serial: Option<String>,
    model: Option<String>,
    fortios: Option<String>,
    vdom_mode: Option<String>,
    api_user: Option<String>,
    profile: Option<String>,
    trusted_hosts: Vec<String>,
    key: Zeroizing<String>,
    generated_at: Timestamp,
    expires_at: Option<Timestamp>,
    changes: Vec<Change>,
    delivered_to: Vec<String>,
    #[serde(default)]
    https_port: Option<u16>,
    #[serde(default)]
    transaction: Option<bool>,
}

impl StoredRecord {
    /// The record and the key. Fails when there is none.
    pub(super) fn into_parts(mut self) -> Result<(Record, Secret), String> {
        let key = Secret::new(std::mem::take(&mut *self.key));
        if key.is_empty() {
            return Err("it holds no key".into());
        }
        let record = Record {
            address: self.address,
            hostname: self.hostname,
            serial: self.serial,
            model: self.model,
            fortios: self.fortios,
            vdom_mode: self.vdom_mode,
            api_user: self.api_user,
            profile: self.profile,
            trusted_hosts: self.trusted_hosts,
            generated_at: self.generated_at,
            expires_at: self.expires_at,
            changes: self.changes,
            delivered_to: self.delivered_to,
            https_port: self.https_port,
            transaction: self.transaction,
            ..Record::new(self.device)
        };
        Ok((record, key))
    }
}

/// Room behind a record for what its container adds: a line end, closing braces.
const ROOM: usize = 16;

/// A record and, where it is delivered, its key.
struct Entry<'a> {
    record: &'a Record,
    key: Option<&'a Secret>,
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = self.record;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("device", &record.device)?;
        map.serialize_entry("address", &record.address)?;
        map.serialize_entry("hostname", &record.hostname)?;
        map.serialize_entry("serial", &record.serial)?;
        map.serialize_entry("model", &record.model)?;
        map.serialize_entry("fortios", &record.fortios)?;
        map.serialize_entry("vdom_mode", &record.vdom_mode)?;
        map.serialize_entry("api_user", &record.api_user)?;
        map.serialize_entry("profile", &record.profile)?;
        map.serialize_entry("trusted_hosts", &record.trusted_hosts)?;
        if let Some(key) = self.key {
            map.serialize_entry("key", key.expose())?;
        }
        map.serialize_entry("generated_at", &record.generated())?;
        map.serialize_entry("expires_at", &record.expires_at.map(seconds))?;
        map.serialize_entry("changes", &record.changes)?;
        map.serialize_entry("delivered_to", &record.delivered_to)?;
        map.serialize_entry("verified", &record.verified)?;
        map.serialize_entry("verify_detail", &record.verify_detail)?;
        // The fields are promised; these are there only where a URL would be wrong without it, and where somebody asked.
        if let Some(port) = record.https_port.filter(|port| *port != https::DEFAULT_PORT) {
            map.serialize_entry("https_port", &port)?;
        }
        if let Some(transaction) = record.transaction {
            map.serialize_entry("transaction", &transaction)?;
        }
        map.end()
    }
}

/// RFC 3339 in UTC, without a fraction.
pub(super) fn seconds(at: Timestamp) -> String {
    whole_second(at).to_string()
}

/// The second as which a point in time is written down. Rounding fails only at the end of time.
pub(super) fn whole_second(at: Timestamp) -> Timestamp {
    at.round(Unit::Second).unwrap_or(at)
}

/// A writer that only counts.
struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            address: Some("192.0.2.1".into()),
            api_user: Some("terraform".into()),
            trusted_hosts: vec!["10.20.100.99/32".into()],
            generated_at: "2026-03-01T12:00:00.6Z".parse().unwrap(),
            changes: vec![Change {
                object: "system api-user".into(),
                name: "terraform".into(),
                action: Action::Created,
            }],
            delivered_to: vec!["stdout".into()],
            ..Record::new("fw1")
        }
    }

    #[test]
    fn the_json_has_every_field_in_the_promised_order() {
        let expected = concat!(
            r#"{"device":"fw1","address":"192.0.2.1","hostname":null,"serial":null,"model":null,"fortios":null,"#,
            r#""vdom_mode":null,"api_user":"terraform","profile":null,"trusted_hosts":["10.20.100.99/32"],"#,
            r#""generated_at":"2026-03-01T12:00:01Z","expires_at":null,"#,
            r#""changes":[{"object":"system api-user","name":"terraform","action":"created"}],"#,
            r#""delivered_to":["stdout"],"verified":null,"verify_detail":null}"#,
        );
        assert_eq!(record().to_json(), expected);
    }

    #[test]
    fn how_the_objects_were_pushed_stands_in_the_json_only_where_somebody_asked() {
        for (transaction, tail) in [
            (None, r#""verify_detail":null}"#),
            (Some(true), r#""verify_detail":null,"transaction":true}"#),
            (Some(false), r#""verify_detail":null,"transaction":false}"#),
        ] {
            let json = Record { transaction, ..record() }.to_json();
            assert!(json.ends_with(tail), "{json}");
        }
    }

    #[test]
    fn the_key_stands_in_the_json_only_when_it_is_delivered_there() {
        let json = record().to_json_with(&Secret::new("k3y")).unwrap();
        let json = std::str::from_utf8(&json).unwrap();
        assert!(json.contains(r#""trusted_hosts":["10.20.100.99/32"],"key":"k3y","generated_at""#), "{json}");
        assert!(!record().to_json().contains("\"key\""));
    }

    #[test]
    fn the_buffer_of_a_record_with_a_key_never_grows() {
        let json = record().to_json_with(&Secret::new("k3y")).unwrap();
        assert_eq!(json.len() + ROOM, json.capacity());
    }

    #[test]
    fn an_ipv6_address_is_bracketed_in_a_url() {
        let host = |address: &str| Record { address: Some(address.into()), ..Record::new("x") }.url_host();
        assert_eq!(host("2001:db8::2").as_deref(), Some("[2001:db8::2]"));
        assert_eq!(host("192.0.2.1").as_deref(), Some("192.0.2.1"));
        assert_eq!(host("fw1.example.net").as_deref(), Some("fw1.example.net"));
    }

    #[test]
    fn a_port_other_than_that_of_https_stands_behind_the_host_and_comes_apart_again() {
        for (address, port, text) in [
            ("192.0.2.1", None, "192.0.2.1"),
            ("fw1", Some(443), "fw1"),
            ("fw1", Some(8443), "fw1:8443"),
            ("2001:db8::2", Some(8443), "[2001:db8::2]:8443"),
            ("2001:db8::2", Some(443), "[2001:db8::2]"),
        ] {
            let record = Record { address: Some(address.into()), https_port: port, ..Record::new("x") };
            assert_eq!(record.url_host().as_deref(), Some(text));
            assert_eq!(split_host(text), (address.to_owned(), port.filter(|port| *port != 443)));
        }
        assert_eq!(split_host("2001:db8::8443"), ("2001:db8::8443".to_owned(), None));
    }
}
