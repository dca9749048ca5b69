//! The destination `age:`: a file that only the recipients read.

use std::fs;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::content::{Content, ContentError, Found, no_key};
use super::destination::{DestinationError, Kind, Target};
use super::fetch::{FetchError, Fetched};
use super::file::FileTarget;
use super::options::Options;
use super::record::Record;
use super::seal::{self, Recipients};
use super::slot::Slot;
use super::{DeliverError, Device, Format};
use crate::secret::Secret;

/// `age:PATH`: sealed with age; an existing file is replaced.
pub(super) static KIND: Kind = Kind {
    name: "age",
    syntax: "age:PATH",
    value_name: "path",
    options: &[RECIPIENT, RECIPIENTS_FILE, CONTENT, ARMOR, IDENTITY],
    parse,
};

/// A recipient; several times: several.
pub(super) const RECIPIENT: &str = "recipient";
/// A file of recipients, as `age -R` reads it.
pub(super) const RECIPIENTS_FILE: &str = "recipients-file";
const CONTENT: &str = "content";
const ARMOR: &str = "armor";
const IDENTITY: &str = "identity";

/// The file of identities that reads sealed keys back, where a destination names none.
const IDENTITY_VARIABLE: &str = "FGTKEY_AGE_IDENTITY";

/// What is added to a plain text of few bytes for each recipient, in bytes: an RSA key of 16384 bits and its lines.
const ROOM_FOR_A_RECIPIENT: usize = 4096;

fn parse(options: &Options) -> Result<Arc<dyn Target>, DestinationError> {
    let options = options.clone().absolute(&[RECIPIENTS_FILE, IDENTITY]);
    let sealed = Sealed {
        recipients: recipients(&options)?,
        format: content(&options)?,
        armor: armor(&options)?,
        identity: options.one(IDENTITY).map(str::to_owned),
    };
    let is_addressed = !sealed.recipients.is_empty();
    Ok(Arc::new(AgeTarget { is_addressed, file: FileTarget::new(&options, Arc::new(sealed))? }))
}

fn recipients(options: &Options) -> Result<Recipients, DestinationError> {
    let mut texts: Vec<String> = options.all(RECIPIENT).map(str::to_owned).collect();
    for file in options.all(RECIPIENTS_FILE) {
        texts.extend(recipients_of(file).map_err(|error| options.refused(RECIPIENTS_FILE, error))?);
    }
    Ok(Recipients::parse(texts.iter().map(String::as_str))?)
}

/// One a line; empty lines and comments are passed over.
fn recipients_of(file: &str) -> std::io::Result<Vec<String>> {
    let text = fs::read_to_string(super::path::expanded(file))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(str::to_owned).collect())
}

/// What is sealed: the bare key, so that `age -d` prints it, or a format of `-o`.
fn content(options: &Options) -> Result<Format, DestinationError> {
    match options.one(CONTENT) {
        None => Ok(Format::Key),
        Some(text) => text.parse().map_err(|error| options.refused(CONTENT, error)),
    }
}

fn armor(options: &Options) -> Result<bool, DestinationError> {
    match options.one(ARMOR) {
        None | Some("no" | "false") => Ok(false),
        Some("yes" | "true") => Ok(true),
        Some(_) => Err(options.refused(ARMOR, "it is yes or no")),
    }
}

struct AgeTarget {
    is_addressed: bool,
    file: FileTarget,
}

impl Target for AgeTarget {
    fn reserve(&self, device: &Device, format: Format) -> Result<Box<dyn Slot>, DeliverError> {
        if self.is_addressed {
            self.file.reserve(device, format)
        } else {
            Err(DeliverError::NoRecipient { destination: self.file.name() })
        }
    }

    fn fetch(&self, device: &Device) -> Result<Fetched, FetchError> {
        self.file.fetch(device)
    }

    fn check(&self) -> Result<(), DestinationError> {
        let example = "add recipient=age1…, or --age-recipient age1… for all destinations";
        let missing = DestinationError::NoOption { kind: KIND.name, option: RECIPIENT, example };
        if self.is_addressed { Ok(()) } else { Err(missing) }
    }
}

/// A format of `-o`, sealed.
struct Sealed {
    recipients: Recipients,
    format: Format,
    armor: bool,
    identity: Option<String>,
}

impl Content for Sealed {
    fn room(&self, existing: usize) -> usize {
        existing + ROOM_FOR_A_RECIPIENT * (1 + self.recipients.texts().count())
    }

    fn render(&self, _: &str, record: &Record, key: &Secret) -> Result<Zeroizing<Vec<u8>>, ContentError> {
        let plain = self.format.render(record, key)?;
        let sealed = if self.armor { self.recipients.seal_armored(&plain) } else { self.recipients.seal(&plain) };
        Ok(Zeroizing::new(sealed?))
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Found, ContentError> {
        let identity = self.identity.clone().or_else(|| std::env::var(IDENTITY_VARIABLE).ok());
        let identity = identity.ok_or_else(|| locked("there is no identity to open it with".into()))?;
        let plain = seal::open(bytes, &super::path::expanded(&identity)).map_err(|error| locked(Box::new(error)))?;
        match self.format {
            Format::NameAndKey => Err(no_key("it has keys of several devices")),
            format => format.read_back(&plain),
        }
    }
}

fn locked(source: Box<dyn std::error::Error + Send + Sync>) -> ContentError {
    let hint = format!("{IDENTITY}=FILE, or {IDENTITY_VARIABLE}, names the file of an identity");
    ContentError::Locked { doing: "open the sealed file", source, hint: Some(hint) }
}
