//! The journal: what a run is about to do and has done, on disk before it goes on, so that a run that dies is understood
//! and finished by the next one.
//!
//! Each run is a file, `SERIAL/RUN.ndjson`, one line of JSON a step, written and synced before the step that it
//! announces; what only says that a step was taken is synced with the next that is announced. No secret is ever in it:
//! where a key is, it says (`escrow`), not what it is.
//!
//! | state | means |
//! |---|---|
//! | `planned` | the device, what it had before, what will be sent |
//! | `pushed` | the objects are as wanted |
//! | `generating` | the line that makes a key is about to be sent: from here on a key may exist that nobody has |
//! | `issued` | the key is in the escrow |
//! | `delivering` | the first destination is about to get it: from here on somebody may use it |
//! | `stored` | one more destination has it |
//! | `delivered` | every destination has it; the old API user is still there |
//! | `verified` | what the API said to it |
//! | `retiring`, `retired` | the old API user of a rotation, or one that was lent, is about to go, is gone |
//! | `done`, `taken-back`, `left` | the end |

mod disabled;
mod history;
mod line;
mod lock;
mod log;
mod past;
mod run;
#[cfg(test)]
mod tests;

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

pub use line::{Lent, Planned, State};
pub use lock::Lock;
pub use log::Log;
pub use past::{KeyState, Past};
pub use run::Run;

/// How many finished runs of one API user on one device are kept.
const KEPT: usize = 8;

/// The journal of one person on one machine.
#[derive(Debug, Clone)]
pub struct Journal {
    directory: PathBuf,
    /// The run over a fleet that this is part of.
    run: Option<Arc<str>>,
    /// Where that writes what it does; without one each run on a device writes its own file.
    log: Option<Log>,
    /// A directory that goes with the last of these.
    _passing: Option<Arc<TempDir>>,
}

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another run holds this API user of this device.
    #[error("another fgtkey is at work on the API user {api_user} of {serial}")]
    Busy {
        /// The device's serial number.
        serial: String,
        /// The API user.
        api_user: String,
    },
    /// The system refused.
    #[error("journal: could not {doing}")]
    Io {
        /// What was being done.
        doing: String,
        /// The system's reason.
        source: io::Error,
    },
}

impl JournalError {
    /// What to type or do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            JournalError::Busy { .. } => Some("wait for it to end, then run this again".into()),
            JournalError::Io { .. } => Some("XDG_STATE_HOME names the directory that keeps the journal".into()),
        }
    }
}

/// `$XDG_STATE_HOME/fgtkey/journal`, by default `~/.local/state/fgtkey/journal`; none without a home directory. A relative
/// `XDG_STATE_HOME` is ignored, as the XDG base directory specification says.
pub fn directory() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    state.map(|state| state.join("fgtkey").join("journal"))
}

impl Journal {
    /// The journal in `directory`, which is made when the first run begins.
    pub fn at(directory: impl Into<PathBuf>) -> Journal {
        Journal { directory: directory.into(), run: None, log: None, _passing: None }
    }

    /// A journal that is gone with the program: of runs on a simulated device that is gone then too.
    ///
    /// # Errors
    /// When there is no place for temporary files.
    pub fn passing() -> io::Result<Journal> {
        let directory = tempfile::tempdir()?;
        Ok(Journal {
            directory: directory.path().to_owned(),
            run: None,
            log: None,
            _passing: Some(Arc::new(directory)),
        })
    }

    /// The same journal for one run over a fleet, which can be taken up again by its name.
    pub fn of_run(&self, run: &str) -> Journal {
        Journal { run: Some(run.into()), ..self.clone() }
    }

    /// The same, with one log for all that the run does.
    pub fn in_log(&self, log: Log) -> Journal {
        Journal { log: Some(log), ..self.clone() }
    }

    /// Takes the API user of a device for this run. What programs that are gone have left in their logs is in the files of
    /// their runs then: whoever has the lock reads those.
    ///
    /// # Errors
    /// [`JournalError::Busy`] when another run has it.
    pub fn lock(&self, serial: &str, api_user: &str) -> Result<Lock, JournalError> {
        let lock = self.locked(serial, api_user)?;
        self.mend()?;
        Ok(lock)
    }

    /// The same before it is known which device that is, so that two runs do not decide side by side.
    ///
    /// # Errors
    /// [`JournalError::Busy`] when another run has it.
    pub fn lock_at(&self, host: &str, port: u16, api_user: &str) -> Result<Lock, JournalError> {
        self.locked(&format!("{host}:{port}"), api_user)
    }

    /// Whether other programs have logs here, so that [`Journal::mend`] may take its time.
    pub fn needs_mending(&self) -> bool {
        Log::has_others(&self.directory, self.log.as_ref())
    }

    /// Puts what programs that are gone have left in their logs into the files of their runs, as [`Journal::lock`] does.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn mend(&self) -> Result<(), JournalError> {
        log::mend(&self.directory, self.log.as_ref())
    }

    fn locked(&self, device: &str, api_user: &str) -> Result<Lock, JournalError> {
        let doing = || format!("lock {device} in {}", self.directory.display());
        let take = || lock::take(&self.directory, &format!("{device}\n{api_user}"));
        let taken = match take() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                made(&self.directory)?;
                take()
            }
            taken => taken,
        };
        let busy = || JournalError::Busy { serial: device.to_owned(), api_user: api_user.to_owned() };
        taken.map_err(io_error(doing))?.ok_or_else(busy)
    }

    /// Begins a run: its plan is on disk when this returns.
    ///
    /// # Errors
    /// [`JournalError::Io`]; then nothing may be sent.
    pub async fn begin(&self, planned: Planned) -> Result<Run, JournalError> {
        let planned = self.signed(planned);
        let directory = self.directory.join(file_name(&planned.serial));
        if self.log.is_none() {
            self.of_device(&planned.serial)?;
        }
        let files = files_in(&directory);
        if files.len() > KEPT {
            self.prune(&planned);
        }
        let number = run::next(files.iter().chain(&history::files(&self.directory, &directory)));
        Run::begin(&directory, number, self.log.as_ref(), planned).await
    }

    /// Goes on with a run that came to no end: what is about to be sent is on disk when this returns.
    ///
    /// # Errors
    /// [`JournalError::Io`]; then nothing may be sent.
    pub async fn take_up(&self, past: &Past, planned: Planned) -> Result<Run, JournalError> {
        let mut run = Run::reopen(&past.path)?.beside(self.log.clone());
        run.enter(State::Planned(Box::new(self.signed(planned)))).await?;
        Ok(run)
    }

    fn signed(&self, planned: Planned) -> Planned {
        Planned { run: self.run.as_deref().map(str::to_owned), ..planned }
    }

    /// The runs on a device that are still known, the oldest first. What cannot be read is passed over: it is no run of ours.
    pub fn runs(&self, serial: &str) -> Vec<Past> {
        let folder = self.directory.join(file_name(serial));
        let mut runs: Vec<Past> = files_in(&folder).iter().filter_map(|path| Past::read(path)).collect();
        let known = runs.len();
        // One that has gone on since it was over has a file.
        let of_fleets = history::runs(&self.directory, &folder);
        runs.extend(of_fleets.into_iter().filter(|past| !past.path.exists()));
        if known < runs.len() {
            runs.sort_by(|one, other| one.path.cmp(&other.path));
        }
        runs
    }

    /// The newest run for one of these API users of a device, if it came to no end, or died before it had emptied the escrow.
    pub fn unfinished(&self, serial: &str, api_users: &[&str]) -> Option<Past> {
        unfinished(&self.runs(serial), api_users).cloned()
    }

    /// Whether a run was part of the same run over a fleet as this.
    pub fn is_of_this_run(&self, past: &Past) -> bool {
        self.run.is_some() && past.planned.run.as_deref() == self.run.as_deref()
    }

    /// Of the runs on a device, what the run over a fleet that this is part of has done for these API users, if it came to
    /// its end.
    pub fn done_in_this_run<'a>(&self, runs: &'a [Past], api_users: &[&str]) -> Option<&'a Past> {
        let last = runs.iter().rfind(|past| past.is_for(api_users))?;
        Some(last).filter(|past| self.is_of_this_run(past) && past.is_done())
    }

    /// The run that names this file of the escrow, of whatever device.
    #[cfg(feature = "nats")]
    pub fn of_escrow(&self, file: &Path) -> Option<Past> {
        let devices = fs::read_dir(&self.directory).into_iter().flatten().flatten();
        let names_it = |past: &Past| past.escrow() == Some(file) || past.void().any(|void| void == file);
        devices.flat_map(|device| files_in(&device.path())).filter_map(|file| Past::read(&file)).find(names_it)
    }

    /// Forgets old runs for the same API user; what came to no end stays.
    fn prune(&self, planned: &Planned) {
        let runs = self.runs(&planned.serial);
        let of_user = runs.iter().filter(|past| past.planned.api_user == planned.api_user && past.is_finished());
        let finished: Vec<&Past> = of_user.collect();
        let too_many = finished.len().saturating_sub(KEPT);
        finished.iter().take(too_many).for_each(|past| drop(fs::remove_file(&past.path)));
    }

    fn of_device(&self, serial: &str) -> Result<PathBuf, JournalError> {
        let directory = self.directory.join(file_name(serial));
        made(&directory)?;
        Ok(directory)
    }
}

fn made(directory: &Path) -> Result<(), JournalError> {
    let doing = || format!("create {}", directory.display());
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(io_error(doing))
}

/// The files of the runs in a folder, the oldest first.
fn files_in(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| is_run(path)).collect();
    paths.sort();
    paths
}

/// Of the runs on a device, the newest one for these API users, if it came to no end, or died before it had emptied the escrow.
pub fn unfinished<'a>(runs: &'a [Past], api_users: &[&str]) -> Option<&'a Past> {
    let last = runs.iter().rfind(|past| past.is_for(api_users));
    last.filter(|past| !past.is_finished() || past.escrow().is_some_and(Path::exists))
}

fn is_run(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "ndjson")
}

/// A serial number or a name as a file name: what is not plain is written as its bytes.
fn file_name(text: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02x}"),
    };
    // No name is none of a file.
    if text.is_empty() { "%".to_owned() } else { text.bytes().map(escaped).collect() }
}

fn io_error(doing: impl FnOnce() -> String) -> impl FnOnce(io::Error) -> JournalError {
    move |source| JournalError::Io { doing: doing(), source }
}
