//! The destination `stdout`.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::content::Content;
use super::destination::{DestinationError, Kind, Target};
use super::file::{io_error, unwritten};
use super::options::Options;
use super::record::Record;
use super::slot::Slot;
use super::{DeliverError, Device, Format};
use crate::secret::Secret;

/// How the destination is called.
pub(super) const LABEL: &str = "stdout";

/// Does something while nothing is drawn on the terminal.
pub type Aside = fn(&mut dyn FnMut());

/// Whoever draws on the terminal, which may be standard output too.
static ASIDE: OnceLock<Aside> = OnceLock::new();

/// From now on a key that goes to a terminal is written by way of `aside`, so that it does not tear what is drawn there.
/// The first one stays.
pub fn write_aside(aside: Aside) {
    let _ = ASIDE.set(aside);
}

/// `stdout`: in the format that `-o` chose.
pub(super) static KIND: Kind = Kind { name: LABEL, syntax: LABEL, value_name: "path", options: &[], parse };

fn parse(options: &Options) -> Result<Arc<dyn Target>, DestinationError> {
    if options.value.is_empty() {
        Ok(Arc::new(Stdout))
    } else {
        Err(DestinationError::StdoutWithPath(options.value.clone()))
    }
}

/// Standard output as a target.
pub(super) struct Stdout;

impl Target for Stdout {
    fn reserve(&self, _: &Device, format: Format) -> Result<Box<dyn Slot>, DeliverError> {
        Ok(Box::new(StdoutSlot::reserve(LABEL.to_owned(), Box::new(format))?))
    }

    fn is_stdout(&self) -> bool {
        true
    }
}

/// Standard output, kept open for the key.
///
/// It is a descriptor of its own: the standard library's `Stdout` would keep the key in a buffer that nobody wipes.
pub(super) struct StdoutSlot {
    label: String,
    out: File,
    content: Box<dyn Content>,
}

impl StdoutSlot {
    /// Fails when stdout is closed, leads nowhere, or is not open for writing.
    pub(super) fn reserve(label: String, content: Box<dyn Content>) -> Result<Self, DeliverError> {
        let descriptor = io::stdout().as_fd().try_clone_to_owned().map_err(io_error(LABEL, "open it"))?;
        let out = File::from(descriptor);
        if leads_nowhere(&out) {
            return Err(DeliverError::Nowhere);
        }
        StdoutSlot::on(label, out, content)
    }

    /// The destination on any stream.
    pub(super) fn on(label: String, mut out: File, content: Box<dyn Content>) -> Result<Self, DeliverError> {
        // Nothing is written, yet a descriptor that only reads refuses this.
        out.write(&[]).map_err(io_error(&label, "write to it"))?;
        Ok(StdoutSlot { label, out, content })
    }
}

impl Slot for StdoutSlot {
    fn label(&self) -> &str {
        &self.label
    }

    fn is_stdout(&self) -> bool {
        true
    }

    fn is_terminal(&self) -> bool {
        self.out.is_terminal()
    }

    /// Writes the key. A reader that has gone away (`EPIPE`) is a failure like any other.
    fn store(mut self: Box<Self>, record: &Record, key: &Secret) -> Result<(), DeliverError> {
        let rendered = self.content.render("", record, key);
        let bytes = rendered.map_err(|error| unwritten(&self.label, Path::new("-"), error))?;
        let (mut written, seen) = (Ok(()), self.out.is_terminal());
        let mut write = || written = self.out.write_all(&bytes);
        match ASIDE.get() {
            Some(aside) if seen => aside(&mut write),
            _ => write(),
        }
        written.map_err(io_error(&self.label, "write the key"))
    }
}

/// Whether `out` is the null device, which takes a key and keeps none. A closed stdout is that too: the standard library
/// opens it on the null device before `main`.
fn leads_nowhere(out: &File) -> bool {
    let null = fs::metadata("/dev/null").map(|null| null.rdev());
    out.metadata().is_ok_and(|out| out.file_type().is_char_device() && null.is_ok_and(|null| null == out.rdev()))
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::{ErrorKind, Read, pipe};
    use std::os::fd::OwnedFd;

    use super::*;

    fn stored_on(out: File) -> Result<(), DeliverError> {
        Box::new(StdoutSlot::on(LABEL.into(), out, Box::new(Format::Key))?)
            .store(&Record::new("fw1"), &Secret::new("fccys3"))
    }

    fn kind(result: Result<(), DeliverError>) -> ErrorKind {
        match result {
            Err(DeliverError::Io { source, .. }) => source.kind(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_key_arrives_at_once_and_unbuffered() {
        let (mut reader, writer) = pipe().unwrap();
        stored_on(File::from(OwnedFd::from(writer))).unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "fccys3\n");
    }

    #[test]
    fn a_reader_that_has_gone_away_is_a_failed_delivery() {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        assert_eq!(kind(stored_on(File::from(OwnedFd::from(writer)))), ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_full_disk_behind_stdout_is_a_failed_delivery() {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        assert_eq!(kind(stored_on(full)), ErrorKind::StorageFull);
    }

    #[test]
    fn the_null_device_is_known_from_files_and_other_devices() {
        let open = |path| OpenOptions::new().write(true).open(path).unwrap();
        assert!(leads_nowhere(&open("/dev/null")));
        assert!(!leads_nowhere(&open("/dev/full")));
        assert!(!leads_nowhere(&File::open("/").unwrap()));
    }

    #[test]
    fn a_stdout_that_only_reads_is_refused_before_there_is_a_key() {
        assert!(StdoutSlot::on(LABEL.into(), File::open("/dev/null").unwrap(), Box::new(Format::Key)).is_err());
    }
}
