//! The settings that have been found for a device so far, and in the end.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::algorithms::AlgorithmList;
use super::error::Origin;
use super::jump::Jump;
use super::value::{AddressFamily, Canonicalize, IdentityAgent, StrictHostKeyChecking};

/// A value, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub origin: Origin,
}

/// What ssh_config, `-o` and the flags say about a device; `None` where nothing is said, so that defaults are the
/// caller's. Each is named as its keyword.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// Which kind of address to connect to.
    pub address_family: Option<Setting<AddressFamily>>,
    /// Nobody is to be asked for anything.
    pub batch_mode: Option<Setting<bool>>,
    /// The address to connect from: an address or a name.
    pub bind_address: Option<Setting<String>>,
    /// Which signatures of an authority are accepted in certificates.
    pub ca_signature_algorithms: Option<Setting<AlgorithmList>>,
    /// User certificates, all of them.
    pub certificate_files: Vec<Setting<PathBuf>>,
    /// Ciphers to offer.
    pub ciphers: Option<Setting<AlgorithmList>>,
    /// How long connecting may take; zero: no limit.
    pub connect_timeout: Option<Setting<Duration>>,
    /// How often to try to connect, at least once.
    pub connection_attempts: Option<Setting<u32>>,
    /// Files of known host keys beside the person's own; none are read when the list is empty.
    pub global_known_hosts_files: Option<Setting<Vec<PathBuf>>>,
    /// Names are hashed when a host is added.
    pub hash_known_hosts: Option<Setting<bool>>,
    /// Host key signatures to offer.
    pub host_key_algorithms: Option<Setting<AlgorithmList>>,
    /// The name under which the host key is known, in lower case.
    pub host_key_alias: Option<Setting<String>>,
    /// The name or address to connect to.
    pub host_name: Option<Setting<String>>,
    /// Only the named keys are offered, even if an agent has more.
    pub identities_only: Option<Setting<bool>>,
    /// The agent.
    pub identity_agent: Option<Setting<IdentityAgent>>,
    /// Keys, all of them in their order; an empty list (`none`) means that not even the usual files are tried.
    pub identity_files: Option<Vec<Setting<PathBuf>>>,
    /// Whether keyboard-interactive is tried.
    pub kbd_interactive_authentication: Option<Setting<bool>>,
    /// Key exchanges to offer.
    pub kex_algorithms: Option<Setting<AlgorithmList>>,
    /// MACs to offer.
    pub macs: Option<Setting<AlgorithmList>>,
    /// How often a password is asked for.
    pub number_of_password_prompts: Option<Setting<u32>>,
    /// Whether a password is tried.
    pub password_authentication: Option<Setting<bool>>,
    /// The port, 1 to 65535.
    pub port: Option<Setting<u16>>,
    /// The methods of authentication to try, in this order.
    pub preferred_authentications: Option<Setting<Vec<String>>>,
    /// The hosts on the way, the nearest first; empty: a direct connection is asked for (`ProxyJump none`,
    /// `ProxyCommand none`).
    pub proxy_jump: Option<Setting<Vec<Jump>>>,
    /// User key signatures to use.
    pub pubkey_accepted_algorithms: Option<Setting<AlgorithmList>>,
    /// Whether keys are tried.
    pub pubkey_authentication: Option<Setting<bool>>,
    /// The smallest RSA key that is accepted, in bits.
    pub required_rsa_size: Option<Setting<u32>>,
    /// How many questions of ours may stay without an answer before the connection counts as lost.
    pub server_alive_count_max: Option<Setting<u32>>,
    /// After how long a silence the server is asked whether it is there; zero: never.
    pub server_alive_interval: Option<Setting<Duration>>,
    /// What happens with host keys that are not known.
    pub strict_host_key_checking: Option<Setting<StrictHostKeyChecking>>,
    /// Whom to log in.
    pub user: Option<Setting<String>>,
    /// The person's files of known host keys, the first one being written to; none when the list is empty.
    pub user_known_hosts_files: Option<Setting<Vec<PathBuf>>>,

    pub(super) canonical_domains: Option<Setting<Vec<String>>>,
    pub(super) canonicalize: Option<Setting<Canonicalize>>,
    pub(super) canonicalize_max_dots: Option<Setting<u32>>,
    /// Whether aliases in the DNS are followed.
    pub(super) canonicalize_permitted_cnames: Option<Setting<bool>>,
    pub(super) ignore_unknown: Option<Setting<String>>,
    pub(super) tag: Option<Setting<String>>,
    /// For keywords that are refused when they mean something: whether they do.
    pub(super) refused: BTreeMap<&'static str, bool>,
}

/// The first value wins.
pub(super) fn first<T>(slot: &mut Option<Setting<T>>, value: T, origin: &Origin) {
    slot.get_or_insert_with(|| Setting { value, origin: origin.clone() });
}

/// Values add up, each once: a second pass over the files finds them again.
pub(super) fn add(list: &mut Vec<Setting<PathBuf>>, value: PathBuf, origin: &Origin) {
    if list.iter().all(|known| known.value != value) {
        list.push(Setting { value, origin: origin.clone() });
    }
}
