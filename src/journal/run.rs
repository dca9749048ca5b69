//! A run that is going on.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::line::{Line, Planned, State};
use super::{JournalError, io_error};

/// A run and its file.
#[derive(Debug)]
pub struct Run {
    file: File,
    path: PathBuf,
}

impl Run {
    pub(super) fn begin(directory: &Path, planned: Planned) -> Result<Run, JournalError> {
        // Numbered, so that the order of the runs does not hang on a clock.
        let number = last_number(directory) + 1;
        let id = format!("{number:08}-{}-{}", Timestamp::now().strftime("%Y%m%dT%H%M%S"), std::process::id());
        let path = directory.join(format!("{id}.ndjson"));
        let doing = || format!("create {}", path.display());
        let file = File::options().append(true).create_new(true).mode(0o600).open(&path).map_err(io_error(doing))?;
        let mut run = Run { file, path };
        run.enter(State::Planned(Box::new(planned)))?;
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
        let mut file = File::options().append(true).open(path).map_err(io_error(doing))?;
        // The other program may have died in the middle of a line: what follows stands on a line of its own.
        file.write_all(b"\n").map_err(io_error(doing))?;
        Ok(Run { file, path: path.to_owned() })
    }

    /// The same run once more, for a thread of its own.
    ///
    /// # Errors
    /// When the system has no descriptor left.
    pub fn duplicate(&self) -> io::Result<Run> {
        Ok(Run { file: self.file.try_clone()?, path: self.path.clone() })
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
    pub fn enter(&mut self, state: State) -> Result<(), JournalError> {
        let doing = || format!("write {}", self.path.display());
        let must_last = state.must_last();
        let line = Line { at: Timestamp::now(), state };
        let mut text = serde_json::to_string(&line).map_err(io::Error::from).map_err(io_error(doing))?;
        text.push('\n');
        let before = self.file.metadata().map_err(io_error(doing))?.len();
        let written = self.file.write_all(text.as_bytes());
        let written = if must_last { written.and_then(|()| self.file.sync_data()) } else { written };
        if written.is_err() {
            // Half a line would spoil the next one, which may find room again.
            let _ = self.file.set_len(before);
        }
        written.map_err(io_error(doing))
    }
}

/// The number of the newest run in a directory; 0 before the first.
fn last_number(directory: &Path) -> u64 {
    let names = std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let numbers = names.filter_map(|name| name.to_str()?.split_once('-')?.0.parse().ok());
    numbers.max().unwrap_or_default()
}
