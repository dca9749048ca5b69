//! `--transcript FILE`: the redacted session in a file, beside what is said on stderr.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::Usage;
use super::draft::Draft;
use crate::report::{Exit, Reporter, printable};
use crate::session::trace::Detail;
use crate::verbs::{Event, Observer};

/// The file that gets the session, where one is wanted. It appears whole when the run is over.
pub(super) struct Transcript(Option<(Draft, PathBuf)>);

impl Transcript {
    /// A draft (0600) beside `path`, if there is one.
    pub(super) fn reserve(path: Option<&Path>) -> Result<Self, Usage> {
        let Some(path) = path else { return Ok(Transcript(None)) };
        Ok(Transcript(Some((Draft::reserve("--transcript", path)?, path.to_owned()))))
    }

    /// How much of a session it takes.
    pub(super) fn detail(&self) -> Detail {
        if self.0.is_some() { Detail::Session } else { Detail::Nothing }
    }

    /// Adds what was sent and received; `device` where there are several.
    pub(super) fn note(&mut self, device: Option<&str>, event: &Event) {
        let Some((draft, _)) = &mut self.0 else { return };
        let line = match event {
            Event::Line(line) => format!("> {}", printable(line)),
            Event::Trace(text) => printable(text.trim_end()),
            _ => return,
        };
        // A full disk is told at the end, by the sync.
        let _ = match device {
            Some(device) => writeln!(draft, "{}  {line}", printable(device)),
            None => writeln!(draft, "{line}"),
        };
    }

    /// Puts the file into place; a transcript that cannot be written does not undo what was done.
    pub(super) fn finish(self, reporter: &mut Reporter, exit: Exit) -> Exit {
        if let Some((draft, path)) = self.0
            && let Err(error) = draft.place()
        {
            reporter.note(&format!("the transcript {} could not be written: {error}", path.display()));
        }
        exit
    }
}

/// A reporter, and the file that gets the session as well.
pub(super) struct Recorded<'a> {
    pub reporter: &'a mut Reporter,
    transcript: Transcript,
}

impl<'a> Recorded<'a> {
    /// With a transcript at `path`, if there is one.
    pub(super) fn new(reporter: &'a mut Reporter, path: Option<&Path>) -> Result<Self, Usage> {
        Ok(Recorded { reporter, transcript: Transcript::reserve(path)? })
    }

    /// Puts the file into place.
    pub(super) fn finish(self, exit: Exit) -> Exit {
        self.transcript.finish(self.reporter, exit)
    }
}

impl Observer for Recorded<'_> {
    fn on(&mut self, device: &str, event: Event) {
        self.transcript.note(None, &event);
        self.reporter.on(device, event);
    }

    fn detail(&self) -> Detail {
        self.transcript.detail().max(self.reporter.detail())
    }
}
