//! SSH flags to a way of logging in.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::deliver::Device;
use crate::report::with_causes;
use crate::session::drive::Interrupt;
use crate::ssh::config::{ConfigFile, ConfigSources, Jump, Local, SshConfig};
use crate::ssh::{Dial, DialError, DialOptions, PasswordSource};

use crate::verbs::console::Line;
use crate::verbs::gate::Gate;

use super::Usage;
use super::args::SshArgs;

/// What the flags say about logging in; `options` are those of `-o`. Fails on an `ssh_config` or a flag that cannot be
/// read.
fn dial(args: &SshArgs, options: Vec<String>) -> Result<Dial, DialError> {
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

/// The device that `text` names, as a mint on it would call it, for who logs in nowhere. Fails on an `ssh_config` or a
/// name that cannot be read.
pub(super) fn named(file: Option<PathBuf>, text: &str) -> Result<Device, DialError> {
    let file = file.map_or(ConfigFile::Usual, ConfigFile::from);
    let ssh_config = SshConfig::load(&ConfigSources { file, options: Vec::new(), local: Local::current() })?;
    let dial = Dial::new(DialOptions { ssh_config: Arc::new(ssh_config), ..DialOptions::default() });
    let endpoint = dial.endpoint(text, None, None)?;
    Ok(Device { address: dial.address(&endpoint), name: endpoint.name })
}

/// Whether the files that the flags name can be read, so that a slip is found before anything is contacted.
fn check_files(args: &SshArgs) -> Result<(), String> {
    let identities = args.identities.iter().filter(|path| !is_elsewhere(path)).map(|path| ("-i", path));
    let files = args.password_file.iter().map(|path| ("--password-file", path)).chain(identities);
    for (flag, path) in files {
        readable(path).map_err(|error| format!("{flag} {}: {}", path.display(), with_causes(&error)))?;
    }
    Ok(())
}

/// Of a key that the agent holds, the public half beside it is enough.
fn is_elsewhere(key: &Path) -> bool {
    let mut public = key.as_os_str().to_owned();
    public.push(".pub");
    !key.exists() && Path::new(&public).exists()
}

/// A pipe is left alone: whoever writes into it would be cut off by a reader that goes away.
fn readable(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.is_file() { File::open(path).map(drop) } else { Ok(()) }
}

/// The way to a device, as often as it takes. As in ssh, `-u` wins over the text, and both over `default_user`.
pub(super) fn line(
    args: &SshArgs,
    options: Vec<String>,
    device: &str,
    default_user: Option<&str>,
    interrupt: Interrupt,
) -> Result<Line, Usage> {
    check_files(args).map_err(|message| (message, None))?;
    let usage = |error: DialError| (with_causes(&error), error.hint());
    let dial = dial(args, options).map_err(usage)?;
    let endpoint = dial.endpoint(device, args.user.as_deref(), default_user).map_err(usage)?;
    Ok(Line { dial, endpoint, within: within(args), interrupt, simulated: false, serial: None, gate: Gate::Open })
}

/// How long to wait for any one reply.
pub(super) fn within(args: &SshArgs) -> Duration {
    Duration::from_secs(args.timeout)
}
