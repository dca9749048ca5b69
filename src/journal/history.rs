//! What fleets have done on a device: `SERIAL.ndjson`, beside the folder of the runs that have files of their own.
//!
//! A run over a fleet that is over on a device is added there in one write: a file a device, however often a fleet is
//! rotated, where a folder and a file for each run would be what a fleet waits for. Each line names the file that the run
//! would have; should the run have to go on after all, that is written first.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::KEPT;
use super::log::{Logged, Noted, noted};
use super::past::Past;

/// From this size on old runs are forgotten, in bytes: a run has about 2,000.
const LARGE: u64 = 64 * 1024;

/// Where it is, of the device whose own runs are in that folder.
pub(super) fn of_device(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".ndjson");
    folder.with_file_name(name)
}

/// Adds a run that is over, unless it is known already. It is not known to last before the file system is synced.
pub(super) fn add(journal: &Path, file: &Path, run: &Noted) -> io::Result<()> {
    let folder = journal.join(file);
    let path = of_device(folder.parent().unwrap_or(journal));
    let mut history = opened(&path)?;
    history.write_all(run.logged.as_bytes())?;
    if history.metadata()?.len() > LARGE { forget_old(&path) } else { Ok(()) }
}

/// Whether it holds that run.
pub(super) fn has(journal: &Path, file: &Path) -> bool {
    let folder = journal.join(file);
    let path = of_device(folder.parent().unwrap_or(journal));
    fs::read(path).is_ok_and(|text| noted(&*text).is_ok_and(|runs| runs.contains_key(file)))
}

/// The history, locked. One that somebody has just replaced is opened again.
fn opened(path: &Path) -> io::Result<File> {
    loop {
        let history = File::options().append(true).create(true).mode(0o600).open(path)?;
        history.lock()?;
        if history.metadata()?.nlink() > 0 {
            return Ok(history);
        }
    }
}

/// The runs in it, the oldest first.
pub(super) fn runs(journal: &Path, folder: &Path) -> Vec<Past> {
    let Ok(text) = fs::read(of_device(folder)) else { return Vec::new() };
    let runs = noted(&*text).unwrap_or_default();
    runs.iter().filter_map(|(file, run)| Past::parse(journal.join(file), &run.text)).collect()
}

/// The files that its runs would have.
pub(super) fn files(journal: &Path, folder: &Path) -> Vec<PathBuf> {
    let Ok(text) = fs::read(of_device(folder)) else { return Vec::new() };
    noted(&*text).unwrap_or_default().into_keys().map(|file| journal.join(file)).collect()
}

/// Writes the file of a run that is in a history only, and has to go on.
pub(super) fn take_out(path: &Path) -> io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    let Ok(text) = fs::read(of_device(folder)) else { return Ok(()) };
    let runs = noted(&*text)?;
    let run = runs.iter().find(|(file, _)| file.file_name() == Some(name));
    match (run, folder.parent()) {
        (Some((file, run)), Some(journal)) => super::log::write(journal, file, &run.text)?.sync_all(),
        _ => Ok(()),
    }
}

/// Forgets old runs: of each API user the newest stay.
fn forget_old(path: &Path) -> io::Result<()> {
    let runs = noted(&*fs::read(path)?)?;
    let mut newer: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<&Noted> = Vec::new();
    for run in runs.values().rev() {
        let user = Past::parse(PathBuf::new(), &run.text).map(|past| past.planned.api_user).unwrap_or_default();
        let newer = newer.entry(user).or_default();
        *newer += 1;
        if *newer <= KEPT {
            kept.push(run);
        }
    }
    let mut draft = NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    kept.iter().rev().try_for_each(|run| draft.write_all(run.logged.as_bytes()))?;
    draft.as_file().sync_all()?;
    draft.persist(path).map(drop).map_err(|error| error.error)
}

impl Logged<'_> {
    /// The line as it stands in a log or a history.
    pub(super) fn to_text(&self) -> io::Result<String> {
        let mut text = serde_json::to_string(self)?;
        text.push('\n');
        Ok(text)
    }
}
