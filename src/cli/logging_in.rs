//! SSH flags to a way of logging in.

use std::time::Duration;

use crate::ssh::{Dial, DialOptions, PasswordSource};

use super::args::SshArgs;

/// What the flags say about logging in.
pub(super) fn dial(args: &SshArgs) -> Dial {
    Dial::new(DialOptions {
        identities: args.identities.clone(),
        password: PasswordSource::choose(args.password_file.clone(), args.password_command.clone(), args.ask_password),
        host_key: args.host_key.clone().unwrap_or_default(),
        known_hosts: args.known_hosts.clone(),
        legacy_algorithms: args.legacy_algorithms,
        timeout: within(args),
        ..DialOptions::default()
    })
}

/// How long to wait for any one reply.
pub(super) fn within(args: &SshArgs) -> Duration {
    Duration::from_secs(args.timeout)
}
