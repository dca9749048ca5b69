//! What is written to a destination that holds bytes: a file, a stream.

use std::error::Error;
use std::io;

use zeroize::Zeroizing;

use super::edit::{Setting, Statement, rewrite};
use super::record::Record;
use super::{EditError, Format, dotenv, format, tfvars};
use crate::secret::Secret;

/// Room for what is written beside what is there already, in bytes.
const ROOM: usize = 4096;

/// The bytes of a key in the manner of one kind of destination.
pub(super) trait Content: Send + Sync {
    /// Whether what others wrote stays: then the existing file is read, and `existing` below is its text.
    fn keeps_others(&self) -> bool {
        false
    }

    /// Proves that `existing` can be edited, and that whatever that takes (a password) is there.
    fn check(&self, _existing: &str) -> Result<(), ContentError> {
        Ok(())
    }

    /// How many bytes to set aside where there are `existing` bytes.
    fn room(&self, existing: usize) -> usize {
        existing + ROOM
    }

    /// All the bytes; their memory is wiped.
    fn render(&self, existing: &str, record: &Record, key: &Secret) -> Result<Zeroizing<Vec<u8>>, ContentError>;

    /// The key in what was written, and the host beside it.
    ///
    /// The error says what is missing.
    fn read_back(&self, bytes: &[u8]) -> Result<Found, ContentError>;
}

/// A key as a file has it.
pub(super) struct Found {
    /// The key.
    pub(super) key: Secret,
    /// The host part of the device's URL, where the file has it.
    pub(super) hostname: Option<String>,
}

/// Why nothing can be written, or read back.
#[derive(Debug)]
pub(super) enum ContentError {
    /// The lines of others cannot be told apart.
    Edit(EditError),
    /// It could not be put together.
    Io(io::Error),
    /// It is locked, and the key to it is missing or wrong.
    Locked {
        /// What was being done: "open the vault".
        doing: &'static str,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
        /// What to type next.
        hint: Option<String>,
    },
    /// There is no key in it; the text says what is missing.
    NoKey(String),
}

impl From<EditError> for ContentError {
    fn from(error: EditError) -> Self {
        ContentError::Edit(error)
    }
}

impl From<io::Error> for ContentError {
    fn from(error: io::Error) -> Self {
        ContentError::Io(error)
    }
}

/// A format of `-o`, written as a whole.
impl Content for Format {
    fn render(&self, _: &str, record: &Record, key: &Secret) -> Result<Zeroizing<Vec<u8>>, ContentError> {
        Ok(Format::render(*self, record, key)?)
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Found, ContentError> {
        let text = std::str::from_utf8(bytes).map_err(|_| EditError::NotText)?;
        match self {
            Format::Key => Ok(Found { key: bare_key(text)?, hostname: None }),
            Format::Json => record_key(text),
            Format::Env => Lines::Dotenv.read_back(bytes),
            Format::Tfvars => Lines::Tfvars.read_back(bytes),
            Format::NameAndKey => Err(no_key("it has keys of several devices")),
        }
    }
}

/// One word on the only line.
fn bare_key(text: &str) -> Result<Secret, ContentError> {
    let text = text.trim_end();
    if text.is_empty() || text.contains(char::is_whitespace) {
        return Err(no_key("it does not hold one bare key"));
    }
    Ok(Secret::new(text))
}

/// The fields of a record that are read back.
#[derive(serde::Deserialize)]
struct Entry {
    key: String,
    address: Option<String>,
    https_port: Option<u16>,
}

fn record_key(text: &str) -> Result<Found, ContentError> {
    // The parser's own words may quote the text, and the text is a secret.
    let entry: Entry = serde_json::from_str(text).map_err(|_| no_key("it is no record with a key"))?;
    let host = Record { address: entry.address, https_port: entry.https_port, ..Record::new("") };
    Ok(Found { key: Secret::new(entry.key), hostname: host.url_host() })
}

pub(super) fn no_key(problem: &str) -> ContentError {
    ContentError::NoKey(problem.to_owned())
}

/// Two settings among the lines of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    /// `FORTIOS_ACCESS_HOSTNAME` and `FORTIOS_ACCESS_TOKEN`.
    Dotenv,
    /// `fortios_hostname` and `fortios_token`.
    Tfvars,
}

impl Lines {
    fn settings(self, record: &Record, key: &Secret) -> Vec<Setting> {
        match self {
            Lines::Dotenv => format::env(record, key),
            Lines::Tfvars => format::terraform(record, key),
        }
    }

    fn statements(self, text: &str) -> Result<Vec<Statement<'_>>, EditError> {
        match self {
            Lines::Dotenv => dotenv::statements(text),
            Lines::Tfvars => tfvars::statements(text),
        }
    }

    /// The names of the host and of the key.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Lines::Dotenv => (format::HOSTNAME, format::TOKEN),
            Lines::Tfvars => (format::TERRAFORM_HOSTNAME, format::TERRAFORM_TOKEN),
        }
    }

    /// The value of a statement that we could have written.
    fn value(self, statement: &Statement<'_>) -> Option<Zeroizing<String>> {
        match self {
            Lines::Dotenv => dotenv::value(statement.text),
            Lines::Tfvars => tfvars::value(statement.text),
        }
    }
}

impl Content for Lines {
    fn keeps_others(&self) -> bool {
        true
    }

    fn check(&self, existing: &str) -> Result<(), ContentError> {
        self.statements(existing)?;
        Ok(())
    }

    fn render(&self, existing: &str, record: &Record, key: &Secret) -> Result<Zeroizing<Vec<u8>>, ContentError> {
        let mut text = rewrite(&self.statements(existing)?, &self.settings(record, key));
        Ok(Zeroizing::new(std::mem::take(&mut *text).into_bytes()))
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Found, ContentError> {
        let text = std::str::from_utf8(bytes).map_err(|_| EditError::NotText)?;
        let statements = self.statements(text)?;
        // What is said last counts, for shells and for Terraform.
        let last = |name: &str| statements.iter().rev().find(|statement| statement.name == Some(name));
        let (host, token) = self.names();
        let key = last(token).and_then(|statement| self.value(statement));
        let key = key.filter(|key| !key.is_empty()).ok_or_else(|| no_key(&format!("{token} is not set in it")))?;
        let hostname = last(host).and_then(|statement| self.value(statement)).map(|host| host.to_string());
        Ok(Found { key: Secret::new(key.as_str()), hostname })
    }
}
