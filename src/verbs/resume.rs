//! `fgtkey deliver --resume`: finish the deliveries that are still in the escrow. No device is contacted.

use std::path::{Path, PathBuf};

use crate::deliver::escrow::wipe;
use crate::deliver::{EscrowError, EscrowPlace, Format, Kept, Part, Record, Stored, Undelivered, resume};
use crate::journal::{Journal, JournalError, Lock, Past, Planned, Run, State};

/// What is to be finished.
pub struct Resume {
    /// Where the keys are.
    pub escrow: EscrowPlace,
    /// The age identity that opens sealed ones.
    pub identity: Option<PathBuf>,
    /// What the runs that left them wrote down.
    pub journal: Journal,
    /// How a key is written to stdout, where that is what it lacks.
    pub format: Format,
    /// Only the keys of these devices; empty: all.
    pub devices: Vec<String>,
}

/// What became of one key in the escrow.
#[derive(Debug)]
pub struct Resumed {
    /// The device and the API user; the file's name where it cannot be opened.
    pub key_of: String,
    /// What happened.
    pub outcome: Result<Vec<Stored>, NotResumed>,
    /// The API user that the rotation of this key has still to retire, once it is delivered.
    pub retires: Option<String>,
}

/// Why a key is still in the escrow.
#[derive(Debug)]
pub enum NotResumed {
    /// It cannot be taken out.
    Escrow(EscrowError),
    /// Another run is at work on it.
    Journal(JournalError),
    /// It was lent to a command that is gone, and nobody waits for it: the access it belongs to has to go, and that takes the
    /// device.
    Lent {
        /// The device as the operator calls it.
        device: String,
        /// The API user.
        api_user: String,
    },
    /// A destination still does not take it.
    Undelivered(Box<Undelivered>),
}

impl Resumed {
    /// A key that stays where it is.
    pub fn not(key_of: String, why: NotResumed) -> Resumed {
        Resumed { key_of, outcome: Err(why), retires: None }
    }
}

impl Resume {
    /// What is in the escrow: each key with its record and what it lacks, or why it cannot be told.
    pub fn list(&self) -> Vec<(PathBuf, Result<Kept, EscrowError>)> {
        if let Err(error) = self.escrow.mend() {
            return vec![(self.escrow.directory.clone(), Err(error))];
        }
        let problem = "a key in it is damaged";
        let damaged = self.escrow.damaged().into_iter();
        let damaged = damaged.map(|path| (path.clone(), Err(EscrowError::Foreign { path, problem: problem.into() })));
        let files = self.escrow.files().into_iter();
        let opened = files.map(|path| (path.clone(), self.escrow.take(&path, self.identity.as_deref())));
        damaged
            .chain(opened)
            .filter(|(_, kept)| kept.as_ref().map_or(true, |kept| self.is_meant(&kept.record)))
            .collect()
    }

    /// Delivers what can be delivered, one key after the other; `told` hears of each as it is done.
    pub fn run(&self, told: &mut dyn FnMut(&Resumed)) {
        self.escrow.sweep();
        for (path, kept) in self.list() {
            told(&self.finish(&path, kept));
        }
    }

    fn is_meant(&self, record: &Record) -> bool {
        let is_one = |name: &String| *name == record.device || Some(name) == record.address.as_ref();
        self.devices.is_empty() || self.devices.iter().any(is_one)
    }

    fn finish(&self, path: &Path, kept: Result<Kept, EscrowError>) -> Resumed {
        let kept = match kept {
            Ok(kept) => kept,
            Err(error) => return Resumed::not(name_of(path), NotResumed::Escrow(error)),
        };
        let _lock = match self.lock(&kept.record) {
            Ok(lock) => lock,
            Err(error) => return Resumed::not(name_of(path), NotResumed::Journal(error)),
        };
        // Whoever held it may have delivered the key meanwhile.
        if !path.exists() {
            return Resumed { key_of: name_of(path), outcome: Ok(Vec::new()), retires: None };
        }
        if self.is_void(path, &kept.record) {
            wipe(path);
            return Resumed { key_of: name_of(path), outcome: Ok(Vec::new()), retires: None };
        }
        let mut record = kept.record.clone();
        let key_of = format!("{} {}", record.device, record.api_user.as_deref().unwrap_or("-"));
        let past = self.run_of(path, &record);
        if let Some(past) = past.as_ref().filter(|past| past.lent().is_some()) {
            let Planned { device, api_user, .. } = past.planned.clone();
            return Resumed::not(key_of, NotResumed::Lent { device, api_user });
        }
        let retires = past.as_ref().and_then(|past| past.planned.retires.clone());
        let mut journal = past.and_then(|past| Run::reopen(&past.path).ok());
        let mut note = |state| drop(journal.as_mut().map(|journal| journal.enter_now(state)));
        note(State::Delivering);
        let mut secured = resume(kept, self.format);
        secured.deliver(Part::All, &mut record, &mut |spec| note(State::Stored { destination: spec.to_owned() }));
        let outcome = match secured.settle(&record) {
            Ok(delivered) => {
                note(if retires.is_some() { State::Delivered } else { State::Done });
                Ok(delivered.finish())
            }
            Err(undelivered) => Err(NotResumed::Undelivered(undelivered)),
        };
        Resumed { key_of, outcome, retires }
    }

    /// No other run may work on the same API user. A key out of a transcript has no device.
    fn lock(&self, record: &Record) -> Result<Option<Lock>, JournalError> {
        match (&record.serial, &record.api_user) {
            (Some(serial), Some(api_user)) => self.journal.lock(serial, api_user).map(Some),
            _ => Ok(None),
        }
    }

    /// The run that left this key here, if its journal is known.
    fn run_of(&self, path: &Path, record: &Record) -> Option<Past> {
        let runs = self.journal.runs(record.serial.as_deref()?);
        runs.into_iter().rfind(|past| past.escrow() == Some(path))
    }

    /// Whether its run took the key back or replaced it, and died before it could empty the escrow.
    fn is_void(&self, path: &Path, record: &Record) -> bool {
        let runs = record.serial.as_deref().map(|serial| self.journal.runs(serial)).unwrap_or_default();
        let is_replaced = |past: &Past| past.is_finished() || past.escrow().is_some_and(Path::exists);
        runs.iter().any(|past| past.void().any(|void| void == path) && is_replaced(past))
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
