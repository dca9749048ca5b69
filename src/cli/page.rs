//! A file that is written at the end of a run: reserved before anything is contacted, a private draft beside its place.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::report::with_causes;

use super::Usage;

/// A reserved file.
pub(super) struct Page {
    draft: NamedTempFile,
    path: PathBuf,
}

impl Page {
    /// The file that `flag` names.
    pub(super) fn reserve(flag: &str, path: &Path) -> Result<Page, Usage> {
        let usage = |why: String| (format!("{flag} {}: {why}", path.display()), None);
        if path.is_dir() {
            return Err(usage("is a directory".into()));
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let draft = NamedTempFile::new_in(parent).map_err(|error| usage(io::Error::from(error.kind()).to_string()))?;
        Ok(Page { draft, path: path.to_owned() })
    }

    /// Where it will be.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether its name ends so.
    pub(super) fn has_extension(&self, extension: &str) -> bool {
        self.path.extension().is_some_and(|found| found == extension)
    }

    /// Puts it into place.
    pub(super) fn write(mut self, text: &str) -> Result<(), String> {
        let written = self.draft.write_all(text.as_bytes()).and_then(|()| self.draft.as_file().sync_all());
        let placed = written.and_then(|()| self.draft.persist(&self.path).map(drop).map_err(|error| error.error));
        placed.map_err(|error| format!("{}: {}", self.path.display(), with_causes(&error)))
    }
}
