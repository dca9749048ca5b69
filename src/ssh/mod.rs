//! The way into a device: TCP, host key, login, and a shell on a terminal.
//!
//! [`Dial`] is made once from the flags and opens any number of devices; a [`Shell`] is the bytes of one. The host key
//! is judged before anything secret is sent. No byte of a session is logged here.
//!
//! | file | owns |
//! |---|---|
//! | `endpoint` | `[user@]host[:port]` |
//! | `deadline` | the one time limit of a login |
//! | `network` | name to connected socket |
//! | `algorithms` | what is offered in the key exchange |
//! | `hostkeys`, `certificates` | the judgement of a host key, without I/O |
//! | `known_hosts`, `trust` | the files; policy and files applied to a device |
//! | `password`, `identity`, `prompt` | where credentials come from |
//! | `client`, `auth` | key exchange and shell; logging in |
//! | `config` | `ssh_config`, read as OpenSSH reads it |
//! | `error` | what can go wrong, with hints |
//!
//! Where to add: another holder of keys (an agent) beside `identity`, as one more signer for `auth`; a jump host as a
//! stream for [`Dial::open_on`]; what `ssh_config` says as fields of [`DialOptions`].

mod algorithms;
mod auth;
mod certificates;
mod client;
pub mod config;
mod deadline;
mod endpoint;
mod error;
mod hostkeys;
mod identity;
mod known_hosts;
mod network;
mod password;
mod prompt;
mod trust;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OnceCell;

pub use auth::{MOST_KEYS, Method};
pub use client::{Agreed, COLUMNS, ROWS, ShellStream};
pub use endpoint::{DEFAULT_PORT, Endpoint, EndpointError};
pub use error::{DialError, Phase, ShownKey};
pub use hostkeys::{KnownHosts, KnownKey, Malformed, Place, Verdict, known_name};
pub use identity::IdentityError;
pub use known_hosts::KnownHostsError;
pub use password::{PASSWORD_VARIABLE, PasswordError, PasswordSource};
pub use prompt::{Person, PromptError};
pub use russh::keys::ssh_key::Fingerprint;
pub use trust::{HostKeyPolicy, HostKeyPolicyError, Judgement};

use crate::secret::Secret;
use auth::Login;
use client::Connection;
use deadline::Deadline;
use identity::Identity;
use password::Password;
use trust::Judge;

/// How long a login may take unless `--timeout` says otherwise. FortiOS needs 5 to 7 s for the password alone on small
/// units since it hashes with PBKDF2 (rconfig issue 177).
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// What the flags say about logging in.
#[derive(Debug, Clone)]
pub struct DialOptions {
    /// `-i`: the keys to offer. Empty: the usual files in `~/.ssh`, unless a password source is named.
    pub identities: Vec<PathBuf>,
    /// Where the password comes from.
    pub password: PasswordSource,
    /// `--host-key`.
    pub host_key: HostKeyPolicy,
    /// `--known-hosts`: instead of the person's and the system's files.
    pub known_hosts: Option<PathBuf>,
    /// `--legacy-algorithms`: also offer SHA-1, CBC and `ssh-rsa`.
    pub legacy_algorithms: bool,
    /// `--timeout`: the time for the whole login, questions to a person not counted.
    pub timeout: Duration,
    /// Who is asked for passwords and passphrases.
    pub person: Person,
}

impl Default for DialOptions {
    fn default() -> Self {
        DialOptions {
            identities: Vec::new(),
            password: PasswordSource::default(),
            host_key: HostKeyPolicy::default(),
            known_hosts: None,
            legacy_algorithms: false,
            timeout: DEFAULT_TIMEOUT,
            person: Person::at_terminal(),
        }
    }
}

/// Everything that is needed to open a device. Clones share what has been asked of a person: a password or passphrase
/// is asked for once in a run.
#[derive(Clone)]
pub struct Dial {
    options: DialOptions,
    password: Arc<Password>,
    identities: Arc<OnceCell<Loaded>>,
}

/// The keys of a run, and what is to be said about those that cannot be used.
struct Loaded {
    identities: Vec<Identity>,
    warnings: Vec<String>,
}

/// A shell on a device. Dropping it ends the connection; [`ShellStream::close`] does so politely.
pub struct Shell {
    /// What the device prints, and what is typed.
    pub stream: ShellStream,
    /// How it was reached.
    pub route: Route,
    /// The password that logged in or was resolved on the way; FortiOS 7.6 asks for it again inside the session.
    pub password: Option<Arc<Secret>>,
}

/// How a device was reached: what a person wants to be told.
#[derive(Debug, Clone)]
pub struct Route {
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

impl Dial {
    /// A dial with these options. Nothing is read or asked yet.
    pub fn new(options: DialOptions) -> Self {
        let password = Arc::new(Password::new(options.password.clone(), options.person.clone()));
        Dial { options, password, identities: Arc::new(OnceCell::new()) }
    }

    /// The same credentials with another host key policy: an inventory pins fingerprints per device.
    pub fn with_host_key(&self, policy: HostKeyPolicy) -> Self {
        let mut dial = self.clone();
        dial.options.host_key = policy;
        dial
    }

    /// The password, resolved now if it was not needed so far: for questions inside the session.
    pub async fn password(&self, endpoint: &Endpoint) -> Result<Arc<Secret>, PasswordError> {
        self.password.get(&password_question(endpoint)).await
    }

    /// Connects, judges the host key, logs in and opens a shell. Fails within the timeout.
    pub async fn open(&self, endpoint: &Endpoint) -> Result<Shell, DialError> {
        let deadline = Deadline::after(self.options.timeout);
        let judge = self.judge(endpoint)?;
        let stream = network::connect(&endpoint.host, endpoint.port, &deadline).await?;
        let ends = (stream.peer_addr().ok(), stream.local_addr().ok());
        self.log_in(endpoint, stream, ends, judge, &deadline).await
    }

    /// As [`Dial::open`], over a stream that is connected already: a channel of a jump host, or a pipe in a test.
    pub async fn open_on<S>(&self, endpoint: &Endpoint, stream: S) -> Result<Shell, DialError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let deadline = Deadline::after(self.options.timeout);
        self.log_in(endpoint, stream, (None, None), self.judge(endpoint)?, &deadline).await
    }

    async fn log_in<S>(
        &self,
        endpoint: &Endpoint,
        stream: S,
        (address, local_address): (Option<SocketAddr>, Option<SocketAddr>),
        judge: Judge,
        deadline: &Deadline,
    ) -> Result<Shell, DialError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let legacy = self.options.legacy_algorithms;
        let mut connection = Connection::open(stream, endpoint, judge, legacy, deadline).await?;
        let loaded = deadline.stopped(self.identities.get_or_try_init(|| self.load_identities())).await?;
        let login = Login::new(&mut connection, endpoint, &self.options, deadline);
        let method = login.run(&loaded.identities, &self.password).await?;
        let route = Route {
            address,
            local_address,
            host_key_type: connection.key.algorithm().as_str().to_owned(),
            host_key: hostkeys::fingerprint_of(&connection.key),
            judgement: connection.judgement.clone(),
            method,
            algorithms: connection.algorithms(),
            banner: connection.banner(),
            warnings: loaded.warnings.iter().cloned().chain(self.password.warning()).collect(),
        };
        let stream = connection.shell(deadline).await?;
        Ok(Shell { stream, route, password: self.password.resolved() })
    }

    fn judge(&self, endpoint: &Endpoint) -> Result<Judge, DialError> {
        let options = &self.options;
        Ok(Judge::for_host(&endpoint.host, endpoint.port, &options.host_key, options.known_hosts.as_ref())?)
    }

    /// A key that the person named must be usable; one of the usual files is passed over with a warning.
    async fn load_identities(&self) -> Result<Loaded, DialError> {
        let mut loaded = Loaded { identities: Vec::new(), warnings: Vec::new() };
        for file in &self.options.identities {
            loaded.identities.push(Identity::read(file, &self.options.person).await?);
        }
        if !self.options.identities.is_empty() || self.password.source().is_explicit() {
            return Ok(loaded);
        }
        for file in identity::default_files(std::env::home_dir()) {
            match Identity::read(&file, &self.options.person).await {
                Ok(identity) => loaded.identities.push(identity),
                Err(error) => loaded.warnings.push(error.to_string()),
            }
        }
        Ok(loaded)
    }
}

fn password_question(endpoint: &Endpoint) -> String {
    format!("{}@{}'s password: ", endpoint.user, endpoint.name)
}
