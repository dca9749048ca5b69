//! What holds for one device in the end: names settled, tokens replaced.

use std::net::IpAddr;
use std::path::PathBuf;

use super::error::{ConfigError, Origin, Problem};
use super::jump::Jump;
use super::local::Local;
use super::settings::{Setting, Settings};
use super::source::malformed;
use super::tokens::{Remote, Tokens};
use super::value::{Canonicalize, IdentityAgent, is_none};
use crate::ssh::endpoint::DEFAULT_PORT;

/// What holds for a device, or for a jump host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostConfig {
    /// The name as it was given.
    pub original: String,
    /// The name or address to connect to, in lower case, IPv6 without brackets.
    pub host: String,
    /// Whom to log in: who runs this, if nothing else is said (then `settings.user` is `None`).
    pub user: String,
    /// The port to connect to: 22, if nothing else is said.
    pub port: u16,
    /// All that is said, with tokens replaced and paths absolute where they began with `~`.
    pub settings: Settings,
}

impl HostConfig {
    /// What `%k` stands for: `HostKeyAlias`, or the name as it was given.
    fn key_alias<'a>(settings: &'a Settings, original: &'a str) -> &'a str {
        settings.host_key_alias.as_ref().map_or(original, |alias| &alias.value)
    }

    pub(super) fn settle(
        original: &str,
        host: String,
        mut settings: Settings,
        local: &Local,
    ) -> Result<Self, ConfigError> {
        let port = settings.port.as_ref().map_or(DEFAULT_PORT, |port| port.value);
        check_attempts(&settings)?;
        let key_alias = Self::key_alias(&settings, original).to_owned();
        let jump = settings.proxy_jump.as_ref().and_then(|jumps| jumps.value.last());
        let jump = jump.map(|jump| jump.host.clone()).unwrap_or_default();
        let mut remote = Remote { host: &host, original, key_alias: &key_alias, port, user: "", jump: &jump };
        let user = user(&settings, local, &Tokens::User(local, remote))?;
        remote.user = &user;
        let (all, for_jump) = (Tokens::All(local, remote), Tokens::Jump(remote));
        expand(&mut settings, local, &all, &for_jump)?;
        if let Some(name) = &mut settings.host_name {
            name.value.clone_from(&host);
        }
        let config = HostConfig { original: original.to_owned(), host, user, port, settings };
        config.check_loop()?;
        Ok(config)
    }

    /// The hosts on the way, the nearest first; empty for a direct connection.
    pub fn jumps(&self) -> &[Jump] {
        self.settings.proxy_jump.as_ref().map_or(&[], |jumps| &jumps.value)
    }

    fn check_loop(&self) -> Result<(), ConfigError> {
        let Some(jump) = self.jumps().last() else { return Ok(()) };
        let user = jump.user.as_ref().unwrap_or(&self.user);
        let port = jump.port.unwrap_or(DEFAULT_PORT);
        if jump.host == self.host && *user == self.user && port == self.port {
            return Err(ConfigError::JumpLoop { host: self.original.clone() });
        }
        Ok(())
    }
}

fn check_attempts(settings: &Settings) -> Result<(), ConfigError> {
    match &settings.connection_attempts {
        Some(Setting { value: 0, origin }) => {
            let problem = Problem::Value { value: "0".to_owned(), expected: "a number from 1 to 2147483647" };
            Err(malformed(origin, "ConnectionAttempts", problem))
        }
        _ => Ok(()),
    }
}

/// What was asked for directly is the name itself; since 10.0 one in a file may have tokens and variables.
fn user(settings: &Settings, local: &Local, tokens: &Tokens<'_>) -> Result<String, ConfigError> {
    match &settings.user {
        None => Ok(local.user.clone()),
        Some(Setting { value, origin: Origin::Asked }) => Ok(value.clone()),
        Some(Setting { value, origin }) => {
            tokens.expand_all(value, local).map_err(|problem| malformed(origin, "User", problem))
        }
    }
}

fn expand(
    settings: &mut Settings,
    local: &Local,
    tokens: &Tokens<'_>,
    for_jump: &Tokens<'_>,
) -> Result<(), ConfigError> {
    if let Some(files) = &mut settings.identity_files {
        expand_files(files, "IdentityFile", local, tokens)?;
    }
    expand_files(&mut settings.certificate_files, "CertificateFile", local, tokens)?;
    if let Some(Setting { value, origin }) = &mut settings.user_known_hosts_files {
        for file in value {
            expand_path(file, origin, "UserKnownHostsFile", local, tokens)?;
        }
    }
    if let Some(Setting { value: IdentityAgent::Socket(socket), origin }) = &mut settings.identity_agent {
        expand_path(socket, origin, "IdentityAgent", local, tokens)?;
    }
    if let Some(Setting { value, origin }) = &mut settings.proxy_jump {
        value.iter_mut().try_for_each(|jump| expand_jump(jump, origin, for_jump))?;
    }
    Ok(())
}

/// `none` among keys stands for no file.
fn expand_files(
    files: &mut Vec<Setting<PathBuf>>,
    keyword: &str,
    local: &Local,
    tokens: &Tokens<'_>,
) -> Result<(), ConfigError> {
    files.retain(|file| !file.value.to_str().is_some_and(is_none));
    for Setting { value, origin } in files {
        expand_path(value, origin, keyword, local, tokens)?;
    }
    Ok(())
}

fn expand_path(
    path: &mut PathBuf,
    origin: &Origin,
    keyword: &str,
    local: &Local,
    tokens: &Tokens<'_>,
) -> Result<(), ConfigError> {
    *path = tokens.expand_path(path, local).map_err(|problem| malformed(origin, keyword, problem))?;
    Ok(())
}

fn expand_jump(jump: &mut Jump, origin: &Origin, tokens: &Tokens<'_>) -> Result<(), ConfigError> {
    let expanded = |text: &str| tokens.expand(text).map_err(|problem| malformed(origin, "ProxyJump", problem));
    jump.host = expanded(&jump.host)?;
    jump.user = jump.user.as_deref().map(expanded).transpose()?;
    Ok(())
}

/// A name in lower case; an address as it is usually written.
pub(super) fn normal_host(host: &str) -> String {
    address(host).map_or_else(|| host.to_ascii_lowercase(), |address| address.to_string())
}

fn address(host: &str) -> Option<IpAddr> {
    host.parse().ok()
}

/// The keyword for whose sake OpenSSH would ask the DNS for another name for `host`; we do not.
pub(super) fn wants_other_name(settings: &Settings, host: &str) -> Option<(&'static str, Origin)> {
    // Colons and percent signs are of addresses, scoped ones included.
    if address(host).is_some() || host.contains([':', '%']) {
        return None;
    }
    let always = matches!(&settings.canonicalize, Some(canonicalize) if canonicalize.value == Canonicalize::Always);
    let direct = settings.proxy_jump.as_ref().is_none_or(|jumps| jumps.value.is_empty());
    if !direct && !always {
        return None;
    }
    let canonicalize = settings.canonicalize.as_ref().filter(|setting| setting.value != Canonicalize::No);
    if let Some(setting) = canonicalize.filter(|_| has_candidates(settings, host)) {
        return Some(("CanonicalizeHostname", setting.origin.clone()));
    }
    let aliases = settings.canonicalize_permitted_cnames.as_ref().filter(|setting| setting.value);
    aliases.map(|setting| ("CanonicalizePermittedCNAMEs", setting.origin.clone()))
}

/// A name with a final dot, or one with few dots for which there are domains, is looked up.
fn has_candidates(settings: &Settings, host: &str) -> bool {
    let most_dots = settings.canonicalize_max_dots.as_ref().map_or(1, |dots| dots.value as usize);
    let has_domains = settings.canonical_domains.as_ref().is_some_and(|domains| !domains.value.is_empty());
    host.ends_with('.') || (has_domains && host.matches('.').count() <= most_dots)
}

/// Whether the files are read a second time although no `Match final` asks for it.
pub(super) fn canonicalizes(settings: &Settings) -> bool {
    settings.canonicalize.as_ref().is_some_and(|setting| setting.value != Canonicalize::No)
}
