//! One host that is connected to, a device or a jump host, with everything that holds for it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use russh::MethodKind;

use super::DialOptions;
use super::agent::Agent;
use super::algorithms::{Lists, Signatures};
use super::auth::{self, Credentials};
use super::client::{Connection, Speech};
use super::config::{AddressFamily, HostConfig, Origin, Setting, StrictHostKeyChecking};
use super::deadline::Deadline;
use super::endpoint::{DEFAULT_PORT, Endpoint};
use super::error::{DialError, Phase};
use super::hostkeys;
use super::identity;
use super::known_hosts::KnownHostsError;
use super::network::Reach;
use super::offer::{KeyFiles, Named, Offers};
use super::password::{Password, PasswordSource};
use super::prompt::Person;
use super::second_factor::SecondFactor;
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
    /// Where it is, as the person named it, with the user and the port that are used.
    pub(super) endpoint: Endpoint,
    config: HostConfig,
    password: Arc<Password>,
    /// Keys that must be usable: those of `-i`.
    demanded: Vec<PathBuf>,
    policy: HostKeyPolicy,
    known_hosts: Option<PathBuf>,
    legacy: bool,
    most_refused_keys: usize,
    /// Who is asked; nobody in `BatchMode`.
    person: Person,
}

impl Target {
    /// A device, to which the flags apply.
    pub(super) fn device(
        endpoint: &Endpoint,
        config: HostConfig,
        options: &DialOptions,
        password: Arc<Password>,
    ) -> Target {
        Target {
            policy: chosen(&options.host_key, &config),
            demanded: options.identities.clone(),
            known_hosts: options.known_hosts.clone(),
            legacy: options.legacy_algorithms,
            most_refused_keys: options.most_refused_keys,
            endpoint: endpoint.clone(),
            person: asked(&config, &options.person),
            password: unasked(&config, password),
            config,
        }
    }

    /// A jump host. As in `ssh`, the flags are for the device: a hop has what `ssh_config` says. Where new host keys are
    /// accepted and looked up is said for all hosts; fingerprints are those of the device.
    pub(super) fn hop(
        config: HostConfig,
        options: &DialOptions,
        password: impl FnOnce(&Endpoint) -> Arc<Password>,
    ) -> Target {
        let policy = match &options.host_key {
            HostKeyPolicy::Pinned(_) => &HostKeyPolicy::Configured,
            said => said,
        };
        let endpoint = endpoint_of(&config);
        Target {
            policy: chosen(policy, &config),
            demanded: Vec::new(),
            known_hosts: options.known_hosts.clone(),
            legacy: false,
            most_refused_keys: MOST_KEYS_OF_A_HOP,
            person: asked(&config, &options.person),
            password: unasked(&config, password(&endpoint)),
            endpoint,
            config,
        }
    }

    /// Where to connect: what `HostName` makes of the name.
    pub(super) fn host(&self) -> &str {
        &self.config.host
    }

    /// How often a connection is tried before anybody is logged in, if that is said.
    pub(super) fn attempts(&self) -> Option<u32> {
        said(&self.config.settings.connection_attempts).copied()
    }

    pub(super) fn reach(&self) -> Reach<'_> {
        let settings = &self.config.settings;
        Reach {
            family: said(&settings.address_family).copied().unwrap_or(AddressFamily::Any),
            from: said(&settings.bind_address).map(String::as_str),
            within: said(&settings.connect_timeout).copied().filter(|time| !time.is_zero()),
        }
    }

    pub(super) fn speech(&self) -> Speech<'_> {
        let settings = &self.config.settings;
        let interval = said(&settings.server_alive_interval).copied().unwrap_or(ALIVE_INTERVAL);
        let count = said(&settings.server_alive_count_max).and_then(|count| usize::try_from(*count).ok());
        Speech {
            host: self.host(),
            port: self.endpoint.port,
            lists: Lists::of(settings, self.legacy),
            alive_interval: Some(interval).filter(|interval| !interval.is_zero()),
            alive_count_max: count.unwrap_or(ALIVE_COUNT_MAX),
        }
    }

    /// What its host key is judged by. With `HostKeyAlias`, the port does not matter, as in `ssh`.
    pub(super) fn judge(&self) -> Result<Judge, KnownHostsError> {
        let (name, port) = match said(&self.config.settings.host_key_alias) {
            Some(alias) => (alias.as_str(), DEFAULT_PORT),
            None => (self.host(), self.endpoint.port),
        };
        Judge::for_host(name, port, &self.policy, &self.known_hosts_files())
    }

    fn known_hosts_files(&self) -> KnownHostsFiles {
        let settings = &self.config.settings;
        let hashed = said(&settings.hash_known_hosts).copied().unwrap_or_default();
        if let Some(file) = &self.known_hosts {
            return KnownHostsFiles { own: vec![file.clone()], global: Vec::new(), hashed };
        }
        KnownHostsFiles {
            own: said(&settings.user_known_hosts_files)
                .cloned()
                .unwrap_or_else(|| hostkeys::own_files(std::env::home_dir())),
            global: said(&settings.global_known_hosts_files).cloned().unwrap_or_else(hostkeys::global_files),
            hashed,
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
        let signatures = Signatures::allowed(&Lists::of(&self.config.settings, self.legacy));
        let mut warnings = self.warnings();
        let (mut agent, mut offers) = (None, Offers::default());
        if preferred.contains(&MethodKind::PublicKey) && self.wants_keys() {
            agent = self.agent(connection, deadline, &mut warnings).await?;
            offers = deadline.stopped(self.offers(agent.as_ref(), files)).await?;
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
            second_factor: SecondFactor::new(options.otp_command.as_deref(), &self.person),
            person: &self.person,
            preferred,
        };
        Ok((credentials, warnings))
    }

    /// A person who names a password source and no key wants no key to be tried: each refusal counts.
    fn wants_keys(&self) -> bool {
        let settings = &self.config.settings;
        let configured = settings.identity_files.as_ref().is_some_and(|files| !files.is_empty());
        let named = !self.demanded.is_empty() || configured || !settings.certificate_files.is_empty();
        named || !self.password.source().is_explicit()
    }

    /// An agent that does not answer is no reason not to log in.
    async fn agent(
        &self,
        connection: &Connection,
        deadline: &Deadline,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Agent>, DialError> {
        let asked = Agent::ask(said(&self.config.settings.identity_agent), connection.handle.agent_session_binding());
        match deadline.within(Phase::Authentication, asked).await? {
            Ok(agent) => Ok(agent),
            Err(error) => {
                warnings.push(error.to_string());
                Ok(None)
            }
        }
    }

    async fn offers(&self, agent: Option<&Agent>, files: &KeyFiles) -> Result<Offers, DialError> {
        let settings = &self.config.settings;
        let paths = |files: &[Setting<PathBuf>]| files.iter().map(|file| file.value.clone()).collect::<Vec<_>>();
        let usual = match &settings.identity_files {
            None if self.demanded.is_empty() => identity::default_files(std::env::home_dir()),
            _ => Vec::new(),
        };
        let only = said(&settings.identities_only).copied().unwrap_or_default();
        let named = Named {
            demanded: &self.demanded,
            wanted: &paths(settings.identity_files.as_deref().unwrap_or_default()),
            usual: &usual,
            certificates: &paths(&settings.certificate_files),
            only: only || self.password.source().is_explicit(),
        };
        let held = agent.map(|agent| agent.held.as_slice()).unwrap_or_default();
        Ok(Offers::collect(&named, files, held, &self.person).await?)
    }

    /// `PreferredAuthentications` without what we do not have, and what is switched off.
    fn preferred(&self) -> Vec<MethodKind> {
        let settings = &self.config.settings;
        let usual = auth::usual_methods();
        let no = |setting: &Option<Setting<bool>>| said(setting) == Some(&false);
        let off = |kind: &MethodKind| match kind {
            MethodKind::PublicKey => no(&settings.pubkey_authentication),
            MethodKind::Password => no(&settings.password_authentication),
            _ => no(&settings.kbd_interactive_authentication),
        };
        let methods = match said(&settings.preferred_authentications) {
            None => usual,
            Some(names) => {
                names.iter().filter_map(|name| name.parse().ok()).filter(|kind| usual.contains(kind)).collect()
            }
        };
        methods.into_iter().filter(|kind| !off(kind)).collect()
    }

    fn warnings(&self) -> Vec<String> {
        let settings = &self.config.settings;
        let off = settings.strict_host_key_checking.as_ref().filter(|said| said.value == StrictHostKeyChecking::Off);
        off.map(|off| {
            format!("{}: StrictHostKeyChecking no is taken as accept-new: a changed key is refused", off.origin)
        })
        .into_iter()
        .collect()
    }
}

/// Where a host is that `ssh_config` was asked about. A port that nobody typed is not part of its name.
pub(super) fn endpoint_of(config: &HostConfig) -> Endpoint {
    let typed = config.settings.port.as_ref().is_some_and(|port| port.origin == Origin::Asked);
    let named = if typed { config.port } else { DEFAULT_PORT };
    let endpoint = Endpoint::called(&config.original, named, &config.user);
    Endpoint { port: config.port, ..endpoint }
}

fn in_batch(config: &HostConfig) -> bool {
    said(&config.settings.batch_mode).copied().unwrap_or_default()
}

/// In `BatchMode`, nobody is asked for anything.
fn asked(config: &HostConfig, person: &Person) -> Person {
    if in_batch(config) { Person::nobody() } else { person.clone() }
}

/// In `BatchMode`, a password that a person would be asked for is none.
fn unasked(config: &HostConfig, password: Arc<Password>) -> Arc<Password> {
    match password.source() {
        PasswordSource::Ask | PasswordSource::AskLast if in_batch(config) => {
            Arc::new(Password::new(PasswordSource::None, Person::nobody()))
        }
        _ => password,
    }
}

/// A value, if it is said.
fn said<T>(setting: &Option<Setting<T>>) -> Option<&T> {
    setting.as_ref().map(|setting| &setting.value)
}

/// Nobody is asked about a host key, so `ask` is strict; and a changed key is accepted by nothing.
fn chosen(flag: &HostKeyPolicy, config: &HostConfig) -> HostKeyPolicy {
    match (flag, said(&config.settings.strict_host_key_checking)) {
        (HostKeyPolicy::Configured, Some(StrictHostKeyChecking::AcceptNew | StrictHostKeyChecking::Off)) => {
            HostKeyPolicy::AcceptNew
        }
        (HostKeyPolicy::Configured, _) => HostKeyPolicy::Strict,
        (flag, _) => flag.clone(),
    }
}
