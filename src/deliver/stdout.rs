//! The destination `stdout`.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

use super::file::io_error;
use super::record::Record;
use super::{DeliverError, Format};
use crate::secret::Secret;

/// How the destination is called.
pub(super) const LABEL: &str = "stdout";

/// Standard output, kept open for the key.
///
/// It is a descriptor of its own: the standard library's `Stdout` would keep the key in a buffer that nobody wipes.
pub(super) struct StdoutSlot {
    out: File,
    format: Format,
}

impl StdoutSlot {
    /// Fails when stdout is closed or not open for writing.
    pub(super) fn reserve(format: Format) -> Result<Self, DeliverError> {
        let doing = io_error(LABEL, "open it");
        let descriptor = io::stdout().as_fd().try_clone_to_owned().map_err(doing)?;
        let mut out = File::from(descriptor);
        // Nothing is written, yet a descriptor that only reads refuses this.
        out.write(&[]).map_err(io_error(LABEL, "write to it"))?;
        Ok(StdoutSlot { out, format })
    }

    /// Writes the key. A reader that has gone away (`EPIPE`) is a failure like any other.
    pub(super) fn store(mut self, record: &Record, key: &Secret) -> Result<(), DeliverError> {
        let bytes = self.format.render(record, key).map_err(io_error(LABEL, "write the key"))?;
        self.out.write_all(&bytes).map_err(io_error(LABEL, "write the key"))
    }
}
