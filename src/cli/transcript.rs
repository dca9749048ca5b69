//! `--transcript FILE`: the redacted session in a file, beside what is said on stderr.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::Usage;
use super::draft::Draft;
use crate::report::{Exit, Reporter, printable};
use crate::verbs::{Event, Observer};

/// A reporter, and the file that gets the session as well. The file appears whole when the run is over.
pub(super) struct Recorded<'a> {
    pub reporter: &'a mut Reporter,
    draft: Option<(Draft, PathBuf)>,
}

impl<'a> Recorded<'a> {
    /// With a draft (0600) beside `path`, if there is one.
    pub(super) fn new(reporter: &'a mut Reporter, path: Option<&Path>) -> Result<Self, Usage> {
        let draft = match path {
            None => None,
            Some(path) => Some((Draft::reserve("--transcript", path)?, path.to_owned())),
        };
        Ok(Recorded { reporter, draft })
    }

    /// Puts the file into place; a transcript that cannot be written does not undo what was done.
    pub(super) fn finish(mut self, exit: Exit) -> Exit {
        if let Some((draft, path)) = self.draft.take() {
            if let Err(error) = draft.place() {
                self.reporter.note(&format!("the transcript {} could not be written: {error}", path.display()));
            }
        }
        exit
    }
}

impl Observer for Recorded<'_> {
    fn on(&mut self, device: &str, event: Event) {
        if let Some((draft, _)) = &mut self.draft {
            let line = match &event {
                Event::Line(line) => Some(format!("> {}", printable(line))),
                Event::Trace(text) => Some(printable(text.trim_end())),
                _ => None,
            };
            // A full disk is told at the end, by the sync.
            let _ = line.map(|line| writeln!(draft, "{line}"));
        }
        self.reporter.on(device, event);
    }
}
