//! SSH flags to a way of logging in.

use std::sync::Arc;
use std::time::Duration;

use crate::ssh::config::{ConfigFile, ConfigSources, Jump, Local, SshConfig};
use crate::ssh::{Dial, DialError, DialOptions, PasswordSource};

use super::args::SshArgs;

/// What the flags say about logging in; `options` are those of `-o`. Fails on an `ssh_config` or a flag that cannot be
/// read.
pub(super) fn dial(args: &SshArgs, options: Vec<String>) -> Result<Dial, DialError> {
    let file = args.ssh_config.clone().map_or(ConfigFile::Usual, ConfigFile::from);
    let ssh_config = SshConfig::load(&ConfigSources { file, options, local: Local::current() })?;
    Ok(Dial::new(DialOptions {
        identities: args.identities.clone(),
        password: PasswordSource::choose(args.password_file.clone(), args.password_command.clone(), args.ask_password),
        otp_command: args.otp_command.clone(),
        host_key: args.host_key.clone().unwrap_or_default(),
        known_hosts: args.known_hosts.clone(),
        legacy_algorithms: args.legacy_algorithms,
        timeout: within(args),
        ssh_config: Arc::new(ssh_config),
        jumps: args.jump.as_deref().map(Jump::list).transpose().map_err(DialError::Jump)?,
        ..DialOptions::default()
    }))
}

/// How long to wait for any one reply.
pub(super) fn within(args: &SshArgs) -> Duration {
    Duration::from_secs(args.timeout)
}
