//! The ledger of a run: which devices it has dealt with, so that it can be taken up again.
//!
//! One file a run, `RUN.ndjson`: a heading, then a line of JSON for each device that has ended, in the order in which they
//! did. It says what need not be looked at any more. What was *done* on a device is in the journal, which is on disk before
//! the device is touched: a device that a killed run had finished without a line here is found out by its serial number. So
//! the ledgers of several shards, or of several machines, can simply be put behind each other.

use std::fs::{self, DirBuilder, File};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::outcome::Outcome;

/// How many ledgers are kept.
const KEPT: usize = 64;

/// The name that stands for the newest run.
pub const LAST: &str = "last";

/// The first line of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// The name of the run.
    pub run: String,
    /// `mint`, `rotate`, …
    pub verb: String,
    /// When it began.
    pub began: Timestamp,
    /// How many devices it was for.
    pub devices: usize,
}

/// Why a ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// There is none of that name.
    #[error("there is no run {0}")]
    Unknown(String),
    /// It is one of another verb.
    #[error("the run {run} was a `fgtkey {verb}`")]
    OtherVerb {
        /// The run.
        run: String,
        /// Its verb.
        verb: String,
    },
    /// It is no ledger.
    #[error("{} is no ledger of a run", .0.display())]
    NoLedger(PathBuf),
    /// Another program is at work on it.
    #[error("another fgtkey is at work on the run {0}")]
    Busy(String),
    /// The system refused.
    #[error("the ledger {}: could not {doing}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// The system's reason.
        source: io::Error,
    },
}

/// The ledger of a run that is going on. Its file is locked as long as this lives.
#[derive(Debug)]
pub struct Ledger {
    file: File,
    path: PathBuf,
    /// Its first line.
    pub heading: Heading,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Heading(Heading),
    Outcome(Box<Outcome>),
}

impl Ledger {
    /// Begins the ledger of a run of `verb` on so many devices.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(directory: &Path, verb: &str, devices: usize) -> Result<Ledger, LedgerError> {
        let failed = io_error(directory, "create the directory");
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        prune(directory);
        let began = Timestamp::now();
        let run = format!("{}-{}", began.strftime("%Y%m%dT%H%M%S%3f"), std::process::id());
        let path = directory.join(format!("{run}.ndjson"));
        let file = File::options().append(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(io_error(&path, "create it"))?;
        let heading = Heading { run, verb: verb.to_owned(), began, devices };
        let mut ledger = Ledger { file, path, heading };
        ledger.lock()?;
        ledger.write(&Line::Heading(ledger.heading.clone()))?;
        ledger.file.sync_all().map_err(io_error(&ledger.path, "write it"))?;
        Ok(ledger)
    }

    /// Takes up a run of `verb` again, by its name or [`LAST`]; with it what has ended so far, in that order.
    ///
    /// # Errors
    /// When there is no such run, it is one of another verb, or another program is at work on it.
    pub fn resume(directory: &Path, run: &str, verb: &str) -> Result<(Ledger, Vec<Outcome>), LedgerError> {
        let path = find(directory, run)?;
        let file = File::options().read(true).append(true).open(&path).map_err(io_error(&path, "open it"))?;
        let (heading, outcomes) = read(&path)?;
        if heading.verb != verb {
            return Err(LedgerError::OtherVerb { run: heading.run, verb: heading.verb });
        }
        let mut ledger = Ledger { file, path, heading };
        ledger.lock()?;
        // The last line may have been cut off: what follows stands on one of its own.
        ledger.file.write_all(b"\n").map_err(io_error(&ledger.path, "write it"))?;
        Ok((ledger, outcomes))
    }

    /// The name of the run.
    pub fn run(&self) -> &str {
        &self.heading.run
    }

    /// Adds how a device ended. A disk that is full does not stop the run: what was done stands in the journal.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, outcome: &Outcome) -> Result<(), LedgerError> {
        self.write(&Line::Outcome(Box::new(outcome.clone())))
    }

    fn write(&mut self, line: &Line) -> Result<(), LedgerError> {
        let failed = || io_error(&self.path, "write it");
        let mut text = serde_json::to_vec(line).map_err(io::Error::from).map_err(failed())?;
        text.push(b'\n');
        self.file.write_all(&text).map_err(failed())
    }

    fn lock(&self) -> Result<(), LedgerError> {
        match self.file.try_lock() {
            Ok(()) => Ok(()),
            Err(fs::TryLockError::WouldBlock) => Err(LedgerError::Busy(self.heading.run.clone())),
            Err(fs::TryLockError::Error(error)) => Err(io_error(&self.path, "lock it")(error)),
        }
    }
}

/// The heading and the outcomes of a ledger. A line that was cut off did not happen.
fn read(path: &Path) -> Result<(Heading, Vec<Outcome>), LedgerError> {
    let file = File::open(path).map_err(io_error(path, "open it"))?;
    let (mut heading, mut outcomes) = (None, Vec::new());
    for line in BufReader::new(file).lines() {
        match serde_json::from_str(&line.map_err(io_error(path, "read it"))?) {
            Ok(Line::Heading(found)) => heading = heading.or(Some(found)),
            Ok(Line::Outcome(outcome)) => outcomes.push(*outcome),
            Err(_) => {}
        }
    }
    Ok((heading.ok_or_else(|| LedgerError::NoLedger(path.to_owned()))?, outcomes))
}

fn find(directory: &Path, run: &str) -> Result<PathBuf, LedgerError> {
    let unknown = || LedgerError::Unknown(run.to_owned());
    if run == LAST {
        return ledgers(directory).pop().ok_or_else(unknown);
    }
    let plain = run.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let path = directory.join(format!("{run}.ndjson"));
    if plain && path.exists() { Ok(path) } else { Err(unknown()) }
}

/// All ledgers, the oldest first: their names begin with the time.
fn ledgers(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "ndjson")).collect();
    paths.sort();
    paths
}

fn prune(directory: &Path) {
    let ledgers = ledgers(directory);
    let too_many = ledgers.len().saturating_sub(KEPT - 1);
    ledgers.iter().take(too_many).for_each(|path| drop(fs::remove_file(path)));
}

fn io_error(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> LedgerError {
    let path = path.to_owned();
    move |source| LedgerError::Io { path, doing, source }
}

#[cfg(test)]
mod tests {
    use super::super::outcome::End;
    use super::*;

    fn outcome(device: &str, end: End) -> Outcome {
        let (class, message, model, serial, fortios) = (None, None, None, None, None);
        Outcome { device: device.into(), end, class, exit: 0, message, model, serial, fortios, spans: Vec::new() }
    }

    #[test]
    fn a_run_is_taken_up_with_what_has_ended_and_a_torn_line_did_not_happen() {
        let directory = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::begin(directory.path(), "mint", 3).unwrap();
        ledger.add(&outcome("fw1", End::Done)).unwrap();
        ledger.file.write_all(b"{\"device\":\"fw2\",\"en").unwrap();
        let run = ledger.run().to_owned();
        drop(ledger);
        let (mut ledger, ended) = Ledger::resume(directory.path(), &run, "mint").unwrap();
        assert_eq!(ended, [outcome("fw1", End::Done)]);
        ledger.add(&outcome("fw2", End::Failed)).unwrap();
        drop(ledger);
        let (_, ended) = Ledger::resume(directory.path(), LAST, "mint").unwrap();
        assert_eq!(ended, [outcome("fw1", End::Done), outcome("fw2", End::Failed)]);
    }

    #[test]
    fn a_run_that_is_going_on_is_not_taken_up_by_another_program() {
        let directory = tempfile::tempdir().unwrap();
        let ledger = Ledger::begin(directory.path(), "mint", 3).unwrap();
        let resumed = Ledger::resume(directory.path(), ledger.run(), "mint");
        assert!(matches!(resumed, Err(LedgerError::Busy(_))), "{resumed:?}");
    }

    #[test]
    fn a_run_of_another_verb_and_one_that_is_not_there_are_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        let run = Ledger::begin(directory.path(), "rotate", 3).unwrap().heading.run;
        let resumed = |run: &str| Ledger::resume(directory.path(), run, "mint").unwrap_err().to_string();
        assert_eq!(resumed(&run), format!("the run {run} was a `fgtkey rotate`"));
        assert_eq!(resumed("20200101T000000000-1"), "there is no run 20200101T000000000-1");
        assert_eq!(resumed("../x"), "there is no run ../x");
    }
}
