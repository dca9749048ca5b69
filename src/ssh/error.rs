//! Why a login failed, in words, and what to do about it.

use std::fmt;
use std::io;
use std::time::Duration;

use russh::keys::ssh_key::Fingerprint;

use super::hostkeys::{KnownKey, Place, known_name};
use super::identity::IdentityError;
use super::known_hosts::KnownHostsError;
use super::password::PasswordError;

/// The steps of a login, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Looking the host's name up.
    NameResolution,
    /// TCP.
    Connection,
    /// Version lines, algorithms, host key.
    KeyExchange,
    /// Keys and passwords.
    Authentication,
    /// Channel, terminal and shell.
    Shell,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::NameResolution => "the name resolution",
            Phase::Connection => "the TCP connection",
            Phase::KeyExchange => "the key exchange",
            Phase::Authentication => "the authentication",
            Phase::Shell => "the opening of the shell",
        })
    }
}

/// A host key that was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownKey {
    /// The host as the person named it.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The key's type, for example `ssh-ed25519`.
    pub key_type: String,
    /// Its SHA-256 fingerprint.
    pub fingerprint: Fingerprint,
}

impl fmt::Display for ShownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key_type, self.fingerprint)
    }
}

/// Why there is no shell. Secrets are in none of the variants.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The device closed the connection.
    #[error("the device closed the connection during {phase}{}", said(reason))]
    Closed {
        /// How far the login had come.
        phase: Phase,
        /// What the device said, if it said anything.
        reason: Option<String>,
    },
    /// No address of the host accepted a TCP connection.
    #[error("cannot connect to {host} port {port}")]
    Connect {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// The first address's failure.
        source: io::Error,
    },
    /// The host key is another one than `known_hosts` has.
    #[error("the host key has changed: {shown}, but {} is known from {}", known_fingerprint(known), known_place(known))]
    HostKeyChanged {
        /// The key that the device shows.
        shown: Box<ShownKey>,
        /// The keys that the files have for this host; never empty.
        known: Vec<KnownKey>,
    },
    /// The host key is none of those that the person named.
    #[error("the host key is not the one that was asked for: {shown}, expected {}", list(pinned))]
    HostKeyNotPinned {
        /// The key that the device shows.
        shown: Box<ShownKey>,
        /// The fingerprints that were asked for.
        pinned: Vec<Fingerprint>,
    },
    /// The host key is marked `@revoked`.
    #[error("the host key is revoked: {shown}, by {place}")]
    HostKeyRevoked {
        /// The key that the device shows.
        shown: Box<ShownKey>,
        /// The line that revokes it.
        place: Place,
    },
    /// The device could not prove that the host key is its own.
    #[error("the device does not hold the host key that it shows: its signature is wrong")]
    HostKeySignature,
    /// Nothing is known about this host.
    #[error("the host key is not known: {0}")]
    HostKeyUnknown(Box<ShownKey>),
    /// A key file cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The `known_hosts` files cannot be used.
    #[error(transparent)]
    KnownHosts(#[from] KnownHostsError),
    /// Device and client have no algorithm in common.
    #[error("no {kind} in common: the device offers {}; we offer {}", theirs.join(", "), ours.join(", "))]
    NoCommonAlgorithm {
        /// What was to be agreed on: `key exchange`, `host key algorithm`, `cipher`, `MAC`, `compression`.
        kind: &'static str,
        /// What was offered to the device.
        ours: Vec<String>,
        /// What the device offers.
        theirs: Vec<String>,
        /// Whether old algorithms were offered too.
        legacy: bool,
    },
    /// Something answers there that is no SSH server.
    #[error("{host} port {port} does not answer as an SSH server")]
    NotSsh {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// There is no password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The device broke the protocol.
    #[error("the device broke the SSH protocol during {phase}")]
    Protocol {
        /// How far the login had come.
        phase: Phase,
        /// What exactly happened.
        source: russh::Error,
    },
    /// The device asked for something else than the password: a second factor, or a new password.
    #[error("the device asks for more than a password: {}", list_questions(questions))]
    Question {
        /// The device's questions, without control characters.
        questions: Vec<String>,
    },
    /// None of what was offered got in.
    #[error("the device refused {user}: {}", refusal(tried, accepted))]
    Refused {
        /// The administrator.
        user: String,
        /// What was offered, in order: `key PATH`, `password`, `keyboard-interactive`.
        tried: Vec<String>,
        /// The methods that the device would still take.
        accepted: Vec<String>,
        /// How many more keys there were than a device lets one try.
        kept_back: usize,
    },
    /// The name has no address.
    #[error("cannot find the address of {host}")]
    Resolve {
        /// The name.
        host: String,
        /// The resolver's answer.
        source: io::Error,
    },
    /// The login is through, but the device gives no shell.
    #[error("the device refused to open a shell: {reason}")]
    ShellRefused {
        /// What the device said.
        reason: String,
    },
    /// The deadline of the login passed.
    #[error("no answer within {} s: {phase} was not done", after.as_secs_f32())]
    TimedOut {
        /// What was being waited for.
        phase: Phase,
        /// The whole time that the login had.
        after: Duration,
    },
}

impl DialError {
    /// What the person could do or type next.
    pub fn hint(&self) -> Option<String> {
        match self {
            DialError::HostKeyUnknown(shown) => Some(format!(
                "compare it with `get system info admin ssh` on the console, then accept it once with --host-key {}",
                shown.fingerprint
            )),
            DialError::HostKeyChanged { shown, known } => Some(removal(shown, known)),
            DialError::HostKeyNotPinned { .. } => Some(
                "compare it with `get system info admin ssh` on the console before you change --host-key".to_owned(),
            ),
            DialError::HostKeyRevoked { .. } | DialError::HostKeySignature => {
                Some("do not log in: somebody may stand between you and the device".to_owned())
            }
            DialError::NoCommonAlgorithm { legacy: false, theirs, .. } if theirs.iter().any(|a| is_legacy(a)) => {
                Some("--legacy-algorithms offers the old ones, for this device only".to_owned())
            }
            DialError::NoCommonAlgorithm { kind, .. } => device_setting(kind),
            DialError::KnownHosts(error) => known_hosts_hint(error),
            DialError::Identity(error) => error.hint(),
            DialError::Password(error) => error.hint(),
            DialError::Refused { tried, kept_back, .. } => Some(refused_hint(tried, *kept_back)),
            DialError::Question { .. } => {
                Some("log in with a key (-i FILE), or as an administrator without a second factor".to_owned())
            }
            DialError::TimedOut { phase: Phase::Connection, .. } | DialError::Connect { .. } => {
                Some("is `ssh` in `set allowaccess` of that interface, and your address a trusted host?".to_owned())
            }
            DialError::TimedOut { .. } => Some("--timeout SECONDS gives it longer".to_owned()),
            DialError::Closed { phase: Phase::KeyExchange, .. } => {
                Some("FortiOS also does this to addresses that are locked out, or are not a trusted host".to_owned())
            }
            DialError::ShellRefused { .. } => {
                Some("the device may have all the sessions it allows (`admin-login-max`)".to_owned())
            }
            _ => None,
        }
    }
}

/// The lists that FortiOS has from 7.0.2 on (host keys from 7.4.0 on), in another place from 7.4.4 on.
fn device_setting(kind: &str) -> Option<String> {
    let setting = match kind {
        "key exchange" => "ssh-kex-algo",
        "host key algorithm" => "ssh-hostkey-algo",
        "cipher" => "ssh-enc-algo",
        "MAC" => "ssh-mac-algo",
        _ => return None,
    };
    Some(format!(
        "the device's list is `set {setting}` in `config system global`, or `ssh-config` from FortiOS 7.4.4 on"
    ))
}

fn said(reason: &Option<String>) -> String {
    reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default()
}

fn list(fingerprints: &[Fingerprint]) -> String {
    fingerprints.iter().map(Fingerprint::to_string).collect::<Vec<_>>().join(" or ")
}

fn list_questions(questions: &[String]) -> String {
    questions.iter().map(|question| format!("`{}`", question.trim())).collect::<Vec<_>>().join(", ")
}

/// The known key that a person would compare: the one of the same type comes first in the list.
fn known_fingerprint(known: &[KnownKey]) -> String {
    known.first().map(|key| format!("{} {}", key.key_type, key.fingerprint)).unwrap_or_default()
}

fn known_place(known: &[KnownKey]) -> String {
    known.first().map(|key| key.place.to_string()).unwrap_or_default()
}

fn removal(shown: &ShownKey, known: &[KnownKey]) -> String {
    let file = known.first().map(|key| key.place.file.display().to_string()).unwrap_or_default();
    let name = known_name(&shown.host, shown.port);
    format!(
        "if the device was replaced or reset, compare the key on its console, then: ssh-keygen -f {} -R {}",
        shell_word(&file),
        shell_word(&name)
    )
}

/// Quotes what a shell would expand: `[host]:port` is a pattern to it.
fn shell_word(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | ':' | '%'));
    if plain && !text.is_empty() { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn refusal(tried: &[String], accepted: &[String]) -> String {
    let tried = match tried {
        [] => "nothing could be offered".to_owned(),
        tried => format!("{} did not get in", tried.join(", ")),
    };
    match accepted {
        [] => tried,
        accepted => format!("{tried}; it takes {}", accepted.join(", ")),
    }
}

fn refused_hint(tried: &[String], kept_back: usize) -> String {
    if kept_back > 0 {
        return format!(
            "{kept_back} more keys were not offered, to stay below the lockout: name the right one with -i"
        );
    }
    if tried.is_empty() {
        return "give -i KEY, or a password: FGTKEY_PASSWORD, --password-file FILE, --password-command CMD".to_owned();
    }
    "check the user and what was offered; after three failures FortiOS locks an address out for a minute".to_owned()
}

fn known_hosts_hint(error: &KnownHostsError) -> Option<String> {
    match error {
        KnownHostsError::Malformed(_) => {
            Some("mend or remove that line, or name another file: --known-hosts FILE".into())
        }
        KnownHostsError::NoFile => Some("name one: --known-hosts FILE".into()),
        KnownHostsError::Write { .. } => Some("name a file that can be written: --known-hosts FILE".into()),
        KnownHostsError::Read { .. } => None,
    }
}

fn is_legacy(algorithm: &str) -> bool {
    matches!(algorithm, "diffie-hellman-group14-sha1" | "diffie-hellman-group-exchange-sha1" | "ssh-rsa" | "hmac-sha1")
        || algorithm.starts_with("hmac-sha1-etm")
        || (algorithm.starts_with("aes") && algorithm.ends_with("-cbc"))
}

/// What a device says, fit for a line on a terminal: one line, no control characters, at most 200 characters.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(200).collect()
}
