//! SSH flags to a way of logging in.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::deliver;
use crate::fleet::inventory::Entry;
use crate::report::with_causes;
use crate::session::drive::Interrupt;
use crate::ssh::config::{ConfigFile, ConfigSources, Jump, Local, SshConfig};
use crate::ssh::{Dial, DialError, DialOptions, Endpoint, HostKeyPolicy, PasswordSource};

use crate::verbs::console::Line;
use crate::verbs::gate::Gate;

use super::Usage;
use super::args::SshArgs;
use super::devices::Device;

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
pub(super) fn named(file: Option<PathBuf>, text: &str) -> Result<deliver::Device, DialError> {
    let file = file.map_or(ConfigFile::Usual, ConfigFile::from);
    let ssh_config = SshConfig::load(&ConfigSources { file, options: Vec::new(), local: Local::current() })?;
    let dial = Dial::new(DialOptions { ssh_config: Arc::new(ssh_config), ..DialOptions::default() });
    let endpoint = dial.endpoint(text, None, None)?;
    Ok(deliver::Device { address: dial.address(&endpoint), name: endpoint.name })
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

/// The ways to devices, all logged in to in the same manner: a password is asked for once, a jump host entered once.
pub(super) struct Ways {
    args: SshArgs,
    dial: Dial,
    interrupt: Interrupt,
}

impl Ways {
    /// As the flags say; `options` are those of `-o`.
    pub(super) fn new(args: &SshArgs, options: Vec<String>, interrupt: Interrupt) -> Result<Self, Usage> {
        check_files(args).map_err(|message| (message, None))?;
        let dial = dial(args, options).map_err(usage)?;
        Ok(Ways { args: args.clone(), dial, interrupt })
    }

    /// The way to a device, as often as it takes. As in ssh, `-u` wins over the device, and both over `default_user`.
    pub(super) fn line(&self, device: &Device, default_user: Option<&str>) -> Result<Line, Usage> {
        match device {
            Device::Named(text) => self.to(&self.dial, text, default_user).map_err(usage),
            Device::Listed(entry) => self.to_entry(entry, default_user).map_err(|error| {
                let (message, hint) = usage(error);
                (format!("{}: {}: {message}", entry.place, entry.name), hint)
            }),
        }
    }

    fn to(&self, dial: &Dial, text: &str, default_user: Option<&str>) -> Result<Line, DialError> {
        let endpoint = dial.endpoint(text, self.args.user.as_deref(), default_user)?;
        Ok(Line {
            dial: dial.clone(),
            endpoint,
            within: within(&self.args),
            interrupt: self.interrupt.clone(),
            simulated: false,
            serial: None,
            gate: Gate::Open,
        })
    }

    /// What the inventory says of a device is nearer to it than what flags say of all, but that is what they are for: only
    /// a host key that is pinned there stays, unless another one is pinned here.
    fn to_entry(&self, entry: &Entry, default_user: Option<&str>) -> Result<Line, DialError> {
        let mut dial = self.dial.clone();
        if let Some(policy) = entry.host_key.as_ref().filter(|policy| self.keeps(policy)) {
            dial = dial.with_host_key(policy.clone());
        }
        if let Some(jump) = entry.jump.as_deref().filter(|_| self.args.jump.is_none()) {
            dial = dial.with_jumps(Jump::list(jump).map_err(DialError::Jump)?);
        }
        if !entry.identities.is_empty() {
            dial = dial.with_identities(entry.identities.iter().cloned());
        }
        let text = address(entry);
        let line = self.to(&dial, &text, entry.user.as_deref().or(default_user))?;
        let endpoint = Endpoint { name: entry.name.clone(), ..line.endpoint };
        Ok(Line { endpoint, serial: entry.serial.clone(), ..line })
    }

    fn keeps(&self, listed: &HostKeyPolicy) -> bool {
        match (&self.args.host_key, listed) {
            (None, _) => true,
            (Some(HostKeyPolicy::Pinned(_)), _) => false,
            (Some(_), listed) => matches!(listed, HostKeyPolicy::Pinned(_)),
        }
    }
}

fn usage(error: DialError) -> Usage {
    (with_causes(&error), error.hint())
}

/// `host[:port]` with brackets where they are needed.
fn address(entry: &Entry) -> String {
    let host = if entry.address.contains(':') { format!("[{}]", entry.address) } else { entry.address.clone() };
    entry.port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
}

/// How long to wait for any one reply.
pub(super) fn within(args: &SshArgs) -> Duration {
    Duration::from_secs(args.timeout)
}
