//! Trust in a host key: the policy and the files of a run, applied to one device.

use std::path::PathBuf;

use russh::keys::PublicKey;
use russh::keys::ssh_key::Fingerprint;

use super::error::{DialError, ShownKey};
use super::hostkeys::{self, HostKeyPolicy, KnownHosts, Place, Verdict, fingerprint_of};
use super::known_hosts::{self, KnownHostsError};

/// How a host key was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It stands in `known_hosts`.
    Known(Place),
    /// It was new and was added to `known_hosts`.
    Added(Place),
    /// It has a fingerprint that was asked for.
    Pinned,
}

/// Everything that the host key of one device is judged by.
pub(super) struct Judge {
    host: String,
    port: u16,
    policy: HostKeyPolicy,
    known: KnownHosts,
    /// Where `accept-new` adds a key.
    new_keys: Option<PathBuf>,
}

impl Judge {
    /// Reads the files: `file`, or OpenSSH's usual ones. A pinned fingerprint needs none of them.
    pub(super) fn for_host(
        host: &str,
        port: u16,
        policy: &HostKeyPolicy,
        file: Option<&PathBuf>,
    ) -> Result<Self, KnownHostsError> {
        let files = match file {
            Some(file) => vec![file.clone()],
            None => hostkeys::default_files(std::env::home_dir()),
        };
        let known = match policy {
            HostKeyPolicy::Pinned(_) => KnownHosts::default(),
            HostKeyPolicy::Strict | HostKeyPolicy::AcceptNew => known_hosts::read(&files)?,
        };
        let new_keys = match file {
            Some(file) => Some(file.clone()),
            None => std::env::home_dir().map(|home| home.join(".ssh/known_hosts")),
        };
        Ok(Judge { host: host.to_owned(), port, policy: policy.clone(), known, new_keys })
    }

    /// The types of the keys that are known for the device.
    pub(super) fn known_key_types(&self) -> Vec<&str> {
        self.known.key_types(&self.host, self.port)
    }

    /// Accepts `key` or says why not. With `accept-new`, a first key is added to the file before anything is sent.
    pub(super) fn judge(&self, key: &PublicKey) -> Result<Judgement, DialError> {
        if let HostKeyPolicy::Pinned(pinned) = &self.policy {
            return self.judge_pinned(key, pinned);
        }
        match self.known.judge(&self.host, self.port, key) {
            Verdict::Known(place) => Ok(Judgement::Known(place)),
            Verdict::Unknown if self.policy == HostKeyPolicy::AcceptNew => self.add(key),
            verdict => Err(self.refusal(key, verdict)),
        }
    }

    fn judge_pinned(&self, key: &PublicKey, pinned: &[Fingerprint]) -> Result<Judgement, DialError> {
        if pinned.iter().any(|pin| *pin == key.fingerprint(pin.algorithm())) {
            return Ok(Judgement::Pinned);
        }
        Err(DialError::HostKeyNotPinned { shown: self.shown(key), pinned: pinned.to_vec() })
    }

    fn add(&self, key: &PublicKey) -> Result<Judgement, DialError> {
        let file = self.new_keys.as_ref().ok_or(KnownHostsError::NoFile)?;
        match known_hosts::append(file, &self.host, self.port, key)? {
            Verdict::Known(place) => Ok(Judgement::Added(place)),
            verdict => Err(self.refusal(key, verdict)),
        }
    }

    fn refusal(&self, key: &PublicKey, verdict: Verdict) -> DialError {
        let shown = self.shown(key);
        match verdict {
            Verdict::Changed(mut known) => {
                // The key that a person would compare stands first: the one of the same type.
                known.sort_by_key(|known| known.key_type != shown.key_type);
                DialError::HostKeyChanged { shown, known }
            }
            Verdict::Revoked(place) => DialError::HostKeyRevoked { shown, place },
            Verdict::Unknown | Verdict::Known(_) => DialError::HostKeyUnknown(shown),
        }
    }

    fn shown(&self, key: &PublicKey) -> Box<ShownKey> {
        Box::new(ShownKey {
            host: self.host.clone(),
            port: self.port,
            key_type: key.algorithm().as_str().to_owned(),
            fingerprint: fingerprint_of(key),
        })
    }
}
