//! Whether a host key is the right one: the lines of `known_hosts`, judged as OpenSSH judges them. No I/O.
//!
//! The format is that of sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". Where OpenSSH passes over a line that it cannot read,
//! this refuses the file: a line that was meant to protect a host must not be lost silently. Key types that are new to
//! us and the numeric keys of SSH 1 are no reason to refuse; the former are compared as bytes, the latter skipped.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use russh::keys::ssh_encoding::Decode;
use russh::keys::ssh_encoding::base64::{Base64, Encoding};
use russh::keys::ssh_key::known_hosts::{HostPatterns, Marker};
use russh::keys::{HashAlg, PublicKey};

pub use russh::keys::ssh_key::Fingerprint;

use super::endpoint::DEFAULT_PORT;

/// What to do about a host key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum HostKeyPolicy {
    /// `strict`: only a key that `known_hosts` has.
    #[default]
    Strict,
    /// `accept-new`: as strict, but a host of which nothing is known is added to `known_hosts`.
    AcceptNew,
    /// Only a key with one of these fingerprints, whatever `known_hosts` says.
    Pinned(Vec<Fingerprint>),
}

/// A text that is no [`HostKeyPolicy`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is neither strict, accept-new nor a fingerprint such as SHA256:yCT/vQJ8guX1MI+UDhQsXJq6S7iFsFQTw05gJD1n8Mw"
)]
pub struct HostKeyPolicyError(String);

/// `strict`, `accept-new`, or fingerprints as `ssh-keygen -l` prints them, separated by commas.
impl FromStr for HostKeyPolicy {
    type Err = HostKeyPolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "strict" => Ok(HostKeyPolicy::Strict),
            "accept-new" => Ok(HostKeyPolicy::AcceptNew),
            _ => text.split(',').map(fingerprint).collect::<Result<_, _>>().map(HostKeyPolicy::Pinned),
        }
    }
}

/// The crate's parser is strict about padding; people paste what other tools print, which may be padded.
fn fingerprint(text: &str) -> Result<Fingerprint, HostKeyPolicyError> {
    text.trim().trim_end_matches('=').parse().map_err(|_| HostKeyPolicyError(text.to_owned()))
}

/// A line of a `known_hosts` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<Path>,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}", self.file.display(), self.line)
    }
}

/// A key that a file has for a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    /// Where it stands.
    pub place: Place,
    /// Its type, for example `ssh-ed25519`.
    pub key_type: String,
    /// Its SHA-256 fingerprint.
    pub fingerprint: Fingerprint,
}

/// What the files say about a host and the key it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The key stands there for this host.
    Known(Place),
    /// Other keys stand there for this host: they are listed, and this is not one of them.
    Changed(Vec<KnownKey>),
    /// The key is marked `@revoked` for this host.
    Revoked(Place),
    /// Nothing is known about this host.
    Unknown,
}

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place} cannot be read: {what}")]
pub struct Malformed {
    /// The file and the line.
    pub place: Place,
    /// What is wrong with the line.
    pub what: &'static str,
}

/// The lines of all `known_hosts` files, in the order in which they were read.
#[derive(Debug, Clone, Default)]
pub struct KnownHosts {
    lines: Vec<Line>,
}

#[derive(Debug, Clone)]
struct Line {
    place: Place,
    marker: Option<Marker>,
    hosts: HostPatterns,
    key_type: String,
    /// The key as it goes over the wire; comparing bytes needs no knowledge of the type.
    blob: Vec<u8>,
}

impl KnownHosts {
    /// Adds the lines of `file`, whose content is `text`.
    pub fn add(&mut self, file: &Path, text: &str) -> Result<(), Malformed> {
        let file: Arc<Path> = Arc::from(file);
        for (index, line) in text.lines().enumerate() {
            let place = Place { file: file.clone(), line: index + 1 };
            if let Some(line) = Line::parse(&place, line).map_err(|what| Malformed { place, what })? {
                self.lines.push(line);
            }
        }
        Ok(())
    }

    /// Judges `key`, shown by `host` (as the person named it) on `port`.
    pub fn judge(&self, host: &str, port: u16, key: &PublicKey) -> Verdict {
        let Ok(blob) = key.to_bytes() else { return Verdict::Unknown };
        let verdict = self.judge_name(&known_name(host, port), &blob);
        if verdict != Verdict::Unknown || port == DEFAULT_PORT {
            return verdict;
        }
        // As OpenSSH does: what is known of the host on port 22 vouches for another port, but never against it.
        match self.judge_name(&known_name(host, DEFAULT_PORT), &blob) {
            Verdict::Changed(_) => Verdict::Unknown,
            verdict => verdict,
        }
    }

    /// The types of the keys that are known for this host: to be negotiated first, so that a host with several keys
    /// shows one of those.
    pub fn key_types(&self, host: &str, port: u16) -> Vec<&str> {
        let exact = self.key_types_of_name(&known_name(host, port));
        if exact.is_empty() { self.key_types_of_name(&known_name(host, DEFAULT_PORT)) } else { exact }
    }

    fn key_types_of_name(&self, name: &str) -> Vec<&str> {
        self.lines_for(name).filter(|line| line.marker.is_none()).map(|line| line.key_type.as_str()).collect()
    }

    fn lines_for(&self, name: &str) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.names(name))
    }

    /// A revoked key is refused even where another line has it; a key of another type counts as changed, as in OpenSSH.
    fn judge_name(&self, name: &str, blob: &[u8]) -> Verdict {
        let mut known = None;
        let mut others = Vec::new();
        for line in self.lines_for(name) {
            match (line.marker, line.blob == blob) {
                (Some(Marker::Revoked), true) => return Verdict::Revoked(line.place.clone()),
                (None, true) => known = known.or(Some(&line.place)),
                (None, false) => others.push(line.known_key()),
                // A certificate authority's key signs host certificates; shown as a plain key it proves nothing.
                (Some(_), _) => {}
            }
        }
        match known {
            Some(place) => Verdict::Known(place.clone()),
            None if others.is_empty() => Verdict::Unknown,
            None => Verdict::Changed(others),
        }
    }
}

/// The name under which `known_hosts` keeps a host: `host`, or `[host]:port` when the port is not 22; lower case.
pub fn known_name(host: &str, port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == DEFAULT_PORT { host } else { format!("[{host}]:{port}") }
}

/// The SHA-256 fingerprint of a key, as `ssh-keygen -l` and FortiOS's `get system info admin ssh` print it.
pub fn fingerprint_of(key: &PublicKey) -> Fingerprint {
    key.fingerprint(HashAlg::Sha256)
}

impl Line {
    /// `None` is a line without a key: empty, a comment, or a numeric key of SSH 1.
    fn parse(place: &Place, text: &str) -> Result<Option<Line>, &'static str> {
        let text = text.trim_matches([' ', '\t', '\r']);
        if text.is_empty() || text.starts_with('#') {
            return Ok(None);
        }
        let mut fields = text.split([' ', '\t']).filter(|field| !field.is_empty()).peekable();
        let marker = fields.next_if(|field| field.starts_with('@'));
        let marker = marker.map(Marker::from_str).transpose().map_err(|_| "its marker is unknown")?;
        let hosts = fields.next().ok_or("it has no host")?;
        let key_type = fields.next().ok_or("it has no key")?;
        if key_type.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(None);
        }
        let blob = decode_key(key_type, fields.next().ok_or("it has no key")?)?;
        let hosts = hosts.parse().map_err(|_| "its hashed host name is broken")?;
        Ok(Some(Line { place: place.clone(), marker, hosts, key_type: key_type.to_owned(), blob }))
    }

    fn names(&self, name: &str) -> bool {
        match &self.hosts {
            HostPatterns::Patterns(patterns) => match_list(patterns, name),
            HostPatterns::HashedName { salt, hash } => {
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt);
                ring::hmac::sign(&key, name.as_bytes()).as_ref() == hash
            }
        }
    }

    fn known_key(&self) -> KnownKey {
        let mut digest = [0; 32];
        digest.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, &self.blob).as_ref());
        KnownKey {
            place: self.place.clone(),
            key_type: self.key_type.clone(),
            fingerprint: Fingerprint::Sha256(digest),
        }
    }
}

fn decode_key(key_type: &str, text: &str) -> Result<Vec<u8>, &'static str> {
    let blob = Base64::decode_vec(text).map_err(|_| "its key is not base64")?;
    let named = String::decode(&mut blob.as_slice()).map_err(|_| "its key is cut off")?;
    if named != key_type {
        return Err("its key is of another type than it says");
    }
    Ok(blob)
}

/// A list matches when a pattern of it does and no negated one (`!pattern`) does.
fn match_list(patterns: &[String], name: &str) -> bool {
    let mut matched = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(negated) if match_pattern(negated, name) => return false,
            Some(_) => {}
            None => matched |= match_pattern(pattern, name),
        }
    }
    matched
}

/// `*` is any number of characters, `?` is one; letters match in either case. Backtracks to the last `*` only, so the
/// time is bounded by the product of the lengths.
fn match_pattern(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_ascii_lowercase(), name.as_bytes());
    let pattern = pattern.as_bytes();
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(b) if *b == b'?' || name.get(n) == Some(b) => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, n) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|b| *b == b'*')
}

/// Where `known_hosts` is looked for when no file is given, the person's own first.
pub fn default_files(home: Option<PathBuf>) -> Vec<PathBuf> {
    let own = home.map(|home| home.join(".ssh"));
    let own = own.iter().flat_map(|dir| [dir.join("known_hosts"), dir.join("known_hosts2")]);
    own.chain(["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"].map(PathBuf::from)).collect()
}
