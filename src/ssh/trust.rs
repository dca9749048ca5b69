//! Trust in a host key: the policy and the files of a run, applied to one device.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use russh::keys::ssh_key::Fingerprint;
use russh::keys::{Certificate, PublicKey};

use super::certificates;
use super::error::{DialError, ShownKey};
use super::hostkeys::{KnownHosts, Place, Verdict, fingerprint_of};
use super::known_hosts::{self, KnownHostsError};

/// What to do about a host key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum HostKeyPolicy {
    /// What `ssh_config` says (`StrictHostKeyChecking`), and strict when it says nothing.
    #[default]
    Configured,
    /// `strict`: only a key that `known_hosts` has.
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

/// How a host key was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It stands in `known_hosts`.
    Known(Place),
    /// It was new and was added to `known_hosts`.
    Added(Place),
    /// An authority in `known_hosts` vouches for it.
    Certified(Place),
    /// It has a fingerprint that was asked for.
    Pinned,
}

/// The files with host keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KnownHostsFiles {
    /// The person's own: `accept-new` adds to the first of them.
    pub(super) own: Vec<PathBuf>,
    /// The system's.
    pub(super) global: Vec<PathBuf>,
    /// Whether names are hashed that are added.
    pub(super) hashed: bool,
}

/// Everything that the host key of one device is judged by.
#[derive(Clone)]
pub(super) struct Judge {
    host: String,
    port: u16,
    policy: HostKeyPolicy,
    known: KnownHosts,
    /// Where `accept-new` adds a key.
    new_keys: Option<PathBuf>,
    hashed: bool,
}

impl Judge {
    /// Reads the files. A pinned fingerprint needs none of them. `host` is the name that they know the host by.
    pub(super) fn for_host(
        host: &str,
        port: u16,
        policy: &HostKeyPolicy,
        files: &KnownHostsFiles,
    ) -> Result<Self, KnownHostsError> {
        let known = match policy {
            HostKeyPolicy::Pinned(_) => KnownHosts::default(),
            _ => known_hosts::read(&[files.own.as_slice(), files.global.as_slice()].concat())?,
        };
        let new_keys = files.own.first().cloned();
        Ok(Judge { host: host.to_owned(), port, policy: policy.clone(), known, new_keys, hashed: files.hashed })
    }

    /// The types of the keys that are known for the device.
    pub(super) fn known_key_types(&self) -> Vec<&str> {
        self.known.key_types(&self.host, self.port)
    }

    /// Whether a certificate of the device could be judged.
    pub(super) fn wants_certificate(&self) -> bool {
        self.known.has_authority(&self.host, self.port)
    }

    /// Accepts a host certificate, or the plain key in it, or says why not.
    pub(super) fn judge_certificate(&self, certificate: &Certificate) -> Result<Judgement, DialError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        match self.known.judge_certificate(&self.host, self.port, certificate, now) {
            Verdict::Certified(place) => Ok(Judgement::Certified(place)),
            Verdict::Revoked(place) => {
                let shown = self.shown(&certificates::subject(certificate));
                Err(DialError::HostKeyRevoked { shown, place })
            }
            _ => self.judge(&certificates::subject(certificate)),
        }
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
        match known_hosts::append(file, &self.host, self.port, key, self.hashed)? {
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
            Verdict::Unknown | Verdict::Known(_) | Verdict::Certified(_) => DialError::HostKeyUnknown(shown),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_a_word_or_fingerprints() {
        assert_eq!("strict".parse(), Ok(HostKeyPolicy::Strict));
        assert_eq!("accept-new".parse(), Ok(HostKeyPolicy::AcceptNew));
        let print = "SHA256:yCT/vQJ8guX1MI+UDhQsXJq6S7iFsFQTw05gJD1n8Mw";
        let pinned = |text: &str| match text.parse() {
            Ok(HostKeyPolicy::Pinned(prints)) => prints.iter().map(Fingerprint::to_string).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(pinned(print), [print]);
        assert_eq!(pinned(&format!("{print}=, {print}")), [print, print]);
        for bad in ["", "no", "SHA256:", "SHA256:abc", "MD5:00:11", &format!("{print},")] {
            assert!(bad.parse::<HostKeyPolicy>().is_err(), "{bad}");
        }
    }
}
