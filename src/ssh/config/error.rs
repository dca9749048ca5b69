//! What can be wrong with ssh_config, and where.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::ssh::hostkeys::Place;

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// What was asked for directly: the device's `[user@]host[:port]`, `-u`, `-i`, `-J`, or the inventory.
    Asked,
    /// The text of a `-o`.
    Option(Arc<str>),
    /// A line of a file.
    File(Place),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Asked => f.write_str("command line"),
            Origin::Option(text) => write!(f, "-o {text}"),
            Origin::File(place) => place.fmt(f),
        }
    }
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A value that the keyword does not take.
    #[error("`{value}` is not {expected}")]
    Value {
        /// The value as it was given.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Nothing but the keyword.
    #[error("it has no argument")]
    NoArgument,
    /// An argument of no characters.
    #[error("it has an empty argument")]
    EmptyArgument,
    /// More arguments than the keyword takes.
    #[error("`{0}` is one argument too many")]
    ExtraArgument(String),
    /// `none` among other values.
    #[error("`none` must stand alone")]
    NoneAmongOthers,
    /// A quote is not closed.
    #[error("its quotes do not match")]
    Quotes,
    /// `Host`, `Match` and `Include` are for files.
    #[error("it can stand in a file only")]
    FileOnly,
    /// `Match` with `all` beside other criteria.
    #[error("`all` must be the only criterion")]
    AllAmongOthers,
    /// A criterion of `Match` that is not known.
    #[error("`{0}` is not a criterion")]
    Criterion(String),
    /// An `Include` of a system's file that begins with `~`.
    #[error("`{0}` names a home directory, which a file of the system must not")]
    HomeInSystemFile(String),
    /// An `Include` that is no file pattern.
    #[error("`{0}` is not a pattern of file names")]
    Glob(String),
    /// An `Include` whose file depends on the device: read once for all devices, it cannot.
    #[error("the file that it names depends on the device (`{0}`), which is not supported")]
    IncludePerDevice(String),
    /// Files that include each other more than 16 deep.
    #[error("files include each other more than {} deep", super::source::MOST_DEPTH)]
    TooDeep,
    /// A `%` that is followed by something that this keyword does not know.
    #[error("`{0}` has a token that is not known here")]
    Token(String),
    /// `${` without its end.
    #[error("`{0}` has a variable without an end")]
    Variable(String),
    /// A variable that is not set.
    #[error("the variable {0} is not set")]
    Unset(String),
    /// `~user` of somebody unknown.
    #[error("there is no user for `{0}`")]
    NoSuchUser(String),
}

/// A setting that depends on a `Match` that is not evaluated here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: whether {keyword} holds for {host} depends on `Match {criterion}` ({origin}), which is not supported")]
pub struct Undecided {
    /// The criterion: `exec` runs a command, `localnetwork` looks at interfaces, `version` is about OpenSSH.
    pub criterion: &'static str,
    /// Where the `Match` stands.
    pub origin: Origin,
    /// The setting that depends on it.
    pub keyword: &'static str,
    /// Where the setting stands.
    pub at: Origin,
    /// The name of the device.
    pub host: String,
}

/// Why ssh_config is of no use, or not for this device.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A jump host that is the device itself.
    #[error("{host} is reached through itself")]
    JumpLoop {
        /// The name of the device or of the hop.
        host: String,
    },
    /// A line that OpenSSH would not accept either.
    #[error("{origin}: {keyword}: {problem}")]
    Malformed {
        /// Where.
        origin: Origin,
        /// The keyword as it was written.
        keyword: String,
        /// What is wrong.
        problem: Problem,
    },
    /// Others could have written the file.
    #[error("{} may be written by others, or belongs to another user", file.display())]
    Permissions {
        /// The file.
        file: PathBuf,
    },
    /// A file that is there, or was asked for, cannot be read.
    #[error("{} cannot be read", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// `RefuseConnection` holds for the device.
    #[error("{origin} refuses connections to {host}: {message}")]
    Refused {
        /// Where.
        origin: Origin,
        /// The name of the device.
        host: String,
        /// What the line says.
        message: String,
    },
    /// Whether a setting holds for the device depends on a criterion that is not evaluated here.
    #[error(transparent)]
    Undecided(Box<Undecided>),
    /// No such keyword, and `IgnoreUnknown` does not name it.
    #[error("{origin}: `{keyword}` is not a keyword of ssh_config")]
    UnknownKeyword {
        /// Where.
        origin: Origin,
        /// The keyword as it was written.
        keyword: String,
        /// One that it may be meant for.
        similar: Option<&'static str>,
    },
    /// A keyword whose meaning for the device would be lost.
    #[error("{origin}: {keyword} holds for {host} and is not supported")]
    Unsupported {
        /// Where.
        origin: Origin,
        /// The keyword.
        keyword: &'static str,
        /// The name of the device.
        host: String,
    },
}

impl ConfigError {
    /// What to type next.
    pub fn hint(&self) -> Option<String> {
        let without = "or leave ssh_config out with --ssh-config none";
        match self {
            ConfigError::JumpLoop { .. } => Some("let ProxyJump none hold for the jump host".to_owned()),
            ConfigError::Malformed { problem: Problem::IncludePerDevice(_), .. } => {
                Some(format!("name the file in full, {without}"))
            }
            ConfigError::Malformed { .. } => None,
            ConfigError::Permissions { file } => Some(format!("chmod go-w {}", file.display())),
            ConfigError::Read { .. } => Some(format!("name another file with -F, {without}")),
            ConfigError::Refused { .. } => None,
            ConfigError::Undecided(_) => {
                Some(format!("say what holds for the device in a `Host` block above that line, {without}"))
            }
            ConfigError::UnknownKeyword { similar: Some(similar), .. } => Some(format!("did you mean {similar}?")),
            ConfigError::UnknownKeyword { keyword, similar: None, .. } => {
                Some(format!("`IgnoreUnknown {keyword}` above that line makes it harmless, for ssh too"))
            }
            ConfigError::Unsupported { keyword: "ProxyCommand", .. } => {
                Some(format!("use ProxyJump in its place or -J, {without}"))
            }
            ConfigError::Unsupported { keyword, .. } => Some(match off(keyword) {
                Some(off) => format!("let {keyword} {off} hold for this device above that line, {without}"),
                None => "leave ssh_config out with --ssh-config none".to_owned(),
            }),
        }
    }
}

/// The value with which a keyword means nothing.
fn off(keyword: &str) -> Option<&'static str> {
    match keyword {
        "BindInterface" => None,
        "CanonicalizeHostname" | "CheckHostIP" => Some("no"),
        _ => Some("none"),
    }
}
