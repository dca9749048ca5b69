//! A file that is written at the end of a run: reserved before anything is contacted.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::report::with_causes;

use super::Usage;
use super::draft::Draft;

/// A reserved file.
pub(super) struct Page {
    draft: Draft,
    path: PathBuf,
}

impl Page {
    /// The file that `flag` names.
    ///
    /// # Errors
    /// As for [`Draft::at`].
    pub(super) fn reserve(flag: &str, path: &Path) -> Result<Page, Usage> {
        Ok(Page { draft: Draft::reserve(flag, path)?, path: path.to_owned() })
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
        let placed = self.draft.write_all(text.as_bytes()).and_then(|()| self.draft.place());
        placed.map_err(|error| format!("{}: {}", self.path.display(), with_causes(&error)))
    }
}
