//! Our end of a connection in russh's task: it judges the host key, keeps the banner, and notes why it ended.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use russh::client::{DisconnectReason, Handler, Session};
use russh::keys::{PublicKey, PublicKeyOrCertificate};
use russh::{ChannelId, Names};

use super::error::{DialError, one_line};
use super::trust::{Judge, Judgement};

/// More than any login banner. A device that sends more is not one.
const LONGEST_BANNER: usize = 64 * 1024;

/// What the connection's task tells the login about.
#[derive(Default)]
pub(super) struct Seen {
    /// The host key, once it was accepted.
    pub(super) host_key: Option<(PublicKey, Judgement)>,
    /// The pre-login banner.
    pub(super) banner: String,
    /// The algorithms that were agreed on.
    pub(super) algorithms: Option<Agreed>,
    /// Why the connection ended.
    pub(super) end: Option<End>,
}

/// The algorithms of a connection, by their SSH names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The key exchange.
    pub kex: String,
    /// The cipher.
    pub cipher: String,
    /// The algorithm of the host key.
    pub host_key: String,
}

impl Agreed {
    /// All of them.
    pub fn names(&self) -> [&str; 3] {
        [&self.kex, &self.cipher, &self.host_key]
    }
}

/// Why the connection's task ended.
pub(super) enum End {
    /// The device said goodbye, with these words.
    Goodbye(String),
    /// No method is left to authenticate with.
    NoMethodLeft,
    /// The terminal or the shell was refused.
    RequestRefused,
    Ssh(russh::Error),
}

/// What stops the connection's task.
#[derive(Debug)]
pub(super) enum Break {
    HostKey(Box<DialError>),
    RequestRefused,
    Ssh(russh::Error),
}

impl From<russh::Error> for Break {
    fn from(error: russh::Error) -> Self {
        Break::Ssh(error)
    }
}

/// The connection's end of russh: judges the host key, keeps the banner, and notes why the connection ended.
pub(super) struct Guard {
    pub(super) judge: Judge,
    pub(super) seen: Arc<Mutex<Seen>>,
}

impl Guard {
    fn note(&self, note: impl FnOnce(&mut Seen)) {
        note(&mut lock(&self.seen));
    }
}

/// A lock that a panic elsewhere cannot take away: what is noted is never half written.
pub(super) fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Handler for Guard {
    type Error = Break;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Break> {
        let key = shown.public_key();
        let judgement = match shown.certificate() {
            Some(certificate) => self.judge.judge_certificate(certificate),
            None => self.judge.judge(&key),
        };
        let judgement = judgement.map_err(|error| Break::HostKey(Box::new(error)))?;
        self.note(|seen| seen.host_key = Some((key, judgement)));
        Ok(true)
    }

    async fn kex_done(&mut self, _: Option<&[u8]>, names: &Names, _: &mut Session) -> Result<(), Break> {
        let agreed = Agreed {
            kex: names.kex.as_ref().to_owned(),
            cipher: names.cipher.as_ref().to_owned(),
            host_key: names.key.as_str().to_owned(),
        };
        self.note(|seen| seen.algorithms = Some(agreed));
        Ok(())
    }

    async fn auth_banner(&mut self, banner: &str, _: &mut Session) -> Result<(), Break> {
        let mut seen = lock(&self.seen);
        if seen.banner.len() + banner.len() > LONGEST_BANNER {
            return Err(Break::Ssh(russh::Error::PacketSize(banner.len())));
        }
        seen.banner.push_str(banner);
        Ok(())
    }

    /// The only requests of ours that can fail are the terminal and the shell; without them there is nothing to read.
    async fn channel_failure(&mut self, _: ChannelId, _: &mut Session) -> Result<(), Break> {
        Err(Break::RequestRefused)
    }

    async fn disconnected(&mut self, reason: DisconnectReason<Break>) -> Result<(), Break> {
        let end = match reason {
            DisconnectReason::ReceivedDisconnect(goodbye) => End::Goodbye(one_line(&goodbye.message)),
            DisconnectReason::Error(Break::RequestRefused) => End::RequestRefused,
            DisconnectReason::Error(Break::Ssh(russh::Error::NoAuthMethod)) => End::NoMethodLeft,
            DisconnectReason::Error(Break::Ssh(error)) => End::Ssh(error),
            DisconnectReason::Error(Break::HostKey(_)) => End::Ssh(russh::Error::UnknownKey),
        };
        self.note(|seen| seen.end = Some(end));
        Ok(())
    }
}
