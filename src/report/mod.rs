//! All wording: what a run says, how it ends, and nothing else.
//!
//! The rules that every message obeys:
//!
//! 1. Standard output carries data only. Everything said to the person goes to standard error, one line a step, the
//!    device's name first.
//! 2. An error is `fgtkey: error: …`, what else is known about it `fgtkey: note: …`, what to type next
//!    `fgtkey: hint: …`: lower case, no full stop.
//! 3. What a device said is shown as it is, except that nothing in it reaches the terminal as control.
//! 4. A standard error that nobody reads never ends a run.
//!
//! The words of a verb that has more to say than steps stand in a file of their own here.

pub mod audit;
pub mod check;
mod delivery;
mod exit;
mod failure;
pub mod fleet;
mod grid;
mod html;
pub mod inventory;
#[cfg(feature = "nats")]
mod nats;
pub mod plan;
pub mod revoke;
mod rotate;
mod scrape;
mod step;
mod style;
mod text;
mod usage;
pub mod verify;

use std::error::Error;
use std::io::{self, Write};

pub use exit::Exit;
pub use failure::{exit as exit_of, hint as hint_of, refusal, words};
pub use fleet::live::{aside, clear as clear_display};
pub use html::PageError;
pub use style::{Color, UnknownColor};
pub use text::{printable, with_causes};

use crate::session::trace::Detail;
use crate::verbs::{Event, Observer};
use style::Palette;
use text::{columns, padded};

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Verbosity {
    /// `--quiet`: errors and warnings.
    Quiet,
    /// The story, one line a step.
    #[default]
    Story,
    /// `-v`: also each line of the CLI as it is sent.
    Lines,
    /// `-vv`: also the session, redacted.
    Session,
}

impl Verbosity {
    /// From the flags: how often `-v` was given, and whether `--quiet` was, which wins.
    pub fn new(quiet: bool, verbose: u8) -> Self {
        match (quiet, verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Story,
            (false, 1) => Verbosity::Lines,
            (false, _) => Verbosity::Session,
        }
    }
}

/// Says things to the person, line by line, on one stream.
pub struct Reporter {
    out: Box<dyn Write + Send>,
    palette: Palette,
    verbosity: Verbosity,
    width: usize,
    pending: Pending,
}

/// The part of a traced session that is not a whole line yet.
#[derive(Default)]
struct Pending {
    device: String,
    text: String,
}

/// The longest line of a traced session that is shown in one piece, in bytes.
const LONGEST: usize = 4096;

impl Reporter {
    /// Speaks on standard error, above the live display when one is there.
    pub fn stderr(color: Color, verbosity: Verbosity) -> Self {
        Reporter::on(Box::new(fleet::live::Stderr), color.on_stderr(), verbosity)
    }

    /// Speaks on any stream, for a caller that has decided whether it takes colour.
    pub fn on(out: Box<dyn Write + Send>, colored: bool, verbosity: Verbosity) -> Self {
        Reporter { out, palette: Palette::new(colored), verbosity, width: 0, pending: Pending::default() }
    }

    /// Makes the column of device names as wide as the longest of `names`, in columns of the terminal.
    pub fn align<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        self.width = names.into_iter().map(|name| columns(&printable(name))).max().unwrap_or(0);
    }

    /// Says what went wrong, with its causes; `device` stands in front when the error is about one.
    pub fn error(&mut self, device: Option<&str>, error: &dyn Error) {
        self.say_error(device, &with_causes(error));
    }

    /// Says what went wrong in words of `report`.
    fn say_error(&mut self, device: Option<&str>, text: &str) {
        let text = match device {
            Some(device) => format!("{device}: {text}"),
            None => text.to_owned(),
        };
        let label = self.palette.error("error");
        self.message(&label, &text);
    }

    /// Says that stdout cannot be written.
    pub fn unwritten(&mut self, error: &io::Error) {
        self.say_error(None, &format!("standard output cannot be written: {}", with_causes(error)));
    }

    /// Says something that bears on the last error.
    pub fn note(&mut self, text: &str) {
        let label = self.palette.note("note");
        self.message(&label, text);
    }

    /// A line that was said elsewhere.
    fn retell(&mut self, line: &str) {
        self.write(&format!("{}\n", printable(line)));
    }

    /// Says what to type next.
    pub fn hint(&mut self, text: &str) {
        let label = self.palette.hint("hint");
        self.message(&label, text);
    }

    /// An error with what is to be said about it, in the order of the rules: error, notes, hint.
    pub fn failure(&mut self, device: Option<&str>, error: &dyn Error, notes: &[String], hint: Option<&str>) {
        self.error(device, error);
        notes.iter().for_each(|note| self.note(note));
        if let Some(hint) = hint {
            self.hint(hint);
        }
    }

    /// Says why a command line or a request cannot be used; nothing was contacted.
    pub fn bad_usage(&mut self, message: &str, hint: Option<&str>) {
        self.say_error(None, message);
        if let Some(hint) = hint {
            self.hint(hint);
        }
    }

    /// `fgtkey: LABEL: TEXT`; a line of the text that is not the first is indented, so that it cannot pass for a message.
    fn message(&mut self, label: &str, text: &str) {
        let mut lines = text.trim_end().split('\n').map(|line| printable(line.trim_end_matches('\r')));
        let mut message = format!("fgtkey: {label}: {}\n", lines.next().unwrap_or_default());
        for line in lines {
            message.push_str(&format!("fgtkey:   {line}\n"));
        }
        self.write(&message);
    }

    /// A step that no event tells, from so much talk on.
    fn told(&mut self, needed: Verbosity, device: &str, verb: &str, text: &str) {
        if self.verbosity >= needed {
            self.step(device, verb, text);
        }
    }

    /// `DEVICE  VERB       TEXT`.
    fn step(&mut self, device: &str, verb: &str, text: &str) {
        let device = padded(&printable(device), self.width);
        let verb = format!("{verb:9}");
        let line = format!("{}  {}  {}\n", self.palette.name(&device), self.palette.verb(&verb), printable(text));
        self.write(&line);
    }

    /// One line in one write, so that lines of parallel runs do not mix. Nobody may be reading: that stops nothing.
    fn write(&mut self, line: &str) {
        let _ = self.out.write_all(line.as_bytes());
        let _ = self.out.flush();
    }

    fn trace(&mut self, device: &str, text: &str) {
        if self.pending.device != device {
            self.end_trace();
            self.pending.device = device.to_owned();
        }
        for piece in text.split_inclusive('\n') {
            self.pending.text.push_str(piece);
            if piece.ends_with('\n') || self.pending.text.len() > LONGEST {
                self.end_trace();
            }
        }
    }

    fn end_trace(&mut self) {
        let line = std::mem::take(&mut self.pending.text);
        let device = self.pending.device.clone();
        if !line.is_empty() {
            self.step(&device, "session", line.trim_end_matches(['\r', '\n']));
        }
    }
}

impl Observer for Reporter {
    fn on(&mut self, device: &str, event: Event) {
        if let Event::Trace(text) = &event {
            if self.verbosity >= Verbosity::Session {
                self.trace(device, text);
            }
            return;
        }
        let needed = step::verbosity(&event);
        if self.verbosity >= needed {
            self.end_trace();
            let (verb, text) = step::words(&event);
            self.step(device, verb, &text);
        }
    }

    fn detail(&self) -> Detail {
        match self.verbosity {
            Verbosity::Quiet | Verbosity::Story => Detail::Nothing,
            Verbosity::Lines => Detail::Lines,
            Verbosity::Session => Detail::Session,
        }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.end_trace();
    }
}

#[cfg(test)]
mod tests;
