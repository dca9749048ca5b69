//! Why a login failed, in words, and what to do about it.

use std::fmt;
use std::io;
use std::time::Duration;

use russh::keys::ssh_key::Fingerprint;

use super::agent::AgentError;
use super::command::CommandError;
use super::config::{ConfigError, Problem};
use super::endpoint::EndpointError;
use super::hostkeys::{KnownKey, Place};
use super::identity::IdentityError;
use super::jump::HopFailure;
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
    /// The agent does not sign.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The device closed the connection.
    #[error("the device closed the connection during {phase}{}", said(reason))]
    Closed {
        /// How far the login had come.
        phase: Phase,
        /// What the device said, if it said anything.
        reason: Option<String>,
    },
    /// `ssh_config` is of no use, or not for this host.
    #[error(transparent)]
    Config(Box<ConfigError>),
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
    /// The device asks again and again.
    #[error("the device asks without end: {asked} rounds of questions were answered")]
    EndlessQuestions {
        /// How many rounds were answered.
        asked: usize,
    },
    /// The device cannot be meant as it is named.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// A jump host does not connect to the next host.
    #[error("cannot connect to {host} port {port} through the jump host {hop}: {reason}")]
    Forward {
        /// The jump host, as the person named it.
        hop: String,
        /// The host that it was to connect to.
        host: String,
        /// The port.
        port: u16,
        /// What the jump host said.
        reason: String,
        /// Whether another attempt may work.
        transient: bool,
    },
    /// A jump host could not be passed.
    #[error(transparent)]
    Hop(HopFailure),
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
    /// `-J` cannot be read.
    #[error("-J: {0}")]
    Jump(Problem),
    /// The `known_hosts` files cannot be used.
    #[error(transparent)]
    KnownHosts(#[from] KnownHostsError),
    /// Device and client have no algorithm in common.
    #[error("no {kind} in common: the device offers {}; we offer {}", theirs.join(", "), ours.join(", "))]
    NoCommonAlgorithm {
        /// What was to be agreed on: `key exchange`, `host key algorithm`, `cipher`, `MAC`, `compression`.
        kind: &'static str,
        /// The option that lists them, as `ssh_config` spells it.
        option: &'static str,
        /// What was offered to the device.
        ours: Vec<String>,
        /// What the device offers.
        theirs: Vec<String>,
        /// Whether old algorithms were offered too.
        legacy: bool,
    },
    /// A list of algorithms has nothing that we know.
    #[error("we have none of the algorithms in {option}: {list}")]
    NoUsableAlgorithm {
        /// The option of `ssh_config`.
        option: &'static str,
        /// The list.
        list: String,
    },
    /// Something answers there that is no SSH server.
    #[error("{host} port {port} does not answer as an SSH server")]
    NotSsh {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// `--otp-command` gave no answer, or one that was not taken.
    #[error("{} by --otp-command", unanswered(question, source.is_some()))]
    OneTimePassword {
        /// The device's question, without control characters.
        question: String,
        /// Why there is no answer; none when the device asked the same again.
        source: Option<CommandError>,
    },
    /// There is no password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Another device has refused the password of this run: it is not tried again.
    #[error("the password of {user} was not tried: {refused_by} has refused it")]
    PasswordWithheld {
        /// The administrator.
        user: String,
        /// The device that refused it, as the person named it.
        refused_by: String,
    },
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
        /// How many more keys there were than may be refused.
        kept_back: usize,
        /// Whether an RSA key was among them, offered with SHA-2 (or kept back, since SHA-1 is not allowed) to a device
        /// that does not say that it knows SHA-2.
        rsa_sha2: bool,
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
    /// The person was asked the device's question, and the terminal broke or the input ended.
    #[error("`{question}` was not answered on the terminal")]
    Unanswered {
        /// The question, without control characters.
        question: String,
        /// What broke.
        source: io::Error,
    },
}

impl From<ConfigError> for DialError {
    fn from(error: ConfigError) -> Self {
        DialError::Config(Box::new(error))
    }
}

impl DialError {
    /// Whether another attempt may work: nobody is logged in yet, and what happened passes. A device that has all the
    /// sessions it allows closes the connection at once.
    pub(super) fn is_transient(&self) -> bool {
        use io::ErrorKind as Kind;
        match self {
            DialError::Closed { phase: Phase::KeyExchange, .. } => true,
            DialError::Connect { source, .. } => matches!(
                source.kind(),
                Kind::ConnectionRefused
                    | Kind::ConnectionReset
                    | Kind::ConnectionAborted
                    | Kind::HostUnreachable
                    | Kind::NetworkUnreachable
                    | Kind::TimedOut
            ),
            DialError::Forward { transient, .. } => *transient,
            _ => false,
        }
    }
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

fn unanswered(question: &str, failed: bool) -> String {
    let what = if failed { "was not answered" } else { "came again, so it was answered wrongly" };
    format!("`{}` {what}", question.trim())
}

/// The known key that a person would compare: the one of the same type comes first in the list.
fn known_fingerprint(known: &[KnownKey]) -> String {
    known.first().map(|key| format!("{} {}", key.key_type, key.fingerprint)).unwrap_or_default()
}

fn known_place(known: &[KnownKey]) -> String {
    known.first().map(|key| key.place.to_string()).unwrap_or_default()
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

/// What a device says, fit for a line on a terminal: one line, no control characters, at most 200 characters.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(200).collect()
}
