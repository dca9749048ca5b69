//! What has happened to a device, as it saw it: what a fleet run is judged by.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use super::fleet::Running;

/// One device's account of what was done to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// The hostname.
    pub device: String,
    /// Where it listens.
    pub address: String,
    /// The serial number.
    pub serial: String,
    /// The model.
    pub model: String,
    /// The release.
    pub fortios: String,
    /// What goes wrong with it: a mishap as `--fault-rate` writes it.
    pub mishap: Option<String>,
    /// TCP connections to the SSH port.
    pub connections: usize,
    /// Logins that were accepted.
    pub logins: usize,
    /// Logins that were refused.
    pub refused_logins: usize,
    /// Shells that were opened.
    pub shells: usize,
    /// Sessions that are open now.
    pub open_sessions: usize,
    /// Command lines that were received.
    pub lines: usize,
    /// How often an API user was made that was not there.
    pub api_users_made: usize,
    /// How often a key was generated, for whichever API user.
    pub keys_generated: usize,
    /// Access profiles that the factory did not make.
    pub profiles: Vec<String>,
    /// The API users that are there now.
    pub api_users: Vec<ApiUserAccount>,
}

/// An API user in a [`Ledger`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiUserAccount {
    /// The name.
    pub name: String,
    /// The access profile.
    pub profile: String,
    /// The SHA-256 of its key in hexadecimal digits; `None` without a key.
    pub key_sha256: Option<String>,
}

/// Access profiles that every device has.
const FACTORY: [&str; 4] = ["super_admin", "super_admin_readonly", "admin_no_access", "prof_admin"];

impl Ledger {
    pub(super) fn of(running: &Running) -> Ledger {
        let (device, counters) = (&running.device, running.server.counters());
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        let (attempts, failures) = (count(&counters.attempts), count(&counters.failures));
        let (model, fortios) = device.make();
        let profiles = device.profiles().into_iter().filter(|name| !FACTORY.contains(&name.as_str()));
        Ledger {
            device: running.name.clone(),
            address: running.server.addr().to_string(),
            serial: device.serial(),
            model,
            fortios: fortios.to_string(),
            mishap: running.mishap.as_ref().map(ToString::to_string),
            connections: count(&counters.connections),
            logins: attempts.saturating_sub(failures),
            refused_logins: failures,
            shells: count(&counters.shells),
            open_sessions: device.sessions(),
            lines: device.lines(),
            api_users_made: device.api_users_made(),
            keys_generated: device.keys_generated(),
            profiles: profiles.collect(),
            api_users: device.accounts(),
        }
    }

    /// The account as one line of JSON.
    pub fn to_json(&self) -> String {
        // A struct of texts and numbers: serde_json has nothing to refuse in it.
        serde_json::to_string(self).unwrap_or_default()
    }
}
