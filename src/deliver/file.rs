//! Destinations that are files: `file:`, `dotenv:`, `tfvars:`, and the reserved file of every other kind.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::content::{Content, ContentError, Found, Lines};
use super::destination::{DestinationError, Kind, Target};
use super::fetch::{FetchError, Fetched};
use super::options::Options;
use super::path::PathTemplate;
use super::private::{LARGEST, PrivateFile};
use super::record::Record;
use super::slot::Slot;
use super::{DeliverError, Device, EditError, Format};
use crate::secret::Secret;

/// `file:PATH`: the bare key and a newline; an existing file is replaced.
pub(super) static KEY: Kind = kind("file", "file:PATH", |options| FileTarget::shared(options, Format::Key));

/// `dotenv:PATH`: two variables; other lines of an existing file stay.
pub(super) static DOTENV: Kind = kind("dotenv", "dotenv:PATH", |options| FileTarget::shared(options, Lines::Dotenv));

/// `tfvars:PATH`: two Terraform variables; other lines of an existing file stay.
pub(super) static TFVARS: Kind = kind("tfvars", "tfvars:PATH", |options| {
    if options.value.ends_with(".json") {
        return Err(DestinationError::TfvarsJson(options.value.clone()));
    }
    FileTarget::shared(options, Lines::Tfvars)
});

type Parse = fn(&Options) -> Result<Arc<dyn Target>, DestinationError>;

const fn kind(name: &'static str, syntax: &'static str, parse: Parse) -> Kind {
    Kind { name, syntax, value_name: "path", options: &[], parse }
}

/// A file whose path may name the device.
pub(super) struct FileTarget {
    kind: &'static str,
    /// The options as they stand behind the path.
    options: String,
    path: PathTemplate,
    content: Arc<dyn Content>,
}

impl FileTarget {
    /// The file that `options` name. Fails without a usable path.
    pub(super) fn new(options: &Options, content: Arc<dyn Content>) -> Result<Self, DestinationError> {
        Ok(FileTarget { kind: options.kind, options: options.tail(), path: options.path()?, content })
    }

    /// The destination as it was asked for, without its options.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.kind, self.path.as_str())
    }

    fn shared(options: &Options, content: impl Content + 'static) -> Result<Arc<dyn Target>, DestinationError> {
        Ok(Arc::new(FileTarget::new(options, Arc::new(content))?))
    }
}

impl Target for FileTarget {
    fn reserve(&self, device: &Device, _: Format) -> Result<Box<dyn Slot>, DeliverError> {
        let (label, path) = self.path.file_for(self.kind, device)?;
        Ok(Box::new(FileSlot::reserve(label, &self.options, &path, Arc::clone(&self.content))?))
    }

    fn fetch(&self, device: &Device) -> Result<Fetched, FetchError> {
        let (label, path) = self.path.file_for(self.kind, device)?;
        fetch(label, &path, self.content.as_ref())
    }
}

/// Reads a key back out of the file at `path`.
pub(super) fn fetch(label: String, path: &Path, content: &dyn Content) -> Result<Fetched, FetchError> {
    let Some(bytes) = whole(&label, path)? else { return Err(FetchError::Nothing { destination: label }) };
    match content.read_back(&bytes) {
        Ok(Found { key, hostname }) => {
            Ok(Fetched { destination: label, key, hostname, api_user: None, generated_at: None })
        }
        Err(ContentError::NoKey(problem)) => Err(FetchError::NoKey { destination: label, problem }),
        Err(error) => Err(unwritten(&label, path, error).into()),
    }
}

/// A reserved file.
pub(super) struct FileSlot {
    label: String,
    spec: String,
    path: PathBuf,
    content: Arc<dyn Content>,
    draft: PrivateFile,
}

impl FileSlot {
    /// Proves that `path` can be written: the directory takes a file, the disk has room, what is there already is a
    /// regular file that may be replaced and whose other lines can be told apart. `options` are kept for another run.
    ///
    /// A symbolic link is followed: its target is replaced and the link stays.
    pub(super) fn reserve(
        label: String,
        options: &str,
        path: &Path,
        content: Arc<dyn Content>,
    ) -> Result<Self, DeliverError> {
        let path = resolve(&label, path)?;
        let existing = existing(&label, &path, content.as_ref())?;
        content.check(&existing).map_err(|error| unwritten(&label, &path, error))?;
        let directory = directory_of(&path);
        let draft = PrivateFile::reserve(directory, content.room(existing.len()))
            .map_err(io_error(&label, &format!("create a file in {}", directory.display())))?;
        let kind = label.split(':').next().unwrap_or_default();
        let spec = format!("{kind}:{}{options}", path.display());
        Ok(FileSlot { label, spec, path, content, draft })
    }
}

impl Slot for FileSlot {
    fn label(&self) -> &str {
        &self.label
    }

    fn spec(&self) -> String {
        self.spec.clone()
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.path)
    }

    /// Writes the key. The existing file is read again: others may have changed their lines meanwhile.
    fn store(self: Box<Self>, record: &Record, key: &Secret) -> Result<(), DeliverError> {
        let existing = existing(&self.label, &self.path, self.content.as_ref())?;
        let rendered = self.content.render(&existing, record, key);
        let bytes = rendered.map_err(|error| unwritten(&self.label, &self.path, error))?;
        self.draft.replace(&self.path, &bytes).map_err(io_error(&self.label, "write the key"))
    }
}

/// The text of the file whose other lines stay; empty when there is none, or when nothing of it stays.
fn existing(label: &str, path: &Path, content: &dyn Content) -> Result<Zeroizing<String>, DeliverError> {
    if !content.keeps_others() {
        return Ok(Zeroizing::default());
    }
    let mut bytes = whole(label, path)?.unwrap_or_default();
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            Err(unfit(label, path, EditError::NotText))
        }
    }
}

/// The bytes of a file of settings; none when there is no file.
fn whole(label: &str, path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, DeliverError> {
    let unread = || io_error(label, &format!("read {}", path.display()));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unread()(error)),
    };
    let size = file.metadata().map_err(unread())?.len();
    if size > LARGEST {
        return Err(unfit(label, path, EditError::TooLarge { bytes: size }));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1));
    file.take(LARGEST).read_to_end(&mut bytes).map_err(unread())?;
    Ok(Some(bytes))
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

/// Says of which destination it is that nothing can be written.
pub(super) fn unwritten(label: &str, path: &Path, error: ContentError) -> DeliverError {
    match error {
        ContentError::Edit(source) => unfit(label, path, source),
        ContentError::Io(source) => io_error(label, "write the key")(source),
        ContentError::Locked { doing, source, hint } => {
            DeliverError::Service { destination: label.into(), doing: doing.into(), source, hint }
        }
        ContentError::NoKey(problem) => io_error(label, "read the key")(io::Error::other(problem)),
    }
}

/// Wraps the system's refusal with what was being done.
pub(super) fn io_error(label: &str, doing: &str) -> impl FnOnce(io::Error) -> DeliverError + use<> {
    let (destination, doing) = (label.to_owned(), doing.to_owned());
    move |source| DeliverError::Io { destination, doing, source }
}
