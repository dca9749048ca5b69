//! The steps of a login, in their order: the way over the jump hosts, TCP, key exchange, authentication, shell.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::auth::{Login, MOST_KEYS, Method};
use super::client::{Connection, Wire};
use super::config::{HostConfig, Jump, Overrides, SshConfig};
use super::deadline::Deadline;
use super::endpoint::{Endpoint, EndpointError, Named};
use super::error::{DialError, Phase};
use super::hostkeys;
use super::jump::{HopConnection, HopFailure, Hops};
use super::network;
use super::offer::KeyFiles;
use super::password::{Password, PasswordError, PasswordSource};
use super::prompt::Person;
use super::route::{Passed, Route};
use super::shell::ShellStream;
use super::target::{self, Target};
use super::trust::{HostKeyPolicy, Judge};
use crate::secret::Secret;

/// How long a login may take unless `--timeout` says otherwise. FortiOS needs 5 to 7 s for the password alone on small
/// units since it hashes with PBKDF2 (rconfig issue 177).
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// How often a connection is tried before anybody is logged in, and how long is waited the first time; twice as long
/// each time after.
const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// What the flags say about logging in.
#[derive(Debug, Clone)]
pub struct DialOptions {
    /// `-i`: the keys to offer. Empty: the usual files in `~/.ssh`, unless a password source is named.
    pub identities: Vec<PathBuf>,
    /// Where the password comes from.
    pub password: PasswordSource,
    /// `--otp-command`: prints the answer to a question that is not for the password. Without it, a person is asked.
    pub otp_command: Option<String>,
    /// `--host-key`.
    pub host_key: HostKeyPolicy,
    /// `--known-hosts`: instead of the person's and the system's files.
    pub known_hosts: Option<PathBuf>,
    /// `--legacy-algorithms`: also offer SHA-1, CBC and `ssh-rsa`.
    pub legacy_algorithms: bool,
    /// `--timeout`: the time for the whole login, questions to a person not counted. A jump host has as much again.
    pub timeout: Duration,
    /// Who is asked for passwords, passphrases and second factors.
    pub person: Person,
    /// `ssh_config` and `-o`.
    pub ssh_config: Arc<SshConfig>,
    /// `-J`: the jump hosts, the nearest first; `Some` and empty goes directly. `None` is what `ssh_config` says.
    pub jumps: Option<Vec<Jump>>,
    /// How many keys a device may refuse in one login.
    pub most_refused_keys: usize,
}

impl Default for DialOptions {
    fn default() -> Self {
        DialOptions {
            identities: Vec::new(),
            password: PasswordSource::default(),
            otp_command: None,
            host_key: HostKeyPolicy::default(),
            known_hosts: None,
            legacy_algorithms: false,
            timeout: DEFAULT_TIMEOUT,
            person: Person::at_terminal(),
            ssh_config: Arc::new(SshConfig::empty()),
            jumps: None,
            most_refused_keys: MOST_KEYS,
        }
    }
}

/// Everything that is needed to open a device. Clones share what has been asked of a person (a password or passphrase
/// is asked for once in a run) and the connections to jump hosts.
#[derive(Clone)]
pub struct Dial {
    options: DialOptions,
    password: Arc<Password>,
    files: Arc<KeyFiles>,
    hops: Arc<Hops>,
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

/// The two ends of our TCP socket.
pub(super) type Ends = (Option<SocketAddr>, Option<SocketAddr>);

/// A way to a host, before SSH is spoken on it.
pub(super) struct Way {
    pub(super) stream: Box<dyn Wire>,
    /// The jump host that it comes from.
    pub(super) via: Option<Arc<HopConnection>>,
    pub(super) ends: Ends,
}

impl Dial {
    /// A dial with these options. Nothing is read or asked yet.
    pub fn new(options: DialOptions) -> Self {
        let password = Arc::new(Password::new(options.password.clone(), options.person.clone()));
        Dial { options, password, files: Arc::default(), hops: Arc::default() }
    }

    /// The same credentials with another host key policy: an inventory pins fingerprints per device.
    pub fn with_host_key(&self, policy: HostKeyPolicy) -> Self {
        let mut dial = self.clone();
        dial.options.host_key = policy;
        dial
    }

    /// The same with these keys before those that are named for all devices.
    pub fn with_identities(&self, identities: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut dial = self.clone();
        dial.options.identities.splice(0..0, identities);
        dial
    }

    /// The same credentials over other jump hosts, the nearest first; none goes directly, whatever `ssh_config` says.
    pub fn with_jumps(&self, jumps: Vec<Jump>) -> Self {
        let mut dial = self.clone();
        dial.options.jumps = Some(jumps);
        dial
    }

    /// Where `text`, `[user@]host[:port]`, is: what it leaves out comes from `ssh_config`. `user` wins over the user in
    /// the text, `default_user` is for a text without one, before `ssh_config`.
    pub fn endpoint(&self, text: &str, user: Option<&str>, default_user: Option<&str>) -> Result<Endpoint, DialError> {
        let named = Named::parse(text)?;
        let user = user.or(named.user).or(default_user).map(str::to_owned);
        let asked = Overrides { user, port: named.port, ..Overrides::default() };
        let config = self.options.ssh_config.for_host(&named.host, &asked)?;
        if config.user.is_empty() {
            return Err(EndpointError::NoUser(named.host).into());
        }
        Ok(target::endpoint_of(&config))
    }

    /// Where `endpoint` is in the network: what `HostName` of `ssh_config` makes of its host, which may be an alias that
    /// nobody else can resolve. Without such a line the host itself.
    pub fn address(&self, endpoint: &Endpoint) -> String {
        let config = self.options.ssh_config.for_host(&endpoint.host, &self.overrides(endpoint));
        // What cannot be read is told by whoever connects.
        config.map_or_else(|_| endpoint.host.clone(), |config| config.host)
    }

    /// The password, resolved now if it was not needed so far: for questions inside the session.
    pub async fn password(&self, endpoint: &Endpoint) -> Result<Arc<Secret>, PasswordError> {
        self.password.get(&password_question(endpoint)).await
    }

    /// Connects, judges the host key, logs in and opens a shell. Fails within the timeout; before the login, what may
    /// pass (a refused connection, too many sessions) is tried again a few times.
    pub async fn open(&self, endpoint: &Endpoint) -> Result<Shell, DialError> {
        let deadline = Deadline::after(self.options.timeout);
        let (route, target) = self.targets(endpoint)?;
        let (connection, ends) = self.reach(&target, &route, &deadline).await?;
        self.shell(&target, connection, ends, &deadline).await
    }

    /// As [`Dial::open`], over a stream that is connected already.
    pub async fn open_on<S>(&self, endpoint: &Endpoint, stream: S) -> Result<Shell, DialError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let deadline = Deadline::after(self.options.timeout);
        let config = self.options.ssh_config.for_host(&endpoint.host, &self.overrides(endpoint))?;
        let target = self.device(endpoint, config);
        let judge = target.judge()?;
        let connection = Connection::open(Box::new(stream), None, &target.speech(), judge, &deadline).await?;
        self.shell(&target, connection, (None, None), &deadline).await
    }

    async fn shell(
        &self,
        target: &Target,
        mut connection: Connection,
        (address, local_address): Ends,
        deadline: &Deadline,
    ) -> Result<Shell, DialError> {
        let (method, factors, mut warnings) = self.log_in(target, &mut connection, deadline).await?;
        warnings.extend(self.password.warning());
        let route = Route {
            jumps: connection.jumps(),
            address,
            local_address,
            host_key_type: connection.key.algorithm().as_str().to_owned(),
            host_key: hostkeys::fingerprint_of(&connection.key),
            judgement: connection.judgement.clone(),
            method,
            factors,
            algorithms: connection.algorithms(),
            banner: connection.banner(),
            warnings,
        };
        let stream = connection.shell(deadline).await?;
        Ok(Shell { stream, route, password: self.password.resolved() })
    }

    /// What got in, what was accepted before, and what is to be said about the credentials.
    async fn log_in(
        &self,
        target: &Target,
        connection: &mut Connection,
        deadline: &Deadline,
    ) -> Result<(Method, Vec<Method>, Vec<String>), DialError> {
        let question = password_question(&target.endpoint);
        let (credentials, warnings) =
            target.credentials(connection, &self.options, &self.files, &question, deadline).await?;
        let (method, factors) = Login::new(connection, credentials, deadline).run().await?;
        Ok((method, factors, warnings))
    }

    /// A connection with a judged host key. Nobody is logged in yet, so that it may be tried again.
    async fn reach(
        &self,
        target: &Target,
        route: &[Target],
        deadline: &Deadline,
    ) -> Result<(Connection, Ends), DialError> {
        let judge = target.judge()?;
        let mut left = target.attempts().unwrap_or(ATTEMPTS);
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match self.reach_once(target, route, judge.clone(), deadline).await {
                Err(error) if error.is_transient() && left > 1 => error,
                reached => return reached,
            };
            if deadline.within(Phase::Connection, tokio::time::sleep(pause)).await.is_err() {
                return Err(error);
            }
            (left, pause) = (left - 1, pause * 2);
        }
    }

    async fn reach_once(
        &self,
        target: &Target,
        route: &[Target],
        judge: Judge,
        deadline: &Deadline,
    ) -> Result<(Connection, Ends), DialError> {
        let Way { stream, via, ends } = self.way(target, route, deadline).await?;
        let connection = Connection::open(stream, via, &target.speech(), judge, deadline).await?;
        Ok((connection, ends))
    }

    /// A socket, or a channel of the last jump host.
    pub(super) async fn way(&self, target: &Target, route: &[Target], deadline: &Deadline) -> Result<Way, DialError> {
        let (host, port) = (target.host(), target.endpoint.port);
        if route.is_empty() {
            let stream = network::connect(host, port, &target.reach(), deadline).await?;
            let ends = (stream.peer_addr().ok(), stream.local_addr().ok());
            return Ok(Way { stream: Box::new(stream), via: None, ends });
        }
        // The hop has its own deadline, and the device is not to blame for it.
        let mut hop = deadline.stopped(self.hop(route)).await?;
        let mut stream = hop.channel_to(host, port, deadline).await;
        if matches!(stream, Err(DialError::Hop(_))) {
            // It died unnoticed: once, that is no reason to fail.
            self.hops.lose(&route_name(route), &hop);
            hop = deadline.stopped(self.hop(route)).await?;
            stream = hop.channel_to(host, port, deadline).await;
        }
        Ok(Way { stream: stream?, via: Some(hop), ends: (None, None) })
    }

    /// The connection to the last host of `route`. Boxed, since the way to it leads over the hosts before it.
    fn hop<'a>(
        &'a self,
        route: &'a [Target],
    ) -> Pin<Box<dyn Future<Output = Result<Arc<HopConnection>, HopFailure>> + Send + 'a>> {
        Box::pin(async move {
            let name = route_name(route);
            self.hops.get(&name, || self.open_hop(route)).await
        })
    }

    async fn open_hop(&self, route: &[Target]) -> Result<Arc<HopConnection>, HopFailure> {
        let Some((hop, before)) = route.split_last() else {
            return Err(HopFailure::new("", DialError::Closed { phase: Phase::Connection, reason: None }));
        };
        let opened = self.enter(hop, before).await;
        opened.map(Arc::new).map_err(|error| HopFailure::new(&hop.endpoint.name, error))
    }

    async fn enter(&self, hop: &Target, before: &[Target]) -> Result<HopConnection, DialError> {
        let deadline = Deadline::after(self.options.timeout);
        let (mut connection, _) = self.reach(hop, before, &deadline).await?;
        let (method, _, warnings) = self.log_in(hop, &mut connection, &deadline).await?;
        let passed = Passed {
            name: hop.endpoint.name.clone(),
            host_key: hostkeys::fingerprint_of(&connection.key),
            judgement: connection.judgement.clone(),
            method,
            warnings,
        };
        Ok(HopConnection::new(passed, connection))
    }

    /// The device and the jump hosts before it, the nearest first.
    pub(super) fn targets(&self, endpoint: &Endpoint) -> Result<(Vec<Target>, Target), DialError> {
        let mut route = self.options.ssh_config.route(&endpoint.host, &self.overrides(endpoint))?;
        let device = match route.pop() {
            Some(device) => device,
            None => self.options.ssh_config.for_host(&endpoint.host, &self.overrides(endpoint))?,
        };
        let hop = |config| Target::hop(config, &self.options, |endpoint| self.hop_password(endpoint));
        Ok((route.into_iter().map(hop).collect(), self.device(endpoint, device)))
    }

    fn device(&self, endpoint: &Endpoint, config: HostConfig) -> Target {
        Target::device(endpoint, config, &self.options, self.password.clone())
    }

    fn hop_password(&self, endpoint: &Endpoint) -> Arc<Password> {
        self.hops.password(endpoint, &self.options.person)
    }

    /// User and port are settled in the endpoint.
    fn overrides(&self, endpoint: &Endpoint) -> Overrides {
        let (user, port) = (Some(endpoint.user.clone()), Some(endpoint.port));
        Overrides { user, port, identity_files: Vec::new(), jumps: self.options.jumps.clone() }
    }
}

fn route_name(route: &[Target]) -> String {
    let names = route.iter().map(|hop| hop.endpoint.to_string());
    names.collect::<Vec<_>>().join(",")
}

fn password_question(endpoint: &Endpoint) -> String {
    format!("{}@{}'s password: ", endpoint.user, endpoint.name)
}
