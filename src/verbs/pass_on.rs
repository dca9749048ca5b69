//! Passing on what a worker that died has left in its escrow, as it is: sealed to whoever asked for the key.
//!
//! As [`resume`](super::resume) does for a person's escrow, without opening anything: no device is contacted, and what the
//! journal says afterwards is that the key is delivered. So the job that comes again finds it done before.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::deliver::escrow::wipe;
use crate::deliver::outlet::{self, Outlet};
use crate::deliver::{EscrowPlace, escrow};
use crate::journal::{Journal, KeyState, Past, Run, State};

/// The escrow of one run of a fleet, on one machine of a site.
#[derive(Debug, Clone)]
pub struct PassOn {
    /// What runs on this machine wrote down.
    pub journal: Journal,
    /// Where the sealed files are.
    pub directory: PathBuf,
}

/// A key that was passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// The device.
    pub device: String,
    /// When the key was generated.
    pub generated_at: Timestamp,
}

impl PassOn {
    /// Passes on what is there, of one device or of all, except what another process is at work on. `way` is the way of the
    /// keys of a device.
    pub fn run(&self, device: Option<&str>, way: &dyn Fn(&str) -> Box<dyn Outlet>) -> Vec<Passed> {
        let place = EscrowPlace::open(&self.directory);
        place.sweep();
        let files = place.files().into_iter().filter(|path| device.is_none_or(|device| escrow::is_of(path, device)));
        files.filter_map(|path| self.pass(&path, device, way)).collect()
    }

    fn pass(&self, path: &Path, device: Option<&str>, way: &dyn Fn(&str) -> Box<dyn Outlet>) -> Option<Passed> {
        let past = self.journal.of_escrow(path)?;
        let planned = &past.planned;
        if device.is_some_and(|device| device != planned.device) {
            return None;
        }
        let _lock = self.journal.lock(&planned.serial, &planned.api_user).ok()?;
        // Whoever held it may have gone on.
        let past = self.journal.of_escrow(path)?;
        if past.escrow() != Some(path) {
            if past.is_finished() || past.escrow().is_some_and(Path::exists) {
                wipe(path);
            }
            return None;
        }
        // One that every destination has, and one that was taken back, has only to go.
        if matches!(past.key(), KeyState::Delivered { .. }) || past.is_finished() {
            wipe(path);
            return None;
        }
        let (sealed, named) = outlet::read(path).ok()?;
        // The name of a file is given before there is a key; what the journal says is what was passed on with it before.
        let generated_at = match past.key() {
            KeyState::Escrowed { generated_at, .. } => generated_at,
            _ => named,
        };
        way(&planned.device).pass(&sealed, generated_at).ok()?;
        note(&past, path, generated_at);
        wipe(path);
        Some(Passed { device: planned.device.clone(), generated_at })
    }
}

/// Takes down that the key is where it should be. The key is passed on: a journal that fails now costs the next run the
/// knowledge of it, and nothing else.
fn note(past: &Past, path: &Path, generated_at: Timestamp) {
    let Ok(mut run) = Run::reopen(&past.path) else { return };
    if past.key() == KeyState::Unknown {
        // The run died between the file and the line that tells of it.
        let _ = run.enter_now(State::Issued { escrow: Some(path.to_owned()), generated_at });
    }
    let end = if past.planned.retires.is_some() { State::Delivered } else { State::Done };
    for state in [State::Delivering, State::Stored { destination: outlet::LABEL.into() }, end] {
        let _ = run.enter_now(state);
    }
}
