//! Jump hosts: the way to a device that leads over others.
//!
//! A hop is connected to and logged in to once in a run, and all devices behind it share that connection, each over a
//! `direct-tcpip` channel of its own; no shell is opened there. When the connection dies, the next device opens it
//! again. What failed for good (a host key, a login) is not tried again for the other devices.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use russh::ChannelOpenFailure;
use tokio::sync::OnceCell;

use super::client::{Connection, Wire};
use super::deadline::Deadline;
use super::endpoint::Endpoint;
use super::error::{DialError, Phase};
use super::password::{Password, PasswordSource};
use super::prompt::Person;
use super::route::Passed;

/// A jump host that could not be passed. Shared, since it stops all devices behind it.
#[derive(Debug, Clone)]
pub struct HopFailure {
    hop: String,
    error: Arc<DialError>,
}

impl HopFailure {
    pub(super) fn new(hop: &str, error: DialError) -> Self {
        match error {
            // The hop before it failed: that is the one to name.
            DialError::Hop(failure) => failure,
            error => HopFailure { hop: hop.to_owned(), error: Arc::new(error) },
        }
    }

    /// The jump host, as the person named it.
    pub fn hop(&self) -> &str {
        &self.hop
    }

    /// What happened there; the device of its messages is the jump host.
    pub fn error(&self) -> &DialError {
        &self.error
    }

    /// What the person could do: as for a device, but for what only FortiOS has.
    pub(super) fn hint(&self) -> Option<String> {
        match &*self.error {
            DialError::HostKeyUnknown(_) => Some(format!(
                "log in to {0} with ssh once and compare its host key, or accept it with --host-key accept-new",
                self.hop
            )),
            DialError::HostKeyChanged { .. } | DialError::HostKeyRevoked { .. } | DialError::HostKeySignature => {
                self.error.hint()
            }
            DialError::NoCommonAlgorithm { option, .. } => Some(format!("see {option} in ssh_config of this machine")),
            DialError::Refused { .. } | DialError::Password(_) | DialError::Question { .. } => Some(format!(
                "a jump host is logged in to as ssh does, with the agent or the keys of ssh_config: try `ssh {}`",
                self.hop
            )),
            DialError::TimedOut { .. } | DialError::Identity(_) | DialError::KnownHosts(_) | DialError::Agent(_) => {
                self.error.hint()
            }
            _ => None,
        }
    }

    /// Whether the next device may try again.
    fn passes(&self) -> bool {
        self.error.is_transient()
            || matches!(*self.error, DialError::TimedOut { .. } | DialError::Resolve { .. } | DialError::Closed { .. })
    }
}

impl fmt::Display for HopFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The words are those for a device, and the subject is named already.
        write!(f, "jump host {}: {}", self.hop, self.error.to_string().replace("the device", "it"))
    }
}

impl Error for HopFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

/// A jump host that was logged in to.
pub(super) struct HopConnection {
    passed: Passed,
    connection: Connection,
}

impl HopConnection {
    pub(super) fn new(passed: Passed, connection: Connection) -> Self {
        HopConnection { passed, connection }
    }

    pub(super) fn name(&self) -> &str {
        &self.passed.name
    }

    /// What a person is told about it.
    pub(super) fn passed(&self) -> &Passed {
        &self.passed
    }

    /// The hops before it.
    pub(super) fn jumps(&self) -> Vec<Passed> {
        self.connection.jumps()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.connection.handle.is_closed()
    }

    /// A channel to `host`, whose name the hop resolves.
    pub(super) async fn channel_to(
        &self,
        host: &str,
        port: u16,
        deadline: &Deadline,
    ) -> Result<Box<dyn Wire>, DialError> {
        // The originator is what `ssh -W` says it is.
        let open = self.connection.handle.channel_open_direct_tcpip(host, port.into(), "127.0.0.1", 65535);
        match deadline.within(Phase::Connection, open).await? {
            Ok(channel) => Ok(Box::new(channel.into_stream())),
            Err(russh::Error::ChannelOpenFailure(failure)) => Err(self.no_way(host, port, &failure)),
            Err(_) => {
                let reason = self.connection.last_words();
                Err(HopFailure::new(self.name(), DialError::Closed { phase: Phase::Connection, reason }).into())
            }
        }
    }

    fn no_way(&self, host: &str, port: u16, failure: &ChannelOpenFailure) -> DialError {
        let (reason, transient) = match failure {
            ChannelOpenFailure::AdministrativelyProhibited => ("it does not forward connections", false),
            ChannelOpenFailure::ConnectFailed => ("no connection from there", true),
            ChannelOpenFailure::UnknownChannelType => ("it cannot forward connections", false),
            ChannelOpenFailure::ResourceShortage => ("it has no resources left", true),
            ChannelOpenFailure::Other { .. } => ("it does not say why", false),
        };
        let (hop, host) = (self.name().to_owned(), host.to_owned());
        DialError::Forward { hop, host, port, reason: reason.to_owned(), transient }
    }
}

impl From<HopFailure> for DialError {
    fn from(failure: HopFailure) -> Self {
        DialError::Hop(failure)
    }
}

type Opened = Arc<OnceCell<Result<Arc<HopConnection>, HopFailure>>>;

/// The hops of a run, by the route that leads to them.
#[derive(Default)]
pub(super) struct Hops {
    opened: Mutex<HashMap<String, Opened>>,
    passwords: Mutex<HashMap<String, Arc<Password>>>,
}

impl Hops {
    /// The password of a hop, which a person is asked for once in a run. Never that of the device.
    pub(super) fn password(&self, endpoint: &Endpoint, person: &Person) -> Arc<Password> {
        let mut passwords = self.passwords.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Password::new(PasswordSource::AskLast, person.clone()));
        passwords.entry(endpoint.to_string()).or_insert_with(new).clone()
    }

    /// The last hop of `route`: the connection that is there, or a new one from `open`. All who ask at the same time
    /// get the same answer.
    pub(super) async fn get<F>(&self, route: &str, open: impl Fn() -> F) -> Result<Arc<HopConnection>, HopFailure>
    where
        F: Future<Output = Result<Arc<HopConnection>, HopFailure>>,
    {
        loop {
            let cell = self.cell(route);
            let is_old = cell.initialized();
            match cell.get_or_init(&open).await {
                Ok(hop) if !hop.is_closed() => return Ok(hop.clone()),
                Err(failure) if !is_old || !failure.passes() => return Err(failure.clone()),
                // It has died meanwhile, or it could not be reached some time ago.
                _ => self.forget(route, &cell),
            }
        }
    }

    /// Forgets `hop`, which has died.
    pub(super) fn lose(&self, route: &str, hop: &Arc<HopConnection>) {
        let cell = self.cell(route);
        if cell.get().is_some_and(|opened| opened.as_ref().is_ok_and(|opened| Arc::ptr_eq(opened, hop))) {
            self.forget(route, &cell);
        }
    }

    fn cell(&self, route: &str) -> Opened {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.entry(route.to_owned()).or_default().clone()
    }

    fn forget(&self, route: &str, cell: &Opened) {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.get(route).is_some_and(|current| Arc::ptr_eq(current, cell)) {
            opened.remove(route);
        }
    }
}
