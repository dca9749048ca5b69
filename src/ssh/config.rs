//! ssh_config: what the person's and the system's configuration of `ssh` say about a device, as OpenSSH reads them.
//!
//! [`SshConfig::load`] reads the files once; [`SshConfig::for_host`] says what holds for one device, and
//! [`SshConfig::route`] for every host on the way to it. Nothing is connected to, resolved or run.
//!
//! The rules are those of `readconf.c` of OpenSSH 9.2 to 10: the first value wins; `-o` comes before the person's file
//! and that before the system's; every line must be well-formed, in blocks that do not apply too. `tests/ssh_config`
//! holds this against `ssh -G`. It differs where silence would lose what was meant:
//!
//! - What we cannot do (`ProxyCommand`, `RevokedHostKeys`, names from the DNS ...) is an error where it holds.
//! - A `Match` on what we do not evaluate (`exec`, `localnetwork`, `version`) is an error as soon as a setting depends
//!   on it. So a command that is there for its own sake, with nothing below it, does no harm.
//! - A file that is there but cannot be read is an error, where `ssh` goes on without it.
//!
//! | file | owns |
//! |---|---|
//! | `line` | keyword and arguments of a line |
//! | `value`, `algorithms`, `jump` | the kinds of values |
//! | `assignment`, `keyword` | the keywords that set something; those that are ignored |
//! | `criteria`, `pattern` | `Host` and `Match` |
//! | `source` | files and `Include` |
//! | `pass` | which blocks apply to a device |
//! | `settings`, `host` | what was found; what holds in the end |
//! | `tokens`, `local` | `%h`, `${NAME}`, `~` |

mod algorithms;
mod assignment;
mod criteria;
mod error;
mod host;
mod jump;
mod keyword;
mod line;
mod local;
mod pass;
mod pattern;
mod settings;
mod source;
mod tokens;
mod value;

use std::path::{Path, PathBuf};

pub use algorithms::{AlgorithmList, Change};
pub use error::{ConfigError, Origin, Problem, Undecided};
pub use host::HostConfig;
pub use jump::Jump;
pub use local::Local;
pub use settings::{Setting, Settings};
pub use value::{AddressFamily, IdentityAgent, StrictHostKeyChecking};

use pass::Pass;
use settings::{add, first};
use source::{Owner, Reader, Statement};

/// How many hosts may lie on the way: more are a circle of `ProxyJump`.
const MOST_HOPS: usize = 16;

/// Which files are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ConfigFile {
    /// `~/.ssh/config` and `/etc/ssh/ssh_config`, where they exist.
    #[default]
    Usual,
    /// `-F FILE`: this one and no other. It must exist.
    Only(PathBuf),
    /// `-F none`: no file at all.
    None,
}

impl From<PathBuf> for ConfigFile {
    /// The value of `-F`.
    fn from(file: PathBuf) -> Self {
        if file.to_str().is_some_and(value::is_none) { ConfigFile::None } else { ConfigFile::Only(file) }
    }
}

/// Where the configuration comes from.
#[derive(Debug, Clone)]
pub struct ConfigSources {
    /// `-F`.
    pub file: ConfigFile,
    /// `-o`, in the order in which they were given; they hold for the devices and not for the hosts on the way.
    pub options: Vec<String>,
    /// Who runs this, and where.
    pub local: Local,
}

/// What was asked for directly, which wins over all configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// The user, as it is.
    pub user: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// Keys, which come before those of the configuration.
    pub identity_files: Vec<PathBuf>,
    /// `-J`, read with [`Jump::list`]; empty: a direct connection.
    pub jumps: Option<Vec<Jump>>,
}

/// The configuration, read.
#[derive(Debug, Clone)]
pub struct SshConfig {
    options: Vec<Statement>,
    files: Vec<Vec<Statement>>,
    local: Local,
}

impl SshConfig {
    /// Reads everything. Fails on any line that is not well-formed, and on a file that cannot be read or that others
    /// may write to.
    pub fn load(sources: &ConfigSources) -> Result<SshConfig, ConfigError> {
        let local = &sources.local;
        let options = sources.options.iter().filter_map(|text| source::option(text).transpose());
        let files = match &sources.file {
            ConfigFile::None => Vec::new(),
            ConfigFile::Only(file) => vec![Reader { local, owner: Owner::Person }.read(file, false)?],
            ConfigFile::Usual => usual_files(local)?,
        };
        Ok(SshConfig { options: options.collect::<Result<_, _>>()?, files, local: local.clone() })
    }

    /// No configuration: everything is as it is by default.
    pub fn empty() -> SshConfig {
        SshConfig { options: Vec::new(), files: Vec::new(), local: Local::current() }
    }

    /// What holds for the device `original`, the name as the person gave it. Fails on what is not supported and holds
    /// for the device.
    pub fn for_host(&self, original: &str, overrides: &Overrides) -> Result<HostConfig, ConfigError> {
        self.look_up(original, overrides, &self.options)
    }

    /// What holds for each host on the way to the device `original`, and last for the device itself. As with `ssh`, a
    /// host on the way is looked up by the name it was given, and `-o` and the other overrides are not for it.
    pub fn route(&self, original: &str, overrides: &Overrides) -> Result<Vec<HostConfig>, ConfigError> {
        let mut backwards = vec![self.for_host(original, overrides)?];
        while let Some((jump, before)) = backwards.last().and_then(|host| host.jumps().split_last()) {
            if backwards.len() > MOST_HOPS {
                return Err(ConfigError::JumpLoop { host: original.to_owned() });
            }
            let hop = Overrides {
                user: jump.user.clone(),
                port: jump.port,
                identity_files: Vec::new(),
                // The last one on the way may itself be configured to lie behind others.
                jumps: (!before.is_empty()).then(|| before.to_vec()),
            };
            let hop = self.look_up(&jump.host, &hop, &[])?;
            backwards.push(hop);
        }
        backwards.reverse();
        Ok(backwards)
    }

    fn look_up(&self, original: &str, overrides: &Overrides, options: &[Statement]) -> Result<HostConfig, ConfigError> {
        let settings = asked(overrides);
        let mut pass = Pass { local: &self.local, original, settled: None, settings, wants_second: false };
        pass.run(options)?;
        self.files.iter().try_for_each(|file| pass.run(file))?;
        let host = host::normal_host(&pass.host()?);
        if let Some((keyword, origin)) = host::wants_other_name(&pass.settings, &host) {
            return Err(ConfigError::Unsupported { origin, keyword, host: original.to_owned() });
        }
        let mut settings = pass.settings;
        if pass.wants_second || host::canonicalizes(&settings) {
            settings = self.second_pass(original, &host, settings)?;
        }
        HostConfig::settle(original, host, settings, &self.local)
    }

    /// The host's name is settled now: `Host` and `Match host` are about it, and `Match final` holds.
    fn second_pass(&self, original: &str, host: &str, mut settings: Settings) -> Result<Settings, ConfigError> {
        first(&mut settings.host_name, host.to_owned(), &Origin::Asked);
        let mut pass = Pass { local: &self.local, original, settled: Some(host), settings, wants_second: false };
        self.files.iter().try_for_each(|file| pass.run(file))?;
        Ok(pass.settings)
    }
}

/// The person's file must not be writable for others; the system's is the system's business.
fn usual_files(local: &Local) -> Result<Vec<Vec<Statement>>, ConfigError> {
    let own = (local.home.join(".ssh/config"), Owner::Person);
    let system = (Path::new("/etc/ssh/ssh_config").to_owned(), Owner::System);
    let existing = [own, system].into_iter().filter(|(file, _)| source::exists(file));
    existing.map(|(file, owner)| Reader { local, owner }.read(&file, owner == Owner::Person)).collect()
}

fn asked(overrides: &Overrides) -> Settings {
    let mut settings = Settings::default();
    let asked = &Origin::Asked;
    if let Some(user) = &overrides.user {
        first(&mut settings.user, user.clone(), asked);
    }
    if let Some(port) = overrides.port {
        first(&mut settings.port, port, asked);
    }
    if let Some(jumps) = &overrides.jumps {
        first(&mut settings.proxy_jump, jumps.clone(), asked);
    }
    for file in &overrides.identity_files {
        add(settings.identity_files.get_or_insert_default(), file.clone(), asked);
    }
    settings
}
