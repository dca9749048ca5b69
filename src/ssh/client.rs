//! The SSH connection: key exchange with a judged host key, then a shell on a terminal.
//!
//! Round trips from TCP's first packet to the shell's first byte, with a password: TCP 1, version lines 1, key
//! exchange 1 (group exchange 2), service request 1, password 1, channel 1, terminal and shell with the first output
//! 1: seven. A key costs one more (the offer), and so does keyboard-interactive (the question). Nothing is asked that
//! can be known: there is no `none` request to learn the methods, and terminal and shell are requested in one go.

use std::borrow::Cow;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use russh::client::{self, GexParams, Handle};
use russh::keys::PublicKey;
use russh::{ChannelOpenFailure, SshId};
use tokio::io::{AsyncRead, AsyncWrite};

use super::algorithms::{self, Known, Lists};
use super::deadline::Deadline;
use super::error::{DialError, Phase, one_line};
use super::guard::{Agreed, Break, End, Guard, Seen, lock};
use super::jump::{HopConnection, HopFailure};
use super::route::Passed;
use super::shell::ShellStream;
use super::trust::{Judge, Judgement};

/// FortiOS breaks an echoed line at the terminal's width, so the terminal is wider than any line of ours; 511 is the
/// width with which network tools are known to work.
pub const COLUMNS: u32 = 511;

/// FortiOS pages by the terminal's height, so the terminal is higher than nearly any output. (The pager is answered all
/// the same.)
pub const ROWS: u32 = 10_000;

/// A terminal without abilities: what comes back is text.
const TERMINAL: &str = "vt100";

/// What is said of a connection that does not answer any more.
const SILENT: &str = "it does not answer any more";

/// A way to the server: boxed, since a jump host's channel and a socket are the same to SSH.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Wire for S {}

/// How to speak to a server.
pub(super) struct Speech<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) lists: Lists<'a>,
    /// After how much silence the server is asked whether it is there.
    pub(super) alive_interval: Option<Duration>,
    /// After how many unanswered questions it is not.
    pub(super) alive_count_max: usize,
}

/// A connection whose host key was accepted; nobody is logged in yet.
pub(super) struct Connection {
    pub(super) handle: Handle<Guard>,
    /// The host key, and how it was judged.
    pub(super) key: PublicKey,
    pub(super) judgement: Judgement,
    seen: Arc<Mutex<Seen>>,
    /// The jump host that carries it.
    via: Option<Arc<HopConnection>>,
    /// Whether the connection's task was waited for to its end: that can be done once.
    over: bool,
}

impl Connection {
    /// Exchanges keys over `stream`, and judges the host key before anything else is sent. `via` is the jump host that
    /// the stream comes from.
    pub(super) async fn open(
        stream: Box<dyn Wire>,
        via: Option<Arc<HopConnection>>,
        speech: &Speech<'_>,
        judge: Judge,
        deadline: &Deadline,
    ) -> Result<Connection, DialError> {
        let key_types = judge.known_key_types();
        let known = Known { key_types: &key_types, authority: judge.wants_certificate() };
        let preferred = algorithms::offer(&speech.lists, &known)?;
        let config = Arc::new(config(preferred, speech));
        let seen = Arc::new(Mutex::new(Seen::default()));
        let guard = Guard { judge, seen: seen.clone() };
        let opened = deadline.within(Phase::KeyExchange, client::connect_stream(config, stream, guard)).await?;
        let handle = opened.map_err(|stop| exchange_failure(stop, speech))?;
        let judged = lock(&seen).host_key.take();
        // russh has no key exchange without a host key, so this cannot happen; if it did, nobody would be logged in.
        let (key, judgement) = judged.ok_or_else(|| broken(Phase::KeyExchange, russh::Error::UnknownKey))?;
        Ok(Connection { handle, seen, key, judgement, via, over: false })
    }

    /// The algorithms that were agreed on.
    pub(super) fn algorithms(&self) -> Option<Agreed> {
        lock(&self.seen).algorithms.clone()
    }

    /// The banner that came before the login.
    pub(super) fn banner(&self) -> Option<String> {
        Some(lock(&self.seen).banner.clone()).filter(|banner| !banner.is_empty())
    }

    /// Why the connection is gone; waits for its end, which is near. `None` means that the device left no method to
    /// log in with.
    pub(super) async fn end(&mut self, phase: Phase, deadline: &Deadline) -> Result<Option<DialError>, DialError> {
        self.finish(phase, deadline).await?;
        let end = lock(&self.seen).end.take();
        Ok(match end {
            Some(End::NoMethodLeft) => None,
            Some(End::Goodbye(words)) => Some(DialError::Closed { phase, reason: Some(words) }),
            Some(End::RequestRefused) => Some(DialError::ShellRefused { reason: "no terminal or no shell".to_owned() }),
            Some(End::Ssh(error)) => Some(self.blamed(broken(phase, error))),
            None => Some(self.blamed(DialError::Closed { phase, reason: None })),
        })
    }

    /// A connection that breaks since its jump host is gone is the jump host's failure.
    fn blamed(&self, error: DialError) -> DialError {
        match &self.via {
            Some(hop) if matches!(error, DialError::Closed { .. }) && hop.is_closed() => {
                DialError::Hop(HopFailure::new(hop.name(), error))
            }
            _ => error,
        }
    }

    /// The jump hosts that it came over, the nearest first.
    pub(super) fn jumps(&self) -> Vec<Passed> {
        let Some(hop) = &self.via else { return Vec::new() };
        let mut jumps = hop.jumps();
        jumps.push(hop.passed().clone());
        jumps
    }

    /// Why the connection ended, as far as it was said.
    pub(super) fn last_words(&self) -> Option<String> {
        match &lock(&self.seen).end {
            Some(End::Goodbye(words)) => Some(words.clone()),
            Some(End::Ssh(russh::Error::KeepaliveTimeout)) => Some(SILENT.to_owned()),
            _ => None,
        }
    }

    /// Waits for the task. Its own result is of no use: it always says "disconnected"; the reason was noted before.
    pub(super) async fn finish(&mut self, phase: Phase, deadline: &Deadline) -> Result<(), DialError> {
        if !self.over {
            let _ = deadline.within(phase, &mut self.handle).await?;
            self.over = true;
        }
        Ok(())
    }

    /// Opens a channel, and asks for a terminal and a shell on it without waiting for the answers.
    pub(super) async fn shell(mut self, deadline: &Deadline) -> Result<ShellStream, DialError> {
        let opening = self.handle.channel_open_session();
        let channel = match deadline.within(Phase::Shell, opening).await? {
            Ok(channel) => channel,
            Err(russh::Error::ChannelOpenFailure(reason)) => {
                return Err(DialError::ShellRefused { reason: refusal_words(&reason) });
            }
            Err(error) => return Err(self.end(Phase::Shell, deadline).await?.unwrap_or(broken(Phase::Shell, error))),
        };
        let requests = async {
            channel.request_pty(true, TERMINAL, COLUMNS, ROWS, 0, 0, &[]).await?;
            channel.request_shell(true).await
        };
        deadline.within(Phase::Shell, requests).await?.map_err(|error| broken(Phase::Shell, error))?;
        Ok(ShellStream { stream: channel.into_stream(), connection: self })
    }
}

fn config(preferred: russh::Preferred, speech: &Speech<'_>) -> client::Config {
    client::Config {
        client_id: version_line(),
        gex: groups(),
        preferred,
        keepalive_interval: speech.alive_interval,
        keepalive_max: speech.alive_count_max,
        ..client::Config::default()
    }
}

/// What we call ourselves in the protocol; the device's log shows it.
fn version_line() -> SshId {
    SshId::Standard(Cow::Borrowed(concat!("SSH-2.0-fgtkey_", env!("CARGO_PKG_VERSION"))))
}

/// Group sizes in bits for group exchange: OpenSSH's limits, since FortiOS also has 2048-bit groups, and a size between
/// them that a small unit computes in time.
fn groups() -> GexParams {
    GexParams::new(2048, 3072, 8192).unwrap_or_default()
}

fn exchange_failure(stop: Break, speech: &Speech<'_>) -> DialError {
    match stop {
        Break::HostKey(error) => *error,
        Break::RequestRefused => DialError::Closed { phase: Phase::KeyExchange, reason: None },
        Break::Ssh(russh::Error::Version) => DialError::NotSsh { host: speech.host.to_owned(), port: speech.port },
        Break::Ssh(russh::Error::WrongServerSig) => DialError::HostKeySignature,
        Break::Ssh(russh::Error::NoCommonAlgo { kind, ours, theirs }) => DialError::NoCommonAlgorithm {
            kind: kind_words(&kind),
            option: option(&kind),
            ours,
            theirs: theirs.iter().filter(|name| is_algorithm(name)).map(|name| one_line(name)).collect(),
            legacy: speech.lists.legacy,
        },
        Break::Ssh(error) => broken(Phase::KeyExchange, error),
    }
}

/// The list of key exchanges also carries the marks of extensions.
fn is_algorithm(name: &str) -> bool {
    !name.starts_with("ext-info-") && !name.starts_with("kex-strict-")
}

fn kind_words(kind: &russh::AlgorithmKind) -> &'static str {
    match kind {
        russh::AlgorithmKind::Kex => "key exchange",
        russh::AlgorithmKind::Key => "host key algorithm",
        russh::AlgorithmKind::Cipher => "cipher",
        russh::AlgorithmKind::Compression => "compression",
        russh::AlgorithmKind::Mac => "MAC",
    }
}

/// The option of `ssh_config` that lists them.
fn option(kind: &russh::AlgorithmKind) -> &'static str {
    match kind {
        russh::AlgorithmKind::Kex => "KexAlgorithms",
        russh::AlgorithmKind::Key => "HostKeyAlgorithms",
        russh::AlgorithmKind::Cipher => "Ciphers",
        russh::AlgorithmKind::Compression => "Compression",
        russh::AlgorithmKind::Mac => "MACs",
    }
}

/// A connection that ended is one thing, a device that breaks the protocol another.
fn broken(phase: Phase, error: russh::Error) -> DialError {
    match error {
        russh::Error::Disconnect | russh::Error::HUP | russh::Error::SendError | russh::Error::RecvError => {
            DialError::Closed { phase, reason: None }
        }
        russh::Error::IO(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            DialError::Closed { phase, reason: None }
        }
        russh::Error::KeepaliveTimeout => DialError::Closed { phase, reason: Some(SILENT.to_owned()) },
        russh::Error::IO(error) => DialError::Closed { phase, reason: Some(error.to_string()) },
        source => DialError::Protocol { phase, source },
    }
}

pub(super) fn refusal_words(reason: &ChannelOpenFailure) -> String {
    match reason {
        ChannelOpenFailure::AdministrativelyProhibited => "it is prohibited".to_owned(),
        ChannelOpenFailure::ConnectFailed => "it failed".to_owned(),
        ChannelOpenFailure::UnknownChannelType => "it knows no sessions".to_owned(),
        ChannelOpenFailure::ResourceShortage => "it has no resources left".to_owned(),
        ChannelOpenFailure::Other { reason, .. } => one_line(reason),
    }
}
