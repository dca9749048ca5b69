//! The log of a run over a fleet: what its runs on thousands of devices write goes into one file, whose syncs they share.
//!
//! A run on one device is a file of its own. That would be several syncs and a new file a device, one after the other; so
//! while a fleet is worked on, each line goes into one log, with the name of the file that it belongs to. When the run on a
//! device ends it is written where whoever looks at the device next finds it: what is over into the device's history, what
//! is not into the file of its own. When all of that is on the disk, the log goes. What a log still holds when its program is
//! gone is written there by the next program that takes a lock.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use nix::fcntl::OFlag;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::line::Line;
use super::{JournalError, history, io_error};
use crate::disk::{Disk, OnDisk, sync_all_beside};

/// Where the logs are, beside the folders of the devices. No serial number is like that.
const FOLDER: &str = "fleet";

/// Whoever brings the files up to date holds this one's lock.
const MENDING: &str = ".mending";

/// The log of one run over a fleet.
#[derive(Debug, Clone)]
pub struct Log(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The journal's folder.
    journal: PathBuf,
    path: PathBuf,
    disk: Disk,
    /// Locked as long as this lives.
    file: OnDisk,
    end: Mutex<u64>,
    /// A run could not be written into its file: only the log has it.
    is_needed: AtomicBool,
}

/// A line: of which run, and what.
#[derive(Serialize, Deserialize)]
pub(super) struct Logged<'a> {
    #[serde(borrow)]
    file: Cow<'a, str>,
    #[serde(borrow)]
    line: &'a RawValue,
}

/// A run, as a log or a history has it.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// Its lines as they stand there.
    pub(super) logged: String,
    /// The same as in a file of its own.
    pub(super) text: String,
}

impl Log {
    /// Begins the log of the run of that name in the journal `journal`; its syncs are those of `disk`.
    ///
    /// # Errors
    /// [`JournalError::Io`]; and when what others have left cannot be put into the files.
    pub fn begin(journal: &Path, run: &str, disk: &Disk) -> Result<Log, JournalError> {
        mend(journal, None)?;
        let folder = journal.join(FOLDER);
        let path = folder.join(format!("{run}-{}.ndjson", std::process::id()));
        let doing = || format!("create {}", path.display());
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(io_error(doing))?;
        let file = locked(&path).map_err(io_error(doing))?;
        File::open(&folder).and_then(|folder| folder.sync_all()).map_err(io_error(doing))?;
        let (file, end, is_needed) = (disk.takes(file), Mutex::default(), AtomicBool::new(false));
        Ok(Log(Arc::new(Inner { journal: journal.to_owned(), path, disk: disk.clone(), file, end, is_needed })))
    }

    /// The run on one device, whose file will be at that path.
    pub(super) fn entry(&self, path: &Path) -> Entry {
        let file = path.strip_prefix(&self.0.journal).unwrap_or(path).to_string_lossy().into_owned();
        Entry { log: self.clone(), file, run: Mutex::default(), is_over: AtomicBool::new(false) }
    }

    /// Whether somebody else's log is there, alive or not.
    pub(super) fn has_others(journal: &Path, own: Option<&Log>) -> bool {
        logs(&journal.join(FOLDER)).iter().any(|path| own.is_none_or(|own| own.path() != path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Waits until all that was written is on the disk.
    pub(super) async fn lasts(&self) -> io::Result<()> {
        self.0.disk.lasts().await
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.0.file.file().sync_data()
    }

    fn append(&self, text: &str) -> io::Result<()> {
        let mut end = self.0.end.lock().unwrap_or_else(PoisonError::into_inner);
        let written = self.0.file.write_at(text.as_bytes(), *end);
        match written {
            // Half a line would spoil the next one.
            Err(_) => drop(self.0.file.file().set_len(*end)),
            Ok(()) => *end += u64::try_from(text.len()).map_err(io::Error::other)?,
        }
        written
    }
}

impl Drop for Inner {
    /// The files have it all now: once they are on the disk, nobody needs the log.
    fn drop(&mut self) {
        if !self.is_needed.load(Ordering::Acquire) && sync_all_beside(self.file.file()).is_ok() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A run on one device, in the log.
#[derive(Debug)]
pub(super) struct Entry {
    log: Log,
    /// Its file, as seen from the journal.
    file: String,
    /// Its lines so far.
    run: Mutex<Noted>,
    /// It came to an end that leaves nothing to do.
    is_over: AtomicBool,
}

impl Entry {
    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    pub(super) fn add(&self, line: &RawValue, is_over: bool) -> io::Result<()> {
        let logged = Logged { file: self.file.as_str().into(), line }.to_text()?;
        self.log.append(&logged)?;
        let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        run.logged.push_str(&logged);
        run.text.push_str(line.get());
        run.text.push('\n');
        self.is_over.store(is_over, Ordering::Release);
        Ok(())
    }
}

impl Drop for Entry {
    /// Whoever has the device next looks for it. What is not over must be found whatever happens to the log.
    fn drop(&mut self) {
        let run = self.run.get_mut().unwrap_or_else(PoisonError::into_inner);
        if run.text.is_empty() {
            return;
        }
        let (journal, file) = (&self.log.0.journal, Path::new(&self.file));
        let written = match *self.is_over.get_mut() {
            true => history::add(journal, file, run),
            false => write(journal, file, &run.text).and_then(|file| file.sync_all()),
        };
        if written.is_err() {
            self.log.0.is_needed.store(true, Ordering::Release);
        }
    }
}

/// Puts what programs that are gone have left in their logs into the files of the runs; `own` is our own log.
pub(super) fn mend(journal: &Path, own: Option<&Log>) -> Result<(), JournalError> {
    let folder = journal.join(FOLDER);
    if !Log::has_others(journal, own) {
        return Ok(());
    }
    let doing = || format!("read the logs in {}", folder.display());
    mend_all(journal, &folder).map_err(io_error(doing))
}

fn mend_all(journal: &Path, folder: &Path) -> io::Result<()> {
    let guard = File::options().create(true).truncate(false).write(true).mode(0o600).open(folder.join(MENDING))?;
    // Who comes second waits, and finds everything done.
    guard.lock()?;
    logs(folder).iter().try_for_each(|path| mend_one(journal, path))
}

fn mend_one(journal: &Path, path: &Path) -> io::Result<()> {
    // The end of a program that is alive comes at any time.
    let gone = |error: io::Error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) };
    let log = match File::options().read(true).write(true).custom_flags(OFlag::O_NOFOLLOW.bits()).open(path) {
        Ok(log) => log,
        Err(error) => return gone(error),
    };
    match log.try_lock() {
        Ok(()) => replay(journal, &log)?,
        // Its program is at work, and holds its devices.
        Err(TryLockError::WouldBlock) => return Ok(()),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    sync_all_beside(&log)?;
    fs::remove_file(path).or_else(gone)
}

/// A new log with our lock on it. Between the two somebody may have taken it for one whose program is gone.
fn locked(path: &Path) -> io::Result<File> {
    loop {
        let log = File::options().write(true).create_new(true).mode(0o600).open(path)?;
        log.lock()?;
        if log.metadata()?.nlink() > 0 {
            return Ok(log);
        }
    }
}

/// The logs in a folder, the oldest first: their names begin with the time.
fn logs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    // What is no file is none of ours, and a pipe would hold us up for ever.
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())).map(|entry| entry.path());
    let is_log = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "ndjson");
    let mut logs: Vec<PathBuf> = files.filter(is_log).collect();
    logs.sort();
    logs
}

/// Writes each run where it is looked for.
fn replay(journal: &Path, log: &File) -> io::Result<()> {
    let runs = noted(BufReader::new(log))?;
    let ours = runs.iter().filter(|(file, _)| is_of_the_journal(file));
    ours.into_iter().try_for_each(|(file, run)| match run.is_over() && !journal.join(file).exists() {
        true if history::has(journal, file) => Ok(()),
        true => history::add(journal, file, run),
        false => write(journal, file, &run.text).map(drop),
    })
}

/// The runs in a log or a history, by the files that they have or would have. A last line that was cut off did not happen.
pub(super) fn noted(log: impl BufRead) -> io::Result<BTreeMap<PathBuf, Noted>> {
    let mut runs: BTreeMap<PathBuf, Noted> = BTreeMap::new();
    for line in log.split(b'\n') {
        let line = line?;
        let Ok(logged) = serde_json::from_slice::<Logged<'_>>(&line) else { continue };
        let run = runs.entry(PathBuf::from(logged.file.as_ref())).or_default();
        run.logged.push_str(&logged.to_text()?);
        run.text.push_str(logged.line.get());
        run.text.push('\n');
    }
    Ok(runs)
}

impl Noted {
    fn is_over(&self) -> bool {
        let last = self.text.lines().last().and_then(|line| serde_json::from_str::<Line>(line).ok());
        last.is_some_and(|line| line.state.is_over())
    }
}

/// `SERIAL/RUN.ndjson`, and nothing that leads elsewhere.
fn is_of_the_journal(file: &Path) -> bool {
    let is_run = file.extension().is_some_and(|extension| extension == "ndjson");
    is_run && file.components().count() == 2 && file.components().all(|part| matches!(part, Component::Normal(_)))
}

/// Writes the file of a run, unless that holds all of it already, and maybe what somebody has added since.
pub(super) fn write(journal: &Path, file: &Path, text: &str) -> io::Result<File> {
    let path = journal.join(file);
    if let Some(directory) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    match File::options().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(mut written) => written.write_all(text.as_bytes()).map(|()| written),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => rewrite(&path, text),
        Err(error) => Err(error),
    }
}

fn rewrite(path: &Path, text: &str) -> io::Result<File> {
    let mut file = File::options().read(true).write(true).open(path)?;
    let known = fs::read(path)?;
    if !known.starts_with(text.as_bytes()) {
        file.set_len(0)?;
        file.write_all(text.as_bytes())?;
    }
    Ok(file)
}
