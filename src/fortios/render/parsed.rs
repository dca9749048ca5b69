//! Scripts that were parsed before: the devices of a fleet get the same ones.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::fortios::script::Script;

/// The most scripts that are kept; those beyond are parsed each time. A run has a handful for each release in the fleet.
const MOST: usize = 256;

/// The texts of some jobs, and whether they are done in `config global`.
pub(super) type Jobs = (Vec<String>, bool);

/// Scripts by the jobs that they are made of.
#[derive(Debug, Default)]
pub(super) struct Parsed(Mutex<HashMap<Jobs, Script>>);

impl Parsed {
    /// The script of `jobs`, which `parse` makes when it is not known.
    pub(super) fn script<E>(&self, jobs: Jobs, parse: impl FnOnce(&Jobs) -> Result<Script, E>) -> Result<Script, E> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(script) = known.get(&jobs) {
            return Ok(script.clone());
        }
        let script = parse(&jobs)?;
        if known.len() < MOST {
            known.insert(jobs, script.clone());
        }
        Ok(script)
    }
}
