//! The keywords that set something: their values, and which value they set.

use std::path::PathBuf;
use std::time::Duration;

use super::algorithms::{self, AlgorithmList, Kind};
use super::error::{Origin, Problem};
use super::jump::Jump;
use super::line::Line;
use super::settings::{Settings, add, first};
use super::value::{self, AddressFamily, Canonicalize, IdentityAgent, StrictHostKeyChecking};

/// The keywords, as the manual page writes them.
pub(super) const NAMES: &[&str] = &[
    "AddressFamily",
    "BatchMode",
    "BindAddress",
    "BindInterface",
    "CASignatureAlgorithms",
    "CanonicalDomains",
    "CanonicalizeHostname",
    "CanonicalizeMaxDots",
    "CanonicalizePermittedCNAMEs",
    "CertificateFile",
    "CheckHostIP",
    "Ciphers",
    "ConnectTimeout",
    "ConnectionAttempts",
    "GlobalKnownHostsFile",
    "HashKnownHosts",
    "HostKeyAlgorithms",
    "HostKeyAlias",
    "Hostname",
    "IdentitiesOnly",
    "IdentityAgent",
    "IdentityFile",
    "IgnoreUnknown",
    "KbdInteractiveAuthentication",
    "KexAlgorithms",
    "KnownHostsCommand",
    "MACs",
    "NumberOfPasswordPrompts",
    "PKCS11Provider",
    "PasswordAuthentication",
    "Port",
    "PreferredAuthentications",
    "ProxyCommand",
    "ProxyJump",
    "PubkeyAcceptedAlgorithms",
    "PubkeyAuthentication",
    "RefuseConnection",
    "RequiredRSASize",
    "RevokedHostKeys",
    "ServerAliveCountMax",
    "ServerAliveInterval",
    "StrictHostKeyChecking",
    "Tag",
    "User",
    "UserKnownHostsFile",
];

/// Other names that OpenSSH takes for some of them; `RSAMinSize` is Red Hat's.
const ALIASES: &[(&str, &str)] = &[
    ("challengeresponseauthentication", "KbdInteractiveAuthentication"),
    ("dsaauthentication", "PubkeyAuthentication"),
    ("identityfile2", "IdentityFile"),
    ("pubkeyacceptedkeytypes", "PubkeyAcceptedAlgorithms"),
    ("rsaminsize", "RequiredRSASize"),
    ("skeyauthentication", "KbdInteractiveAuthentication"),
    ("smartcarddevice", "PKCS11Provider"),
    ("tisauthentication", "KbdInteractiveAuthentication"),
];

/// The keyword (given in lower case) as the manual page writes it.
pub(super) fn name_of(keyword: &str) -> Option<&'static str> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == keyword).map(|(_, name)| *name);
    alias.or_else(|| NAMES.iter().find(|name| name.eq_ignore_ascii_case(keyword)).copied())
}

/// A value for a keyword.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Assignment {
    AddressFamily(AddressFamily),
    BatchMode(bool),
    BindAddress(String),
    CanonicalDomains(Vec<String>),
    CanonicalizeHostname(Canonicalize),
    CanonicalizeMaxDots(u32),
    CanonicalizePermittedCnames(bool),
    CaSignatureAlgorithms(AlgorithmList),
    CertificateFile(PathBuf),
    Ciphers(AlgorithmList),
    ConnectTimeout(Option<Duration>),
    ConnectionAttempts(u32),
    GlobalKnownHostsFile(Vec<PathBuf>),
    HashKnownHosts(bool),
    HostKeyAlgorithms(AlgorithmList),
    HostKeyAlias(String),
    HostName(String),
    IdentitiesOnly(bool),
    IdentityAgent(IdentityAgent),
    IdentityFile(PathBuf),
    IgnoreUnknown(String),
    KbdInteractiveAuthentication(bool),
    KexAlgorithms(AlgorithmList),
    Macs(AlgorithmList),
    NumberOfPasswordPrompts(u32),
    PasswordAuthentication(bool),
    Port(u16),
    PreferredAuthentications(Vec<String>),
    /// `ProxyCommand`; whether there is one.
    ProxyCommand(bool),
    ProxyJump(Vec<Jump>),
    PubkeyAcceptedAlgorithms(AlgorithmList),
    PubkeyAuthentication(bool),
    /// `RefuseConnection`, with its message.
    RefuseConnection(String),
    RequiredRsaSize(u32),
    ServerAliveCountMax(u32),
    ServerAliveInterval(Option<Duration>),
    StrictHostKeyChecking(StrictHostKeyChecking),
    Tag(String),
    /// A keyword that cannot be obeyed, and whether it has a value that means something.
    Unsupported(&'static str, bool),
    User(String),
    UserKnownHostsFile(Vec<PathBuf>),
}

/// What a device is refused for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    Message(String),
    Unsupported(&'static str),
}

impl Assignment {
    /// The value in `line` for the keyword `name`.
    pub(super) fn parse(name: &'static str, line: &Line) -> Result<Assignment, Problem> {
        use Assignment as A;
        Ok(match name {
            "AddressFamily" => A::AddressFamily(value::address_family(line.argument()?)?),
            "BatchMode" => A::BatchMode(value::flag(line.argument()?)?),
            "BindAddress" => A::BindAddress(text(line)?),
            "CASignatureAlgorithms" => A::CaSignatureAlgorithms(algorithms(Kind::Key, line)?),
            "CanonicalDomains" => A::CanonicalDomains(value::list(&line.arguments)?),
            "CanonicalizeHostname" => A::CanonicalizeHostname(value::canonicalize(line.argument()?)?),
            "CanonicalizeMaxDots" => A::CanonicalizeMaxDots(value::number(line.argument()?)?),
            "CanonicalizePermittedCNAMEs" => A::CanonicalizePermittedCnames(!value::list(&line.arguments)?.is_empty()),
            "CertificateFile" => A::CertificateFile(text(line)?.into()),
            "CheckHostIP" => A::Unsupported(name, value::flag(line.argument()?)?),
            "Ciphers" => A::Ciphers(algorithms(Kind::Cipher, line)?),
            "ConnectTimeout" => A::ConnectTimeout(value::time(line.argument()?)?),
            "ConnectionAttempts" => A::ConnectionAttempts(value::number(line.argument()?)?),
            "GlobalKnownHostsFile" => A::GlobalKnownHostsFile(paths(line)?),
            "HashKnownHosts" => A::HashKnownHosts(value::flag(line.argument()?)?),
            "HostKeyAlgorithms" => A::HostKeyAlgorithms(algorithms(Kind::Key, line)?),
            "HostKeyAlias" => A::HostKeyAlias(text(line)?.to_ascii_lowercase()),
            "Hostname" => A::HostName(text(line)?),
            "IdentitiesOnly" => A::IdentitiesOnly(value::flag(line.argument()?)?),
            "IdentityAgent" => A::IdentityAgent(value::identity_agent(line.argument()?)?),
            "IdentityFile" => A::IdentityFile(text(line)?.into()),
            "IgnoreUnknown" => A::IgnoreUnknown(text(line)?),
            "KbdInteractiveAuthentication" => A::KbdInteractiveAuthentication(value::flag(line.argument()?)?),
            "KexAlgorithms" => A::KexAlgorithms(algorithms(Kind::Kex, line)?),
            "KnownHostsCommand" => A::Unsupported(name, !value::is_none(command(line))),
            "MACs" => A::Macs(algorithms(Kind::Mac, line)?),
            "NumberOfPasswordPrompts" => A::NumberOfPasswordPrompts(value::number(line.argument()?)?),
            "PKCS11Provider" | "BindInterface" => A::Unsupported(name, !value::is_none(line.argument()?)),
            "PasswordAuthentication" => A::PasswordAuthentication(value::flag(line.argument()?)?),
            "Port" => A::Port(value::port(line.argument()?)?),
            "PreferredAuthentications" => {
                A::PreferredAuthentications(line.argument()?.split(',').map(str::to_owned).collect())
            }
            "ProxyCommand" => A::ProxyCommand(!value::is_none(command(line))),
            "ProxyJump" => A::ProxyJump(Jump::list(command(line))?),
            "PubkeyAcceptedAlgorithms" => A::PubkeyAcceptedAlgorithms(algorithms(Kind::Key, line)?),
            "PubkeyAuthentication" => A::PubkeyAuthentication(value::pubkey_authentication(line.argument()?)?),
            "RefuseConnection" => A::RefuseConnection(text(line)?),
            "RequiredRSASize" => A::RequiredRsaSize(value::number(line.argument()?)?),
            "RevokedHostKeys" => A::Unsupported(name, !value::list(&line.arguments)?.is_empty()),
            "ServerAliveCountMax" => A::ServerAliveCountMax(value::number(line.argument()?)?),
            "ServerAliveInterval" => A::ServerAliveInterval(value::time(line.argument()?)?),
            "StrictHostKeyChecking" => A::StrictHostKeyChecking(value::strict_host_key_checking(line.argument()?)?),
            "Tag" => A::Tag(text(line)?),
            "User" => A::User(text(line)?),
            "UserKnownHostsFile" => A::UserKnownHostsFile(paths(line)?),
            // Not reached while every one of `NAMES` stands above, which a test holds.
            _ => return Err(Problem::Criterion(name.to_owned())),
        })
    }

    /// Sets what is not set yet, or says what the device is refused for.
    pub(super) fn apply(&self, origin: &Origin, to: &mut Settings) -> Result<(), Refusal> {
        use Assignment as A;
        match self {
            A::AddressFamily(v) => first(&mut to.address_family, *v, origin),
            A::BatchMode(v) => first(&mut to.batch_mode, *v, origin),
            A::BindAddress(v) => first(&mut to.bind_address, v.clone(), origin),
            A::CanonicalDomains(v) => first(&mut to.canonical_domains, v.clone(), origin),
            A::CanonicalizeHostname(v) => first(&mut to.canonicalize, *v, origin),
            A::CanonicalizeMaxDots(v) => first(&mut to.canonicalize_max_dots, *v, origin),
            A::CanonicalizePermittedCnames(v) => first(&mut to.canonicalize_permitted_cnames, *v, origin),
            A::CaSignatureAlgorithms(v) => first(&mut to.ca_signature_algorithms, v.clone(), origin),
            A::CertificateFile(v) => add(&mut to.certificate_files, v.clone(), origin),
            A::Ciphers(v) => first(&mut to.ciphers, v.clone(), origin),
            A::ConnectTimeout(Some(v)) => first(&mut to.connect_timeout, *v, origin),
            A::ConnectionAttempts(v) => first(&mut to.connection_attempts, *v, origin),
            A::GlobalKnownHostsFile(v) => first(&mut to.global_known_hosts_files, v.clone(), origin),
            A::HashKnownHosts(v) => first(&mut to.hash_known_hosts, *v, origin),
            A::HostKeyAlgorithms(v) => first(&mut to.host_key_algorithms, v.clone(), origin),
            A::HostKeyAlias(v) => first(&mut to.host_key_alias, v.clone(), origin),
            A::HostName(v) => first(&mut to.host_name, v.clone(), origin),
            A::IdentitiesOnly(v) => first(&mut to.identities_only, *v, origin),
            A::IdentityAgent(v) => first(&mut to.identity_agent, v.clone(), origin),
            A::IdentityFile(v) => add(to.identity_files.get_or_insert_default(), v.clone(), origin),
            A::IgnoreUnknown(v) => first(&mut to.ignore_unknown, v.clone(), origin),
            A::KbdInteractiveAuthentication(v) => first(&mut to.kbd_interactive_authentication, *v, origin),
            A::KexAlgorithms(v) => first(&mut to.kex_algorithms, v.clone(), origin),
            A::Macs(v) => first(&mut to.macs, v.clone(), origin),
            A::NumberOfPasswordPrompts(v) => first(&mut to.number_of_password_prompts, *v, origin),
            A::PasswordAuthentication(v) => first(&mut to.password_authentication, *v, origin),
            A::Port(v) => first(&mut to.port, *v, origin),
            A::PreferredAuthentications(v) => first(&mut to.preferred_authentications, v.clone(), origin),
            // Whichever of `ProxyCommand` and `ProxyJump` comes first shuts the other one out.
            A::ProxyCommand(true) if to.proxy_jump.is_none() => return Err(Refusal::Unsupported("ProxyCommand")),
            A::ProxyCommand(_) => first(&mut to.proxy_jump, Vec::new(), origin),
            A::ProxyJump(v) => first(&mut to.proxy_jump, v.clone(), origin),
            A::PubkeyAcceptedAlgorithms(v) => first(&mut to.pubkey_accepted_algorithms, v.clone(), origin),
            A::PubkeyAuthentication(v) => first(&mut to.pubkey_authentication, *v, origin),
            A::RefuseConnection(message) => return Err(Refusal::Message(message.clone())),
            A::RequiredRsaSize(v) => first(&mut to.required_rsa_size, *v, origin),
            A::ServerAliveCountMax(v) => first(&mut to.server_alive_count_max, *v, origin),
            A::ServerAliveInterval(Some(v)) => first(&mut to.server_alive_interval, *v, origin),
            A::ConnectTimeout(None) | A::ServerAliveInterval(None) => {}
            A::StrictHostKeyChecking(v) => first(&mut to.strict_host_key_checking, *v, origin),
            A::Tag(v) => first(&mut to.tag, v.clone(), origin),
            A::Unsupported(keyword, means) if *to.refused.entry(keyword).or_insert(*means) => {
                return Err(Refusal::Unsupported(keyword));
            }
            A::Unsupported(..) => {}
            A::User(v) => first(&mut to.user, v.clone(), origin),
            A::UserKnownHostsFile(v) => first(&mut to.user_known_hosts_files, v.clone(), origin),
        }
        Ok(())
    }
}

fn text(line: &Line) -> Result<String, Problem> {
    line.argument().map(str::to_owned)
}

fn algorithms(kind: Kind, line: &Line) -> Result<AlgorithmList, Problem> {
    algorithms::parse(kind, line.argument()?)
}

fn paths(line: &Line) -> Result<Vec<PathBuf>, Problem> {
    Ok(value::list(&line.arguments)?.into_iter().map(PathBuf::from).collect())
}

/// The rest of the line as it stands: these keywords know no quotes.
fn command(line: &Line) -> &str {
    line.rest.trim_start_matches([' ', '\t', '\r', '\n', '='])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value that any keyword takes which takes this kind.
    const VALUES: &[&str] = &["yes", "1", "any", "/x", "aes128-ctr", "hmac-sha1", "ssh-rsa", "curve25519-sha256"];

    #[test]
    fn every_keyword_takes_some_value() {
        for name in NAMES {
            let parsed = VALUES.iter().any(|value| {
                let line = Line::parse(&format!("{name} {value}")).unwrap().unwrap();
                Assignment::parse(name, &line).is_ok()
            });
            assert!(parsed, "{name}");
        }
    }

    #[test]
    fn a_keyword_is_either_assigned_or_ignored() {
        for name in NAMES {
            assert_eq!(name_of(&name.to_ascii_lowercase()), Some(*name));
            assert_eq!(super::super::keyword::ignored(&name.to_ascii_lowercase()), None, "{name}");
        }
    }
}
