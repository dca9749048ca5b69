//! One host that is connected to, a device or a jump host, with everything that holds for it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use russh::MethodKind;

use super::DialOptions;
use super::agent::Agent;
use super::algorithms::Signatures;
use super::auth::{self, Credentials, MOST_KEYS};
use super::client::{Connection, Speech};
use super::deadline::Deadline;
use super::endpoint::{DEFAULT_PORT, Endpoint};
use super::error::{DialError, Phase};
use super::hostkeys;
use super::identity;
use super::known_hosts::KnownHostsError;
use super::network::Reach;
use super::offer::{KeyFiles, Named, Offers};
use super::password::Password;
use super::second_factor::SecondFactor;
use super::settings::{AgentSocket, HostSettings};
use super::trust::{HostKeyPolicy, Judge, KnownHostsFiles};

/// How many keys a jump host may refuse in one login: it is no FortiGate, and `sshd` allows 6 attempts of all kinds
/// (`MaxAuthTries`).
const MOST_KEYS_OF_A_HOP: usize = 5;

/// After how much silence a server is asked whether it is there, and how often in vain: a dead connection is noticed
/// within a minute.
const ALIVE_INTERVAL: Duration = Duration::from_secs(15);
const ALIVE_COUNT_MAX: usize = 3;

/// A host, and what holds for it.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) endpoint: Endpoint,
    pub(super) settings: HostSettings,
    pub(super) password: Arc<Password>,
    /// Keys that must be usable: those of `-i`.
    demanded: Vec<PathBuf>,
    policy: HostKeyPolicy,
    known_hosts: Option<PathBuf>,
    legacy: bool,
    most_refused_keys: usize,
}

impl Target {
    /// A device, to which the flags apply.
    pub(super) fn device(
        endpoint: &Endpoint,
        settings: HostSettings,
        options: &DialOptions,
        password: Arc<Password>,
    ) -> Target {
        Target {
            policy: chosen(&options.host_key, &settings),
            demanded: options.identities.clone(),
            known_hosts: options.known_hosts.clone(),
            legacy: options.legacy_algorithms,
            most_refused_keys: settings.most_refused_keys.unwrap_or(MOST_KEYS),
            endpoint: endpoint.clone(),
            settings,
            password,
        }
    }

    /// A jump host. As in `ssh`, the flags are for the device: a hop has what `ssh_config` says. Where new host keys are
    /// accepted and looked up is said for all hosts; fingerprints are those of the device.
    pub(super) fn hop(
        endpoint: Endpoint,
        settings: HostSettings,
        options: &DialOptions,
        password: Arc<Password>,
    ) -> Target {
        let policy = match &options.host_key {
            HostKeyPolicy::Pinned(_) => &HostKeyPolicy::Configured,
            said => said,
        };
        Target {
            policy: chosen(policy, &settings),
            demanded: Vec::new(),
            known_hosts: options.known_hosts.clone(),
            legacy: false,
            most_refused_keys: settings.most_refused_keys.unwrap_or(MOST_KEYS_OF_A_HOP),
            endpoint,
            settings,
            password,
        }
    }

    /// Where to connect: what `HostName` makes of the name.
    pub(super) fn host(&self) -> &str {
        self.settings.host_name.as_deref().unwrap_or(&self.endpoint.host)
    }

    pub(super) fn reach(&self) -> Reach<'_> {
        Reach {
            family: self.settings.address_family.unwrap_or_default(),
            from: self.settings.bind_address.as_deref(),
            within: self.settings.connect_timeout,
        }
    }

    pub(super) fn speech(&self) -> Speech<'_> {
        let interval = self.settings.server_alive_interval.unwrap_or(ALIVE_INTERVAL);
        Speech {
            host: self.host(),
            port: self.endpoint.port,
            lists: &self.settings.algorithms,
            legacy: self.legacy,
            alive_interval: Some(interval).filter(|interval| !interval.is_zero()),
            alive_count_max: self.settings.server_alive_count_max.unwrap_or(ALIVE_COUNT_MAX),
        }
    }

    /// What its host key is judged by. With `HostKeyAlias`, the port does not matter, as in `ssh`.
    pub(super) fn judge(&self) -> Result<Judge, KnownHostsError> {
        let (name, port) = match &self.settings.host_key_alias {
            Some(alias) => (alias.as_str(), DEFAULT_PORT),
            None => (self.host(), self.endpoint.port),
        };
        Judge::for_host(name, port, &self.policy, &self.known_hosts_files())
    }

    fn known_hosts_files(&self) -> KnownHostsFiles {
        if let Some(file) = &self.known_hosts {
            return KnownHostsFiles { own: vec![file.clone()], global: Vec::new() };
        }
        let own = self.settings.user_known_hosts.clone();
        KnownHostsFiles {
            own: own.unwrap_or_else(|| hostkeys::own_files(std::env::home_dir())),
            global: self.settings.global_known_hosts.clone().unwrap_or_else(hostkeys::global_files),
        }
    }

    /// Everything to log in with, and what is to be said about it.
    pub(super) async fn credentials<'a>(
        &'a self,
        connection: &Connection,
        options: &'a DialOptions,
        files: &KeyFiles,
        question: &'a str,
        deadline: &Deadline,
    ) -> Result<(Credentials<'a>, Vec<String>), DialError> {
        let preferred = self.preferred();
        let signatures = Signatures::allowed(&self.settings.algorithms, self.legacy);
        let mut warnings = self.settings.warnings.clone();
        let (mut agent, mut offers) = (None, Offers::default());
        if preferred.contains(&MethodKind::PublicKey) && self.wants_keys() {
            agent = self.agent(connection, deadline, &mut warnings).await?;
            offers = deadline.stopped(self.offers(agent.as_ref(), options, files)).await?;
            warnings.append(&mut offers.warnings);
            offers.list.retain(|offer| signatures.allow(&offer.algorithm(), offer.is_certificate()));
            offers.limit(self.most_refused_keys);
        }
        let credentials = Credentials {
            user: &self.endpoint.user,
            whose: &self.endpoint.name,
            question,
            offers: offers.list,
            most_refused: self.most_refused_keys,
            signatures,
            agent,
            password: &self.password,
            second_factor: SecondFactor::new(options.otp_command.as_deref(), &options.person),
            person: &options.person,
            preferred,
        };
        Ok((credentials, warnings))
    }

    /// A person who names a password source and no key wants no key to be tried: each refusal counts.
    fn wants_keys(&self) -> bool {
        let named = self.demanded.len() + self.settings.identities.len() + self.settings.certificates.len();
        named > 0 || !self.password.source().is_explicit()
    }

    /// An agent that does not answer is no reason not to log in.
    async fn agent(
        &self,
        connection: &Connection,
        deadline: &Deadline,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Agent>, DialError> {
        let socket = self.settings.identity_agent.clone().unwrap_or(AgentSocket::Environment);
        let asked = Agent::ask(&socket, connection.handle.agent_session_binding());
        match deadline.within(Phase::Authentication, asked).await? {
            Ok(agent) => Ok(agent),
            Err(error) => {
                warnings.push(error.to_string());
                Ok(None)
            }
        }
    }

    async fn offers(
        &self,
        agent: Option<&Agent>,
        options: &DialOptions,
        files: &KeyFiles,
    ) -> Result<Offers, DialError> {
        let named = !self.demanded.is_empty() || !self.settings.identities.is_empty();
        let usual = if named { Vec::new() } else { identity::default_files(std::env::home_dir()) };
        let named = Named {
            demanded: &self.demanded,
            wanted: &self.settings.identities,
            usual: &usual,
            certificates: &self.settings.certificates,
            only: self.settings.identities_only.unwrap_or_default() || self.password.source().is_explicit(),
        };
        let held = agent.map(|agent| agent.held.as_slice()).unwrap_or_default();
        Ok(Offers::collect(&named, files, held, &options.person).await?)
    }

    /// `PreferredAuthentications` without what we do not have.
    fn preferred(&self) -> Vec<MethodKind> {
        let usual = auth::usual_methods();
        match &self.settings.preferred_authentications {
            None => usual,
            Some(names) => {
                let known = names.iter().filter_map(|name| name.parse().ok());
                known.filter(|kind| usual.contains(kind)).collect()
            }
        }
    }
}

fn chosen(said: &HostKeyPolicy, settings: &HostSettings) -> HostKeyPolicy {
    match said {
        HostKeyPolicy::Configured => settings.host_key_policy.clone().unwrap_or(HostKeyPolicy::Strict),
        said => said.clone(),
    }
}
