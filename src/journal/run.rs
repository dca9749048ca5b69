//! A run that is going on.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use serde_json::value::to_raw_value;

use super::line::{Line, Planned, State};
use super::log::{Entry, Log};
use super::{JournalError, history, io_error};

/// A run and where it is written down.
#[derive(Debug)]
pub struct Run {
    path: PathBuf,
    place: Place,
    /// The fleet's log, where a run of an earlier one goes on in its own file: what is written for it lasts with the fleet's.
    fleet: Option<Log>,
}

#[derive(Debug)]
enum Place {
    /// A file of its own, the one at the path.
    File(File),
    /// The log of a run over a fleet, as long as it goes on; the file of its own is written at its end.
    Log(Arc<Entry>),
}

impl Run {
    /// Begins the run of that number on a device.
    pub(super) async fn begin(
        directory: &Path,
        number: u64,
        log: Option<&Log>,
        planned: Planned,
    ) -> Result<Run, JournalError> {
        /// Two API users of a device may be worked on side by side, and neither file be there yet.
        static BEGUN: AtomicU64 = AtomicU64::new(0);
        let begun = BEGUN.fetch_add(1, Ordering::Relaxed);
        let id = format!("{number:08}-{}-{}.{begun}", Timestamp::now().strftime("%Y%m%dT%H%M%S"), std::process::id());
        let path = directory.join(format!("{id}.ndjson"));
        let state = State::Planned(Box::new(planned));
        if let Some(log) = log {
            let mut run = Run { place: Place::Log(Arc::new(log.entry(&path))), path, fleet: None };
            run.enter(state).await?;
            return Ok(run);
        }
        let doing = || format!("create {}", path.display());
        let file = File::options().append(true).create_new(true).mode(0o600).open(&path).map_err(io_error(doing))?;
        let mut run = Run { place: Place::File(file), path, fleet: None };
        run.enter_now(state)?;
        // The name has to last too.
        let doing = || format!("sync {}", directory.display());
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(io_error(doing))?;
        Ok(run)
    }

    /// Goes on with a run that another program began.
    ///
    /// # Errors
    /// When its file cannot be opened.
    pub fn reopen(path: &Path) -> Result<Run, JournalError> {
        let doing = || format!("open {}", path.display());
        if !path.exists() {
            history::take_out(path).map_err(io_error(doing))?;
        }
        let mut file = File::options().append(true).open(path).map_err(io_error(doing))?;
        // The other program may have died in the middle of a line: what follows stands on a line of its own.
        file.write_all(b"\n").map_err(io_error(doing))?;
        Ok(Run { place: Place::File(file), path: path.to_owned(), fleet: None })
    }

    pub(super) fn beside(self, fleet: Option<Log>) -> Run {
        Run { fleet, ..self }
    }

    /// The same run once more, for a thread of its own.
    ///
    /// # Errors
    /// When the system has no descriptor left.
    pub fn duplicate(&self) -> io::Result<Run> {
        let place = match &self.place {
            Place::File(file) => Place::File(file.try_clone()?),
            Place::Log(entry) => Place::Log(Arc::clone(entry)),
        };
        Ok(Run { place, path: self.path.clone(), fleet: self.fleet.clone() })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes down how far the run has come. What announces a step, and the end, is on the disk when this returns; what says
    /// that a step was taken survives our own death at once, and a power failure with the next of those.
    ///
    /// # Errors
    /// [`JournalError::Io`]: the step must not be taken, if it is one that cannot be seen afterwards.
    pub async fn enter(&mut self, state: State) -> Result<(), JournalError> {
        let must_last = state.must_last();
        if let Place::File(_) = self.place {
            self.enter_now(state)?;
        } else {
            self.note(state)?;
        }
        if must_last { self.lasts().await } else { Ok(()) }
    }

    /// The same where others may be held up.
    ///
    /// # Errors
    /// As for [`Run::enter`].
    pub fn enter_now(&mut self, state: State) -> Result<(), JournalError> {
        let must_last = state.must_last();
        let doing = || format!("write {}", self.path.display());
        let before = self.length().map_err(io_error(doing))?;
        self.note(state)?;
        let lasts = if must_last { self.sync() } else { Ok(()) };
        if let (Err(_), Some(before), Place::File(file)) = (&lasts, before, &self.place) {
            // What is not known to last must not be read as if it were.
            let _ = file.set_len(before);
        }
        lasts.map_err(io_error(doing))
    }

    /// Waits until what else a fleet has written before, such as a key, is on the disk.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub async fn lasts(&self) -> Result<(), JournalError> {
        let doing = || format!("write {}", self.path.display());
        match (&self.place, &self.fleet) {
            (Place::Log(entry), _) => entry.log().lasts().await,
            (Place::File(_), Some(fleet)) => fleet.lasts().await,
            (Place::File(_), None) => Ok(()),
        }
        .map_err(io_error(doing))
    }

    /// Writes down what has happened; it survives our own death at once.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn note(&self, state: State) -> Result<(), JournalError> {
        let doing = || format!("write {}", self.path.display());
        let is_over = state.is_over();
        let line = Line { at: Timestamp::now(), state };
        let line = to_raw_value(&line).map_err(io::Error::from).map_err(io_error(doing))?;
        match &self.place {
            Place::File(file) => append(file, line.get()),
            Place::Log(entry) => entry.add(&line, is_over),
        }
        .map_err(io_error(doing))
    }

    fn length(&self) -> io::Result<Option<u64>> {
        match &self.place {
            Place::File(file) => Ok(Some(file.metadata()?.len())),
            Place::Log(_) => Ok(None),
        }
    }

    fn sync(&self) -> io::Result<()> {
        match &self.place {
            Place::File(file) => file.sync_data(),
            Place::Log(entry) => entry.log().sync(),
        }
    }
}

/// Half a line would spoil the next one, which may find room again.
fn append(mut file: &File, line: &str) -> io::Result<()> {
    let before = file.metadata()?.len();
    file.write_all(format!("{line}\n").as_bytes()).inspect_err(|_| drop(file.set_len(before)))
}

/// The number of the next run of a device that has these: runs are numbered, so that their order does not hang on a clock.
pub(super) fn next<'a>(files: impl Iterator<Item = &'a PathBuf>) -> u64 {
    let number = |path: &PathBuf| path.file_name()?.to_str()?.split_once('-')?.0.parse().ok();
    files.filter_map(number).max().unwrap_or(0) + 1
}
