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
use russh::keys::{Certificate, HashAlg, PublicKey};

use russh::keys::ssh_key::Fingerprint;

use super::certificates;
use super::endpoint::DEFAULT_PORT;

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
    /// An authority that stands there for this host vouches for the key.
    Certified(Place),
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

    /// Judges a host certificate at `now` (seconds since 1970). One that no authority vouches for counts as the plain
    /// key that it contains, as in OpenSSH.
    pub fn judge_certificate(&self, host: &str, port: u16, certificate: &Certificate, now: u64) -> Verdict {
        let (authority, subject) = (certificates::authority(certificate), certificates::subject(certificate));
        let (Ok(signer), Ok(own)) = (authority.to_bytes(), subject.to_bytes()) else { return Verdict::Unknown };
        let holds = certificates::holds(certificate, host, now);
        for name in [known_name(host, port), known_name(host, DEFAULT_PORT)] {
            let marked = |marker, blob: &[u8]| {
                self.lines_for(&name).find(|line| line.marker == Some(marker) && line.blob == blob)
            };
            if let Some(line) = marked(Marker::Revoked, &signer).or_else(|| marked(Marker::Revoked, &own)) {
                return Verdict::Revoked(line.place.clone());
            }
            if let Some(line) = marked(Marker::CertAuthority, &signer).filter(|_| holds) {
                return Verdict::Certified(line.place.clone());
            }
        }
        self.judge(host, port, &subject)
    }

    /// Whether an authority is known for this host, so that asking it for a certificate makes sense.
    pub fn has_authority(&self, host: &str, port: u16) -> bool {
        [known_name(host, port), known_name(host, DEFAULT_PORT)]
            .iter()
            .any(|name| self.lines_for(name).any(|line| line.marker == Some(Marker::CertAuthority)))
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
pub(super) fn match_pattern(pattern: &str, name: &str) -> bool {
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

/// The person's own `known_hosts` files, when none are named.
pub fn own_files(home: Option<PathBuf>) -> Vec<PathBuf> {
    let own = home.map(|home| home.join(".ssh"));
    own.iter().flat_map(|dir| [dir.join("known_hosts"), dir.join("known_hosts2")]).collect()
}

/// The system's `known_hosts` files, when none are named.
pub fn global_files() -> Vec<PathBuf> {
    ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"].map(PathBuf::from).to_vec()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
    const OTHER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";

    fn key(text: &str) -> PublicKey {
        text.parse().unwrap()
    }

    fn hosts(text: &str) -> KnownHosts {
        let mut hosts = KnownHosts::default();
        hosts.add(Path::new("kh"), text).unwrap();
        hosts
    }

    #[test]
    fn names_match_in_either_case() {
        let hosts = hosts(&format!("FW1.Example.NET {ED25519}"));
        assert!(matches!(hosts.judge("fw1.example.net", 22, &key(ED25519)), Verdict::Known(_)));
        assert!(matches!(hosts.judge("FW1.EXAMPLE.net", 22, &key(ED25519)), Verdict::Known(_)));
    }

    #[test]
    fn a_changed_key_lists_what_is_known() {
        let Verdict::Changed(known) = hosts(&format!("\nfw1 {OTHER}")).judge("fw1", 22, &key(ED25519)) else {
            panic!()
        };
        assert_eq!(known.len(), 1);
        assert_eq!(known[0].place.to_string(), "kh line 2");
        assert_eq!(known[0].fingerprint, fingerprint_of(&key(OTHER)));
    }

    #[test]
    fn the_key_types_of_a_host_leave_out_authorities_and_revoked_keys() {
        let text = format!("@cert-authority * {OTHER}\n@revoked fw1 {OTHER}\nfw1 {ED25519}\nfw2 {OTHER}\n");
        assert_eq!(hosts(&text).key_types("fw1", 22), ["ssh-ed25519"]);
        assert_eq!(hosts(&text).key_types("fw1", 2222), ["ssh-ed25519"]);
        assert!(hosts(&text).key_types("fw3", 22).is_empty());
    }

    /// The definition of a pattern, without the bound on time.
    fn matches_slowly(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern, name) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => {
                matches_slowly(rest, name) || matches!(name, [_, tail @ ..] if matches_slowly(pattern, tail))
            }
            ([p, rest @ ..], [n, tail @ ..]) if *p == b'?' || p == n => matches_slowly(rest, tail),
            _ => false,
        }
    }

    const WORDS: &[&str] = &[
        "fw1",
        "*",
        "!fw1",
        "@revoked",
        "@cert-authority",
        "|1|a|b",
        "#",
        "\n",
        "\t",
        ",",
        "[fw1]:22",
        "ssh-ed25519",
        "AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio",
    ];

    proptest! {
        #[test]
        fn patterns_match_as_defined(pattern in "[ab*?]{0,8}", name in "[ab]{0,8}") {
            prop_assert_eq!(match_pattern(&pattern, &name), matches_slowly(pattern.as_bytes(), name.as_bytes()));
        }

        #[test]
        fn a_hard_pattern_takes_no_long_time(n in 1usize..40) {
            let pattern = format!("{}b", "*a".repeat(n));
            prop_assert!(!match_pattern(&pattern, &"a".repeat(2000)));
        }

        #[test]
        fn no_text_makes_a_panic_or_a_known_host(text in "\\PC{0,200}", host in "\\PC{0,20}", port in any::<u16>()) {
            let mut hosts = KnownHosts::default();
            if hosts.add(Path::new("kh"), &text).is_ok() {
                prop_assert_eq!(hosts.judge(&host, port, &key(ED25519)), Verdict::Unknown);
            }
        }

        #[test]
        fn fields_in_any_order_never_vouch_for_another_key(
            words in prop::collection::vec(
                prop::sample::select(WORDS),
                0..12,
            ),
        ) {
            let mut hosts = KnownHosts::default();
            let text = words.join(" ");
            if hosts.add(Path::new("kh"), &text).is_ok() {
                let verdict = hosts.judge("fw1", 22, &key(ED25519));
                prop_assert!(!matches!(verdict, Verdict::Known(_)), "{text}: {verdict:?}");
            }
        }
    }
}
