//! Destinations that are files: `file:`, `dotenv:`, `tfvars:`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use std::sync::Arc;

use super::destination::{DestinationError, Kind, Target};
use super::edit::{Setting, Statement, rewrite};
use super::fetch::{FetchError, Fetched};
use super::options::Options;
use super::path::PathTemplate;
use super::private::{LARGEST, PrivateFile};
use super::record::Record;
use super::slot::Slot;
use super::{DeliverError, Device, EditError, Format, dotenv, format, tfvars};
use crate::secret::Secret;

/// `file:PATH`: the bare key and a newline; an existing file is replaced.
pub(super) static KEY: Kind = kind("file", "file:PATH", |options| target(options, Content::Key));

/// `dotenv:PATH`: two variables; other lines of an existing file stay.
pub(super) static DOTENV: Kind = kind("dotenv", "dotenv:PATH", |options| target(options, Content::Dotenv));

/// `tfvars:PATH`: two Terraform variables; other lines of an existing file stay.
pub(super) static TFVARS: Kind = kind("tfvars", "tfvars:PATH", |options| {
    if options.value.ends_with(".json") {
        return Err(DestinationError::TfvarsJson(options.value.clone()));
    }
    target(options, Content::Tfvars)
});

type Parse = fn(&Options) -> Result<Arc<dyn Target>, DestinationError>;

const fn kind(name: &'static str, syntax: &'static str, parse: Parse) -> Kind {
    Kind { name, syntax, value_name: "path", options: &[], parse }
}

fn target(options: &Options, content: Content) -> Result<Arc<dyn Target>, DestinationError> {
    Ok(Arc::new(FileTarget { kind: options.kind, path: options.path()?, content }))
}

struct FileTarget {
    kind: &'static str,
    path: PathTemplate,
    content: Content,
}

impl Target for FileTarget {
    fn reserve(&self, device: &Device, _: Format) -> Result<Box<dyn Slot>, DeliverError> {
        let (label, path) = self.path.file_for(self.kind, device)?;
        Ok(Box::new(FileSlot::reserve(label, &path, self.content)?))
    }

    fn fetch(&self, device: &Device) -> Result<Fetched, FetchError> {
        let (destination, path) = self.path.file_for(self.kind, device)?;
        let Some(text) = text_of(&destination, &path)? else { return Err(FetchError::Nothing { destination }) };
        match self.content.read(&text) {
            Ok((key, hostname)) => {
                Ok(Fetched { destination, key: Secret::new(&*key), hostname, api_user: None, generated_at: None })
            }
            Err(problem) => Err(FetchError::NoKey { destination, problem }),
        }
    }
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// The bare key and a newline.
    Key,
    /// Two variables among the lines of others.
    Dotenv,
    /// Two Terraform variables among the statements of others.
    Tfvars,
}

/// Room for two settings and their line ends, in bytes.
const ROOM: usize = 4096;

/// A reserved file.
pub(super) struct FileSlot {
    label: String,
    path: PathBuf,
    content: Content,
    draft: PrivateFile,
}

impl FileSlot {
    /// Proves that `path` can be written: the directory takes a file, the disk has room, what is there already is a
    /// regular file that may be replaced and whose other lines can be told apart.
    ///
    /// A symbolic link is followed: its target is replaced and the link stays.
    pub(super) fn reserve(label: String, path: &Path, content: Content) -> Result<Self, DeliverError> {
        let path = resolve(&label, path)?;
        let existing = existing(&label, &path, content)?;
        content.check(&existing).map_err(|source| unfit(&label, &path, source))?;
        let directory = directory_of(&path);
        let draft = PrivateFile::reserve(directory, existing.len() + ROOM)
            .map_err(io_error(&label, &format!("create a file in {}", directory.display())))?;
        Ok(FileSlot { label, path, content, draft })
    }

    fn edited(&self, existing: &str, settings: &[Setting]) -> Result<Zeroizing<Vec<u8>>, DeliverError> {
        let statements = self.content.statements(existing).map_err(|source| unfit(&self.label, &self.path, source))?;
        let mut text = rewrite(&statements, settings);
        Ok(Zeroizing::new(std::mem::take(&mut *text).into_bytes()))
    }
}

impl Slot for FileSlot {
    fn label(&self) -> &str {
        &self.label
    }

    fn spec(&self) -> String {
        let kind = self.label.split(':').next().unwrap_or_default();
        format!("{kind}:{}", self.path.display())
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.path)
    }

    /// Writes the key. The existing file is read again: others may have changed their lines meanwhile.
    fn store(self: Box<Self>, record: &Record, key: &Secret) -> Result<(), DeliverError> {
        let existing = existing(&self.label, &self.path, self.content)?;
        let bytes = match self.content.settings(record, key) {
            None => Format::Key.render(record, key).map_err(io_error(&self.label, "write the key"))?,
            Some(settings) => self.edited(&existing, &settings)?,
        };
        self.draft.replace(&self.path, &bytes).map_err(io_error(&self.label, "write the key"))
    }
}

impl Content {
    fn settings(self, record: &Record, key: &Secret) -> Option<Vec<Setting>> {
        match self {
            Content::Key => None,
            Content::Dotenv => Some(format::env(record, key)),
            Content::Tfvars => Some(format::terraform(record, key)),
        }
    }

    fn statements(self, text: &str) -> Result<Vec<Statement<'_>>, EditError> {
        match self {
            Content::Key => Ok(Vec::new()),
            Content::Dotenv => dotenv::statements(text),
            Content::Tfvars => tfvars::statements(text),
        }
    }

    fn check(self, text: &str) -> Result<(), EditError> {
        self.statements(text).map(drop)
    }

    /// The key in such a file, and the host beside it; or what is wrong with the file.
    fn read(self, text: &str) -> Result<(Zeroizing<String>, Option<String>), String> {
        let value: fn(&Statement<'_>) -> Option<Zeroizing<String>> = match self {
            Content::Key => return bare_key(text).map(|key| (key, None)),
            Content::Dotenv => dotenv::value,
            Content::Tfvars => tfvars::value,
        };
        let statements = self.statements(text).map_err(|error| error.to_string())?;
        // Of several settings of one name the last one counts, for shells as for Terraform.
        let last = |name| statements.iter().rev().find(|statement| statement.name == Some(name)).and_then(value);
        let (host, token) = self.names();
        let key = last(token).filter(|key| !key.is_empty()).ok_or(format!("{token} has no value"))?;
        Ok((key, last(host).map(|host| host.to_string()).filter(|host| !host.is_empty())))
    }

    /// The settings of the host and of the key.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Content::Tfvars => (format::TERRAFORM_HOSTNAME, format::TERRAFORM_TOKEN),
            Content::Key | Content::Dotenv => (format::HOSTNAME, format::TOKEN),
        }
    }
}

/// A key is one word on one line.
fn bare_key(text: &str) -> Result<Zeroizing<String>, String> {
    let mut words = text.split_whitespace();
    match (words.next(), words.next()) {
        (Some(key), None) => Ok(Zeroizing::new(key.to_owned())),
        (None, _) => Err("the file is empty".into()),
        (Some(_), Some(_)) => Err("there is more than one word in it".into()),
    }
}

/// The text of the file whose other lines stay; empty when there is none, or when nothing of it stays.
fn existing(label: &str, path: &Path, content: Content) -> Result<Zeroizing<String>, DeliverError> {
    if content == Content::Key {
        return Ok(Zeroizing::default());
    }
    Ok(text_of(label, path)?.unwrap_or_default())
}

/// The text of a file; none when there is no file.
fn text_of(label: &str, path: &Path) -> Result<Option<Zeroizing<String>>, DeliverError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error(label, &format!("read {}", path.display()))(error)),
    };
    let size = file.metadata().map_err(io_error(label, &format!("read {}", path.display())))?.len();
    if size > LARGEST {
        return Err(unfit(label, path, EditError::TooLarge { bytes: size }));
    }
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(size).unwrap_or_default() + 1));
    match file.take(LARGEST).read_to_string(&mut text) {
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::InvalidData => Err(unfit(label, path, EditError::NotText)),
        Err(error) => Err(io_error(label, &format!("read {}", path.display()))(error)),
    }
}

/// The real path of what will be replaced: its directory canonical, a link followed.
fn resolve(label: &str, path: &Path) -> Result<PathBuf, DeliverError> {
    let directory = directory_of(path);
    let path = match (directory.canonicalize(), path.file_name()) {
        (Ok(directory), Some(name)) if directory.is_dir() => directory.join(name),
        (Err(error), _) if !is_missing(&error) => {
            return Err(io_error(label, &format!("look into {}", directory.display()))(error));
        }
        _ => return Err(DeliverError::NoDirectory { destination: label.into(), directory: directory.into() }),
    };
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(path),
        Err(error) => Err(io_error(label, &format!("look at {}", path.display()))(error)),
        Ok(found) if found.is_symlink() => replaceable(label, follow(label, path)?),
        Ok(_) => replaceable(label, path),
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn follow(label: &str, link: PathBuf) -> Result<PathBuf, DeliverError> {
    link.canonicalize().map_err(|error| match error.kind() {
        ErrorKind::NotFound => not_a_file(label, &link, "a link to nothing"),
        _ => io_error(label, &format!("follow the link {}", link.display()))(error),
    })
}

/// A regular file that may be written. Renaming over it would work without that right, so the right is asked for.
fn replaceable(label: &str, path: PathBuf) -> Result<PathBuf, DeliverError> {
    let found = fs::metadata(&path).map_err(io_error(label, &format!("look at {}", path.display())))?;
    if found.is_dir() {
        return Err(not_a_file(label, &path, "a directory"));
    }
    if !found.is_file() {
        return Err(not_a_file(label, &path, "a device or pipe"));
    }
    let writable = !found.permissions().readonly() && OpenOptions::new().append(true).open(&path).is_ok();
    if writable { Ok(path) } else { Err(DeliverError::ReadOnly { destination: label.into(), path }) }
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn not_a_file(label: &str, path: &Path, what: &'static str) -> DeliverError {
    DeliverError::NotAFile { destination: label.into(), path: path.into(), what }
}

fn unfit(label: &str, path: &Path, source: EditError) -> DeliverError {
    DeliverError::Unfit { destination: label.into(), path: path.into(), source }
}

/// Wraps the system's refusal with what was being done.
pub(super) fn io_error(label: &str, doing: &str) -> impl FnOnce(io::Error) -> DeliverError {
    let (destination, doing) = (label.to_owned(), doing.to_owned());
    move |source| DeliverError::Io { destination, doing, source }
}
