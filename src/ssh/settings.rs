//! What holds for one host: the values of `ssh_config`, by the names they have there.
//!
//! Every value may be unsaid; [`HostSettings::or`] lets the first word win, as in `ssh`. What a flag says stands before
//! what a file says. The defaults are where the values are used.

use std::path::PathBuf;
use std::time::Duration;

use super::jump::Hop;
use super::trust::HostKeyPolicy;

/// Where the agent is (`IdentityAgent`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AgentSocket {
    /// At `SSH_AUTH_SOCK`, when the environment has that.
    #[default]
    Environment,
    /// Nowhere: the agent is not asked.
    None,
    /// At this Unix socket.
    Path(PathBuf),
}

/// Which addresses of a name are tried (`AddressFamily`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AddressFamily {
    /// IPv4 and IPv6.
    #[default]
    Any,
    /// IPv4 only (`inet`).
    Inet,
    /// IPv6 only (`inet6`).
    Inet6,
}

/// Lists of algorithms, as they are written in `ssh_config`: names with commas between them, and in front `+` (append),
/// `-` (remove) or `^` (prepend) for a change to the default list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlgorithmLists {
    /// `KexAlgorithms`
    pub kex: Option<String>,
    /// `HostKeyAlgorithms`
    pub host_key: Option<String>,
    /// `Ciphers`
    pub ciphers: Option<String>,
    /// `MACs`
    pub macs: Option<String>,
    /// `PubkeyAcceptedAlgorithms`
    pub pubkey: Option<String>,
}

/// What is said about one host. `None` and empty lists are unsaid.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostSettings {
    /// `AddressFamily`
    pub address_family: Option<AddressFamily>,
    /// The lists of algorithms.
    pub algorithms: AlgorithmLists,
    /// `BindAddress`: the address of ours that a connection comes from.
    pub bind_address: Option<String>,
    /// `CertificateFile`: certificates for keys in files or in the agent.
    pub certificates: Vec<PathBuf>,
    /// `ConnectTimeout`: the time for one attempt to connect, within the time for the whole login.
    pub connect_timeout: Option<Duration>,
    /// `ConnectionAttempts`: how often a connection is tried before anybody is logged in; 1 or more.
    pub connection_attempts: Option<u32>,
    /// `GlobalKnownHostsFile`: only read. `Some` and empty means none.
    pub global_known_hosts: Option<Vec<PathBuf>>,
    /// `HostKeyAlias`: the name by which the host's key is looked up and saved, whatever the port.
    pub host_key_alias: Option<String>,
    /// `StrictHostKeyChecking`
    pub host_key_policy: Option<HostKeyPolicy>,
    /// `HostName`: where to connect instead of the name that was given.
    pub host_name: Option<String>,
    /// `IdentityFile`: keys to offer. One that cannot be used is passed over with a warning.
    pub identities: Vec<PathBuf>,
    /// `IdentitiesOnly`: of the agent's keys only those whose files are named.
    pub identities_only: Option<bool>,
    /// `IdentityAgent`
    pub identity_agent: Option<AgentSocket>,
    /// `ProxyJump`: through which hosts, the nearest first. `Some` and empty means `none`.
    pub jumps: Option<Vec<Hop>>,
    /// How many keys may be refused in one login.
    pub most_refused_keys: Option<usize>,
    /// `PreferredAuthentications`: the methods to use, in this order; those that we do not have are passed over.
    pub preferred_authentications: Option<Vec<String>>,
    /// `ServerAliveCountMax`: unanswered questions after which a connection is dead.
    pub server_alive_count_max: Option<usize>,
    /// `ServerAliveInterval`: after how much silence the server is asked whether it is there; zero is never.
    pub server_alive_interval: Option<Duration>,
    /// `UserKnownHostsFile`: the first is where a new key is added. `Some` and empty means none.
    pub user_known_hosts: Option<Vec<PathBuf>>,
    /// What the person should be told about these settings.
    pub warnings: Vec<String>,
}

impl HostSettings {
    /// These settings, and where they say nothing, the `other` ones. Keys and certificates add up.
    #[must_use]
    pub fn or(self, other: HostSettings) -> HostSettings {
        HostSettings {
            address_family: self.address_family.or(other.address_family),
            algorithms: self.algorithms.or(other.algorithms),
            bind_address: self.bind_address.or(other.bind_address),
            certificates: [self.certificates, other.certificates].concat(),
            connect_timeout: self.connect_timeout.or(other.connect_timeout),
            connection_attempts: self.connection_attempts.or(other.connection_attempts),
            global_known_hosts: self.global_known_hosts.or(other.global_known_hosts),
            host_key_alias: self.host_key_alias.or(other.host_key_alias),
            host_key_policy: self.host_key_policy.or(other.host_key_policy),
            host_name: self.host_name.or(other.host_name),
            identities: [self.identities, other.identities].concat(),
            identities_only: self.identities_only.or(other.identities_only),
            identity_agent: self.identity_agent.or(other.identity_agent),
            jumps: self.jumps.or(other.jumps),
            most_refused_keys: self.most_refused_keys.or(other.most_refused_keys),
            preferred_authentications: self.preferred_authentications.or(other.preferred_authentications),
            server_alive_count_max: self.server_alive_count_max.or(other.server_alive_count_max),
            server_alive_interval: self.server_alive_interval.or(other.server_alive_interval),
            user_known_hosts: self.user_known_hosts.or(other.user_known_hosts),
            warnings: [self.warnings, other.warnings].concat(),
        }
    }
}

impl AlgorithmLists {
    fn or(self, other: AlgorithmLists) -> AlgorithmLists {
        AlgorithmLists {
            kex: self.kex.or(other.kex),
            host_key: self.host_key.or(other.host_key),
            ciphers: self.ciphers.or(other.ciphers),
            macs: self.macs.or(other.macs),
            pubkey: self.pubkey.or(other.pubkey),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_wins_and_keys_add_up() {
        let flags = HostSettings {
            identities: vec!["a".into()],
            jumps: Some(Vec::new()),
            bind_address: Some("192.0.2.1".into()),
            ..HostSettings::default()
        };
        let file = HostSettings {
            identities: vec!["b".into()],
            jumps: Some(vec![Hop { user: None, host: "bastion".into(), port: None }]),
            host_name: Some("fw1.example.net".into()),
            bind_address: Some("192.0.2.2".into()),
            ..HostSettings::default()
        };
        let both = flags.or(file);
        assert_eq!(both.identities, [PathBuf::from("a"), PathBuf::from("b")]);
        assert_eq!(both.jumps, Some(Vec::new()));
        assert_eq!(both.host_name.as_deref(), Some("fw1.example.net"));
        assert_eq!(both.bind_address.as_deref(), Some("192.0.2.1"));
    }
}
