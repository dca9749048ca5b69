//! Handing the key over: destinations are proven before anything is minted, and no key is lost.
//!
//! [`reserve`] opens every destination and the escrow while the device is still untouched: what it returns has room
//! on disk, in the right directory, with the right mode. [`Reservation::store`] then writes the key to each of them.
//! What could not be delivered goes to the escrow, a private file that was opened and filled beforehand.
//!
//! | kind | where | what it writes |
//! |---|---|---|
//! | `stdout` | `stdout.rs` | what `-o` says: [`Format`] |
//! | `file:PATH` | `file.rs` | the bare key and a newline |
//! | `dotenv:PATH` | `dotenv.rs` | `FORTIOS_ACCESS_HOSTNAME` and `FORTIOS_ACCESS_TOKEN`; other lines stay |
//! | `tfvars:PATH` | `tfvars.rs` | `fortios_hostname` and `fortios_token`; other lines stay |
//! | `ansible:PATH` | `ansible/` | host variables, plain or in Ansible Vault; other variables stay |
//! | `age:PATH` | `age.rs` | the bare key (or the record), sealed to recipients |
//! | `vault:MOUNT/PATH` | `vault/` | four fields of a KV version 2 secret; other fields stay |
//! | `k8s:PATH` | `kubernetes.rs` | the manifest of a Secret; `k8s:-` writes it to stdout |
//! | `exec:COMMAND` | `exec.rs` | the record as one line of JSON, on the command's stdin |
//!
//! What is written stands in a `Content`, whether a file or a stream takes it (`content.rs`). A new destination is a file (or
//! folder) here with a `Kind`, and its line in the table of `destination.rs`.
//!
//! A key goes into the escrow first ([`Reservation::secure`]), then to its destinations ([`Secured::deliver`]), and out of
//! the escrow when all of them have it ([`Delivered::finish`]): whenever the program dies, the key is somewhere.

pub mod answer;
pub mod destination;
pub mod escrow;
pub mod fetch;
pub mod format;
pub mod memory;
#[cfg(feature = "nats")]
pub mod outlet;
pub mod path;
pub mod pool;
pub mod record;
pub mod seal;
pub mod slot;

mod age;
mod ansible;
mod content;
mod dotenv;
mod edit;
mod environment;
mod exec;
mod feed;
mod file;
mod kubernetes;
mod options;
mod private;
mod stdout;
mod tfvars;
mod vault;

use std::path::PathBuf;

pub use answer::{Answer, Query, QueryError};
pub use destination::{Defaults, Destination, DestinationError};
pub use escrow::{EscrowError, EscrowPlace, Kept};
pub use fetch::{FetchError, Fetched};
pub use format::Format;
pub use memory::Memory;
pub use path::PathTemplate;
pub use pool::Pool;
pub use record::{Action, Change, Record};
pub use slot::{Delivered, Escrowed, Part, Reservation, Secured, Stored, Undelivered, reserve, resume};
pub use stdout::{Aside, write_aside};

/// What a destination may name of the device in its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The device as the operator calls it: `{{ device.name }}`.
    pub name: String,
    /// The address that was dialled, a host name or an IP address without brackets: `{{ device.address }}`.
    pub address: String,
}

/// Why a destination cannot take the key, or did not.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The template of the path has no usable result for this device.
    #[error("{destination}: no path for the device {device}")]
    Path {
        /// The destination as it was asked for.
        destination: String,
        /// The device's name.
        device: String,
        /// What is wrong with the path.
        source: path::PathError,
    },
    /// The directory that should hold the file is missing, or is no directory.
    #[error("{destination}: there is no directory {}", directory.display())]
    NoDirectory {
        /// The destination, its path resolved.
        destination: String,
        /// The missing directory.
        directory: PathBuf,
    },
    /// The path is taken by something that is not a regular file.
    #[error("{destination}: {} is {what}, not a regular file", path.display())]
    NotAFile {
        /// The destination, its path resolved.
        destination: String,
        /// The path that is taken.
        path: PathBuf,
        /// What is there instead: "a directory", "a device or pipe", "a link to nothing".
        what: &'static str,
    },
    /// The existing file is marked read-only, or may not be written by us.
    #[error("{destination}: {} is read-only", path.display())]
    ReadOnly {
        /// The destination, its path resolved.
        destination: String,
        /// The existing file.
        path: PathBuf,
    },
    /// Two destinations would replace the same file, or stdout is named twice.
    #[error("{first} and {second} are the same destination")]
    Twice {
        /// The destination that came first.
        first: String,
        /// The one that collides with it.
        second: String,
    },
    /// The existing file could not be edited without risking its other lines.
    #[error("{destination}: {} cannot be edited", path.display())]
    Unfit {
        /// The destination, its path resolved.
        destination: String,
        /// The existing file.
        path: PathBuf,
        /// What is wrong with it.
        source: EditError,
    },
    /// A destination that the escrow names cannot be understood any more.
    #[error("{destination}")]
    Unnamed {
        /// As the escrow names it.
        destination: String,
        /// What is wrong with it.
        source: DestinationError,
    },
    /// Nobody says where undelivered keys are kept.
    #[error("there is no place for a key that cannot be delivered: neither XDG_STATE_HOME nor HOME is set")]
    NoEscrow,
    /// Standard output is closed or `/dev/null`.
    #[error("stdout is closed or /dev/null, where a key is lost")]
    Nowhere,
    /// stdout is a terminal, and the key goes elsewhere too: nobody said that it may be seen.
    #[error("{destination}: stdout is a terminal, and the key goes elsewhere too")]
    Terminal {
        /// The destination as it is told.
        destination: String,
    },
    /// A file is to be sealed, and nobody is to read it.
    #[error("{destination}: nobody is named who may open it")]
    NoRecipient {
        /// The destination as it was asked for.
        destination: String,
    },
    /// A service (a secret store, a command) refused or could not be had.
    #[error("{destination}: could not {doing}")]
    Service {
        /// The destination as it is told.
        destination: String,
        /// What was being done: "log in", "write the key".
        doing: String,
        /// The service's reason; no secret in it.
        source: Box<dyn std::error::Error + Send + Sync>,
        /// What to type or do next.
        hint: Option<String>,
    },
    /// The system refused.
    #[error("{destination}: could not {doing}")]
    Io {
        /// The destination, its path resolved.
        destination: String,
        /// What was being done: "write the key", "create a file in keys".
        doing: String,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl DeliverError {
    /// What to type or do next, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            DeliverError::NoDirectory { directory, .. } => Some(format!("mkdir -p {}", directory.display())),
            DeliverError::NotAFile { what: "a device or pipe", .. } => {
                Some("to hand the key to a command, use --to stdout and a pipe".into())
            }
            DeliverError::Nowhere => Some("name where the key goes: --to file:PATH, or a pipe".into()),
            DeliverError::ReadOnly { path, .. } => Some(format!("chmod u+w {}, or name another file", path.display())),
            DeliverError::Io { destination, .. } if destination == escrow::LABEL => {
                Some("XDG_STATE_HOME names the directory that keeps undelivered keys".into())
            }
            DeliverError::Terminal { .. } => Some("--reveal shows the key on the terminal".into()),
            DeliverError::NoRecipient { .. } => Some("add recipient=age1…, or an SSH public key".into()),
            DeliverError::NoEscrow => Some("set XDG_STATE_HOME to a directory that you may write to".into()),
            DeliverError::Path { source, .. } => source.hint(),
            DeliverError::Service { hint, .. } => hint.clone(),
            _ => None,
        }
    }
}

/// Why the lines of an existing file cannot be told apart safely.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Not text.
    #[error("it is not UTF-8 text")]
    NotText,
    /// More than 1 MiB: not a file of settings.
    #[error("it has {bytes} bytes; a file of settings has at most {}", private::LARGEST)]
    TooLarge {
        /// The size found.
        bytes: u64,
    },
    /// YAML that is not plainly one variable a line.
    #[error("line {line}: {problem}")]
    Yaml {
        /// The line, counted from 1.
        line: usize,
        /// What is the matter there.
        problem: String,
    },
    /// A quoted value, a comment, a list or a heredoc has no end.
    #[error("what begins in line {line} has no end")]
    Unclosed {
        /// The line, counted from 1, where it begins.
        line: usize,
    },
}
