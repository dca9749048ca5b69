//! A run as its file tells it.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::line::{Lent, Line, Planned, State};

/// No run writes more than this, in bytes.
const LARGEST: u64 = 1 << 20;

/// A run, read back.
#[derive(Debug, Clone)]
pub struct Past {
    /// Its file.
    pub path: PathBuf,
    /// When it began.
    pub began: Timestamp,
    /// What it was about to do; of a run that was taken up before: what it found at first, and all that it was about to send.
    pub planned: Planned,
    /// How far it came, step by step.
    pub states: Vec<State>,
}

/// What became of the key of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// None was generated.
    None,
    /// The line that makes one was sent or about to be: the device may have a key that is in the file at [`Past::escrow`], or
    /// that nobody knows.
    Unknown,
    /// It is in the escrow, and not every destination is known to have it.
    Escrowed {
        /// The file.
        escrow: PathBuf,
        /// When it was generated.
        generated_at: Timestamp,
    },
    /// It could not even be escrowed; the destinations that were stored have it.
    Astray,
    /// Every destination has it.
    Delivered {
        /// When it was generated.
        generated_at: Timestamp,
    },
}

impl Past {
    /// Reads a run. A last line that was cut off did not happen. None: this is no run.
    pub(super) fn read(path: &Path) -> Option<Past> {
        let found = fs::metadata(path).ok().filter(|found| found.is_file() && found.len() <= LARGEST)?;
        let mut text = String::with_capacity(usize::try_from(found.len()).ok()?);
        File::open(path).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
        Past::parse(path.to_owned(), &text)
    }

    /// The run whose file, at that path, says or would say this.
    pub(super) fn parse(path: PathBuf, text: &str) -> Option<Past> {
        let mut lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
        let first = lines.next()?;
        let State::Planned(planned) = first.state else { return None };
        let states: Vec<State> = lines.map(|line| line.state).collect();
        let again = states.iter().filter_map(|state| match state {
            State::Planned(again) => Some(again),
            _ => None,
        });
        let mut planned = *planned;
        for again in again {
            planned.edits.extend(again.edits.iter().cloned());
            planned.lent.clone_from(&again.lent);
            planned.run.clone_from(&again.run);
        }
        Some(Past { path, began: first.at, planned, states })
    }

    /// Whether it came to an end that leaves nothing to do. One that is taken up again is on its way again.
    pub fn is_finished(&self) -> bool {
        matches!(self.states.last(), Some(State::Done | State::TakenBack))
    }

    /// Whether its key was one of these API users'.
    pub fn is_for(&self, api_users: &[&str]) -> bool {
        api_users.contains(&self.planned.api_user.as_str())
    }

    /// Whether all that was asked of it is done.
    pub fn is_done(&self) -> bool {
        self.states.last() == Some(&State::Done)
    }

    /// Whether the API user that it was to retire is gone, if there was one.
    pub fn has_retired(&self) -> bool {
        let Some(old) = &self.planned.retires else { return true };
        let gone = State::Retired { api_user: old.clone() };
        self.is_finished() || self.states.contains(&gone)
    }

    /// What it has lent and not taken back: nobody but its user, who may be gone, has the key.
    pub fn lent(&self) -> Option<&Lent> {
        let has_key = !self.is_finished() && self.key() != KeyState::None;
        self.planned.lent.as_ref().filter(|_| has_key)
    }

    /// Whether some API user is gone by it.
    pub fn retired_any(&self) -> bool {
        self.states.iter().any(|state| matches!(state, State::Retired { .. }))
    }

    /// The API users that were about to go and are not known to be gone.
    pub fn retiring(&self) -> impl Iterator<Item = &str> {
        let gone = |user: &String| self.states.contains(&State::Retired { api_user: user.clone() });
        self.states.iter().filter_map(move |state| match state {
            State::Retiring { api_user } if !gone(api_user) => Some(api_user.as_str()),
            _ => None,
        })
    }

    /// What became of its key: of the last one, where it made several.
    pub fn key(&self) -> KeyState {
        self.states.iter().fold(KeyState::None, |key, state| match (state, key) {
            (State::Generating { .. }, _) => KeyState::Unknown,
            (State::Issued { escrow: Some(escrow), generated_at }, _) => {
                KeyState::Escrowed { escrow: escrow.clone(), generated_at: *generated_at }
            }
            (State::Issued { escrow: None, .. }, _) => KeyState::Astray,
            (State::Done | State::Delivered, KeyState::Escrowed { generated_at, .. }) => {
                KeyState::Delivered { generated_at }
            }
            (State::TakenBack, _) => KeyState::None,
            (State::Retired { api_user }, _) if *api_user == self.planned.api_user => KeyState::None,
            (_, key) => key,
        })
    }

    /// The file in the escrow that has its key as long as not every destination has it.
    pub fn escrow(&self) -> Option<&Path> {
        self.states.iter().fold(None, |escrow, state| match state {
            State::TakenBack => None,
            state => named(state).unwrap_or(escrow),
        })
    }

    /// The files in the escrow whose keys are void, or will be with the next key.
    pub fn void(&self) -> impl Iterator<Item = &Path> {
        let live = self.escrow();
        self.states.iter().filter_map(named).flatten().filter(move |escrow| live != Some(*escrow))
    }

    /// Whether some destination may have the key.
    pub fn delivery_began(&self) -> bool {
        let since = self.states.iter().rev().take_while(|state| !matches!(state, State::Generating { .. }));
        since.into_iter().any(|state| *state == State::Delivering)
    }

    /// The destinations that have the key.
    pub fn stored(&self) -> impl Iterator<Item = &str> {
        self.states.iter().filter_map(|state| match state {
            State::Stored { destination } => Some(destination.as_str()),
            _ => None,
        })
    }
}

/// The file in the escrow that a state names; `Some(None)`: it says that there is none.
fn named(state: &State) -> Option<Option<&Path>> {
    match state {
        State::Generating { escrow } => Some(Some(escrow)),
        State::Issued { escrow, .. } => Some(escrow.as_deref()),
        _ => None,
    }
}
