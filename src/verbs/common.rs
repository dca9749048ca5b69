//! What the devices of a run over a fleet have in common: one journal's log and one file of the escrow, synced together.

use std::path::Path;

use crate::deliver::{EscrowPlace, Pool};
use crate::disk::Disk;
use crate::journal::{Journal, JournalError, Log};

use super::custody::Custody;

/// Where all devices of a run write what must not be lost.
#[derive(Debug, Clone)]
pub struct Common {
    run: String,
    log: Log,
    pool: Pool,
}

impl Common {
    /// For the run of that name, with the journal and the escrow in these directories.
    ///
    /// # Errors
    /// When the log cannot be begun.
    pub fn begin(run: &str, journal: &Path, escrow: &Path) -> Result<Common, JournalError> {
        let disk = Disk::default();
        let log = Log::begin(journal, run, &disk)?;
        Ok(Common { run: run.to_owned(), log, pool: Pool::new(escrow, &disk) })
    }

    /// The journal, as the run keeps it.
    pub fn journal(&self, journal: &Journal) -> Journal {
        journal.of_run(&self.run).in_log(self.log.clone())
    }

    /// The custody of a key, as the run has it.
    pub fn custody(&self, custody: Custody) -> Custody {
        let escrow: EscrowPlace = custody.escrow.in_pool(self.pool.clone());
        Custody { journal: self.journal(&custody.journal), escrow, ..custody }
    }
}
