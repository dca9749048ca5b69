//! How a device was reached: what a person wants to be told.

use std::net::SocketAddr;

use russh::keys::ssh_key::Fingerprint;

use super::auth::Method;
use super::guard::Agreed;
use super::trust::Judgement;

/// How a device was reached.
#[derive(Debug, Clone)]
pub struct Route {
    /// The jump hosts on the way, the nearest first.
    pub jumps: Vec<Passed>,
    /// The address that answered; none when the connection does not run over a TCP socket of ours.
    pub address: Option<SocketAddr>,
    /// Our end of the TCP socket.
    pub local_address: Option<SocketAddr>,
    /// The type of the host key, for example `ssh-ed25519`.
    pub host_key_type: String,
    /// Its fingerprint.
    pub host_key: Fingerprint,
    /// Why it was accepted.
    pub judgement: Judgement,
    /// What got in.
    pub method: Method,
    /// What was accepted before, where the device wants several.
    pub factors: Vec<Method>,
    /// The algorithms of the connection.
    pub algorithms: Option<Agreed>,
    /// The device's pre-login banner as it was sent: it may contain control characters.
    pub banner: Option<String>,
    /// What the person should be told besides: a password file that others can read, a key that could not be used.
    pub warnings: Vec<String>,
}

impl Route {
    /// Our TCP port, which is also the port that the device lists for this session unless NAT is in between.
    pub fn local_port(&self) -> Option<u16> {
        self.local_address.map(|address| address.port())
    }
}

/// A jump host on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// What messages call it: as the person named it.
    pub name: String,
    /// The fingerprint of its host key.
    pub host_key: Fingerprint,
    /// Why it was accepted.
    pub judgement: Judgement,
    /// What got in.
    pub method: Method,
    /// What the person should be told about it.
    pub warnings: Vec<String>,
}
