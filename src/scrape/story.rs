//! Which key belongs to which command, note and device.

use super::key::Candidate;
use super::marks::{Kind, Mark};
use super::text::Lines;
use super::{DeviceError, Doubt, Found, Missing, Scrape};
use crate::secret::Secret;

/// The command that the next key answers.
struct Command {
    index: usize,
    host: Option<String>,
    names: Vec<String>,
}

/// A key whose note may still come.
struct Draft {
    index: usize,
    device: Option<String>,
    commanded: Vec<String>,
    noted: Vec<String>,
    key: zeroize::Zeroizing<String>,
    doubts: Vec<Doubt>,
}

/// The state of the reader on the way down the transcript.
#[derive(Default)]
struct Teller {
    host: Option<String>,
    echo: Option<String>,
    command: Option<Command>,
    drafts: Vec<Draft>,
    errors: Vec<DeviceError>,
    error_is_open: bool,
    missing: Option<Missing>,
}

/// Puts the marks together.
pub(super) fn tell(lines: &Lines, marks: Vec<Mark>) -> Scrape {
    let mut teller = Teller::default();
    for mark in marks {
        teller.take(lines, mark);
    }
    let blank = lines.all().iter().all(|line| line.text.is_empty());
    let missing = match (blank, teller.drafts.is_empty()) {
        (_, false) => None,
        (true, true) => Some(Missing::Empty),
        (false, true) => Some(teller.what_is_missing(lines)),
    };
    let errors = teller.errors.into_iter().map(|error| without_keys(error, &teller.drafts)).collect();
    Scrape { found: settled(lines, teller.drafts), errors, missing }
}

impl Teller {
    fn take(&mut self, lines: &Lines, mark: Mark) {
        let Mark { index, kind, .. } = mark;
        let line = number(lines, index);
        let continues = matches!(kind, Kind::Refusal(_)) && self.error_is_open;
        self.error_is_open = matches!(kind, Kind::Refusal(_));
        match kind {
            Kind::Prompt { host, echo } => self.prompt(host, echo),
            Kind::Command { host, names } => {
                let host = host.or_else(|| self.host.clone());
                self.command = Some(Command { index, host, names });
            }
            Kind::Key(candidate) => self.key(lines, index, candidate),
            Kind::Note(names) => self.note(names),
            Kind::Refusal(text) if continues => self.refused_further(&text),
            Kind::Refusal(text) => self.refused(line, text),
            Kind::Password if self.command.is_some() => self.missing = Some(Missing::PasswordAsked { line }),
            Kind::Password => {}
            Kind::Hash if self.missing.is_none() => self.missing = Some(Missing::OnlyHash { line }),
            Kind::Hash => {}
        }
    }

    fn prompt(&mut self, host: Option<String>, echo: String) {
        self.host = host.or(self.host.take());
        if !echo.is_empty() {
            self.echo = Some(echo);
        }
    }

    fn key(&mut self, lines: &Lines, index: usize, candidate: Candidate) {
        let line = number(lines, index);
        match candidate {
            Candidate::Key { text, end, may_continue, whole } => {
                let command = self.command.take();
                let host = command.as_ref().and_then(|command| command.host.clone());
                let doubts = doubts(whole || lines.anything_below(end), may_continue);
                let commanded = command.map(|command| command.names).unwrap_or_default();
                let device = host.or_else(|| self.host.clone());
                self.drafts.push(Draft { index, device, commanded, noted: Vec::new(), key: text, doubts });
            }
            Candidate::Masked => self.missing = Some(Missing::Masked { line }),
            Candidate::CutOff => self.missing = Some(Missing::CutOff { line }),
            Candidate::NotAKey => self.missing = Some(Missing::NotAKey { line }),
        }
    }

    /// A note belongs to the key before it, unless another command has come since.
    fn note(&mut self, names: Vec<String>) {
        let last = self.drafts.last_mut().filter(|draft| draft.noted.is_empty() && self.command.is_none());
        if let Some(draft) = last {
            draft.noted = names;
        }
    }

    fn refused(&mut self, line: usize, text: String) {
        if self.command.take().is_some() {
            self.missing = Some(Missing::Refused { line, text: text.clone() });
        }
        self.errors.push(DeviceError { line, text, command: self.echo.clone() });
    }

    fn refused_further(&mut self, text: &str) {
        let Some(error) = self.errors.last_mut() else { return };
        error.text = format!("{}; {text}", error.text);
        if let Some(Missing::Refused { line, text }) = &mut self.missing
            && *line == error.line
        {
            *text = error.text.clone();
        }
    }

    /// Why there is no key: what the last attempt came to.
    fn what_is_missing(&mut self, lines: &Lines) -> Missing {
        let unanswered = self.command.take().map(|command| Missing::NoAnswer { line: number(lines, command.index) });
        match self.missing.take() {
            Some(Missing::OnlyHash { line }) => unanswered.unwrap_or(Missing::OnlyHash { line }),
            Some(missing) => missing,
            None => unanswered.unwrap_or(Missing::NoCommand),
        }
    }
}

/// A refusal in which no found key is repeated, wherever the transcript has it.
fn without_keys(mut error: DeviceError, drafts: &[Draft]) -> DeviceError {
    for draft in drafts {
        error.text = error.text.replace(draft.key.as_str(), "…");
        error.command = error.command.map(|command| command.replace(draft.key.as_str(), "…"));
    }
    error
}

fn number(lines: &Lines, index: usize) -> usize {
    lines.get(index).map_or(0, |line| line.number)
}

fn doubts(is_whole: bool, may_continue: bool) -> Vec<Doubt> {
    let cut = (!is_whole).then_some(Doubt::NothingFollows);
    let continued = may_continue.then_some(Doubt::MayContinue);
    cut.into_iter().chain(continued).collect()
}

/// The drafts as they are found: each key once, its user decided, the later of one user's keys being the live one.
fn settled(lines: &Lines, drafts: Vec<Draft>) -> Vec<Found> {
    let mut once: Vec<Draft> = Vec::new();
    for draft in drafts {
        if once.iter().all(|other| other.key != draft.key) {
            once.push(draft);
        }
    }
    let mut found: Vec<Found> = Vec::new();
    for draft in once.into_iter().rev() {
        let live = !found.iter().any(|later| voids(later, &draft));
        found.push(finished(lines, draft, live));
    }
    found.reverse();
    found
}

/// Whether generating `later` voided the key of `draft`: the same known user on the same device.
fn voids(later: &Found, draft: &Draft) -> bool {
    let user = whose(&draft.commanded, &draft.noted).0;
    user.is_some() && later.api_user == user && later.device == draft.device
}

fn finished(lines: &Lines, mut draft: Draft, live: bool) -> Found {
    let (api_user, differs) = whose(&draft.commanded, &draft.noted);
    draft.doubts.extend(differs);
    let key = Secret::new(std::mem::take(&mut *draft.key));
    let line = number(lines, draft.index);
    Found { api_user, device: draft.device, key, line, live, doubts: draft.doubts }
}

/// The name that command and note agree on in one of their readings; else the note's, which is the device's own word.
fn whose(commanded: &[String], noted: &[String]) -> (Option<String>, Option<Doubt>) {
    let agreed = noted.iter().find(|name| commanded.contains(name));
    match (agreed, commanded.first(), noted.first()) {
        (Some(name), _, _) | (None, None, Some(name)) | (None, Some(name), None) => (Some(name.clone()), None),
        (None, Some(command), Some(note)) => {
            let differs = Doubt::UserDiffers { command: command.clone(), note: note.clone() };
            (Some(note.clone()), Some(differs))
        }
        (None, None, None) => (None, None),
    }
}
