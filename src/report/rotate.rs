//! The words of a rotation's end.

use super::step::listed;
use super::{Exit, Reporter, Verbosity};

impl Reporter {
    /// Says that nothing is left of an earlier rotation.
    pub fn finished(&mut self, device: &str, retired: &[String]) {
        if retired.is_empty() && self.verbosity >= Verbosity::Story {
            self.note(&format!("{device}: no rotation is unfinished"));
        } else if self.verbosity >= Verbosity::Story {
            self.note(&format!("{device}: the rotation is finished: {} retired", listed(retired)));
        }
    }

    /// Says that the operator did not wait for the end of the old key.
    pub fn not_waited(&mut self, device: &str) -> Exit {
        self.note(&format!("{device}: the new key is delivered; the old one still works"));
        self.hint("`fgtkey rotate --finish` retires it");
        Exit::Interrupted
    }

    /// Says how a rotation by hand ends.
    pub fn rotating(&mut self, old: &str) {
        if self.verbosity >= Verbosity::Story {
            self.note(&format!(
                "{old} is taken to be in use: --finish --dry-run prints what retires it, once nobody uses it"
            ));
        }
    }
}
